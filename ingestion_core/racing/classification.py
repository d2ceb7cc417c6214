"""What results look like between a source and the results writer. Spoilers, all of it.

No repr here shows a value: not in a log, not in a traceback, not in a test's diff.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from ingestion_core.racing.kinds import ResultStatus
from ingestion_core.racing.types import Origin

#: No car laps any circuit in less: a race with such a winner has impossible times.
FASTEST_LAP_SECONDS: Final = 20
#: The doubt about such a set.
IMPOSSIBLE_TIMES: Final = "impossible-times"


class Facet(StrEnum):
    """What a set of lines says: how a session ended, or the order in which the next one starts."""

    CLASSIFICATION = "classification"
    GRID = "grid"


@dataclass(frozen=True, slots=True, repr=False)
class FastestLap:
    """Somebody's fastest lap of a race: which lap, its rank among all of them, ms and km/h."""

    number: int | None = None
    rank: int | None = None
    milliseconds: int | None = None
    speed: float | None = None

    def __repr__(self) -> str:
        return "FastestLap(...)"


@dataclass(frozen=True, slots=True, repr=False)
class Line:
    """One car or driver in a session.

    ``drivers`` are keys of the source; none means: whoever had this car in that session. Times are
    whole milliseconds; ``q`` holds those of up to three qualifying segments. ``gap`` is the
    source's own text or number. A grid line has ``grid`` alone.
    """

    car: str | None
    status: ResultStatus = ResultStatus.NC
    drivers: tuple[str, ...] = ()
    team: str | None = None
    position: int | None = None
    grid: int | None = None
    points: float | None = None
    laps: int | None = None
    laps_led: int | None = None
    milliseconds: int | None = None
    gap: str | None = None
    q: tuple[int | None, int | None, int | None] = (None, None, None)
    detail: str | None = None
    fastest: FastestLap | None = None

    def __repr__(self) -> str:
        return "Line(...)"


@dataclass(frozen=True, slots=True, repr=False)
class Classification:
    """One source's set of lines for one session (its key of it) and facet, sorted by car.

    ``doubts``: codes of what is wrong with the set as a whole; ``doubted``: the lines as the
    source has them, of which that was left out. ``complete``: every row could be read; otherwise
    whoever is missing is not gone.
    """

    origin: Origin
    session: str
    facet: Facet
    lines: tuple[Line, ...]
    doubts: tuple[str, ...] = ()
    doubted: tuple[Line, ...] = ()
    complete: bool = True

    def __repr__(self) -> str:
        return f"Classification({self.session}, {self.facet.value}, {len(self.lines)} lines)"


def has_impossible_times(lines: Iterable[Line]) -> bool:
    """Whether the lines of a race or sprint count their times from something else than its start.

    2024 Spa: the disqualified winner's time is whole, and everybody else's counts from it.
    """
    return any(
        line.position == 1
        and line.milliseconds is not None
        and line.milliseconds < FASTEST_LAP_SECONDS * 1000 * (line.laps or 1)
        for line in lines
    )
