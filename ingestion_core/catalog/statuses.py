"""Time passes: sessions begin and end without any source being asked."""

from psycopg import Connection
from psycopg.rows import TupleRow

# The same rule as projection.session_status; a status that we did not write stays.
_ADVANCE = """
WITH moved AS (
    SELECT s."Id", CASE WHEN now() < e.ends_at + interval '30 minutes' THEN 1 ELSE 2 END AS status
    FROM "Sessions" s
    JOIN ingest.claims w
      ON w.source = 'written' AND w.kind = 'session' AND w.target = s."Id"
    CROSS JOIN LATERAL (
        SELECT coalesce(max((c.fields ->> 'EndTimeUtc')::timestamptz), s."StartTimeUtc"
            + CASE WHEN bool_and((c.fields ->> 'DayOnly')::bool) THEN interval '36 hours'
                   ELSE interval '2 hours' END) AS ends_at
        FROM ingest.claims c WHERE c.target = s."Id" AND c.kind = 'session'
    ) e
    WHERE s."Status" IN (0, 1) AND s."StartTimeUtc" <= now()
      AND s."Status" = (w.fields ->> 'Status')::int
), changed AS (
    UPDATE "Sessions" s SET "Status" = moved.status FROM moved
    WHERE s."Id" = moved."Id" AND s."Status" <> moved.status RETURNING s."Id", s."Status"
), remembered AS (
    UPDATE ingest.claims c SET fields = c.fields || jsonb_build_object('Status', changed."Status")
    FROM changed
    WHERE c.source = 'written' AND c.kind = 'session' AND c.target = changed."Id"
)
SELECT count(*) FROM changed
"""


def advance(db: Connection[TupleRow]) -> int:
    """Bring the status of started sessions up to date; how many changed. One statement."""
    row = db.execute(_ADVANCE).fetchone()
    return int(row[0]) if row else 0
