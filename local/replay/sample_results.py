"""The results of the shipped sample: classifications and grids, expanded into API rows.

sample/results.json holds the first three rounds in the order of the classification, times in
milliseconds. Positions, gaps and a grid's lap times follow from that and are not repeated.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

from pydantic import BaseModel, ConfigDict

from local.replay.rows import Row


class Line(NamedTuple):
    """One car in a classification; `time` is a list in qualifying, one per segment it ran in."""

    car: int
    laps: int
    time: int | list[int] | None
    points: int | None = None
    flags: str = ""
    """Of dnf, dns, dsq, and nc for a car without a position."""


class Results(BaseModel):
    """sample/results.json, by session key; a grid says a lap time only where it is not the last."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    attribution: str
    classifications: dict[int, list[Line]]
    grids: dict[int, list[int | tuple[int, int | None]]]


def result_rows(results: Results, meetings: Mapping[int, int]) -> Iterator[Row]:
    """The rows of /session_result; `meetings` gives the meeting of a session."""
    for session, lines in results.classifications.items():
        for row in _classification(lines):
            yield {**row, "meeting_key": meetings[session], "session_key": session}


def grid_rows(results: Results, meetings: Mapping[int, int]) -> Iterator[Row]:
    """The rows of /starting_grid, which belong to the qualifying session."""
    for session in results.grids:
        for row in _grid(results, session):
            yield {**row, "meeting_key": meetings[session], "session_key": session}


def _classification(lines: Sequence[Line]) -> Iterator[Row]:
    leader = lines[0]
    best = _best_of_segments(lines)
    for place, line in enumerate(lines, start=1):
        flags = line.flags.split()
        row: Row = {
            "position": None if "nc" in flags else place,
            "driver_number": line.car,
            "number_of_laps": line.laps,
            **{flag: flag in flags for flag in ("dnf", "dns", "dsq")},
        }
        if line.points is not None:
            row["points"] = float(line.points)
        if isinstance(line.time, list):
            row["duration"] = _three(line.time)
            row["gap_to_leader"] = _three(
                [time - fastest for time, fastest in zip(line.time, best, strict=False)]
            )
        else:
            row["duration"] = _seconds(line.time)
            row["gap_to_leader"] = _gap(line, leader)
        yield row


def _best_of_segments(lines: Sequence[Line]) -> list[int]:
    times = [line.time for line in lines if isinstance(line.time, list)]
    return [
        min(time[n] for time in times if len(time) > n)
        for n in range(max(map(len, times), default=0))
    ]


def _gap(line: Line, leader: Line) -> float | int | str | None:
    """Seconds, 0 for the leader, "+1 LAP" for a lapped car of a race, null without any time."""
    if line is leader:
        return 0
    if isinstance(line.time, int) and isinstance(leader.time, int):
        return _seconds(line.time - leader.time)
    if line.flags or line.points is None:
        return None
    behind = leader.laps - line.laps
    return f"+{behind} LAP{'S' if behind > 1 else ''}"


def _grid(results: Results, qualifying: int) -> Iterator[Row]:
    last = {
        line.car: line.time[-1] if isinstance(line.time, list) and line.time else None
        for line in results.classifications[qualifying]
    }
    for place, entry in enumerate(results.grids[qualifying], start=1):
        car, time = (entry, last[entry]) if isinstance(entry, int) else entry
        yield {"position": place, "driver_number": car, "lap_duration": _seconds(time)}


def _three(times: Sequence[int]) -> list[float | None]:
    return [*map(_seconds, times), None, None, None][:3]


def _seconds(milliseconds: int | None) -> float | None:
    return None if milliseconds is None else milliseconds / 1000
