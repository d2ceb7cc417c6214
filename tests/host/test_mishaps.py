"""What goes wrong around the app's queues, and what is left of it: nothing is lost."""

import json
from datetime import timedelta

import psycopg
from azure.storage.queue import QueueClient, TextBase64EncodePolicy

from local.replay.server import ReplayServer
from tests.host.processes import eventually
from tests.host.running import Start
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
    """Not JSON, an unknown version: recorded with a reason. Not base64: the host's to bury."""
    app = start(replay, maxDequeueCount=2)
    app.finished(app.ask("/meetings/1229")["run"])
    encoded = QueueClient.from_connection_string(
        storage, "meetings", message_encode_policy=TextBase64EncodePolicy()
    )
    plain = QueueClient.from_connection_string(storage, "meetings")
    with encoded, plain:
        encoded.send_message("{ not json")
        encoded.send_message(json.dumps({"v": 99, "item": 1, "release": 1, "key": "1229"}))
        plain.send_message("not base64, ZZSECRET")
        run = app.ask("/meetings/1230")["run"]
        assert app.finished(run)["state"] == "done"

        def recorded() -> bool:
            found = rows(
                database, "SELECT reason FROM ingest.quarantine WHERE source = 'queue' ORDER BY 1"
            )
            return len(found) == 2

        eventually(recorded)
        # What the host itself can't decode it buries at once, before any function sees it.
        with QueueClient.from_connection_string(storage, "meetings-poison") as poison:
            eventually(lambda: poison.get_queue_properties().approximate_message_count == 1)
    kept = rows(database, "SELECT row::text FROM ingest.quarantine WHERE source = 'queue'")
    assert not [row for row in kept if "ZZSECRET" in row[0] or "not json" in row[0]]


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
