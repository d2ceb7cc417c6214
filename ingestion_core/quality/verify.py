"""What is expected of each season against what is found; gaps with their reasons."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from psycopg import Connection
from psycopg.rows import TupleRow

from ingestion_core.quality.coverage import RoundCoverage, SessionCoverage, season_coverage
from ingestion_core.quality.season import read_series
from ingestion_core.quality.states import GAPS, Policy, State

Db = Connection[TupleRow]

#: States of which nothing more is expected yet, or ever.
_NOTHING_YET: Final = frozenset({State.SCHEDULED, State.CANCELLED})
#: What is withheld is not in, with a reason: embargoed, or not opted into.
_NOT_IN: Final = GAPS | {State.WITHHELD, State.NO_ENTRIES}


@dataclass(frozen=True, slots=True)
class Held:
    """How many are there of how many that should be."""

    found: int
    expected: int


@dataclass(frozen=True, slots=True)
class Gap:
    """Something that is not in. ``session`` is its type's name; None of a round never read."""

    round: str
    session: str | None
    state: State
    reason: str


@dataclass(frozen=True, slots=True)
class Verified:
    """A season: expected against found.

    ``rounds``: listed by a source or stored. ``sessions``: begun and not cancelled, and how many
    of them have entrants. ``entrants``: the fewest and the most in a session. ``results``: sessions
    that are over and have them; None where they are not opted into. ``reasons``: of all that is
    not in, how often each; ``gaps``: what is missing or failed.
    """

    series: str
    year: int
    rounds: Held
    sessions: Held
    entrants: tuple[int, int]
    results: Held | None
    reasons: dict[str, int]
    gaps: tuple[Gap, ...]


def verify(db: Db, first: int, last: int, policy: Policy) -> list[Verified]:
    """Every season of these years that is stored or listed, by series and year."""
    return [
        _verified(one.slug, year, season_coverage(db, one.slug, year, policy).rounds, policy)
        for one in read_series(db)
        for year in one.years
        if first <= year <= last
    ]


def _verified(series: str, year: int, rounds: Iterable[RoundCoverage], policy: Policy) -> Verified:
    rounds = [one for one in rounds if not _called_off_unread(one)]
    sessions = [(one, its) for one in rounds for its in one.sessions]
    wanted = [
        its for _, its in sessions if its.state not in _NOTHING_YET and not _nobody_lists(its)
    ]
    listed = [its.entrants for its in wanted if its.entrants]
    over = [its for its in wanted if its.state is State.LOADED or _wants_results(its)]
    gaps = [
        Gap(one.name, its.type.name, its.state, its.reason)
        for one, its in sessions
        if its.state in _NOT_IN
    ]
    gaps += [
        Gap(one.name, None, one.told.state, one.told.reason)
        for one in rounds
        if one.told and one.told.state in _NOT_IN
    ]
    return Verified(
        series=series,
        year=year,
        rounds=Held(sum(one.id is not None for one in rounds), len(rounds)),
        sessions=Held(len(listed), len(wanted)),
        entrants=(min(listed, default=0), max(listed, default=0)),
        results=Held(sum(bool(its.results) for its in over), len(over))
        if policy.opted_in
        else None,
        reasons=dict(Counter(_in_words(gap) for gap in gaps).most_common()),
        gaps=tuple(gap for gap in gaps if gap.state in GAPS),
    )


def _called_off_unread(one: RoundCoverage) -> bool:
    return one.id is None and one.told is not None and one.told.state is State.CANCELLED


def _nobody_lists(one: SessionCoverage) -> bool:
    return one.state is State.READ and not one.entrants


def _wants_results(one: SessionCoverage) -> bool:
    return one.state in {State.MISSING, State.FAILED} and bool(one.entrants)


def _in_words(gap: Gap) -> str:
    """Without its dates, by which every session's would be another."""
    return f"{gap.state}: {gap.reason.split(', asked again from')[0].split(' until ')[0]}"
