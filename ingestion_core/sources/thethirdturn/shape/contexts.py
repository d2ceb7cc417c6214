"""What a season's page says of each race: it goes along with the race's own page.

The season decides: a race can be a page of another series, and its own page may say nothing of
number, day or place.
"""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any, Final

from ingestion_core.racing.names import slugify
from ingestion_core.sources.thethirdturn.page import PageUnusable
from ingestion_core.sources.thethirdturn.season import ListedRace, SeasonPage
from ingestion_core.sources.thethirdturn.shape.series import series_key, series_name, series_slug

_SEPARATOR: Final = "|"


@dataclass(frozen=True, slots=True)
class RaceContext:
    """A race of a season, as that lists it.

    Args:
        series: the series' key.
        series_name: its name, for a series that nobody has made yet.
        season: key of the season's page.
        year: the season's.
        label: the race's number in the season as written there, "-2" behind it where another race
            came before under the same one; never empty.
        number: as a number; 0 counts for nothing.
        race: key of the race's page, None where there is none to read.
        day: the local day, None where the season does not say.
        circuit: key of the circuit's page, written or not.
        place: the circuit's town.
    """

    series: str
    series_name: str
    season: str
    year: int
    label: str
    number: int
    race: str | None
    day: date | None
    circuit: str | None
    place: str | None
    title: str | None = None

    @property
    def key(self) -> str:
        """The source's key of the round, and of its one session."""
        return f"{self.season}{_SEPARATOR}{self.label}"

    @property
    def series_slug(self) -> str:
        """The address of the series."""
        return series_slug(self.series)

    @property
    def slug(self) -> str:
        """The round's address: year, series and number of two digits, which no name of a race is.

        A Formula One round's is its name.
        """
        label = f"{self.number:02}{self.label[len(str(self.number)) :]}" if self.number else ""
        label = label or slugify(self.label) or "x"
        return f"{self.year}-{self.series_slug}-{label}"

    def stored(self) -> dict[str, Any]:
        """The context in JSON, for a message's item."""
        return {
            "series": self.series,
            "series_name": self.series_name,
            "season": self.season,
            "year": self.year,
            "label": self.label,
            "number": self.number,
            "race": self.race,
            "day": self.day.isoformat() if self.day else None,
            "circuit": self.circuit,
            "place": self.place,
            "title": self.title,
        }

    @classmethod
    def of(cls, payload: Mapping[str, Any]) -> "RaceContext":
        """The context that ``stored`` gave; what else the map holds is left alone.

        Raises:
            KeyError, ValueError: it is none.
        """
        return cls(
            series=payload["series"],
            series_name=payload["series_name"],
            season=payload["season"],
            year=payload["year"],
            label=payload["label"],
            number=payload["number"],
            race=payload["race"],
            day=date.fromisoformat(payload["day"]) if payload["day"] else None,
            circuit=payload["circuit"],
            place=payload["place"],
            title=payload["title"],
        )


def contexts(page: SeasonPage, series: str, name: str) -> tuple[RaceContext, ...]:
    """All races that a season lists, in its order.

    Args:
        page: the season.
        series: key of the series' page.
        name: the series' name.

    Raises:
        PageUnusable: ``no-year``, the page's title names none.
    """
    if page.year is None:
        raise PageUnusable("no-year")
    seen: Counter[str] = Counter()
    found: list[RaceContext] = []
    for race in page.races:
        written = _written(race)
        seen[written] += 1
        label = written if seen[written] == 1 else f"{written}-{seen[written]}"
        found.append(
            RaceContext(
                series=series_key(series),
                series_name=series_name(name),
                season=page.page.key,
                year=page.year,
                label=label,
                number=int(written) if written.isdecimal() and len(written) < 4 else 0,
                race=race.race if race.exists else None,
                day=race.day,
                circuit=race.circuit,
                place=race.place,
                title=race.race,
            )
        )
    return tuple(found)


def _written(race: ListedRace) -> str:
    """The race's number as the page has it, else what there is of it."""
    text = (race.number or "").strip()
    if text.isdecimal():
        return text.lstrip("0") or "0"
    return (text or race.race or "x").replace(_SEPARATOR, "-")
