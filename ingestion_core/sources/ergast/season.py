"""One season: its rounds with their sessions, and everybody who entered them. No result.

Keys are the archive's references (driverRef, constructorRef, circuitRef), a round's is its raceId.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, time, timedelta
from typing import Final

from ingestion_core.identity import lookup
from ingestion_core.racing.kinds import SessionType
from ingestion_core.racing.names import free, slugify
from ingestion_core.racing.types import (
    CircuitProfile,
    DriverProfile,
    Entry,
    Origin,
    ScheduledSession,
    Season,
    TeamProfile,
    Unreadable,
    Weekend,
)
from ingestion_core.sources.ergast import SERIES, SOURCE
from ingestion_core.sources.ergast.library import (
    ENTRY_KEY,
    QUALIFYING,
    RESULTS,
    SPRINT_RESULTS,
    Library,
)
from ingestion_core.sources.ergast.moments import Given, Moment, moments, zone_of
from ingestion_core.sources.ergast.wire import (
    CircuitRow,
    EntryRow,
    RaceRow,
    as_row,
    read_rows,
    refuse,
)

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


def season(library: Library, year: int) -> Season:
    """Shape a season; one that the archive does not have has no weekends."""
    unreadable: list[Unreadable] = []
    shaper = _Shaper(library, Origin(SOURCE, "season", str(year), library.observed_at))
    weekends: list[Weekend] = []
    slugs: set[str] = set()
    for race in library.races.get(year, ()):
        if race.circuit_id not in library.circuits:
            unreadable.append(refuse("races", as_row("races", race), ("raceId",), UNKNOWN_CIRCUIT))
            continue
        rows = {type_: _entered(library, table, race, unreadable) for type_, table in LISTS.items()}
        slug = free(slugify(f"{year} {race.name}"), slugs)
        slugs.add(slug)
        weekends.append(shaper.weekend(race, slug, rows))
    return Season(shaper.origin, SERIES, year, tuple(weekends), tuple(unreadable))


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


@dataclass(frozen=True, slots=True)
class _Shaper:
    """The archive's rows in our types; each thing is shaped once for all weekends that name it."""

    library: Library
    origin: Origin
    _drivers: dict[int, DriverProfile] = field(default_factory=dict)
    _teams: dict[int, TeamProfile] = field(default_factory=dict)

    def weekend(
        self, race: RaceRow, slug: str, rows: Mapping[SessionType, list[EntryRow]]
    ) -> Weekend:
        """A round; its days are those of the dated sessions, local ones."""
        circuit = self.library.circuits[race.circuit_id]
        dated = _dated(race)
        zone = zone_of(circuit.circuit_ref)
        found = dict(zip(dated, moments(list(dated.values()), zone), strict=True))
        days = [moment.day for moment in found.values()]
        for type_ in (SessionType.QUALIFYING, SessionType.SPRINT):
            if rows[type_] and type_ not in found:
                found[type_] = Moment(found[SessionType.RACE].day - timedelta(days=1), None)
        named = [row for those in rows.values() for row in those]
        return Weekend(
            origin=self.origin,
            series=SERIES,
            year=race.year,
            key=str(race.race_id),
            name=race.name,
            official_name=None,
            slug=slug,
            first_day=min(days),
            last_day=max(days),
            testing=False,
            cancelled=False,
            circuit=_circuit(circuit),
            sessions=tuple(
                self._session(race, type_, moment, rows.get(type_, []))
                for type_, moment in sorted(found.items())
            ),
            drivers=tuple(self._driver(key) for key in sorted({row.driver_id for row in named})),
            teams=tuple(self._team(key) for key in sorted({row.constructor_id for row in named})),
            number=race.round,
            url=race.url,
        )

    def _session(
        self, race: RaceRow, type_: SessionType, moment: Moment, rows: list[EntryRow]
    ) -> ScheduledSession:
        """No list, no word on entries: the archive has none of practice, or none yet."""
        return ScheduledSession(
            key=session_key(race.race_id, type_),
            caption=type_.name,
            type=type_,
            start=moment.start or datetime.combine(moment.day, time(), UTC),
            end=None,
            cancelled=False,
            entries=frozenset(self._entry(row) for row in rows) if rows else None,
            day_only=moment.start is None,
        )

    def _entry(self, row: EntryRow) -> Entry:
        return Entry(
            driver=self.library.drivers[row.driver_id].driver_ref,
            team=self.library.constructors[row.constructor_id].constructor_ref,
            car=row.number,
        )

    def _driver(self, key: int) -> DriverProfile:
        if key not in self._drivers:
            row = self.library.drivers[key]
            numbered = key in self.library.numbered
            self._drivers[key] = DriverProfile(
                key=row.driver_ref,
                person=lookup.person_of(SOURCE, row.driver_ref, row.forename, row.surname),
                first_name=row.forename,
                last_name=row.surname,
                abbreviation=row.code,
                nationality=lookup.nationality(row.nationality) if row.nationality else None,
                born=row.dob,
                permanent_number=row.number if numbered else None,
                career=self.library.careers.get(key),
                url=row.url,
            )
        return self._drivers[key]

    def _team(self, key: int) -> TeamProfile:
        if key not in self._teams:
            row = self.library.constructors[key]
            self._teams[key] = TeamProfile(
                key=row.constructor_ref,
                name=row.name,
                nationality=lookup.nationality(row.nationality) if row.nationality else None,
                url=row.url,
            )
        return self._teams[key]


def _circuit(row: CircuitRow) -> CircuitProfile:
    return CircuitProfile(
        key=row.circuit_ref,
        name=row.name,
        location=row.location,
        country=row.country,
        latitude=row.lat,
        longitude=row.lng,
        altitude=round(row.alt) if row.alt is not None else None,
        url=row.url,
    )
