"""Which meetings of a season have to be asked about, by what is claimed and what was answered."""

from collections import defaultdict
from collections.abc import Container
from dataclasses import dataclass
from datetime import datetime, timedelta

from psycopg import Connection
from psycopg.rows import TupleRow

from ingestion_core.catalog.state import season_key
from ingestion_core.identity.ids import Id
from ingestion_core.racing.kinds import SessionStatus, SessionType
from ingestion_core.racing.types import Calendar

Db = Connection[TupleRow]

#: What a session without a known end lasts; and a meeting, from its first session's start.
_USUAL_LENGTH = timedelta(hours=2)
_USUAL_WEEKEND = timedelta(days=3)

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


_SESSIONS = """
SELECT m.key, s."StartTimeUtc", (c.fields ->> 'EndTimeUtc')::timestamptz
FROM ingest.claims m
JOIN "Sessions" s ON s."RoundId" = m.target AND s."Status" <> %(cancelled)s
LEFT JOIN ingest.claims c ON c.target = s."Id" AND c.kind = 'session' AND c.source = m.source
WHERE m.source = %(source)s AND m.kind = 'round' AND m.fields ->> 'Season' = %(season)s
"""


def recent(db: Db, calendar: Calendar, news: Container[str], now: datetime, days: int) -> set[str]:
    """Keys of meetings of which a session runs or ended within the last days; none of the future.

    By the sessions as they are stored; where none are, or the meeting is listed otherwise than
    before, by its first one's start and its last one's end in the list.
    """
    parameters = {
        "source": calendar.origin.source,
        "season": season_key(calendar.series, calendar.year),
        "cancelled": int(SessionStatus.CANCELLED),
    }
    times: defaultdict[str, list[tuple[datetime, datetime]]] = defaultdict(list)
    for key, start, end in db.execute(_SESSIONS, parameters):
        if key not in news:
            times[key].append((start, end or start + _USUAL_LENGTH))
    for one in calendar.rounds:
        if one.key not in times:
            times[one.key].append((one.opens, one.closes or one.opens + _USUAL_WEEKEND))
    since = now - timedelta(days=days)
    return {
        one.key
        for one in calendar.rounds
        if any(start <= now and end >= since for start, end in times[one.key])
    }


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
