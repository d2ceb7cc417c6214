"""One season: its rounds with their sessions, and everybody who entered them. No result.

Keys are the archive's references (driverRef, constructorRef, circuitRef), a round's is its raceId.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Final

from ingestion_core.racing.kinds import SessionType
from ingestion_core.racing.types import Entry, Origin, Unreadable
from ingestion_core.sources.ergast import SERIES, SOURCE
from ingestion_core.sources.ergast.library import (
    ENTRY_KEY,
    QUALIFYING,
    RESULTS,
    SPRINT_RESULTS,
    Library,
)
from ingestion_core.sources.ergast.moments import Given, Moment, moments, zone_of
from ingestion_core.sources.ergast.wire import EntryRow, RaceRow, as_row, read_rows, refuse

#: The table that lists who took part in a session of this type.
LISTS: Final = {
    SessionType.RACE: RESULTS,
    SessionType.SPRINT: SPRINT_RESULTS,
    SessionType.QUALIFYING: QUALIFYING,
}
#: On sprint weekends from then on the second practice is the sprint's qualifying.
SPRINT_QUALIFYING_SINCE: Final = 2023

UNKNOWN_CIRCUIT: Final = "unknown-circuit"
UNKNOWN_DRIVER: Final = "unknown-driver"
UNKNOWN_CONSTRUCTOR: Final = "unknown-constructor"


@dataclass(frozen=True, slots=True)
class Circuit:
    """A venue in the archive's words; ``altitude`` in metres above the sea."""

    key: str
    name: str
    location: str | None
    country: str | None
    latitude: float | None
    longitude: float | None
    altitude: float | None
    url: str | None


@dataclass(frozen=True, slots=True)
class Constructor:
    """A constructor under the name of the time."""

    key: str
    name: str
    nationality: str | None
    url: str | None


@dataclass(frozen=True, slots=True)
class Driver:
    """A driver; ``number`` is the permanent one, never one that was a car's."""

    key: str
    first_name: str
    last_name: str
    abbreviation: str | None
    number: int | None
    born: date | None
    nationality: str | None
    url: str | None


@dataclass(frozen=True, slots=True)
class Session:
    """A session of a round. ``start`` None: only its local ``day`` is known.

    ``entries`` None: the archive has no list of this kind of session, or none yet.
    """

    key: str
    type: SessionType
    day: date
    start: datetime | None
    entries: frozenset[Entry] | None


@dataclass(frozen=True, slots=True)
class Round:
    """A race weekend; its days are those of the dated sessions, local ones."""

    key: str
    number: int
    name: str
    circuit: str
    first_day: date
    last_day: date
    url: str | None
    sessions: tuple[Session, ...]


@dataclass(frozen=True, slots=True)
class Season:
    """A season's rounds by number, and everybody and everything they name, by key."""

    origin: Origin
    series: str
    year: int
    rounds: tuple[Round, ...]
    circuits: tuple[Circuit, ...]
    constructors: tuple[Constructor, ...]
    drivers: tuple[Driver, ...]
    unreadable: tuple[Unreadable, ...]


def season(library: Library, year: int) -> Season:
    """Shape a season; one that the archive does not have has no rounds."""
    unreadable: list[Unreadable] = []
    rounds = []
    circuits: set[int] = set()
    drivers: set[int] = set()
    constructors: set[int] = set()
    for race in library.races.get(year, ()):
        if race.circuit_id not in library.circuits:
            unreadable.append(refuse("races", as_row("races", race), ("raceId",), UNKNOWN_CIRCUIT))
            continue
        rows = {type_: _entered(library, table, race, unreadable) for type_, table in LISTS.items()}
        rounds.append(_round(library, race, rows))
        circuits.add(race.circuit_id)
        drivers |= {row.driver_id for those in rows.values() for row in those}
        constructors |= {row.constructor_id for those in rows.values() for row in those}
    return Season(
        origin=Origin(SOURCE, "season", str(year), library.observed_at),
        series=SERIES,
        year=year,
        rounds=tuple(rounds),
        circuits=tuple(_circuit(library, one) for one in sorted(circuits)),
        constructors=tuple(_constructor(library, one) for one in sorted(constructors)),
        drivers=tuple(_driver(library, one) for one in sorted(drivers)),
        unreadable=tuple(unreadable),
    )


