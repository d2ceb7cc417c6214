"""What is known of a wiki's pages: which revision was read, what they lead to, when they were
looked at. Nothing of what stands on them.

A page is settled for whoever asked at some moment, if the wiki was asked about it since and has
nothing newer than what was read. Pages that have moved are known under both titles.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

from psycopg import Connection
from psycopg.rows import TupleRow, class_row
from psycopg.types.json import Jsonb

Db = Connection[TupleRow]
#: What a page's parents say of it, by name.
Contexts = Mapping[str, Mapping[str, Any]]

# A page that has moved is its target, from when both were looked at.
_FIND: Final = """
SELECT p.key AS asked, coalesce(t.key, p.key) AS key, coalesce(t.kind, p.kind) AS kind,
       coalesce(t.moved_to, CASE WHEN t.key IS NULL THEN p.moved_to END) AS moved_to,
       CASE WHEN t.key IS NULL THEN p.revision ELSE t.revision END AS revision,
       CASE WHEN t.key IS NULL THEN p.latest ELSE t.latest END AS latest,
       least(p.checked_at, t.checked_at) AS checked_at,
       CASE WHEN t.key IS NULL THEN p.unusable ELSE t.unusable END AS unusable,
       coalesce(t.contexts, p.contexts) AS contexts, coalesce(t.follows, p.follows) AS follows
FROM ingest.pages p LEFT JOIN ingest.pages t ON t.key = p.moved_to
WHERE p.key = ANY(%s)
"""

# From the page itself, from what it leads to, and from what waits its turn: two steps, which is
# from a series to its races, from a season to its drivers. Of a series' seasons, those asked for.
_DUE: Final = """
WITH RECURSIVE reach (key, depth, own) AS (
    SELECT * FROM (
        SELECT %(here)s::text, 0, true
        UNION ALL
        SELECT unnest(%(ahead)s::text[]), 1, true
        UNION ALL
        (SELECT key, 1, false FROM ingest.items
         WHERE source = %(source)s AND task = %(task)s AND state IN ('waiting', 'sent')
         ORDER BY lane, item LIMIT 100)
    ) roots
    UNION
    SELECT f.key, r.depth + 1, r.own
    FROM reach r
    JOIN ingest.pages p ON p.key = r.key
    LEFT JOIN ingest.pages t ON t.key = p.moved_to
    CROSS JOIN LATERAL jsonb_to_recordset(coalesce(t.follows, p.follows))
        AS f(key text, year integer)
    WHERE r.depth < 2
      AND (f.year IS NULL OR r.depth = 0 AND f.year BETWEEN %(first)s AND %(last)s)
)
SELECT r.key, bool_or(r.own AND r.depth < 2)
FROM reach r JOIN ingest.pages p USING (key)
WHERE p.checked_at < %(asked_at)s
GROUP BY r.key ORDER BY 2 DESC, min(r.depth), r.key LIMIT %(most)s
"""

# Rows in order of their keys: whoever else is told of them at once takes them in the same.
_TOLD: Final = """
WITH wanted AS (
    SELECT * FROM jsonb_to_recordset(%(told)s) AS w(key text, moved_to text, latest bigint)
), held AS MATERIALIZED (
    SELECT key FROM ingest.pages WHERE key IN (SELECT key FROM wanted) ORDER BY key FOR UPDATE
)
UPDATE ingest.pages p
SET latest = w.latest, moved_to = w.moved_to, checked_at = %(at)s
FROM wanted w JOIN held USING (key)
WHERE p.key = w.key AND p.checked_at < %(at)s
"""

_MOVED: Final = """
INSERT INTO ingest.pages (key, kind, moved_to, checked_at)
VALUES (%(key)s, %(kind)s, %(moved_to)s, %(at)s)
ON CONFLICT (key) DO UPDATE
SET moved_to = excluded.moved_to, latest = NULL, checked_at = excluded.checked_at
"""

_NOT_MOVED: Final = """
SELECT key FROM ingest.pages
WHERE key = ANY(%(titles)s) AND moved_to IS DISTINCT FROM %(key)s
"""

_ABSENT: Final = """
INSERT INTO ingest.pages (key, kind, checked_at, unusable)
VALUES (%(key)s, %(kind)s, %(at)s, %(unusable)s)
ON CONFLICT (key) DO UPDATE
SET moved_to = NULL, revision = NULL, latest = NULL, unusable = excluded.unusable,
    checked_at = excluded.checked_at
