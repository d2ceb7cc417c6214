"""Who and what an answer names: looked for, found, claimed, and, where new, asked about."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import TypeVar

from psycopg import Connection
from psycopg.rows import TupleRow

from ingestion_core.catalog import aliases, profiles, proposals
from ingestion_core.catalog.plan import Plan
from ingestion_core.catalog.state import Question, State, read_more
from ingestion_core.identity import lookup
from ingestion_core.identity.ids import Id
from ingestion_core.identity.likeness import Newcomer
from ingestion_core.identity.resolve import Match, Wanted
from ingestion_core.identity.tables import TeamRow
from ingestion_core.racing.types import (
    CircuitProfile,
    DriverProfile,
    Profiles,
    SeriesProfile,
    TeamProfile,
    Weekend,
)

Db = Connection[TupleRow]

#: Per kind, the keys under which things are claimed, and who each is.
Matches = dict[str, dict[str, Match]]

_Profile = TypeVar("_Profile", SeriesProfile, CircuitProfile, TeamProfile, DriverProfile)


def _once(told: Iterable[_Profile]) -> Iterable[_Profile]:
    return {one.key: one for one in told}.values()


@dataclass(frozen=True)
class Named:
    """The source's keys to profiles, and to what is looked for."""

    source: str
    series: dict[str, tuple[SeriesProfile, Wanted]] = field(default_factory=dict)
    circuits: dict[str, tuple[CircuitProfile, Wanted]] = field(default_factory=dict)
    teams: dict[str, tuple[TeamProfile, Wanted]] = field(default_factory=dict)
    drivers: dict[str, tuple[DriverProfile, Wanted]] = field(default_factory=dict)

    @classmethod
    def of(cls, weekends: Sequence[Weekend]) -> "Named":
        """All that weekends of one season name."""
        return cls._of(
            weekends[0].origin.source,
            weekends[0].year,
            [one.series_profile for one in weekends if one.series_profile],
            [one.circuit for one in weekends],
            [team for one in weekends for team in one.teams],
            [driver for one in weekends for driver in one.drivers],
        )

    @classmethod
    def of_profiles(cls, told: Profiles) -> "Named":
        """All that profiles are of; no season says what a dated key of a team means."""
        return cls._of(
            told.origin.source, None, told.series, told.circuits, told.teams, told.drivers
        )

    @classmethod
    def _of(
        cls,
        source: str,
        year: int | None,
        series: Iterable[SeriesProfile],
        circuits: Iterable[CircuitProfile],
        teams: Iterable[TeamProfile],
        drivers: Iterable[DriverProfile],
    ) -> "Named":
        # Each once, however many weekends name it.
        return cls(
            source,
            {it.key: (it, profiles.want_series(it)) for it in _once(series)},
            {it.key: (it, profiles.want_circuit(source, it)) for it in _once(circuits)},
            {it.key: (it, profiles.want_team(source, it, year or 0)) for it in _once(teams)},
            {it.key: (it, profiles.want_driver(source, it, year)) for it in _once(drivers)},
        )

    @cached_property
    def team_rows(self) -> dict[str, TeamRow]:
        """What the tables say of the teams, by the keys under which they are claimed."""
        rows = {
            wanted.key: lookup.team_by_claim(self.source, wanted.key)
            for _, wanted in self.teams.values()
        }
        return {key: row for key, row in rows.items() if row is not None}

    @cached_property
    def wanted(self) -> dict[str, list[Wanted]]:
        """What is looked for, by kind."""
        return {
            "series": [wanted for _, wanted in self.series.values()],
            "circuit": [wanted for _, wanted in self.circuits.values()],
            "team": [wanted for _, wanted in self.teams.values()],
            "driver": [wanted for _, wanted in self.drivers.values()],
        }

    @property
    def keys(self) -> dict[str, list[str]]:
        """The keys under which they are claimed, by kind, for a question."""
        return {kind: [one.key for one in those] for kind, those in self.wanted.items()}

    @property
    def slugs(self) -> dict[str, frozenset[str]]:
        """The addresses that they may have, by kind, for a question."""
        return {kind: profiles.candidates(those) for kind, those in self.wanted.items()}

    @property
    def ids(self) -> list[Id]:
        """Their natural ids, for a question."""
        return [one.id for those in self.wanted.values() for one in those]

    def all_decided(self, state: State) -> bool:
        """Whether it was decided before who each of them is."""
        return all(
            one.key in state.decided(self.source, kind)
            for kind, those in self.wanted.items()
            for one in those
        )


