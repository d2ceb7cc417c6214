"""What goes wrong around the app's queues, and what is left of it: nothing is lost."""

import base64
import hashlib
import itertools
import json
from datetime import timedelta

import psycopg
from azure.storage.queue import QueueClient, TextBase64EncodePolicy

from local.replay.server import ReplayServer
from tests.host.processes import eventually
from tests.host.running import CALENDAR, Start
from tests.support.malformed import MALFORMED
from tests.support.product import figures, rows

#: The first six meetings of the sample season.
SHORT = {
    "rounds": (5, 1),
    "sessions": 28,
    "entrants": 122,
    "drivers": 22,
    "teams": 10,
    "circuits": 5,
}
#: Of the sample season.
MEETINGS = range(1228, 1248)


def is_text(body: bytes) -> bool:
    """Whether the host can decode it."""
    try:
        body.decode()
    except UnicodeDecodeError:
        return False
    return True


#: As they stand in a queue: what means nothing, and what is no base64 at all.
BODIES = [*(base64.b64encode(one).decode() for one in MALFORMED.values()), "no base64, hunter2"]
READABLE = {hashlib.sha256(one).hexdigest()[:16] for one in MALFORMED.values() if is_text(one)}


def refused(database: str) -> list[tuple[str, str, int]]:
    """What was recorded of messages: digest, reason, how often."""
    return [
        (row["sha256"], reason, times)
        for row, reason, times in rows(
            database, "SELECT row, reason, times FROM ingest.quarantine WHERE source = 'queue'"
        )
    ]


def test_a_host_killed_in_the_middle_of_a_backfill_loses_nothing(
    start: Start, short: ReplayServer, database: str
) -> None:
    """kill -9: its message comes back when its lease is over, and the meetings are the same."""
    app = start(short, per_minute=1200, lease_seconds=3)
    run = app.ask("/backfill/2024")["run"]
    eventually(lambda: len(short.requests) >= 5)
    app.host.kill()
    # What it had begun is under its lease still, and marked as running.
    second = start(short, per_minute=1200, lease_seconds=3)
    shown = second.finished(run)
    assert (shown["state"], shown["done"]) == ("done", 7)
    assert figures(database) == SHORT
    assert 13 <= len(short.requests) <= 13 + 3


def test_a_message_lost_from_the_queue_is_sent_again_and_a_stale_copy_does_nothing(
    start: Start, short: ReplayServer, storage: str, database: str
) -> None:
    """The timer takes back what was sent and never claimed."""
    app = start(short)
    app.ask("/sources/openf1/pause")
    run = app.ask("/backfill/2024")["run"]
    with psycopg.connect(database, autocommit=True) as db:
        # As if sent a quarter of an hour ago, and lost.
        db.execute(
            "UPDATE ingest.items SET state = 'sent', release = 1,"
            " due_at = now() - interval '16 minutes'"
        )
        (item,) = db.execute("SELECT item FROM ingest.items").fetchone() or (0,)
    app.ask("/sources/openf1/resume")
    app.look_for_work()
    assert app.finished(run)["state"] == "done"
    asked = len(short.requests)
    with QueueClient.from_connection_string(
        storage, "years", message_encode_policy=TextBase64EncodePolicy()
    ) as queue:
        queue.send_message(json.dumps({"v": 1, "item": item, "release": 1, "key": "2024"}))
        app.host.line(rf"stale queue=years item={item} release=1\b")
        eventually(lambda: queue.get_queue_properties().approximate_message_count == 0)
    assert len(short.requests) >= asked
    assert rows(database, "SELECT count(*) FROM ingest.items WHERE state = 'running'") == [(0,)]


def test_a_body_without_meaning_is_recorded_and_the_message_behind_it_is_unaffected(
    start: Start, replay: ReplayServer, storage: str, database: str
) -> None:
    """Each is recorded once, with a reason; what is no base64 of a text is the host's to bury."""
    app = start(replay, listening=(*CALENDAR, "dead_letter_meeting"), maxDequeueCount=2)
    app.finished(app.ask("/meetings/1229")["run"])
    with psycopg.connect(database, autocommit=True) as db:
        # None of these speaks of an item that there is.
        db.execute("ALTER TABLE ingest.items ALTER COLUMN item RESTART WITH 1000")
    runs = []
    with (
        QueueClient.from_connection_string(storage, "meetings") as queue,
        QueueClient.from_connection_string(storage, "meetings-poison") as poison,
    ):
        for body, meeting in zip(BODIES, itertools.cycle(MEETINGS), strict=False):
            queue.send_message(body)
            runs.append(app.ask(f"/meetings/{meeting}")["run"])
        assert {app.finished(run)["state"] for run in runs} == {"done"}
        # What the host itself can't decode it buries at once, before any function sees it.
        buried = len(BODIES) - len(READABLE)
        # None comes a second time: a message that failed would stay, unseen for a while.
        eventually(lambda: queue.get_queue_properties().approximate_message_count == 0)
        eventually(lambda: poison.get_queue_properties().approximate_message_count == buried)
    eventually(lambda: len(refused(database)) >= len(READABLE))
    kept = refused(database)
    assert {digest for digest, _, _ in kept} == READABLE
    assert {times for _, _, times in kept} == {1}
    assert all(reason.startswith("message of no known form: ") for _, reason, _ in kept)
    assert "hunter2" not in f"{kept} {app.host.lines}"
    assert rows(database, "SELECT count(*) FROM ingest.items WHERE state = 'failed'") == [(0,)]


def test_the_kill_switch_stops_requests_and_nothing_is_lost(
    start: Start, short: ReplayServer
) -> None:
    """Paused, nothing is asked; resumed, the backfill goes on to its end."""
    app = start(short, per_minute=120)
    run = app.ask("/backfill/2024")["run"]
    eventually(lambda: len(short.requests) >= 5)
    assert app.ask("/sources/openf1/pause")["paused"] is True
    eventually(lambda: app.run(run)["deferred"] > 0)
    asked = len(short.requests)
    assert asked < 13
    assert app.ask("/sources/openf1/resume")["paused"] is False
    assert app.finished(run)["done"] == 7
    assert len(short.requests) == 13
    source = app.client.get("/sources").json()["sources"][0]
    assert source["source"] == "openf1"
    assert timedelta(seconds=source["pace_seconds"]) == timedelta(seconds=60 / 120 * 1.025)
