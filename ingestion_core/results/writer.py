"""The results writer: sets of lines in, the product's results out, in the caller's transaction.

The season's lock is held, as for the entry lists that results hang on.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from psycopg import Connection
from psycopg.rows import TupleRow
from psycopg.types.json import Jsonb

from ingestion_core.database.texts import storable
from ingestion_core.racing.classification import Classification, Facet, Line
from ingestion_core.racing.kinds import SessionType
from ingestion_core.racing.types import Unreadable
from ingestion_core.results import statements
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

#: What tells one row of the quarantine from another.
_REFUSED_KEY = ("source", "session", "facet", "row_key", "reason")


@dataclass(frozen=True, slots=True)
class Stored:
    """What storing came to, in counts. ``revised``: sets that differ from the ones before."""

    results: int
    rows: int
    revised: int
    refused: int
    quarantined: int


@dataclass(frozen=True, slots=True)
class RoundSession:
    """A session of the round: who had which car in it, and the round's entrants by driver.

    A car that several are listed with is nobody's.
    """

    id: UUID
    type: SessionType
    key: str | None
    cars: Mapping[tuple[str, str], UUID]
    entrants: Mapping[UUID, UUID]


def read_round(db: Db, round_id: UUID) -> list[RoundSession]:
    """The sessions of a round with their entry lists; nothing of it is a result."""
    return [
        RoundSession(
            id=id_,
            type=SessionType(type_),
            key=str(key) if key is not None else None,
            cars=_cars(entries),
            entrants={UUID(driver): UUID(entrant) for driver, entrant in entrants},
        )
        for id_, type_, key, entries, entrants in db.execute(statements.ROUND, (round_id,))
    ]


def _cars(entries: Iterable[tuple[str, str, str | None]]) -> dict[tuple[str, str], UUID]:
    found: dict[tuple[str, str], set[UUID]] = defaultdict(set)
    for source, driver, car in entries:
        if car:
            found[source, car].add(UUID(driver))
    return {key: next(iter(drivers)) for key, drivers in found.items() if len(drivers) == 1}


@without_values
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
    sessions = read_round(db, round_id)
    latest = db.execute(statements.LATEST, ([one.id for one in sessions],)).fetchall()
    stored = {(source, session, facet): row for source, session, facet, *row in latest}
    by_key = {one.key: one for one in sessions if one.key is not None}
    refused: list[dict[str, Any]] = [_bad_row(one) for one in unreadable]
    accepted, doubted = _accept(sets, by_key, stored)
    refused += doubted
    if accepted:
        db.execute(statements.SUPERSEDE, {"sets": Jsonb(accepted)})
        for one in accepted:
            key = one["source"], UUID(one["session"]), one["facet"]
            stored[key] = [one["digest"], None, one["lines"], one["doubts"]]
    wanted, unknown = _project(sessions, stored)
    refused += unknown
    changed = _replace(db, sessions, wanted)
    if refused:
        db.execute(statements.QUARANTINE, (Jsonb(_unique(refused)),))
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
        before = stored.get((one.origin.source, session.id, one.facet.value))
        if before and before[1] > one.origin.observed_at:
            continue
        doubted += [_doubt(one, reason, one.doubted) for reason in one.doubts]
        if not one.lines:
            continue
        known = unpack(before[2]) if before else []
        if len(one.lines) * 2 < len(known):
            doubted.append(_doubt(one, SHRUNK, one.lines))
            continue
        packed = pack(one.lines if one.complete else [*one.lines, *_missing(one, known)])
        if before and before[0] == packed.digest:
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


def _missing(one: Classification, known: Iterable[Line]) -> Iterable[Line]:
    """What was known of cars that have no line now: perhaps theirs are those that can't be read."""
    cars = {line.car for line in one.lines}
    return (line for line in known if line.car not in cars)


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
            grid, strangers = _placed(qualifying, Facet.GRID, stored)
            unknown += strangers
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
    found = db.execute(statements.CURRENT, ([one.id for one in sessions],)).fetchall()
    current = {(row["SessionId"], row["EntrantId"]): row for row, _ in found}
    written: dict[str, dict[str, Any]] = {
        row["Id"]: kept for row, kept in found if kept is not None
    }
    changes: list[dict[str, Any]] = []
    ours: list[dict[str, Any]] = []
    for row in wanted:
        before = current.get((row["SessionId"], row["EntrantId"]))
        kept = {} if before is None else written.get(before["Id"], _kept(before))
        merged = _over(before, row, kept)
        ours.append({"result": merged["Id"], "session": merged["SessionId"], "kept": kept})
        if before is None or any(before[name] != merged[name] for name in COLUMNS):
            changes.append({**merged, "new": before is None})
    named = {(row["SessionId"], row["EntrantId"]) for row in wanted}
    gone = [row["Id"] for key, row in current.items() if key not in named and row["Id"] in written]
    unknown = [one for one in ours if one["result"] not in written]
    if not (changes or gone or unknown):
        return 0
    changes.sort(key=lambda row: str(row["Id"]))
    parameters = {"rows": Jsonb(changes), "gone": sorted(gone), "ours": Jsonb(unknown)}
    done = db.execute(statements.WRITE, parameters).fetchone()
    return int(done[0]) if done else 0


def _kept(before: Mapping[str, Any]) -> dict[str, Any]:
    """Of a row that stood there before ours: what counts where no source speaks of it."""
    names = ("GridPosition", "Points", "LapsLed")
    return {name: before[name] for name in names if before[name] is not None}


def _over(
    before: Mapping[str, Any] | None, row: Mapping[str, Any], kept: Mapping[str, Any]
) -> dict[str, Any]:
    """A row keeps its id; nothing else of it is older than the latest sets but what is kept."""
    unsaid = {name: value for name, value in kept.items() if row[name] is None}
    return {**row, **unsaid, "Id": before["Id"] if before else row["Id"]}


def _unique(refused: Iterable[dict[str, Any]]) -> list[dict[str, Any]]:
    """One of each: a statement can't touch a row twice. Of one car's several rows, all are kept."""
    found: dict[tuple[str, ...], dict[str, Any]] = {}
    for one in refused:
        key = tuple(str(one[name]) for name in _REFUSED_KEY)
        row = storable(one["row"])
        if key in found and row not in found[key]["row"]["rows"]:
            found[key]["row"]["rows"].append(row)
        elif key not in found:
            found[key] = {**one, "row_key": storable(one["row_key"]), "row": {"rows": [row]}}
    return list(found.values())


def _doubt(one: Classification, reason: str, lines: Sequence[Line]) -> dict[str, Any]:
    return {
        "source": one.origin.source,
        "session": one.session,
        "facet": one.facet.value,
        "row_key": "",
        "reason": reason,
        "row": pack(lines).columns,
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
