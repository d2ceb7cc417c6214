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
from ingestion_core.catalog.projection import believe, session_status
from ingestion_core.catalog.rounds import (
    claims_of_season,
    is_cancelled,
    nth_at_circuit,
    plan_rounds,
)
from ingestion_core.catalog.state import Question, State, read, season_key
from ingestion_core.identity import ids
from ingestion_core.racing.types import Calendar, ScheduledSession, Weekend

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
    round_id = _plan_round(plan, weekend, season, circuit.id, circuit.slug)
    sessions = _plan_sessions(plan, weekend, round_id, now)
    entries = plan_entries(plan, source, sessions, drivers, teams)
    unlisted = plan_entrants(plan, round_id, entries)
    return _Drawn(plan, series, season, round_id, entries, unlisted)


def _plan_round(
    plan: Plan, weekend: Weekend, season: UUID, circuit: UUID, circuit_slug: str
) -> UUID:
    source, key = weekend.origin.source, weekend.key
    season_text = season_key(weekend.series, weekend.year)
    fields = {
        "Season": season_text,
        "Name": weekend.name,
        "OfficialName": weekend.official_name,
        "DateStart": weekend.first_day.isoformat(),
        "DateEnd": weekend.last_day.isoformat(),
        "CircuitKey": weekend.circuit.key,
        "CircuitId": str(circuit),
        "Testing": weekend.testing or None,
        "SessionsCancelled": weekend.cancelled,
        "OpenF1MeetingKey": int(key),
    }
    plan.claim(source, "round", key, None, fields)
    found = _find_round(plan, weekend, circuit)
    if found is None:
        nth = nth_at_circuit(claims_of_season(plan, source, season_text), key)
        found = _free_id(plan, f"{season_text}|{circuit_slug}", nth)
    plan.claim(source, "round", key, found, fields)
    once = {"SeasonId": season, "Slug": _free_slug(plan, weekend.slug, found)}
    plan_rounds(
        plan, source, season_text, {} if found in plan.state.rows["round"] else {found: once}
    )
    return found


def _find_round(plan: Plan, weekend: Weekend, circuit: UUID) -> UUID | None:
    """By the decided key, by the meeting key in the product, by circuit and date; never by name."""
    claim = plan.state.claim(weekend.origin.source, "round", weekend.key)
    if claim is not None and claim.target is not None:
        return claim.target
    rows = plan.state.rows["round"]
    for id_, row in sorted(rows.items()):
        if row["OpenF1MeetingKey"] == int(weekend.key):
            return id_
    near = [
        id_
        for id_, row in sorted(rows.items())
        if row["here"]
        and row["OpenF1MeetingKey"] is None
        and UUID(row["CircuitId"]) == circuit
        and (row["RoundNumber"] == 0) == (weekend.testing or weekend.cancelled)
    ]
    return near[0] if len(near) == 1 else None


def _free_id(plan: Plan, natural: str, nth: str) -> UUID:
    """The natural id; where another meeting has it (the calendar was re-ordered), the next one."""
    taken = {
        claim.target
        for claim in {**plan.state.claims, **plan.claims}.values()
        if claim.kind == "round"
    } | plan.state.rows["round"].keys()
    prefix, _, number = nth.rpartition("|")
    count = int(number)
    while True:
        id_ = ids.of("round", natural, f"{prefix}|{count}" if prefix else str(count))
        if id_ not in taken:
            return id_
        count += 1


def _free_slug(plan: Plan, slug: str, round_id: UUID) -> str:
    taken = {row["Slug"] for id_, row in plan.state.rows["round"].items() if id_ != round_id}
    candidate, number = slug, 1
    while candidate in taken:
        number += 1
        candidate = f"{slug}-{number}"
    return candidate


def _plan_sessions(
    plan: Plan, weekend: Weekend, round_id: UUID, now: datetime
) -> list[tuple[UUID, ScheduledSession]]:
    source = weekend.origin.source
    round_claim = plan.current(source, "round", weekend.key)
    round_cancelled = round_claim is not None and is_cancelled(round_claim.fields)
    taken: set[UUID] = set()
    planned: list[tuple[UUID, ScheduledSession]] = []
    for one in weekend.sessions:
        id_ = _find_session(plan, source, one, round_id, taken)
        taken.add(id_)
        plan.claim(
            source,
            "session",
            one.key,
            id_,
            {
                "Type": int(one.type),
                "Caption": one.caption,
                "StartTimeUtc": one.start.isoformat(),
                "EndTimeUtc": one.end.isoformat() if one.end else None,
                "Cancelled": one.cancelled,
                "OpenF1SessionKey": int(one.key),
            },
        )
        fields = believe("session", plan.claims_on(id_))
        end = fields.get("EndTimeUtc")
        columns = {
            "Type": fields["Type"],
            "StartTimeUtc": fields["StartTimeUtc"],
            "Status": int(
                session_status(
                    datetime.fromisoformat(fields["StartTimeUtc"]),
                    datetime.fromisoformat(end) if end else None,
                    bool(fields["Cancelled"]) or round_cancelled,
                    now,
                )
            ),
            "OpenF1SessionKey": fields["OpenF1SessionKey"],
        }
        plan.put("session", id_, columns, {"RoundId": round_id})
        planned.append((id_, one))
    return planned


def _find_session(
    plan: Plan, source: str, one: ScheduledSession, round_id: UUID, taken: set[UUID]
) -> UUID:
    """By the decided key, by the session key in the product, by type in the round, else new."""
    claim = plan.state.claim(source, "session", one.key)
    if claim is not None and claim.target is not None:
        return claim.target
    rows = plan.state.rows["session"]
    for id_, row in sorted(rows.items()):
        if row["OpenF1SessionKey"] == int(one.key):
            return id_
    for id_, row in sorted(rows.items()):
        if (
            UUID(row["RoundId"]) == round_id
            and row["Type"] == int(one.type)
            and row["OpenF1SessionKey"] is None
            and id_ not in taken
        ):
            return id_
    number = 1
    while (id_ := ids.of("session", round_id, int(one.type), number)) in rows or id_ in taken:
        number += 1
    return id_
