"""From sets of lines to the product's rows: the union of the sources' latest, pure.

* Position, status, time, laps and segments come whole from the first source that has the driver,
  OpenF1's before the archive's: no row is half one's and half another's. A set that its own source
  is in doubt of (impossible times, which it then lacks) comes after those that are not: were only
  its times taken from elsewhere, they would stand beside somebody else's laps.
* Points, grid and laps led: the first that is said, the archive's before OpenF1's.
* The fastest lap: whole from the first source that has the driver's, in the same order.
* The detail tells how somebody's session ended, of which OpenF1 mostly knows no more than that it
  did: it comes with the group, or else from the next source that tells of the same end, with the
  same laps. "+1 Lap" is nothing to somebody who did them all, nor "Disqualified" to a finisher.
* The car's number is a fact of the entry: the first that is said, in the order of the group.
"""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any, TypeVar

from ingestion_core.identity import ids
from ingestion_core.racing.classification import FastestLap, Line
from ingestion_core.racing.kinds import ResultStatus
from ingestion_core.results.shared_drives import fold
from ingestion_core.results.wording import interval, lap_time, speed

T = TypeVar("T")

#: Whose line counts for Position, Status, Time, Laps, Q1-Q3, as one group.
_LINES = ("openf1", "ergast", "thethirdturn")
#: Whose word counts for points, grid and laps led, and whose fastest lap.
_FIELDS = ("ergast", "openf1", "thethirdturn")

#: Columns of a result that are kept up to date, with their SQL types.
COLUMNS: Mapping[str, str] = {
    "Position": "integer",
    "GridPosition": "integer",
    "Status": "integer",
    "Points": "double precision",
    "Time": "interval",
    "Laps": "integer",
    "FastestLap": "boolean",
    "TimeMilliseconds": "integer",
    "FastestLapNumber": "integer",
    "FastestLapRank": "integer",
    "FastestLapTime": "text",
    "FastestLapSpeed": "text",
    "StatusDetail": "text",
    "Q1Time": "text",
    "Q2Time": "text",
    "Q3Time": "text",
    "LapsLed": "integer",
    "CarNumber": "text",
}

#: Entrant of the session's round, by driver.
Entrants = Mapping[str, str]

_RESULTS = ids.Namespace(ids.of("result"))
_NO_LAP = FastestLap()
_NO_TIMES = (None, None, None)
_UNFINISHED = frozenset(ResultStatus) - {ResultStatus.FINISHED}


@dataclass(slots=True, repr=False)
class Placed:
    """A line with the driver it belongs to."""

    driver: str
    line: Line


def rows(
    session: str,
    entrants: Entrants,
    lines: Mapping[str, Iterable[Placed]],
    grids: Mapping[str, Iterable[Placed]],
    doubted: Collection[str] = (),
) -> dict[str, dict[str, Any]]:
    """The rows of one session, by entrant; values are JSON's.

    ``FastestLap`` is None where nobody says whose lap of the session was the fastest.

    Args:
        session: its id.
        entrants: who of the round's entry list has which id; a driver without one has no row.
        lines: source to its classification of this session; of several lines of one driver the
            best counts, see ``shared_drives``.
        grids: source to the grid from which this session started.
        doubted: the sources that are in doubt of their own classification of this session.
    """
    said: dict[str, dict[str, Line]] = {}
    for source, placed in lines.items():
        for driver, line in one_each(placed).items():
            said.setdefault(driver, {})[source] = line
    starts = {source: grid_places(placed) for source, placed in grids.items()}
    order = group_order(doubted)
    believed = {
        driver: believe(
            its, order, {source: starts[source].get(driver) for source in starts} if starts else {}
        )
        for driver, its in said.items()
        if driver in entrants
    }
    ranked = any(line.fastest and line.fastest.rank for line in believed.values())
    return {
        entrants[driver]: _row(session, entrants[driver], line, ranked)
        for driver, line in believed.items()
    }


def group_order(doubted: Collection[str]) -> list[str]:
    """Whose line counts first as a whole; whoever doubts it comes after whoever does not."""
    return sorted(_LINES, key=lambda source: source in doubted)


def one_each(placed: Iterable[Placed]) -> dict[str, Line]:
    """A source's lines by driver, several of one driver folded."""
    found: dict[str, Line] = {}
    shared: dict[str, list[Line]] = {}
    for one in placed:
        if one.driver in found:
            shared.setdefault(one.driver, [found[one.driver]]).append(one.line)
        else:
            found[one.driver] = one.line
    for driver, drives in shared.items():
        found[driver] = fold(drives)
    return found


def grid_places(placed: Iterable[Placed]) -> dict[str, int]:
    """Who started where; of somebody with several places, the best."""
    found: dict[str, int] = {}
    for one in placed:
        if one.line.grid:
            found[one.driver] = min(one.line.grid, found.get(one.driver, one.line.grid))
    return found


def believe(
    said: Mapping[str, Line], order: Iterable[str], starts: Mapping[str, int | None]
) -> Line:
    """What is believed of one driver, of all that the sources say.

    Args:
        said: source to its line.
        order: of sources, as ``group_order`` has it.
        starts: source to the place in a grid that is a set of its own.
    """
    if len(said) == 1 and not starts:
        return next(iter(said.values()))
    group = [said[source] for source in order if source in said]
    fields = [said[source] for source in _FIELDS if source in said]
    first = group[0]
    return replace(
        first,
        # A source's grid stands in the line itself (the archive) or in a set of its own (OpenF1).
        grid=_first(
            (said[source].grid if source in said else None) or starts.get(source)
            for source in _FIELDS
        ),
        points=_first(line.points for line in fields),
        laps_led=_first(line.laps_led for line in fields),
        fastest=_first(line.fastest for line in fields),
        detail=_first(line.detail for line in group if _same_end(first, line)),
        car=_first(line.car for line in group),
    )


def _same_end(first: Line, other: Line) -> bool:
    """Whether one source's status may be explained by another's detail."""
    if first.laps != other.laps and None not in (first.laps, other.laps):
        return False
    return first.status in (other.status, *_UNFINISHED)


def _first(values: Iterable[T | None]) -> T | None:
    return next((value for value in values if value is not None), None)


def id_of(session: str, entrant: str) -> str:
    """The id of a new row: uuid5 of its keys in a namespace of results."""
    return _RESULTS.id(f"{session}|{entrant}")


def _row(session: str, entrant: str, line: Line, ranked: bool) -> dict[str, Any]:
    q1, q2, q3 = _NO_TIMES if line.q == _NO_TIMES else map(lap_time, line.q)
    fastest = line.fastest or _NO_LAP
    return {
        "Id": id_of(session, entrant),
        "SessionId": session,
        "EntrantId": entrant,
        "Position": line.position,
        "GridPosition": line.grid or None,
        "Status": int(line.status),
        "Points": line.points,
        "Time": interval(line.milliseconds),
        "Laps": line.laps,
        "FastestLap": fastest.rank == 1 if ranked else None,
        "TimeMilliseconds": line.milliseconds,
        "FastestLapNumber": fastest.number,
        "FastestLapRank": fastest.rank,
        "FastestLapTime": lap_time(fastest.milliseconds),
        "FastestLapSpeed": speed(fastest.speed),
        "StatusDetail": line.detail,
        "Q1Time": q1,
        "Q2Time": q2,
        "Q3Time": q3,
        "LapsLed": line.laps_led,
        "CarNumber": line.car,
    }
