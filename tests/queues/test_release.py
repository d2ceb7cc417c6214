"""The timetable: which items become messages, when each is seen, and what is found again."""

import base64
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from threading import Event
from typing import Any

import pytest
from azure.storage.queue import QueueClient, QueueServiceClient
from pydantic import SecretStr

from ingestion_core.sources.openf1 import SOURCE
from ingestion_core.tasks.app import App
from ingestion_core.work import items
from ingestion_core.work.account import Account
from ingestion_core.work.items import LIVE_LANE, Wanted
from ingestion_core.work.messages import Message, parse
from ingestion_core.work.queues import AzureError, Queues
from ingestion_core.work.release import _RELEASE
from tests.support.work import (
    at_once,
    claim,
    claimed,
    enqueue,
    execute,
    item,
    meeting,
    pass_time,
    row,
    rows,
    seconds_until,
    send,
)

PACE = 2.05
WAITING = 2000
_BLOCKED = """
SELECT count(*) FROM pg_stat_activity
WHERE datname = current_database() AND wait_event_type = 'Lock'
"""


@dataclass(frozen=True, slots=True)
class Posted:
    """A message as the storage took it, and how long it stays unseen, by the storage's clock."""

    queue: str
    message: Message
    unseen: timedelta
    lifetime: timedelta


@pytest.fixture
def storage(azurite: str) -> Iterator[QueueServiceClient]:
    """The Storage account, without any queue."""
    with QueueServiceClient.from_connection_string(azurite) as service:
        for queue in list(service.list_queues()):
            service.delete_queue(queue.name)
        yield service


@pytest.fixture
def posted(storage: QueueServiceClient, monkeypatch: pytest.MonkeyPatch) -> list[Posted]:
    """What was really sent: a message that is not visible yet can't be peeked at."""
    seen: list[Posted] = []
    really_send = QueueClient.send_message

    def send_message(client: QueueClient, content: str, **options: Any) -> Any:
        sent = really_send(client, content, **options)
        seen.append(
            Posted(
                client.queue_name,
                parse(content.encode()),
                sent.next_visible_on - sent.inserted_on,
                sent.expires_on - sent.inserted_on,
            )
        )
        return sent

    monkeypatch.setattr(QueueClient, "send_message", send_message)
    return seen


def keys(posted: list[Posted]) -> list[str]:
    return [one.message.key for one in posted]


def due(app: App, key: int) -> float:
    """In how many seconds an item is due."""
    found = row(app, "SELECT due_at FROM ingest.items WHERE key = %s", str(key))
    return seconds_until(app, found["due_at"])


def slots(app: App) -> dict[str, float]:
    """When each sent item is due, in seconds after the first."""
    found = rows(app, "SELECT key, due_at FROM ingest.items WHERE state = 'sent' ORDER BY due_at")
    return {
        one["key"]: pytest.approx((one["due_at"] - found[0]["due_at"]).total_seconds(), abs=0.001)
        for one in found
    }


def test_slots_are_as_far_apart_as_their_requests_need(app: App, posted: list[Posted]) -> None:
    """Meetings of two requests every 4.1 s, one of three leaves 6.15 s."""
    enqueue(app, meeting(1), meeting(2, requests=3), meeting(3), meeting(4))
    assert app.release("openf1") == 4
    assert slots(app) == {"1": 0, "2": 2 * PACE, "3": 5 * PACE, "4": 7 * PACE}


def test_items_are_taken_by_lane_then_by_time_then_in_order(app: App, posted: list[Posted]) -> None:
    """A live item overtakes all; among bulk, what could begin earlier does."""
    now = row(app, "SELECT now() AS at")["at"]
    enqueue(
        app,
        meeting(1, not_before=now - timedelta(seconds=1)),
        meeting(2, not_before=now - timedelta(seconds=9)),
        meeting(3, not_before=now - timedelta(seconds=1)),
        meeting(4, lane=LIVE_LANE),
    )
    app.release("openf1")
    assert slots(app) == {"4": 0, "2": 2 * PACE, "1": 4 * PACE, "3": 6 * PACE}


def test_the_live_lane_is_visible_at_once_and_pushes_bulk_back(
    app: App, posted: list[Posted]
) -> None:
    """In the middle of a backfill: behind no bulk, and what is sent later makes room for it."""
    enqueue(app, *(meeting(key) for key in range(1, 41)))
    app.release("openf1")
    enqueue(app, meeting(100, lane=LIVE_LANE, requests=3), meeting(41))
    app.release("openf1")
    live = next(one for one in posted if one.message.key == "100")
    assert live.unseen == timedelta(0)
    assert due(app, 41) == pytest.approx((40 * 2 + 3) * PACE, abs=3)