def session_key(race: int, type_: SessionType) -> str:
    """The archive has no key of a session: its race and kind are one."""
    return f"{race}/{type_.name.lower().replace('_', '-')}"


def unknown_reference(library: Library, driver: int, constructor: int) -> str | None:
    """What of a row's references is not in the archive."""
    if driver not in library.drivers:
        return UNKNOWN_DRIVER
    return None if constructor in library.constructors else UNKNOWN_CONSTRUCTOR


def _entered(
    library: Library, table: str, race: RaceRow, unreadable: list[Unreadable]
) -> list[EntryRow]:
    rows, bad = read_rows(table, EntryRow, library.of_race(table, race.race_id), ENTRY_KEY)
    # A result's order is the finishing order: it ends here.
    unreadable += sorted(bad, key=lambda one: one.row_key)
    known: list[EntryRow] = []
    for row in sorted(rows, key=lambda one: (one.driver_id, one.constructor_id, one.number or "")):
        reason = unknown_reference(library, row.driver_id, row.constructor_id)
        if reason is None:
            known.append(row)
        else:
            unreadable.append(refuse(table, as_row(table, row), ENTRY_KEY, reason))
    return known


def _round(library: Library, race: RaceRow, rows: Mapping[SessionType, list[EntryRow]]) -> Round:
    circuit = library.circuits[race.circuit_id].circuit_ref
    dated = _dated(race)
    found = dict(zip(dated, moments(list(dated.values()), zone_of(circuit)), strict=True))
    days = [moment.day for moment in found.values()]
    for type_ in (SessionType.QUALIFYING, SessionType.SPRINT):
        if rows[type_] and type_ not in found:
            found[type_] = Moment(found[SessionType.RACE].day - timedelta(days=1), None)
    return Round(
        key=str(race.race_id),
        number=race.round,
        name=race.name,
        circuit=circuit,
        first_day=min(days),
        last_day=max(days),
        url=race.url,
        sessions=tuple(
            Session(
                key=session_key(race.race_id, type_),
                type=type_,
                day=moment.day,
                start=moment.start,
                entries=_entries(library, rows[type_]) if rows.get(type_) else None,
            )
            for type_, moment in sorted(found.items())
        ),
    )


def _dated(race: RaceRow) -> dict[SessionType, Given]:
    """The sessions whose date is known; the race last."""
    sprint_qualifying = race.sprint_date is not None and race.year >= SPRINT_QUALIFYING_SINCE
    second = SessionType.SPRINT_QUALIFYING if sprint_qualifying else SessionType.FP2
    columns = (
        (SessionType.FP1, race.fp1_date, race.fp1_time),
        (second, race.fp2_date, race.fp2_time),
        (SessionType.FP3, race.fp3_date, race.fp3_time),
        (SessionType.QUALIFYING, race.quali_date, race.quali_time),
        (SessionType.SPRINT, race.sprint_date, race.sprint_time),
        (SessionType.RACE, race.date, race.time),
    )
    return {type_: Given(day, clock) for type_, day, clock in columns if day is not None}


def _entries(library: Library, rows: Iterable[EntryRow]) -> frozenset[Entry]:
    return frozenset(
        Entry(
            driver=library.drivers[row.driver_id].driver_ref,
            team=library.constructors[row.constructor_id].constructor_ref,
            car=row.number,
        )
        for row in rows
    )


def _circuit(library: Library, key: int) -> Circuit:
    row = library.circuits[key]
    return Circuit(
        key=row.circuit_ref,
        name=row.name,
        location=row.location,
        country=row.country,
        latitude=row.lat,
        longitude=row.lng,
        altitude=row.alt,
        url=row.url,
    )


def _constructor(library: Library, key: int) -> Constructor:
    row = library.constructors[key]
    return Constructor(row.constructor_ref, row.name, row.nationality, row.url)


def _driver(library: Library, key: int) -> Driver:
    row = library.drivers[key]
    return Driver(
        key=row.driver_ref,
        first_name=row.forename,
        last_name=row.surname,
        abbreviation=row.code,
        number=row.number if key in library.numbered else None,
        born=row.dob,
        nationality=row.nationality,
        url=row.url,
    )
