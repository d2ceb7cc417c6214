"""The rows of a race's tables of results, one by one. Spoilers, all of it."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Final

from ingestion_core.racing.types import Unreadable
from ingestion_core.sources.thethirdturn.markup import text_of
from ingestion_core.sources.thethirdturn.page import Page
from ingestion_core.sources.thethirdturn.people import (
    Person,
    Team,
    car_of,
    known,
    people_of,
    team_of,
)
from ingestion_core.sources.thethirdturn.race_tables import Section, TableRow

RESOURCE: Final = "race"
NO_DRIVER: Final = "no-driver"
NO_FIT: Final = "other-columns"

_WHOLE: Final = re.compile(r"\d{1,4}|\d{1,3},\d{3}", re.ASCII)
_POINTS: Final = re.compile(r"-?(?:\d{1,5}|\d{1,3},\d{3})(?:\.\d{1,4})?", re.ASCII)
_CODE: Final = re.compile(r"[A-Za-z][A-Za-z /.-]{0,20}")


@dataclass(frozen=True, slots=True, repr=False)
class ResultRow:
    """A row as the page has it; what it leaves blank is None.

    Args:
        place: where the row lists the car; a disqualified one is listed too, last.
        word: what stands instead of a place: DQ.
        start: the place on the grid.
        car: its number.
        drivers: one or several.
        team: see ``people.team_of``.
        sponsor, make: in the wiki's words; in old races the sponsor is the owner.
        laps, laps_led, points: as counted there.
        status: running, a cause, DQ in several forms; None where nobody knows.
        group: the heading in the table under which the row stands: DID NOT QUALIFY.
        division: its class, where the race has several.
    """

    place: int | None
    word: str | None
    start: int | None
    car: str | None
    drivers: tuple[Person, ...]
    team: Team
    sponsor: str | None
    make: str | None
    laps: int | None
    laps_led: int | None
    status: str | None
    points: float | None
    group: str | None
    division: str | None

    def __repr__(self) -> str:
        return "ResultRow(...)"


def read_rows(page: Page, section: Section, bad: list[Unreadable]) -> Iterator[ResultRow]:
    """The rows that can be read; the others go to ``bad``."""
    for row in section.rows:
        texts = {name: text_of(cell) for name, cell in row.cells.items()}
        read = _Texts(texts)
        found = ResultRow(
            place=read.whole("Fin") if not _CODE.fullmatch(texts.get("Fin", "")) else None,
            word=read.word("Fin"),
            start=read.whole("St"),
            car=car_of(texts.get("#", "")),
            drivers=people_of(row.cells["Driver"]) if "Driver" in row.cells else (),
            team=team_of(row.cells.get("Sponsor"), row.cells.get("Make")),
            sponsor=read.text("Sponsor"),
            make=read.text("Make"),
            laps=read.whole("Laps"),
            laps_led=read.whole("Led"),
            status=read.text("Status"),
            points=read.points("Pts"),
            group=row.group,
            division=read.text("Div") or read.text("Class"),
        )
        reason = _fault(row, found, read)
        if reason is None:
            yield found
        else:
            bad.append(refused(page, found, reason, texts))


def _fault(row: TableRow, found: ResultRow, read: "_Texts") -> str | None:
    if not row.cells:
        return NO_FIT
    if read.faults:
        return f"unreadable: {', '.join(sorted(read.faults))}"
    return None if found.drivers else NO_DRIVER


@dataclass(slots=True, repr=False)
class _Texts:
    """A row's texts by column, and those that could not be read."""

    texts: Mapping[str, str]
    faults: set[str] = field(default_factory=set)

    def text(self, name: str) -> str | None:
        return known(self.texts.get(name, ""))

    def word(self, name: str) -> str | None:
        text = self.text(name)
        return text if text and _CODE.fullmatch(text) else None

    def whole(self, name: str) -> int | None:
        text = self._matching(name, _WHOLE)
        return int(text) if text else None

    def points(self, name: str) -> float | None:
        text = self._matching(name, _POINTS)
        return float(text) if text else None

    def _matching(self, name: str, form: re.Pattern[str]) -> str | None:
        text = self.text(name)
        if text is None:
            return None
        if form.fullmatch(text) is None:
            self.faults.add(name)
            return None
        return text.replace(",", "")


def refused(
    page: Page, row: ResultRow, reason: str, texts: Mapping[str, str] | None = None
) -> Unreadable:
    """A row that is no result; its key names the car and the drivers, never its place."""
    drivers = "; ".join(one.title for one in row.drivers)
    kept: dict[str, object] = {"car": row.car, "drivers": drivers, "status": row.status}
    return Unreadable(
        resource=RESOURCE,
        row_key=f"race={page.key} car={row.car or ''} drivers={drivers[:300]}",
        reason=reason,
        row=dict(texts) if texts is not None else kept,
    )
