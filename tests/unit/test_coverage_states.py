"""The state of a session: every line of docs/status.md's table, and its edges."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from ingestion_core.quality.states import (
    Known,
    Policy,
    Question,
    State,
    Told,
    state_of,
    state_of_bare,
    state_of_listed,
)
from ingestion_core.racing.kinds import SessionType

START = datetime(2024, 3, 2, 15, tzinfo=UTC)
END = START + timedelta(hours=2)
RACE = Known(
    type=SessionType.RACE,
    starts_at=START,
    ends_at=END,
    cancelled=False,
    sources=frozenset({"openf1"}),
    entrants=20,
    results=0,
    entries=Question(answer="ok"),
    loading=Question(),
)
BARE = replace(RACE, entrants=0, entries=Question())
FAILED = Question(failed="poison")
EMPTY = Question(answer="empty", next_at=datetime(2024, 3, 9, tzinfo=UTC))


def at(hours: float, *, opted_in: bool = True) -> Policy:
    """So many hours after the race's end, with the usual embargo."""
    return Policy(opted_in, timedelta(hours=24), END + timedelta(hours=hours))


LONG_AFTER = at(1000)

STATES = [
    (replace(RACE, cancelled=True, results=20), LONG_AFTER, "cancelled", "called off"),
    (replace(RACE, results=20), LONG_AFTER, "loaded", "entries and 20 results are in"),
    (replace(RACE, results=1), at(-1), "loaded", "entries and 1 result are in"),
    # Entries are in.
    (RACE, at(-100), "read", "entries are in; it is not over"),
    (RACE, at(-0.1), "read", "entries are in; it is not over"),
    (RACE, at(0, opted_in=False), "results withheld", "results are not opted in"),
    (RACE, at(9999, opted_in=False), "results withheld", "results are not opted in"),
    (replace(RACE, results=None), at(9999, opted_in=False), "results withheld", "results are not"),
    (RACE, at(0), "results withheld", "embargoed until 2024-03-03 17:00 UTC"),
    (replace(RACE, loading=FAILED), at(23.9), "results withheld", "embargoed until 2024-03-03"),
    (replace(RACE, loading=FAILED), at(24), "failed", "no results; failed: poison"),
    (RACE, at(24), "results withheld", "the embargo is over; results are due"),
    (RACE, at(47.9), "results withheld", "the embargo is over; results are due"),
    (
        *(replace(RACE, loading=Question(answer="failed", coming=True)), at(48)),
        *("results withheld", "the embargo is over; results are being loaded"),
    ),
    (RACE, at(48), "missing", "no results; never asked for"),
    (replace(RACE, results=None), at(48), "missing", "no results; never asked for"),
    (
        *(replace(RACE, loading=Question(answer="withheld")), at(48)),
        *("missing", "no results; never asked for"),
    ),
    (
        *(replace(RACE, loading=EMPTY), at(48)),
        *("missing", "no results; the answer was empty, asked again from 2024-03-09 on"),
    ),
    (
        *(replace(RACE, loading=Question(answer="ok", quarantined=2)), at(48)),
        *("missing", "no results; not in the answer; 2 rows quarantined"),
    ),
    (
        *(replace(RACE, loading=Question(answer="failed")), at(48)),
        *("failed", "no results; the source failed to answer"),
    ),
    # No entries.
    (BARE, at(-100), "scheduled", "no entries yet"),
    (
        *(replace(BARE, entries=EMPTY), at(-2.1)),
        *("scheduled", "no entries yet; the answer was empty, asked again from 2024-03-09 on"),
    ),
    (BARE, at(-2), "no entries yet", "it has begun"),
    (BARE, at(5.9), "no entries yet", "it has begun"),
    (BARE, at(6), "missing", "no entries; never asked for"),
    (replace(BARE, entries=Question(answer="empty")), at(6), "missing", "no entries; the answer"),
    (
        *(replace(BARE, entries=Question(answer="ok", quarantined=1)), at(6)),
        *("missing", "no entries; not in the answer; 1 row quarantined"),
    ),
    (
        replace(BARE, entries=Question(coming=True)),
        at(6),
        "no entries yet",
        "its entries are being read",
    ),
    (replace(BARE, entries=FAILED), at(-100), "failed", "no entries; failed: poison"),
    (replace(BARE, entries=FAILED), at(6), "failed", "no entries; failed: poison"),
    # Practices and the like, of which only OpenF1 has lists and results.
    (
        *(replace(BARE, type=SessionType.FP1, sources=frozenset({"ergast"})), LONG_AFTER),
        *("read", "its source has no lists of such sessions"),
    ),
    (
        *(replace(RACE, type=SessionType.FP1, sources=frozenset({"ergast"})), LONG_AFTER),
        *("read", "entries are in; its source has no results of such sessions"),
    ),
    (
        *(replace(BARE, type=SessionType.FP1, sources=frozenset({"ergast", "openf1"})), at(6)),
        *("missing", "no entries; never asked for"),
    ),
    (
        *(replace(BARE, type=SessionType.FP1, sources=frozenset()), at(6)),
        *("missing", "no entries; never asked for"),
    ),
    (
        *(replace(BARE, type=SessionType.SPRINT_QUALIFYING, sources=frozenset({"ergast"})), at(6)),
        *("read", "its source has no lists of such sessions"),
    ),
    (
        *(replace(BARE, type=SessionType.QUALIFYING, sources=frozenset({"ergast"})), at(6)),
        *("missing", "no entries; never asked for"),
    ),
    (
        *(replace(BARE, sources=frozenset({"ergast"})), at(6)),
        *("missing", "no entries; never asked for"),
    ),
]


