"""What a person decides on who is who: look at the questions, answer them, take an answer back."""

from typing import Any, Final
from uuid import UUID

from psycopg import Connection
from psycopg.rows import TupleRow, dict_row

from ingestion_core.catalog import merges
from ingestion_core.catalog.keys import Key
from ingestion_core.catalog.merges import Moved
from ingestion_core.database.roles import Role
from ingestion_core.errors import Conflict, NotFound
from ingestion_core.identity.ids import Id
from ingestion_core.tasks import projected_again
from ingestion_core.tasks.app import App
from ingestion_core.work.items import enqueue

Db = Connection[TupleRow]

KINDS: Final = ("driver", "team", "circuit")
PENDING, APPROVED, REJECTED = 0, 1, 2
STATES: Final = {PENDING: "pending", APPROVED: "approved", REJECTED: "rejected", 3: "merged"}
_MATCH_EXISTING, _CREATE_NEW = 0, 1

_QUESTIONS: Final = """
SELECT p."Id" AS id, p."EntityType" AS type, p."Source" AS source,
       p."IncomingDataJson" ->> 'key' AS key, p."IncomingName" AS name,
       p."CandidateEntityId"::text AS candidate, p."CandidateEntityName" AS candidate_name,
       p."MatchScore"::float8 AS score, p."SignalsJson" AS signals, p."Status" AS status,
       p."CreatedAt" AS created_at, p."ResolvedAt" AS resolved_at, p."ResolvedBy" AS resolved_by,
       d.decision
FROM "PendingMatches" p
LEFT JOIN ingest.decisions d ON d.pending = p."Id" AND d.undone_at IS NULL
WHERE p."EntityType" <= 2 AND p."IncomingDataJson" ? 'key'
"""

_LIKELIEST: Final = ' ORDER BY p."Status", p."MatchScore" DESC, p."IncomingName", p."Id"'

_CLAIMS: Final = """
SELECT source, key, fields FROM ingest.claims
WHERE kind = %(kind)s AND target = %(target)s AND source NOT IN ('written', 'product', 'adopted')
ORDER BY source, key
"""

_RESOLVE: Final = """
UPDATE "PendingMatches"
SET "Status" = %(status)s, "Resolution" = %(resolution)s, "ResolvedAt" = now(),
    "ResolvedBy" = %(by)s, "ResolutionNotes" = %(notes)s
WHERE "Id" = %(id)s
"""


def questions(app: App, everything: bool) -> list[dict[str, Any]]:
    """The questions that wait for an answer, or all of them; the likeliest first."""
    wanted = "" if everything else ' AND p."Status" = 0'
    with app.db() as db, db.cursor(row_factory=dict_row) as cursor:
        found = cursor.execute(f"{_QUESTIONS}{wanted}{_LIKELIEST}".encode()).fetchall()
    return [_named(one) for one in found]


def question(app: App, id_: UUID) -> dict[str, Any]:
    """One question, with what the sources say of either side.

    Raises:
        NotFound: there is no such question.
    """
    with app.db() as db:
        found = _question(db, id_)
        with db.cursor(row_factory=dict_row) as cursor:
            found["candidate_claims"] = cursor.execute(
                _CLAIMS, {"kind": found["kind"], "target": found["candidate"]}
            ).fetchall()
        found["claim"] = _claim(db, found)
    return found


def approve(app: App, id_: UUID, by: str, instead: UUID | None = None) -> Moved:
    """They are one: everything of the newcomer moves to the candidate, or to the row ``instead``.

    Raises:
        NotFound, Conflict: nothing is changed then.
    """
    app = app.acting(Role.MAINTAIN)
    with app.transaction() as db:
        found = _question(db, id_)
        if found["status"] == "approved":
            raise Conflict("this question was answered already: undo the decision first")
        key = Key(found["kind"], found["source"], found["key"])
        moved = merges.decide(
            db, key, _id(instead or found["candidate"]), by, app.now(), pending=_id(id_)
        )
        _resolve(db, id_, APPROVED, _MATCH_EXISTING, by, None)
        _project_results_again(app, db, moved)
    app.release_all()
    return moved


def reject(app: App, id_: UUID, by: str, notes: str | None = None) -> None:
    """They are two; nobody is asked again.

    Raises:
        NotFound, Conflict: no such question, or it was answered by a merge that stands.
    """
    with app.acting(Role.MAINTAIN).transaction() as db:
        if _question(db, id_)["status"] == "approved":
            raise Conflict("this question was answered already: undo the decision first")
        _resolve(db, id_, REJECTED, _CREATE_NEW, by, notes)


def merge(app: App, key: Key, after: UUID, by: str) -> Moved:
    """They are one, though nobody asked."""
    app = app.acting(Role.MAINTAIN)
    with app.transaction() as db:
        moved = merges.decide(db, key, _id(after), by, app.now())
        _project_results_again(app, db, moved)
    app.release_all()
    return moved


def undo(app: App, decision: int, by: str) -> Moved:
    """Take a decision back."""
    app = app.acting(Role.MAINTAIN)
    with app.transaction() as db:
        moved = merges.undo(db, decision, by, app.now())
        _project_results_again(app, db, moved)
    app.release_all()
    return moved


def _id(given: object) -> Id:
    return Id(str(given))


def _named(row: dict[str, Any]) -> dict[str, Any]:
    kind, status = KINDS[row.pop("type")], STATES[row.pop("status")]
    return {**row, "kind": kind, "status": status}


def _question(db: Db, id_: UUID) -> dict[str, Any]:
    with db.cursor(row_factory=dict_row) as cursor:
        found = cursor.execute(f'{_QUESTIONS} AND p."Id" = %s'.encode(), (id_,)).fetchone()
    if found is None:
        raise NotFound(f"there is no match {id_} to decide on")
    return _named(found)


def _claim(db: Db, found: dict[str, Any]) -> dict[str, Any] | None:
    row = db.execute(
        "SELECT fields FROM ingest.claims WHERE kind = %(kind)s AND source = %(source)s"
        " AND key = %(key)s",
        found,
    ).fetchone()
    return row[0] if row else None


def _resolve(db: Db, id_: UUID, status: int, resolution: int, by: str, notes: str | None) -> None:
    db.execute(
        _RESOLVE,
        {"id": id_, "status": status, "resolution": resolution, "by": by, "notes": notes},
    )


def _project_results_again(app: App, db: Db, moved: Moved) -> None:
    enqueue(db, projected_again.wanted(db, app.settings, moved.seasons, app.now()))
