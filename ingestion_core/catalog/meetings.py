"""Which meetings of a season have to be asked about, by what is claimed and what was answered."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta

from psycopg import Connection
from psycopg.rows import TupleRow

from ingestion_core.catalog.state import season_key
from ingestion_core.identity.ids import Id
from ingestion_core.racing.kinds import SessionStatus, SessionType

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


_ROUNDS = """
SELECT DISTINCT target::text FROM ingest.claims
WHERE source = %s AND kind = 'round' AND fields ->> 'Season' = %s AND target IS NOT NULL
ORDER BY 1
"""


def stored_rounds(db: Db, source: str, series: str, year: int) -> list[Id]:
    """The rounds of a season that a source's meetings are stored as."""
    return [row[0] for row in db.execute(_ROUNDS, (source, season_key(series, year)))]


@dataclass(frozen=True, slots=True)
class Held:
    """A session as it is stored: the source's key, its type, and when it ends or ended."""

    key: str
    type: SessionType
    ends_at: datetime


@dataclass(frozen=True, slots=True)
class Meeting:
    """A stored meeting. ``sessions``: those that were not cancelled, in order of time."""

    round_id: Id
    year: int
    entrants: int
    sessions: tuple[Held, ...]


_MEETING = """
SELECT r."Id"::text, se."Year", (SELECT count(*) FROM "Entrants" e WHERE e."RoundId" = r."Id"),
    (SELECT coalesce(jsonb_agg(jsonb_build_array(c.key, s."Type", s."StartTimeUtc",
                c.fields ->> 'EndTimeUtc') ORDER BY s."StartTimeUtc"), '[]')
     FROM "Sessions" s JOIN ingest.claims c ON c.target = s."Id" AND c.kind = 'session'
         AND c.source = %(source)s
     WHERE s."RoundId" = r."Id" AND s."Status" <> %(cancelled)s)
FROM ingest.claims m
JOIN "Rounds" r ON r."Id" = m.target
JOIN "Seasons" se ON se."Id" = r."SeasonId"
WHERE m.source = %(source)s AND m.kind = 'round' AND m.key = %(key)s
"""

#: What a session without a known end lasts.
_USUAL_LENGTH = timedelta(hours=2)


def stored(db: Db, source: str, key: str) -> Meeting | None:
    """A meeting as the database knows it; None if it was never stored."""
    row = db.execute(
        _MEETING, {"source": source, "key": key, "cancelled": int(SessionStatus.CANCELLED)}
    ).fetchone()
    if row is None:
        return None
    round_id, year, entrants, sessions = row
    return Meeting(
        round_id,
        year,
        entrants,
        tuple(
            Held(
                key_,
                SessionType(type_),
                datetime.fromisoformat(end)
                if end
                else datetime.fromisoformat(start) + _USUAL_LENGTH,
            )
            for key_, type_, start, end in sessions
        ),
    )
