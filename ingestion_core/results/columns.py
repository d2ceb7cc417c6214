"""Lines by column, as they are stored, and back."""

import hashlib
import json
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise, repeat
from operator import attrgetter
from typing import Any

from ingestion_core.racing.classification import FastestLap, Line
from ingestion_core.racing.kinds import ResultStatus

Columns = dict[str, list[Any]]

_STATUSES = {int(status): status for status in ResultStatus}
#: The fields of a line in their order, and what they hold where nothing is said.
_FIELDS: dict[str, object] = {
    "car": None,
    "status": ResultStatus.NC,
    "drivers": (),
    "team": None,
    "position": None,
    "grid": None,
    "points": None,
    "laps": None,
    "laps_led": None,
    "milliseconds": None,
    "gap": None,
    "q": (None, None, None),
    "detail": None,
    "fastest": None,
}
_READ = {name: attrgetter(name) for name in _FIELDS}


@dataclass(frozen=True, slots=True, repr=False)
class Stored:
    """A set as it is stored: its lines in order, by column, as JSON, and a digest of that."""

    lines: tuple[Line, ...]
    columns: Columns
    text: str
    digest: str

    @property
    def count(self) -> int:
        return len(self.lines)


def pack(lines: Iterable[Line]) -> Stored:
    """Turn lines into columns; a column that says nothing of anybody is left out, but for cars."""
    ordered = _ordered(lines)
    columns: Columns = {}
    for name, empty in _FIELDS.items():
        values = list(map(_READ[name], ordered))
        if values.count(empty) < len(values) or (name == "car" and values):
            columns[name] = _TO_JSON[name](values) if name in _TO_JSON else values
    text = json.dumps(columns, sort_keys=True, separators=(",", ":"))
    digest = hashlib.sha256(text.encode()).hexdigest()[:32]
    return Stored(tuple(ordered), columns, text, digest)


def unpack(columns: Columns) -> list[Line]:
    """The lines again."""
    count = max((len(values) for values in columns.values()), default=0)
    fields = [
        _FROM_JSON.get(name, _same)(columns[name]) if name in columns else repeat(empty, count)
        for name, empty in _FIELDS.items()
    ]
    return [Line(*values) for values in zip(*fields, strict=True)]


def _ordered(lines: Iterable[Line]) -> list[Line]:
    """By car and names, whatever the order they came in; ties by the whole line."""
    found = list(lines)
    names = list(map(_name, found))
    if all(before < after for before, after in pairwise(names)):
        return found
    return sorted(found, key=lambda line: (_name(line), _whole(line)))


def _name(line: Line) -> tuple[str, tuple[str, ...], str]:
    return line.car or "", line.drivers, line.team or ""


def _whole(line: Line) -> str:
    return json.dumps([_TO_JSON.get(name, _same)([_READ[name](line)]) for name in _FIELDS])


def _same(values: Sequence[Any]) -> Sequence[Any]:
    return values


def _lap_to_json(lap: FastestLap | None) -> list[int | float | None] | None:
    return None if lap is None else [lap.number, lap.rank, lap.milliseconds, lap.speed]


_Turn = Callable[[Sequence[Any]], list[Any]]

_TO_JSON: dict[str, _Turn] = {
    "status": lambda values: [int(one) for one in values],
    "drivers": lambda values: [list(one) for one in values],
    "q": lambda values: [list(one) for one in values],
    "fastest": lambda values: [_lap_to_json(one) for one in values],
}
_FROM_JSON: dict[str, _Turn] = {
    "status": lambda values: [_STATUSES[one] for one in values],
    "drivers": lambda values: [tuple(one) for one in values],
    "q": lambda values: [tuple(one) for one in values],
    "fastest": lambda values: [None if one is None else FastestLap(*one) for one in values],
}
