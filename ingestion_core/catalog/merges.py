"""A decision that a source's key means another row, and taking it back.

Either is the same step: the claim and the entries of that key point elsewhere, entrants follow,
and every season that the key occurs in is drawn up again. One transaction.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from psycopg import Connection, sql
from psycopg.rows import TupleRow
from psycopg.types.json import Jsonb

from ingestion_core.catalog import keys, tables
from ingestion_core.catalog.keys import Key
from ingestion_core.catalog.recompute import Season, recompute, retire
from ingestion_core.errors import Conflict, NotFound
from ingestion_core.identity.ids import Id

Db = Connection[TupleRow]


@dataclass(frozen=True, slots=True)
class Moved:
    """What a decision came to; ``seasons`` are those in which the key occurs."""

    decision: int
    rows: int
    seasons: tuple[Season, ...]


_TARGET: Final = """
SELECT target::text FROM ingest.claims
WHERE source = %(source)s AND kind = %(kind)s AND key = %(key)s FOR UPDATE
"""

# Two who were in one session are two. (Entry lists are no results.)
_TOGETHER: Final = """
SELECT r."Slug" FROM ingest.entries mine
JOIN ingest.entries theirs ON theirs.session = mine.session
JOIN "Sessions" s ON s."Id" = mine.session JOIN "Rounds" r ON r."Id" = s."RoundId"
WHERE mine.source = %(source)s AND mine.driver_key = %(key)s AND theirs.driver = %(after)s
  AND theirs.source = mine.source AND theirs.driver_key IS DISTINCT FROM mine.driver_key
ORDER BY r."DateStart" LIMIT 1
"""

_POINT: Final = """
UPDATE ingest.claims SET target = %(after)s, decided_by = %(by)s, decided_at = now()
WHERE source = %(source)s AND kind = %(kind)s AND key = %(key)s
"""

_FOLLOW: Final = {
    "driver": """
        UPDATE ingest.entries SET driver = %(after)s
        WHERE source = %(source)s AND driver_key = %(key)s AND driver = %(before)s
        """,
    "team": """
        UPDATE ingest.entries SET team = %(after)s
        WHERE source = %(source)s AND team_key = %(key)s AND team = %(before)s
        """,
    "circuit": """
        UPDATE ingest.claims
        SET fields = fields || jsonb_build_object('CircuitId', %(after)s::uuid::text)
        WHERE kind = 'round' AND source = %(source)s AND fields ->> 'CircuitKey' = %(key)s
        """,
}

# A person's word: the entrant keeps its id, and so its results, wherever it can be the other's.
_ENTRANTS_FOLLOW: Final = """
UPDATE "Entrants" t SET "DriverId" = %(after)s
WHERE t."DriverId" = %(before)s
  AND EXISTS (
      SELECT FROM ingest.entries e JOIN "Sessions" s ON s."Id" = e.session
      WHERE s."RoundId" = t."RoundId" AND e.source = %(source)s AND e.driver_key = %(key)s)
  AND NOT EXISTS (
      SELECT FROM ingest.entries e JOIN "Sessions" s ON s."Id" = e.session
      WHERE s."RoundId" = t."RoundId" AND e.driver = %(before)s)
  AND NOT EXISTS (
      SELECT FROM "Entrants" o
      WHERE o."RoundId" = t."RoundId" AND o."DriverId" = %(after)s)
"""
# A source's: only those that nothing refers to, as the database sees to (migrations/0007). Whose
# results the others hold is drawn up anew by those who know results; then they go.
_FREE_ENTRANTS_FOLLOW: Final = """
SELECT ingest.relink_entrants(%(source)s, %(key)s, %(before)s::uuid, %(after)s::uuid)
"""

_KEEP: Final = """
SELECT jsonb_build_object('row', to_jsonb(t), 'claims', (
    SELECT coalesce(jsonb_agg(to_jsonb(c)), '[]') FROM ingest.claims c
    WHERE c.target = t."Id" AND c.source IN ('written', 'product', 'adopted')))
