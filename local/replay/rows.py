"""The rows a replay serves: loading recorded folders, checking, merging and changing them."""

import json
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

Row = dict[str, Any]
"""One API row as OpenF1 prints it: field name -> JSON value."""

KEYS: Mapping[str, tuple[str, ...]] = {
    "meetings": ("meeting_key",),
    "sessions": ("meeting_key", "session_key"),
    "drivers": ("meeting_key", "session_key", "driver_number"),
    "session_result": ("meeting_key", "session_key", "driver_number"),
    "starting_grid": ("meeting_key", "session_key", "driver_number"),
}
"""The collections served, each with the integer fields that none of its rows may lack."""

OPTIONAL = frozenset({"session_result", "starting_grid"})
"""Collections a recording may lack: a season before its results."""


class RecordingError(Exception):
    """A recording can't be served; the message names the file and what is wrong."""


class Rows:
    """The collections of one replay, always checked and in the order production answers in."""

    def __init__(self, collections: Mapping[str, Iterable[Row]]) -> None:
        """Raises RecordingError when a row lacks a key or a session has no readable times."""
        self._collections: dict[str, list[Row]] = {name: [] for name in KEYS}
        for name, rows in collections.items():
            self.replace(name, rows)

    def of(self, collection: str) -> Sequence[Row]:
        """The rows of a collection; one that does not exist is as empty as any other."""
        return self._collections.get(collection, ())

    def replace(self, collection: str, rows: Iterable[Row]) -> None:
        """Serve `rows` as the whole of `collection` from now on."""
        checked = [_checked(collection, row) for row in rows]
        # One assignment, so that an answer being made on another thread sees all or nothing; of a
        # new mapping, so that a shallow copy goes on as it was.
        self._collections = {
            **self._collections,
            collection: sorted(checked, key=_production_order),
        }

    def change(
        self,
        collection: str,
        where: Mapping[str, Any],
        values: Mapping[str, Any] | None = None,
        *,
        remove: bool = False,
        add: Iterable[Row] = (),
    ) -> int:
        """Update or remove the rows whose fields equal `where`, then add others.

        Returns how many rows `where` met. An empty `where` means every row.
        """
        met, after = 0, []
        for row in self.of(collection):
            if where.items() <= row.items():
                met += 1
                if remove:
                    continue
                row = {**row, **(values or {})}
            after.append(row)
        self.replace(collection, [*after, *add])
        return met


def load(folders: Sequence[Path]) -> Rows:
    """Read one or more folders (one a year, say) of meetings.json, sessions.json and so on.

    Raises RecordingError naming the file for what is missing, no JSON, or no list of rows.
    """
    merged: dict[str, list[Row]] = {name: [] for name in KEYS}
    for folder in folders:
        if not folder.is_dir():
            raise RecordingError(f"{folder}: no such folder")
        for collection, rows in merged.items():
            rows += _read(folder, collection)
    return Rows(merged)


def _read(folder: Path, collection: str) -> list[Row]:
    path = folder / f"{collection}.json"
    if not path.exists() and collection in OPTIONAL:
        return []
    try:
        rows = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise RecordingError(f"{path}: the file is missing") from None
    except (OSError, UnicodeDecodeError) as error:
        raise RecordingError(f"{path}: can't be read ({error})") from error
    except json.JSONDecodeError as error:
        raise RecordingError(f"{path}: not JSON ({error})") from error
    if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
        raise RecordingError(f"{path}: not a JSON list of objects")
    try:
        return [_checked(collection, row) for row in rows]
    except RecordingError as error:
        raise RecordingError(f"{path}: {error}") from error


def _checked(collection: str, row: Row) -> Row:
    """Messages name the field only: the place of a row in a classification is a result."""
    if collection not in KEYS:
        raise RecordingError(f"no collection {collection!r}; there are {', '.join(KEYS)}")
    for field in KEYS[collection]:
        if type(row.get(field)) is not int:
            raise RecordingError(f"a row of {collection} has no integer {field}")
    if collection == "sessions":
        for field in ("date_start", "date_end"):
            _require_instant(row, field)
    return row


def _require_instant(row: Row, field: str) -> None:
    """The lock-out is computed from these, so they have to be instants."""
    text = row.get(field)
    try:
        instant = datetime.fromisoformat(text) if isinstance(text, str) else None
    except ValueError:
        instant = None
    if instant is None or instant.tzinfo is None:
        raise RecordingError(
            f"session {row['session_key']} has no {field} like 2024-03-02T15:00:00+00:00"
        )


def _production_order(row: Row) -> tuple[str, int, int]:
    """date_start, meeting_key, session_key; a missing one comes first, ties keep their order."""
    return row.get("date_start") or "", row["meeting_key"], row.get("session_key") or 0
