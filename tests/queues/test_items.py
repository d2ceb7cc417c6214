"""Items: twins join, a release fences, what is given back comes again, what is lost is found."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from functools import partial

import pytest

from ingestion_core.errors import SourceClosed, SourceFailing
from ingestion_core.tasks.app import App
from ingestion_core.work import items, runs
from ingestion_core.work.items import BULK_LANE, LIVE_LANE, Fenced, Item, Wanted
from tests.support.work import (
    at_once,
    claim,
    claimed,
    enqueue,
    execute,
    item,
    meeting,
    new_run,
    row,
    rows,
    runs_of,
    send,
)

NOON = datetime(2030, 3, 2, 12, tzinfo=UTC)
LATER = NOON + timedelta(hours=3)


def closed_source(until: datetime = LATER) -> SourceClosed:
    return SourceClosed("openf1", until, "live-session")


def failing(until: datetime = LATER) -> SourceFailing:
    return SourceFailing("openf1", until, "http-502")


def give_back(app: App, taken: Item, deferred: SourceClosed | SourceFailing) -> str | None:
    with app.db() as db:
        return items.give_back(db, taken, deferred)


def close(app: App, taken: Item) -> None:
    with app.transaction() as db:
        items.close(db, taken, "done", outcome="ok", counts={"rows": 1})


def test_a_unit_of_work_is_asked_for_once_while_it_waits(app: App) -> None:
    """A twin joins: one item, whose payload knows what both knew, as early as either wants it."""
    first = meeting(payload={"name": "Bahrain", "slug": "old"}, not_before=LATER)
    second = meeting(payload={"slug": "new"}, not_before=NOON)
    assert enqueue(app, first) == enqueue(app, second) == enqueue(app, first)
    joined = row(app, "SELECT * FROM ingest.items")
    assert joined["payload"] == {"name": "Bahrain", "slug": "old"}
    assert (joined["lane"], joined["not_before"]) == (BULK_LANE, NOON)


def test_a_twin_in_a_hurry_takes_the_item_into_its_lane(app: App) -> None:
    """And bulk that comes later does not take it out again."""
    (number,) = enqueue(app, meeting())
    enqueue(app, meeting(lane=LIVE_LANE))
    enqueue(app, meeting(lane=BULK_LANE))
    assert item(app, number)["lane"] == LIVE_LANE


def test_a_twin_of_bulk_leaves_a_sent_message_alone(app: App) -> None:
    """The copy in the queue does for both."""
    (number,) = enqueue(app, meeting())
    message = send(app, number)
    enqueue(app, meeting())
    assert item(app, number)["state"] == "sent"
    assert claim(app, message) is not None


def test_a_live_twin_has_a_bulk_message_sent_again_and_fences_the_old_copy(app: App) -> None:
    """The old copy may be due in an hour; when it comes it finds nothing to do."""
    (number,) = enqueue(app, meeting())
    old = send(app, number)
    assert enqueue(app, meeting(lane=LIVE_LANE)) == [number]
    assert item(app, number)["state"] == "waiting"
    assert claim(app, old) is None
    new = send(app, number)
    assert claim(app, old) is None
    assert claim(app, new) is not None


def test_what_runs_has_asked_already_and_its_twin_asks_again(app: App) -> None:
    """A message that is being handled may have read what has changed since."""
    running = claimed(app, meeting())
    (twin,) = enqueue(app, meeting())
    assert twin != running.item


def test_many_runs_share_one_item(app: App) -> None:
    """Whoever asks for the same work sees it done once."""
    first, second = new_run(app), new_run(app)
    (number,) = enqueue(app, meeting(), runs=[first])
    enqueue(app, meeting(), runs=[second])
    enqueue(app, meeting(), runs=[second])
    assert runs_of(app, number) == {first, second}


def test_follow_ups_belong_to_their_parents_runs(app: App) -> None:
    """A year's meetings are in every run that asked for the year."""
    asked = {new_run(app), new_run(app)}
    parent = claimed(app, Wanted("openf1", "discover_year", "2024", 1), runs=asked)
    with app.transaction() as db:
        assert items.enqueue(db, [meeting(1), meeting(2)], parent=parent) == 2
    made = rows(app, "SELECT item FROM ingest.items WHERE task = 'sync_meeting'")
    assert [runs_of(app, one["item"]) for one in made] == [asked, asked]