FROM {table} t WHERE t."Id" = %s
"""

_RECORD: Final = """
INSERT INTO ingest.decisions (kind, source, key, before, after, pending, row, decided_by)
VALUES (%(kind)s, %(source)s, %(key)s, %(before)s, %(after)s, %(pending)s, %(row)s, %(by)s)
RETURNING decision
"""

_STANDING: Final = """
SELECT kind, source, key, before::text, after::text, row, pending::text FROM ingest.decisions
WHERE decision = %s AND undone_at IS NULL FOR UPDATE
"""


def decide(db: Db, key: Key, after: Id, by: str, now: datetime, pending: Id | None = None) -> Moved:
    """Let a source's key mean another row of its kind.

    Raises:
        NotFound: nobody knows the key, or there is no such row.
        Conflict: they can't be one, or a decision on this key stands already.
    """
    return decide_locked(db, key, after, by, now, keys.lock(db, [key]), pending)


def decide_locked(
    db: Db,
    key: Key,
    after: Id,
    by: str,
    now: datetime,
    seasons: Sequence[Season],
    pending: Id | None = None,
    *,
    results_follow: bool = True,
) -> Moved:
    """The same where the locks are held.

    Args:
        db: a connection in a transaction.
        key: whose meaning is decided.
        after: what it means now.
        by: who says so.
        now: the present.
        seasons: in which the key occurs, as ``keys.lock`` told.
        pending: the question that is answered.
        results_follow: whether entrants take along what refers to them: a person says so.

    Raises:
        NotFound, Conflict: as above; nothing was written.
    """
    before = _target(db, key)
    _check(db, key, before, after)
    kept = _row(db, key.kind, before)
    decided = db.execute(
        _RECORD,
        {
            **key.fields(),
            "before": before,
            "after": after,
            "pending": pending,
            "by": by,
            "row": Jsonb(kept),
        },
    ).fetchone()
    rows = _move(db, key, before, after, by, seasons, now, results_follow)
    return Moved(int(decided[0]) if decided else 0, rows, tuple(seasons))


def undo(db: Db, decision: int, by: str, now: datetime) -> Moved:
    """Take a decision back: the key means again what it meant, under its old id and address.

    Raises:
        NotFound: there is no such decision, or it was taken back already.
        Conflict: the key was decided anew since.
    """
    found = db.execute(_STANDING, (decision,)).fetchone()
    if found is None:
        raise NotFound(f"no standing decision {decision}")
    kind, source, name, before, after, kept, pending = found
    key = Key(kind, source, name)
    seasons = keys.lock(db, [key])
    if _target(db, key) != after:
        raise Conflict(f"{source} {kind} '{name}' was decided anew since")
    _make_again(db, kind, kept)
    rows = _move(db, key, after, before, by, seasons, now, results_follow=True)
    db.execute("UPDATE ingest.decisions SET undone_at = now() WHERE decision = %s", (decision,))
    if pending is not None:
        db.execute(
            'UPDATE "PendingMatches" SET "Status" = 0, "ResolvedAt" = NULL, "ResolvedBy" = NULL,'
            ' "Resolution" = NULL WHERE "Id" = %s',
            (pending,),
        )
    return Moved(decision, rows, seasons)


def _target(db: Db, key: Key) -> Id:
    found = db.execute(_TARGET, key.fields()).fetchone()
    if found is None or found[0] is None:
        raise NotFound(f"{key.source} has no {key.kind} '{key.key}'")
    return Id(found[0])


def _check(db: Db, key: Key, before: Id, after: Id) -> None:
    if before == after:
        raise Conflict(f"{key.source} {key.kind} '{key.key}' is this one already")
    if db.execute(
        "SELECT 1 FROM ingest.decisions WHERE kind = %(kind)s AND source = %(source)s"
        " AND key = %(key)s AND undone_at IS NULL",
        key.fields(),
    ).fetchone():
        raise Conflict(f"a decision on {key.source} {key.kind} '{key.key}' stands: undo it first")
    _row(db, key.kind, after)
    if key.kind != "driver":
        return
    born = db.execute(
        'SELECT count(DISTINCT "DateOfBirth") FROM "Drivers" WHERE "Id" = ANY(%s::uuid[])',
        ([before, after],),
    ).fetchone()
    if born and born[0] > 1:
        raise Conflict("they were born on different days: they can't be one")
    together = db.execute(_TOGETHER, {**key.fields(), "after": after}).fetchone()
    if together:
        raise Conflict(f"both are listed in one session of {together[0]}: they can't be one")


def _row(db: Db, kind: str, id_: Id) -> dict[str, Any]:
    """A row with what is remembered of it, to be made again.

    Raises:
        NotFound: there is none.
    """
    statement = sql.SQL(_KEEP).format(table=sql.Identifier(tables.BY_KIND[kind].name))
    found = db.execute(statement, (id_,)).fetchone()
    if found is None:
        raise NotFound(f"there is no {kind} {id_}")
    kept: dict[str, Any] = found[0]
    return kept


def _make_again(db: Db, kind: str, kept: dict[str, Any]) -> None:
    """The row, if it went when the decision was made; nothing of what it is now is touched."""
    table = sql.Identifier(tables.BY_KIND[kind].name)
    made = db.execute(
        sql.SQL(
            "INSERT INTO {table} SELECT * FROM jsonb_populate_record(NULL::{table}, %s)"
            ' ON CONFLICT ("Id") DO NOTHING'
        ).format(table=table),
        (Jsonb(kept["row"]),),
    )
    if made.rowcount:
        db.execute(
            "INSERT INTO ingest.claims SELECT * FROM jsonb_populate_recordset("
            "NULL::ingest.claims, %s) ON CONFLICT DO NOTHING",
            (Jsonb(kept["claims"]),),
        )


def _move(
    db: Db,
    key: Key,
    before: Id,
    after: Id,
    by: str,
    seasons: Sequence[Season],
    now: datetime,
    results_follow: bool,
) -> int:
    parameters = {**key.fields(), "before": before, "after": after, "by": by}
    db.execute(_POINT, parameters)
    db.execute(_FOLLOW[key.kind], parameters)
    if key.kind == "driver":
        db.execute(_ENTRANTS_FOLLOW if results_follow else _FREE_ENTRANTS_FOLLOW, parameters)
    rows = sum(recompute(db, season, now) for season in seasons)
    return rows + retire(db, key.kind, [before])
