"""The state of a session of the season's grid, and the reason for it: a pure function.

docs/status.md tells each state in a table; its tests have a case for each line of it.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from ingestion_core.racing.kinds import SessionType

#: How long after a session's end its entries may be on their way before they are missing.
ENTRIES_GRACE = timedelta(hours=6)
#: The same of results, counted from the end of the embargo.
RESULTS_GRACE = timedelta(hours=24)

_PRACTICE = frozenset({SessionType.FP1, SessionType.FP2, SessionType.FP3, SessionType.WARMUP})
#: Sessions that a source knows of, and nobody in them.
_LISTLESS = {
    "ergast": _PRACTICE | {SessionType.SPRINT_QUALIFYING},
    "thethirdturn": _PRACTICE,
}


class State(StrEnum):
    """What there is of a session."""

    SCHEDULED = "scheduled"
    READ = "read"
    NO_ENTRIES = "no entries yet"
    WITHHELD = "results withheld"
    LOADED = "loaded"
    MISSING = "missing"
    FAILED = "failed"
    CANCELLED = "cancelled"


#: States in which something is not as it should be.
GAPS = frozenset({State.MISSING, State.FAILED})


@dataclass(frozen=True, slots=True)
class Told:
    """A state and, in words, why."""

    state: State
    reason: str


@dataclass(frozen=True, slots=True)
class Policy:
    """What is wished for: whether results are opted into, how long they are kept back, and the
    present."""

    opted_in: bool
    embargo: timedelta
    now: datetime


@dataclass(frozen=True, slots=True)
class Question:
    """How it went to ask for something, the latest first of work and answer.

    ``asked``: an answer or the lack of one is on record. ``failed``: the code of the work that
    ended as failed; nothing has succeeded since. ``answer``: ok, empty, failed, withheld.
    ``coming``: work for it is under way. ``next_at``: when it is asked again. ``quarantined``: how
    many rows of the answer were set apart.
    """

    answer: str | None = None
    failed: str | None = None
    coming: bool = False
    next_at: datetime | None = None
    quarantined: int = 0

    @property
    def is_failed(self) -> bool:
        """Whether the last word on it was a failure, and nothing is under way to mend it."""
        return self.failed is not None or (self.answer == "failed" and not self.coming)


@dataclass(frozen=True, slots=True)
class Known:
    """All that a session's state depends on; nothing of it is a result.

    ``ends_at``: when it ends or ended, as far as that is known. ``sources``: who speaks of it; none
    for a row that somebody else made. ``results``: how many rows there are; None where nobody may
    know, since results were never opted into.
    """

    type: SessionType
    starts_at: datetime
    ends_at: datetime
    cancelled: bool
    sources: frozenset[str]
    entrants: int
    results: int | None
    entries: Question
    loading: Question


def listless(source: str, type_: SessionType) -> bool:
    """Whether a source has neither entries nor results of such sessions, as the archive of any
    practice."""
    return type_ in _LISTLESS.get(source, ())


def state_of(known: Known, policy: Policy) -> Told:
    """The state of a stored session."""
    if known.cancelled:
        return Told(State.CANCELLED, "called off")
    if known.results:
        return Told(State.LOADED, f"entries and {_many(known.results, 'result')} are in")
    if not known.entrants:
        return _without_entries(known, policy)
    if policy.now < known.ends_at:
        return Told(State.READ, "entries are in; it is not over")
    if _has_no_more(known):
        return Told(State.READ, "entries are in; its source has no results of such sessions")
    return _without_results(known, policy)


def state_of_listed(first_day_over: bool, cancelled: bool, entries: Question, source: str) -> Told:
    """The state of a meeting that a season's list names and that was never stored.

    Args:
        first_day_over: whether its first day is past.
        cancelled: whether the list calls it off.
        entries: how it went to ask for it.
        source: whose list.
    """
    if cancelled:
        return Told(State.CANCELLED, f"called off in the list of {source}")
    if entries.is_failed:
        return Told(State.FAILED, f"listed by {source}; {_failure(entries)}")
    if entries.coming:
        return Told(State.SCHEDULED, f"listed by {source}; being read")
    if not first_day_over:
        return Told(State.SCHEDULED, f"listed by {source}; not read yet")
    return Told(
        State.MISSING, f"listed by {source}; never read{_empty(entries)}{_set_apart(entries)}"
    )


def state_of_bare(first_day_over: bool, entries: Question) -> Told:
    """The state of a stored round without sessions; as ``state_of_listed``."""
    if entries.is_failed:
        return Told(State.FAILED, f"no sessions; {_failure(entries)}")
    if entries.coming or not first_day_over:
        return Told(State.SCHEDULED, f"its sessions are not known yet{_empty(entries)}")
    return Told(State.MISSING, f"no sessions{_empty(entries)}{_set_apart(entries)}")


def _without_entries(known: Known, policy: Policy) -> Told:
    asked = known.entries
    if _has_no_more(known):
        return Told(State.READ, "its source has no lists of such sessions")
    if asked.is_failed:
        return Told(State.FAILED, f"no entries; {_failure(asked)}")
    if policy.now < known.starts_at:
        return Told(State.SCHEDULED, f"no entries yet{_empty(asked)}")
    if asked.coming:
        return Told(State.NO_ENTRIES, "its entries are being read")
    if policy.now < known.ends_at + ENTRIES_GRACE:
        return Told(State.NO_ENTRIES, f"it has begun{_empty(asked)}")
    why = _empty(asked) or ("; never asked for" if asked.answer is None else "; not in the answer")
    return Told(State.MISSING, f"no entries{why}{_set_apart(asked)}")


def _without_results(known: Known, policy: Policy) -> Told:
    asked, opens = known.loading, known.ends_at + policy.embargo
    if not policy.opted_in:
        return Told(State.WITHHELD, "results are not opted in")
    if policy.now < opens:
        return Told(State.WITHHELD, f"embargoed until {opens:%Y-%m-%d %H:%M} UTC")
    if asked.is_failed:
        return Told(State.FAILED, f"no results; {_failure(asked)}")
    if asked.coming:
        return Told(State.WITHHELD, "the embargo is over; results are being loaded")
    if policy.now < opens + RESULTS_GRACE:
        return Told(State.WITHHELD, "the embargo is over; results are due")
    if asked.answer in {None, "withheld"}:
        return Told(State.MISSING, "no results; never asked for")
    why = _empty(asked) or "; not in the answer"
    return Told(State.MISSING, f"no results{why}{_set_apart(asked)}")


def _has_no_more(known: Known) -> bool:
    return bool(known.sources) and all(listless(one, known.type) for one in known.sources)


def _failure(asked: Question) -> str:
    return f"failed: {asked.failed}" if asked.failed else "the source failed to answer"


def _empty(asked: Question) -> str:
    if asked.answer != "empty":
        return ""
    again = f", asked again from {asked.next_at:%Y-%m-%d} on" if asked.next_at else ""
    return f"; the answer was empty{again}"


def _set_apart(asked: Question) -> str:
    if not asked.quarantined:
        return ""
    return f"; {_many(asked.quarantined, 'row')} quarantined"


def _many(number: int, word: str) -> str:
    return f"{number} {word}" if number == 1 else f"{number} {word}s"
