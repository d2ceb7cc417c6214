"""The replay's limits are rolling windows, not averages."""

import pytest

from local.replay.limits import Limits, RollingWindows


class Time:
    """A clock that stands still until it is moved."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


def granted_at(limits: Limits, moments: list[float]) -> list[bool]:
    """Which of the requests made at these seconds are granted."""
    time = Time()
    windows = RollingWindows(limits, clock=time)
    answers = []
    for moment in moments:
        time.now = 1000.0 + moment
        answers.append(windows.refusal() is None)
    return answers


def test_the_fourth_request_of_a_second_is_refused() -> None:
    """Three a second, and the window rolls: the first one has to be a whole second old."""
    assert granted_at(Limits(3, 0), [0, 0.4, 0.5, 0.99, 1.0, 1.1, 1.4]) == [
        True,
        True,
        True,
        False,
        True,
        False,
        True,
    ]


def test_the_thirty_first_request_of_a_minute_is_refused() -> None:
    """Thirty a minute, however they are spread over it."""
    moments = [n * 1.9 for n in range(31)]
    assert granted_at(Limits(), moments) == [True] * 30 + [False]
    assert granted_at(Limits(), [*moments[:30], 60.0]) == [True] * 31


def test_a_refused_request_does_not_count() -> None:
    """A client that keeps asking is let in as soon as its granted requests are old enough."""
    assert granted_at(Limits(1, 0), [0, 0.5, 0.9, 1.0]) == [True, False, False, True]


def test_zero_switches_a_limit_off() -> None:
    """Both limits off: anything goes."""
    assert all(granted_at(Limits(0, 0), [0.0] * 500))


def test_the_refusal_names_the_limit() -> None:
    """In production's words, with the number that was met."""
    windows = RollingWindows(Limits(1, 0), clock=Time())
    assert windows.refusal() is None
    assert windows.refusal() == "Rate limit exceeded. Max 1 requests/second."


def test_a_subscription_doubles_both_limits() -> None:
    """6/s and 60/min instead of 3/s and 30/min; the scale of time stays."""
    assert Limits(3, 30, 2.0).for_subscribers() == Limits(6, 60, 2.0)


def test_time_scale_shortens_the_windows() -> None:
    """At ten times the speed, the minute is six seconds and the second a tenth of one."""
    assert granted_at(Limits(0, 1, 10.0), [0, 5.9, 6.0]) == [True, False, True]
    assert granted_at(Limits(1, 0, 10.0), [0, 0.09, 0.11]) == [True, False, True]


@pytest.mark.parametrize(("scale", "seconds"), [(1, 60), (10, 6), (600, 1)])
def test_retry_after_shrinks_with_time_but_never_to_nothing(scale: float, seconds: int) -> None:
    """Production asks for 60 s; at least one second stays."""
    assert Limits(time_scale=scale).retry_after == seconds


@pytest.mark.parametrize("wrong", [{"per_second": -1}, {"per_minute": -1}, {"time_scale": 0}])
def test_senseless_limits_are_refused(wrong: dict[str, int]) -> None:
    """Negative limits and standing time are mistakes of the caller."""
    with pytest.raises(ValueError, match="limits can't be negative"):
        Limits(**wrong)
