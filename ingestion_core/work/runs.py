"""Runs: what somebody asked for. Their state is a view over their items, never stored."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID, uuid4

from psycopg import Connection
from psycopg.rows import TupleRow, dict_row
from psycopg.types.json import Jsonb

from ingestion_core.work.items import Wanted, enqueue, hold
from ingestion_core.work.sources import names

Db = Connection[TupleRow]

_INSERT = """
INSERT INTO ingest.runs (run, kind, asked, request_key) VALUES (%s, %s, %s, %s)
ON CONFLICT (request_key) DO NOTHING RETURNING run
"""

# What is still ahead takes its requests' slots, and nothing is over before its messages are due.
_SHOW = """
SELECT r.run, r.kind, r.asked, r.state, r.created_at,
       CASE WHEN r.state <> 'running' THEN coalesce(r.cancelled_at, r.last_closed_at) END
           AS finished_at,
       r.expected, r.done, r.withheld, r.deferred, r.failed, r.cancelled, r.last_error, r.requests,
       CASE WHEN r.state = 'running' THEN extract(epoch FROM greatest(
           r.requests_ahead * s.pace,
           greatest(s.closed_until, r.last_due_at, r.last_not_before) - now()))::float8 END
           AS eta_seconds
FROM ingest.run_states r LEFT JOIN ingest.sources s USING (source)
"""

_ITEMS = """
SELECT i.item, i.task, i.key, i.payload ->> 'name' AS name,
       i.payload -> 'meeting' ->> 'year' AS year, i.state, i.outcome,
       i.error_code AS error, i.attempts, i.due_at, coalesce(i.counts, '{}') AS counts
FROM ingest.run_items r JOIN ingest.items i USING (item)
WHERE r.run = %s ORDER BY i.item
"""

_CANCEL = """
WITH cancelled AS (
    UPDATE ingest.runs SET cancelled_at = coalesce(cancelled_at, now()) WHERE run = %(run)s
    RETURNING run
)
UPDATE ingest.items i
SET state = 'cancelled', outcome = 'cancelled', closed_at = now()
FROM ingest.run_items r
WHERE r.item = i.item AND r.run = %(run)s AND i.state IN ('waiting', 'sent')
  -- Another run that waits for the same work keeps it.
  AND NOT EXISTS (
      SELECT FROM ingest.run_items o JOIN ingest.runs other USING (run)
      WHERE o.item = i.item AND o.run <> %(run)s AND other.cancelled_at IS NULL)
"""

# What was kept for those who asked before is not good enough for who asks again: it may be mended.
_FAILED = """
WITH failed AS (
    DELETE FROM ingest.run_items r USING ingest.items i
    WHERE r.item = i.item AND r.run = %(run)s AND i.state IN ('failed', 'cancelled')
    RETURNING i.source, i.task, i.key, i.requests, i.lane, i.max_attempts,
        CASE WHEN i.payload ? 'asked_at'
             THEN i.payload || jsonb_build_object('asked_at', now()) ELSE i.payload END AS payload
), revived AS (
    UPDATE ingest.runs SET cancelled_at = NULL WHERE run = %(run)s
)
SELECT source, task, key, requests, lane, payload, max_attempts FROM failed ORDER BY task, key
"""

# The same of one item; the runs that it failed for wait for the new one.
_FAILED_ITEM = """
WITH failed AS (
    SELECT item, source, task, key, requests, lane, max_attempts,
        CASE WHEN payload ? 'asked_at'
             THEN payload || jsonb_build_object('asked_at', now()) ELSE payload END AS payload
    FROM ingest.items WHERE item = %(item)s AND state IN ('failed', 'cancelled')
), left_runs AS (
    DELETE FROM ingest.run_items r USING failed WHERE r.item = failed.item RETURNING r.run
)
SELECT source, task, key, requests, lane, payload, max_attempts,
    (SELECT coalesce(array_agg(run), '{}') FROM left_runs) AS runs
FROM failed
"""


def now(db: Db) -> datetime:
    """The present by the database's clock, which all instances share."""
    [(moment,)] = db.execute("SELECT clock_timestamp()").fetchall()
    present: datetime = moment
    return present


def start(
    db: Db,
    kind: str,
    asked: Mapping[str, object],
    wanted: Sequence[Wanted],
    request_key: str | None = None,
) -> UUID:
    """Write a run and its first items; the same request key again is the same run.

    Whoever commits this calls ``release`` afterwards.
    """
    run = uuid4()
    made = db.execute(_INSERT, (run, kind, Jsonb(dict(asked)), request_key)).fetchone()
    if made is None:
        found = db.execute(
            "SELECT run FROM ingest.runs WHERE request_key = %s", (request_key,)
        ).fetchone()
        if found is None:
            raise RuntimeError("a run with this request key vanished while it was looked up")
        return UUID(str(found[0]))
    enqueue(db, wanted, runs=[run])
    return run


def show(db: Db, run: UUID) -> dict[str, Any] | None:
    """One run with its items; None if there is none."""
    with db.cursor(row_factory=dict_row) as cursor:
        found = cursor.execute(_SHOW + "WHERE r.run = %s", (run,)).fetchone()
        if found is None:
            return None
        items = cursor.execute(_ITEMS, (run,)).fetchall()
    return {**_with_totals(found), "items": items}


def newest(db: Db, limit: int) -> list[dict[str, Any]]:
    """The newest runs, without their items."""
    with db.cursor(row_factory=dict_row) as cursor:
        rows = cursor.execute(_SHOW + "ORDER BY r.created_at DESC LIMIT %s", (limit,)).fetchall()
    return [_with_totals(row) for row in rows]


def cancel(db: Db, run: UUID) -> int | None:
    """Take back what is not running yet; how many items, None if there is no such run."""
    if not _exists(db, run):
        return None
    hold(db, names(db))
    return db.execute(_CANCEL, {"run": run}).rowcount


def retry(db: Db, run: UUID) -> int | None:
    """Ask again for what failed or was cancelled; how many items, None if there is no such run."""
    if not _exists(db, run):
        return None
    failed = db.execute(_FAILED, {"run": run}).fetchall()
    return enqueue(db, [_again(*one) for one in failed], runs=[run])


def retry_item(db: Db, item: int) -> UUID | None:
    """Ask again for one item that failed or was cancelled, whether of a run or of none.

    Returns the run that was made for it; None if there is no such item, or nothing to ask again.
    """
    found = db.execute(_FAILED_ITEM, {"item": item}).fetchone()
    if found is None:
        return None
    *wanted, waiting = found
    run = start(db, "retry", {"item": item}, [])
    enqueue(db, [_again(*wanted)], runs=[run, *waiting])
    return run


def _again(
    source: str,
    task: str,
    key: str,
    requests: int,
    lane: int,
    payload: Mapping[str, object],
    max_attempts: int,
) -> Wanted:
    return Wanted(source, task, key, requests, lane, payload, max_attempts=max_attempts)


def _exists(db: Db, run: UUID) -> bool:
    return db.execute("SELECT FROM ingest.runs WHERE run = %s", (run,)).fetchone() is not None


def _with_totals(row: dict[str, Any]) -> dict[str, Any]:
    requests = row.pop("requests")
    return {**row, "totals": {"requests": requests}}
