"""Schema spoilers: made when results are first opted into."""

from psycopg import Connection
from psycopg.rows import TupleRow

from ingestion_core.database.prepare import Schema, ensure_current

SPOILERS = Schema("spoilers", "ingestion_core.results.migrations")

_EXISTS = """
SELECT EXISTS (SELECT FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
               WHERE n.nspname = 'spoilers' AND c.relname = 'classifications'
                 AND has_schema_privilege(n.oid, 'USAGE') AND has_table_privilege(c.oid, 'SELECT'))
"""


def prepare(db: Connection[TupleRow]) -> None:
    """Bring the schema up to date; one read where it is.

    Raises:
        Unprepared: it is older than this version needs, and our role may not change it.
    """
    ensure_current(db, SPOILERS)


def exists(db: Connection[TupleRow]) -> bool:
    """Whether results were ever stored here, and we may look at them."""
    row = db.execute(_EXISTS).fetchone()
    return row is not None and bool(row[0])
