"""A meeting's message, and what becomes of its item when the source answers otherwise."""

import pytest

from ingestion_core.tasks.app import App
from ingestion_core.tasks.sync_meeting import wanted_meeting
from local.replay.faults import Fault
from local.replay.server import ReplayServer
from tests.support.drain import deliver
from tests.support.work import enqueue, item, row, seconds_until, send


def test_a_stale_copy_asks_nobody_anything(app: App, replay: ReplayServer) -> None:
    """Its item is done."""
    (number,) = enqueue(app, wanted_meeting(1229))
    message = send(app, number)
    deliver(app, "sync_meeting", message)
    asked = len(replay.requests)
    deliver(app, "sync_meeting", message)
    assert len(replay.requests) == asked
    assert item(app, number)["state"] == "done"


def test_an_unknown_meeting_is_dropped_with_its_code(app: App) -> None:
    """No retry makes the source know it."""
    (number,) = enqueue(app, wanted_meeting(999_999))
    deliver(app, "sync_meeting", send(app, number))
    failed = item(app, number)
    assert (failed["state"], failed["outcome"]) == ("failed", "dropped")
    assert failed["error_code"] == "unknown-meeting"


def test_sessions_are_stored_though_the_drivers_can_not_be_had(
    app: App, replay: ReplayServer
) -> None:
    """502 at /drivers: what is known is kept, and the item comes again for the rest."""
    replay.faults.add(Fault(kind="status", match="/v1/drivers"))
    (number,) = enqueue(app, wanted_meeting(1229))
    deliver(app, "sync_meeting", send(app, number))
    assert row(app, 'SELECT count(*) AS n FROM "Sessions"')["n"] == 5
    assert row(app, 'SELECT count(*) AS n FROM "Entrants"')["n"] == 0
    waiting = item(app, number)
    assert (waiting["attempts"], waiting["error_code"]) == (1, "http-502")
    assert waiting["state"] in {"waiting", "sent"}
    assert seconds_until(app, waiting["not_before"]) == pytest.approx(15, abs=3)
    assert row(app, "SELECT failures FROM ingest.sources")["failures"] == 1


def test_a_429_is_no_attempt_of_the_item(app: App, replay: ReplayServer) -> None:
    """It comes again when the source said."""
    replay.faults.add(Fault(kind="too_many", retry_after="90"))
    (number,) = enqueue(app, wanted_meeting(1229))
    deliver(app, "sync_meeting", send(app, number))
    given_back = item(app, number)
    assert (given_back["attempts"], given_back["error_code"]) == (0, "rate-limited")
    assert seconds_until(app, given_back["not_before"]) == pytest.approx(90, abs=3)
    # Given back and released: it is in the queue again, unseen until then, under a new number.
    assert (given_back["state"], given_back["release"]) == ("sent", 2)
