"""The lock-out of a live session, the replay's clock, and its tokens."""

from datetime import UTC, datetime, timedelta

import pytest

from local.replay.lockout import Clock, Tokens, is_locked, latest_keys
from local.replay.rows import Row

RACE: Row = {
    "meeting_key": 1229,
    "session_key": 9472,
    "date_start": "2024-03-02T15:00:00+00:00",
    "date_end": "2024-03-02T17:00:00+00:00",
}


def at(time: str) -> datetime:
    """A moment of the race's day, UTC."""
    return datetime.fromisoformat(f"2024-03-02T{time}+00:00")


@pytest.mark.parametrize(
    ("time", "locked"),
    [
        ("14:29:59", False),
        ("14:30:00", True),
        ("16:00:00", True),
        ("17:30:00", True),
        ("17:30:01", False),
    ],
)
def test_access_is_locked_from_half_an_hour_before_to_half_an_hour_after(
    time: str, locked: bool
) -> None:
    """Thirty minutes on either side of the scheduled session."""
    assert is_locked([RACE], at(time)) is locked


def test_a_cancelled_session_locks_nothing() -> None:
    """Nobody drives."""
    assert not is_locked([{**RACE, "is_cancelled": True}], at("16:00:00"))


def test_latest_is_the_newest_session_that_began() -> None:
    """A session counts from a minute before its start; later and cancelled ones do not."""
    later = {**RACE, "session_key": 9999, "date_start": "2024-03-02T15:30:00+00:00"}
    keys = {"meeting_key": 1229, "session_key": 9472}
    assert latest_keys([RACE, later], at("14:58:59")) == {}
    assert latest_keys([RACE, later], at("14:59:00")) == keys
    assert latest_keys([RACE, {**later, "is_cancelled": True}], at("18:00:00")) == keys
    assert latest_keys([RACE, later], at("18:00:00"))["session_key"] == 9999


def test_a_set_clock_runs_on() -> None:
    """It starts at the given moment, moves forward, and can be given back to the real time."""
    clock = Clock(at("15:00:00"))
    first, second = clock.now(), clock.now()
    assert at("15:00:00") <= first <= second < at("15:01:00")
    clock.set(None)
    assert abs(clock.now() - datetime.now(UTC)) < timedelta(minutes=1)


def test_a_clock_refuses_a_moment_without_an_offset() -> None:
    """Aware datetimes only."""
    with pytest.raises(ValueError, match="offset"):
        Clock(at("15:00:00").replace(tzinfo=None))


def test_a_token_is_good_for_an_hour() -> None:
    """It is given for the right account only, and expires."""
    tokens = Tokens("ann", "secret")
    assert tokens.issue("ann", "wrong", at("15:00:00")) is None
    token = tokens.issue("ann", "secret", at("15:00:00"))
    assert token is not None
    assert tokens.is_valid(token, at("15:59:59"))
    assert not tokens.is_valid(token, at("16:00:00"))
    assert not tokens.is_valid("made up", at("15:00:00"))
