"""Several drives of one driver in one session: one line, in which nothing of the others is lost.

The product holds one result per driver and session. Until the sixties a driver whose car had
failed took over a team mate's, and the archive has a row for each.
"""

import math
from collections.abc import Collection, Iterable
from dataclasses import replace
from typing import Any

from ingestion_core.racing.classification import Line
from ingestion_core.racing.kinds import ResultStatus
from ingestion_core.results.columns import pack
from ingestion_core.results.wording import interval, ordinal

_OUTCOMES = {
    ResultStatus.FINISHED: "classified",
    ResultStatus.DNF: "retired",
    ResultStatus.DNS: "did not start",
    ResultStatus.DSQ: "disqualified",
    ResultStatus.NC: "not classified",
}


def fold(drives: Collection[Line]) -> Line:
    """One driver's lines of one session and source as one; their order decides nothing.

    The best drive is the line: the lowest position, before whoever has none; then who finished,
    then who drove the most laps. Points and laps led are those of all drives together, null only
    where all are. The other drives are told in its ``detail``, behind its own.
    """
    best, *others = sorted(drives, key=_merit)
    if not others:
        return best
    told = [] if best.detail is None else [best.detail]
    return replace(
        best,
        points=_total(line.points for line in drives),
        laps_led=_sum(line.laps_led for line in drives),
        fastest=next((line.fastest for line in (best, *others) if line.fastest), None),
        detail="; ".join([*told, *map(_also, others)]),
    )


def _merit(line: Line) -> tuple[Any, ...]:
    """The better, the lower. To the last field, so that two are the same only if all of it is."""
    car = line.car or ""
    return (
        line.position is None,
        line.position or 0,
        line.status is not ResultStatus.FINISHED,
        0 if line.laps is None else -1 - line.laps,
        line.grid is None,
        line.grid or 0,
        len(car),
        car,
        pack([line]).digest,
    )


def _also(line: Line) -> str:
    car = "another car" if line.car is None else f"car {line.car}"
    laps = None if line.laps is None else f"{line.laps} lap{'' if line.laps == 1 else 's'}"
    outcome = _OUTCOMES[line.status] if line.position is None else ordinal(line.position)
    told = (
        outcome,
        line.detail if (line.detail or "").lower() != outcome else None,
        interval(line.milliseconds),
        laps,
        f"grid {line.grid}" if line.grid else None,
    )
    did = "entered" if line.status is ResultStatus.DNS else "drove"
    return f"also {did} {car}: {', '.join(part for part in told if part)}"


def _total(points: Iterable[float | None]) -> float | None:
    known = [one for one in points if one is not None]
    # Of floats, only the exact sum is the same in any order.
    return math.fsum(known) if known else None


def _sum(laps: Iterable[int | None]) -> int | None:
    known = [one for one in laps if one is not None]
    return sum(known) if known else None
