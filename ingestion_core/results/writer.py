"""The results writer: sets of lines in, the product's results out, in the caller's transaction.

The season's lock is held, as for the entry lists that results hang on.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from psycopg import Connection, sql
from psycopg.rows import TupleRow
from psycopg.types.json import Jsonb

from ingestion_core.racing.classification import Classification, Facet
from ingestion_core.racing.kinds import SessionType
from ingestion_core.racing.types import Unreadable
from ingestion_core.results.columns import pack, unpack
from ingestion_core.results.errors import without_values
from ingestion_core.results.projection import COLUMNS, Placed, rows

Db = Connection[TupleRow]

#: Which session's grid is whose.
STARTS: Mapping[SessionType, SessionType] = {
    SessionType.RACE: SessionType.QUALIFYING,
    SessionType.SPRINT: SessionType.SPRINT_QUALIFYING,
}
SHRUNK = "much-shorter"
NO_ENTRY = "no-entry-with-this-car"


@dataclass(frozen=True, slots=True)
class Stored:
    """What storing came to, in counts. ``revised``: sets that differ from the ones before."""

    results: int
    rows: int
    revised: int
    refused: int
    quarantined: int


_LATEST = """
SELECT c.source, c.session, c.facet, c.digest, c.observed_at, c.lines, c.doubts
FROM spoilers.classifications c
WHERE c.session = ANY(%s) AND c.superseded_at IS NULL
"""

_SUPERSEDE = """
WITH w AS (
    SELECT * FROM jsonb_to_recordset(%(sets)s) AS w(source text, session uuid, facet text,
        observed_at timestamptz, digest text, doubts jsonb, lines jsonb)
), old AS (
    UPDATE spoilers.classifications c SET superseded_at = now() FROM w
    WHERE c.session = w.session AND c.source = w.source AND c.facet = w.facet
      AND c.superseded_at IS NULL
    RETURNING c.classification
)
INSERT INTO spoilers.classifications (source, session, facet, observed_at, digest, doubts, lines)
SELECT w.source, w.session, w.facet, w.observed_at, w.digest,
       ARRAY(SELECT jsonb_array_elements_text(w.doubts)), w.lines
-- The count makes the old sets go before the new ones come: there is one latest.
FROM w WHERE (SELECT count(*) FROM old) >= 0
ORDER BY w.session, w.source, w.facet
"""

_ROUND = """
SELECT s."Id", s."Type", s."OpenF1SessionKey",
    (SELECT coalesce(jsonb_agg(jsonb_build_array(e.source, e.driver, e.car)), '[]')
     FROM ingest.entries e WHERE e.session = s."Id"),
    (SELECT coalesce(jsonb_agg(jsonb_build_array(t."DriverId", t."Id")), '[]')
     FROM "Entrants" t WHERE t."RoundId" = s."RoundId")
FROM "Sessions" s WHERE s."RoundId" = %s
ORDER BY s."Id"
"""

_NAMES = sql.SQL(", ").join(sql.Identifier(name) for name in COLUMNS)
_KEYS = {"Id": "uuid", "SessionId": "uuid", "EntrantId": "uuid"}
_TYPED = sql.SQL(", ").join(
    sql.SQL("{} {}").format(sql.Identifier(name), sql.SQL(type_))
    for name, type_ in {**_KEYS, **COLUMNS}.items()
)

_CURRENT = sql.SQL(
    """
SELECT jsonb_build_object('Id', r."Id", 'SessionId', r."SessionId", 'EntrantId', r."EntrantId",
    {pairs}), w.result IS NOT NULL
FROM "Results" r LEFT JOIN spoilers.written w ON w.result = r."Id"
WHERE r."SessionId" = ANY(%s)
"""
).format(
    pairs=sql.SQL(", ").join(
        sql.SQL("{}, r.{}").format(sql.Literal(name), sql.Identifier(name)) for name in COLUMNS
    )
)

# One statement: rows that no source gives any more go first, then the changed, then the new.
_WRITE = sql.SQL(
    """
