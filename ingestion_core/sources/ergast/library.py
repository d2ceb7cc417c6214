"""The archive read once: what it refers to by key, and its rows of each race.

Rows of races stay texts until their season is asked for: a season validates its own.
"""

from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final, TypeVar

from ingestion_core.racing.types import Unreadable
from ingestion_core.sources.ergast.archive import Archive
from ingestion_core.sources.ergast.dump import read_dump
from ingestion_core.sources.ergast.tables import (
    COLUMNS,
    Damaged,
    Values,
    Wanted,
    check_tables,
    read_csv,
)
from ingestion_core.sources.ergast.wire import (
    CircuitRow,
    ConstructorRow,
    DriverRow,
    EntryRow,
    RaceRow,
    Row,
    as_row,
    read_rows,
    refuse,
    wanted,
)

RESULTS: Final = "results"
SPRINT_RESULTS: Final = "sprint_results"
QUALIFYING: Final = "qualifying"
#: The tables with a row per driver and race, without the columns that hold results.
ENTRIES: Final[Mapping[str, type[Row]]] = {
    RESULTS: EntryRow,
    SPRINT_RESULTS: EntryRow,
    QUALIFYING: EntryRow,
}
#: Since this season a driver's number is the driver's own; before, it was a car's.
PERMANENT_NUMBERS_SINCE: Final = 2014

KEY_TWICE: Final = "key-twice"
UNKNOWN_RACE: Final = "unknown-race"

R = TypeVar("R", bound=Row)


@dataclass(frozen=True, slots=True, repr=False)
class Library:
    """The archive, its references by their ids and its races by their year.

    ``by_race``: per table and race id the rows of the columns that were asked for.
    ``numbered``: ids of drivers whose number is a permanent one. ``careers``: first and last season
    by driver id. ``extra``: texts by id of a table
    of them that was asked for. ``unreadable``: rows that belong to no season for sure.
    """

    observed_at: datetime
    circuits: Mapping[int, CircuitRow]
    constructors: Mapping[int, ConstructorRow]
    drivers: Mapping[int, DriverRow]
    races: Mapping[int, tuple[RaceRow, ...]]
    by_race: Mapping[str, Mapping[int, tuple[Values, ...]]]
    numbered: frozenset[int]
    careers: Mapping[int, tuple[int, int]]
    extra: Mapping[str, Mapping[int, str]]
    unreadable: tuple[Unreadable, ...] = ()

    def of_race(self, table: str, race: int) -> tuple[Values, ...]:
        """A race's rows of a table, as they came."""
        return self.by_race[table].get(race, ())


@dataclass(slots=True)
class _Shelf:
    """Rows as they come in, and those that were refused."""

    rows: dict[str, list[Values]] = field(default_factory=lambda: defaultdict(list))
    refused: list[Unreadable] = field(default_factory=list)


def read_library(
    archive: Archive,
    by_race: Mapping[str, type[Row]] = ENTRIES,
    extra: Mapping[str, type[Row]] | None = None,
) -> Library:
    """Read the archive, each of its files once.

    Args:
        archive: opened.
        by_race: the tables with rows of races and their form; only its columns are kept.
        extra: tables of two columns, an id and a text, and their form.

    Raises:
        ArchiveUnreadable: tables or columns are missing (named), or a file can't be parsed.
    """
    references: dict[str, type[Row]] = {
        "circuits": CircuitRow,
        "constructors": ConstructorRow,
        "drivers": DriverRow,
        "races": RaceRow,
        **(extra or {}),
    }
    forms = {**references, **by_race}
    shelf = _Shelf()
    for table, row in _rows(archive, {name: wanted(name, form) for name, form in forms.items()}):
        if isinstance(row, Damaged):
            shelf.refused.append(_refuse_damaged(table, row, keyed=table in references))
        else:
            shelf.rows[table].append(row)
    circuits = _keyed(shelf, "circuits", CircuitRow)
    races = _keyed(shelf, "races", RaceRow)
    grouped = {table: _grouped(shelf, table, form, races) for table, form in by_race.items()}
    careers = _careers(grouped, by_race, races)
    return Library(
        observed_at=archive.observed_at,
        circuits=circuits,
        constructors=_keyed(shelf, "constructors", ConstructorRow),
        drivers=_keyed(shelf, "drivers", DriverRow),
        races=_by_year(races),
        by_race=grouped,
        numbered=frozenset(
            driver for driver, (_, last) in careers.items() if last >= PERMANENT_NUMBERS_SINCE
        ),
        careers=careers,
        extra={
            table: {row[0]: row[1] for row in map(_pair, _keyed(shelf, table, form).values())}
            for table, form in (extra or {}).items()
        },
        unreadable=tuple(shelf.refused),
    )


