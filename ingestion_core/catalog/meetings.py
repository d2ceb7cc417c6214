"""Which meetings of a season have to be asked about, by what is claimed and what was answered."""

from datetime import date, datetime

from psycopg import Connection
from psycopg.rows import TupleRow

from ingestion_core.catalog.state import season_key

Db = Connection[TupleRow]

# Running: from the day before its first session. Recently finished: for seven days. What was
# empty is asked again when its record says so; a cancelled meeting has nobody to list.
_DUE = """
SELECT c.key FROM ingest.claims c
LEFT JOIN ingest.fetches s ON s.source = c.source AND s.resource = 'sessions' AND s.key = c.key
LEFT JOIN ingest.fetches d ON d.source = c.source AND d.resource = 'drivers' AND d.key = c.key
CROSS JOIN LATERAL (
    SELECT (c.fields ->> 'DateStart')::date AS first,
           coalesce(c.fields ->> 'DateEnd', c.fields ->> 'ListedEnd',
                    c.fields ->> 'DateStart')::date AS last
) day
WHERE c.source = %(source)s AND c.kind = 'round' AND c.fields ->> 'Season' = %(season)s
  AND (s.ok_at IS NULL AND coalesce(s.next_at, '-infinity') <= %(now)s
    OR %(now)s::date BETWEEN day.first - 1 AND day.last + 7
    OR d.ok_at IS NULL AND day.last < %(now)s::date
       AND NOT coalesce((c.fields ->> 'Cancelled')::bool, false)
       AND coalesce(d.next_at, '-infinity') <= %(now)s)
ORDER BY day.first, c.key
"""

_SLUG = """
SELECT fields ->> 'ListedSlug' FROM ingest.claims
WHERE source = %s AND kind = 'round' AND key = %s
"""


def due(db: Db, source: str, series: str, year: int, now: datetime) -> set[str]:
    """Keys of meetings that are running, recently finished or never completely read."""
    rows = db.execute(
        _DUE, {"source": source, "season": season_key(series, year), "now": now}
    ).fetchall()
    return {row[0] for row in rows}


def recent(first: date, last: date | None, now: datetime, days: int) -> bool:
    """Whether a meeting runs today, or ended within the last days; never one of the future."""
    today = now.date()
    return first <= today and (today - (last or first)).days <= days


def listed_slug(db: Db, source: str, key: str) -> str | None:
    """The address that a season's list decided for a meeting; None if no list is known."""
    row = db.execute(_SLUG, (source, key)).fetchone()
    return row[0] if row else None