WITH r AS (SELECT * FROM jsonb_to_recordset(%(rows)s) AS r({typed}, "new" boolean)),
gone AS (
    DELETE FROM "Results" x WHERE x."Id" = ANY(%(gone)s::uuid[]) RETURNING x."Id"
), forgotten AS (
    DELETE FROM spoilers.written w USING gone WHERE w.result = gone."Id"
), changed AS (
    UPDATE "Results" x SET {assignments} FROM r WHERE NOT r."new" AND x."Id" = r."Id" RETURNING 1
), added AS (
    INSERT INTO "Results" ("Id", "SessionId", "EntrantId", "FastestLap", {names})
    SELECT "Id", "SessionId", "EntrantId", false, {names} FROM r WHERE r."new" ORDER BY "Id"
    RETURNING 1
), remembered AS (
    INSERT INTO spoilers.written (result, session)
    SELECT result, session FROM jsonb_to_recordset(%(ours)s) AS o(result uuid, session uuid)
    ORDER BY result ON CONFLICT DO NOTHING
)
SELECT (SELECT count(*) FROM gone) + (SELECT count(*) FROM changed) + (SELECT count(*) FROM added)
"""
).format(
    typed=_TYPED,
    names=_NAMES,
    assignments=sql.SQL(", ").join(
        sql.SQL("{0} = r.{0}").format(sql.Identifier(name)) for name in COLUMNS
    ),
)

_QUARANTINE = """
INSERT INTO spoilers.quarantine AS q (source, session, facet, row_key, reason, row)
SELECT w.source, w.session, w.facet, w.row_key, w.reason, w.row
FROM jsonb_to_recordset(%s)
    AS w(source text, session text, facet text, row_key text, reason text, row jsonb)
ORDER BY source, session, facet, row_key, reason
ON CONFLICT (source, session, facet, row_key, reason) DO UPDATE
SET row = excluded.row, last_at = now(), times = q.times + 1
"""


@dataclass(frozen=True, slots=True)
class RoundSession:
    """A session of the round: who had which car in it, and the round's entrants by driver."""

    id: UUID
    type: SessionType
    key: str | None
    cars: Mapping[tuple[str, str], UUID]
    drivers: frozenset[UUID]
    entrants: Mapping[UUID, UUID]


def read_round(db: Db, round_id: UUID) -> list[RoundSession]:
    """The sessions of a round with their entry lists; nothing of it is a result."""
    return [
        RoundSession(
            id=id_,
            type=SessionType(type_),
            key=str(key) if key is not None else None,
            cars={(source, car): UUID(driver) for source, driver, car in entries if car},
            drivers=frozenset(UUID(driver) for _, driver, _ in entries),
            entrants={UUID(driver): UUID(entrant) for driver, entrant in entrants},
        )
        for id_, type_, key, entries, entrants in db.execute(_ROUND, (round_id,))
    ]


def write(
    db: Db,
    round_id: UUID,
    sets: Sequence[Classification],
    unreadable: Iterable[Unreadable] = (),
) -> Stored:
    """Store new sets of a round's sessions and project all that is stored for it.

    Without sets it only projects: an entry list changed, and with it whose a result is.

    Raises:
        ResultsDatabaseError: the database refused; nothing is kept.
    """
    with without_values():
        sessions = read_round(db, round_id)
        latest = db.execute(_LATEST, ([one.id for one in sessions],)).fetchall()
        stored = {(source, session, facet): row for source, session, facet, *row in latest}
        by_key = {one.key: one for one in sessions if one.key is not None}
        refused: list[dict[str, Any]] = [_bad_row(one) for one in unreadable]
        accepted, doubted = _accept(sets, by_key, stored)
        refused += doubted
        if accepted:
            db.execute(_SUPERSEDE, {"sets": Jsonb(accepted)})
            for one in accepted:
                key = one["source"], UUID(one["session"]), one["facet"]
                stored[key] = [one["digest"], None, one["lines"], one["doubts"]]
        wanted, unknown = _project(sessions, stored)
        refused += unknown
        changed = _replace(db, sessions, wanted)
        if refused:
            db.execute(_QUARANTINE, (Jsonb(refused),))
    return Stored(
        results=len(wanted),
        rows=changed,
        revised=len(accepted),
        refused=len(doubted),
        quarantined=len(refused),
    )


def _accept(
    sets: Sequence[Classification],
    by_key: Mapping[str, RoundSession],
    stored: Mapping[tuple[str, UUID, str], Sequence[Any]],
) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """The sets that replace what is stored, and what is wrong with the others or with parts."""
    accepted: list[dict[str, Any]] = []
    doubted: list[dict[str, Any]] = []
    for one in sets:
        session = by_key.get(one.session)
        if session is None:
            continue
        packed = pack(one.lines)
        doubted += [_doubt(one, reason, packed.count) for reason in one.doubts]
        before = stored.get((one.origin.source, session.id, one.facet.value))
        count = len(unpack(before[2])) if before else 0
        if not packed.count:
            continue
        if packed.count * 2 < count:
            doubted.append(_doubt(one, SHRUNK, packed.count))
            continue
        if before and (before[0] == packed.digest or before[1] > one.origin.observed_at):
            continue
        accepted.append(
            {
                "source": one.origin.source,
                "session": str(session.id),
                "facet": one.facet.value,
                "observed_at": one.origin.observed_at.isoformat(),
                "digest": packed.digest,
                "doubts": list(one.doubts),
                "lines": packed.columns,
            }
        )
    return accepted, doubted


