"""The SQL of the results writer, each statement for any number of rounds.

Ids come and go as texts: as such they are compared, sorted and written in half the time.
"""

from psycopg import sql

from ingestion_core.results.projection import COLUMNS

SESSIONS = """
SELECT s."Id"::text, s."RoundId"::text, s."Type",
    (SELECT coalesce(jsonb_agg(jsonb_build_array(c.source, c.key) ORDER BY c.source, c.key), '[]')
     FROM ingest.claims c WHERE c.target = s."Id" AND c.kind = 'session')
FROM "Sessions" s WHERE s."RoundId" = ANY(%s)
ORDER BY s."Id"
"""

# One object per round: a row per entrant cost a tenth of what the results themselves do.
ENTRANTS = """
SELECT w.id::text, (SELECT coalesce(json_object_agg(e."DriverId", e."Id"), '{}')
                    FROM "Entrants" e WHERE e."RoundId" = w.id)
FROM unnest(%s::uuid[]) AS w(id)
"""

# Of each source, perhaps, keys of another's as well: nobody asks for those.
DRIVERS = """
SELECT source, key, target::text FROM ingest.claims
WHERE source = ANY(%s) AND kind = 'driver' AND key = ANY(%s) AND target IS NOT NULL
"""

ENTRIES = """
SELECT session::text, source, driver::text, car FROM ingest.entries WHERE session = ANY(%s::uuid[])
"""

LATEST = """
SELECT c.source, c.session::text, c.facet, c.digest, c.observed_at, c.doubts, c.lines
FROM spoilers.classifications c
WHERE c.session = ANY(%s::uuid[]) AND c.superseded_at IS NULL
"""

SUPERSEDE = """
UPDATE spoilers.classifications c SET superseded_at = now()
FROM unnest(%s::text[], %s::uuid[], %s::text[]) AS w(source, session, facet)
WHERE c.session = w.session AND c.source = w.source AND c.facet = w.facet
  AND c.superseded_at IS NULL
"""

ADD_SETS = """
COPY spoilers.classifications (source, session, facet, observed_at, digest, doubts, lines)
FROM STDIN
"""

WRITTEN = """
SELECT session::text, results::text[], kept, fastest FROM spoilers.written
WHERE session = ANY(%s::uuid[])
"""

REMEMBER_NEW = "COPY spoilers.written (session, results, kept, fastest) FROM STDIN"

REMEMBER = """
WITH w AS (
    SELECT * FROM jsonb_to_recordset(%s)
        AS w(session uuid, results uuid[], kept jsonb, fastest boolean)
), forgotten AS (
    DELETE FROM spoilers.written o USING w
    WHERE o.session = w.session AND cardinality(w.results) = 0
)
INSERT INTO spoilers.written AS o (session, results, kept, fastest)
SELECT session, results, kept, fastest FROM w WHERE cardinality(results) > 0 ORDER BY session
ON CONFLICT (session) DO UPDATE
SET results = excluded.results, kept = excluded.kept, fastest = excluded.fastest
"""

# Composed once, not with each season.

_KEYS = {"Id": "uuid", "SessionId": "uuid", "EntrantId": "uuid"}
_TYPES = {**_KEYS, **COLUMNS}
#: The columns of a row of the product, in the order of CURRENT and ADD.
NAMES = tuple(_TYPES)

# As JSON has them: texts but for numbers and truths.
_PLAIN = sql.SQL(", ").join(
    sql.SQL("{}::text" if type_ in ("uuid", "interval") else "{}").format(sql.Identifier(name))
    for name, type_ in _TYPES.items()
)

# Session by session (OFFSET keeps it so): in the first import nobody has counted the rows yet, and
# with each season the whole table would be read.
CURRENT = (
    sql.SQL(
        """
SELECT {names} FROM unnest(%s::uuid[]) AS w(id)
CROSS JOIN LATERAL (SELECT * FROM "Results" x WHERE x."SessionId" = w.id OFFSET 0) r
"""
    )
    .format(names=_PLAIN)
    .as_bytes()
)

REMOVE = """DELETE FROM "Results" WHERE "Id" = ANY(%s::uuid[])"""

CHANGE = sql.SQL(
    """
UPDATE "Results" x SET {assignments}
FROM (SELECT * FROM jsonb_to_recordset(%s) AS r({typed}) ORDER BY "Id") r
WHERE x."Id" = r."Id"
"""
).format(
    typed=sql.SQL(", ").join(
        sql.SQL("{} {}").format(sql.Identifier(name), sql.SQL(type_))
        for name, type_ in _TYPES.items()
    ),
    assignments=sql.SQL(", ").join(
        sql.SQL("{0} = r.{0}").format(sql.Identifier(name)) for name in COLUMNS
    ),
)

ADD = (
    sql.SQL("""COPY "Results" ({names}) FROM STDIN""")
    .format(names=sql.SQL(", ").join(map(sql.Identifier, NAMES)))
    .as_bytes()
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
