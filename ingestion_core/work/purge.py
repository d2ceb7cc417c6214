"""What nobody asks about any more goes: items three months after they closed, then their runs."""

from psycopg import Connection
from psycopg.rows import TupleRow

_KEPT = "90 days"
#: In one tick, so that the first purge of a large backlog is no long transaction.
_AT_ONCE = 10_000

# By reading the whole table, some thousand rows: with an index on closed_at, closing an item would
# write to all indexes, a third more of what a rerun of the archive logs.
_ITEMS = """
WITH gone AS (
    DELETE FROM ingest.items WHERE item IN (
        SELECT item FROM ingest.items WHERE closed_at < now() - %(kept)s::interval
        ORDER BY closed_at LIMIT %(at_once)s FOR UPDATE SKIP LOCKED)
    RETURNING item
)
SELECT count(*) FROM gone
"""

_RUNS = """
DELETE FROM ingest.runs r
WHERE r.created_at < now() - %(kept)s::interval
  AND NOT EXISTS (SELECT FROM ingest.run_items i WHERE i.run = r.run)
"""


def purge(db: Connection[TupleRow]) -> int:
    """Remove items that closed more than 90 days ago, and old runs without any; how many items."""
    [(items,)] = db.execute(_ITEMS, {"kept": _KEPT, "at_once": _AT_ONCE}).fetchall()
    db.execute(_RUNS, {"kept": _KEPT})
    return int(items)
