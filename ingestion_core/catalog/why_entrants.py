"""Where an entrant comes from: whose lists of which sessions name the driver, for which team."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from ingestion_core.catalog.claims import Fields
from ingestion_core.catalog.entrants import Lists, Seat, in_order, seated
from ingestion_core.catalog.plan import Plan
from ingestion_core.catalog.traces import LISTS, Column, Word
from ingestion_core.identity.ids import Id
from ingestion_core.racing.kinds import Role, SessionType

#: Sessions whose lists show that somebody raced.
_RACES = frozenset(
    {
        *(SessionType.QUALIFYING, SessionType.SPRINT_QUALIFYING),
        *(SessionType.SPRINT, SessionType.RACE),
    }
)


def columns(
    plan: Plan, row: Fields, sessions: Sequence[Id], lists: Lists, role: Role | None
) -> list[Column]:
    """The columns of an entrant that follow from lists.

    Args:
        plan: with the season's state.
        row: the entrant's.
        sessions: of its round.
        lists: of all of them.
        role: what the season's lists show, None where none names the entrant.
    """
    driver = row["DriverId"]
    sessions = [one for one in in_order(plan, sessions) if one in lists]
    types = {one: SessionType(plan.state.rows["session"][one]["Type"]) for one in sessions}
    counted = [(one, *seats[driver]) for one in sessions if driver in (seats := seated(lists[one]))]
    every = [
        (one, source, its[driver])
        for one in sessions
        for source, its in sorted(lists[one].items())
        if driver in its
    ]
    mine = [it for it in counted if it[2].team == row["TeamId"]]
    raced = sum(types[one] in _RACES for one, *_ in counted)
    team = Column(
        "TeamId",
        row["TeamId"],
        LISTS if mine else None,
        f"listed for this team in {len(mine)} of {len(sessions)} sessions that have a list"
        if mine
        else "no list names the driver for this team",
        _words(plan, types, mine),
        _words(plan, types, [it for it in every if it[2].team != row["TeamId"]]),
    )
    named = f"named in {len(counted)} sessions, {raced} of them qualifyings or races"
    return [
        team,
        Column(
            "Role",
            row["Role"],
            None if role is None else LISTS,
            "no list of the season names the entrant"
            if role is None
            else f"by the season's lists: {named}",
        ),
    ]


def _words(
    plan: Plan, types: Mapping[Id, SessionType], seats: Iterable[tuple[Id, str, Seat]]
) -> tuple[Word, ...]:
    """One word for all sessions in which a source lists the driver alike."""
    observed = {
        (one["session"], one["source"], one["driver"]): one["observed_at"]
        for one in plan.state.entries
    }
    alike: dict[tuple[str, Seat], list[Id]] = defaultdict(list)
    for session, source, seat in seats:
        alike[source, seat].append(session)
    teams = plan.state.rows["team"]
    return tuple(
        Word(
            source,
            seat.team_key,
            max((at for (one, by, _), at in observed.items() if one in those and by == source)),
            _name(teams, seat),
            about=", ".join(
                (*(types[one].name for one in those), f"driver '{seat.driver_key}'", *_car(seat))
            ),
        )
        for (source, seat), those in alike.items()
    )


def _name(teams: Mapping[Id, Fields], seat: Seat) -> Any:
    return teams[seat.team]["Name"] if seat.team in teams else seat.team


def _car(seat: Seat) -> list[str]:
    return [] if seat.car is None else [f"car {seat.car}"]
