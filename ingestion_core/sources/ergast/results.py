"""The archive's results as classifications, and their order undone. Spoilers, all of it.

Only the task of results imports this. Shared drives are several lines of one driver here: folding
them is the writer's.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Annotated, Final, TypeVar

from pydantic import BeforeValidator, Field

from ingestion_core.racing.classification import (
    IMPOSSIBLE_TIMES,
    Classification,
    Facet,
    FastestLap,
    Line,
    has_impossible_times,
)
from ingestion_core.racing.kinds import ResultStatus, SessionType
from ingestion_core.racing.types import Origin, Unreadable
from ingestion_core.sources.ergast import SOURCE
from ingestion_core.sources.ergast.archive import Archive
from ingestion_core.sources.ergast.library import (
    QUALIFYING,
    RESULTS,
    SPRINT_RESULTS,
    Library,
    read_library,
)
from ingestion_core.sources.ergast.season import session_key, unknown_reference
from ingestion_core.sources.ergast.tables import COLUMNS
from ingestion_core.sources.ergast.wire import (
    Car,
    Key,
    RaceRow,
    Row,
    Text,
    as_row,
    decimal,
    read_rows,
    refuse,
    whole,
)

STATUS: Final = "status"
#: The text of a status that says no more than the position does.
PLAIN: Final = "Finished"
UNKNOWN_STATUS: Final = "unknown-status"

#: positionText decides, before the text of the status does.
_STATUSES: Final = {
    "R": ResultStatus.DNF,
    "D": ResultStatus.DSQ,
    "E": ResultStatus.DSQ,  # excluded
    "F": ResultStatus.DNS,  # failed to qualify
    "W": ResultStatus.DNS,  # withdrew
    "N": ResultStatus.NC,
}
_LAP: Final = re.compile(r"(?:(\d{1,2}):)?(?:(\d{1,3}):)?(\d{1,3})(?:\.(\d{1,9}))?", re.ASCII)


def _milliseconds(value: object) -> object:
    """A time such as 1:26.572; rounded, since cut off 89.7079 s would be too fast."""
    if not isinstance(value, str):
        return value
    found = _LAP.fullmatch(value.strip())
    if found is None:
        raise ValueError("is no time")
    first, second, seconds, fraction = found.groups()
    hours, minutes = (first, second) if second is not None else (None, first)
    full = int(hours or 0) * 3600 + int(minutes or 0) * 60 + int(seconds)
    return full * 1000 + round(float(f"0.{fraction or 0}") * 1000)


Place = Annotated[int, whole(ge=1, lt=1000)]
Count = Annotated[int, whole(ge=0, lt=10_000)]
Milliseconds = Annotated[int, whole(ge=0, lt=10**9)]
LapTime = Annotated[int, Field(ge=0, lt=10**9), BeforeValidator(_milliseconds)]


class StatusRow(Row):
    """What became of somebody, in a word or two."""

    status_id: Key
    status: Text


class ResultRow(Row):
    """One drive in a race or a sprint; ``time`` is a gap to all but the winner, and not read."""

    result_id: Key
    race_id: Key
    driver_id: Key
    constructor_id: Key
    number: Car | None = None
    grid: Count | None = None
    position: Place | None = None
    position_text: Annotated[str, Field(pattern=r"^([1-9][0-9]{0,2}|[RDEFWN])$")]
    points: Annotated[float, decimal(ge=0, lt=1000)] | None = None
    laps: Count | None = None
    milliseconds: Milliseconds | None = None
    fastest_lap: Count | None = None
    rank: Count | None = None
    fastest_lap_time: LapTime | None = None
    fastest_lap_speed: Annotated[float, decimal(ge=0, lt=1000)] | None = None
    status_id: Key | None = None


class QualifyingRow(Row):
    """One driver in a qualifying."""

    qualify_id: Key
    race_id: Key
    driver_id: Key
    constructor_id: Key
    number: Car | None = None
    position: Place | None = None
    q1: LapTime | None = None
    q2: LapTime | None = None
    q3: LapTime | None = None


_FORMS: Final[Mapping[str, type[Row]]] = {
    RESULTS: ResultRow,
    SPRINT_RESULTS: ResultRow,
    QUALIFYING: QualifyingRow,
}

R = TypeVar("R", ResultRow, QualifyingRow)


def read_results(archive: Archive) -> Library:
    """Read the archive with its results; errors as in ``read_library``."""
    return read_library(archive, _FORMS, {STATUS: StatusRow})


def classifications(library: Library, year: int) -> tuple[list[Classification], list[Unreadable]]:
    """A season's races, sprints and qualifyings, of ``read_results``; rows not understood apart."""
    found: list[Classification] = []
    bad: list[Unreadable] = []
    origin = Origin(SOURCE, RESULTS, str(year), library.observed_at)
    for race in library.races.get(year, ()):
        if race.circuit_id not in library.circuits:
            continue  # no round: quarantined with the season

        def keep(type_: SessionType, rows: _Rows, race: RaceRow = race) -> None:
            lines, refused = rows
            bad.extend(refused)
            key = session_key(race.race_id, type_)
            if not lines:
                return
            one = Classification(origin, key, Facet.CLASSIFICATION, lines, complete=not refused)
            if type_ is not SessionType.QUALIFYING and has_impossible_times(lines):
                one = replace(
                    one,
                    lines=tuple(replace(line, milliseconds=None) for line in lines),
                    doubts=(IMPOSSIBLE_TIMES,),
                    doubted=lines,
                )
            found.append(one)

        keep(SessionType.RACE, _read(library, RESULTS, ResultRow, race, _drive))
        keep(SessionType.SPRINT, _read(library, SPRINT_RESULTS, ResultRow, race, _drive))
        keep(SessionType.QUALIFYING, _read(library, QUALIFYING, QualifyingRow, race, _qualified))
    return found, bad


