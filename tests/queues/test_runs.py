"""Runs: a view over their items, one per request key, cancelled and retried without harm."""

import time
from functools import partial
from uuid import UUID, uuid4

import pytest
from psycopg import sql

from ingestion_core.errors import NotFound, SourceClosed, SourceFailing
from ingestion_core.tasks import backfill
from ingestion_core.tasks.app import App
from ingestion_core.work import items, runs
from ingestion_core.work.gate import Gate
from ingestion_core.work.items import BULK_LANE, LIVE_LANE, Wanted
from tests.support.work import (
    Row,
    at_once,
    claim,
    enqueue,
    execute,
    item,
    meeting,
    row,
    rows,
    runs_of,
    seconds_until,
    send,
)

PACE = 2.05
STORED = (
    "fetches",
    "claims",
    "entries",
    "quarantine",
    "lockouts",
    "sources",
)


def start(app: App, *wanted: Wanted, request_key: str | None = None) -> UUID:
    with app.transaction() as db:
        return runs.start(db, "test", {"by": "a test"}, wanted, request_key)


def shown(app: App, run: UUID) -> Row:
    return backfill.show_run(app, run)


def finish(app: App, run: UUID, key: int, state: str, error_code: str | None = None) -> None:
    """Carry out an item of a run to its end."""
    (number,) = (one["item"] for one in shown(app, run)["items"] if one["key"] == str(key))
    taken = claim(app, send(app, number))
    assert taken is not None
    with app.db() as db:
        items.close(db, taken, state, error_code=error_code, counts={"requests": 2})


def test_a_run_is_running_until_its_last_item_is_closed(app: App) -> None:
    """Then it is done; how much was done is counted on the way."""
    run = start(app, meeting(1), meeting(2))
    assert (shown(app, run)["state"], shown(app, run)["expected"]) == ("running", 2)
    finish(app, run, 1, "done")
    half = shown(app, run)
    assert (half["state"], half["done"], half["finished_at"]) == ("running", 1, None)
    finish(app, run, 2, "done")
    whole = shown(app, run)
    assert (whole["state"], whole["done"], whole["failed"]) == ("done", 2, 0)
    assert whole["totals"] == {"requests": 4}
    assert whole["eta_seconds"] is None
    last = row(app, "SELECT max(closed_at) AS at FROM ingest.items")
    assert whole["finished_at"] == last["at"]


def test_a_run_with_a_failed_item_has_failed_when_nothing_is_open(app: App) -> None:
    """It says which reason came last; what was done stays done."""
    run = start(app, meeting(1), meeting(2), meeting(3))
    finish(app, run, 1, "failed", "unusable-answer")
    finish(app, run, 2, "failed", "unknown-meeting")
    assert (shown(app, run)["state"], shown(app, run)["failed"]) == ("running", 2)
    finish(app, run, 3, "done")
    over = shown(app, run)
    assert (over["state"], over["done"], over["failed"]) == ("failed", 1, 2)
    assert over["last_error"] == "unknown-meeting"


def test_a_run_shows_what_is_deferred_and_why(app: App) -> None:
    """A closed source is no failure: the items wait."""
    run = start(app, meeting(1), meeting(2))
    (number,) = (one["item"] for one in shown(app, run)["items"] if one["key"] == "1")
    taken = claim(app, send(app, number))
    assert taken is not None
    until = row(app, "SELECT now() + interval '1 hour' AS at")["at"]
    with app.db() as db:
        items.give_back(db, taken, SourceClosed("openf1", until, "live-session"))
    found = shown(app, run)
    assert (found["state"], found["deferred"], found["failed"]) == ("running", 1, 0)
    assert found["last_error"] == "live-session"
    assert found["eta_seconds"] == pytest.approx(3600, abs=5)


def test_the_eta_is_the_runs_own_requests_at_the_sources_pace(app: App) -> None:
    """Two meetings of two requests; it falls as they are done."""
    run = start(app, meeting(1), meeting(2))
    assert shown(app, run)["eta_seconds"] == pytest.approx(4 * PACE)
    finish(app, run, 1, "done")
    assert shown(app, run)["eta_seconds"] == pytest.approx(2 * PACE)


