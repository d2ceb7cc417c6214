"""A season as a grid: a row for each round, a column for each kind of session."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from functions.html.words import SESSIONS
from ingestion_core.quality.coverage import RoundCoverage, SeasonCoverage, SessionCoverage
from ingestion_core.quality.states import State
from ingestion_core.racing.kinds import SessionType

#: As a weekend goes.
_ORDER: Final = (
    SessionType.FP1,
    SessionType.FP2,
    SessionType.FP3,
    SessionType.SPRINT_QUALIFYING,
    SessionType.SPRINT,
    SessionType.QUALIFYING,
    SessionType.WARMUP,
    SessionType.MOTO3_RACE,
    SessionType.MOTO2_RACE,
    SessionType.MOTOGP_RACE,
    SessionType.RACE,
)
#: Of these the page tells the reasons; the others are as they should be.
_TOLD: Final = (State.FAILED, State.MISSING, State.NO_ENTRIES, State.WITHHELD)
#: So many rounds are named, of more how many there are.
_NAMED: Final = 12


@dataclass(frozen=True, slots=True)
class Row:
    """A round; ``cells`` by column, each of the sessions of that kind, mostly one or none."""

    round: RoundCoverage
    cells: tuple[tuple[SessionCoverage, ...], ...]


@dataclass(frozen=True, slots=True)
class Grid:
    """``columns``: the kinds of sessions that the season has."""

    columns: tuple[SessionType, ...]
    rows: tuple[Row, ...]


@dataclass(frozen=True, slots=True)
class Reason:
    """Why so many sessions are in a state, and where."""

    state: State
    reason: str
    number: int
    where: tuple[str, ...]
    left_out: int


def grid(season: SeasonCoverage) -> Grid:
    """The grid of a season."""
    present = {each.type for one in season.rounds for each in one.sessions}
    columns = tuple(type_ for type_ in _ORDER if type_ in present)
    return Grid(columns, tuple(_row(one, columns) for one in season.rounds))


def _row(one: RoundCoverage, columns: Sequence[SessionType]) -> Row:
    of = {type_: tuple(each for each in one.sessions if each.type == type_) for type_ in columns}
    return Row(one, tuple(of[type_] for type_ in columns))


def reasons(season: SeasonCoverage) -> list[Reason]:
    """Why what is not in is not, state by state, the worst first, each with its rounds."""
    found: dict[tuple[State, str], list[str]] = {}
    numbers: dict[tuple[State, str], int] = {}
    for one in season.rounds:
        here: dict[tuple[State, str], list[str]] = {}
        if one.told:
            here[one.told.state, one.told.reason] = []
        for each in one.sessions:
            here.setdefault((each.state, each.reason), []).append(SESSIONS[each.type])
        for key, kinds in here.items():
            name = f"{one.name}: {', '.join(kinds)}" if kinds else one.name
            found.setdefault(key, []).append(name)
            numbers[key] = numbers.get(key, 0) + max(1, len(kinds))
    return [
        Reason(state, reason, numbers[state, reason], tuple(where[:_NAMED]), len(where[_NAMED:]))
        for wanted in _TOLD
        for (state, reason), where in found.items()
        if state is wanted
    ]