def test_a_cancelled_run_gets_no_follow_ups(app: App) -> None:
    """Cancelled while its year was being read: what another run wants too goes on for that one."""
    cancelled, other = new_run(app), new_run(app)
    alone = claimed(app, Wanted("openf1", "discover_year", "2023", 1), runs=[cancelled])
    shared = claimed(app, Wanted("openf1", "discover_year", "2024", 1), runs=[cancelled, other])
    with app.transaction() as db:
        runs.cancel(db, cancelled)
    with app.transaction() as db:
        assert items.enqueue(db, [meeting(1)], parent=alone) == 0
        assert items.enqueue(db, [meeting(2)], parent=shared) == 1
    (only,) = rows(app, "SELECT item, key FROM ingest.items WHERE task = 'sync_meeting'")
    assert (only["key"], runs_of(app, only["item"])) == ("2", {other})


def test_the_same_work_twice_in_one_batch_is_one_item(app: App) -> None:
    """PostgreSQL refuses a batch that meets one row twice."""
    with app.transaction() as db:
        assert items.enqueue(db, [meeting(1), meeting(2), meeting(1)]) == 2


def test_batches_in_opposite_orders_never_deadlock(app: App) -> None:
    """Two backfills, a timer and a release at once; every batch ends."""
    forward = [meeting(key) for key in range(1, 61)]

    def ask(wanted: Sequence[Wanted]) -> None:
        for _ in range(15):
            with app.transaction() as db:
                items.enqueue(db, wanted)

    def cancel() -> None:
        for _ in range(15):
            run = new_run(app)
            with app.transaction() as db:
                items.enqueue(db, forward[::3], runs=[run])
            with app.transaction() as db:
                runs.cancel(db, run)

    at_once(partial(ask, forward), partial(ask, forward[::-1]), cancel)
    execute(app, "DELETE FROM ingest.items WHERE state = 'cancelled'")
    assert row(app, "SELECT count(*) AS n FROM ingest.items")["n"] <= 60


def test_only_the_newest_release_of_the_right_task_is_claimed(app: App) -> None:
    """A stale copy, a message of another task and one without an item do nothing."""
    (number,) = enqueue(app, meeting())
    old, new = send(app, number), send(app, number)
    assert claim(app, old) is None
    assert claim(app, new, "discover_year") is None
    assert claim(app, new.model_copy(update={"item": number + 1000})) is None
    assert item(app, number)["state"] == "sent"
    taken = claim(app, new)
    assert taken is not None
    assert (taken.item, taken.release, taken.key, taken.attempts) == (number, 2, "1229", 0)


def test_a_message_delivered_again_after_a_crash_is_claimed_again(app: App) -> None:
    """At least once: the item still runs, under the same release."""
    (number,) = enqueue(app, meeting())
    message = send(app, number)
    assert claim(app, message) is not None
    assert claim(app, message) is not None


@pytest.mark.parametrize("state", ["waiting", "done", "failed", "cancelled", "withheld"])
def test_what_is_not_sent_is_not_claimed(app: App, state: str) -> None:
    """Done work is not done twice, cancelled work not at all."""
    (number,) = enqueue(app, meeting())
    message = send(app, number)
    execute(app, "UPDATE ingest.items SET state = %s", state)
    assert claim(app, message) is None


