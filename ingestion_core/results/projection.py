"""From sets of lines to the product's rows: the union of the sources' latest, pure.

Position, status, time, laps and segments come whole from the first source that has the driver;
points, grid and laps led per field, the archive's before OpenF1's.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from ingestion_core.identity import ids
from ingestion_core.racing.classification import Line

#: Whose line counts for Position, Status, Time, Laps, Q1-Q3, as one group.
_LINES = ("openf1", "ergast", "thethirdturn")
#: Whose word counts for points, grid and laps led.
_FIELDS = ("ergast", "openf1", "thethirdturn")

#: Columns of a result that are kept up to date, with their SQL types. FastestLap is set once:
#: OpenF1 does not know it.
COLUMNS: Mapping[str, str] = {
    "Position": "integer",
    "GridPosition": "integer",
    "Status": "integer",
    "Points": "double precision",
    "Time": "interval",
    "Laps": "integer",
    "TimeMilliseconds": "integer",
    "StatusDetail": "text",
    "Q1Time": "text",
    "Q2Time": "text",
    "Q3Time": "text",
    "LapsLed": "integer",
    "CarNumber": "text",
}

#: Entrant of the session's round, by driver.
Entrants = Mapping[UUID, UUID]


@dataclass(frozen=True, slots=True, repr=False)
class Placed:
    """A line with the driver it belongs to."""

    driver: UUID
    line: Line


def rows(
    session: UUID,
    entrants: Entrants,
    lines: Mapping[str, Iterable[Placed]],
    grids: Mapping[str, Iterable[Placed]],
) -> dict[UUID, dict[str, Any]]:
    """The rows of one session, by entrant; values are JSON's.

    Args:
        session: its id.
        entrants: who of the round's entry list has which id; a driver without one has no row.
        lines: source to its classification of this session.
        grids: source to the grid from which this session started.
    """
    by_driver: dict[UUID, dict[str, Line]] = {}
    for source, placed in lines.items():
        for one in placed:
            by_driver.setdefault(one.driver, {})[source] = one.line
    starts: dict[UUID, dict[str, int | None]] = {}
    for source, placed in grids.items():
        for one in placed:
            starts.setdefault(one.driver, {})[source] = one.line.grid
    return {
        entrants[driver]: _row(session, entrants[driver], said, starts.get(driver, {}))
        for driver, said in by_driver.items()
        if driver in entrants
    }


def _row(
    session: UUID, entrant: UUID, said: Mapping[str, Line], starts: Mapping[str, int | None]
) -> dict[str, Any]:
    first = next(said[source] for source in _LINES if source in said)
    q1, q2, q3 = (lap_time(one) for one in first.q)
    return {
        "Id": str(ids.of("result", session, entrant)),
        "SessionId": str(session),
        "EntrantId": str(entrant),
        "Position": first.position,
        "GridPosition": _grid(said, starts),
        "Status": int(first.status),
        "Points": _first(said, "points"),
        "Time": interval(first.milliseconds),
        "Laps": first.laps,
        "TimeMilliseconds": first.milliseconds,
        "StatusDetail": first.detail,
        "Q1Time": q1,
        "Q2Time": q2,
        "Q3Time": q3,
        "LapsLed": _first(said, "laps_led"),
        "CarNumber": first.car,
    }


def _first(said: Mapping[str, Line], name: str) -> Any:
    for source in _FIELDS:
        value = getattr(said[source], name) if source in said else None
        if value is not None:
            return value
    return None


def _grid(said: Mapping[str, Line], starts: Mapping[str, int | None]) -> int | None:
    """A source's grid stands in the line itself (the archive) or in a set of its own (OpenF1)."""
    for source in _FIELDS:
        own = said[source].grid if source in said else None
        grid = own if own is not None else starts.get(source)
        if grid:
            return grid
    return None


def lap_time(milliseconds: int | None) -> str | None:
    """``88123`` is ``1:28.123``."""
    if milliseconds is None:
        return None
    minutes, rest = divmod(milliseconds, 60_000)
    return f"{minutes}:{rest // 1000:02d}.{rest % 1000:03d}"


def interval(milliseconds: int | None) -> str | None:
    """As PostgreSQL writes an interval: ``01:31:44.742``, fractions without trailing zeros."""
    if milliseconds is None:
        return None
    seconds, rest = divmod(milliseconds, 1000)
    text = f"{seconds // 3600:02d}:{seconds // 60 % 60:02d}:{seconds % 60:02d}"
    return f"{text}.{rest:03d}".rstrip("0").rstrip(".") if rest else text
