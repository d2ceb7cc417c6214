"""The gate before every request: one pace for everybody, and the source's own state."""

import time
from collections.abc import Callable, Iterator
from datetime import timedelta
from functools import partial
from itertools import pairwise
from typing import Any

import psycopg
import pytest

from ingestion_core.database.connection import Pool, open_pool
from ingestion_core.errors import SourceClosed
from ingestion_core.tasks.app import App
from ingestion_core.work.gate import Gate
from tests.support.work import Row, at_once, execute, pass_time, row, rows, seconds_until

SOURCE = "openf1"
MINUTE = 60.0


class Sleeper:
    """Sleeping as the tables see it: no time passes but theirs."""

    def __init__(self, app: App) -> None:
        self.app = app
        self.slept: list[float] = []

    def __call__(self, seconds: float) -> None:
        self.slept.append(seconds)
        pass_time(self.app, seconds)


@pytest.fixture
def sleeper(app: App) -> Sleeper:
    return Sleeper(app)


@pytest.fixture
def gate(app: App, sleeper: Sleeper) -> Gate:
    """OpenF1's free limit, without a subscription."""
    made = Gate(app.pool, SOURCE, per_minute=30, sleep=sleeper)
    made.register()
    return made


@pytest.fixture
def other_pool(app: App, database: str) -> Iterator[Pool]:
    """Another instance's connections."""
    with open_pool(database, 30) as pool:
        yield pool


def state(app: App) -> Row:
    return row(app, "SELECT * FROM ingest.sources WHERE source = %s", SOURCE)


def expect(app: App, opens: str, closes: str) -> None:
    execute(
        app,
        "INSERT INTO ingest.lockouts (source, key, opens_at, closes_at)"
        " VALUES (%s, '9472', now() + %s::interval, now() + %s::interval)",
        SOURCE,
        opens,
        closes,
    )


def closed(app: App, gate: Gate) -> tuple[Any, ...]:
    """Why the gate is closed, and for how many seconds."""
    with pytest.raises(SourceClosed) as refused:
        gate.enter()
    return refused.value.why, seconds_until(app, refused.value.until)


@pytest.fixture
def starts(app: App) -> Iterator[Callable[[], list[Row]]]:
    """Every start the database recorded: the slot it counts for, and when it really was."""
    execute(app, "CREATE TABLE starts (slot timestamptz, at timestamptz)")
    execute(
        app,
        "CREATE FUNCTION note_start() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN"
        " INSERT INTO starts VALUES (NEW.last_start, clock_timestamp()); RETURN NEW; END $$",
    )
    execute(
        app,
        "CREATE TRIGGER note BEFORE UPDATE OF last_start ON ingest.sources"
        " FOR EACH ROW EXECUTE FUNCTION note_start()",
    )
    yield lambda: rows(app, "SELECT slot, at FROM starts ORDER BY slot")
    execute(app, "DROP FUNCTION note_start CASCADE")
    execute(app, "DROP TABLE starts")


def test_no_two_requests_of_any_instance_count_closer_than_the_pace(
    app: App, other_pool: Pool, starts: Callable[[], list[Row]]
) -> None:
    """Two pools with two threads each that come too early, by the starts the database recorded."""
    pace = timedelta(seconds=60 / 1200 * 1.025)

    def restless(seconds: float) -> None:
        time.sleep(seconds / 3)

    gates = [
        Gate(pool, SOURCE, per_minute=1200, sleep=restless) for pool in (app.pool, other_pool) * 2
    ]
    gates[0].register()

    def ask(gate: Gate) -> None:
        for _ in range(5):
            gate.enter()

    at_once(*(partial(ask, gate) for gate in gates))
    noted = starts()
    assert len(noted) == 20
    assert min(b["slot"] - a["slot"] for a, b in pairwise(noted)) >= pace
    # Nobody starts before its slot, nor late enough to meet the next one but one.
    assert all(0 <= (one["at"] - one["slot"]) / pace < 1 for one in noted)


@pytest.mark.parametrize(
    ("per_minute", "late", "counts_as"),
    [
        (30, 0.9, 0.9),
        (30, 1.1, 0),
        (60, 0.4, 0.4),
        (60, 0.6, 0),
        (10, 0.9, 0.9),
        (10, 2.5, 0),
        (1, 0.9, 0.9),
        (1, 20, 0),
    ],
)
def test_who_is_late_within_the_air_of_a_minute_counts_as_on_time(
    app: App, per_minute: float, late: float, counts_as: float
) -> None:
    """Half a pace and a second at most: 60 s still hold no more starts than the limit allows."""
    gate = Gate(app.pool, SOURCE, per_minute)
    gate.register()
    gate.enter()
    pass_time(app, gate.pace.total_seconds() + late)
    gate.enter()
    ago = -seconds_until(app, row(app, "SELECT last_start AS at FROM ingest.sources")["at"])
    assert ago == pytest.approx(counts_as, abs=0.09)


