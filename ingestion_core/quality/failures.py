"""What failed and was not mended since, and what was set apart: named and counted, no row shown."""

from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

from psycopg import Connection
from psycopg.rows import TupleRow, class_row

Db = Connection[TupleRow]

# The latest item of each unit of work that ever failed; what was called off asks for nothing. The
# run is the newest that waits for it, by which it is asked for again.
_FAILURES: Final = """
WITH latest AS (
    SELECT DISTINCT ON (i.task, i.key) i.*
    FROM ingest.items i
    WHERE (i.task, i.key) IN (SELECT task, key FROM ingest.items WHERE state = 'failed')
      AND i.state <> 'cancelled'
    ORDER BY i.task, i.key, i.item DESC
)
SELECT l.item, l.source, l.task, l.key,
       coalesce(l.payload ->> 'name', (
           SELECT c.fields ->> 'Name' FROM ingest.claims c
           WHERE c.source = l.source AND c.kind = 'round' AND c.key = l.key)) AS name,
       coalesce(l.error_code, 'failed') AS code, coalesce(l.outcome = 'poison', false) AS poisoned,
       l.attempts, l.closed_at,
       (SELECT r.run FROM ingest.run_items ri JOIN ingest.runs r USING (run)
        WHERE ri.item = l.item AND r.cancelled_at IS NULL
        ORDER BY r.created_at DESC, r.run LIMIT 1) AS run
FROM latest l WHERE l.state = 'failed'
ORDER BY l.closed_at DESC, l.item DESC LIMIT %s
"""

_SET_APART: Final = """
SELECT source, resource, reason, count(*)::int AS rows, max(last_at) AS last_at
FROM ingest.quarantine GROUP BY source, resource, reason ORDER BY source, resource, reason LIMIT %s
"""


@dataclass(frozen=True, slots=True)
class Failure:
    """A unit of work that ended as failed.

    ``code``: a word from the code, and where. ``poisoned``: no delivery of its message could be
    handled. ``run``: the newest run that waits for it; None where nobody does.
    """

    item: int
    source: str
    task: str
    key: str
    name: str | None
    code: str
    poisoned: bool
    attempts: int
    closed_at: datetime
    run: UUID | None

    @property
    def cure(self) -> str:
        """The command that asks for it again."""
        if self.run is None:
            return f"python -m ingestion_core runs retry --item {self.item}"
        return f"python -m ingestion_core runs retry {self.run}"


@dataclass(frozen=True, slots=True)
class SetApart:
    """How many rows of a source could not be understood or believed, for one reason."""

    source: str
    resource: str
    reason: str
    rows: int
    last_at: datetime


def failures(db: Db, limit: int = 50) -> list[Failure]:
    """What failed and nothing has succeeded in since, the latest first."""
    with db.cursor(row_factory=class_row(Failure)) as cursor:
        return cursor.execute(_FAILURES, (limit,)).fetchall()


def set_apart(db: Db, limit: int = 100) -> list[SetApart]:
    """The quarantine, by source and reason; of results it knows nothing."""
    with db.cursor(row_factory=class_row(SetApart)) as cursor:
        return cursor.execute(_SET_APART, (limit,)).fetchall()
