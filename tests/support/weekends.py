"""Weekends as a source would give them, small, and written straight through the catalog."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta

import psycopg
import pytest
from psycopg import Connection
from psycopg.rows import TupleRow

from ingestion_core.catalog import bookkeeping, writer
from ingestion_core.database.prepare import migrate
from ingestion_core.identity import lookup
from ingestion_core.racing.kinds import SessionType
from ingestion_core.racing.names import slugify
from ingestion_core.racing.types import (
    CircuitProfile,
    DriverProfile,
    Entry,
    Origin,
    ScheduledSession,
    TeamProfile,
    Weekend,
)

Db = Connection[TupleRow]

NOW = datetime(2026, 6, 1, tzinfo=UTC)
SERIES = "formula-1"


@dataclass(frozen=True)
class Person:
    """Somebody at a weekend; of a source with keys of its own, ``key`` is it."""

    name: str
    team: str
    key: str | None = None
    car: str | None = None
    born: date | None = None
    career: tuple[int, int] | None = None


def weekend(
    source: str,
    key: str,
    people: Sequence[Person],
    day: date,
    circuit: str = "monaco",
    name: str = "Monaco Grand Prix",
) -> Weekend:
    """A qualifying and a race with one list."""

    def driver(one: Person) -> DriverProfile:
        first, _, last = one.name.partition(" ")
        person = lookup.person_key(first, last, day.year)
        return DriverProfile(
            key=one.key or person,
            person=lookup.person_of(source, one.key, first, last) if one.key else person,
            first_name=first,
            last_name=last,
            born=one.born,
            career=one.career,
        )

    drivers = tuple(driver(one) for one in people)
    teams = {
        one.team: TeamProfile(
            slugify(one.team).replace("-", "_")
            if source == "ergast"
            else lookup.team_key(one.team),
            one.team,
        )
        for one in people
    }
    entries = frozenset(
        Entry(profile.key, teams[one.team].key, one.car)
        for profile, one in zip(drivers, people, strict=True)
    )

    def session(type_: SessionType, on: date, number: int) -> ScheduledSession:
        start = datetime.combine(on, time(13), UTC)
        own = f"{key}{number}" if source == "openf1" else f"{key}/{type_.name.lower()}"
        return ScheduledSession(
            own, type_.name, type_, start, start + timedelta(hours=1), False, entries
        )

    return Weekend(
        origin=Origin(source, "weekend", key, datetime(2026, 1, 1, tzinfo=UTC)),
        series=SERIES,
        year=day.year,
        key=key,
        name=name,
        official_name=None,
        slug=slugify(f"{day.year} {name}"),
        first_day=day - timedelta(days=1),
        last_day=day,
        testing=False,
        cancelled=False,
        circuit=CircuitProfile(circuit, circuit.title(), None, None),
        sessions=(
            session(SessionType.QUALIFYING, day - timedelta(days=1), 1),
            session(SessionType.RACE, day, 2),
        ),
        drivers=drivers,
        teams=tuple(teams.values()),
    )


def write(db: Db, *weekends: Weekend) -> writer.Written:
    """Write weekends of one season in one transaction."""
    with db.transaction():
        writer.lock_season(db, SERIES, weekends[0].year)
        return writer._write(db, weekends, NOW, False)


@contextmanager
def prepared(conninfo: str) -> Iterator[Db]:
    """A connection to a database with our schema."""
    with psycopg.connect(conninfo, autocommit=True) as db:
        migrate(db)
        yield db


def between_the_locks(monkeypatch: pytest.MonkeyPatch, db: Db, comes: Weekend) -> list[Weekend]:
    """Somebody else writes a weekend once, when ``db`` has locked its seasons; what is left."""
    took, left = bookkeeping.lock_identity, [comes]

    def late(connection: Db) -> None:
        if connection is db and left:
            with psycopg.connect(db.info.dsn, autocommit=True) as other:
                write(other, left.pop())
        took(connection)

    monkeypatch.setattr(bookkeeping, "lock_identity", late)
    return left


def later(one: Weekend, days: int = 1) -> Weekend:
    """The same, observed later."""
    return replace(
        one, origin=replace(one.origin, observed_at=one.origin.observed_at + timedelta(days=days))
    )
