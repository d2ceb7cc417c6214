"""What the log tells of an item, a source, an answer that drifted and a tick: one line each."""

import logging
from datetime import UTC, datetime, timedelta

import pytest

from ingestion_core.tasks import backfill, discover
from ingestion_core.tasks.app import App
from ingestion_core.tasks.run import run
from ingestion_core.tasks.sync_meeting import TASK, wanted_meeting
from ingestion_core.work.items import Item
from local.replay.faults import Fault
from local.replay.server import ReplayServer
from tests.support.drain import deliver
from tests.support.logs import told
from tests.support.work import enqueue, execute, new_run, send

BAHRAIN = 1229


@pytest.fixture(autouse=True)
def everything(caplog: pytest.LogCaptureFixture) -> None:
    """The log from INFO on, as the host has it."""
    caplog.set_level(logging.INFO)


def read(app: App, key: int = BAHRAIN) -> int:
    """Ask for a meeting and carry it out; its item."""
    (number,) = enqueue(app, wanted_meeting(key), runs=[new_run(app)])
    deliver(app, TASK, send(app, number))
    return number


def test_an_item_that_is_done_is_told_in_one_line(
    app: App, caplog: pytest.LogCaptureFixture
) -> None:
    """Run, item, release, task and key, how it ended, and what it cost and brought."""
    number = read(app)
    with app.db() as db:
        [(run_id,)] = db.execute("SELECT run FROM ingest.run_items WHERE item = %s", (number,))
    [line] = told(caplog, "item")
    assert float(line.pop("seconds")) > 0
    # At least the round, its circuit and sessions, the drivers, their teams and entries.
    assert int(line.pop("rows")) >= 1 + 1 + 5 + 20 + 10 + 20
    assert line == {
        "run": str(run_id),
        "item": str(number),
        "release": "1",
        "task": "sync_meeting",
        "key": "1229",
        "state": "done",
        "outcome": "ok",
        # The meeting itself, its season's list, its sessions, its drivers.
        "requests": "4",
        "quarantined": "0",
        "rounds": "1",
        "sessions": "5",
        "entrants": "20",
    }


def test_an_item_that_failed_is_an_error_with_its_code(
    app: App, caplog: pytest.LogCaptureFixture
) -> None:
    """The code of what dropped it."""
    read(app, 999_999)
    [line] = told(caplog, "item")
    assert (line["state"], line["error"]) == ("failed", "unknown-meeting")
    assert [one.levelno for one in caplog.records if one.message.startswith("item ")] == [
        logging.ERROR
    ]


def test_an_item_that_is_given_back_says_why(
    app: App, replay: ReplayServer, caplog: pytest.LogCaptureFixture
) -> None:
    """And its source says that it is closed, and until when."""
    replay.faults.add(Fault(kind="too_many", retry_after="90"))
    read(app)
    [line] = told(caplog, "item")
    assert (line["outcome"], line["error"]) == ("deferred", "rate-limited")
    assert line["state"] in {"waiting", "sent"}
    [closed] = told(caplog, "source")
    until = closed.pop("until")
    assert closed == {"source": "openf1", "state": "closed", "why": "rate-limited"}
    with app.db() as db:
        [(kept,)] = db.execute("SELECT closed_until FROM ingest.sources WHERE source = 'openf1'")
    assert until == kept.isoformat(timespec="seconds")


def test_a_source_that_fails_and_is_well_again_is_told_twice(
    app: App, replay: ReplayServer, caplog: pytest.LogCaptureFixture
) -> None:
    """Failing with its code, then open."""
    replay.faults.add(Fault(kind="status"))
    number = read(app)
    execute(app, "UPDATE ingest.sources SET closed_until = 'epoch'")
    deliver(app, TASK, send(app, number))
    states = [(one["state"], one.get("why")) for one in told(caplog, "source")]
    assert states == [("failing", "http-502"), ("open", None)]


def test_the_kill_switch_is_told(app: App, caplog: pytest.LogCaptureFixture) -> None:
    """Whoever reads the log knows why nothing is asked."""
    backfill.pause_source(app, "openf1", paused=True)
    backfill.pause_source(app, "openf1", paused=False)
    assert [one["state"] for one in told(caplog, "source")] == ["paused", "resumed"]


