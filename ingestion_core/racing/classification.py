"""What results look like between a source and the results writer. Spoilers, all of it.

No repr here shows a value: not in a log, not in a traceback, not in a test's diff.
"""

from dataclasses import dataclass
from enum import StrEnum

from ingestion_core.racing.kinds import ResultStatus
from ingestion_core.racing.types import Origin


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
