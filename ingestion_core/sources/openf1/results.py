"""OpenF1's results and grids, as classifications. Their order is the finishing order: it is undone.

The parsed page behind these rows has its ways: see each rule.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from enum import StrEnum
from typing import Annotated, Any, TypeVar

from pydantic import Field

from ingestion_core.racing.classification import Classification, Facet, Line
from ingestion_core.racing.kinds import ResultStatus, SessionType
from ingestion_core.racing.types import Origin, Unreadable
from ingestion_core.sources.openf1 import SOURCE
from ingestion_core.sources.openf1.client import Reply
from ingestion_core.sources.openf1.wire import Key, Row, read_rows


class Endpoint(StrEnum):
    """The endpoints of results; nothing outside their own task asks them."""

    SESSION_RESULT = "session_result"
    STARTING_GRID = "starting_grid"


#: No car laps any circuit in less: a set with such a winner has impossible times.
FASTEST_LAP_SECONDS = 20
IMPOSSIBLE_TIMES = "impossible-times"
CAR_TWICE = "car-twice"

RACES = frozenset({SessionType.RACE, SessionType.SPRINT})
QUALIFYINGS = frozenset({SessionType.QUALIFYING, SessionType.SPRINT_QUALIFYING})

Seconds = Annotated[float, Field(ge=0, lt=1_000_000, allow_inf_nan=False)]
Gap = Annotated[str, Field(max_length=40)]


class ResultRow(Row):
    """One row of /session_result; ``points`` is absent where the page has no such column."""

    session_key: Key
    driver_number: int = Field(ge=0, lt=1000)
    position: Annotated[int, Field(ge=1, lt=1000)] | None = None
    number_of_laps: Annotated[int, Field(ge=0, lt=10_000)] | None = None
    points: Annotated[float, Field(ge=0, lt=1000, allow_inf_nan=False)] | None = None
    dnf: bool | None = None
    dns: bool | None = None
    dsq: bool | None = None
    duration: Seconds | list[Seconds | None] | None = None
    gap_to_leader: Seconds | Gap | list[Seconds | Gap | None] | None = None


class GridRow(Row):
    """One row of /starting_grid, which hangs on the qualifying session, not on the race."""

    session_key: Key
    driver_number: int = Field(ge=0, lt=1000)
    position: Annotated[int, Field(ge=1, lt=1000)] | None = None


R = TypeVar("R", ResultRow, GridRow)


def read_results(
    reply: Reply, types: Mapping[str, SessionType]
) -> tuple[list[Classification], list[Unreadable]]:
    """The classifications of these sessions (key to type); rows of others are not looked at."""
    rows, bad = _of_sessions(ResultRow, reply, types)
    origin = _origin(reply)
    return [
        _classification(origin, key, found, types[key]) for key, found in sorted(rows.items())
    ], bad


def read_grids(
    reply: Reply, types: Mapping[str, SessionType]
) -> tuple[list[Classification], list[Unreadable]]:
    """The grids that these qualifying sessions set; rows of other sessions are not looked at."""
    wanted = {key: type_ for key, type_ in types.items() if type_ in QUALIFYINGS}
    rows, bad = _of_sessions(GridRow, reply, wanted)
    origin = _origin(reply)
    return [
        _set(origin, key, Facet.GRID, found, _grid_line, ()) for key, found in sorted(rows.items())
    ], bad


def _of_sessions(
    model: type[R], reply: Reply, types: Mapping[str, SessionType]
) -> tuple[dict[str, list[R]], list[Unreadable]]:
    mine: list[dict[str, Any]] = [row for row in reply.rows if str(row.get("session_key")) in types]
    good, bad = read_rows(model, mine, reply.endpoint, ["session_key", "driver_number"])
    by_session: dict[str, list[R]] = defaultdict(list)
    for row in good:
        by_session[str(row.session_key)].append(row)
    return by_session, bad


def _classification(
    origin: Origin, key: str, rows: Sequence[ResultRow], type_: SessionType
) -> Classification:
    timed = not (type_ in RACES and _impossible(rows))
    return _set(
        origin,
        key,
        Facet.CLASSIFICATION,
        rows,
        lambda row: _line(row, type_, timed),
        () if timed else (IMPOSSIBLE_TIMES,),
    )


def _set(
    origin: Origin,
    key: str,
    facet: Facet,
    rows: Sequence[R],
    line: Callable[[R], Line],
    doubts: tuple[str, ...],
) -> Classification:
    cars = [row.driver_number for row in rows]
    if len(set(cars)) < len(cars):
        # The scraper upserts by row: when a table gets shorter, stale rows stay at its end.
        return Classification(origin, key, facet, (), (CAR_TWICE,))
    lines = tuple(line(row) for row in sorted(rows, key=lambda one: one.driver_number))
    return Classification(origin, key, facet, lines, doubts)


def _impossible(rows: Iterable[ResultRow]) -> bool:
    """2024 Spa: the disqualified winner's row came first, and the times count from it."""
    return any(
        row.position == 1
        and isinstance(row.duration, float)
        and row.duration < FASTEST_LAP_SECONDS * (row.number_of_laps or 1)
        for row in rows
    )


