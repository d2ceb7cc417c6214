"""The writer: a calendar, a weekend or a season into claims, and from claims into rows.

Locks in one order: the season's first, then, only if something that seasons share changes, the
identity lock; what was read before a lock was taken is read again after it. Everything happens in
the caller's transaction, in a fixed number of set-based statements.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import cached_property

from psycopg import Connection
from psycopg.rows import TupleRow

from ingestion_core.catalog import aliases, bookkeeping, profiles, proposals, roles, tables
from ingestion_core.catalog.entrants import (
    Entries,
    Known,
    plan_entries,
    project_entrants,
    sweep,
)
from ingestion_core.catalog.plan import Plan
from ingestion_core.catalog.rounds import claim_rounds, new_rounds, project_rounds
from ingestion_core.catalog.sessions import Planned, claim_sessions, project_sessions
from ingestion_core.catalog.state import Question, State, read, read_more, season_key
from ingestion_core.identity import ids, lookup
from ingestion_core.identity.ids import Id
from ingestion_core.identity.likeness import Newcomer
from ingestion_core.identity.resolve import Match, Wanted
from ingestion_core.identity.tables import TeamRow
from ingestion_core.racing.types import (
    Calendar,
    CircuitProfile,
    DriverProfile,
    Season,
    TeamProfile,
    Weekend,
)

Db = Connection[TupleRow]

#: Series that are made where they are missing: slug to name.
_SERIES_NAMES = {"formula-1": "Formula 1"}


@dataclass(frozen=True, slots=True)
class Written:
    """What meetings came to, in counts. ``rows``: added, changed or removed in the product.

    ``relisted``: whether anybody's entry differs from what was stored.
    """

    rounds: int
    sessions: int
    entrants: int
    rows: int
    quarantined: int
    shrunk: tuple[str, ...]
    relisted: bool


def lock_season(db: Db, series: str, year: int) -> None:
    """Take the season's lock, to be held by whoever writes into it or decides what to write."""
    bookkeeping.lock_season(db, season_key(series, year))


def write_calendar(db: Db, calendar: Calendar, fill_only: bool = False) -> list[str]:
    """Store a season's list and renumber the rounds that exist. The season's lock is held.

    Returns the keys of meetings that are new, or listed otherwise than when last seen.
    """
    origin = calendar.origin
    season = season_key(calendar.series, calendar.year)
    state = read(db, Question(origin.source, calendar.series, calendar.year))
    plan = Plan(state, origin.observed_at.isoformat(), fill_only)
    news: list[str] = []
    for one in calendar.rounds:
        old = state.claim(origin.source, "round", one.key)
        if old is None or old.fields.get("Digest") != one.digest:
            news.append(one.key)
        plan.claim(
            origin.source,
            "round",
            one.key,
            None,
            {
                "Season": season,
                "Name": one.name,
                "OfficialName": one.official_name,
                "ListedSlug": one.slug,
                "DateStart": one.first_day.isoformat(),
                "ListedEnd": one.last_day.isoformat() if one.last_day else None,
                "CircuitKey": one.circuit or None,
                "Testing": one.testing or None,
                "Cancelled": one.cancelled,
                "Digest": one.digest,
            },
        )
    project_rounds(plan, season, {})
    bookkeeping.save_claims(db, plan.claims.values())
    if tables.write(db, tables.ROUNDS, plan.rows.get("round", {})) and state.season:
        roles.assign(db, state.season)
    return news


def write_weekend(db: Db, weekend: Weekend, now: datetime, fill_only: bool = False) -> Written:
    """Store a meeting: its circuit, teams, drivers, round, sessions and entrants.

    The season's lock is held.

    Args:
        db: a connection in a transaction.
        weekend: what the source says.
        now: for the sessions' status.
        fill_only: an answer observed later was stored already.
    """
    return _write(db, [weekend], now, fill_only)


def write_season(db: Db, season: Season, now: datetime, fill_only: bool = False) -> Written:
    """Store a season's meetings at once; as ``write_weekend`` does one."""
    bookkeeping.quarantine(db, season.origin.source, season.origin.key, season.unreadable)
    if not season.weekends:
        return Written(0, 0, 0, 0, len(season.unreadable), (), relisted=False)
    written = _write(db, season.weekends, now, fill_only)
    return replace(written, quarantined=written.quarantined + len(season.unreadable))


