"""A race's page, but for its results: what, when, where, and who took part, in no order.

Importable by anybody: nothing here tells how the race ended. Who did not qualify is told by
``race_results`` only; here they are entries like all others.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from typing import Final

from ingestion_core.sources.thethirdturn.days import day_of
from ingestion_core.sources.thethirdturn.markup import Node, first, nodes, text_of
from ingestion_core.sources.thethirdturn.page import (
    Drift,
    Link,
    Page,
    PageUnusable,
    link_of,
    open_page,
)
from ingestion_core.sources.thethirdturn.race_entries import Entered, entries_of
from ingestion_core.sources.thethirdturn.race_tables import ENTRY_COLUMNS, sections
from ingestion_core.sources.thethirdturn.tables import cells, rows

_TITLE: Final = 'td[style*="font-size:200%"]'
_NUMBER: Final = re.compile(r"Race #(?P<number>\S{1,10}) of (?P<of>\d{1,4}) in the .{1,300}")
_EVENT: Final = re.compile(r"(?:An?|The) .{1,300} Event")
_HELD: Final = re.compile(
    r"(?P<held>[A-Z][A-Za-z ]{2,30}) on (?P<day>[A-Z][a-z]+ \d{1,2}, \d{4})"
    r"(?: at (?P<where>.{1,400}))?"
)
_SCHEDULED: Final = re.compile(r"(?P<distance>.{1,100}?) - Scheduled Distance")
_DISTANCE: Final = re.compile(
    r"(?P<laps>[\d,]{1,7}(?:\.\d+)?) L, (?P<miles>[\d,]{1,7}(?:\.\d+)?) M,"
    r" (?P<km>[\d,]{1,7}(?:\.\d+)?) KM",
    re.ASCII,
)
_DAY_PAGE: Final = re.compile(r"[A-Z][a-z]+_\d{1,2}|Series_Database:.*")
#: A title of a race without a name: its series and number.
_UNNAMED: Final = re.compile(r".*:\d{4}(?:-\d{2,4})?-\w+")


#: Cells over the results, with their texts.
_Head = list[tuple[Node, str]]


@dataclass(frozen=True, slots=True)
class RaceNumber:
    """The race's number in a season, by that season's key; a race can count in two series.

    The season's own page decides: this one tells it a second time.
    """

    season: str
    number: str
    of: int


@dataclass(frozen=True, slots=True)
class Distance:
    """What was to be driven; laps can be halves."""

    laps: float
    miles: float
    kilometres: float


@dataclass(frozen=True, slots=True)
class RacePage:
    """A race.

    Args:
        page: which page and revision.
        title: as shown.
        name: the title, where it is the race's name and not its series' and number.
        numbers: its number in each season that it counts for.
        events: pages of events that it is part of.
        day: the local day.
        circuit: where.
        place: the circuit's town.
        distance: None too where it is no number of laps: a race over 24 hours.
        distance_text: in the wiki's words.
        entries: each driver once, by key; None where the page has no list of drivers.
        sections: the captions of all tables of drivers: the race, heats, qualifying ...
        drift: what is new or missing.
    """

    page: Page
    title: str
    name: str | None
    numbers: tuple[RaceNumber, ...]
    events: tuple[Link, ...]
    day: date | None
    circuit: Link | None
    place: str | None
    distance: Distance | None
    distance_text: str | None
    entries: tuple[Entered, ...] | None
    sections: tuple[str, ...]
    drift: tuple[str, ...]


def read(body: bytes) -> RacePage:
    """Read a race's page. Raises ``PageUnusable``, ``not-a-race`` without title and date."""
    page, root = open_page(body)
    drift = Drift()
    title = first(root, _TITLE)
    head = [(cell, text_of(cell)) for cell in _head(root)]
    held = _held(head)
    if title is None or (held is None and first(root, "table.racetable") is None):
        raise PageUnusable("not-a-race")
    day, circuit, place = _where(*held, drift) if held else (None, None, None)
    if held is None:
        drift.gone("date")
    distance = _scheduled(head)
    tables = sections(root, ENTRY_COLUMNS, drift)
    entries = entries_of(tables)
    if entries is None:
        drift.gone("entries")
    shown = text_of(title) or page.title
    return RacePage(
        page=page,
        title=shown,
        name=None if _UNNAMED.fullmatch(shown) else shown,
        numbers=tuple(_numbers(head)),
        events=tuple(_events(head)),
        day=day,
        circuit=circuit,
        place=place,
        distance=_distance(distance) if distance else None,
        distance_text=distance,
        entries=entries,
        sections=tuple(one.caption or "" for one in tables if "Driver" in one.columns),
        drift=drift.told(one.driver.name for one in entries or ()),
    )


def _head(root: Node) -> Iterator[Node]:
    """The cells of all tables but those of results."""
    for table in nodes(root, "table:not(.racetable)"):
        for row in rows(table):
            yield from cells(row)


def _held(head: _Head) -> tuple[Node, re.Match[str]] | None:
    for cell, text in head:
        found = _HELD.fullmatch(text)
        if found:
            return cell, found
    return None


def _scheduled(head: _Head) -> str | None:
    found = next((found for _, text in head if (found := _SCHEDULED.fullmatch(text))), None)
    return found["distance"] if found else None


def _links(cell: Node) -> list[Link]:
    return [link for one in nodes(cell, "a") if (link := link_of(one))]


def _numbers(head: _Head) -> Iterator[RaceNumber]:
    for cell, text in head:
        found = _NUMBER.fullmatch(text)
        links = _links(cell) if found else []
        if found and links:
            yield RaceNumber(links[0].key, found["number"], int(found["of"]))


def _events(head: _Head) -> Iterator[Link]:
    for cell, text in head:
        if _EVENT.fullmatch(text):
            yield from _links(cell)[:1]


def _where(
    cell: Node, held: re.Match[str], drift: Drift
) -> tuple[date | None, Link | None, str | None]:
    """ "Held on <day> at <circuit> in <place>", of which a circuit's name may hold " in " too."""
    day = day_of(held["day"])
    if day is None:
        drift.strange("date")
    if not held["held"].endswith("eld"):
        drift.strange("held")
    where = held["where"] or ""
    circuit = next((one for one in _links(cell) if not _DAY_PAGE.fullmatch(one.key)), None)
    if circuit is None:
        drift.gone("circuit")
        return day, None, where.rpartition(" in ")[2] or None
    # A link around a picture has no text.
    _, _, behind = where.partition(circuit.text or circuit.title)
    place = behind.strip().removeprefix("in ").strip()
    return day, circuit, place or None


def _distance(text: str) -> Distance | None:
    found = _DISTANCE.fullmatch(text)
    if found is None:
        return None
    try:
        laps, miles, kilometres = (float(one.replace(",", "")) for one in found.groups())
    except ValueError:  # nothing but commas
        return None
    return Distance(laps, miles, kilometres)
