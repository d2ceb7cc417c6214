"""What the operator sees of a source, and the kill switch."""

from typing import Any

from psycopg import Connection
from psycopg.rows import TupleRow, dict_row

Db = Connection[TupleRow]

_SHOW = """
SELECT s.source, s.paused, extract(epoch FROM s.pace)::float8 AS pace_seconds,
       nullif(s.last_start, 'epoch') AS last_request_at,
       CASE WHEN s.closed_until > now() THEN s.closed_until END AS closed_until,
       CASE WHEN s.closed_until > now() THEN s.closed_why END AS closed_why,
       s.failures, s.next_discovery_at, s.discovered_at,
       (SELECT max(f.ok_at) FROM ingest.fetches f WHERE f.source = s.source) AS fresh_at,
       count(i.item) FILTER (WHERE i.state = 'waiting') AS waiting,
       count(i.item) FILTER (WHERE i.state = 'sent') AS sent,
       count(i.item) FILTER (WHERE i.state = 'running') AS running,
       min(i.due_at) FILTER (WHERE i.state = 'sent') AS next_due_at
FROM ingest.sources s
LEFT JOIN ingest.items i ON i.source = s.source AND i.state IN ('waiting', 'sent', 'running')
GROUP BY s.source ORDER BY s.source
"""


def show(db: Db) -> list[dict[str, Any]]:
    """Every source with its state and its work ahead.

    ``discovered_at``: when it last answered for a year's list; ``fresh_at``: when for anything.
    """
    with db.cursor(row_factory=dict_row) as cursor:
        return cursor.execute(_SHOW).fetchall()


def set_paused(db: Db, source: str, paused: bool) -> bool:
    """Pause or resume a source, whatever is queued; False if there is no such source.

    Whoever resumes one calls ``release`` afterwards: it sends nothing of a paused source.
    """
    done = db.execute("UPDATE ingest.sources SET paused = %s WHERE source = %s", (paused, source))
    return done.rowcount > 0


def names(db: Db) -> list[str]:
    """All sources."""
    return [row[0] for row in db.execute("SELECT source FROM ingest.sources ORDER BY source")]


def discovery_is_due(db: Db, source: str) -> bool:
    """Whether the timer must look for meetings now: one look-up, between weekends all there is."""
    row = db.execute(
        "SELECT next_discovery_at <= now() AND NOT paused FROM ingest.sources WHERE source = %s",
        (source,),
    ).fetchone()
    return bool(row and row[0])


# From three days before a weekend's first session to two days after its last: every tick. Else
# once a day, or when the next such time begins.
_NEXT_DISCOVERY = """
WITH weekends AS (
    SELECT (fields ->> 'DateStart')::date - 3 AS opens,
           coalesce((fields ->> 'DateEnd')::date, (fields ->> 'ListedEnd')::date,
                    (fields ->> 'DateStart')::date + 3) + 3 AS closes
    FROM ingest.claims
    WHERE source = %(source)s AND kind = 'round'
      AND NOT coalesce((fields ->> 'Cancelled')::bool, false)
)
UPDATE ingest.sources SET discovered_at = now(), next_discovery_at = CASE
    WHEN EXISTS (SELECT FROM weekends WHERE now() BETWEEN opens AND closes) THEN now()
    ELSE least(now() + interval '1 day', coalesce(
        (SELECT min(opens)::timestamptz FROM weekends WHERE opens > now()), 'infinity')) END
WHERE source = %(source)s
"""


def plan_next_discovery(db: Db, source: str) -> None:
    """A year's list was read: decide when the timer has to look again, from the calendar as it is
    known now."""
    db.execute(_NEXT_DISCOVERY, {"source": source})
