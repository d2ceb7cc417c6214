"""The last answer to each question: ok, empty or failed. Empty is asked again, failed is no end."""

import logging
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from psycopg import Connection
from psycopg.rows import TupleRow
from psycopg.types.json import Jsonb

from ingestion_core.telemetry import tell

log = logging.getLogger(__name__)

Db = Connection[TupleRow]


@dataclass(frozen=True, slots=True)
class Fetch:
    """One answer, or, withheld, that it was not asked for yet.

    ``drift``: fields that this version does not know, or misses. ``next_at``: when to ask again;
    what is empty is asked again anyway. ``revision``: the source's own name of this version.
    """

    source: str
    resource: str
    key: str
    outcome: Literal["ok", "empty", "failed", "withheld"]
    observed_at: datetime
    http_status: int | None = None
    rows: int | None = None
    digest: str | None = None
    drift: Sequence[str] = ()
    next_at: datetime | None = None
    revision: str | None = None


# An answer that was asked for before the one on record came late: the record stays.
_RECORD = """
INSERT INTO ingest.fetches AS f
    (source, resource, key, outcome, http_status, rows, digest, revision, observed_at, ok_at, drift,
     next_at)
SELECT source, resource, key, outcome, http_status, rows, digest, revision, observed_at,
       CASE WHEN outcome = 'ok' THEN observed_at END, drift,
       coalesce(next_at, CASE WHEN outcome = 'empty' THEN observed_at + interval '1 day' END)
FROM jsonb_to_recordset(%s) AS w(source text, resource text, key text, outcome text,
    http_status integer, rows integer, digest text, revision text, observed_at timestamptz,
    drift text[], next_at timestamptz)
ORDER BY source, resource, key
ON CONFLICT (source, resource, key) DO UPDATE
SET outcome = excluded.outcome, http_status = excluded.http_status,
    rows = CASE WHEN excluded.outcome = 'failed' THEN f.rows ELSE excluded.rows END,
    digest = CASE WHEN excluded.outcome = 'failed' THEN f.digest ELSE excluded.digest END,
    revision = CASE WHEN excluded.outcome = 'failed' THEN f.revision ELSE excluded.revision END,
    observed_at = CASE WHEN excluded.outcome = 'failed' THEN f.observed_at
                       ELSE excluded.observed_at END,
    ok_at = coalesce(excluded.ok_at, f.ok_at),
    drift = CASE WHEN excluded.outcome = 'failed' THEN f.drift ELSE excluded.drift END,
    tries = CASE WHEN excluded.outcome = 'ok' THEN 0 ELSE f.tries + 1 END,
    -- What stays empty is asked for ever more rarely, at least once a month.
    next_at = CASE WHEN excluded.outcome = 'empty'
                   THEN least(excluded.next_at, excluded.observed_at
                        + least(power(2, least(f.tries, 5)), 30) * interval '1 day')
                   ELSE excluded.next_at END
WHERE excluded.observed_at >= f.observed_at OR excluded.outcome = 'failed'
"""

# Arrays: of rows made from JSON the planner expects a hundred, and reads every answer there is.
_OBSERVED_LATER = """
SELECT coalesce(bool_or(observed_at > %(observed_at)s), false) FROM ingest.fetches
WHERE source = %(source)s
  AND resource = ANY(%(resources)s::text[]) AND key = ANY(%(keys)s::text[])
  AND (resource, key) IN (SELECT * FROM unnest(%(resources)s::text[], %(keys)s::text[]))
  AND outcome <> 'failed'
"""


def record(db: Db, fetches: Iterable[Fetch]) -> None:
    """Store answers, in the order of their keys; a line of the log for each that drifted."""
    fetches = list(fetches)
    rows: list[dict[str, Any]] = [
        {
            "source": one.source,
            "resource": one.resource,
            "key": one.key,
            "outcome": one.outcome,
            "http_status": one.http_status,
            "rows": one.rows,
            "digest": one.digest,
            "revision": one.revision,
            "observed_at": one.observed_at.isoformat(),
            "drift": list(one.drift) or None,
            "next_at": one.next_at.isoformat() if one.next_at else None,
        }
        for one in fetches
    ]
    if rows:
        db.execute(_RECORD, (Jsonb(rows),))
    for one in fetches:
        if one.drift:
            tell(log, logging.WARNING, "drift", _drifted(one))


def _drifted(one: Fetch) -> dict[str, object]:
    where = {"source": one.source, "resource": one.resource, "key": one.key}
    return {**where, "fields": ",".join(one.drift)}


def observed_later(
    db: Db, source: str, asked: Iterable[tuple[str, str]], observed_at: datetime
) -> bool:
    """Whether one of these questions (resource, key) has a later answer on record already."""
    asked = list(asked)
    row = db.execute(
        _OBSERVED_LATER,
        {
            "source": source,
            "observed_at": observed_at,
            "resources": [str(resource) for resource, _ in asked],
            "keys": [key for _, key in asked],
        },
    ).fetchone()
    return bool(row and row[0])


_DUE = """
SELECT key FROM ingest.fetches
WHERE source = %s AND resource = %s AND next_at <= %s
ORDER BY next_at, key
"""


def due(db: Db, source: str, resource: str, now: datetime) -> list[str]:
    """Keys whose time to be asked about again has come."""
    return [row[0] for row in db.execute(_DUE, (source, resource, now))]


def is_known(db: Db, source: str, resource: str, key: str) -> bool:
    """Whether this question was ever asked, or put off."""
    row = db.execute(
        "SELECT FROM ingest.fetches WHERE source = %s AND resource = %s AND key = %s",
        (source, resource, key),
    ).fetchone()
    return row is not None


def revision_of(db: Db, source: str, resource: str, key: str) -> str | None:
    """The version that the last usable answer was of; None where none is known."""
    row = db.execute(
        "SELECT revision FROM ingest.fetches WHERE source = %s AND resource = %s AND key = %s",
        (source, resource, key),
    ).fetchone()
    return None if row is None else row[0]


def put_off(db: Db, source: str, resource: str, key: str, now: datetime) -> bool:
    """Whether this question is not to be asked again yet."""
    row = db.execute(
        "SELECT next_at > %s FROM ingest.fetches WHERE source = %s AND resource = %s AND key = %s",
        (now, source, resource, key),
    ).fetchone()
    return bool(row and row[0])
