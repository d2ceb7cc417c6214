"""The writer: a calendar, a weekend or a season into claims, and from claims into rows.

Locks in one order: the season's first, then, only if something that seasons share changes, the
identity lock; what was read before a lock was taken is read again after it. Everything happens in
the caller's transaction, in a fixed number of set-based statements.
"""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from psycopg import Connection
from psycopg.rows import TupleRow

from ingestion_core.catalog import aliases, bookkeeping, roles, series_aliases, tables
from ingestion_core.catalog.entrants import (
    Entries,
    Known,
    plan_entries,
    project_entrants,
    sweep,
)
from ingestion_core.catalog.joining import joining
from ingestion_core.catalog.named import Matches, Named, ask, claim, match, question
from ingestion_core.catalog.plan import Plan
from ingestion_core.catalog.rounds import claim_rounds, new_rounds, project_rounds
from ingestion_core.catalog.sessions import Planned, claim_sessions, project_sessions
from ingestion_core.catalog.state import Question, State, read, season_key
from ingestion_core.identity import ids, lookup
from ingestion_core.identity.ids import Id
from ingestion_core.racing.types import Calendar, Profiles, Season, Weekend

Db = Connection[TupleRow]


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


@dataclass(frozen=True, slots=True)
class Listed:
    """What a season's list came to. ``news``: keys of meetings that are new, or listed otherwise
    than when last seen; ``rows``: those of rounds that changed."""

    news: list[str]
    rows: int


def lock_season(db: Db, series: str, year: int) -> None:
    """Take the season's lock, to be held by whoever writes into it or decides what to write."""
    bookkeeping.lock_season(db, season_key(series, year))


def write_calendar(db: Db, calendar: Calendar, fill_only: bool = False) -> Listed:
    """Store a season's list and renumber the rounds that exist. The season's lock is held."""
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
    rows = tables.write(db, tables.ROUNDS, plan.rows.get("round", {}))
    if rows and state.season:
        rows += roles.assign(db, state.season)
    return Listed(news, rows)


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


def write_profiles(db: Db, told: Profiles, fill_only: bool = False) -> Written:
    """Store what a source says of series, circuits, teams and drivers.

    What has a row is brought up to date. Of anything else only the claim is kept: a row is made by
    whatever needs it, a series by its first season, a driver by a race.

    Args:
        db: a connection in a transaction.
        told: the profiles.
        fill_only: an answer observed later was stored already.
    """
    named = Named.of_profiles(told)
    asked = Question(named.source, "", 0, keys=named.keys, slugs=named.slugs, ids=named.ids)
    bookkeeping.lock_identity(db)
    plan = Plan(read(db, asked), told.origin.observed_at.isoformat(), fill_only)
    matches = match(db, plan, named)
    claim(plan, named, matches, make=False)
    bookkeeping.save_claims(db, plan.claims.values())
    rows = sum(tables.write(db, tables.BY_KIND[kind], plan.rows.get(kind, {})) for kind in matches)
    rows += series_aliases.follow(
        db, plan, {one.id for one in matches["series"].values() if not one.new}
    )
    return Written(0, 0, 0, rows, 0, (), relisted=False)


def _write(db: Db, weekends: Sequence[Weekend], now: datetime, fill_only: bool) -> Written:
    weekends, strays = joining(db, weekends)
    for stray in strays:
        bookkeeping.quarantine(db, stray.source, stray.key, [stray.row])
    if not weekends:
        return Written(0, 0, 0, 0, len(strays), (), relisted=False)
    written = _write_rows(db, weekends, now, fill_only)
    return replace(written, quarantined=written.quarantined + len(strays))


def _write_rows(db: Db, weekends: Sequence[Weekend], now: datetime, fill_only: bool) -> Written:
    first = weekends[0]
    source = first.origin.source
    drawn = _under_locks(db, Named.of(weekends), weekends, now, fill_only)
    plan = drawn.plan
    ask(db, drawn.named, drawn.matches)
    bookkeeping.save_claims(db, plan.claims.values())
    rows = tables.write(db, tables.SERIES, plan.rows.get("series", {}))
    if plan.state.season is None:
        # Nobody says anything of the series, and it is not there: the tables know its name.
        untold = plan.state.series is None and not drawn.matches["series"]
        name = lookup.series_name(first.series) if untold else None
        rows += bookkeeping.found_season(
            db, drawn.series, first.series, name, drawn.season, first.year
        )
        rows += series_aliases.follow(db, plan, [drawn.series])
    for kind, table in tables.BY_KIND.items():
        if table is not tables.SERIES:
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


@dataclass(frozen=True, slots=True)
class _Drawn:
    """The rows as they shall be, and who was meant."""

    plan: Plan
    named: Named
    matches: Matches
    series: Id
    season: Id
    entries: Entries
    entrants: int
    unlisted: set[Id]
    aliases: list[aliases.Row]


def _under_locks(
    db: Db, named: Named, weekends: Sequence[Weekend], now: datetime, fill_only: bool
) -> _Drawn:
    """Draw up the plan under the locks that it turns out to need."""
    asked = question(named, weekends)
    # A whole season nearly always brings somebody new: it is not read twice to find out.
    locked = len(weekends) > 1
    if locked:
        bookkeeping.lock_identity(db)
    state = read(db, asked)
    if not locked and not (state.season and named.all_decided(state)):
        bookkeeping.lock_identity(db)
        state, locked = read(db, asked), True
    drawn = _draw(db, state, named, weekends, now, fill_only)
    if drawn.plan.shared and not locked:
        bookkeeping.lock_identity(db)
        drawn = _draw(db, read(db, asked), named, weekends, now, fill_only)
    return drawn


def _draw(
    db: Db,
    state: State,
    named: Named,
    weekends: Sequence[Weekend],
    now: datetime,
    fill_only: bool,
) -> _Drawn:
    origin, year = weekends[0].origin, weekends[0].year
    source, series_slug = origin.source, weekends[0].series
    plan = Plan(state, origin.observed_at.isoformat(), fill_only)
    matches = match(db, plan, named)
    claim(plan, named, matches)
    series = next(
        (one.id for one in matches["series"].values()),
        state.series or ids.of("series", series_slug),
    )
    season = state.season or ids.of("season", series_slug, year)
    circuits, teams, drivers = (matches[kind] for kind in ("circuit", "team", "driver"))
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
        matches,
        series,
        season,
        entries,
        entrants,
        unlisted,
        aliases.plan_aliases(plan, {teams[key].id: row for key, row in named.team_rows.items()}),
    )


def _sessions_by_round(state: State) -> defaultdict[Id, set[Id]]:
    found: defaultdict[Id, set[Id]] = defaultdict(set)
    for id_, row in state.rows["session"].items():
        found[row["RoundId"]].add(id_)
    return found
