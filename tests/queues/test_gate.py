"""The gate before every request: one pace for everybody."""

import time
from collections.abc import Callable, Iterator
from datetime import timedelta
from functools import partial
from itertools import pairwise

import psycopg
import pytest

from ingestion_core.database.connection import Pool, open_pool
from ingestion_core.tasks.app import App
from ingestion_core.work.gate import Gate
from tests.support.source_rows import SOURCE, Sleeper, closed, state
from tests.support.work import Row, at_once, execute, pass_time, row, rows, seconds_until


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