def test_closing_keeps_what_came_of_it(app: App) -> None:
    """State, outcome, counts and the time; the reason of an earlier deferral is gone."""
    taken = claimed(app, meeting())
    give_back(app, taken, closed_source())
    again = claim(app, send(app, taken.item))
    assert again is not None
    close(app, again)
    done = item(app, taken.item)
    assert (done["state"], done["outcome"], done["counts"]) == ("done", "ok", {"rows": 1})
    assert (done["error_code"], done["closed_at"] is None) == (None, False)


def test_what_was_released_anew_meanwhile_can_not_be_closed_and_keeps_nothing(app: App) -> None:
    """The effect is in the same transaction as the close: both are rolled back."""
    slow = claimed(app, meeting())
    claim(app, send(app, slow.item))

    def store() -> None:
        with app.transaction() as db:
            db.execute(
                "INSERT INTO ingest.fetches (source, resource, key, outcome, observed_at)"
                " VALUES ('openf1', 'sessions', '1229', 'ok', now())"
            )
            items.close(db, slow, "done")

    with pytest.raises(Fenced):
        store()
    assert rows(app, "SELECT * FROM ingest.fetches") == []
    assert item(app, slow.item)["state"] == "running"


def test_of_two_deliveries_of_one_message_only_the_first_to_finish_counts(app: App) -> None:
    """The second finds the item closed."""
    (number,) = enqueue(app, meeting())
    message = send(app, number)
    first, second = claim(app, message), claim(app, message)
    assert first is not None
    assert second is not None
    close(app, second)
    with pytest.raises(Fenced):
        close(app, first)


def test_what_the_source_defers_waits_without_an_attempt(app: App) -> None:
    """A closed gate, a 429 and a lock-out are the source's state, as often as they come."""
    (number,) = enqueue(app, meeting())
    for _ in range(20):
        taken = claim(app, send(app, number))
        assert taken is not None
        assert give_back(app, taken, closed_source()) == "waiting"
    waiting = item(app, number)
    assert (waiting["attempts"], waiting["not_before"]) == (0, LATER)
    assert (waiting["outcome"], waiting["error_code"]) == ("deferred", "live-session")


def test_whoever_asks_for_work_may_say_how_many_attempts_it_has(app: App) -> None:
    """The last of them is the end; a twin with more patience has it for both."""
    (number,) = enqueue(app, meeting(max_attempts=2))
    for expected in ("waiting", "failed"):
        taken = claim(app, send(app, number))
        assert taken is not None
        assert give_back(app, taken, failing()) == expected
    (joined,) = enqueue(app, meeting(1230, max_attempts=2))
    enqueue(app, meeting(1230, max_attempts=5))
    enqueue(app, meeting(1230, max_attempts=3))
    assert item(app, joined)["max_attempts"] == 5


def test_what_follows_an_item_has_as_many_attempts_unless_it_says_otherwise(app: App) -> None:
    """A year's meetings those of the year, and their results those of the meeting."""
    parent = claimed(app, meeting(1, max_attempts=3))
    with app.transaction() as db:
        items.enqueue(db, [meeting(2), meeting(4, max_attempts=6)], parent=parent)
    (child,) = enqueue(app, meeting(2))
    assert item(app, child)["max_attempts"] == 8, "the usual number, of whoever asks as well"
    with app.transaction() as db:
        items.enqueue(db, [meeting(3)], parent=parent)
    found = {
        one["key"]: one["max_attempts"]
        for one in rows(app, "SELECT key, max_attempts FROM ingest.items")
    }
    assert found == {"1": 3, "2": 8, "3": 3, "4": 6}


def test_given_back_to_a_twin_an_items_attempts_are_the_greater_number(app: App) -> None:
    """Those who waited for it wait for the twin."""
    taken = claimed(app, meeting(max_attempts=9))
    (twin,) = enqueue(app, meeting(max_attempts=4))
    give_back(app, taken, failing())
    assert item(app, twin)["max_attempts"] == 9


