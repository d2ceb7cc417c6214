"""Where a row comes from: per column who gave it, under which key and when, and who says otherwise.

Nothing is decided here. The row is drawn up again from the claims as they are, by the functions
that write it; whom they believed is looked up in the claims, and nothing is stored.
"""

from datetime import datetime
from typing import Final

from psycopg import Connection, sql
from psycopg.rows import TupleRow, args_row

from ingestion_core.catalog.claims import PRODUCT, WRITTEN, Fields
from ingestion_core.catalog.drawn import draw
from ingestion_core.catalog.tables import BY_KIND, KEY_COLUMNS
from ingestion_core.catalog.traces import Decision, Known, Trace
from ingestion_core.errors import BadRequest, NotFound
from ingestion_core.identity.ids import Id

Db = Connection[TupleRow]


def find(db: Db, kind: str, wanted: str) -> tuple[Id, Fields]:
    """A row of a kind and its id: by that, by its address, or by OpenF1's key of it.

    Raises:
        NotFound: there is none.
        BadRequest: there are several.
    """
    table = BY_KIND[kind]
    names = [name for name in ("Slug",) if name in table.once]
    names += [
        name for (source, of), name in KEY_COLUMNS.items() if (source, of) == ("openf1", kind)
    ]
    # Text against text: what is no uuid or number is simply not found.
    matches = sql.SQL(" OR ").join(
        sql.SQL("t.{}::text = %(wanted)s").format(sql.Identifier(name)) for name in ("Id", *names)
    )
    statement = sql.SQL("SELECT to_json(t) FROM {} t WHERE {} LIMIT 2").format(
        sql.Identifier(table.name), matches
    )
    found = db.execute(statement, {"wanted": wanted.lower()}).fetchall()
    if not found:
        raise NotFound(f"no {kind} is known as '{wanted}'")
    if len(found) > 1:
        raise BadRequest(f"several {table.name.lower()} are known as '{wanted}': give an id")
    row: Fields = found[0][0]
    return row["Id"], row


def trace(db: Db, kind: str, wanted: str, now: datetime) -> Trace:
    """Where a row of a kind comes from. Three to six reads; nothing is written.

    Raises:
        NotFound, BadRequest: as ``find``.
    """
    id_, row = find(db, kind, wanted)
    drawn = draw(db, kind, id_, row, now)
    special = {one.name: one for one in drawn.special}
    columns = tuple(
        special[name] if name in special and not drawn.is_products(name) else drawn.column(name, it)
        for name, it in row.items()
    )
    touched = [
        id_,
        *(row[name] for name in ("CircuitId", "DriverId", "TeamId") if name in row),
    ]
    return Trace(
        BY_KIND[kind].name,
        id_,
        _keys(db, kind, id_),
        columns,
        _decisions(db, touched),
        drawn.due,
    )


_KEYS: Final = """
SELECT source, key, observed_at, decided_by FROM ingest.claims
WHERE target = %(id)s AND kind = %(kind)s AND source <> ALL(%(apart)s) ORDER BY source, key
"""


def _keys(db: Db, kind: str, id_: Id) -> tuple[Known, ...]:
    rows = db.execute(_KEYS, {"id": id_, "kind": kind, "apart": [WRITTEN, PRODUCT]})
    return tuple(Known(source, key, at.isoformat(), by) for source, key, at, by in rows)


_DECISIONS: Final = """
SELECT decision, kind, source, key, before::text, after::text, decided_by,
    to_json(decided_at) #>> '{}'
FROM ingest.decisions
WHERE undone_at IS NULL
  AND (before = ANY(%(ids)s::uuid[]) OR after = ANY(%(ids)s::uuid[]))
ORDER BY decision
"""


def _decisions(db: Db, ids: list[Id]) -> tuple[Decision, ...]:
    with db.cursor(row_factory=args_row(Decision)) as cursor:
        return tuple(cursor.execute(_DECISIONS, {"ids": ids}))