def _project(
    sessions: Sequence[RoundSession], stored: Mapping[tuple[str, UUID, str], Sequence[Any]]
) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    by_type: dict[SessionType, list[RoundSession]] = defaultdict(list)
    for session in sessions:
        by_type[session.type].append(session)
    wanted: list[dict[str, Any]] = []
    unknown: list[dict[str, Any]] = []
    for session in sessions:
        lines, strangers = _placed(session, Facet.CLASSIFICATION, stored)
        unknown += strangers
        starting = by_type.get(STARTS[session.type], []) if session.type in STARTS else []
        grids: dict[str, list[Placed]] = {}
        for qualifying in starting:
            grid, _ = _placed(qualifying, Facet.GRID, stored)
            for source, placed in grid.items():
                grids.setdefault(source, []).extend(placed)
        wanted += rows(session.id, session.entrants, lines, grids).values()
    return wanted, unknown


def _placed(
    session: RoundSession,
    facet: Facet,
    stored: Mapping[tuple[str, UUID, str], Sequence[Any]],
) -> tuple[dict[str, list[Placed]], list[dict[str, Any]]]:
    """Lines with their drivers; a car that nobody had in this session is nobody's."""
    placed: dict[str, list[Placed]] = {}
    strangers: list[dict[str, Any]] = []
    for (source, id_, name), row in stored.items():
        if id_ != session.id or name != facet.value:
            continue
        for line in unpack(row[2]):
            driver = session.cars.get((source, line.car or ""))
            if driver is None or driver not in session.entrants:
                strangers.append(
                    {
                        "source": source,
                        "session": session.key or str(session.id),
                        "facet": facet.value,
                        "row_key": f"car={line.car}",
                        "reason": NO_ENTRY,
                        "row": pack([line]).columns,
                    }
                )
                continue
            placed.setdefault(source, []).append(Placed(driver, line))
    return placed, strangers


def _replace(db: Db, sessions: Sequence[RoundSession], wanted: Sequence[Mapping[str, Any]]) -> int:
    """Make ``wanted`` the results of these sessions: changed, new and gone rows, one statement."""
    found = db.execute(_CURRENT, ([one.id for one in sessions],)).fetchall()
    current = {(row["SessionId"], row["EntrantId"]): row for row, _ in found}
    written = {row["Id"] for row, ours in found if ours}
    changes: list[dict[str, Any]] = []
    ours: list[dict[str, str]] = []
    for row in wanted:
        before = current.get((row["SessionId"], row["EntrantId"]))
        merged = _over(before, row)
        ours.append({"result": merged["Id"], "session": merged["SessionId"]})
        if before is None or any(before[name] != merged[name] for name in COLUMNS):
            changes.append({**merged, "new": before is None})
    named = {(row["SessionId"], row["EntrantId"]) for row in wanted}
    gone = [row["Id"] for key, row in current.items() if key not in named and row["Id"] in written]
    unknown = [one for one in ours if one["result"] not in written]
    if not (changes or gone or unknown):
        return 0
    changes.sort(key=lambda row: str(row["Id"]))
    parameters = {"rows": Jsonb(changes), "gone": sorted(gone), "ours": Jsonb(unknown)}
    done = db.execute(_WRITE, parameters).fetchone()
    return int(done[0]) if done else 0


def _over(before: Mapping[str, Any] | None, row: Mapping[str, Any]) -> dict[str, Any]:
    """A row keeps its id, and of grid, points and laps led what no source speaks of."""
    if before is None:
        return dict(row)
    kept = {
        name: before[name] for name in ("GridPosition", "Points", "LapsLed") if row[name] is None
    }
    return {**row, **kept, "Id": before["Id"]}


def _doubt(one: Classification, reason: str, count: int) -> dict[str, Any]:
    return {
        "source": one.origin.source,
        "session": one.session,
        "facet": one.facet.value,
        "row_key": "",
        "reason": reason,
        "row": {"lines": count},
    }


def _bad_row(one: Unreadable) -> dict[str, Any]:
    session = one.row_key.split()[0].removeprefix("session_key=")
    return {
        "source": "openf1",
        "session": session,
        "facet": Facet.GRID.value
        if one.resource == "starting_grid"
        else Facet.CLASSIFICATION.value,
        "row_key": one.row_key,
        "reason": one.reason,
        "row": one.row,
    }
