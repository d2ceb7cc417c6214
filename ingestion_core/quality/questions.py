"""How it went to ask each source for a meeting's entries and results: answers, work, quarantine."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from psycopg import Connection
from psycopg.rows import TupleRow
from psycopg.types.json import Jsonb

from ingestion_core.quality.states import Question

Db = Connection[TupleRow]

#: A source's key of a round: (source, key).
Key = tuple[str, str]

_ANSWERS: Final = """
SELECT f.source, f.resource, f.key, f.outcome, f.next_at
FROM ingest.fetches f
JOIN jsonb_to_recordset(%s) AS w(source text, resource text, key text)
    USING (source, resource, key)
"""

# The latest work for each question: what was asked again counts, what was called off does not.
_WORK: Final = """
SELECT DISTINCT ON (i.task, i.key) i.task, i.key, i.state, coalesce(i.error_code, i.outcome, ''),
       coalesce((i.counts ->> 'quarantined')::int, 0)
FROM ingest.items i JOIN jsonb_to_recordset(%s) AS w(task text, key text) USING (task, key)
WHERE i.state <> 'cancelled'
ORDER BY i.task, i.key, i.item DESC
"""

_QUARANTINED: Final = """
SELECT q.source, q.key, count(*)::int
FROM ingest.quarantine q JOIN jsonb_to_recordset(%s) AS w(source text, key text) USING (source, key)
GROUP BY q.source, q.key
"""


@dataclass(frozen=True, slots=True)
class _Ways:
    """How a source is asked: resources, task, of entries and of results."""

    entries: tuple[str, ...]
    reading: str
    results: str
    loading: str


_WAYS: Final = {
    "openf1": _Ways(("drivers", "sessions"), "sync_meeting", "session_result", "load_results"),
    "ergast": _Ways(("season",), "import_season", "results", "load_season_results"),
    "thethirdturn": _Ways(("page",), "read_page", "results", "load_page_results"),
}
#: An answer on record, of several the one that says most of what is missing.
_WORST: Final = ("failed", "empty", "withheld", "ok")


def read_questions(
    db: Db, asked: Mapping[Key, str]
) -> tuple[dict[Key, Question], dict[Key, Question]]:
    """How it went to ask for each meeting's entries, and for its results."""
    known = {key: by for key, by in asked.items() if key[0] in _WAYS}
    wanted: list[dict[str, str]] = []
    work: list[dict[str, str]] = []
    for source, by in sorted({(key[0], by) for key, by in known.items()}):
        ways = _WAYS[source]
        wanted += [
            {"source": source, "resource": resource, "key": by}
            for resource in (*ways.entries, ways.results)
        ]
        work += [{"task": task, "key": by} for task in (ways.reading, ways.loading)]
    answers = {
        (source, resource, key): (outcome, next_at)
        for source, resource, key, outcome, next_at in db.execute(_ANSWERS, (Jsonb(wanted),))
    }
    states = {(task, key): tuple(rest) for task, key, *rest in db.execute(_WORK, (Jsonb(work),))}
    apart = _quarantined(db, known)
    entries, loading = {}, {}
    for key, by in known.items():
        ways = _WAYS[key[0]]
        given = [answers.get((key[0], resource, by)) for resource in ways.entries]
        entries[key] = _question(given, states.get((ways.reading, by)), apart.get(key, 0))
        given = [answers.get((key[0], ways.results, by))]
        done = states.get((ways.loading, by))
        loading[key] = _question(given, done, done[2] if done else 0)
    return entries, loading


def _quarantined(db: Db, keys: Iterable[Key]) -> dict[Key, int]:
    wanted = [{"source": source, "key": key} for source, key in keys]
    return {(row[0], row[1]): row[2] for row in db.execute(_QUARANTINED, (Jsonb(wanted),))}


def _question(
    given: Iterable[tuple[str, datetime | None] | None],
    work: tuple[str, str, int] | None,
    quarantined: int,
) -> Question:
    answers = sorted((one for one in given if one), key=lambda one: _WORST.index(one[0]))
    state, code = (work[0], work[1]) if work else ("", "")
    return Question(
        answer=answers[0][0] if answers else None,
        failed=(code or "failed") if state == "failed" else None,
        coming=state in {"waiting", "sent", "running"},
        next_at=min((at for _, at in answers if at), default=None),
        quarantined=quarantined,
    )
