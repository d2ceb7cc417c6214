"""From a message to its item: what becomes of the item, whatever happens."""

import json
import logging

import pytest

from ingestion_core.errors import Dropped
from ingestion_core.sources.openf1 import SOURCE
from ingestion_core.tasks.app import App
from ingestion_core.tasks.run import refuse, run
from ingestion_core.work.items import Item
from ingestion_core.work.messages import Message
from tests.support.work import Row, claim, enqueue, item, meeting, rows, send

SECRET = "VER wins from pole"


def nothing(app: App, item: Item) -> None:
    raise AssertionError("no task is carried out for this message")


def quarantined(app: App) -> list[Row]:
    return rows(app, "SELECT * FROM ingest.quarantine")


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"\xff\xfe",
        b"{",
        b"null",
        b"[" * 100_000,
        b'{"v":1,"item":"1","release":1,"key":"1229"}',
        json.dumps({"v": 1, "item": 1, "release": 1, "key": "1229", SECRET: 1}).encode(),
        json.dumps({"text": SECRET}).encode(),
    ],
    ids=["empty", "no text", "half", "null", "deep", "text as number", "field", "other"],
)
def test_garbage_is_recorded_without_its_text(
    app: App, body: bytes, caplog: pytest.LogCaptureFixture
) -> None:
    """Its queue, its length, a digest and what is wrong with it, in words of ours."""
    with caplog.at_level(logging.DEBUG):
        run(app, "meetings", {"sync_meeting": nothing}, body)
    (kept,) = quarantined(app)
    assert (kept["source"], kept["key"], kept["row"]["bytes"]) == ("queue", "meetings", len(body))
    assert set(kept["row"]) == {"bytes", "sha256"}
    assert SECRET not in f"{kept} {caplog.text}"


def test_garbage_again_is_counted_not_piled_up(app: App) -> None:
    """The same body of the same queue is one record."""
    for _ in range(3):
        run(app, "meetings", {"sync_meeting": nothing}, b"garbage")
    assert [one["times"] for one in quarantined(app)] == [3]


def test_a_message_of_an_unknown_version_fails_the_item_it_names(app: App) -> None:
    """The run says so, and the message is on record."""
    (number,) = enqueue(app, meeting())
    sent = send(app, number)
    body = json.dumps({**sent.model_dump(), "v": 99, "note": SECRET}).encode()
    run(app, "meetings", {"sync_meeting": nothing}, body)
    failed = item(app, number)
    assert (failed["state"], failed["error_code"]) == ("failed", "unknown-message")
    (kept,) = quarantined(app)
    assert SECRET not in str(kept)


def test_a_dead_letter_closes_its_item(app: App) -> None:
    """Given up by the host: the item needs no other record."""
    (number,) = enqueue(app, meeting())
    body = send(app, number).body().encode()
    refuse(app, "meetings", body, "poison", "given up after the last delivery attempt")
    failed = item(app, number)
    assert (failed["state"], failed["outcome"]) == ("failed", "poison")
    assert quarantined(app) == []


def test_a_dead_letter_of_an_older_release_is_recorded_and_closes_nothing(app: App) -> None:
    """The newer copy is being handled."""
    (number,) = enqueue(app, meeting())
    old = send(app, number).body().encode()
    assert claim(app, send(app, number)) is not None
    refuse(app, "meetings", old, "poison", "given up after the last delivery attempt")
    assert item(app, number)["state"] == "running"
    assert [one["reason"] for one in quarantined(app)] == [
        "given up after the last delivery attempt"
    ]


def test_what_was_released_anew_is_not_dropped_by_its_old_copy(app: App) -> None:
    """And the old copy's message is over: nothing is raised to the host."""

    def outrun(app: App, taken: Item) -> None:
        claim(app, send(app, taken.item))
        raise Dropped

    (number,) = enqueue(app, meeting())
    run(app, "meetings", {"sync_meeting": outrun}, send(app, number).body().encode())
    assert item(app, number)["state"] == "running"


def test_a_bug_is_raised_to_the_host_and_the_item_stays_running(app: App) -> None:
    """The host delivers the same message again, and it is claimed again."""

    def stumble(app: App, taken: Item) -> None:
        raise ZeroDivisionError

    (number,) = enqueue(app, meeting())
    message = send(app, number)
    with pytest.raises(ZeroDivisionError):
        run(app, "meetings", {"sync_meeting": stumble}, message.body().encode())
    assert item(app, number)["state"] == "running"
    assert claim(app, message) is not None


def test_a_message_of_another_queues_task_does_nothing(app: App) -> None:
    """A meeting's item in the queue of the years."""
    (number,) = enqueue(app, meeting())
    message: Message = send(app, number)
    run(app, "years", {"discover_year": nothing}, message.body().encode())
    assert item(app, number)["state"] == "sent"
    assert item(app, number)["source"] == SOURCE
