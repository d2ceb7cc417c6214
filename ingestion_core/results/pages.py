"""Pages as they were served. A race's page is its result: stored here, and read by few.

Whoever reads pages from the source only adds; reading them back is for the task of results and for
building everything anew.
"""

import zlib
from dataclasses import dataclass, field
from datetime import datetime

from psycopg import Connection
from psycopg.rows import TupleRow

from ingestion_core.results.errors import without_values

Db = Connection[TupleRow]

# The same revision twice is the same page, but for what its frame says of the hour. Without naming
# the columns: whoever names them must be allowed to read them.
_ADD = """
INSERT INTO spoilers.pages (key, revision, address, fetched_at, body)
VALUES (%(key)s, %(revision)s, %(address)s, %(fetched_at)s, %(body)s)
ON CONFLICT DO NOTHING
"""

_LATEST = """
SELECT revision, fetched_at, body FROM spoilers.pages WHERE key = %s
ORDER BY fetched_at DESC, revision DESC LIMIT 1
"""


@dataclass(frozen=True, slots=True)
class Kept:
    """A page as it was served. ``body`` is as the reader takes it."""

    revision: int
    fetched_at: datetime
    body: bytes = field(repr=False)


def packed(body: bytes) -> bytes:
    """A body as it is stored; to be made before the transaction is begun."""
    return zlib.compress(body)


@without_values
def add(db: Db, key: str, revision: int, address: str, fetched_at: datetime, body: bytes) -> None:
    """Keep a page; ``body`` is packed. A revision that is kept already stays as it is.

    Raises:
        ResultsDatabaseError: the database refused.
    """
    values = {
        "key": key,
        "revision": revision,
        "address": address,
        "fetched_at": fetched_at,
        "body": body,
    }
    db.execute(_ADD, values)


@without_values
def latest(db: Db, key: str) -> Kept | None:
    """The page as it was last fetched; None if it never was.

    Raises:
        ResultsDatabaseError: the database refused.
    """
    row = db.execute(_LATEST, (key,)).fetchone()
    return None if row is None else Kept(row[0], row[1], zlib.decompress(row[2]))


@without_values
def forget(db: Db) -> int:
    """Let go of all pages; how many."""
    if db.execute("SELECT to_regclass('spoilers.pages')").fetchone() == (None,):
        return 0
    return db.execute("DELETE FROM spoilers.pages").rowcount
