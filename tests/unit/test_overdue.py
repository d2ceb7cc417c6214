"""What is late: a pure look at a season's coverage."""

from datetime import UTC, date, datetime, timedelta

import pytest

from ingestion_core.quality.coverage import RoundCoverage, SeasonCoverage, SessionCoverage
from ingestion_core.quality.overdue import Overdue, overdue
from ingestion_core.quality.states import State, Told
from ingestion_core.racing.kinds import SessionType

NOW = datetime(2026, 6, 10, 12, 0, tzinfo=UTC)


def session(state: State, hours_ago: float, entrants: int = 0) -> SessionCoverage:
    return SessionCoverage(
        id="s",
        type=SessionType.RACE,
        starts_at=NOW - timedelta(hours=hours_ago),
        day_only=False,
        sources=("openf1",),
        entrants=entrants,
        results=0,
        state=state,
        reason="",
    )


def season(*sessions: SessionCoverage, told: Told | None = None) -> SeasonCoverage:
    one = RoundCoverage("r", 1, "Monaco", date(2026, 6, 7), None, (), 0, 0, sessions, told)
    return SeasonCoverage("formula-1", 2026, (one,))


@pytest.mark.parametrize(
    ("state", "hours_ago", "entrants", "late"),
    [
        (State.MISSING, 9, 0, Overdue(1, 0)),
        (State.MISSING, 60, 20, Overdue(0, 1)),
        (State.FAILED, 9, 0, Overdue(1, 0)),
        (State.FAILED, 7, 0, Overdue(0, 0)),
        (State.FAILED, 51, 20, Overdue(0, 1)),
        (State.FAILED, 49, 20, Overdue(0, 0)),
        (State.MISSING, 24 * 31, 20, Overdue(0, 0)),
        (State.FAILED, -24, 0, Overdue(0, 0)),
        (State.WITHHELD, 60, 20, Overdue(0, 0)),
        (State.NO_ENTRIES, 9, 0, Overdue(0, 0)),
        (State.CANCELLED, 60, 0, Overdue(0, 0)),
        (State.LOADED, 60, 20, Overdue(0, 0)),
    ],
)
def test_a_gap_is_late_by_what_it_lacks_and_how_long_ago_it_began(
    state: State, hours_ago: float, entrants: int, late: Overdue
) -> None:
    """A failure is told at once on the page, and is an alarm only when it outlasts the weekend."""
    assert overdue(season(session(state, hours_ago, entrants)), NOW) == late


def test_a_meeting_that_was_never_read_is_one_without_entries() -> None:
    """None of its sessions is known."""
    never = season(told=Told(State.MISSING, "never read"))
    assert overdue(never, NOW) == Overdue(1, 0)