def test_where_requests_are_to_be_spaced_the_next_one_waits_for_a_late_one_s_pace(
    app: App, sleeper: Sleeper
) -> None:
    """Its start is when it was, and not when it should have been."""
    gate = Gate(app.pool, SOURCE, per_minute=30, spaced=True, sleep=sleeper)
    gate.register()
    gate.enter()
    pass_time(app, gate.pace.total_seconds() + 0.9)
    for _ in range(2):
        gate.enter()
    assert sum(sleeper.slept) == pytest.approx(2.05, abs=0.5)


def test_the_pace_leaves_two_and_a_half_percent_of_air(app: App, gate: Gate) -> None:
    """30 requests a minute become one every 2.05 seconds."""
    assert state(app)["pace"] == timedelta(seconds=2.05)


def test_a_changed_limit_changes_the_pace_and_nothing_else(app: App, gate: Gate) -> None:
    """Registering again keeps what is known of the source."""
    gate.told_to_wait(60)
    before = state(app)
    Gate(app.pool, SOURCE, per_minute=60).register()
    assert state(app) == {**before, "pace": timedelta(seconds=1.025)}


def test_who_comes_too_early_waits_for_the_rest_of_the_pace(
    app: App, gate: Gate, sleeper: Sleeper
) -> None:
    """The wait ends when the pace since the last start is over."""
    first = gate.enter()
    second = gate.enter()
    assert sum(sleeper.slept) == pytest.approx(2.05, abs=0.5)
    assert second > first


def test_a_turn_beyond_the_patience_is_given_up_at_once(app: App, sleeper: Sleeper) -> None:
    """Two requests a minute: the next turn comes in 30.75 s, nobody waits 30 s in vain."""
    gate = Gate(app.pool, SOURCE, per_minute=2, sleep=sleeper)
    gate.register()
    gate.enter()
    why, seconds = closed(app, gate)
    assert (why, seconds) == ("busy", pytest.approx(30.75, abs=0.7))
    assert sleeper.slept == []


def test_who_is_always_outrun_gives_up_when_its_patience_ends(app: App, other_pool: Pool) -> None:
    """A rival that takes every turn: no invocation waits for ever."""
    rival = Gate(other_pool, SOURCE, per_minute=600)
    waits: list[float] = []

    def sleep(seconds: float) -> None:
        waits.append(seconds)
        time.sleep(seconds)
        rival.enter()

    gate = Gate(app.pool, SOURCE, per_minute=600, patience=0.25, sleep=sleep)
    gate.register()
    gate.enter()
    assert closed(app, gate)[0] == "busy"
    assert 1 <= len(waits) <= 3


def test_nothing_is_held_while_waiting(app: App, database: str) -> None:
    """No transaction, and no connection: a pool of one could lend it to another invocation."""
    held = []
    with open_pool(database, 30, size=1) as pool, psycopg.connect(database) as watching:

        def sleep(seconds: float) -> None:
            found = watching.execute(
                "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()"
                " AND application_name = 'parcferme-ingestion' AND xact_start IS NOT NULL"
            ).fetchone()
            with pool.connection(timeout=5) as free:
                held.append((found, free.closed))
            pass_time(app, seconds)

        gate = Gate(pool, SOURCE, per_minute=30, sleep=sleep)
        gate.register()
        gate.enter()
        gate.enter()
    assert set(held) == {((0,), False)}


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


def test_a_slow_answer_counts_from_its_end(app: App, gate: Gate) -> None:
    """A request may have been counted when it ended: its start moves to its end less 1.5 s."""
    gate.enter()
    execute(app, "UPDATE ingest.sources SET last_start = last_start - interval '18 seconds'")
    gate.answered(18)
    assert seconds_until(app, state(app)["last_start"]) == pytest.approx(-1.5, abs=0.5)


def test_a_quick_answer_leaves_the_start_as_it_is(app: App, gate: Gate) -> None:
    """Up to a second and a half nothing is written at all."""
    gate.enter()
    execute(app, "UPDATE ingest.sources SET last_start = last_start - interval '10 seconds'")
    before = state(app)
    gate.answered(1.5)
    assert state(app) == before


def test_a_later_request_is_not_moved_back_by_a_slow_answer(app: App, gate: Gate) -> None:
    """Another instance has started since."""
    gate.enter()
    before = state(app)["last_start"]
    gate.answered(18)
    assert state(app)["last_start"] == before


def test_a_source_whose_row_was_removed_is_made_anew(app: App, gate: Gate) -> None:
    """Nobody has to restart anything."""
    execute(app, "DELETE FROM ingest.sources")
    assert gate.enter()
    assert state(app)["pace"] == timedelta(seconds=2.05)


def test_a_failure_without_the_sources_row_comes_again_in_a_minute(app: App, gate: Gate) -> None:
    """The row went while the request was under way."""
    execute(app, "DELETE FROM ingest.sources")
    assert seconds_until(app, gate.failed("timeout").until) == pytest.approx(60, abs=5)
