"""Lines on the drivers they fall on: what every source tells of a session, ready to be projected.

The writer projects from it, and whoever asks where a result comes from looks at the same.
"""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from psycopg import Connection
from psycopg.rows import TupleRow

from ingestion_core.racing.classification import Facet
from ingestion_core.racing.kinds import SessionType
from ingestion_core.results import quarantine
from ingestion_core.results.projection import Placed
from ingestion_core.results.quarantine import Refused
from ingestion_core.results.sessions import People, RoundSession, read_people
from ingestion_core.results.sets import Latest, Place

Db = Connection[TupleRow]

#: Which session's grid is whose.
STARTS: Mapping[SessionType, SessionType] = {
    SessionType.RACE: SessionType.QUALIFYING,
    SessionType.SPRINT: SessionType.SPRINT_QUALIFYING,
}


@dataclass(frozen=True, slots=True, repr=False)
class Told:
    """What the sources tell of one session: by source, its lines and the grid it started from.

    ``doubted``: the sources that are in doubt of their own lines.
    """

    session: RoundSession
    lines: Mapping[str, list[Placed]]
    grids: Mapping[str, list[Placed]]
    doubted: frozenset[str]


def people_of(db: Db, sessions: Sequence[RoundSession], latest: Mapping[Place, Latest]) -> People:
    """Whoever the lines may be about: named by the source, or by a car."""
    named: dict[str, set[str]] = defaultdict(set)
    by_car: set[str] = set()
    for (source, session, _), one in latest.items():
        drivers = [line.drivers for line in one.lines]
        named[source].update(*drivers)
        if () in drivers:
            by_car.add(session)
    return read_people(db, sessions, named, by_car)


def place(
    sessions: Sequence[RoundSession],
    latest: Mapping[Place, Latest],
    people: People,
    strangers: list[Refused],
) -> Iterator[Told]:
    """What is told of each session; ``strangers`` gets the lines that fall on nobody."""
    by_session: dict[tuple[str, str], dict[str, Latest]] = defaultdict(dict)
    for (source, id_, facet), one in latest.items():
        by_session[id_, facet][source] = one
    of_type: dict[tuple[str, SessionType], list[RoundSession]] = defaultdict(list)
    for session in sessions:
        of_type[session.round, session.type].append(session)

    def placed(session: RoundSession, facet: Facet) -> dict[str, list[Placed]]:
        held = by_session.get((session.id, facet.value), {})
        return {
            source: _placed(session, facet, source, one, people, strangers)
            for source, one in held.items()
        }

    for session in sessions:
        grids: dict[str, list[Placed]] = {}
        starts = STARTS.get(session.type)
        for qualifying in of_type.get((session.round, starts), ()) if starts is not None else ():
            for source, its in placed(qualifying, Facet.GRID).items():
                grids.setdefault(source, []).extend(its)
        held = by_session.get((session.id, Facet.CLASSIFICATION.value), {})
        doubted = frozenset(source for source, one in held.items() if one.doubts)
        yield Told(session, placed(session, Facet.CLASSIFICATION), grids, doubted)


def _placed(
    session: RoundSession,
    facet: Facet,
    source: str,
    held: Latest,
    people: People,
    strangers: list[Refused],
) -> list[Placed]:
    """Lines with their drivers; whoever did not enter the round has no result, nor has another."""
    entrants = people.entrants.get(session.round, {})
    placed: list[Placed] = []
    drivers = people.drivers.get(source, {})
    cars = people.cars.get(session.id, {})
    for line in held.lines:
        for key in line.drivers or (None,):
            driver = cars.get((source, line.car or "")) if key is None else drivers.get(key)
            if driver is not None and driver in entrants:
                placed.append(Placed(driver, line))
            else:
                name = session.key(source)
                strangers.append(quarantine.stranger(source, name, facet.value, line, key))
    return placed
