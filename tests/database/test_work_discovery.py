"""Discovery: which meetings become items, and what a tick costs."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Any

import psycopg
import pytest

from functions import asked
from ingestion_core.tasks import backfill, discover
from ingestion_core.tasks.app import App
from ingestion_core.work.items import LIVE_LANE
from local.replay.faults import Fault
from local.replay.sample import load_sample
from local.replay.server import ReplayServer
from tests.support.drain import deliver, drain, letters
from tests.support.work import enqueue, execute, item, row, rows

SAMPLE = load_sample()
#: Five meetings of the sample; their entries are real, their dates are the test's.
OLD, LAST, NOW, NEXT, FAR = (str(row["meeting_key"]) for row in SAMPLE.of("meetings")[1:6])
#: In days from now: when each begins. None of their sessions is live.
WHEN = {OLD: -40.0, LAST: -8.0, NOW: -1.0, NEXT: 9.0, FAR: 60.0}


def serve(replay: ReplayServer, when: Mapping[str, float], year: int | None = None) -> None:
    """Serve these meetings: practice on the first day, the race two days later."""
    now = datetime.now(UTC)
    tables: dict[str, list[dict[str, Any]]] = {"meetings": [], "sessions": [], "drivers": []}
    for key, days in when.items():
        start = now + timedelta(days=days)
        common = {"year": year or now.year, "gmt_offset": "00:00:00"}
        (listed,) = (one for one in SAMPLE.of("meetings") if str(one["meeting_key"]) == key)
        end = start + timedelta(days=2, hours=2)
        tables["meetings"].append({**listed, **common, **times(start, end)})
        sessions = [one for one in SAMPLE.of("sessions") if str(one["meeting_key"]) == key]
        for one, begins in ((sessions[0], start), (sessions[-1], start + timedelta(days=2))):
            tables["sessions"].append(
                {**one, **common, **times(begins, begins + timedelta(hours=2))}
            )
            tables["drivers"] += [
                driver
                for driver in SAMPLE.of("drivers")
                if driver["session_key"] == one["session_key"]
            ]
    for name, found in tables.items():
        replay.rows.replace(name, found)


def times(start: datetime, end: datetime) -> dict[str, str]:
    return {
        "date_start": start.isoformat(timespec="seconds"),
        "date_end": end.isoformat(timespec="seconds"),
    }


def tick(app: App) -> set[str]:
    """A tick that looks, and the years it asks for; the meetings that became items."""
    execute(app, "UPDATE ingest.sources SET next_discovery_at = 'epoch'")
    discover.tick(app)
    for task, message in letters(app):
        if task == discover.TASK:
            deliver(app, task, message)
    return open_meetings(app)


def open_meetings(app: App) -> set[str]:
    return {
        one["key"]
        for one in rows(
            app,
            "SELECT key FROM ingest.items"
            " WHERE task = 'sync_meeting' AND state IN ('waiting', 'sent')",
        )
    }


@pytest.fixture
def season(app: App, replay: ReplayServer) -> ReplayServer:
    """A season of five meetings, all of them read."""
    serve(replay, WHEN)
    assert tick(app) == set(WHEN)
    drain(app)
    replay.requests.clear()
    return replay


def test_what_is_new_becomes_an_item_in_the_live_lane(app: App, replay: ReplayServer) -> None:
    """The first tick ever reads the whole season, future meetings included."""
    serve(replay, WHEN)
    assert tick(app) == set(WHEN)
    lanes = rows(app, "SELECT DISTINCT lane FROM ingest.items")
    assert lanes == [{"lane": LIVE_LANE}]


def test_afterwards_only_what_runs_or_has_just_finished_is_read_again(
    app: App, season: ReplayServer
) -> None:
    """Not the one of last month, nor what lies ahead."""
    assert tick(app) == {LAST, NOW}


@pytest.mark.parametrize(("ended", "wanted"), [(7, True), (8, False)])
def test_a_finished_meeting_is_read_again_for_seven_days(
    app: App, season: ReplayServer, ended: int, wanted: bool
) -> None:
    """Corrections come in those days; the next ones are a matter of the results."""
    execute(
        app,
        "UPDATE ingest.claims SET fields = fields || jsonb_build_object('DateEnd',"
        " (current_date - %s)::text) WHERE kind = 'round' AND key = %s AND source = 'openf1'",
        ended,
        LAST,
    )
    assert (LAST in tick(app)) is wanted


def test_what_is_listed_otherwise_than_before_becomes_an_item(
    app: App, season: ReplayServer
) -> None:
    """A race that moves, in the future as in the past."""
    season.rows.change("meetings", {"meeting_key": int(FAR)}, {"location": "Kuala Lumpur"})
    assert tick(app) == {LAST, NOW, FAR}


def test_a_meeting_that_appears_becomes_an_item(app: App, season: ReplayServer) -> None:
    """A round that is added in the middle of a season."""
    extra = str(SAMPLE.of("meetings")[8]["meeting_key"])
    serve(season, {**WHEN, extra: 30})
    assert extra in tick(app)


def test_what_was_never_completely_read_is_asked_for_again(app: App, replay: ReplayServer) -> None:
    """A past meeting without drivers: not at every tick, but when its answer's time has come."""
    serve(replay, WHEN)
    replay.rows.change("drivers", {"meeting_key": int(OLD)}, remove=True)
    tick(app)
    drain(app)
    assert OLD not in tick(app)
    drain(app)
    execute(app, "UPDATE ingest.fetches SET next_at = next_at - interval '25 hours'")
    assert OLD in tick(app)


