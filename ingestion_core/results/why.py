"""Where a result comes from: per group of columns whose set, and what the others' lines say.

Spoilers, all of it, for whoever asks by that word. Whose word counts is not decided here: the
projection is asked with the sources' names in place of their values.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from typing import Any, Final
from uuid import UUID

from psycopg import Connection
from psycopg.rows import TupleRow

from ingestion_core.racing.classification import Facet, Line
from ingestion_core.results import placing, sets, statements
from ingestion_core.results.compare import TELLING, alone, worded
from ingestion_core.results.errors import without_values
from ingestion_core.results.placing import STARTS, Told
from ingestion_core.results.projection import (
    Entrants,
    believe,
    grid_places,
    group_order,
    one_each,
    rows,
)
from ingestion_core.results.sessions import RoundSession, read_sessions
from ingestion_core.results.sets import Latest, Place

Db = Connection[TupleRow]
Row = Mapping[str, Any]

#: Columns that come from one source together, by the field of a line that tells whose they are.
GROUPS: Final[Mapping[str, tuple[str, ...]]] = {
    "position": (
        *("Position", "Status", "Time", "TimeMilliseconds", "Laps"),
        *("Q1Time", "Q2Time", "Q3Time"),
    ),
    "points": ("Points",),
    "grid": ("GridPosition",),
    "laps_led": ("LapsLed",),
    "fastest": (
        *("FastestLap", "FastestLapNumber", "FastestLapRank"),
        *("FastestLapTime", "FastestLapSpeed"),
    ),
    "detail": ("StatusDetail",),
    "car": ("CarNumber",),
}


@dataclass(frozen=True, slots=True, repr=False)
class Word:
    """What one source says: the columns of which it says anything, and when it was observed."""

    source: str
    observed_at: str | None
    doubts: tuple[str, ...]
    columns: dict[str, Any]


@dataclass(frozen=True, slots=True, repr=False)
class Group:
    """Columns with their values in the product, and whose they are.

    Args:
        columns: by name.
        given: the source's word that was taken; None where no source says anything.
        because: why it is so, where no source gave it.
        others: the words of those who say something else.
        due: what the next storing of this session would write, where that differs.
    """

    columns: dict[str, Any]
    given: Word | None
    because: str | None
    others: tuple[Word, ...]
    due: dict[str, Any]


@dataclass(frozen=True, slots=True, repr=False)
class Trace:
    """A result: of which session and driver, and its columns by group."""

    table: str
    id: str
    name: str
    groups: tuple[Group, ...]


_FIND: Final = """
SELECT x."SessionId"::text, s."RoundId"::text, e."DriverId"::text,
    concat_ws(', ', r."Slug", d."Slug"),
    EXISTS (SELECT FROM spoilers.written w
            WHERE w.session = x."SessionId" AND x."Id" = ANY(w.results))
FROM "Results" x
JOIN "Sessions" s ON s."Id" = x."SessionId" JOIN "Rounds" r ON r."Id" = s."RoundId"
JOIN "Entrants" e ON e."Id" = x."EntrantId" JOIN "Drivers" d ON d."Id" = e."DriverId"
WHERE x."Id" = %s
"""


@without_values
def trace(db: Db, result: UUID) -> Trace | None:
    """Where a row of the product's results comes from; None if there is no such row.

    Raises:
        ResultsDatabaseError: the database refused.
    """
    found = db.execute(_FIND, (result,)).fetchone()
    if found is None:
        return None
    session, round_id, driver, name, ours = found
    sessions = read_sessions(db, [round_id])
    latest = sets.read_latest(db, sessions)
    people = placing.people_of(db, sessions, latest)
    told = next(
        one for one in placing.place(sessions, latest, people, []) if one.session.id == session
    )
    entrants = people.entrants.get(told.session.round, {})
    stood = next(
        dict(zip(statements.NAMES, values, strict=True))
        for values in db.execute(statements.CURRENT, ([session],))
        if values[0] == str(result)
    )
    seen = _Seen(told, driver, entrants, stood, latest, sessions, ours)
    groups = tuple(seen.group(field, columns) for field, columns in GROUPS.items())
    return Trace("Results", str(result), f"{name}, {told.session.type.name}", groups)


def given_by(
    said: Mapping[str, Line], doubted: Collection[str], starts: Mapping[str, int | None]
) -> dict[str, str | None]:
    """Field of a line to the source whose word is believed, None where nobody has one.

    Args:
        said: source to its line of one driver.
        doubted: sources that are in doubt of their own lines.
        starts: source to the driver's place in a grid that is a set of its own.
    """
    if not said:
        return dict.fromkeys(GROUPS)
    named = {source: _named(source, line) for source, line in said.items()}
    places: dict[str, Any] = {source: source if starts[source] else None for source in starts}
    believed = believe(named, group_order(doubted), places)
    return {field: getattr(believed, field) for field in GROUPS}


def _named(source: str, line: Line) -> Line:
    """A line with the source's name wherever it says something; how it ended decides a detail."""
    names: dict[str, Any] = {
        field: source if getattr(line, field) is not None else None
        for field in GROUPS
        if field != "grid"
    }
    return replace(line, **{**names, "position": source, "grid": source if line.grid else None})


