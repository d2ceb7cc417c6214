"""Which of a year's meetings a backfill takes, how far apart, and how it meets the timer."""

from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest

from functions import asked
from ingestion_core.tasks import backfill, discover
from ingestion_core.tasks.app import App
from ingestion_core.work.items import LIVE_LANE
from local.replay.server import ReplayServer
from tests.support.discovery import LAST, NEXT, NOW, OLD, WHEN, open_meetings, serve, tick
from tests.support.drain import deliver, drain, letters
from tests.support.work import enqueue, execute, item, row, rows


def test_a_next_season_that_is_not_listed_yet_is_no_failure(app: App, replay: ReplayServer) -> None:
    """Empty, and looked for again tomorrow."""
    run = backfill.backfill(app, [datetime.now(UTC).year + 1], {})
    drain(app)
    assert backfill.show_run(app, run)["state"] == "done"
    assert row(app, "SELECT outcome FROM ingest.items")["outcome"] == "empty"
    assert row(app, 'SELECT count(*) AS n FROM "Rounds"')["n"] == 0


def test_recent_days_take_no_future_meeting(app: App, replay: ReplayServer) -> None:
    """What runs, and what ended within the days."""
    serve(replay, WHEN)
    backfill.backfill(app, [datetime.now(UTC).year], {}, recent_days=10)
    for letter in letters(app):
        deliver(app, *letter)
    assert open_meetings(app) == {LAST, NOW}


@pytest.mark.parametrize(("hours", "wanted"), [(-1, True), (1, False)])
def test_recent_days_are_counted_from_the_end_of_the_last_session(
    app: App, replay: ReplayServer, hours: int, wanted: bool
) -> None:
    """To the hour, by the list as well as by the sessions as they are stored."""
    ended_days_ago = 10 + hours / 24
    serve(replay, {OLD: -(ended_days_ago + 2 + 2 / 24)})
    for known in ("by the list", "by the sessions"):
        backfill.backfill(app, [datetime.now(UTC).year], {}, recent_days=10)
        for task, message in letters(app):
            deliver(app, task, message)
        assert (open_meetings(app) == {OLD}) is wanted, known
        execute(app, "DELETE FROM ingest.items")
        backfill.backfill(app, [datetime.now(UTC).year], {})
        drain(app)
        assert row(app, 'SELECT count(*) AS n FROM "Sessions"')["n"] == 2


def test_recent_takes_a_meeting_by_its_sessions_rather_than_by_its_days(
    app: App, season: ReplayServer
) -> None:
    """Between two of its sessions, without one that ended lately, nothing is to be had."""
    execute(
        app,
        "UPDATE ingest.claims SET fields = fields || jsonb_build_object('EndTimeUtc',"
        " now() - interval '5 hours') WHERE kind = 'session' AND source = 'openf1' AND target IN"
        ' (SELECT "Id" FROM "Sessions" WHERE "StartTimeUtc" < now())',
    )
    execute(app, "DELETE FROM ingest.items")
    year = datetime.now(UTC).year
    backfill.backfill(app, [year], {}, recent_days=0)
    for letter in letters(app):
        deliver(app, *letter)
    assert open_meetings(app) == set()
    execute(
        app,
        "UPDATE ingest.claims SET fields = fields || jsonb_build_object('EndTimeUtc',"
        " now() + interval '1 hour') WHERE kind = 'session' AND source = 'openf1' AND target IN"
        ' (SELECT "Id" FROM "Sessions" WHERE "StartTimeUtc" < now()'
        "  AND \"StartTimeUtc\" > now() - interval '2 days')",
    )
    backfill.backfill(app, [year], {}, recent_days=0)
    for letter in letters(app):
        deliver(app, *letter)
    assert open_meetings(app) == {NOW}


def test_the_attempts_asked_for_reach_the_years_meetings(app: App, replay: ReplayServer) -> None:
    """And the timer's own work keeps the usual number."""
    serve(replay, {OLD: -40})
    backfill.backfill(app, [datetime.now(UTC).year], {}, max_attempts=2)
    (letter,) = letters(app)
    deliver(app, *letter)
    attempts = "SELECT task, max_attempts FROM ingest.items ORDER BY item"
    assert [tuple(one.values()) for one in rows(app, attempts)] == [
        ("discover_year", 2),
        ("sync_meeting", 2),
    ]


