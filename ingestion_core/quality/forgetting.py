"""What is forgotten with rows that were taken out, so that they are read, and made, again.

Of a source's key only what it was decided to mean is remembered: a backfill gives every row its
old id back, those that were found and not made as well, and decisions of a person still hold. What
a source said is forgotten, and that anything was ever answered, so that the timer asks anew.
"""

from collections.abc import Collection, Sequence
from typing import Final

from psycopg import Connection
from psycopg.rows import TupleRow

from ingestion_core.catalog.claims import REMEMBERED
from ingestion_core.identity.ids import Id

Db = Connection[TupleRow]

_CLAIMS: Final = """
WITH gone AS (SELECT unnest(%(gone)s::uuid[]) AS id),
own AS (
    DELETE FROM ingest.claims c USING gone
    WHERE c.target = gone.id AND c.source IN ('written', 'adopted', 'product')
), said AS (
    UPDATE ingest.claims c
    SET dates = NULL, fields = (
        SELECT coalesce(jsonb_object_agg(f.key, f.value), '{}')
        FROM jsonb_each(c.fields) f WHERE f.key = ANY(%(remembered)s))
    FROM gone WHERE c.target = gone.id AND c.source NOT IN ('written', 'adopted', 'product')
), titles AS (
    SELECT c.key FROM ingest.claims c JOIN gone ON c.target = gone.id
    WHERE c.source = 'thethirdturn' AND c.kind IN ('series', 'circuit', 'driver')
), pages AS (
    -- What a page of its own says of somebody is read again with whatever leads to it.
    UPDATE ingest.pages p SET revision = 0 FROM titles WHERE p.key = titles.key AND revision > 0
), fetches AS (
    DELETE FROM ingest.fetches f USING titles WHERE f.source = 'thethirdturn' AND f.key = titles.key
), aliases AS (
    DELETE FROM ingest.claims c USING gone
    WHERE c.kind = 'team-alias' AND c.fields ->> 'Team' = gone.id::text
       OR c.kind = 'series-alias' AND c.fields ->> 'SeriesId' = gone.id::text
)
DELETE FROM ingest.entries e USING gone WHERE e.session = gone.id
"""

# What its list says of a round that stays is to be read again, or else nobody would count it among
# its season's others.
_UNLISTED: Final = """
UPDATE ingest.claims SET fields = fields - '{ListedSlug,Digest}'::text[]
WHERE kind = 'round' AND target IS NOT NULL AND fields ?| '{ListedSlug,Digest}'::text[]
  AND (%(year)s::int IS NULL OR fields ->> 'Season' LIKE '%%|' || %(year)s)
"""
_UNMADE: Final = """
DELETE FROM ingest.claims
WHERE target IS NULL AND kind IN ('series', 'circuit', 'team', 'driver', 'round', 'session')
  AND (%(year)s::int IS NULL OR kind = 'round' AND fields ->> 'Season' LIKE '%%|' || %(year)s)
"""

#: What a year is asked about by: itself, its meetings, and what a source calls their sessions.
_KEYS: Final = """
WITH of_wiki AS (
    -- A season's page, by which its rounds' keys begin, and the races' pages that it leads to.
    SELECT DISTINCT split_part(c.key, '|', 1) AS page FROM ingest.claims c
    WHERE c.source = 'thethirdturn' AND c.kind = 'round'
      AND c.fields ->> 'Season' LIKE '%%|' || %(year)s
)
SELECT DISTINCT source, key FROM (
    SELECT 'thethirdturn' AS source, page AS key FROM of_wiki
    UNION ALL
    SELECT 'thethirdturn', f.key FROM ingest.pages p JOIN of_wiki w ON w.page = p.key
    CROSS JOIN LATERAL jsonb_to_recordset(p.follows) AS f(key text, kind text)
    WHERE f.kind = 'race'
    UNION ALL
    SELECT c.source, c.key FROM ingest.claims c
    WHERE c.kind = 'round' AND c.fields ->> 'Season' LIKE '%%|' || %(year)s
    UNION ALL
    SELECT c.source, c.key FROM ingest.claims c WHERE c.kind = 'session' AND c.target IN (
        SELECT s."Id" FROM "Sessions" s JOIN "Rounds" r ON r."Id" = s."RoundId"
        JOIN "Seasons" y ON y."Id" = r."SeasonId" WHERE y."Year" = %(year)s)
    UNION ALL
    SELECT source, %(year)s::text FROM (
        SELECT source FROM ingest.fetches UNION SELECT source FROM ingest.items
        WHERE state IN ('waiting', 'sent')) known
) keys WHERE source NOT IN ('written', 'adopted', 'product')
ORDER BY 1, 2
"""