def _rows(
    archive: Archive, columns: Mapping[str, Wanted]
) -> Iterator[tuple[str, Values | Damaged]]:
    if archive.dump:
        yield from read_dump(archive.files[0], columns)
        return
    for table, file in check_tables(archive, columns).items():
        for row in read_csv(file, columns[table]):
            yield table, row


def _keyed(shelf: _Shelf, table: str, form: type[R]) -> dict[int, R]:
    """Rows by their key; of two with one id, or one name among the sources', only the first."""
    id_column = COLUMNS[table][0]
    rows, bad = read_rows(table, form, shelf.rows.pop(table, []), (id_column,))
    shelf.refused += bad
    found: dict[int, R] = {}
    refs: set[str] = set()
    for row in rows:
        key = _id(row)
        ref = next((value for name, value in row if name.endswith("_ref")), str(key))
        if key in found or ref in refs:
            shelf.refused.append(refuse(table, as_row(table, row), (id_column,), KEY_TWICE))
        else:
            found[key] = row
            refs.add(ref)
    return found


def _id(row: Row) -> int:
    return next(value for _, value in row if isinstance(value, int))


def _pair(row: Row) -> tuple[int, str]:
    return _id(row), next(value for _, value in row if isinstance(value, str))


def _grouped(
    shelf: _Shelf, table: str, form: type[Row], races: Mapping[int, RaceRow]
) -> dict[int, tuple[Values, ...]]:
    """Rows by race. One of no race that we know is named by what it is about, not by its id.

    Ids of results count up in the finishing order.
    """
    columns = wanted(table, form).columns
    place = columns.index("raceId")
    known = {str(race): race for race in races}
    found: dict[int, list[Values]] = defaultdict(list)
    for values in shelf.rows.pop(table, []):
        race = known.get(values[place] or "")
        if race is None:
            row: dict[str, object] = dict(zip(columns, values, strict=True))
            shelf.refused.append(refuse(table, row, ENTRY_KEY, UNKNOWN_RACE))
        else:
            found[race].append(values)
    return {race: tuple(rows) for race, rows in found.items()}


#: What names a row of results in the quarantine of those who don't look at results.
ENTRY_KEY: Final = ("raceId", "driverId", "constructorId")


def _careers(
    grouped: Mapping[str, Mapping[int, tuple[Values, ...]]],
    forms: Mapping[str, type[Row]],
    races: Mapping[int, RaceRow],
) -> dict[int, tuple[int, int]]:
    """Drivers' first and last seasons, of all who are listed with a race."""
    found: dict[str, tuple[int, int]] = {}
    for table, by_race in grouped.items():
        place = wanted(table, forms[table]).columns.index("driverId")
        for race, rows in by_race.items():
            year = races[race].year
            for row in rows:
                driver = row[place] or ""
                first, last = found.get(driver, (year, year))
                found[driver] = min(first, year), max(last, year)
    return {int(driver): years for driver, years in found.items() if driver.isdecimal()}


def _by_year(races: Mapping[int, RaceRow]) -> dict[int, tuple[RaceRow, ...]]:
    found: dict[int, list[RaceRow]] = defaultdict(list)
    for row in races.values():
        found[row.year].append(row)
    return {
        year: tuple(sorted(rows, key=lambda row: (row.round, row.race_id)))
        for year, rows in found.items()
    }


def _refuse_damaged(table: str, row: Damaged, *, keyed: bool) -> Unreadable:
    """Named by its primary key, where that is readable and does not count up by position."""
    key = f"{COLUMNS[table][0]}={row.first}" if keyed and row.first else f"sha256={row.digest}"
    content: dict[str, object] = {"length": row.length, "sha256": row.digest}
    return Unreadable(table, key, row.reason, content)