@pytest.mark.parametrize(("known", "policy", "state", "reason"), STATES)
def test_a_stored_session_is_in_this_state_for_this_reason(
    known: Known, policy: Policy, state: str, reason: str
) -> None:
    """The table, line by line; the present is told in hours after the race's end."""
    told = state_of(known, policy)
    assert told.state == state
    assert told.reason.startswith(reason)


LISTED = [
    (True, True, FAILED, "cancelled", "called off in the list of openf1"),
    (True, False, FAILED, "failed", "listed by openf1; failed: poison"),
    (False, False, FAILED, "failed", "listed by openf1; failed: poison"),
    (True, False, Question(coming=True), "scheduled", "listed by openf1; being read"),
    (
        *(True, False, Question(answer="failed", coming=True)),
        *("scheduled", "listed by openf1; being read"),
    ),
    (True, False, Question(answer="failed"), "failed", "listed by openf1; the source failed to"),
    (False, False, Question(), "scheduled", "listed by openf1; not read yet"),
    (True, False, Question(), "missing", "listed by openf1; never read"),
    (True, False, EMPTY, "missing", "listed by openf1; never read; the answer was empty, asked"),
    (True, False, Question(quarantined=3), "missing", "listed by openf1; never read; 3 rows"),
]


@pytest.mark.parametrize(("over", "cancelled", "asked", "state", "reason"), LISTED)
def test_a_meeting_that_is_only_listed_is_in_this_state_for_this_reason(
    over: bool, cancelled: bool, asked: Question, state: str, reason: str
) -> None:
    """The same of what a season's list names and nobody stored."""
    told = state_of_listed(over, cancelled, asked, "openf1")
    assert told.state == state
    assert told.reason.startswith(reason)


BARE_ROUNDS = [
    (False, Question(), "scheduled", "its sessions are not known yet"),
    (True, Question(coming=True), "scheduled", "its sessions are not known yet"),
    (True, Question(answer="ok"), "missing", "no sessions"),
    (True, EMPTY, "missing", "no sessions; the answer was empty, asked again from 2024-03-09 on"),
    (False, FAILED, "failed", "no sessions; failed: poison"),
]


@pytest.mark.parametrize(("over", "asked", "state", "reason"), BARE_ROUNDS)
def test_a_round_without_sessions_is_in_this_state_for_this_reason(
    over: bool, asked: Question, state: str, reason: str
) -> None:
    """The same of a round that is stored and of which no session is known."""
    assert state_of_bare(over, asked) == Told(State(state), reason)


def test_how_many_results_there_are_is_all_that_can_be_told_of_them() -> None:
    """Nothing that a state is made of could hold a position, points or a time."""
    assert {*Known.__dataclass_fields__, *Question.__dataclass_fields__} == {
        *("type", "starts_at", "ends_at", "cancelled", "sources", "entrants", "results"),
        *("entries", "loading", "answer", "failed", "coming", "next_at", "quarantined"),
    }
    assert Told(State.LOADED, "entries and 20 results are in") == state_of(
        replace(RACE, results=20), LONG_AFTER
    )
