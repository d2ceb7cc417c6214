"""A season's page: its races with days and places. Winners and standings stand there too: nothing
of them is read."""

import re
from dataclasses import dataclass
from datetime import date
from typing import Final

from ingestion_core.sources.thethirdturn.days import day_of, year_in
from ingestion_core.sources.thethirdturn.markup import Node, first, nodes, text_of
from ingestion_core.sources.thethirdturn.page import (
    Drift,
    Link,
    Page,
    PageUnusable,
    link_of,
    open_page,
)
from ingestion_core.sources.thethirdturn.tables import by_column, caption, header, rows

LISTINGS: Final = "RACE LISTINGS"
ALL_SEASONS: Final = "VIEW ALL SEASONS FOR THIS SERIES"

_COLUMNS: Final = frozenset({"Race", "Date", "Track", "Winner"})
_CAPTIONS: Final = re.compile(r"RACE LISTINGS|.*\bSTANDINGS")
_NAME: Final = re.compile(r"(?:\d{4}(?:[-–/]\d{2,4})?\s+)?(?P<name>.+?)(?:\s+Central)?")


@dataclass(frozen=True, slots=True)
class ListedRace:
    """A race of a season.

    Args:
        number: the race's in this season as the page has it; not always a number.
        race: key of its page, which can be another series' one; None without a link.
        exists: whether somebody has written it.
        day: the local day.
        circuit: key of the circuit's page, written or not.
        place: the circuit's town.
    """

    number: str | None
    race: str | None
    exists: bool
    day: date | None
    circuit: str | None
    place: str | None


@dataclass(frozen=True, slots=True)
class SeasonPage:
    """A season.

    Args:
        page: which page and revision.
        year: the first, of a season over two.
        name: what the series was called that year.
        series: its page.
        previous, following: the seasons before and after.
        races: in the page's order.
        drift: what is new or missing.
    """

    page: Page
    year: int | None
    name: str
    series: Link | None
    previous: Link | None
    following: Link | None
    races: tuple[ListedRace, ...]
    drift: tuple[str, ...]


def read(body: bytes) -> SeasonPage:
    """Read a season's page. Raises ``PageUnusable``, ``not-a-season`` without a list of races."""
    page, root = open_page(body)
    drift = Drift()
    year = year_in(page.title)
    if year is None:
        drift.gone("year")
    races = _races(root, year, drift)
    if races is None:
        raise PageUnusable("not-a-season")
    named = _NAME.fullmatch(page.title)
    links = _navigation(root)
    if ALL_SEASONS not in links:
        drift.gone("series")
    return SeasonPage(
        page=page,
        year=year,
        name=named["name"] if named else page.title,
        series=links.get(ALL_SEASONS),
        previous=links.get("Previous Season"),
        following=links.get("Next Season"),
        races=tuple(races),
        drift=drift.told(),
    )


def _navigation(root: Node) -> dict[str, Link]:
    """The links over the page, by their texts."""
    found: dict[str, Link] = {}
    for anchor in nodes(root, "a"):
        text = text_of(anchor).strip("<> ")
        if text in (ALL_SEASONS, "Previous Season", "Next Season") and text not in found:
            link = link_of(anchor)
            if link is not None:
                found[text] = link
    return found


def _races(root: Node, year: int | None, drift: Drift) -> list[ListedRace] | None:
    """The races; None without such a table."""
    found: list[ListedRace] | None = None
    for heading in nodes(root, "th.racelisting"):
        if not _CAPTIONS.fullmatch(text_of(heading)):
            drift.new("caption", text_of(heading))
    for table in nodes(root, "table.pointtable"):
        listed = list(rows(table))
        if not listed or caption(listed[0]) != LISTINGS:
            continue
        columns = header(listed[1]) if len(listed) > 1 else None
        found = found or []
        if columns is None or "Race" not in columns:
            drift.gone("column Race")
            continue
        for name in sorted(set(columns) ^ _COLUMNS):
            if name in columns:
                drift.new("column", name)
            else:
                drift.gone(f"column {name}")
        found += [one for row in listed[2:] if (one := _race(row, columns, year, drift))]
    return found


def _race(row: Node, columns: tuple[str, ...], year: int | None, drift: Drift) -> ListedRace | None:
    if caption(row) is not None:
        drift.strange("row")
        return None
    found = by_column(row, columns)
    if found is None:
        drift.strange("row")
        return None
    race, circuit = _link(found["Race"]), _link(found.get("Track"))
    written = text_of(found["Date"]) if "Date" in found else ""
    day = day_of(written, year)
    if written and day is None:
        drift.strange("date")
    number = text_of(found["Race"]) or None
    if number is None and race is None:
        drift.strange("row")
        return None
    return ListedRace(
        number=number,
        race=race.key if race else None,
        exists=race is not None and race.exists,
        day=day,
        circuit=circuit.key if circuit else None,
        place=(text_of(found["Track"]) or None) if "Track" in found else None,
    )


def _link(cell: Node | None) -> Link | None:
    anchor = first(cell, "a") if cell is not None else None
    return link_of(anchor) if anchor is not None else None