def _write(db: Db, weekends: Sequence[Weekend], now: datetime, fill_only: bool) -> Written:
    first = weekends[0]
    source = first.origin.source
    drawn = _under_locks(db, _Named.of(weekends), weekends, now, fill_only)
    plan = drawn.plan
    _ask(db, source, drawn.named, drawn.new)
    bookkeeping.save_claims(db, plan.claims.values())
    rows = 0
    if plan.state.season is None:
        rows += bookkeeping.found_season(
            db,
            drawn.series,
            plan.state.series is None,
            first.series,
            _SERIES_NAMES[first.series],
            drawn.season,
            first.year,
        )
    for kind, table in tables.BY_KIND.items():
        rows += tables.write(db, table, plan.rows.get(kind, {}))
    rows += aliases.write(db, drawn.aliases)
    entries = drawn.entries
    if entries.replaced:
        bookkeeping.replace_entries(
            db,
            source,
            entries.replaced,
            [
                {"session": session, "driver": driver, **seat.stored()}
                for session in sorted(entries.replaced)
                for driver, seat in sorted(entries.lists[session][source].items())
            ],
            plan.observed_at,
        )
    if drawn.unlisted:
        rows += sweep(db, drawn.unlisted)
    if entries.replaced or plan.rows.get("round") or plan.rows.get("entrant"):
        rows += roles.assign(db, drawn.season)
    for weekend in weekends:
        bookkeeping.quarantine(db, source, weekend.key, weekend.unreadable)
    return Written(
        rounds=len(weekends),
        sessions=sum(len(one.sessions) for one in weekends),
        entrants=drawn.entrants,
        rows=rows,
        quarantined=sum(len(one.unreadable) for one in weekends),
        shrunk=tuple(entries.shrunk),
        relisted=bool(entries.replaced),
    )


@dataclass(frozen=True)
class _Named:
    """Who and what weekends name: the source's keys to profiles, and to what is looked for."""

    source: str
    circuits: dict[str, tuple[CircuitProfile, Wanted]]
    teams: dict[str, tuple[TeamProfile, Wanted]]
    drivers: dict[str, tuple[DriverProfile, Wanted]]

    @classmethod
    def of(cls, weekends: Sequence[Weekend]) -> "_Named":
        source, year = weekends[0].origin.source, weekends[0].year
        circuits = {one.circuit.key: one.circuit for one in weekends}
        teams = {team.key: team for one in weekends for team in one.teams}
        drivers = {driver.key: driver for one in weekends for driver in one.drivers}
        return cls(
            source,
            {key: (it, profiles.want_circuit(source, it)) for key, it in circuits.items()},
            {key: (it, profiles.want_team(source, it, year)) for key, it in teams.items()},
            {key: (it, profiles.want_driver(source, it, year)) for key, it in drivers.items()},
        )

    @cached_property
    def team_rows(self) -> dict[str, TeamRow]:
        """What the tables say of the teams, by the keys under which they are claimed."""
        rows = {
            wanted.key: lookup.team_by_claim(self.source, wanted.key)
            for _, wanted in self.teams.values()
        }
        return {key: row for key, row in rows.items() if row is not None}

    def wanted(self, kind: str) -> list[Wanted]:
        """What is looked for of a kind."""
        named: dict[str, list[Wanted]] = {
            "circuit": [wanted for _, wanted in self.circuits.values()],
            "team": [wanted for _, wanted in self.teams.values()],
            "driver": [wanted for _, wanted in self.drivers.values()],
        }
        return named[kind]


@dataclass(frozen=True, slots=True)
class _Drawn:
    """``new``: per kind, the keys of what nobody is."""

    plan: Plan
    named: _Named
    series: Id
    season: Id
    entries: Entries
    entrants: int
    unlisted: set[Id]
    aliases: list[aliases.Row]
    new: dict[str, set[str]]


def _under_locks(
    db: Db, named: _Named, weekends: Sequence[Weekend], now: datetime, fill_only: bool
) -> _Drawn:
    """Draw up the plan under the locks that it turns out to need."""
    question = _question(named, weekends)
    # A whole season nearly always brings somebody new: it is not read twice to find out.
    locked = len(weekends) > 1
    if locked:
        bookkeeping.lock_identity(db)
    state = read(db, question)
    if not locked and not (state.season and _all_decided(state, question.source, named)):
        bookkeeping.lock_identity(db)
        state, locked = read(db, question), True
    drawn = _draw(db, state, named, weekends, now, fill_only)
    if drawn.plan.shared and not locked:
        bookkeeping.lock_identity(db)
        drawn = _draw(db, read(db, question), named, weekends, now, fill_only)
    return drawn


def _all_decided(state: State, source: str, named: _Named) -> bool:
    return all(
        one.key in state.decided(source, kind)
        for kind in tables.SHARED
        for one in named.wanted(kind)
    )


