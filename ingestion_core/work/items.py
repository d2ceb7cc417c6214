"""Items: units of work (task, key), and how one is claimed, closed, given back and followed up.

States: waiting -> sent -> running -> done | failed | cancelled | withheld. The release number
fences: whoever holds an older copy of a message finds no row and does nothing.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, cast
from uuid import UUID

from psycopg import Connection
from psycopg.rows import TupleRow, class_row
from psycopg.types.json import Jsonb

from ingestion_core.errors import Deferred, IngestionError
from ingestion_core.work.messages import Message

Db = Connection[TupleRow]

#: How often a failing source may cost one item an attempt before the item is closed as failed,
#: where whoever asked for it does not say; the column's default is the same.
MAX_ATTEMPTS = 8

LIVE_LANE = 0
BULK_LANE = 1


class Fenced(IngestionError):
    """Another copy of the message is in charge of the item; nothing of this one may be kept."""


@dataclass(frozen=True, slots=True)
class Item:
    """A claimed unit of work. ``payload`` is what whoever asked for it already knew."""

    item: int
    release: int
    source: str
    task: str
    key: str
    lane: int
    attempts: int
    payload: dict[str, Any]
    max_attempts: int = MAX_ATTEMPTS


@dataclass(frozen=True, slots=True)
class Wanted:
    """A unit of work to be done; its twin, if one is waiting, is joined.

    ``requests``: how many slots of the source's timetable it takes. ``max_attempts``: as many as
    the item has that it follows, where none are named.
    """

    source: str
    task: str
    key: str
    requests: int
    lane: int = BULK_LANE
    payload: Mapping[str, object] = field(default_factory=dict)
    not_before: datetime | None = None
    max_attempts: int | None = None


_CLAIM = """
UPDATE ingest.items SET state = 'running', started_at = now()
WHERE item = %s AND release = %s AND task = ANY(%s) AND state IN ('sent', 'running')
RETURNING item, release, source, task, key, lane, attempts, max_attempts, payload
"""

_CLOSE = """
UPDATE ingest.items
SET state = %(state)s, outcome = %(outcome)s, error_code = %(error_code)s, counts = %(counts)s,
    closed_at = now()
WHERE item = %(item)s AND release = %(release)s AND state = 'running'
"""

# A twin that came while this one ran asks again anyway: the runs of this one wait for that one,
# which must know what this one knew and be no slower.
_GIVE_BACK = """
WITH me AS (
    SELECT item, task, key, lane, max_attempts, payload FROM ingest.items
    WHERE item = %(item)s AND release = %(release)s AND state = 'running' FOR UPDATE
), twin AS (
    SELECT i.item FROM ingest.items i JOIN me USING (task, key)
    WHERE i.state IN ('waiting', 'sent') AND i.item <> me.item FOR UPDATE OF i
), taught AS (
    UPDATE ingest.items i
    SET payload = me.payload || i.payload,
        lane = least(i.lane, me.lane),
        max_attempts = greatest(i.max_attempts, me.max_attempts),
        state = CASE WHEN me.lane < i.lane THEN 'waiting' ELSE i.state END
    FROM me, twin WHERE i.item = twin.item
), left_runs AS (
    DELETE FROM ingest.run_items r USING me, twin WHERE r.item = me.item
    RETURNING r.run, twin.item
), joined AS (
    INSERT INTO ingest.run_items (run, item) SELECT run, item FROM left_runs
    ON CONFLICT DO NOTHING
)
UPDATE ingest.items i
SET state = CASE WHEN EXISTS (SELECT FROM twin) THEN 'cancelled'
                 WHEN i.attempts + %(counts)s >= i.max_attempts THEN 'failed'
                 ELSE 'waiting' END,
    outcome = CASE WHEN EXISTS (SELECT FROM twin) THEN 'joined' ELSE 'deferred' END,
    attempts = i.attempts + %(counts)s,
    not_before = %(until)s,
    error_code = %(why)s,
    closed_at = CASE WHEN EXISTS (SELECT FROM twin) OR i.attempts + %(counts)s >= i.max_attempts
                     THEN now() END