def _line(row: ResultRow, type_: SessionType, timed: bool) -> Line:
    racing = type_ in RACES
    status = _race_status(row) if racing else _timed_status(row)
    segments = _segments(row) if type_ in QUALIFYINGS else (None, None, None)
    reached = [one for one in segments if one is not None]
    if type_ in QUALIFYINGS:
        milliseconds = reached[-1] if reached else None
    else:
        milliseconds = _milliseconds(row.duration) if isinstance(row.duration, float) else None
    return Line(
        car=str(row.driver_number),
        status=status,
        position=row.position if status is ResultStatus.FINISHED else None,
        points=row.points,
        laps=row.number_of_laps,
        milliseconds=milliseconds if timed else None,
        gap=_gap(row) if timed else None,
        q=segments,
        detail=_detail(row, racing, timed),
    )


def _grid_line(row: GridRow) -> Line:
    return Line(car=str(row.driver_number), grid=row.position)


def _race_status(row: ResultRow) -> ResultStatus:
    """A position means classified, retired or not; a time without any flag, disqualified since."""
    if row.position is not None:
        return ResultStatus.FINISHED
    if row.dsq:
        return ResultStatus.DSQ
    if row.dns:
        return ResultStatus.DNS
    if row.dnf:
        return ResultStatus.DNF
    return ResultStatus.DSQ if row.duration is not None else ResultStatus.NC


def _timed_status(row: ResultRow) -> ResultStatus:
    """In practice and qualifying dnf and dns only mean: no time in a segment."""
    if row.position is not None:
        return ResultStatus.FINISHED
    return ResultStatus.DSQ if row.dsq else ResultStatus.NC


def _segments(row: ResultRow) -> tuple[int | None, int | None, int | None]:
    times = row.duration if isinstance(row.duration, list) else [row.duration]
    first, second, third = [_milliseconds(one) for one in (*times, None, None, None)][:3]
    return first, second, third


def _milliseconds(seconds: float | None) -> int | None:
    # Rounded: cut off, 89.708 s were 89707 ms.
    return None if seconds is None else round(seconds * 1000)


def _gap(row: ResultRow) -> str | None:
    return str(row.gap_to_leader) if isinstance(row.gap_to_leader, str | float) else None


def _detail(row: ResultRow, racing: bool, timed: bool) -> str | None:
    if racing and row.dnf and row.position is not None:
        return "Retired"
    gap = row.gap_to_leader
    if timed and isinstance(gap, str) and "LAP" in gap.upper():
        # "+1 LAP", "+4 LAPS": upper case is the scraper's.
        return gap.upper().replace("LAPS", "Laps").replace("LAP", "Lap")
    return None


def _origin(reply: Reply) -> Origin:
    return Origin(SOURCE, reply.endpoint, reply.key, reply.observed_at)
