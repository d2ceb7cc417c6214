"""OpenF1's results and grids, as classifications. Their order is the finishing order: it is undone.

The parsed page behind these rows has its ways: see each rule.
"""

import re
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from enum import StrEnum
from typing import Annotated, Any, TypeVar

from pydantic import BeforeValidator, Field, TypeAdapter, ValidationError

from ingestion_core.racing.classification import (
    IMPOSSIBLE_TIMES,
    Classification,
    Facet,
    Line,
    has_impossible_times,
)
from ingestion_core.racing.kinds import ResultStatus, SessionType
from ingestion_core.racing.types import Origin, Unreadable
from ingestion_core.sources.openf1 import SOURCE
from ingestion_core.sources.openf1.client import Reply
from ingestion_core.sources.openf1.wire import Key, Row, Text, read_rows


class Endpoint(StrEnum):
    """The endpoints of results; nothing outside their own task asks them."""

    SESSION_RESULT = "session_result"
    STARTING_GRID = "starting_grid"


CAR_TWICE = "car-twice"
RETIRED = "Retired"

RACES = frozenset({SessionType.RACE, SessionType.SPRINT})
QUALIFYINGS = frozenset({SessionType.QUALIFYING, SessionType.SPRINT_QUALIFYING})


def _no_truth(value: object) -> object:
    # Elsewhere true is 1: a winner, or somebody's car.
    if isinstance(value, bool):
        raise ValueError("is no number")
    return value


Number = BeforeValidator(_no_truth)
Seconds = Annotated[float, Field(ge=0, lt=1_000_000, allow_inf_nan=False), Number]
Gap = Annotated[Text, Field(max_length=40)]
Car = Annotated[int, Field(ge=0, lt=1000), Number]
Place = Annotated[int, Field(ge=1, lt=1000), Number]
SessionKey = Annotated[Key, Number]
Laps = Annotated[int, Field(ge=0, lt=10_000), Number]
Points = Annotated[float, Field(ge=0, lt=1000, allow_inf_nan=False), Number]

_SESSION: TypeAdapter[int] = TypeAdapter(SessionKey)
_LAPPED = re.compile(r"\+\d{1,3} LAPS?", re.ASCII)


class ResultRow(Row):
    """One row of /session_result; ``points`` is absent where the page has no such column."""

    session_key: SessionKey
    driver_number: Car
    position: Place | None = None
    number_of_laps: Laps | None = None
    points: Points | None = None
    dnf: bool | None = None
    dns: bool | None = None
    dsq: bool | None = None
    duration: Seconds | list[Seconds | None] | None = None
    gap_to_leader: Seconds | Gap | list[Seconds | Gap | None] | None = None


class GridRow(Row):
    """One row of /starting_grid, which hangs on the qualifying session, not on the race."""

    session_key: SessionKey
    driver_number: Car
    position: Place | None = None


R = TypeVar("R", ResultRow, GridRow)


def read_results(
    reply: Reply, types: Mapping[str, SessionType]
) -> tuple[list[Classification], list[Unreadable]]:
    """The classifications of these sessions (key to type); rows of others are not looked at."""
    rows, bad = _of_sessions(ResultRow, reply, types)
    origin, unread = _origin(reply), {_session_of(one.row) for one in bad}
    return [
        _classification(origin, key, found, types[key], not unread & {key, None})
        for key, found in sorted(rows.items())
    ], bad


def read_grids(
    reply: Reply, types: Mapping[str, SessionType]
) -> tuple[list[Classification], list[Unreadable]]:
    """The grids that these qualifying sessions set; rows of other sessions are not looked at."""
    wanted = {key: type_ for key, type_ in types.items() if type_ in QUALIFYINGS}
    rows, bad = _of_sessions(GridRow, reply, wanted)
    origin, unread = _origin(reply), {_session_of(one.row) for one in bad}
    return [
        _set(origin, key, Facet.GRID, found, _grid_line, not unread & {key, None})
        for key, found in sorted(rows.items())
    ], bad


def _of_sessions(
    model: type[R], reply: Reply, types: Mapping[str, SessionType]
) -> tuple[dict[str, list[R]], list[Unreadable]]:
    # A row of no session at all can't be of another one: it is looked at, and can't be read.
    mine: list[dict[str, Any]] = [row for row in reply.rows if _session_of(row) in (None, *types)]
    good, bad = read_rows(model, mine, reply.endpoint, ["session_key", "driver_number"])
    by_session: dict[str, list[R]] = defaultdict(list)
    for row in good:
        by_session[str(row.session_key)].append(row)
    return by_session, bad


def _session_of(row: Mapping[str, Any]) -> str | None:
    try:
        return str(_SESSION.validate_python(row.get("session_key")))
    except ValidationError:
        return None


def _classification(
    origin: Origin, key: str, rows: Sequence[ResultRow], type_: SessionType, complete: bool
) -> Classification:
    found = _set(origin, key, Facet.CLASSIFICATION, rows, lambda row: _line(row, type_), complete)
    if found.doubts or not (type_ in RACES and has_impossible_times(found.lines)):
        return found
    return replace(
        found,
        lines=tuple(_untimed(line) for line in found.lines),
        doubts=(IMPOSSIBLE_TIMES,),
        doubted=found.lines,
    )


def _set(
    origin: Origin,
    key: str,
    facet: Facet,
    rows: Sequence[R],
    line: Callable[[R], Line],
    complete: bool,
) -> Classification:
    lines = tuple(line(row) for row in sorted(rows, key=lambda one: one.driver_number))
    if len({one.car for one in lines}) < len(lines):
        # The scraper upserts by row: when a table gets shorter, stale rows stay at its end.
        return Classification(origin, key, facet, (), (CAR_TWICE,), lines, complete)
    return Classification(origin, key, facet, lines, complete=complete)


def _line(row: ResultRow, type_: SessionType) -> Line:
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
        milliseconds=milliseconds,
        gap=_gap(row),
        q=segments,
        detail=_detail(row) if racing else None,
    )


def _untimed(line: Line) -> Line:
    """The line without its time and gap; that somebody retired is neither."""
    detail = line.detail if line.detail == RETIRED else None
    return replace(line, milliseconds=None, gap=None, detail=detail)


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
    return ResultStatus.DSQ if isinstance(row.duration, float) else ResultStatus.NC


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


def _detail(row: ResultRow) -> str | None:
    if row.dnf and row.position is not None:
        return RETIRED
    gap = row.gap_to_leader
    if isinstance(gap, str) and _LAPPED.fullmatch(gap.upper()):
        # "+1 LAP", "+4 LAPS": upper case is the scraper's.
        return gap.upper().replace("LAP", "Lap").replace("S", "s")
    return None


def _origin(reply: Reply) -> Origin:
    return Origin(SOURCE, reply.endpoint, reply.key, reply.observed_at)