def test_a_run_lasts_at_least_until_its_last_message_is_due(app: App) -> None:
    """Behind the work of others."""
    began = time.monotonic()
    enqueue(app, *(meeting(key) for key in range(100, 200)))
    run = start(app, meeting(1))
    app.release("openf1")
    eta = shown(app, run)["eta_seconds"]
    assert 200 * PACE - (time.monotonic() - began) - 1 <= eta <= 200 * PACE + 1


def test_a_run_lasts_at_least_until_its_source_opens(app: App) -> None:
    """A lock-out is part of the estimate."""
    run = start(app, meeting(1))
    execute(app, "UPDATE ingest.sources SET closed_until = now() + interval '2 hours'")
    assert shown(app, run)["eta_seconds"] == pytest.approx(7200, abs=5)


def test_a_run_that_found_nothing_to_do_is_done(app: App) -> None:
    """No items, no work."""
    assert shown(app, start(app))["state"] == "done"


def test_the_same_request_key_is_the_same_run(app: App) -> None:
    """A repeated request asks for nothing more."""
    first = start(app, meeting(1), request_key="mine")
    assert start(app, meeting(2), request_key="mine") == first
    assert start(app, meeting(3), request_key="another") != first
    assert start(app) != start(app)
    assert [one["key"] for one in shown(app, first)["items"]] == ["1"]


def test_the_same_request_key_at_the_same_time_is_the_same_run(app: App) -> None:
    """Two impatient clients: one run with one set of items."""
    found: list[UUID] = []

    def ask() -> None:
        found.append(start(app, meeting(1), request_key="both"))

    at_once(*[ask] * 6)
    assert len(set(found)) == 1
    assert len(shown(app, found[0])["items"]) == 1


def test_cancelling_takes_back_what_has_not_begun(app: App) -> None:
    """Waiting and sent items are cancelled; what runs or is over stays what it is."""
    run = start(app, *(meeting(key) for key in range(1, 6)))
    finish(app, run, 1, "done")
    number = {one["key"]: one["item"] for one in shown(app, run)["items"]}
    running, sent = send(app, number["2"]), send(app, number["3"])
    assert claim(app, running) is not None
    assert backfill.cancel_run(app, run) == 3
    over = shown(app, run)
    assert (over["state"], over["cancelled"], over["done"]) == ("cancelled", 3, 1)
    assert item(app, number["2"])["state"] == "running"
    assert claim(app, sent) is None
    assert over["finished_at"] is not None


def test_cancelling_leaves_what_another_run_waits_for(app: App) -> None:
    """Until that one is cancelled too."""
    first, second = start(app, meeting(1), meeting(2)), start(app, meeting(2))
    assert backfill.cancel_run(app, first) == 1
    assert [one["state"] for one in shown(app, second)["items"]] == ["waiting"]
    assert backfill.cancel_run(app, second) == 1
    assert shown(app, second)["state"] == "cancelled"


def test_cancelling_writes_nothing_but_the_run_and_its_items(app: App) -> None:
    """Nothing of the catalog, nothing of the source: not even the time it was last written."""
    tables = [("ingest", name) for name in STORED]
    tables += [
        ("public", one["relname"])
        for one in rows(
            app,
            "SELECT relname FROM pg_class WHERE relkind = 'r'"
            " AND relnamespace = 'public'::regnamespace",
        )
    ]
    run, other = start(app, meeting(1), meeting(2)), start(app, meeting(3))

    whole = sql.SQL("SELECT t.*, xmin::text FROM {} t")

    def contents() -> list[object]:
        return [
            *({table: rows(app, whole.format(sql.Identifier(*table)))} for table in tables),
            shown(app, other) | {"eta_seconds": None},
        ]

    before = contents()
    backfill.cancel_run(app, run)
    assert contents() == before


def test_looking_writes_nothing(app: App) -> None:
    """Showing and listing are reads, whatever is shown."""
    run = start(app, meeting(1))
    with app.db() as db:
        db.execute("SET default_transaction_read_only = on")
        try:
            assert runs.show(db, run) is not None
            assert runs.newest(db, 10)
        finally:
            db.execute("RESET default_transaction_read_only")