FROM me WHERE i.item = me.item
RETURNING i.state
"""

# Whoever changes several items takes their source's row first: batches meet in any order.
_HOLD = """
SELECT FROM ingest.sources WHERE source = ANY(%s) ORDER BY source FOR UPDATE
"""

# Of a parent whose every run was cancelled meanwhile, nobody wants the follow-ups.
_ABANDON = """
UPDATE ingest.items SET state = 'cancelled', outcome = 'cancelled', closed_at = now()
WHERE source = %s AND state IN ('waiting', 'sent')
"""

_ENQUEUE = """
WITH parents AS (
    SELECT r.run, r.cancelled_at IS NULL AS wants
    FROM ingest.run_items i JOIN ingest.runs r USING (run) WHERE i.item = %(parent)s
), wanted AS (
    SELECT * FROM jsonb_to_recordset(%(wanted)s) AS w(source text, task text, key text,
        payload jsonb, lane smallint, requests integer, not_before timestamptz,
        max_attempts smallint, place integer)
    WHERE NOT EXISTS (SELECT FROM parents) OR EXISTS (SELECT FROM parents WHERE wants)
), joined AS (
    INSERT INTO ingest.items AS i
        (source, task, key, payload, lane, requests, not_before, max_attempts)
    SELECT source, task, key, payload, lane, requests, coalesce(not_before, now()), max_attempts
    FROM wanted ORDER BY place
    ON CONFLICT (task, key) WHERE state IN ('waiting', 'sent') DO UPDATE
    SET payload = i.payload || excluded.payload,
        lane = least(i.lane, excluded.lane),
        requests = greatest(i.requests, excluded.requests),
        not_before = least(i.not_before, excluded.not_before),
        -- Whoever has more patience has it for both.
        max_attempts = greatest(i.max_attempts, excluded.max_attempts),
        -- Somebody is waiting for it now: the copy in the queue, due later, is fenced off.
        state = CASE WHEN excluded.lane < i.lane THEN 'waiting' ELSE i.state END
    RETURNING item
), linked AS (
    INSERT INTO ingest.run_items (run, item)
    SELECT run, item FROM joined, (
        SELECT run FROM parents WHERE wants
        UNION SELECT unnest(%(runs)s::uuid[])
    ) r
    ON CONFLICT DO NOTHING
)
SELECT count(*) FROM joined
"""


def claim(db: Db, message: Message, *tasks: str) -> Item | None:
    """Take the item of a message; None: a stale copy, or no work of these tasks: nothing to do."""
    with db.cursor(row_factory=class_row(Item)) as cursor:
        return cursor.execute(_CLAIM, (message.item, message.release, list(tasks))).fetchone()


def close(
    db: Db,
    item: Item,
    state: str,
    outcome: str | None = None,
    error_code: str | None = None,
    counts: Mapping[str, int] | None = None,
) -> None:
    """Close an item, in the transaction that keeps its effect.

    Raises:
        Fenced: it was taken back and sent again meanwhile; the transaction must not commit.
    """
    done = db.execute(
        _CLOSE,
        {
            "item": item.item,
            "release": item.release,
            "state": state,
            "outcome": outcome,
            "error_code": error_code,
            "counts": Jsonb(dict(counts or {})),
        },
    )
    if done.rowcount == 0:
        raise Fenced(f"item {item.item} was released anew")


def give_back(db: Db, item: Item, deferred: Deferred) -> str | None:
    """Let the item come again at ``deferred.until``; the state it is in now, None if fenced off."""
    with db.transaction():
        hold(db, [item.source])
        row = db.execute(
            _GIVE_BACK,
            {
                "item": item.item,
                "release": item.release,
                "until": deferred.until,
                "why": deferred.why,
                "counts": int(deferred.counts),
            },
        ).fetchone()
    return None if row is None else str(row[0])


def hold(db: Db, sources: Iterable[str]) -> None:
    """Until the transaction's end, be the only one who changes several items of these sources."""
    db.execute(_HOLD, (sorted(set(sources)),))


def abandon(db: Db, source: str) -> int:
    """Cancel whatever of a source is not running yet; how many items. In a transaction."""
    hold(db, [source])
    return db.execute(_ABANDON, (source,)).rowcount


def enqueue(
    db: Db, wanted: Iterable[Wanted], runs: Iterable[UUID] = (), parent: Item | None = None
) -> int:
    """Insert items, joining twins; they belong to ``runs`` and to the runs of ``parent``.

    Returns how many items there are now; none where every run of ``parent`` was cancelled. Whoever
    commits this calls ``release`` afterwards.
    """
    wanted = list(wanted)
    usual = parent.max_attempts if parent else MAX_ATTEMPTS
    unique: dict[tuple[str, str], dict[str, object]] = {}
    for place, one in enumerate(wanted):
        twin = unique.get((one.task, one.key), {})
        unique[one.task, one.key] = {
            "source": one.source,
            "task": one.task,
            "key": one.key,
            "payload": {**cast("dict[str, object]", twin.get("payload", {})), **one.payload},
            "lane": one.lane,
            "requests": one.requests,
            "not_before": one.not_before.isoformat() if one.not_before else None,
            "max_attempts": one.max_attempts or usual,
            "place": place,
        }
    if not unique:
        return 0
    hold(db, {one.source for one in wanted})
    row = db.execute(
        _ENQUEUE,
        {
            "wanted": Jsonb(list(unique.values())),
            "runs": list(runs),
            "parent": parent.item if parent else None,
        },
    ).fetchone()
    return int(row[0]) if row else 0


@dataclass(frozen=True, slots=True)
class Ended:
    """What became of an item: how its row stands, and the runs that asked for it."""

    state: str
    outcome: str | None
    error_code: str | None
    counts: dict[str, int]
    runs: list[UUID]


_ENDED = """
SELECT state, outcome, error_code, coalesce(counts, '{}') AS counts,
       ARRAY(SELECT run FROM ingest.run_items r WHERE r.item = i.item ORDER BY run) AS runs
FROM ingest.items i WHERE item = %s
"""


def ended(db: Db, item: int) -> Ended | None:
    """How an item stands now; None if there is no such item."""
    with db.cursor(row_factory=class_row(Ended)) as cursor:
        return cursor.execute(_ENDED, (item,)).fetchone()


_FAIL_POISONED = """
UPDATE ingest.items
SET state = 'failed', outcome = 'poison', error_code = %(code)s, closed_at = now()
WHERE item = %(item)s AND release = coalesce(%(release)s, release)
  AND state IN ('sent', 'running')
"""


def fail_poisoned(db: Db, item: int, code: str, release: int | None = None) -> bool:
    """Close the item of a message that nobody could handle; whether there was one to close.

    ``release``: the message's, if it can be read: an older copy is no reason to close anything.
    """
    done = db.execute(_FAIL_POISONED, {"item": item, "code": code, "release": release})
    return done.rowcount > 0