def test_the_first_slot_is_free_when_the_pace_allows_it(app: App, posted: list[Posted]) -> None:
    """Not before the pace since the last request is over."""
    execute(app, "UPDATE ingest.sources SET pace = '1 minute', last_start = now()")
    enqueue(app, meeting(1))
    app.release("openf1")
    assert due(app, 1) == pytest.approx(60, abs=2)


def test_a_closed_source_is_asked_when_it_opens(app: App, posted: list[Posted]) -> None:
    """Nobody has to find out by failing."""
    execute(app, "UPDATE ingest.sources SET closed_until = now() + interval '10 minutes'")
    enqueue(app, meeting(1), meeting(2), meeting(3, lane=LIVE_LANE))
    app.release("openf1")
    assert due(app, 3) == pytest.approx(600, abs=2)
    assert slots(app) == {"3": 0, "1": 2 * PACE, "2": 4 * PACE}


def test_what_is_due_later_than_in_twenty_minutes_stays_a_row(
    app: App, posted: list[Posted]
) -> None:
    """At 4.1 s each: 293 fit, and the rest follow when there is room."""
    enqueue(app, *(meeting(key) for key in range(1, 401)))
    sent = app.release("openf1")
    assert sent == pytest.approx(20 * 60 / (2 * PACE), abs=1)
    assert keys(posted) == [str(key) for key in range(1, sent + 1)]
    assert app.release("openf1") == 0
    execute(app, "UPDATE ingest.items SET state = 'done' WHERE key::int <= 10")
    pass_time(app, 10 * 2 * PACE)
    assert app.release("openf1") == pytest.approx(10, abs=1)


def test_an_item_is_not_seen_before_its_time(app: App, posted: list[Posted]) -> None:
    """What was given back, or is spaced wider than the pace; beyond the horizon it stays a row."""
    now = row(app, "SELECT now() AS at")["at"]
    enqueue(
        app,
        meeting(1, not_before=now + timedelta(minutes=10)),
        meeting(2, not_before=now + timedelta(minutes=21)),
    )
    assert app.release("openf1") == 1
    assert due(app, 1) == pytest.approx(600, abs=2)
    assert timedelta(seconds=596) <= posted[0].unseen <= timedelta(seconds=600)


def test_a_message_is_seen_in_whole_seconds_up_to_two_before_its_slot(
    app: App, posted: list[Posted]
) -> None:
    """Until a poll finds it, the time is spent; it never comes after its slot."""
    enqueue(app, *(meeting(key) for key in range(1, 11)))
    app.release("openf1")
    for place, one in enumerate(posted):
        assert one.unseen == timedelta(seconds=int(one.unseen.total_seconds()))
        slot = place * 2 * PACE
        assert max(0, slot - 3) <= one.unseen.total_seconds() <= slot


def test_a_message_never_expires(app: App, posted: list[Posted]) -> None:
    """A long backfill's timetable outlasts the default week."""
    enqueue(app, meeting(1))
    app.release("openf1")
    assert posted[0].lifetime > timedelta(days=365)


def test_a_message_is_the_model_in_base64_in_its_tasks_queue(
    app: App, storage: QueueServiceClient
) -> None:
    """As the host expects it; the queues that were missing are made."""
    (year,) = enqueue(app, Wanted("openf1", "discover_year", "2024", 1))
    (number,) = enqueue(app, meeting(1, lane=LIVE_LANE))
    app.release("openf1")
    assert {queue.name for queue in storage.list_queues()} == {"years", "meetings"}
    (peeked,) = storage.get_queue_client("meetings").peek_messages()
    assert base64.b64decode(peeked.content, validate=True) == (
        b'{"v":1,"item":%d,"release":1,"key":"1"}' % number
    )
    message = parse(base64.b64decode(peeked.content))
    assert claim(app, message) is not None
    assert item(app, year)["release"] == 1


def test_a_paused_source_sends_nothing_until_it_is_resumed(app: App, posted: list[Posted]) -> None:
    """Whatever is waiting waits."""
    enqueue(app, meeting(1))
    execute(app, "UPDATE ingest.sources SET paused = true")
    assert app.release("openf1") == 0
    execute(app, "UPDATE ingest.sources SET paused = false")
    assert app.release("openf1") == 1
    assert keys(posted) == ["1"]