def test_retrying_asks_again_for_what_failed_or_was_cancelled(app: App) -> None:
    """In its own lane, with its payload, from the first attempt; what was done is left alone."""
    run = start(
        app,
        meeting(1),
        meeting(2, lane=LIVE_LANE, payload={"name": "Bahrain"}, requests=3),
        meeting(3),
    )
    finish(app, run, 1, "done")
    finish(app, run, 2, "failed", "unusable-answer")
    backfill.cancel_run(app, run)
    assert backfill.retry_run(app, run) == 2
    again = shown(app, run)
    assert (again["state"], again["expected"], again["done"]) == ("running", 3, 1)
    assert (again["failed"], again["cancelled"], again["last_error"]) == (0, 0, None)
    retried = row(app, "SELECT * FROM ingest.items WHERE key = '2' AND state = 'sent'")
    assert (retried["lane"], retried["requests"], retried["attempts"]) == (LIVE_LANE, 3, 0)
    assert retried["payload"] == {"name": "Bahrain"}
    assert row(app, "SELECT * FROM ingest.items WHERE key = '3' AND state = 'sent'")["lane"] == (
        BULK_LANE
    )


def test_retrying_a_run_that_went_well_does_nothing(app: App) -> None:
    """Nothing failed, nothing is asked again."""
    run = start(app, meeting(1))
    finish(app, run, 1, "done")
    assert backfill.retry_run(app, run) == 0
    assert shown(app, run)["state"] == "done"


def test_retrying_joins_what_somebody_else_asked_for_meanwhile(app: App) -> None:
    """One item, both runs."""
    run = start(app, meeting(1))
    finish(app, run, 1, "failed", "http-502")
    other = start(app, meeting(1))
    backfill.retry_run(app, run)
    (open_one,) = rows(app, "SELECT item FROM ingest.items WHERE state = 'sent'")
    assert runs_of(app, open_one["item"]) == {run, other}


def test_a_run_that_does_not_exist_is_not_found(app: App) -> None:
    """Shown, retried or cancelled."""
    for ask in (backfill.show_run, backfill.retry_run, backfill.cancel_run):
        with pytest.raises(NotFound):
            ask(app, uuid4())


def test_the_newest_runs_come_first_and_no_more_than_asked_for(app: App) -> None:
    """Each with its counts, without its items."""
    made = [start(app, meeting(key)) for key in range(4)]
    listed = backfill.list_runs(app, 3)
    assert [one["run"] for one in listed] == made[:0:-1]
    assert {one["expected"] for one in listed} == {1}
    assert all("items" not in one for one in listed)


def test_one_item_can_be_asked_for_again_whether_of_a_run_or_of_none(app: App) -> None:
    """By a run of its own; a run that it failed for waits for the new one as well."""
    run = start(app, meeting(1, max_attempts=3), meeting(2))
    finish(app, run, 1, "failed", "http-502")
    finish(app, run, 2, "failed", "http-502")
    (failed, _) = (one["item"] for one in shown(app, run)["items"])
    again = backfill.retry_item(app, failed)
    (item_,) = shown(app, again)["items"]
    assert (item_["key"], item_["state"]) == ("1", "sent")
    assert runs_of(app, item_["item"]) == {run, again}
    assert item(app, item_["item"])["max_attempts"] == 3
    assert {one["key"]: one["state"] for one in shown(app, run)["items"]} == {
        "1": "sent",
        "2": "failed",
    }

    (stray,) = enqueue(app, meeting(7))
    execute(app, "UPDATE ingest.items SET state = 'failed' WHERE item = %s", stray)
    (item_,) = shown(app, backfill.retry_item(app, stray))["items"]
    assert (item_["key"], item_["state"]) == ("7", "sent")


@pytest.mark.parametrize("state", ["waiting", "done", None])
def test_an_item_that_did_not_fail_is_not_asked_for_again(app: App, state: str | None) -> None:
    """Nor one that there is not; and no run is left behind."""
    (number,) = enqueue(app, meeting(1))
    if state is None:
        number += 1
    else:
        execute(app, "UPDATE ingest.items SET state = %s", state)
    with pytest.raises(NotFound, match=f"no item {number} has failed"):
        backfill.retry_item(app, number)
    assert rows(app, "SELECT run FROM ingest.runs") == []


