"""When results are asked for: the embargo, failures, and what happens while they are off."""

from datetime import UTC, datetime, timedelta

import pytest

from ingestion_core.errors import Conflict
from ingestion_core.tasks import backfill, opt_in
from ingestion_core.tasks.app import App
from ingestion_core.tasks.discover import tick
from ingestion_core.work import runs
from local.replay.faults import Fault
from local.replay.server import ReplayServer
from tests.database.conftest import UNLIMITED
from tests.support.drain import deliver, drain, letters
from tests.support.product import rows
from tests.support.results import (
    BAHRAIN,
    Found,
    load,
    only,
    opted,
    results,
    spoiling_requests,
)


def near(replay: ReplayServer, last_end: datetime) -> list[datetime]:
    """Move the weekend so that its last session ends then, a day between two; all the ends."""
    sessions = sorted(replay.rows.of("sessions"), key=lambda one: str(one["date_start"]))
    ends = [last_end - timedelta(days=ago) for ago in reversed(range(len(sessions)))]
    for one, end in zip(sessions, ends, strict=True):
        times = {"date_start": (end - timedelta(hours=1)).isoformat(), "date_end": end.isoformat()}
        replay.rows.change("sessions", {"session_key": one["session_key"]}, times)
    return ends


def test_the_embargo_withholds_each_session_until_its_own_end_is_long_enough_ago(
    app: App, database: str, replay: ReplayServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Then the timer asks, without anybody's doing; and 1, 3, 7, 30, 90 and 180 days after."""
    now = datetime.now(UTC)
    ends = near(replay, now + timedelta(days=3, hours=12))
    assert ends[0] < now
    with app.db() as db:
        db.execute("UPDATE ingest.sources SET next_discovery_at = 'infinity'")
    shown = load(app)
    (item,) = [one for one in shown["items"] if one["task"] == "load_results"]
    assert (item["state"], item["outcome"], shown["state"]) == ("withheld", "embargo", "done")
    assert spoiling_requests(replay) == []
    assert app.settings.results_embargo_hours == 24

    def questions(at: datetime) -> int:
        """How often results were asked for by ticks at a moment."""
        asked = len(spoiling_requests(replay))
        monkeypatch.setattr(app, "now", lambda: at)
        for _ in range(2):
            with app.db() as db:
                db.execute("DELETE FROM ingest.lockouts")
            tick(app)
            drain(app)
        return len(spoiling_requests(replay)) - asked

    minute = timedelta(minutes=1)
    day = timedelta(days=1)
    for place, end in enumerate(ends):
        assert questions(end + day - minute) == 0
        assert questions(end + day + minute) == 2
        assert len(results(database)) == 20 * (place + 1)
    for days in opt_in.ASKED_AGAIN[1:]:
        assert questions(ends[-1] + days * day - minute) == 0, days
        assert questions(ends[-1] + days * day + minute) == 2, days
    assert questions(ends[-1] + 1000 * day) == 0
    assert opt_in.ASKED_AGAIN == (1, 3, 7, 30, 90, 180)


def test_a_failure_that_outlasts_its_item_is_asked_about_again(
    app: App, replay: ReplayServer, database: str, loaded: Found
) -> None:
    """Failed is no end: the calendar keeps a date."""
    replay.faults.add(Fault(kind="status", match="/v1/session_result", times=None))
    backfill.meeting(app, BAHRAIN, include_results=True)
    for _ in range(2):  # the meeting, then its results; not again and again
        for task, message in letters(app):
            deliver(app, task, message)
    found = rows(
        database,
        "SELECT outcome, next_at - now() BETWEEN interval '23 hours' AND interval '25 hours'"
        " FROM ingest.fetches WHERE resource = 'session_result'",
    )
    assert found == [("failed", True)]
    assert results(database) == loaded


def test_while_results_are_off_they_are_refused_by_name_and_nothing_is_sent(
    app: App, replay: ReplayServer, database: str, azurite: str, loaded: Found
) -> None:
    """What was waiting when they were turned off is withheld; a retry of it, too."""
    with app.transaction() as db:
        run = runs.start(db, "test", {}, [opt_in.wanted_results(str(BAHRAIN), "x", ask=True)])
    app.close()
    off = opted(database, azurite, replay, results_enabled=False)
    asked = len(spoiling_requests(replay))
    for wish in (
        lambda: backfill.backfill(off, [2024], {}, include_results=True),
        lambda: backfill.meeting(off, BAHRAIN, include_results=True),
    ):
        with pytest.raises(Conflict, match="RESULTS_ENABLED") as refused:
            wish()
        assert refused.value.status == 409
    (item,) = backfill.show_run(off, run)["items"]
    assert (item["state"], item["outcome"]) == ("withheld", "off")
    with off.db() as db:
        db.execute("UPDATE ingest.items SET state = 'failed' WHERE state = 'withheld'")
    backfill.retry_run(off, run)
    assert letters(off) == []
    # Not even where the entry list changes under results that are there.
    where = {"meeting_key": BAHRAIN, "driver_number": 44}
    replay.rows.change("drivers", where, {"driver_number": 45})
    known = rows(database, "SELECT count(*) FROM ingest.items WHERE task = 'load_results'")
    backfill.meeting(off, BAHRAIN)
    drain(off)
    off.close()
    after = rows(database, "SELECT count(*) FROM ingest.items WHERE task = 'load_results'")
    assert after == known
    assert len(spoiling_requests(replay)) == asked


def test_without_opting_in_there_are_no_results_and_no_request_for_any(
    database: str, azurite: str
) -> None:
    """Not one endpoint that could tell; nothing in the queue; not even the schema."""
    with ReplayServer(limits=UNLIMITED) as replay:
        only(replay, BAHRAIN, 1230)
        app = opted(database, azurite, replay, results_enabled=False)
        run = backfill.backfill(app, [2024], {"years": 2024})
        drain(app)
        assert backfill.show_run(app, run)["state"] == "done"
        app.close()
        assert {one.path for one in replay.requests} == {
            "/v1/meetings",
            "/v1/sessions",
            "/v1/drivers",
        }
    assert rows(database, 'SELECT count(*) FROM "Results"') == [(0,)]
    assert rows(database, "SELECT to_regnamespace('spoilers')::text") == [(None,)]
    tasks = rows(database, "SELECT DISTINCT task FROM ingest.items ORDER BY 1")
    assert tasks == [("discover_year",), ("sync_meeting",)]
