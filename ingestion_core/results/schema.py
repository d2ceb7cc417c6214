"""Schema spoilers: made when results are first opted into."""

from psycopg import Connection
from psycopg.rows import TupleRow

from ingestion_core.database.prepare import Schema, is_current, migrate

SPOILERS = Schema("spoilers", "ingestion_core.results.migrations")


def prepare(db: Connection[TupleRow]) -> None:
    """Bring the schema up to date; one read where it is."""
    if not is_current(db, SPOILERS):
        migrate(db, SPOILERS)
