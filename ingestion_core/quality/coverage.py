"""Coverage: a season's rounds in order of the calendar, each session with its state and reason.

For the status page, ``GET /api/coverage`` and whatever verifies; it tells counts, and no result.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from typing import Final

from psycopg import Connection
from psycopg.rows import TupleRow

from ingestion_core.quality.questions import Key
from ingestion_core.quality.season import Listed, Round, Season, Session, read_season
from ingestion_core.quality.states import (
    Known,
    Policy,
    Question,
    State,
    Told,
    listless,
    state_of,
    state_of_bare,
    state_of_listed,
)
from ingestion_core.racing.kinds import SessionStatus, SessionType

Db = Connection[TupleRow]

#: Whose word on a failure or an answer is told, where several sources speak of a session.
_ORDER: Final = ("openf1", "ergast", "thethirdturn")
#: A listed meeting's first day is over everywhere on earth.
_DAY_OVER: Final = timedelta(days=2)
_ALWAYS: Final = date.max


@dataclass(frozen=True, slots=True)
class SessionCoverage:
    """A session of the grid. ``results``: how many rows; None where nobody may know."""

    id: str
    type: SessionType
    starts_at: datetime
    day_only: bool
    sources: tuple[str, ...]
    entrants: int
    results: int | None
    state: State
    reason: str


@dataclass(frozen=True, slots=True)
class RoundCoverage:
    """A round, or a meeting that is listed and was never stored (without id and sessions).

    ``told``: the state of a round without sessions; None where its sessions tell theirs.
    ``number``: 0 for tests and what was called off; None where it is not stored.
    """

    id: str | None
    number: int | None
    name: str
    first_day: date | None
    last_day: date | None
    sources: tuple[Key, ...]
    entrants: int
    quarantined: int
    sessions: tuple[SessionCoverage, ...]
    told: Told | None = None

    @property
    def states(self) -> tuple[Told, ...]:
        """Of its sessions, or of itself where it has none."""
        if self.told:
            return (self.told,)
        return tuple(Told(one.state, one.reason) for one in self.sessions)


@dataclass(frozen=True, slots=True)
class SeasonCoverage:
    """A season, its rounds in order of the calendar."""

    series: str
    year: int
    rounds: tuple[RoundCoverage, ...]

    def totals(self) -> dict[State, int]:
        """How many sessions, or rounds without any, are in each state; all states, in order."""
        found = [told.state for one in self.rounds for told in one.states]
        return {state: found.count(state) for state in State}


def season_coverage(db: Db, series: str, year: int, policy: Policy) -> SeasonCoverage:
    """A season's coverage; a fixed number of statements. Without rounds where nothing is known.

    Args:
        db: a connection.
        series: the address of the series, ``formula-1``.
        year: the season.
        policy: what is wished for, and the present.
    """
    return SeasonCoverage(series, year, cover(read_season(db, series, year), policy))


def cover(season: Season, policy: Policy) -> tuple[RoundCoverage, ...]:
    """The rounds of a season as it was read: stored ones, then merged in those merely listed."""
    stored = {one.id for one in season.rounds}
    listed_as: dict[str, list[Listed]] = {}
    for one in season.listed:
        if one.target in stored:
            listed_as.setdefault(str(one.target), []).append(one)
    rounds = [_stored(season, one, listed_as.get(one.id, []), policy) for one in season.rounds]
    rounds += [_listed(season, one, policy) for one in season.listed if one.target not in stored]
    return tuple(sorted(rounds, key=_place))


def _place(one: RoundCoverage) -> tuple[date, date, str, str]:
    """In order of the calendar; nothing of this is a result."""
    return one.first_day or _ALWAYS, one.last_day or _ALWAYS, one.name, one.id or ""


def _stored(season: Season, one: Round, listed: Sequence[Listed], policy: Policy) -> RoundCoverage:
    keys = tuple((its.source, its.key) for its in listed)
    sessions = season.sessions.get(one.id, ())
    # Where no list of any session is known, as of rows that were there before, the round's counts.
    unlisted = not any(its.entrants for its in sessions)
    covered = tuple(
        _session(season, replace(its, entrants=one.entrants) if unlisted else its, keys, policy)
        for its in sessions
    )
    return RoundCoverage(
        id=one.id,
        number=one.number,
        name=one.name,
        first_day=one.first_day,
        last_day=one.last_day,
        sources=keys,
        entrants=one.entrants,
        quarantined=sum(_asked(season, key).quarantined for key in keys),
        sessions=covered,
        told=None
        if covered
        else state_of_bare(
            _is_over(one.first_day, policy), _joined(_asked(season, key) for key in keys)
        ),
    )


def _session(season: Season, one: Session, keys: Iterable[Key], policy: Policy) -> SessionCoverage:
    type_ = SessionType(one.type)
    speaking = [key for key in keys if key[0] in one.sources or not one.sources]
    speaking = sorted((key for key in speaking if not listless(key[0], type_)), key=_rank)
    results = None if season.counts is None else season.counts.get(one.id, 0)
    told = state_of(
        Known(
            type=type_,
            starts_at=one.starts_at,
            ends_at=one.ends_at,
            cancelled=one.status == SessionStatus.CANCELLED,
            sources=frozenset(one.sources),
            entrants=one.entrants,
            results=results,
            entries=_joined(_asked(season, key) for key in speaking),
            loading=_joined(season.loading.get(key, Question()) for key in speaking),
        ),
        policy,
    )
    return SessionCoverage(
        id=one.id,
        type=type_,
        starts_at=one.starts_at,
        day_only=one.day_only,
        sources=tuple(one.sources),
        entrants=one.entrants,
        results=results,
        state=told.state,
        reason=told.reason,
    )


def _listed(season: Season, one: Listed, policy: Policy) -> RoundCoverage:
    key = (one.source, one.key)
    over = _is_over(one.first_day, policy)
    asked = _asked(season, key)
    return RoundCoverage(
        id=None,
        number=None,
        name=one.name,
        first_day=one.first_day,
        last_day=one.last_day,
        sources=(key,),
        entrants=0,
        quarantined=asked.quarantined,
        sessions=(),
        told=state_of_listed(over, one.cancelled, asked, one.source),
    )


def _is_over(day: date | None, policy: Policy) -> bool:
    return day is not None and datetime.combine(day, time(), UTC) + _DAY_OVER < policy.now


def _asked(season: Season, key: Key) -> Question:
    return season.entries.get(key, Question())


def _rank(key: Key) -> int:
    return _ORDER.index(key[0]) if key[0] in _ORDER else len(_ORDER)


def _joined(questions: Iterable[Question]) -> Question:
    """Several sources' as one: a failure first, then the first that was asked."""
    found = list(questions)
    told = next((one for one in found if one.is_failed), None) or next(
        (one for one in found if one.answer is not None), Question()
    )
    return replace(
        told,
        coming=any(one.coming for one in found),
        quarantined=sum(one.quarantined for one in found),
    )
