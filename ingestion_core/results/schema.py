"""Schema spoilers: made when results are first opted into."""

from psycopg import Connection
from psycopg.rows import TupleRow

from ingestion_core.database.prepare import Schema, is_current, migrate

SPOILERS = Schema("spoilers", "ingestion_core.results.migrations")

_EXISTS = """
SELECT EXISTS (SELECT FROM pg_namespace
               WHERE nspname = 'spoilers' AND has_schema_privilege(oid, 'USAGE'))
"""


def prepare(db: Connection[TupleRow]) -> None:
    """Bring the schema up to date; one read where it is."""
    if not is_current(db, SPOILERS):
        migrate(db, SPOILERS)


def exists(db: Connection[TupleRow]) -> bool:
    """Whether the schema was ever made, and we may look into it."""
    row = db.execute(_EXISTS).fetchone()
    return row is not None and bool(row[0])
