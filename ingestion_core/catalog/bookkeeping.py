"""The catalog's own tables: claims, entries, roles, quarantine. One statement each."""

from collections.abc import Iterable, Mapping

from psycopg import Connection
from psycopg.rows import TupleRow
from psycopg.types.json import Jsonb

from ingestion_core.catalog.claims import Claim
from ingestion_core.database.texts import storable
from ingestion_core.identity.ids import Id
from ingestion_core.racing.types import Unreadable

Db = Connection[TupleRow]

_SEASON_LOCK = "SELECT pg_advisory_xact_lock(hashtextextended('season|' || %s, 0))"
_IDENTITY_LOCK = "SELECT pg_advisory_xact_lock(hashtextextended('identity', 0))"

_SAVE_CLAIMS = """
INSERT INTO ingest.claims AS c (source, kind, key, target, observed_at, fields, dates)
SELECT * FROM jsonb_to_recordset(%s) AS w(source text, kind text, key text, target uuid,
    observed_at timestamptz, fields jsonb, dates jsonb)
ORDER BY source, kind, key
ON CONFLICT (source, kind, key) DO UPDATE
SET target = excluded.target, observed_at = excluded.observed_at,
    fields = excluded.fields, dates = excluded.dates
"""

_FOUND_SEASON = """
WITH made AS (
    INSERT INTO "Series" ("Id", "Name", "Slug")
    SELECT %(series_id)s::uuid, %(name)s::text, %(slug)s WHERE %(name)s::text IS NOT NULL
    RETURNING "Id"
)
INSERT INTO "Seasons" ("Id", "SeriesId", "Year") VALUES (%(season_id)s, %(series_id)s, %(year)s)
"""

_REPLACE_ENTRIES = """
WITH wanted AS (
    SELECT * FROM jsonb_to_recordset(%(wanted)s)
        AS w(session uuid, driver uuid, car text, team uuid, driver_key text, team_key text)
), gone AS (
    DELETE FROM ingest.entries e
    WHERE e.source = %(source)s AND e.session = ANY(%(sessions)s::uuid[])
      AND NOT EXISTS (SELECT FROM wanted w WHERE w.session = e.session AND w.driver = e.driver)
)
INSERT INTO ingest.entries AS e
    (source, session, driver, car, team, driver_key, team_key, observed_at)
SELECT %(source)s, session, driver, car, team, driver_key, team_key, %(observed_at)s
FROM wanted ORDER BY session, driver
ON CONFLICT (session, source, driver) DO UPDATE
SET car = excluded.car, team = excluded.team, driver_key = excluded.driver_key,
    team_key = excluded.team_key, observed_at = excluded.observed_at
WHERE (e.car, e.team, e.driver_key, e.team_key) IS DISTINCT FROM
    (excluded.car, excluded.team, excluded.driver_key, excluded.team_key)
"""

_QUARANTINE = """
INSERT INTO ingest.quarantine AS q (source, resource, key, row_key, reason, row)
SELECT %(source)s, w.resource, %(key)s, w.row_key, w.reason, w.row
FROM jsonb_to_recordset(%(rows)s) AS w(resource text, row_key text, reason text, row jsonb)
ORDER BY resource, row_key, reason
ON CONFLICT (source, resource, key, row_key, reason) DO UPDATE
SET row = excluded.row, last_at = now(), times = q.times + 1
"""


def lock_season(db: Db, season: str) -> None:
    """First of the locks: numbers and roles are a season's, so its meetings are written in turn."""
    db.execute(_SEASON_LOCK, (season,))


def lock_identity(db: Db) -> None:
    """Second of the locks, taken only where something that seasons share changes or is made."""
    db.execute(_IDENTITY_LOCK)


def save_claims(db: Db, claims: Iterable[Claim]) -> None:
    """Store claims; those that did not change are not among them."""
    rows = [
        {
            "source": one.source,
            "kind": one.kind,
            "key": one.key,
            "target": one.target,
            "observed_at": one.observed_at,
            "fields": one.fields,
            "dates": one.dates or None,
        }
        for one in claims
    ]
    if rows:
        db.execute(_SAVE_CLAIMS, (Jsonb(rows),))


def found_season(
    db: Db, series_id: Id, slug: str, name: str | None, season_id: Id, year: int
) -> int:
    """Make a season, and its series where it is given a name; how many rows."""
    db.execute(
        _FOUND_SEASON,
        {
            "series_id": series_id,
            "name": name,
            "slug": slug,
            "season_id": season_id,
            "year": year,
        },
    )
    return 1 + (name is not None)


def replace_entries(
    db: Db,
    source: str,
    sessions: Iterable[Id],
    wanted: Iterable[Mapping[str, object]],
    observed_at: str,
) -> None:
    """Make ``wanted`` the source's entries of these sessions.

    Each is a map of session, driver, car, team, driver_key and team_key.
    """
    db.execute(
        _REPLACE_ENTRIES,
        {
            "source": source,
            "sessions": sorted(sessions),
            "wanted": Jsonb(list(wanted)),
            "observed_at": observed_at,
        },
    )


def quarantine(db: Db, source: str, key: str, rows: Iterable[Unreadable]) -> None:
    """Keep what could not be understood; the same row again only counts up."""
    unique = {
        (one.resource, one.row_key, one.reason): {
            "resource": one.resource,
            "row_key": storable(one.row_key),
            "reason": one.reason,
            "row": storable(one.row),
        }
        for one in rows
    }
    if unique:
        db.execute(
            _QUARANTINE, {"source": source, "key": key, "rows": Jsonb(list(unique.values()))}
        )