def test_an_item_that_raised_is_told_as_well(app: App, caplog: pytest.LogCaptureFixture) -> None:
    """A bug raises to the host; the line says that this attempt decided nothing."""

    def break_(app: App, item: Item) -> None:
        raise ZeroDivisionError

    (number,) = enqueue(app, wanted_meeting(BAHRAIN))
    with pytest.raises(ZeroDivisionError):
        run(app, "meetings", {TASK: break_}, send(app, number).body().encode())
    [line] = told(caplog, "item")
    assert (line["item"], line["outcome"]) == (str(number), "raised")
    assert "state" not in line


def test_a_copy_that_was_fenced_off_claims_nothing(
    app: App, caplog: pytest.LogCaptureFixture
) -> None:
    """Another copy is in charge: its line tells what became of the item."""

    def overtaken(app: App, item: Item) -> None:
        execute(app, "UPDATE ingest.items SET release = release + 1 WHERE item = %s", item.item)
        from ingestion_core.tasks.sync_meeting import sync_meeting

        sync_meeting(app, item)

    (number,) = enqueue(app, wanted_meeting(BAHRAIN))
    message = send(app, number)
    run(app, "meetings", {TASK: overtaken}, message.body().encode())
    [line] = told(caplog, "item")
    assert line["outcome"] == "fenced"
    deliver(app, TASK, message)
    [stale] = told(caplog, "stale")
    assert stale == {"queue": "meetings", "item": str(number), "release": "1"}


def test_a_message_without_meaning_is_a_dead_letter(
    app: App, caplog: pytest.LogCaptureFixture
) -> None:
    """Told by queue and reason, never by what it said."""
    run(app, "meetings", {}, b'{"v": 99, "secret": "hunter2"}')
    [line] = told(caplog, "dead-letter")
    assert (line["queue"], line["code"]) == ("meetings", "unknown-message")
    assert "hunter2" not in caplog.text


def test_a_field_that_nobody_knows_is_drift(
    app: App, replay: ReplayServer, caplog: pytest.LogCaptureFixture
) -> None:
    """Told where it was seen and by name, without its value."""
    replay.rows.change("sessions", {"session_key": 9472}, {"weather_mood": "grim"})
    read(app)
    assert told(caplog, "drift") == [
        {"source": "openf1", "resource": "sessions", "key": "1229", "fields": "+weather_mood"}
    ]
    assert "grim" not in caplog.text


def test_a_tick_is_told_and_how_fresh_each_source_is(
    app: App, caplog: pytest.LogCaptureFixture
) -> None:
    """The absence of this line is the dead man's alarm."""
    read(app)
    execute(app, "UPDATE ingest.fetches SET ok_at = ok_at - interval '1 hour'")
    discover.tick(app)
    [line] = told(caplog, "tick")
    assert line == {"due": "true", "results": "0", "sent": "1"}
    assert all(
        (one["without_entries"], one["without_results"]) == ("0", "0")
        for one in told(caplog, "overdue")
    )
    [fresh] = told(caplog, "freshness")
    assert fresh["source"] == "openf1"
    assert 3600 <= float(fresh["seconds"]) < 3660


def test_a_session_that_nobody_lists_is_told_as_overdue(
    app: App, replay: ReplayServer, caplog: pytest.LogCaptureFixture
) -> None:
    """The timer tells how many, of which season; the alarm is raised by that line."""
    now = datetime.now(UTC)
    began = now - timedelta(days=2)
    ended = began + timedelta(hours=2)
    for resource in ("meetings", "sessions"):
        kept = [one for one in replay.rows.of(resource) if one["meeting_key"] == BAHRAIN]
        moved = {
            "year": began.year,
            "date_start": began.isoformat(timespec="seconds"),
            "date_end": ended.isoformat(timespec="seconds"),
            "gmt_offset": "00:00:00",
        }
        replay.rows.replace(resource, [{**one, **moved} for one in kept])
    replay.rows.replace("drivers", [])
    read(app)
    execute(app, "UPDATE ingest.sources SET next_discovery_at = 'epoch'")
    caplog.clear()
    discover.tick(app)
    of_then = [one for one in told(caplog, "overdue") if one["season"] == str(began.year)]
    assert of_then == [{"season": str(began.year), "without_entries": "5", "without_results": "0"}]