def test_a_failing_source_costs_an_attempt_and_the_eighth_is_the_last(app: App) -> None:
    """5xx and timeouts; then the item is closed, with the reason."""
    (number,) = enqueue(app, meeting())
    states = []
    for _ in range(8):
        taken = claim(app, send(app, number))
        assert taken is not None
        states.append(give_back(app, taken, failing()))
    assert states == ["waiting"] * 7 + ["failed"]
    closed = item(app, number)
    assert (closed["attempts"], closed["error_code"]) == (8, "http-502")
    assert closed["closed_at"] is not None


def test_who_was_fenced_off_gives_nothing_back(app: App) -> None:
    """The copy in charge decides."""
    slow = claimed(app, meeting())
    claim(app, send(app, slow.item))
    assert give_back(app, slow, failing()) is None
    assert item(app, slow.item)["state"] == "running"


def test_what_is_given_back_while_its_twin_waits_becomes_its_twin(app: App) -> None:
    """The runs of both wait for the one that is left, which knows what both knew."""
    first, both, second = new_run(app), new_run(app), new_run(app)
    running = claimed(app, meeting(payload={"asked": 1, "by": "first"}), runs=[first, both])
    (twin,) = enqueue(app, meeting(payload={"by": "second"}), runs=[both, second])
    assert give_back(app, running, closed_source()) == "cancelled"
    assert (item(app, running.item)["outcome"], runs_of(app, running.item)) == ("joined", set())
    left = item(app, twin)
    assert (left["state"], runs_of(app, twin)) == ("waiting", {first, both, second})
    assert left["payload"] == {"asked": 1, "by": "second"}


def test_a_live_item_given_back_takes_its_sent_bulk_twin_into_its_lane(app: App) -> None:
    """Somebody waits for it: the twin's copy, due in an hour, is fenced off."""
    running = claimed(app, meeting(lane=LIVE_LANE))
    (twin,) = enqueue(app, meeting())
    old = send(app, twin)
    give_back(app, running, closed_source())
    assert (item(app, twin)["lane"], item(app, twin)["state"]) == (LIVE_LANE, "waiting")
    assert claim(app, old) is None


def test_a_bulk_item_given_back_leaves_its_sent_twin_alone(app: App) -> None:
    """Its message is under way."""
    running = claimed(app, meeting())
    (twin,) = enqueue(app, meeting())
    message = send(app, twin)
    give_back(app, running, closed_source())
    assert claim(app, message) is not None


def test_an_item_given_back_while_its_twin_comes_ends_as_one(app: App) -> None:
    """Both at once, over and over: never two that wait, never an error."""
    for key in range(20):
        running = claimed(app, meeting(key + 1))

        def ask(key: int = key) -> None:
            with app.transaction() as db:
                items.enqueue(db, [meeting(key + 1)])

        at_once(ask, partial(give_back, app, running, closed_source()))
        open_ones = rows(
            app, "SELECT item FROM ingest.items WHERE key = %s AND state = 'waiting'", str(key + 1)
        )
        assert len(open_ones) == 1


@pytest.mark.parametrize("state", ["sent", "running"])
def test_a_poisoned_message_closes_the_item_it_carried(app: App, state: str) -> None:
    """Nothing waits for ever for a message that nobody can handle."""
    (number,) = enqueue(app, meeting())
    message = send(app, number)
    if state == "running":
        claim(app, message)
    with app.db() as db:
        assert items.fail_poisoned(db, number, "poison", message.release)
    failed = item(app, number)
    assert (failed["state"], failed["outcome"]) == ("failed", "poison")
    assert failed["error_code"] == "poison"


def test_a_poisoned_old_copy_leaves_the_newer_one_alone(app: App) -> None:
    """It was given up after the item had been sent again; nor does it reopen what is done."""
    (number,) = enqueue(app, meeting())
    old, new = send(app, number), send(app, number)
    taken = claim(app, new)
    assert taken is not None
    with app.db() as db:
        assert not items.fail_poisoned(db, number, "poison", old.release)
        close(app, taken)
        assert not items.fail_poisoned(db, number, "poison", new.release)
    assert item(app, number)["state"] == "done"