def test_recent_days_reach_across_new_year(
    app: App, replay: ReplayServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In the first days of January, "recent" means the old season."""
    now = datetime(2026, 1, 3, 12, tzinfo=UTC)
    days = (datetime(2025, 12, 27, 12, tzinfo=UTC) - datetime.now(UTC)) / timedelta(days=1)
    serve(replay, {LAST: days, OLD: days - 20}, year=2025)
    monkeypatch.setattr(app, "now", lambda: now)
    years = asked.seasons(asked.Backfill(recent_days=7), now)
    backfill.backfill(app, years, {}, recent_days=7)
    for letter in letters(app):
        deliver(app, *letter)
    assert set(years) == {2025, 2026}
    assert open_meetings(app) == {LAST}


def test_spacing_spreads_meetings_also_across_years(app: App, replay: ReplayServer) -> None:
    """Each at least so long after the one before, whatever year it belongs to, done or not."""
    this_year = datetime.now(UTC).year
    serve(replay, {OLD: -40, LAST: -8})
    listed = [*replay.rows.of("meetings")]
    serve(replay, {NOW: -1, NEXT: 9}, year=this_year - 1)
    replay.rows.replace("meetings", [*listed, *replay.rows.of("meetings")])
    backfill.backfill(app, [this_year - 1, this_year], {}, spacing_seconds=120)
    first, second = letters(app)
    deliver(app, *first)
    execute(app, "UPDATE ingest.items SET state = 'done' WHERE task = 'sync_meeting'")
    deliver(app, *second)
    moments = [
        one["not_before"]
        for one in rows(
            app,
            "SELECT not_before FROM ingest.items WHERE task = 'sync_meeting' ORDER BY not_before",
        )
    ]
    apart = [(b - a).total_seconds() for a, b in pairwise(moments)]
    assert apart == [120, 120, 120]


def test_spacing_below_the_pace_does_not_hurry_anybody(app: App, replay: ReplayServer) -> None:
    """Slower than the source's own pace if wanted, never faster."""
    execute(app, "UPDATE ingest.sources SET pace = '10 seconds'")
    serve(replay, {OLD: -40, LAST: -8})
    backfill.backfill(app, [datetime.now(UTC).year], {}, spacing_seconds=1)
    for letter in letters(app):
        deliver(app, *letter)
    first, second = rows(
        app, "SELECT due_at FROM ingest.items WHERE task = 'sync_meeting' ORDER BY due_at"
    )
    assert (second["due_at"] - first["due_at"]).total_seconds() >= 20


def test_a_backfill_that_meets_the_timer_gets_the_whole_season(
    app: App, season: ReplayServer
) -> None:
    """They join in one item: neither wish narrows the other, and what is live stays live."""
    run = backfill.backfill(app, [datetime.now(UTC).year], {})
    assert tick(app) == set(WHEN)
    lanes = {
        one["key"]: one["lane"]
        for one in rows(
            app,
            "SELECT key, lane FROM ingest.items"
            " WHERE task = 'sync_meeting' AND state IN ('waiting', 'sent')",
        )
    }
    assert {key for key, lane in lanes.items() if lane == LIVE_LANE} == {LAST, NOW}
    assert {one["key"] for one in backfill.show_run(app, run)["items"]} > set(WHEN)


def test_two_backfills_of_one_year_both_get_what_they_asked_for(
    app: App, replay: ReplayServer
) -> None:
    """The recent ones alone, asked for later, do not narrow the whole season."""
    serve(replay, WHEN)
    year = datetime.now(UTC).year
    backfill.backfill(app, [year], {})
    backfill.backfill(app, [year], {}, recent_days=10)
    (letter,) = letters(app)
    deliver(app, *letter)
    assert open_meetings(app) == set(WHEN)


def test_a_years_item_without_a_scope_means_the_whole_season(
    app: App, replay: ReplayServer
) -> None:
    """Whoever wrote it knew nothing of scopes."""
    serve(replay, WHEN)
    year = discover.wanted_year(datetime.now(UTC).year, discover.Scope())
    (number,) = enqueue(app, year)
    execute(app, "UPDATE ingest.items SET payload = '{}'")
    app.release_all()
    (letter,) = letters(app)
    deliver(app, *letter)
    assert open_meetings(app) == set(WHEN)
    assert item(app, number)["counts"] == {"requests": 1, "meetings": 5}