_ASKED: Final = """
WITH asked AS (
    SELECT * FROM unnest(%(sources)s::text[], %(keys)s::text[]) AS a(source, key)
), fetches AS (
    DELETE FROM ingest.fetches f
    WHERE (%(everything)s OR (f.source, f.key) IN (SELECT * FROM asked))
      AND (%(resources)s::text[] IS NULL OR f.resource = ANY(%(resources)s))
), quarantine AS (
    DELETE FROM ingest.quarantine q
    WHERE %(resources)s::text[] IS NULL
      AND (%(everything)s OR (q.source, q.key) IN (SELECT * FROM asked))
), pages AS (
    -- Known, but never read in a revision that there is: whoever crawls reads them again.
    UPDATE ingest.pages p SET revision = 0
    WHERE p.revision IS NOT NULL AND %(resources)s::text[] IS NULL
      AND (%(everything)s OR ('thethirdturn', p.key) IN (SELECT * FROM asked))
), items AS (
    UPDATE ingest.items i SET state = 'cancelled', outcome = 'cancelled', closed_at = now()
    WHERE i.state IN ('waiting', 'sent')
      AND (%(everything)s OR (i.source, i.key) IN (SELECT * FROM asked))
      AND (%(tasks)s::text[] IS NULL OR i.task = ANY(%(tasks)s))
    RETURNING 1
), sources AS (
    UPDATE ingest.sources SET next_discovery_at = 'epoch' WHERE %(resources)s::text[] IS NULL
)
SELECT count(*) FROM items
"""
_HOLD: Final = "SELECT FROM ingest.sources ORDER BY source FOR UPDATE"

#: A source with one of its keys.
Asked = tuple[str, str]


def claims(db: Db, gone: Sequence[Id]) -> None:
    """Forget what was said of rows that are gone; of a source's key, not what it means."""
    db.execute(_CLAIMS, {"gone": gone, "remembered": sorted(REMEMBERED)})


def unmade(db: Db, year: int | None) -> None:
    """Forget what was said of what never became a row, and the order of lists."""
    db.execute(_UNMADE, {"year": year})
    db.execute(_UNLISTED, {"year": year})


def asked_of(db: Db, year: int | None) -> list[Asked] | None:
    """By which keys a year is asked about; None is all. To be read while its rows are there."""
    if year is None:
        return None
    return [(source, key) for source, key in db.execute(_KEYS, {"year": year})]


def answers(
    db: Db,
    asked: Sequence[Asked] | None,
    resources: Collection[str] | None = None,
    tasks: Collection[str] | None = None,
) -> int:
    """Forget that these were answered, and cancel what is open; how many items.

    Args:
        db: a connection in a transaction.
        asked: sources' keys; None is all.
        resources: only these questions; None is all, the wiki's pages among them.
        tasks: only items of these; None is all.
    """
    # As whoever enqueues: sources' rows first.
    db.execute(_HOLD)
    row = db.execute(
        _ASKED,
        {
            "everything": asked is None,
            "sources": [source for source, _ in asked or ()],
            "keys": [key for _, key in asked or ()],
            "resources": None if resources is None else sorted(resources),
            "tasks": None if tasks is None else sorted(tasks),
        },
    ).fetchone()
    return int(row[0]) if row else 0