"""

_READ: Final = """
INSERT INTO ingest.pages AS p
    (key, kind, article, revision, latest, read_at, checked_at, unusable, contexts, follows)
VALUES (%(key)s, %(kind)s, %(article)s, %(revision)s, %(revision)s, %(at)s, %(at)s, %(unusable)s,
    %(contexts)s, %(follows)s)
ON CONFLICT (key) DO UPDATE
SET kind = excluded.kind, article = excluded.article, revision = excluded.revision,
    latest = excluded.latest, read_at = excluded.read_at, checked_at = excluded.checked_at,
    moved_to = NULL, unusable = excluded.unusable, contexts = p.contexts || excluded.contexts,
    follows = CASE WHEN excluded.unusable IS NULL THEN excluded.follows ELSE p.follows END
"""

_REREAD: Final = """
UPDATE ingest.pages SET contexts = %(contexts)s, follows = %(follows)s, unusable = NULL
WHERE key = %(key)s
"""

_SETTLE: Final = """
WITH elsewhere AS MATERIALIZED (
    SELECT p.key, array_agg(w.name) AS names
    FROM ingest.pages p JOIN jsonb_to_recordset(%s) AS w(key text, name text)
        ON p.contexts ? w.name AND p.key <> w.key
    WHERE NOT EXISTS (SELECT FROM ingest.pages a WHERE a.key = w.key AND a.moved_to = p.key)
    GROUP BY p.key
), held AS MATERIALIZED (
    SELECT key FROM ingest.pages WHERE key IN (SELECT key FROM elsewhere) ORDER BY key FOR UPDATE
)
UPDATE ingest.pages p SET contexts = p.contexts - e.names
FROM elsewhere e JOIN held USING (key) WHERE p.key = e.key
"""

_HELD: Final = """
SELECT key, contexts, read_at FROM ingest.pages
WHERE kind = %s AND revision IS NOT NULL ORDER BY key
"""


@dataclass(frozen=True, slots=True)
class Follow:
    """A page that another one leads to.

    ``year``: of a season. ``contexts``: what the page that leads there says of it.
    """

    key: str
    kind: str
    year: int | None = None
    contexts: Contexts = field(default_factory=dict)

    def stored(self) -> dict[str, Any]:
        """As JSON."""
        return {
            "key": self.key,
            "kind": self.kind,
            **({"year": self.year} if self.year is not None else {}),
            **({"contexts": self.contexts} if self.contexts else {}),
        }

    @classmethod
    def of(cls, stored: Mapping[str, Any]) -> "Follow":
        return cls(stored["key"], stored["kind"], stored.get("year"), stored.get("contexts", {}))


@dataclass(frozen=True, slots=True)
class Known:
    """A page as it is known. ``asked``: the title by which; ``key``: the one it has moved to.

    ``moved_to``: it has moved on, to where nobody has looked yet.
    """

    asked: str
    key: str
    kind: str
    moved_to: str | None
    revision: int | None
    latest: int | None
    checked_at: datetime
    unusable: str | None
    contexts: Contexts
    follows: Sequence[Mapping[str, Any]]

    def looked_at(self, since: datetime) -> bool:
        """Whether the wiki was asked about it, and all that it said was taken in."""
        return self.checked_at >= since and self.moved_to is None and self.revision == self.latest

    def settled(self, since: datetime, kind: str, contexts: Contexts) -> bool:
        """Whether nothing of it need be read: it is as it was, or still not there.

        ``kind`` and ``contexts``: as what, and where, it is to be stored.
        """
        if not self.looked_at(since) or self.unusable is not None:
            return False
        if self.revision is None:
            return True
        there = all(self.contexts.get(name) == one for name, one in contexts.items())
        return there and self.kind == kind

    def refused(self, since: datetime, kind: str) -> str | None:
        """Why it can't be read as this kind, where that is known of what the wiki has now."""
        return self.unusable if self.looked_at(since) and self.kind == kind else None

    @property
    def leads_to(self) -> list[Follow]:
        """What it leads to."""
        return [Follow.of(one) for one in self.follows]


def find(db: Db, keys: Iterable[str]) -> dict[str, Known]:
    """What is known of these pages, by the titles that were asked for."""
    with db.cursor(row_factory=class_row(Known)) as cursor:
        return {one.asked: one for one in cursor.execute(_FIND, (list(keys),))}


@dataclass(frozen=True, slots=True)
class Due:
    """Known pages that whoever asks at some moment has to ask about. ``needed``: before going on;
    otherwise they are only ahead of others that wait."""

    keys: tuple[str, ...]
    needed: bool


