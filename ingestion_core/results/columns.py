"""Lines by column, as they are stored, and back."""

import hashlib
import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from ingestion_core.racing.classification import Line
from ingestion_core.racing.kinds import ResultStatus

_NAMES = (
    "car",
    "status",
    "drivers",
    "team",
    "position",
    "grid",
    "points",
    "laps",
    "laps_led",
    "milliseconds",
    "gap",
    "q",
    "detail",
)
_EMPTY: dict[str, object] = {
    "drivers": [],
    "q": [None, None, None],
    "status": int(ResultStatus.NC),
}

Columns = dict[str, list[Any]]


@dataclass(frozen=True, slots=True, repr=False)
class Stored:
    """A set as it is stored: columns, how many lines, and a digest of them."""

    columns: Columns
    count: int
    digest: str


def pack(lines: Iterable[Line]) -> Stored:
    """Turn lines into columns; a column that says nothing of anybody is left out."""
    lines = sorted(lines, key=lambda line: (line.car or "", line.drivers))
    columns: Columns = {}
    for name in _NAMES:
        values = [_plain(getattr(line, name)) for line in lines]
        if any(value != _EMPTY.get(name) for value in values):
            columns[name] = values
    text = json.dumps(columns, sort_keys=True, separators=(",", ":"))
    return Stored(columns, len(lines), hashlib.sha256(text.encode()).hexdigest()[:32])


def unpack(columns: Columns) -> list[Line]:
    """The lines again."""
    count = max((len(values) for values in columns.values()), default=0)
    return [_line({name: columns[name][place] for name in columns}) for place in range(count)]


def _plain(value: object) -> object:
    if isinstance(value, ResultStatus):
        return int(value)
    return list(value) if isinstance(value, tuple) else value


def _line(values: dict[str, Any]) -> Line:
    q: Sequence[int | None] = values.get("q") or (None, None, None)
    return Line(
        car=values.get("car"),
        status=ResultStatus(values.get("status", ResultStatus.NC)),
        drivers=tuple(values.get("drivers") or ()),
        team=values.get("team"),
        position=values.get("position"),
        grid=values.get("grid"),
        points=values.get("points"),
        laps=values.get("laps"),
        laps_led=values.get("laps_led"),
        milliseconds=values.get("milliseconds"),
        gap=values.get("gap"),
        q=(q[0], q[1], q[2]),
        detail=values.get("detail"),
    )