def _question(named: _Named, weekends: Sequence[Weekend]) -> Question:
    first = weekends[0]
    wanted = {kind: named.wanted(kind) for kind in tables.SHARED}
    return Question(
        source=first.origin.source,
        series=first.series,
        year=first.year,
        meetings=[one.key for one in weekends],
        days=[one.last_day.isoformat() for one in weekends],
        keys={
            **{kind: [one.key for one in those] for kind, those in wanted.items()},
            "session": [session.key for one in weekends for session in one.sessions],
        },
        slugs={
            **{kind: profiles.candidates(those) for kind, those in wanted.items()},
            "round": [
                slug
                for one in weekends
                for slug in (one.slug, *(f"{one.slug}-{number}" for number in range(2, 5)))
            ],
        },
        ids=[one.id for those in wanted.values() for one in those],
        aliases=aliases.keys_of(named.team_rows.values()),
    )


def _draw(
    db: Db,
    state: State,
    named: _Named,
    weekends: Sequence[Weekend],
    now: datetime,
    fill_only: bool,
) -> _Drawn:
    origin, year = weekends[0].origin, weekends[0].year
    source, series_slug = origin.source, weekends[0].series
    plan = Plan(state, origin.observed_at.isoformat(), fill_only)
    series = state.series or ids.of("series", series_slug)
    season = state.season or ids.of("season", series_slug, year)
    circuits = profiles.match(plan, source, "circuit", named.wanted("circuit"))
    teams = profiles.match(plan, source, "team", named.wanted("team"))
    drivers = _match_drivers(db, plan, source, named.wanted("driver"))
    for key, (circuit, _) in named.circuits.items():
        profiles.claim_circuit(plan, source, circuit, circuits[key].id)
    for team, wanted in named.teams.values():
        profiles.claim_team(plan, source, wanted.key, team, teams[wanted.key].id)
    for key, (driver, _) in named.drivers.items():
        profiles.claim_driver(plan, source, driver, drivers[key].id)
    matched = {"circuit": circuits, "team": teams, "driver": drivers}
    for kind, matches in matched.items():
        profiles.project_shared(plan, kind, {one.id: one.slug for one in matches.values()})
    rounds = claim_rounds(
        plan,
        weekends,
        {key: one.id for key, one in circuits.items()},
        {key: one.slug for key, one in circuits.items()},
    )
    project_rounds(plan, season_key(series_slug, year), new_rounds(plan, weekends, rounds, season))
    of_round = _sessions_by_round(state)
    planned: list[Planned] = []
    round_of: dict[Id, Id] = {}
    for weekend in weekends:
        round_id = rounds[weekend.key]
        own = claim_sessions(plan, weekend, round_id, of_round)
        planned += own
        of_round[round_id] |= {id_ for id_, _ in own}
        round_of.update((id_, round_id) for id_, _ in own)
    project_sessions(plan, round_of, now)
    entries = plan_entries(
        plan,
        source,
        planned,
        {key: one.id for key, one in drivers.items()},
        {key: Known(teams[wanted.key].id, wanted.key) for key, (_, wanted) in named.teams.items()},
    )
    entrants, unlisted = project_entrants(
        plan, {id_: sorted(of_round[id_]) for id_ in rounds.values()}, entries.lists
    )
    return _Drawn(
        plan,
        named,
        series,
        season,
        entries,
        entrants,
        unlisted,
        aliases.plan_aliases(plan, {teams[key].id: row for key, row in named.team_rows.items()}),
        {kind: {key for key, one in those.items() if one.new} for kind, those in matched.items()},
    )


def _ask(db: Db, source: str, named: _Named, new: Mapping[str, set[str]]) -> None:
    """Whether what is new is something that exists, under another name: for a person to say.

    Not of teams and circuits that the hand-checked tables know: somebody has said it.
    """
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
            if wanted.key in new["team"] and wanted.key not in named.team_rows
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
    matches, doubtful = profiles.match_drivers(plan, source, wanted)
    if doubtful:
        read_more(db, state, doubtful)
        matches = profiles.match(plan, source, "driver", wanted)
    unclaimed = {one.id for one in matches.values()} & state.unclaimed.keys()
    if unclaimed:
        read_more(db, state, unclaimed)
    if doubtful or unclaimed:
        plan.index_anew()
    return matches


def _sessions_by_round(state: State) -> defaultdict[Id, set[Id]]:
    found: defaultdict[Id, set[Id]] = defaultdict(set)
    for id_, row in state.rows["session"].items():
        found[row["RoundId"]].add(id_)
    return found