def due(
    db: Db,
    *,
    source: str,
    task: str,
    asked_at: datetime,
    here: str | None,
    ahead: Iterable[str] = (),
    years: tuple[int, int] | None,
    most: int,
) -> Due:
    """What to ask about from here, nearest first.

    Args:
        db: a connection.
        source, task: whose waiting items look ahead too.
        asked_at: what was looked at since need not be again.
        here: a page, by which to go on as it was read last.
        ahead: pages that one leads to which was read just now.
        years: of a series' seasons, the first and the last that are wanted; all without.
        most: pages that can be asked about at once.
    """
    first, last = years or (0, 9999)
    rows = db.execute(
        _DUE,
        {
            "source": source,
            "task": task,
            "asked_at": asked_at,
            "here": here,
            "ahead": list(ahead),
            "first": first,
            "last": last,
            "most": most,
        },
    ).fetchall()
    return Due(tuple(key for key, _ in rows), any(own for _, own in rows))


def told(db: Db, rows: Iterable[tuple[str, str | None, int | None]], at: datetime) -> None:
    """What the wiki said of pages: key, where it has moved to, and the revision there."""
    latest: dict[str, dict[str, Any]] = {}
    for key, moved_to, revision in rows:
        at_home = moved_to is None
        latest[key] = {
            "key": key,
            "moved_to": moved_to,
            "latest": revision if at_home else None,
        }
        if moved_to is not None:
            latest.setdefault(moved_to, {"key": moved_to, "moved_to": None, "latest": revision})
    db.execute(_TOLD, {"told": Jsonb(list(latest.values())), "at": at})


def moved(db: Db, key: str, kind: str, moved_to: str, at: datetime) -> None:
    """Record that a title leads to another one."""
    db.execute(_MOVED, {"key": key, "kind": kind, "moved_to": moved_to, "at": at})


def not_moved_to(db: Db, key: str, titles: Iterable[str]) -> set[str]:
    """Which of these titles, as far as they are known, do not lead to a page."""
    return {title for (title,) in db.execute(_NOT_MOVED, {"key": key, "titles": list(titles)})}


def absent(db: Db, key: str, kind: str, at: datetime, unusable: str | None = None) -> None:
    """Record that there is no such page, or none for us: ``unusable`` says why."""
    db.execute(_ABSENT, {"key": key, "kind": kind, "at": at, "unusable": unusable})


def read(
    db: Db,
    key: str,
    kind: str,
    *,
    article: int,
    revision: int,
    at: datetime,
    contexts: Contexts,
    follows: Iterable[Follow] = (),
    unusable: str | None = None,
) -> None:
    """Record that a revision was read; of an unusable one, why it is."""
    db.execute(
        _READ,
        {
            "key": key,
            "kind": kind,
            "article": article,
            "revision": revision,
            "at": at,
            "unusable": unusable,
            **_led(contexts, follows),
        },
    )


def _led(contexts: Contexts, follows: Iterable[Follow]) -> dict[str, Jsonb]:
    """Where a page is stored and what it leads to, by key and not in the page's order."""
    led = sorted(follows, key=lambda one: (one.key, one.kind))
    return {
        "contexts": Jsonb(dict(contexts)),
        "follows": Jsonb([one.stored() for one in led]),
    }


def reread(db: Db, key: str, contexts: Contexts, follows: Iterable[Follow]) -> None:
    """Record what a page that was kept says now: it is the same, whoever reads it is not."""
    db.execute(_REREAD, {"key": key, **_led(contexts, follows)})


def settle_contexts(db: Db, follows: Iterable[Follow]) -> None:
    """Take what a season now says of one race's page off the pages of which it said so before."""
    named = [{"key": one.key, "name": name} for one in follows for name in one.contexts]
    if named:
        db.execute(_SETTLE, (Jsonb(named),))


@dataclass(frozen=True, slots=True)
class Held:
    """A page that was read as its kind: where it was stored, and when it was read last."""

    key: str
    contexts: Contexts
    read_at: datetime


def held(db: Db, kind: str) -> list[Held]:
    """The pages of a kind that were ever read, in order of their keys."""
    with db.cursor(row_factory=class_row(Held)) as cursor:
        return cursor.execute(_HELD, (kind,)).fetchall()


def forget(db: Db) -> int:
    """Let go of all that is known of pages; of how many."""
    return db.execute("DELETE FROM ingest.pages").rowcount
