"""Entries of a meeting's sessions, and the entrants that follow from them."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from psycopg import Connection
from psycopg.rows import TupleRow

from ingestion_core.catalog.claims import WRITTEN, Fields
from ingestion_core.catalog.plan import Plan
from ingestion_core.catalog.projection import SCHEDULE, believe
from ingestion_core.catalog.sessions import Planned
from ingestion_core.identity import ids
from ingestion_core.identity.ids import Id
from ingestion_core.racing.kinds import Role
from ingestion_core.racing.types import Entry


class Seat(NamedTuple):
    """A driver's car and team in one session, and the source's keys of driver and team."""

    car: str | None
    team: Id
    driver_key: str | None
    team_key: str | None

    def stored(self) -> dict[str, str | None]:
        """The seat in JSON."""
        return self._asdict()


#: Session to source to driver to seat.
Lists = dict[Id, dict[str, dict[Id, Seat]]]


class Known(NamedTuple):
    """What a source's key was decided to mean, and the key under which the decision is kept."""

    id: Id
    key: str


@dataclass(slots=True)
class Entries:
    """All sources' entries as they shall be, and which of a source's differ from what is stored.

    ``replaced``: sessions whose list of this source is another. ``shrunk``: sessions whose new list
    was empty or less than half of the stored one, which replaces nothing.
    """

    lists: Lists
    replaced: set[Id] = field(default_factory=set)
    shrunk: list[str] = field(default_factory=list)


def stored_entries(plan: Plan) -> Lists:
    """The entries as the state has them."""
    lists: Lists = defaultdict(lambda: defaultdict(dict))
    for row in plan.state.entries:
        lists[row["session"]][row["source"]][row["driver"]] = Seat(
            row["car"], row["team"], row["driver_key"], row["team_key"]
        )
    return lists


def plan_entries(
    plan: Plan,
    source: str,
    sessions: Iterable[Planned],
    drivers: Mapping[str, Id],
    teams: Mapping[str, Known],
) -> Entries:
    """Compare a source's entries with the stored ones.

    Args:
        sessions: id and session.
        drivers: the source's keys to ids.
        teams: the source's keys to what they mean in this season.
    """
    found = Entries(stored_entries(plan))
    for id_, session in sessions:
        if session.entries is None:
            continue
        before = found.lists[id_][source]
        after = _seats(session.entries, drivers, teams)
        if len(after) * 2 < len(before):
            found.shrunk.append(session.key)
        elif after != before and not (plan.fill_only and before):
            found.replaced.add(id_)
            found.lists[id_][source] = after
    return found


def _seats(
    entries: Iterable[Entry], drivers: Mapping[str, Id], teams: Mapping[str, Known]
) -> dict[Id, Seat]:
    """Sorted, so that neither the source's order nor chance decides anything."""
    return {
        drivers[entry.driver]: Seat(
            entry.car, teams[entry.team].id, entry.driver, teams[entry.team].key
        )
        for entry in sorted(
            entries, key=lambda one: (one.driver, one.car or "", one.team), reverse=True
        )
    }


def project_entrants(
    plan: Plan, rounds: Mapping[Id, Sequence[Id]], lists: Lists
) -> tuple[int, set[Id]]:
    """Plan one entrant per person and round; ``rounds``: id to its sessions.

    Returns how many there are, and the rounds where some of ours are named by no list any more.
    Whoever drove for two teams counts for the one he had in most sessions, the later of equals.
    """
    existing: dict[Id, dict[Id, Id]] = defaultdict(dict)
    for id_, row in plan.state.rows["entrant"].items():
        existing[row["RoundId"]][row["DriverId"]] = id_
    total, unlisted = 0, set()
    for round_id, sessions in rounds.items():
        teams = _teams(in_order(plan, sessions), lists)
        for driver in sorted(teams):
            id_ = existing[round_id].get(driver) or ids.of("entrant", round_id, driver)
            columns: Fields = {"TeamId": teams[driver], "Role": _role(plan, id_)}
            plan.put("entrant", id_, columns, {"RoundId": round_id, "DriverId": driver})
        total += len(teams)
        if any(
            driver not in teams and plan.current(WRITTEN, "entrant", id_) is not None
            for driver, id_ in existing[round_id].items()
        ):
            unlisted.add(round_id)
    return total, unlisted


def in_order(plan: Plan, sessions: Iterable[Id]) -> list[Id]:
    """Sessions by their start, whatever order they came in."""

    def start(id_: Id) -> str:
        said = believe("session", plan.claims_on(id_)).get("StartTimeUtc")
        return str(said or plan.state.rows["session"][id_]["StartTimeUtc"])

    return sorted(sessions, key=lambda id_: (start(id_), id_))


def _teams(sessions: Iterable[Id], lists: Lists) -> dict[Id, Id]:
    """Driver to team, of everybody whom any source lists in one of these sessions.

    In each session the first source in its order that lists the driver says for whom.
    """
    votes: dict[Id, Counter[Id]] = defaultdict(Counter)
    latest: dict[tuple[Id, Id], int] = {}
    for place, session in enumerate(sessions):
        for driver, (_, seat) in seated(lists.get(session, {})).items():
            votes[driver][seat.team] += 1
            latest[driver, seat.team] = place
    return {
        driver: max(counted, key=lambda team: (counted[team], latest[driver, team]))
        for driver, counted in votes.items()
    }


def seated(by_source: Mapping[str, Mapping[Id, Seat]]) -> dict[Id, tuple[str, Seat]]:
    """Who is listed in a session: by the first source in its order that does, and as what."""
    found: dict[Id, tuple[str, Seat]] = {}
    for source in reversed(SCHEDULE):
        found.update((driver, (source, seat)) for driver, seat in by_source.get(source, {}).items())
    return found


def _role(plan: Plan, id_: Id) -> int:
    """The role we gave, which the season's lists may change later; a new entrant is regular."""
    written = plan.current(WRITTEN, "entrant", id_)
    if written is not None and "Role" in written.fields:
        return int(written.fields["Role"])
    row = plan.state.rows["entrant"].get(id_)
    return int(row["Role"]) if row else int(Role.REGULAR)


# A guard of the database's (migrations/0007): ours alone, and none that anything refers to.
_SWEEP = "SELECT count(*)::int FROM ingest.drop_stale_entrants(%s::uuid[])"

# Whoever went with his last entrant, and whom no source means any more, goes as well.
_SWEEP_RESULTS = """
SELECT ingest.retire_shared('driver', ARRAY(
    SELECT DISTINCT driver FROM ingest.drop_stale_entrants(%s::uuid[])))
"""


def sweep(db: Connection[TupleRow], rounds: Iterable[Id]) -> int:
    """Take out entrants of rounds whom no list names, unless anything refers to them; how many."""
    row = db.execute(_SWEEP, (sorted(rounds),)).fetchone()
    return int(row[0]) if row else 0


def sweep_after_results(db: Connection[TupleRow], rounds: Iterable[Id]) -> None:
    """The same once results of these rounds went: nothing but them may have kept who is left."""
    db.execute(_SWEEP_RESULTS, (sorted(rounds),))