def test_an_item_whose_last_attempt_failed_fails_its_run(app: App) -> None:
    """The eighth failure of the source is the item's end, and the run says why."""
    run = start(app, meeting(1))
    (number,) = (one["item"] for one in shown(app, run)["items"])
    execute(app, "UPDATE ingest.items SET attempts = 7")
    taken = claim(app, send(app, number))
    assert taken is not None
    until = row(app, "SELECT now() AS at")["at"]
    with app.db() as db:
        items.give_back(db, taken, SourceFailing("openf1", until, "timeout"))
    assert (shown(app, run)["state"], shown(app, run)["last_error"]) == ("failed", "timeout")


def test_sources_show_their_state_and_the_work_ahead(app: App) -> None:
    """What is waiting, sent and running, and when the next message is due."""
    enqueue(app, meeting(1), meeting(2), meeting(3))
    numbers = [one["item"] for one in rows(app, "SELECT item FROM ingest.items ORDER BY item")]
    send(app, numbers[0])
    assert claim(app, send(app, numbers[1])) is not None
    execute(
        app,
        "UPDATE ingest.sources SET closed_until = now() + interval '1 minute',"
        " closed_why = 'rate-limited', failures = 3",
    )
    (found,) = backfill.list_sources(app)
    assert (found["source"], found["pace_seconds"]) == ("openf1", PACE)
    assert (found["waiting"], found["sent"], found["running"]) == (1, 1, 1)
    assert (found["closed_why"], found["failures"]) == ("rate-limited", 3)
    assert seconds_until(app, found["closed_until"]) == pytest.approx(60, abs=2)
    assert seconds_until(app, found["next_due_at"]) == pytest.approx(0, abs=2)
    assert found["last_request_at"] is None


def test_a_closure_that_is_over_is_not_shown(app: App) -> None:
    """Only what holds now."""
    execute(
        app,
        "UPDATE ingest.sources SET closed_until = now() - interval '1 second',"
        " closed_why = 'rate-limited'",
    )
    (found,) = backfill.list_sources(app)
    assert (found["closed_until"], found["closed_why"]) == (None, None)


def test_pausing_holds_a_source_and_resuming_sends_what_waited(app: App) -> None:
    """The kill switch, told back as it is."""
    assert backfill.pause_source(app, "openf1", paused=True)["paused"] is True
    run = start(app, meeting(1))
    assert app.release_all() == 0
    resumed = backfill.pause_source(app, "openf1", paused=False)
    assert (resumed["paused"], resumed["sent"]) == (False, 1)
    assert shown(app, run)["state"] == "running"


def test_what_was_given_back_because_of_a_pause_comes_at_once_when_it_ends(app: App) -> None:
    """As it came to the gate, the item is waiting for nothing but the pause."""
    (number,) = enqueue(app, meeting(1))
    taken = claim(app, send(app, number))
    assert taken is not None
    backfill.pause_source(app, "openf1", paused=True)
    with pytest.raises(SourceClosed) as closed:
        Gate(app.pool, "openf1", per_minute=30).enter()
    with app.db() as db:
        items.give_back(db, taken, closed.value)
    assert app.release_all() == 0
    backfill.pause_source(app, "openf1", paused=False)
    assert seconds_until(app, item(app, number)["due_at"]) == pytest.approx(0, abs=2)


def test_a_source_that_does_not_exist_is_not_found(app: App) -> None:
    """Its name is repeated in part only."""
    with pytest.raises(NotFound, match=r"there is no source 'x{50}'$"):
        backfill.pause_source(app, "x" * 500, paused=True)


def test_releases_and_cancellations_at_once_agree(app: App) -> None:
    """Whatever was sent is cancelled or claimed, never both."""
    made = [start(app, *(meeting(10 * number + key) for key in range(10))) for number in range(6)]
    at_once(*(partial(backfill.cancel_run, app, run) for run in made), *[app.release_all] * 2)
    assert {one["state"] for one in rows(app, "SELECT state FROM ingest.items")} == {"cancelled"}
