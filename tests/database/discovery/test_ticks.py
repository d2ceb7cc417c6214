"""Discovery by the timer: which meetings become items, and what a tick costs."""

from datetime import UTC, datetime
from typing import Any

import psycopg
import pytest

from ingestion_core.tasks import discover
from ingestion_core.tasks.app import App
from ingestion_core.work.items import LIVE_LANE
from local.replay.faults import Fault
from local.replay.server import ReplayServer
from tests.support.discovery import FAR, LAST, NOW, OLD, SAMPLE, WHEN, serve, tick
from tests.support.drain import deliver, drain, letters
from tests.support.work import execute, row, rows


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
