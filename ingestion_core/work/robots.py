"""What a source lets us ask for, as it was last told: kept for a day, for all instances."""

from datetime import datetime, timedelta
from typing import Final, NamedTuple

from psycopg import Connection
from psycopg.rows import TupleRow

#: How long it is kept.
KEPT: Final = timedelta(days=1)

_KEEP: Final = """
INSERT INTO ingest.robots (source, http_status, body, fetched_at) VALUES (%s, %s, %s, %s)
ON CONFLICT (source) DO UPDATE SET http_status = excluded.http_status, body = excluded.body,
    fetched_at = excluded.fetched_at
"""


class Kept(NamedTuple):
    """An answer: its status and text; ``stale``: it is older than a day."""

    status: int
    text: str
    stale: bool


def kept(db: Connection[TupleRow], source: str) -> Kept | None:
    """The last answer; None before the first."""
    row = db.execute(
        "SELECT http_status, body, fetched_at <= now() - %s FROM ingest.robots WHERE source = %s",
        (KEPT, source),
    ).fetchone()
    return None if row is None else Kept(*row)


def keep(
    db: Connection[TupleRow], source: str, status: int, text: str, fetched_at: datetime
) -> None:
    """Keep an answer in place of the last one."""
    db.execute(_KEEP, (source, status, text, fetched_at))


def forget(db: Connection[TupleRow], source: str) -> None:
    """Let go of it."""
    db.execute("DELETE FROM ingest.robots WHERE source = %s", (source,))