@dataclass(frozen=True, slots=True, repr=False)
class _Seen:
    """Everything that is known of one result. ``stood``: its row, by column."""

    told: Told
    driver: str
    entrants: Entrants
    stood: Row
    latest: Mapping[Place, Latest]
    sessions: Collection[RoundSession]
    ours: bool

    def group(self, field: str, columns: tuple[str, ...]) -> Group:
        """A group of columns, and whose they are."""
        said = {
            source: its[self.driver]
            for source, placed in self.told.lines.items()
            if self.driver in (its := one_each(placed))
        }
        starts = {
            source: grid_places(placed).get(self.driver)
            for source, placed in self.told.grids.items()
        }
        giver = given_by(said, self.told.doubted, starts)[field]
        words = {
            source: self._word(source, field, row, columns)
            for source, its in alone(self.told, self.entrants, sorted(said)).items()
            for row in its.values()
            if row["EntrantId"] == self.stood["EntrantId"]
        }
        given = words.get(giver or "")
        value = {name: worded(name, self.stood[name]) for name in columns}
        due = self._due(columns)
        return Group(
            columns=value,
            given=given,
            because=None if given else self._because(value, bool(said)),
            others=tuple(
                word
                for source, word in sorted(words.items())
                if source != giver and word.columns and _differs(word.columns, value)
            ),
            due={name: it for name, it in due.items() if it != value[name]},
        )

    def _due(self, columns: tuple[str, ...]) -> dict[str, Any]:
        """What is projected of these columns now, where a source says anything at all."""
        told = self.told
        projected = rows(told.session.id, self.entrants, told.lines, told.grids, told.doubted)
        row = projected.get(str(self.stood["EntrantId"]), {})
        return {name: worded(name, row[name]) for name in columns if row.get(name) is not None}

    def _word(self, source: str, field: str, row: Row, columns: tuple[str, ...]) -> Word:
        held = self.latest.get((source, self.told.session.id, Facet.CLASSIFICATION.value))
        if field == "grid" and source in self.told.grids:
            held = self._grid(source) or held
        return Word(
            source,
            held.observed_at.isoformat() if held else None,
            tuple(held.doubts) if held else (),
            {
                name: worded(name, row[name])
                for name in columns
                if row[name] is not None or name in TELLING
            },
        )

    def _grid(self, source: str) -> Latest | None:
        """The set of the qualifying that gave this session its grid."""
        starts = STARTS.get(self.told.session.type)
        found = (
            self.latest.get((source, one.id, Facet.GRID.value))
            for one in self.sessions
            if one.round == self.told.session.round and one.type == starts
        )
        return next((one for one in found if one is not None), None)

    def _because(self, value: Row, told: bool) -> str:
        if not any(value.values()):
            return "no source says anything"
        if not told and not self.ours:
            return "never ours: no source gives this row"
        return "stood there before ours; no source says anything"


def _differs(word: Row, value: Row) -> bool:
    return any(value[name] != it for name, it in word.items())
