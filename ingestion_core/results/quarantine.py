"""What could not be understood, believed or given to anybody, with all its values: a spoiler."""

from collections.abc import Iterable, Sequence
from typing import Any

from psycopg import Connection
from psycopg.rows import TupleRow
from psycopg.types.json import Jsonb

from ingestion_core.database.texts import storable
from ingestion_core.racing.classification import Classification, Facet, Line
from ingestion_core.racing.types import Unreadable
from ingestion_core.results import statements
from ingestion_core.results.columns import pack

#: A row of it, by column.
Refused = dict[str, Any]

NO_ENTRY = "no-entry-with-this-car"
NO_ENTRANT = "no-entry-of-this-driver"

#: What tells one row of the quarantine from another.
_KEY = ("source", "session", "facet", "row_key", "reason")
_SESSION = "session_key="


def keep(db: Connection[TupleRow], refused: Iterable[Refused]) -> None:
    """Keep these; the same again only counts up."""
    if unique := _unique(refused):
        db.execute(statements.QUARANTINE, (Jsonb(unique),))


def doubt(one: Classification, reason: str, lines: Sequence[Line]) -> Refused:
    """A set, or the part of one, that is not believed."""
    return _refused(one.origin.source, one.session, one.facet.value, "", reason, lines)


def stranger(source: str, session: str, facet: str, line: Line, driver: str | None) -> Refused:
    """A line of somebody who did not enter; ``driver`` is the source's key where it has one."""
    row_key = f"car={line.car}" if driver is None else f"car={line.car} driver={driver}"
    reason = NO_ENTRY if driver is None else NO_ENTRANT
    return _refused(source, session, facet, row_key, reason, [line])


def unreadable(one: Unreadable, source: str) -> Refused:
    """A row that could not be read, under its session where it names one, else under its table."""
    first = one.row_key.split(" ", 1)[0]
    named = first.startswith(_SESSION)
    return {
        "source": source,
        "session": first.removeprefix(_SESSION) if named else one.resource,
        "facet": (Facet.GRID if "grid" in one.resource else Facet.CLASSIFICATION).value,
        "row_key": one.row_key,
        "reason": one.reason,
        "row": one.row,
    }


def _refused(
    source: str, session: str, facet: str, row_key: str, reason: str, lines: Sequence[Line]
) -> Refused:
    return {
        "source": source,
        "session": session,
        "facet": facet,
        "row_key": row_key,
        "reason": reason,
        "row": pack(lines).columns,
    }


def _unique(refused: Iterable[Refused]) -> list[Refused]:
    """One of each: a statement can't touch a row twice. Of one car's several rows, all are kept."""
    found: dict[tuple[str, ...], Refused] = {}
    for one in refused:
        key = tuple(str(one[name]) for name in _KEY)
        row = storable(one["row"])
        if key in found and row not in found[key]["row"]["rows"]:
            found[key]["row"]["rows"].append(row)
        elif key not in found:
            found[key] = {**one, "row_key": storable(one["row_key"]), "row": {"rows": [row]}}
    return list(found.values())
