"""Taking a source out: what only it gave goes, what others gave as well is drawn up again."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from psycopg import Connection, sql
from psycopg.rows import TupleRow

from ingestion_core.catalog import locks, series_aliases
from ingestion_core.catalog.claims import REMEMBERED
from ingestion_core.catalog.recompute import Season, give_back, recompute, retire
from ingestion_core.database.references import references_to
from ingestion_core.identity import ids
from ingestion_core.identity.ids import Id

Db = Connection[TupleRow]

#: Children first.
_KINDS: Final = ("session", "round", "driver", "team", "circuit")

_SEASONS: Final = """
SELECT DISTINCT split_part(fields ->> 'Season', '|', 1),
       split_part(fields ->> 'Season', '|', 2)::int
FROM ingest.claims WHERE source = %s AND kind = 'round' AND fields ? 'Season'
ORDER BY 1, 2
"""

_TARGETS: Final = """
SELECT kind, array_agg(DISTINCT target::text ORDER BY target::text) FROM ingest.claims
WHERE source = %s AND target IS NOT NULL GROUP BY kind
"""

_FORGET: Final = """
WITH claims AS (DELETE FROM ingest.claims WHERE source = %(source)s RETURNING 1),
entries AS (DELETE FROM ingest.entries WHERE source = %(source)s RETURNING 1),
fetches AS (DELETE FROM ingest.fetches WHERE source = %(source)s RETURNING 1),
quarantine AS (DELETE FROM ingest.quarantine WHERE source = %(source)s RETURNING 1),
decisions AS (DELETE FROM ingest.decisions WHERE source = %(source)s RETURNING 1),
questions AS (
    DELETE FROM "PendingMatches"
    WHERE "Source" = %(source)s AND "Status" = 0 AND "IncomingDataJson" ? 'key')
SELECT (SELECT count(*) FROM claims), (SELECT count(*) FROM entries)
"""

_KEPT: Final = """
SELECT count(*) FROM ingest.claims w
WHERE w.target = ANY(%s::uuid[]) AND w.source = 'written' AND w.kind = %s AND NOT EXISTS (
    SELECT FROM ingest.claims c
    WHERE c.target = w.target AND c.source NOT IN ('written', 'product', 'adopted')
      AND c.fields - %s::text[] <> '{}')
"""


@dataclass(frozen=True, slots=True)
class Removed:
    """What taking a source out came to. ``gone``: rows by kind; ``kept``: those it alone gave, and
    that stay because something hangs on them, or because they were in the product before."""

    seasons: int
    claims: int
    entries: int
    changed: int
    gone: dict[str, int]
    kept: dict[str, int]


def lock(db: Db, source: str) -> tuple[Season, ...]:
    """Take the locks of everything that the source knows, in order; its seasons."""
    return locks.lock(db, lambda: (Season(*row) for row in db.execute(_SEASONS, (source,))))


def remove(db: Db, source: str, seasons: Sequence[Season], now: datetime) -> Removed:
    """Forget a source; its results were taken out before. ``seasons``: locked, all it knows.

    What nobody has answered of who its people, teams and circuits are goes with it.

    Sessions with users' logs or lists stay, with their rounds; rows that the product had before
    are given back as they were.
    """
    targets: dict[str, list[Id]] = dict(db.execute(_TARGETS, (source,)).fetchall())
    forgotten = db.execute(_FORGET, {"source": source}).fetchone()
    claims, entries = forgotten or (0, 0)
    changed = sum(recompute(db, season, now) for season in seasons)
    gone: dict[str, int] = {}
    kept: dict[str, int] = {}
    for kind in _KINDS:
        those = targets.get(kind, [])
        gone[kind] = retire(db, kind, those)
        kept[kind] = _left(db, kind, those)
        changed += give_back(db, kind, those)
    gone["season"] = _retire_seasons(db, seasons)
    gone["alias"] = series_aliases.forget(db, source)
    series = targets.get("series", [])
    gone["series"] = retire(db, "series", series)
    kept["series"] = _left(db, "series", series)
    changed += give_back(db, "series", series)
    return Removed(len(seasons), claims, entries, changed, gone, kept)


def _left(db: Db, kind: str, those: list[Id]) -> int:
    row = db.execute(_KEPT, (those, kind, sorted(REMEMBERED))).fetchone()
    return int(row[0]) if row else 0


def _retire_seasons(db: Db, seasons: Sequence[Season]) -> int:
    """Empty seasons that were made here, told by their ids."""
    made = [ids.of("season", one.series, one.year) for one in seasons]
    statement = sql.SQL('DELETE FROM "Seasons" t WHERE t."Id" = ANY(%s::uuid[]) AND {}').format(
        references_to(db, "Seasons")
    )
    return db.execute(statement, (made,)).rowcount
