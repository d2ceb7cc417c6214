"""When which session was revised, never what changed; and, for those who ask, everything."""

from typing import Any

from psycopg import Connection
from psycopg.rows import TupleRow, dict_row

from ingestion_core.results.errors import without_values

Db = Connection[TupleRow]

_REVISIONS = """
SELECT c.source, r."Slug" AS round, s."Type" AS type,
       coalesce(to_jsonb(s."OpenF1SessionKey"), to_jsonb(s."Id")) AS session, c.facet,
       count(*)::int AS sets, min(c.observed_at) AS first_at,
       max(c.observed_at) AS last_revised_at
FROM spoilers.classifications c
JOIN "Sessions" s ON s."Id" = c.session
JOIN "Rounds" r ON r."Id" = s."RoundId"
JOIN "Seasons" se ON se."Id" = r."SeasonId"
WHERE se."Year" = %s
GROUP BY c.source, r."Slug", s."Type", s."OpenF1SessionKey", s."Id", c.facet
HAVING count(*) > 1
ORDER BY max(c.observed_at) DESC, r."Slug", s."Type", c.facet
"""

_SHOW = """
SELECT d."FirstName" || ' ' || d."LastName" AS driver, t."Name" AS team, x."CarNumber" AS car,
       x."Position" AS position, x."Status" AS status, x."GridPosition" AS grid,
       x."Points" AS points, x."Laps" AS laps, x."Time"::text AS time,
       x."Q1Time" AS q1, x."Q2Time" AS q2, x."Q3Time" AS q3, x."StatusDetail" AS detail
FROM "Results" x
JOIN "Sessions" s ON s."Id" = x."SessionId"
JOIN "Entrants" e ON e."Id" = x."EntrantId"
JOIN "Drivers" d ON d."Id" = e."DriverId"
JOIN "Teams" t ON t."Id" = e."TeamId"
WHERE s."Id"::text = %(session)s OR s."OpenF1SessionKey"::text = %(session)s
   OR s."Id" IN (SELECT target FROM ingest.claims WHERE kind = 'session' AND key = %(session)s)
ORDER BY x."Position" NULLS LAST, x."Status", x."CarNumber"
"""


@without_values
def revisions(db: Db, year: int) -> list[dict[str, Any]]:
    """Sessions of a year whose results came in more than one version: which and when.

    A session is named by its OpenF1 key, or by its id where it has none.
    """
    with db.cursor(row_factory=dict_row) as cursor:
        return cursor.execute(_REVISIONS, (year,)).fetchall()


@without_values
def show(db: Db, session: str) -> list[dict[str, Any]]:
    """Spoilers: the results of a session, by its id or any source's key: 9472, 1142/race."""
    with db.cursor(row_factory=dict_row) as cursor:
        return cursor.execute(_SHOW, {"session": session}).fetchall()
