"""Results taken out with their sessions, or alone; and what else is known of them."""

from collections.abc import Sequence
from typing import Final

from psycopg import Connection, sql
from psycopg.rows import TupleRow

from ingestion_core.database.references import references_to
from ingestion_core.identity.ids import Id
from ingestion_core.results import schema
from ingestion_core.results.errors import without_values

Db = Connection[TupleRow]

#: The product's table: a session's results go with it, where nothing refers to them.
TABLE: Final = "Results"

_HOLD: Final = """
SELECT FROM "Results" WHERE "SessionId" = ANY(%s::uuid[]) ORDER BY "Id" FOR UPDATE
"""
_DELETE: Final = """
DELETE FROM "Results" t WHERE t."SessionId" = ANY(%s::uuid[]) AND {unreferenced}
"""
_FORGET: Final = """
WITH gone AS (
    SELECT s.id FROM unnest(%(sessions)s::uuid[]) AS s(id)
    WHERE NOT EXISTS (SELECT FROM "Results" r WHERE r."SessionId" = s.id)
), sets AS (
    DELETE FROM spoilers.classifications c USING gone WHERE c.session = gone.id
)
DELETE FROM spoilers.written w USING gone WHERE w.session = gone.id
"""
_UNREFUSED: Final = """
DELETE FROM spoilers.quarantine q
WHERE %(everything)s OR (q.source, q.session) IN (
    SELECT * FROM unnest(%(sources)s::text[], %(keys)s::text[]))
"""


@without_values
def take_out(db: Db, sessions: Sequence[Id]) -> int:
    """Take out the results of these sessions that no other table refers to; how many."""
    db.execute(_HOLD, (sessions,))
    statement = sql.SQL(_DELETE).format(unreferenced=references_to(db, TABLE))
    return db.execute(statement, (sessions,)).rowcount


@without_values
def left(db: Db, sessions: Sequence[Id]) -> int:
    """How many results these sessions have."""
    row = db.execute(
        'SELECT count(*) FROM "Results" WHERE "SessionId" = ANY(%s::uuid[])', (sessions,)
    ).fetchone()
    return int(row[0]) if row else 0


@without_values
def forget(db: Db, sessions: Sequence[Id]) -> None:
    """Forget the sets, earlier ones included, of these sessions where no result is left."""
    if schema.exists(db):
        db.execute(_FORGET, {"sessions": sessions})


@without_values
def forget_refused(db: Db, asked: Sequence[tuple[str, str]] | None) -> None:
    """Forget what could not be read of these, by source and key; None is all."""
    if schema.exists(db):
        db.execute(
            _UNREFUSED,
            {
                "everything": asked is None,
                "sources": [source for source, _ in asked or ()],
                "keys": [key for _, key in asked or ()],
            },
        )