def test_what_failed_is_asked_for_again_at_the_next_look(app: App, replay: ReplayServer) -> None:
    """No answer at all is no answer."""
    serve(replay, WHEN)
    tick(app)
    execute(app, "UPDATE ingest.items SET state = 'failed' WHERE key = %s", OLD)
    drain(app)
    assert OLD in tick(app)


@pytest.mark.parametrize(
    "fault",
    [
        Fault(kind="empty_list", match="/v1/meetings"),
        Fault(kind="not_found", match="/v1/meetings"),
        Fault(kind="status", match="/v1/meetings"),
        Fault(kind="html", match="/v1/meetings"),
        Fault(kind="truncated", match="/v1/meetings"),
    ],
    ids=lambda fault: fault.kind,
)
def test_an_empty_or_failed_list_deletes_nothing(
    app: App, season: ReplayServer, fault: Fault
) -> None:
    """Neither rows nor what is known; it is looked for again."""
    counted = """
        SELECT (SELECT count(*) FROM "Rounds") rounds, (SELECT count(*) FROM "Sessions") sessions,
               (SELECT count(*) FROM "Entrants") entrants,
               (SELECT count(*) FROM ingest.claims) claims,
               (SELECT sum("RoundNumber") FROM "Rounds") numbers
    """
    before = row(app, counted)
    assert before["rounds"] == 5
    season.faults.add(fault)
    assert tick(app) == set()
    assert row(app, counted) == before
    execute(app, "UPDATE ingest.sources SET closed_until = 'epoch'")
    drain(app)
    assert tick(app) == {LAST, NOW}


def test_between_weekends_a_tick_costs_two_statements_and_no_request(
    app: App, season: ReplayServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Beside them only the release: the sources' names, and one statement for each."""
    execute(app, "UPDATE ingest.sources SET next_discovery_at = now() + interval '1 hour'")
    before = row(app, "SELECT count(*) AS n FROM ingest.items")
    statements: list[str] = []
    really_execute = psycopg.Cursor.execute

    def execute_noting(cursor: Any, query: Any, *arguments: Any, **options: Any) -> Any:
        if query:  # the pool checks a connection with an empty one
            statements.append(str(query))
        return really_execute(cursor, query, *arguments, **options)

    monkeypatch.setattr(psycopg.Cursor, "execute", execute_noting)
    discover.tick(app)
    monkeypatch.undo()
    assert len(statements) == 4
    assert "ORDER BY source" in statements[2]
    assert "SET state = 'sent'" in statements[3]
    assert season.requests == []
    assert row(app, "SELECT count(*) AS n FROM ingest.items") == before


def test_in_a_race_weekend_every_tick_looks(app: App, season: ReplayServer) -> None:
    """One request for the year's list."""
    for asked_for in (1, 2):
        discover.tick(app)
        (letter,) = [one for one in letters(app) if one[0] == discover.TASK]
        deliver(app, *letter)
        assert len(season.requests) == asked_for


@pytest.mark.parametrize(
    ("now", "years"),
    [
        (datetime(2026, 11, 30, 23, 59, tzinfo=UTC), {"2026"}),
        (datetime(2026, 12, 1, tzinfo=UTC), {"2026", "2027"}),
        (datetime(2027, 1, 1, tzinfo=UTC), {"2027"}),
    ],
)
def test_from_december_on_the_next_season_is_looked_for_too(
    app: App, monkeypatch: pytest.MonkeyPatch, now: datetime, years: set[str]
) -> None:
    """The calendar of a new year is published in the old one."""
    monkeypatch.setattr(app, "now", lambda: now)
    discover.tick(app)
    assert {one["key"] for one in rows(app, "SELECT key FROM ingest.items")} == years


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
