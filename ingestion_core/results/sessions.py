"""The sessions of rounds, who entered them, and on whom a line falls. Nothing here is a result."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from psycopg import Connection
from psycopg.rows import TupleRow

from ingestion_core.racing.kinds import SessionType
from ingestion_core.results import statements

Db = Connection[TupleRow]


@dataclass(frozen=True, slots=True)
class RoundSession:
    """A session of a round. ``keys``: what it is called, by (source, key), sorted."""

    id: str
    round: str
    type: SessionType
    keys: tuple[tuple[str, str], ...]

    def key(self, source: str) -> str:
        """What the source calls it; its id where the source does not."""
        return next((key for owner, key in self.keys if owner == source), self.id)


@dataclass(frozen=True, slots=True)
class People:
    """Who is meant by a line: by a source's key, or else by a car.

    Args:
        entrants: per round, driver to entrant.
        drivers: per source, key to driver.
        cars: per session, (source, car) to driver; a car that several are listed with is nobody's.
    """

    entrants: Mapping[str, Mapping[str, str]]
    drivers: Mapping[str, Mapping[str, str]]
    cars: Mapping[str, Mapping[tuple[str, str], str]] = field(default_factory=dict)


def read_sessions(db: Db, rounds: Iterable[str]) -> list[RoundSession]:
    """The sessions of these rounds, by id, with every source's keys of them."""
    return [
        RoundSession(id_, round_, SessionType(type_), tuple((one[0], one[1]) for one in keys))
        for id_, round_, type_, keys in db.execute(statements.SESSIONS, (list(rounds),))
    ]


def read_people(
    db: Db,
    sessions: Iterable[RoundSession],
    keys: Mapping[str, Iterable[str]],
    by_car: Iterable[str],
) -> People:
    """Who entered these sessions' rounds.

    Args:
        sessions: of the rounds.
        keys: per source, its keys of the drivers that lines name.
        by_car: the sessions with lines that name nobody.
    """
    rounds = sorted({one.round for one in sessions})
    entrants: dict[str, dict[str, str]] = dict(db.execute(statements.ENTRANTS, (rounds,)))
    drivers: dict[str, dict[str, str]] = defaultdict(dict)
    if named := sorted({key for its in keys.values() for key in its}):
        for source, key, driver in db.execute(statements.DRIVERS, (sorted(keys), named)):
            drivers[source][key] = driver
    listed: dict[str, list[tuple[str, str, str | None]]] = defaultdict(list)
    if in_sessions := sorted(by_car):
        for session, *entry in db.execute(statements.ENTRIES, (in_sessions,)):
            listed[session].append((entry[0], entry[1], entry[2]))
    return People(entrants, drivers, {session: cars(found) for session, found in listed.items()})


def cars(entries: Iterable[tuple[str, str, str | None]]) -> dict[tuple[str, str], str]:
    """Who had which car: (source, driver, car) by (source, car); one that two had is nobody's."""
    found: dict[tuple[str, str], set[str]] = defaultdict(set)
    for source, driver, car in entries:
        if car:
            found[source, car].add(driver)
    return {key: next(iter(drivers)) for key, drivers in found.items() if len(drivers) == 1}
