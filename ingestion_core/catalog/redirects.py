"""Several titles of one page are one thing: the source says so, and its word is a decision.

Each title is a key, and those who named something by either made a row under each. The rows become
one as when a person decides it: on record, and to be taken back. What somebody took back, or
decided otherwise, stays; where something speaks against it, they stay two and it is told.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, NamedTuple

from psycopg import Connection
from psycopg.rows import TupleRow

from ingestion_core.catalog import keys, merges
from ingestion_core.catalog.claims import MADE
from ingestion_core.catalog.keys import Key
from ingestion_core.catalog.proposals import pending_id
from ingestion_core.catalog.recompute import Season
from ingestion_core.errors import Conflict
from ingestion_core.identity.ids import Id
from ingestion_core.identity.spellings import Kind
from ingestion_core.racing.types import Unreadable

Db = Connection[TupleRow]

#: Why titles of one page are not one row.
STAY_TWO: Final = "titles-of-one-page-stay-two"

# firm: another source gives it too, or the product had it before us.
_TARGETS: Final = """
SELECT c.key, c.target::text, EXISTS (
    SELECT FROM ingest.claims o
    WHERE o.target = c.target AND o.kind = c.kind
      AND o.source NOT IN (c.source, 'written', 'product', 'adopted')
) OR NOT EXISTS (
    SELECT FROM ingest.claims w
    WHERE w.target = c.target AND w.kind = c.kind AND w.source = 'written' AND w.fields ? %(made)s)
FROM ingest.claims c
WHERE c.source = %(source)s AND c.kind = %(kind)s AND c.key = ANY(%(keys)s)
  AND c.target IS NOT NULL
"""

_GIVE: Final = """
UPDATE ingest.claims SET target = %(after)s, decided_by = %(source)s, decided_at = now()
WHERE source = %(source)s AND kind = %(kind)s AND key = ANY(%(keys)s) AND target IS NULL
"""

# A decision that stands is somebody's word; so is one on these two rows that was taken back, and
# the answer that they are two.
_SPOKEN: Final = """
SELECT EXISTS (
    SELECT FROM ingest.decisions
    WHERE kind = %(kind)s AND source = %(source)s AND key = %(key)s AND undone_at IS NULL
) OR EXISTS (
    SELECT FROM ingest.decisions
    WHERE kind = %(kind)s AND source = %(source)s AND key = ANY(%(keys)s)
      AND least(before, after) = least(%(before)s::uuid, %(after)s::uuid)
      AND greatest(before, after) = greatest(%(before)s::uuid, %(after)s::uuid)
      AND undone_at IS NOT NULL
) OR EXISTS (
    SELECT FROM "PendingMatches"
    WHERE "Id" = %(question)s AND "CandidateEntityId" = %(after)s AND "Status" = 2)
"""

_ANSWER: Final = """
UPDATE "PendingMatches"
SET "Status" = 1, "Resolution" = 0, "ResolvedAt" = now(), "ResolvedBy" = %(source)s
WHERE "Id" = %(question)s AND "CandidateEntityId" = %(after)s AND "Status" = 0
RETURNING "Id"::text
"""


@dataclass(frozen=True, slots=True)
class OnePage:
    """A page of its own title, ``key``, and the others that lead to it."""

    kind: Kind
    source: str
    key: str
    others: tuple[str, ...]

    @property
    def titles(self) -> list[str]:
        """All of them."""
        return [self.key, *self.others]

    def named(self, title: str) -> Key:
        """One of the titles, as a key."""
        return Key(self.kind, self.source, title)


@dataclass(frozen=True, slots=True)
class Joined:
    """What it came to: rows changed, the seasons in which a key means another row now, and what
    stays two. ``changed``: whether any key does."""

    rows: int = 0
    seasons: tuple[Season, ...] = ()
    doubts: tuple[Unreadable, ...] = ()
    changed: bool = False


class _Target(NamedTuple):
    row: Id
    firm: bool


def lock(db: Db, page: OnePage) -> tuple[Season, ...]:
    """Take the locks of all that the titles are in, before anything is written; the seasons."""
    return keys.lock(db, map(page.named, page.titles))


def join(db: Db, page: OnePage, seasons: Sequence[Season], now: datetime) -> Joined:
    """Let all titles mean one row. ``seasons``: locked, as ``lock`` told.

    It is the row that others give too, else that of the page's own title; a title that meant
    nothing yet simply means it.
    """
    asked = {"kind": page.kind, "source": page.source, "keys": page.titles}
    found = {
        key: _Target(row, firm) for key, row, firm in db.execute(_TARGETS, {**asked, "made": MADE})
    }
    if not found:
        return Joined()
    after = _meant(page, found)
    given = db.execute(_GIVE, {**asked, "after": after}).rowcount
    rows, decided = 0, 0
    moved: set[Season] = set()
    doubts: list[Unreadable] = []
    for key in sorted(key for key, one in found.items() if one.row != after):
        before = found[key]
        about = {
            **asked,
            "key": key,
            "before": before.row,
            "after": after,
            "question": pending_id(page.kind, page.source, key),
        }
        if db.execute(_SPOKEN, about).fetchone() == (True,):
            continue
        if before.firm:
            doubts.append(_doubt(page, key, "either is given by others too"))
            continue
        occurs = keys.seasons_of(db, [page.named(key)])
        own = [one for one in seasons if one in occurs]
        try:
            done = _decide(db, page.named(key), about, own, now)
        except Conflict as conflict:
            doubts.append(_doubt(page, key, str(conflict)))
        else:
            rows += done.rows
            moved.update(done.seasons)
            decided += 1
    in_order = tuple(sorted(moved, key=lambda one: (one.series, one.year)))
    return Joined(rows, in_order, tuple(doubts), changed=decided + given > 0)


def _meant(page: OnePage, found: Mapping[str, _Target]) -> Id:
    """The row that all of them shall mean."""
    order = [title for title in page.titles if title in found]
    return found[min(order, key=lambda title: not found[title].firm)].row


def _decide(
    db: Db, key: Key, about: Mapping[str, Any], seasons: Sequence[Season], now: datetime
) -> merges.Moved:
    """Decide, and with it answer whoever was asked the same.

    Raises:
        Conflict: they can't be one; nothing was written.
    """
    with db.transaction():
        asked = db.execute(_ANSWER, about).fetchone()
        pending = Id(asked[0]) if asked else None
        return merges.decide_locked(
            db, key, about["after"], key.source, now, seasons, pending, results_follow=False
        )


def _doubt(page: OnePage, key: str, why: str) -> Unreadable:
    return Unreadable(
        resource="page",
        row_key=f"{page.kind}={key}",
        reason=STAY_TWO,
        row={"title": page.key, "why": why},
    )
