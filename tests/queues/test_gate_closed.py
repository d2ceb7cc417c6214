"""The gate of a source that is closed: paused, refusing, failing, or about to be live."""

import pytest

from ingestion_core.database.connection import Pool
from ingestion_core.tasks.app import App
from ingestion_core.work.gate import Gate
from tests.support.source_rows import SOURCE, Sleeper, closed, state
from tests.support.work import execute, pass_time, seconds_until

MINUTE = 60.0


def expect(app: App, opens: str, closes: str) -> None:
    execute(
        app,
        "INSERT INTO ingest.lockouts (source, key, opens_at, closes_at)"
        " VALUES (%s, '9472', now() + %s::interval, now() + %s::interval)",
        SOURCE,
        opens,
        closes,
    )


def test_a_paused_source_lets_nobody_in(app: App, gate: Gate, sleeper: Sleeper) -> None:
    """The kill switch; nobody waits for it, and nothing is sent until it is lifted."""
    execute(app, "UPDATE ingest.sources SET paused = true")
    assert closed(app, gate)[0] == "paused"
    assert sleeper.slept == []


@pytest.mark.parametrize(("asked", "closed_for"), [(60, 60), (900, 900), (86400, 900)])
def test_a_429_closes_the_source_for_as_long_as_it_asks_and_15_minutes_at_most(
    app: App, gate: Gate, asked: float, closed_for: float
) -> None:
    """Retry-After, whichever instance it was told to."""
    refused = gate.told_to_wait(asked)
    assert seconds_until(app, refused.until) == pytest.approx(closed_for, abs=5)
    assert not refused.counts
    why, seconds = closed(app, Gate(app.pool, SOURCE, 30))
    assert (why, seconds) == ("rate-limited", pytest.approx(closed_for, abs=5))


def test_a_short_429_is_waited_for(app: App, gate: Gate, sleeper: Sleeper) -> None:
    """What is over within the patience costs no message its turn."""
    gate.told_to_wait(20)
    gate.enter()
    assert sum(sleeper.slept) == pytest.approx(20, abs=1)


def test_a_shorter_refusal_does_not_shorten_a_longer_one(app: App, gate: Gate) -> None:
    """Whichever answer comes last, the source stays closed for as long as any asked."""
    gate.told_to_wait(800)
    gate.told_to_wait(5)
    gate.locked_out()
    assert closed(app, gate)[1] == pytest.approx(800, abs=5)


def test_an_unforeseen_lock_out_lasts_ten_minutes(app: App, gate: Gate) -> None:
    """Nothing is known to be live: asked again every ten minutes."""
    refused = gate.locked_out()
    assert seconds_until(app, refused.until) == pytest.approx(10 * MINUTE, abs=5)
    assert not refused.counts
    assert closed(app, gate)[0] == "locked-out"


def test_a_lock_out_ends_with_the_last_window_that_is_open_or_about_to_be(
    app: App, gate: Gate
) -> None:
    """Windows end half an hour after their sessions; tomorrow's has nothing to do with it."""
    expect(app, "-1 hour", "40 minutes")
    execute(
        app,
        "INSERT INTO ingest.lockouts SELECT source, 'tomorrow', opens_at + interval '1 day',"
        " closes_at + interval '1 day' FROM ingest.lockouts",
    )
    assert seconds_until(app, gate.locked_out().until) == pytest.approx(40 * MINUTE, abs=5)


def test_a_lock_out_that_outlasts_its_window_is_asked_about_every_ten_minutes(
    app: App, gate: Gate
) -> None:
    """Sessions overrun: 326 of 495 did."""
    expect(app, "-3 hours", "-1 minute")
    assert seconds_until(app, gate.locked_out().until) == pytest.approx(10 * MINUTE, abs=5)


def test_a_refused_login_is_tried_again_after_ten_minutes(app: App, gate: Gate) -> None:
    """It may be mended meanwhile."""
    refused = gate.rejected()
    assert seconds_until(app, refused.until) == pytest.approx(10 * MINUTE, abs=5)
    assert closed(app, gate)[0] == "login-refused"


def test_a_failing_source_is_left_alone_for_15_seconds_doubling_to_15_minutes(
    app: App, gate: Gate
) -> None:
    """Every failure counts for the item whose request it was."""
    waits = []
    for _ in range(9):
        failing = gate.failed("http-502")
        assert failing.counts
        waits.append(round(seconds_until(app, failing.until)))
        pass_time(app, waits[-1] + 3)
    assert waits == [15, 30, 60, 120, 240, 480, 900, 900, 900]


def test_a_usable_answer_makes_a_failing_source_well_again(app: App, gate: Gate) -> None:
    """The next failure starts from 15 seconds."""
    gate.failed("http-502")
    gate.failed("timeout")
    pass_time(app, 60)
    gate.enter()
    gate.answered(0.2)
    assert (state(app)["failures"], state(app)["closed_why"]) == (0, None)
    assert seconds_until(app, gate.failed("timeout").until) == pytest.approx(15, abs=2)


def test_an_answer_does_not_open_what_another_instance_was_told_meanwhile(
    app: App, gate: Gate, other_pool: Pool
) -> None:
    """A source that was failing answers us and, at the same time, refuses another instance."""
    gate.failed("http-502")
    pass_time(app, 20)
    gate.enter()
    Gate(other_pool, SOURCE, 30).told_to_wait(600)
    gate.answered(0.2)
    assert closed(app, gate) == ("rate-limited", pytest.approx(600, abs=5))
    assert state(app)["failures"] == 0


def test_a_reason_that_is_over_is_not_given_again(app: App, sleeper: Sleeper) -> None:
    """Who merely comes too early after a closure is told that the source is busy."""
    gate = Gate(app.pool, SOURCE, per_minute=1, sleep=sleeper)
    gate.register()
    gate.told_to_wait(60)
    pass_time(app, 61)
    gate.enter()
    assert closed(app, gate)[0] == "busy"


def test_the_gate_closes_before_a_live_session_refuses_the_anonymous(app: App, gate: Gate) -> None:
    """From the stored session times, until half an hour after its end, without one request."""
    expect(app, "-1 minute", "90 minutes")
    assert closed(app, gate) == ("live-session", pytest.approx(90 * MINUTE, abs=5))


def test_subscribers_enter_during_a_live_session(app: App) -> None:
    """A login is let in."""
    gate = Gate(app.pool, SOURCE, per_minute=60, subscribed=True)
    gate.register()
    expect(app, "-1 minute", "90 minutes")
    assert gate.enter()


@pytest.mark.parametrize(("opens", "closes"), [("1 minute", "2 hours"), ("-3 hours", "-1 second")])
def test_before_and_after_its_window_a_session_keeps_nobody_out(
    app: App, gate: Gate, opens: str, closes: str
) -> None:
    """The windows are half open: closed from their start, open at their end."""
    expect(app, opens, closes)
    assert gate.enter()


def test_another_sources_windows_are_none_of_ours(app: App, gate: Gate) -> None:
    """A lock-out is a source's own."""
    expect(app, "-1 minute", "90 minutes")
    execute(app, "UPDATE ingest.lockouts SET source = 'ergast'")
    assert gate.enter()


def test_a_failure_without_the_sources_row_comes_again_in_a_minute(app: App, gate: Gate) -> None:
    """The row went while the request was under way."""
    execute(app, "DELETE FROM ingest.sources")
    assert seconds_until(app, gate.failed("timeout").until) == pytest.approx(60, abs=5)
