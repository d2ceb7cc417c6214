"""Entries of a meeting's sessions, and the entrants that follow from them."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from uuid import UUID

from psycopg import Connection, sql
from psycopg.rows import TupleRow

from ingestion_core.catalog.claims import WRITTEN, Fields
from ingestion_core.catalog.plan import Plan
from ingestion_core.catalog.tables import ENTRANTS
from ingestion_core.database.prepare import references_to
from ingestion_core.identity import ids
from ingestion_core.racing.kinds import Role
from ingestion_core.racing.types import Entry, ScheduledSession

#: A driver's car and team in one session.
Seat = tuple[str | None, UUID]


@dataclass(slots=True)
class Entries:
    """The source's entries that differ from what is stored, and what every source's come to.

    ``replaced``: session to its seats by driver. ``shrunk``: sessions whose new list was empty or
    less than half of the stored one, which replaces nothing.
    """

    replaced: dict[UUID, dict[UUID, Seat]] = field(default_factory=dict)
    shrunk: list[str] = field(default_factory=list)
    all: list[tuple[UUID, UUID, UUID]] = field(default_factory=list)


def plan_entries(
    plan: Plan,
    source: str,
    sessions: Iterable[tuple[UUID, ScheduledSession]],
    drivers: Mapping[str, UUID],
    teams: Mapping[str, UUID],
) -> Entries:
    """Compare the listed entries with the stored ones.

    Args:
        sessions: id and session, in order of time.
        drivers: the source's keys to ids.
        teams: the same.
    """
    found = Entries()
    stored: dict[UUID, dict[str, dict[UUID, Seat]]] = defaultdict(lambda: defaultdict(dict))
    for row in plan.state.entries:
        seats = stored[UUID(row["session"])][row["source"]]
        seats[UUID(row["driver"])] = (row["car"], UUID(row["team"]))
    for id_, session in sessions:
        before = stored[id_][source]
        if session.entries is not None:
            after = _seats(session.entries, drivers, teams)
            if len(after) * 2 < len(before):
                found.shrunk.append(session.key)
            elif after != before and not (plan.fill_only and before):
                found.replaced[id_] = after
                stored[id_][source] = after
        for one_source in sorted(stored[id_]):
            found.all.extend(
                (id_, driver, team) for driver, (_, team) in stored[id_][one_source].items()
            )
    return found


def _seats(
    entries: Iterable[Entry], drivers: Mapping[str, UUID], teams: Mapping[str, UUID]
) -> dict[UUID, Seat]:
    """Sorted, so that neither the source's order nor chance decides anything."""
    return {
        drivers[entry.driver]: (entry.car, teams[entry.team])
        for entry in sorted(
            entries, key=lambda one: (one.driver, one.car or "", one.team), reverse=True
        )
    }


def plan_entrants(plan: Plan, round_id: UUID, entries: Entries) -> bool:
    """Plan one entrant per person; whether there are some of ours whom no list names any more.

    Whoever drove for two teams counts for the one he had in most sessions, the later of equals.
    """
    votes: dict[UUID, Counter[UUID]] = defaultdict(Counter)
    latest: dict[tuple[UUID, UUID], int] = {}
    for place, (_, driver, team) in enumerate(entries.all):
        votes[driver][team] += 1
        latest[driver, team] = place
    existing = {
        UUID(row["DriverId"]): id_
        for id_, row in plan.state.rows["entrant"].items()
        if UUID(row["RoundId"]) == round_id
    }
    for driver in sorted(votes):
        team = max(votes[driver], key=lambda one: (votes[driver][one], latest[driver, one]))
        id_ = existing.get(driver) or ids.of("entrant", round_id, driver)
        columns: Fields = {"TeamId": str(team), "Role": _role(plan, id_)}
        plan.put("entrant", id_, columns, {"RoundId": round_id, "DriverId": driver})
    return any(
        driver not in votes and plan.current(WRITTEN, "entrant", str(id_)) is not None
        for driver, id_ in existing.items()
    )


def _role(plan: Plan, id_: UUID) -> int:
    """The role we gave, which the season's lists may change later; a new entrant is regular."""
    written = plan.current(WRITTEN, "entrant", str(id_))
    if written is not None and "Role" in written.fields:
        return int(written.fields["Role"])
    row = plan.state.rows["entrant"].get(id_)
    return int(row["Role"]) if row else int(Role.REGULAR)


# Ours alone: an entrant that somebody added in the product has no claim of what we wrote.
_SWEEP = """
WITH gone AS (
    DELETE FROM {table} t USING ingest.claims w
    WHERE t."RoundId" = %(round)s AND w.target = t."Id"
      AND w.source = 'written' AND w.kind = 'entrant'
      AND NOT EXISTS (
          SELECT FROM ingest.entries e JOIN "Sessions" s ON s."Id" = e.session
          WHERE s."RoundId" = t."RoundId" AND e.driver = t."DriverId")
      AND {unreferenced}
    RETURNING t."Id"
), forgotten AS (
    DELETE FROM ingest.claims c USING gone
    WHERE c.kind = 'entrant' AND c.target = gone."Id"
)
SELECT count(*) FROM gone
"""


def sweep(db: Connection[TupleRow], round_id: UUID) -> int:
    """Take out a round's entrants whom no list names, unless anything refers to them; how many."""
    statement = sql.SQL(_SWEEP).format(
        table=sql.Identifier(ENTRANTS.name), unreferenced=references_to(db, ENTRANTS.name)
    )
    row = db.execute(statement, {"round": round_id}).fetchone()
    return int(row[0]) if row else 0
