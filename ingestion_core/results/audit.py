"""What of results could not be read or believed, by reason and in counts alone."""

from typing import Any, Final

from psycopg import Connection
from psycopg.rows import TupleRow, dict_row

from ingestion_core.results import schema
from ingestion_core.results.errors import without_values

Db = Connection[TupleRow]

_REFUSED: Final = """
SELECT source, facet AS resource, reason, count(*)::int AS rows, max(last_at)::text AS last_at
FROM spoilers.quarantine GROUP BY source, facet, reason ORDER BY source, facet, reason
"""


@without_values
def refused(db: Db) -> list[dict[str, Any]]:
    """By source, facet and reason: how many rows were set apart, and when last."""
    if not schema.exists(db):
        return []
    with db.cursor(row_factory=dict_row) as cursor:
        return cursor.execute(_REFUSED).fetchall()