_Rows = tuple[tuple[Line, ...], list[Unreadable]]


def _read(
    library: Library,
    table: str,
    form: type[R],
    race: RaceRow,
    line: Callable[[Library, R], Line],
) -> _Rows:
    key = (COLUMNS[table][0],)
    rows, bad = read_rows(table, form, library.of_race(table, race.race_id), key)
    lines: list[Line] = []
    for row in rows:
        reason = unknown_reference(library, row.driver_id, row.constructor_id)
        if reason is None and _status_unknown(library, row):
            reason = UNKNOWN_STATUS
        if reason is None:
            lines.append(line(library, row))
        else:
            bad.append(refuse(table, as_row(table, row), key, reason))
    return tuple(sorted(lines, key=_by_car)), bad


def _status_unknown(library: Library, row: ResultRow | QualifyingRow) -> bool:
    return (
        isinstance(row, ResultRow)
        and row.status_id is not None
        and row.status_id not in library.extra[STATUS]
    )


def _by_car(line: Line) -> tuple[str, tuple[str, ...], str]:
    # To the last field that is no result: two drives of one driver must not stand in their order.
    return line.car or "", line.drivers, line.team or ""


def _drive(library: Library, row: ResultRow) -> Line:
    classified = row.position_text.isdecimal()
    status = library.extra[STATUS].get(row.status_id or 0)
    return Line(
        car=row.number,
        status=ResultStatus.FINISHED if classified else _STATUSES[row.position_text],
        drivers=(library.drivers[row.driver_id].driver_ref,),
        team=library.constructors[row.constructor_id].constructor_ref,
        # Newer sets give retirements a position too.
        position=row.position if classified else None,
        grid=row.grid or None,
        points=row.points,
        laps=row.laps,
        milliseconds=row.milliseconds,
        detail=None if status == PLAIN else status,
        fastest=_fastest(row),
    )


def _fastest(row: ResultRow) -> FastestLap | None:
    found = FastestLap(
        number=row.fastest_lap or None,
        rank=row.rank or None,
        milliseconds=row.fastest_lap_time,
        speed=row.fastest_lap_speed,
    )
    return None if found == FastestLap() else found


def _qualified(library: Library, row: QualifyingRow) -> Line:
    return Line(
        car=row.number,
        status=ResultStatus.NC if row.position is None else ResultStatus.FINISHED,
        drivers=(library.drivers[row.driver_id].driver_ref,),
        team=library.constructors[row.constructor_id].constructor_ref,
        position=row.position,
        q=(row.q1, row.q2, row.q3),
    )