def test_a_release_sends_no_other_sources_items(app: App, posted: list[Posted]) -> None:
    """Each source has its own timetable."""
    execute(app, "INSERT INTO ingest.sources (source, pace) VALUES ('ergast', '18 seconds')")
    enqueue(app, meeting(1), meeting(2, source="ergast"))
    assert app.release("openf1") == 1
    assert app.release_all() == 1
    assert keys(posted) == ["1", "2"]


def test_a_message_that_got_lost_is_sent_again_15_minutes_past_due(
    app: App, posted: list[Posted]
) -> None:
    """Under a new release: should the old copy turn up, it does nothing."""
    enqueue(app, meeting(1))
    app.release("openf1")
    pass_time(app, 14 * 60)
    assert app.release("openf1") == 0
    pass_time(app, 61)
    assert app.release("openf1") == 1
    lost, again = posted
    assert claim(app, lost.message) is None
    assert claim(app, again.message) is not None


def test_what_runs_longer_than_anything_may_is_taken_back_after_25_minutes(
    app: App, posted: list[Posted]
) -> None:
    """A worker that died; functionTimeout is 10 minutes."""
    running = claimed(app, meeting(1))
    pass_time(app, 24 * 60)
    assert app.release("openf1") == 0
    pass_time(app, 61)
    assert app.release("openf1") == 1
    assert posted[0].message.release == running.release + 1


def test_what_hangs_is_not_sent_beside_its_twin(app: App, posted: list[Posted]) -> None:
    """Two hung copies and one that waits: one at a time, and none keeps the others from work."""
    hung = [claimed(app, meeting(1)).item, claimed(app, meeting(1)).item]
    (waiting,) = enqueue(app, meeting(1))
    execute(app, "UPDATE ingest.items SET started_at = now() - interval '1 hour'")
    for _ in range(3):
        assert app.release("openf1") == 1
        execute(
            app, "UPDATE ingest.items SET state = 'done' WHERE item = %s", posted[-1].message.item
        )
    assert [one.message.item for one in posted] == [waiting, *hung]


def test_releases_at_once_send_every_item_once(app: App, posted: list[Posted]) -> None:
    """Handlers release whenever they commit: four have looked already when the first may write."""
    enqueue(app, *(meeting(key) for key in range(1, 21)))
    ready = Event()

    def hold() -> None:
        with app.transaction() as db, app.db() as watching:
            db.execute("SELECT FROM ingest.sources FOR UPDATE")
            ready.set()
            deadline = time.monotonic() + 10
            while watching.execute(_BLOCKED).fetchone() != (4,):
                assert time.monotonic() < deadline, "the releases do not wait for the source"

    def release() -> None:
        assert ready.wait(10)
        app.release("openf1")

    at_once(hold, *[release] * 4)
    assert sorted(one.message.item for one in posted) == [
        one["item"] for one in rows(app, "SELECT item FROM ingest.items ORDER BY item")
    ]
    assert {one.message.release for one in posted} == {1}


def test_a_release_does_not_send_what_was_claimed_meanwhile(app: App, posted: list[Posted]) -> None:
    """Running work is left alone."""
    (number,) = enqueue(app, meeting(1))
    claim(app, send(app, number))
    assert app.release("openf1") == 0


def test_what_a_silent_storage_did_not_take_is_sent_by_a_later_release(
    app: App, posted: list[Posted], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The rows remember: they count as sent, and are found to be past due."""
    enqueue(app, meeting(1), meeting(2))
    working = app.queues
    nobody = "QueueEndpoint=http://127.0.0.1:9/account;AccountName=account;AccountKey=a2V5"
    monkeypatch.setattr(app, "queues", Queues(Account(SecretStr(nobody))))
    with pytest.raises(AzureError):
        app.release("openf1")
    app.queues.close()
    monkeypatch.setattr(app, "queues", working)
    assert posted == []
    assert app.release("openf1") == 0
    pass_time(app, 16 * 60)
    assert app.release("openf1") == 2
    assert keys(posted) == ["1", "2"]
    assert {one.message.release for one in posted} == {2}


def test_what_is_ahead_is_counted_once_however_much_waits(app: App) -> None:
    """Of two thousand items that wait, each is looked at a few times: not all of them for each."""
    explained = f"EXPLAIN (ANALYZE, BUFFERS, FORMAT JSON) {_RELEASE}"
    with app.transaction() as db:
        items.enqueue(db, [meeting(key) for key in range(1, WAITING + 1)])
    with app.db() as db:
        [(plans,)] = db.execute(explained.encode(), {"source": SOURCE}).fetchall()
    read = plans[0]["Plan"]["Shared Hit Blocks"] + plans[0]["Plan"]["Shared Read Blocks"]
    assert read < 20 * WAITING