def question(named: Named, weekends: Sequence[Weekend]) -> Question:
    """What to read for weekends of one season."""
    first = weekends[0]
    return Question(
        source=first.origin.source,
        series=first.series,
        year=first.year,
        meetings=[one.key for one in weekends],
        days=[one.last_day.isoformat() for one in weekends],
        keys={
            **named.keys,
            "session": [session.key for one in weekends for session in one.sessions],
        },
        slugs={
            **named.slugs,
            "round": [
                slug
                for one in weekends
                for slug in (one.slug, *(f"{one.slug}-{number}" for number in range(2, 5)))
            ],
        },
        ids=named.ids,
        aliases=aliases.keys_of(named.team_rows.values()),
    )


def match(db: Db, plan: Plan, named: Named) -> Matches:
    """Who each of them is."""
    source, wanted = named.source, named.wanted
    return {
        **{
            kind: profiles.match(plan, source, kind, wanted[kind])
            for kind in ("series", "circuit", "team")
        },
        "driver": _match_drivers(db, plan, source, wanted["driver"]),
    }


def claim(plan: Plan, named: Named, matches: Matches, make: bool = True) -> None:
    """Claim what the source says of them, and project their rows.

    ``make`` false: whoever is nobody yet stays so; what is said is kept until somebody needs it.
    """

    def row(kind: str, key: str) -> Id | None:
        found = matches[kind][key]
        return found.id if make or not found.new else None

    for key, (series, _) in named.series.items():
        profiles.claim_series(plan, named.source, series, row("series", key))
    for key, (circuit, _) in named.circuits.items():
        profiles.claim_circuit(plan, named.source, circuit, row("circuit", key))
    for team, wanted in named.teams.values():
        id_ = row("team", wanted.key)
        profiles.claim_team(plan, named.source, wanted.key, team, id_)
    decided = plan.state.decided(named.source, "driver")
    for key, (driver, _) in named.drivers.items():
        id_ = decided.get(key) or row("driver", key)
        profiles.claim_driver(plan, named.source, driver, id_)
    for kind, those in matches.items():
        known = {one.id: one.slug for one in those.values() if make or not one.new}
        profiles.project_shared(plan, kind, known)


def ask(db: Db, named: Named, matches: Matches) -> None:
    """Whether what is new is something that exists, under another name: for a person to say.

    Not of teams and circuits that the hand-checked tables know: somebody has said it. Nor of a
    team whose name is not its address: its source says that it is nobody's.
    """
    source = named.source
    new = {kind: {key for key, one in those.items() if one.new} for kind, those in matches.items()}
    proposals.propose(
        db,
        source,
        "circuit",
        [
            Newcomer(key, it.name)
            for key, (it, _) in named.circuits.items()
            if key in new["circuit"] and lookup.circuit(source, key) is None
        ],
    )
    proposals.propose(
        db,
        source,
        "team",
        [
            Newcomer(wanted.key, it.name)
            for it, wanted in named.teams.values()
            if wanted.key in new["team"] and wanted.key not in named.team_rows and it.slug is None
        ],
    )
    proposals.propose(
        db,
        source,
        "driver",
        [
            Newcomer(key, f"{it.first_name} {it.last_name}", it.born, *(wanted.years or ()))
            for key, (it, wanted) in named.drivers.items()
            if key in new["driver"]
        ],
    )


def _match_drivers(db: Db, plan: Plan, source: str, wanted: Sequence[Wanted]) -> dict[str, Match]:
    """Who they are; whoever was found by name alone is looked at more closely first."""
    state = plan.state
    wanted = [_with_birth(state, source, one) for one in wanted]
    matches, doubtful = profiles.match_drivers(plan, source, wanted)
    if doubtful:
        read_more(db, state, doubtful)
        matches, _ = profiles.match_drivers(plan, source, wanted)
    unclaimed = {one.id for one in matches.values()} & state.unclaimed.keys()
    if unclaimed:
        read_more(db, state, unclaimed)
    if doubtful or unclaimed:
        plan.index_anew()
    return matches


def _with_birth(state: State, source: str, one: Wanted) -> Wanted:
    """With the day of birth that the source gave before, on a page of their own."""
    known = state.claim(source, "driver", one.key)
    if one.born is not None or known is None:
        return one
    return replace(one, born=known.fields.get("DateOfBirth"))
