"""When a source is expected to refuse us, from the session times we stored; the gate reads it."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from psycopg import Connection
from psycopg.rows import TupleRow
from psycopg.types.json import Jsonb


@dataclass(frozen=True, slots=True)
class Lockout:
    """One window; ``key`` is the session that causes it."""

    key: str
    opens_at: datetime
    closes_at: datetime


# A window that the session has no more (cancelled, moved into the past) must not keep us out.
_EXPECT = """
WITH wanted AS (
    SELECT * FROM jsonb_to_recordset(%(windows)s)
        AS w(key text, opens_at timestamptz, closes_at timestamptz)
), over AS (
    DELETE FROM ingest.lockouts
    WHERE source = %(source)s AND key NOT IN (SELECT key FROM wanted)
      AND (closes_at < now() - interval '1 day' OR key = ANY(%(keys)s))
)
INSERT INTO ingest.lockouts AS l (source, key, opens_at, closes_at)
SELECT %(source)s, key, opens_at, closes_at FROM wanted ORDER BY key
ON CONFLICT (source, key) DO UPDATE
SET opens_at = excluded.opens_at, closes_at = excluded.closes_at
WHERE (l.opens_at, l.closes_at) <> (excluded.opens_at, excluded.closes_at)
"""


def expect(
    db: Connection[TupleRow], source: str, sessions: Iterable[str], windows: Iterable[Lockout]
) -> None:
    """Replace the windows of ``sessions`` (keys) by ``windows``; those long over are forgotten."""
    db.execute(
        _EXPECT,
        {
            "source": source,
            "keys": list(sessions),
            "windows": Jsonb(
                [
                    {
                        "key": one.key,
                        "opens_at": one.opens_at.isoformat(),
                        "closes_at": one.closes_at.isoformat(),
                    }
                    for one in windows
                ]
            ),
        },
    )
