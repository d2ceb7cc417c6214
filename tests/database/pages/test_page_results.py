"""Results of races' pages: of what is at hand, once a revision, and not before it is time."""

from datetime import UTC, datetime, timedelta

import pytest

from ingestion_core.errors import Conflict
from ingestion_core.tasks import backfill, crawl
from ingestion_core.tasks.app import App
from local.replay.wiki.server import WikiServer
from tests.support.apps import Opened
from tests.support.drain import deliver, drain, letters
from tests.support.product import rows
from tests.support.wiki_crawl import (
    FIELD,
    SECOND,
    SERIES,
    Run,
    asked,
    crawled,
    numbered,
    questions,
    race,
    season,
)
from tests.support.wiki_pages import Row, link
from tests.support.work import pass_time

TASK = "load_page_results"


@pytest.fixture
def chosen() -> dict[str, object]:
    """Results opted into."""
    return {"results_enabled": True}


def count(database: str) -> int:
    """How many results are stored."""
    return int(rows(database, 'SELECT count(*) FROM "Results"')[0][0])


def loaded(run: Run) -> dict[str, tuple[str, int]]:
    """How each item of results ended, and how many sets were new."""
    return {
        one["key"]: (one["outcome"], one["counts"].get("revised", 0))
        for one in run["items"]
        if one["task"] == TASK
    }


def test_results_are_those_of_the_pages_at_hand(app: App, wiki: WikiServer, database: str) -> None:
    """Two races of three; whoever asks for results later costs the wiki no page."""
    crawled(app)
    assert count(database) == 0
    begun = len(wiki.requests)
    run = crawled(app, results=True)
    assert questions(asked(wiki, begun))
    assert set(loaded(run).values()) == {("ok", 1)}
    assert count(database) == 6
    assert loaded(crawled(app, results=True)) == {}, "nothing of it is new"


def test_a_corrected_page_is_a_revision_of_its_results(
    app: App, wiki: WikiServer, database: str
) -> None:
    """Of that race alone."""
    crawled(app, results=True)
    first, *others = FIELD
    corrected = Row("1", first.driver, car="7", laps="40", status="running", points="55")
    wiki.shelf.put(numbered(race(SECOND, corrected, *others), 104, 71))
    assert loaded(crawled(app, results=True)) == {SECOND: ("ok", 1)}
    assert count(database) == 6


def test_an_entry_list_that_changes_under_results_has_them_projected_again(
    app: App, wiki: WikiServer, database: str
) -> None:
    """Though nobody asked for results this time: nobody may keep another's."""
    crawled(app, results=True)
    newcomer = Row("4", link("Di_Marsh", "Di Marsh"), car="3", laps="9")
    wiki.shelf.put(numbered(race(SECOND, *FIELD, newcomer), 104, 71))
    assert loaded(crawled(app)) == {SECOND: ("ok", 0)}
    assert count(database) == 6, "what the new revision says was not asked for"
    assert loaded(crawled(app, results=True)) == {SECOND: ("ok", 1)}
    assert count(database) == 7


def test_results_under_embargo_wait_until_the_day_is_over_everywhere(
    app: App, wiki: WikiServer, database: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In an item of no run; nothing of the page is looked at before."""
    today = datetime.now(UTC).date()
    wiki.shelf.put(numbered(season(SECOND, day=f"{today:%d %B %Y}"), 102))
    run = crawled(app, results=True)
    assert loaded(run) == {SECOND: ("embargo", 0)}
    assert run["state"] == "done"
    waiting = (
        "SELECT not_before, (SELECT count(*) FROM ingest.run_items r WHERE r.item = i.item)"
        " FROM ingest.items i WHERE state = 'waiting'"
    )
    opens = datetime(today.year, today.month, today.day, tzinfo=UTC) + timedelta(days=3)
    assert rows(database, waiting) == [(opens, 0)]
    record = "SELECT outcome, revision FROM ingest.fetches WHERE resource = 'results'"
    assert rows(database, record) == [("withheld", None)]
    pass_time(app, timedelta(days=4).total_seconds())
    later = app.now() + timedelta(days=4)
    monkeypatch.setattr(app, "now", lambda: later)
    app.release("thethirdturn")
    drain(app)
    assert rows(database, record) == [("ok", "70")]
    assert count(database) == 3


def test_results_that_are_turned_off_are_not_asked_for_and_what_waited_is_withheld(
    open_app: Opened, database: str
) -> None:
    """With the setting's name to whoever asks."""
    off = {"results_enabled": False}
    with pytest.raises(Conflict, match="RESULTS_ENABLED"):
        crawl.crawl_series(open_app(**off), SERIES, None, {}, include_results=True)
    app = open_app()
    run = crawl.crawl_series(app, SERIES, None, {}, include_results=True)
    while batch := [one for one in letters(app) if one[0] != TASK]:
        for task, message in batch:
            deliver(app, task, message)
    turned_off = open_app(**off)
    drain(turned_off)
    assert set(loaded(backfill.show_run(turned_off, run)).values()) == {("off", 0)}
    assert count(database) == 0
