"""Where sources tell a session's end differently: how many drivers, and, for who asks, whose.

Each source's lines are projected alone, by the projection that makes the product's rows, and the
rows are compared: shared drives are folded, drivers found and times worded as they are there.
"""

from collections import Counter, defaultdict
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from psycopg import Connection
from psycopg.rows import TupleRow

from ingestion_core.racing.kinds import ResultStatus, SessionType
from ingestion_core.results import placing, sets
from ingestion_core.results.errors import without_values
from ingestion_core.results.placing import Told
from ingestion_core.results.projection import Entrants, rows
from ingestion_core.results.sessions import read_sessions

Db = Connection[TupleRow]
#: Source to its rows, by entrant.
Rows = Mapping[str, Mapping[str, Mapping[str, Any]]]

#: The field under which a row is told that some sources only have.
ROW: Final = "row"
#: What is compared: where two sources say something.
_FIELDS: Final = (
    *("Points", "Laps", "TimeMilliseconds", "Q1Time", "Q2Time", "Q3Time"),
    *("FastestLapNumber", "FastestLapRank", "FastestLapTime"),
)
#: What says something even where it is null, if the source says it of anybody in the session: who
#: has no position was not classified, who has no place on the grid did not start from it.
TELLING: Final = ("Position", "Status", "GridPosition")
FIELDS: Final = (ROW, *TELLING, *_FIELDS)


@dataclass(frozen=True, slots=True, repr=False)
class Difference:
    """What sources say differently of one entrant; ``said``: by source, a spoiler."""

    entrant: str
    field: str
    said: Mapping[str, Any]


@dataclass(frozen=True, slots=True, repr=False)
class Compared:
    """A session on which sources disagree; ``counts``: of drivers, by field."""

    session: str
    round: str
    type: SessionType
    differences: tuple[Difference, ...]

    @property
    def counts(self) -> dict[str, int]:
        counted = Counter(one.field for one in self.differences)
        return {field: counted[field] for field in FIELDS if counted[field]}

    @property
    def only(self) -> dict[str, int]:
        """Of the rows that some sources only have: how many each has."""
        having = Counter(
            source
            for one in self.differences
            if one.field == ROW
            for source, has in one.said.items()
            if has
        )
        return dict(sorted(having.items()))


@without_values
def compare(db: Db, rounds: Mapping[str, int]) -> list[Compared]:
    """The sessions of these rounds (id to season) on which sources disagree, by id.

    Raises:
        ResultsDatabaseError: the database refused.
    """
    sessions = read_sessions(db, rounds)
    latest = sets.read_latest(db, sessions)
    people = placing.people_of(db, sessions, latest)
    told = list(placing.place(sessions, latest, people, []))
    telling: dict[tuple[int, SessionType], set[str]] = defaultdict(set)
    for one in told:
        telling[rounds[one.session.round], one.session.type].update(one.lines)
    found: list[Compared] = []
    for one in told:
        session = one.session
        expected = telling[rounds[session.round], session.type]
        known = {source for source, _ in session.keys} & expected
        differing = tuple(differences(alone(one, people.entrants.get(session.round, {}), known)))
        if differing:
            found.append(Compared(session.id, session.round, session.type, differing))
    return found


def alone(told: Told, entrants: Entrants, sources: Collection[str]) -> Rows:
    """The rows that each of these sources would make alone; none where it tells nothing."""
    return {
        source: rows(
            told.session.id,
            entrants,
            {source: told.lines.get(source, ())},
            {source: told.grids.get(source, ())},
        )
        for source in sorted(sources)
    }


def differences(said: Rows) -> Iterator[Difference]:
    """What differs between sources' rows of one session, by entrant and field.

    ``said`` holds every source that may be expected to tell of this session. A source that has no
    rows at all is a difference, too: of every row.
    """
    if len(said) < 2 or not any(said.values()):
        return
    telling = {
        field: {
            source
            for source, its in said.items()
            if any(row[field] is not None for row in its.values())
        }
        for field in TELLING
    }
    for entrant in sorted({entrant for its in said.values() for entrant in its}):
        own = {source: its[entrant] for source, its in said.items() if entrant in its}
        if len(own) < len(said):
            yield Difference(entrant, ROW, {source: source in own for source in said})
        for field in (*TELLING, *_FIELDS):
            values = {
                source: row[field]
                for source, row in own.items()
                if row[field] is not None or source in telling.get(field, ())
            }
            if len(set(values.values())) > 1:
                yield Difference(entrant, field, values)


def worded(field: str, value: Any) -> Any:
    """A value as it is shown: a status by its name."""
    return ResultStatus(value).name if field == "Status" and value is not None else value


_NAMES: Final = """
SELECT e."Id"::text, d."Slug" FROM "Entrants" e JOIN "Drivers" d ON d."Id" = e."DriverId"
WHERE e."Id" = ANY(%s::uuid[])
"""


@without_values
def drivers(db: Db, found: Collection[Compared]) -> dict[str, str]:
    """The addresses of the drivers, by entrant."""
    entrants = sorted({one.entrant for each in found for one in each.differences})
    return dict(db.execute(_NAMES, (entrants,)).fetchall())
