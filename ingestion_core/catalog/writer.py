"""The writer: a calendar or a weekend into claims, and from claims into the product's rows.

Locks in one order: the season's first, then, only if something that seasons share changes, the
identity lock; what was read before a lock was taken is read again after it. Everything happens in
the caller's transaction, in a fixed number of set-based statements.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from psycopg import Connection
from psycopg.rows import TupleRow

from ingestion_core.catalog import bookkeeping, roles, tables
from ingestion_core.catalog.entrants import Entries, plan_entrants, plan_entries, sweep
from ingestion_core.catalog.plan import Plan
from ingestion_core.catalog.profiles import (
    candidates,
    plan_circuit,
    plan_drivers,
    plan_teams,
    want_circuit,
    want_driver,
    want_team,
)
from ingestion_core.catalog.rounds import plan_round, plan_rounds
from ingestion_core.catalog.sessions import plan_sessions
from ingestion_core.catalog.state import Question, State, read, season_key
from ingestion_core.identity import ids
from ingestion_core.racing.types import Calendar, Weekend

Db = Connection[TupleRow]

#: Series that are made where they are missing: slug to name.
_SERIES_NAMES = {"formula-1": "Formula 1"}


@dataclass(frozen=True, slots=True)
class Written:
    """What a meeting came to, in counts. ``rows``: added, changed or removed in the product.

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
    plan_rounds(plan, origin.source, season, {})
    bookkeeping.save_claims(db, plan.claims.values())
    if tables.write(db, tables.ROUNDS, plan.rows.get("round", [])) and state.season:
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
    question = _question(weekend)

    def draw() -> _Drawn:
        return _draw(read(db, question), weekend, now, fill_only)

    drawn = _under_locks(db, draw)
    plan = drawn.plan
    bookkeeping.save_claims(db, plan.claims.values())
    rows = 0
    if plan.state.season is None:
        rows += bookkeeping.found_season(
            db,
            drawn.series,
            plan.state.series is None,
            weekend.series,
            _SERIES_NAMES[weekend.series],
            drawn.season,
            weekend.year,
        )
    for kind, table in tables.BY_KIND.items():
        rows += tables.write(db, table, plan.rows.get(kind, []))
    replaced = drawn.entries.replaced
    if replaced:
        bookkeeping.replace_entries(
            db,
            weekend.origin.source,
            sorted(replaced),
            [
                (session, driver, car, team)
                for session in sorted(replaced)
                for driver, (car, team) in sorted(replaced[session].items())
            ],
            plan.observed_at,
        )
    if drawn.unlisted:
        rows += sweep(db, drawn.round_id)
    if replaced or plan.rows.get("round") or plan.rows.get("entrant"):
        rows += roles.assign(db, drawn.season)
    bookkeeping.quarantine(db, weekend.origin.source, weekend.key, weekend.unreadable)
    return Written(
        rounds=1,
        sessions=len(weekend.sessions),
        entrants=len({driver for _, driver, _ in drawn.entries.all}),
        rows=rows,
        quarantined=len(weekend.unreadable),
        shrunk=tuple(drawn.entries.shrunk),
        relisted=bool(replaced),
    )


@dataclass(frozen=True, slots=True)
class _Drawn:
    plan: Plan
    series: UUID
    season: UUID
    round_id: UUID
    entries: Entries
    unlisted: bool


def _under_locks(db: Db, draw: Callable[[], _Drawn]) -> _Drawn:
    """Draw up the plan under the locks that it turns out to need."""
    drawn = draw()
    if drawn.plan.shared or drawn.plan.state.season is None:
        bookkeeping.lock_identity(db)
        drawn = draw()
    return drawn


def _question(weekend: Weekend) -> Question:
    source = weekend.origin.source
    circuit = want_circuit(source, weekend.circuit)
    teams = [want_team(source, one, weekend.year) for one in weekend.teams]
    drivers = [want_driver(one) for one in weekend.drivers]
    return Question(
        source=source,
        series=weekend.series,
        year=weekend.year,
        meeting=weekend.key,
        first_day=weekend.first_day.isoformat(),
        keys={
            "circuit": [circuit.key],
            "team": [one.key for one in teams],
            "driver": [one.key for one in drivers],
            "session": [one.key for one in weekend.sessions],
        },
        slugs={
            "circuit": candidates([circuit]),
            "team": candidates(teams),
            "driver": candidates(drivers),
            "round": [weekend.slug, *(f"{weekend.slug}-{n}" for n in range(2, 5))],
        },
        ids=[circuit.id, *(one.id for one in teams), *(one.id for one in drivers)],
    )


def _draw(state: State, weekend: Weekend, now: datetime, fill_only: bool) -> _Drawn:
    source = weekend.origin.source
    plan = Plan(state, weekend.origin.observed_at.isoformat(), fill_only)
    series = state.series or ids.of("series", weekend.series)
    season = state.season or ids.of("season", weekend.series, weekend.year)
    circuit = plan_circuit(plan, source, weekend.circuit)
    teams = plan_teams(plan, source, weekend.teams, weekend.year)
    drivers = plan_drivers(plan, source, weekend.drivers)
    round_id = plan_round(plan, weekend, season, circuit.id, circuit.slug)
    sessions = plan_sessions(plan, weekend, round_id, now)
    entries = plan_entries(plan, source, sessions, drivers, teams)
    unlisted = plan_entrants(plan, round_id, entries)
    return _Drawn(plan, series, season, round_id, entries, unlisted)
