"""A race's page: its results. Spoilers, all of it; only the task of results imports this."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from ingestion_core.racing.classification import Classification, Facet, Line
from ingestion_core.racing.kinds import ResultStatus
from ingestion_core.racing.types import Origin, Unreadable
from ingestion_core.sources.thethirdturn import SOURCE
from ingestion_core.sources.thethirdturn.markup import text_of
from ingestion_core.sources.thethirdturn.page import Drift, Page, PageUnusable, open_page
from ingestion_core.sources.thethirdturn.people import Person, known, listed_people
from ingestion_core.sources.thethirdturn.race_results.outcomes import outcome
from ingestion_core.sources.thethirdturn.race_results.rows import (
    RESOURCE,
    ResultRow,
    read_rows,
    refused,
)
from ingestion_core.sources.thethirdturn.race_tables import (
    DID_NOT_QUALIFY,
    DID_NOT_START,
    ENTRY_COLUMNS,
    RESULT_COLUMNS,
    Section,
    feature,
    notes,
    sections,
)

#: Reasons why a row is no result of its own: its driver has one on this page.
RACED: Final = "not-qualified-yet-raced"
LISTED: Final = "listed-before"


@dataclass(frozen=True, slots=True, repr=False)
class ResultSection:
    """The rows under one caption: heats, qualifying and the like. Typed, not stored."""

    caption: str
    rows: tuple[ResultRow, ...]

    def __repr__(self) -> str:
        return f"ResultSection({len(self.rows)} rows)"


@dataclass(frozen=True, slots=True, repr=False)
class RaceResults:
    """All that a race's page says of how it ended.

    Args:
        page: which page and revision.
        rows: of the race's own table, as far as they could be read, in its order.
        listed: how many rows that table has, without its header.
        separators: headings within it.
        others: further tables.
        data: what stands below, by label; None for what nobody knows. Not stored.
        did_not_start, did_not_qualify: lists below. Not stored.
        unreadable: rows that could not be read.
        drift: what is new or missing.
    """

    page: Page
    rows: tuple[ResultRow, ...]
    listed: int
    separators: tuple[str, ...]
    others: tuple[ResultSection, ...]
    data: Mapping[str, str | None]
    did_not_start: tuple[Person, ...]
    did_not_qualify: tuple[Person, ...]
    unreadable: tuple[Unreadable, ...]
    drift: tuple[str, ...]

    def __repr__(self) -> str:
        return f"RaceResults({self.page.key}, {len(self.rows)} rows)"


def read(body: bytes) -> RaceResults:
    """Read a race's results. Raises ``PageUnusable``, ``not-a-race`` without any table of them."""
    page, root = open_page(body)
    drift = Drift()
    found = sections(root, ENTRY_COLUMNS | RESULT_COLUMNS, drift)
    if not found:
        raise PageUnusable("not-a-race")
    race = feature(found)
    if race is None:
        drift.gone("results")
    bad: list[Unreadable] = []
    rows = tuple(read_rows(page, race, bad)) if race else ()
    others = tuple(
        ResultSection(one.caption or "", tuple(read_rows(page, one, [])))
        for one in found
        if one is not race and "Driver" in one.columns
    )
    people = [one.name for row in rows for one in row.drivers]
    return RaceResults(
        page=page,
        rows=rows,
        listed=len(race.rows) + len(race.separators) if race else 0,
        separators=tuple(race.separators) if race else (),
        others=others,
        data=_data(found),
        did_not_start=_list(found, DID_NOT_START),
        did_not_qualify=_list(found, DID_NOT_QUALIFY),
        unreadable=tuple(bad),
        drift=drift.told(people),
    )


def classification(
    found: RaceResults, *, session: str, series: str, observed_at: datetime
) -> tuple[Classification, tuple[Unreadable, ...]]:
    """The race's results as a set of lines, sorted by car, and every row that is none of them.

    Somebody who has a row as a starter and one as not qualified has one result; several drives of
    one starter stay several lines, which are the writer's to fold.

    Args:
        found: the page.
        session: the source's key of the session.
        series: the title that keys of drivers without a page begin with.
        observed_at: when the page was read.
    """
    started = {one.key(series) for row in found.rows if not _is_out(row) for one in row.drivers}
    lines: list[Line] = []
    apart: list[Unreadable] = []
    absent: set[str] = set()
    for row in found.rows:
        drivers = tuple(one.key(series) for one in row.drivers)
        if _is_out(row):
            left = tuple(one for one in drivers if one not in started and one not in absent)
            if not left:
                twice = not started.isdisjoint(drivers)
                apart.append(refused(found.page, row, RACED if twice else LISTED))
                continue
            absent.update(left)
            drivers = left
        lines.append(_line(row, drivers))
    return (
        Classification(
            origin=Origin(SOURCE, RESOURCE, found.page.key, observed_at),
            session=session,
            facet=Facet.CLASSIFICATION,
            lines=tuple(sorted(lines, key=_by_car)),
            complete=not found.unreadable,
        ),
        (*found.unreadable, *sorted(apart, key=lambda one: one.row_key)),
    )


def _by_car(line: Line) -> tuple[str, tuple[str, ...], str]:
    return line.car or "", line.drivers, line.team or ""


def _is_out(row: ResultRow) -> bool:
    """Whether the row says that its car did not take part."""
    return _outcome(row)[0] is ResultStatus.DNS


def _outcome(row: ResultRow) -> tuple[ResultStatus, str | None]:
    return outcome(row.place, row.word, row.status, row.group)


def _line(row: ResultRow, drivers: tuple[str, ...]) -> Line:
    status, detail = _outcome(row)
    listed = status in (ResultStatus.FINISHED, ResultStatus.DNF)
    return Line(
        car=row.car,
        status=status,
        drivers=drivers,
        team=row.team.key,
        # These series give every starter an official place and pay points by it, running at the
        # end or not: a retired car's is a fact of the race, as nowhere in Formula One, and how
        # its race ended is told by its status. The place of a disqualified one is that of its row.
        position=row.place if listed else None,
        grid=row.start or None,
        points=row.points,
        laps=row.laps,
        laps_led=row.laps_led,
        detail=detail,
    )


def _data(found: list[Section]) -> dict[str, str | None]:
    """What stands below the results, but for the lists of people."""
    said: dict[str, str | None] = {}
    for section in found:
        for label, cell in section.notes:
            if label not in (DID_NOT_START, DID_NOT_QUALIFY):
                said[label] = known(text_of(cell).removeprefix(label).lstrip(": "))
    return said


def _list(found: list[Section], label: str) -> tuple[Person, ...]:
    return tuple(one for cell in notes(found, label) for one in listed_people(cell, f"{label}:"))
