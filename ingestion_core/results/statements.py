"""The SQL of the results writer, each statement for a whole round."""

from psycopg import sql

from ingestion_core.results.projection import COLUMNS

LATEST = """
SELECT c.source, c.session, c.facet, c.digest, c.observed_at, c.lines, c.doubts
FROM spoilers.classifications c
WHERE c.session = ANY(%s) AND c.superseded_at IS NULL
"""

SUPERSEDE = """
WITH w AS (
    SELECT * FROM jsonb_to_recordset(%(sets)s) AS w(source text, session uuid, facet text,
        observed_at timestamptz, digest text, doubts jsonb, lines jsonb)
), old AS (
    UPDATE spoilers.classifications c SET superseded_at = now() FROM w
    WHERE c.session = w.session AND c.source = w.source AND c.facet = w.facet
      AND c.superseded_at IS NULL
    RETURNING c.classification
)
INSERT INTO spoilers.classifications (source, session, facet, observed_at, digest, doubts, lines)
SELECT w.source, w.session, w.facet, w.observed_at, w.digest,
       ARRAY(SELECT jsonb_array_elements_text(w.doubts)), w.lines
-- The count makes the old sets go before the new ones come: there is one latest.
FROM w WHERE (SELECT count(*) FROM old) >= 0
ORDER BY w.session, w.source, w.facet
"""

ROUND = """
SELECT s."Id", s."Type", s."OpenF1SessionKey",
    (SELECT coalesce(jsonb_agg(jsonb_build_array(e.source, e.driver, e.car)), '[]')
     FROM ingest.entries e WHERE e.session = s."Id"),
    (SELECT coalesce(jsonb_agg(jsonb_build_array(t."DriverId", t."Id")), '[]')
     FROM "Entrants" t WHERE t."RoundId" = s."RoundId")
FROM "Sessions" s WHERE s."RoundId" = %s
ORDER BY s."Id"
"""

_NAMES = sql.SQL(", ").join(sql.Identifier(name) for name in COLUMNS)
_KEYS = {"Id": "uuid", "SessionId": "uuid", "EntrantId": "uuid"}
_TYPED = sql.SQL(", ").join(
    sql.SQL("{} {}").format(sql.Identifier(name), sql.SQL(type_))
    for name, type_ in {**_KEYS, **COLUMNS}.items()
)

CURRENT = sql.SQL(
    """
SELECT jsonb_build_object('Id', r."Id", 'SessionId', r."SessionId", 'EntrantId', r."EntrantId",
    {pairs}), w.kept
FROM "Results" r LEFT JOIN spoilers.written w ON w.result = r."Id"
WHERE r."SessionId" = ANY(%s)
"""
).format(
    pairs=sql.SQL(", ").join(
        sql.SQL("{}, r.{}").format(sql.Literal(name), sql.Identifier(name)) for name in COLUMNS
    )
)

# One statement: rows that no source gives any more go first, then the changed, then the new.
WRITE = sql.SQL(
    """
WITH r AS (SELECT * FROM jsonb_to_recordset(%(rows)s) AS r({typed}, "new" boolean)),
gone AS (
    DELETE FROM "Results" x WHERE x."Id" = ANY(%(gone)s::uuid[]) RETURNING x."Id"
), forgotten AS (
    DELETE FROM spoilers.written w USING gone WHERE w.result = gone."Id"
), changed AS (
    UPDATE "Results" x SET {assignments} FROM r WHERE NOT r."new" AND x."Id" = r."Id" RETURNING 1
), added AS (
    INSERT INTO "Results" ("Id", "SessionId", "EntrantId", "FastestLap", {names})
    SELECT "Id", "SessionId", "EntrantId", false, {names} FROM r WHERE r."new" ORDER BY "Id"
    RETURNING 1
), remembered AS (
    INSERT INTO spoilers.written (result, session, kept)
    SELECT result, session, kept
    FROM jsonb_to_recordset(%(ours)s) AS o(result uuid, session uuid, kept jsonb)
    ORDER BY result ON CONFLICT DO NOTHING
)
SELECT (SELECT count(*) FROM gone) + (SELECT count(*) FROM changed) + (SELECT count(*) FROM added)
"""
).format(
    typed=_TYPED,
    names=_NAMES,
    assignments=sql.SQL(", ").join(
        sql.SQL("{0} = r.{0}").format(sql.Identifier(name)) for name in COLUMNS
    ),
)

QUARANTINE = """
INSERT INTO spoilers.quarantine AS q (source, session, facet, row_key, reason, row)
SELECT w.source, w.session, w.facet, w.row_key, w.reason, w.row
FROM jsonb_to_recordset(%s)
    AS w(source text, session text, facet text, row_key text, reason text, row jsonb)
ORDER BY source, session, facet, row_key, reason
ON CONFLICT (source, session, facet, row_key, reason) DO UPDATE
SET row = excluded.row, last_at = now(), times = q.times + 1
"""
