"""What the wiki lets us ask for, and when: asked first, kept for a day, obeyed."""

from ingestion_core.sources.thethirdturn.page import address
from ingestion_core.tasks import backfill, crawl
from ingestion_core.tasks.app import App
from local.replay.faults import Fault
from local.replay.wiki.server import WikiServer
from tests.support.apps import Opened
from tests.support.drain import deliver, drain, letters
from tests.support.product import rows
from tests.support.wiki_crawl import (
    ADA,
    ROBOTS,
    SECOND,
    SERIES,
    asked,
    crawled,
    fetched,
    numbered,
    outcomes,
    pages,
)
from tests.support.work import execute, pass_time


def test_a_disallowed_page_is_never_asked_for(app: App, wiki: WikiServer, database: str) -> None:
    """Its item is done, and says so; what it would have led to is not known."""
    wiki.site.robots = f"User-agent: *\nDisallow: {address(SECOND)}\nDisallow: {address(ADA)}\n"
    run = crawled(app)
    assert run["state"] == "done"
    assert (outcomes(run)[SECOND], outcomes(run)[ADA]) == ("disallowed", "disallowed")
    assert fetched(database)[ADA] == ("failed", None)
    crawled(app)
    assert not {address(SECOND), address(ADA)} & set(asked(wiki))


def test_a_wiki_that_forbids_everything_is_asked_for_nothing_else(
    app: App, wiki: WikiServer
) -> None:
    """Not even for revisions."""
    wiki.site.robots = "User-agent: *\nDisallow: /\n"
    assert outcomes(crawled(app)) == {SERIES: "disallowed"}
    crawled(app)
    assert asked(wiki) == [ROBOTS]


def test_robots_txt_is_kept_for_a_day(open_app: Opened, wiki: WikiServer) -> None:
    """By all instances; then it is asked for again, and what it says by then counts."""
    crawled(open_app())
    wiki.site.robots = f"User-agent: *\nDisallow: {address(ADA)}\n"
    crawled(open_app())
    assert asked(wiki).count(ROBOTS) == 1
    app = open_app()
    execute(app, "UPDATE ingest.robots SET fetched_at = fetched_at - interval '1 day'")
    begun = len(wiki.requests)
    wiki.shelf.put(numbered(pages()[ADA], 106, 71))
    assert outcomes(crawled(app))[ADA] == "disallowed"
    assert asked(wiki, begun)[0] == ROBOTS
    assert asked(wiki).count(ROBOTS) == 2


def test_without_robots_txt_everything_is_allowed(app: App, wiki: WikiServer) -> None:
    """That it is missing is remembered for a day too."""
    wiki.site.robots = None
    assert crawled(app)["state"] == "done"
    assert asked(wiki).count(ROBOTS) == 1


def test_a_wiki_whose_robots_txt_fails_is_left_alone(
    app: App, wiki: WikiServer, database: str
) -> None:
    """The item waits; nothing else was asked for."""
    wiki.faults.add(Fault(kind="status", match=ROBOTS, status=503))
    run = crawl.crawl_series(app, SERIES, None, {})
    deliver(app, *letters(app)[0])
    assert asked(wiki) == [ROBOTS]
    (item,) = rows(database, "SELECT state, outcome, error_code FROM ingest.items")
    assert item[1:] == ("deferred", "http-503")
    pass_time(app, 3600)
    drain(app)
    assert backfill.show_run(app, run)["state"] == "done"


def test_a_pause_that_robots_txt_asks_for_is_the_pace(
    open_app: Opened, wiki: WikiServer, database: str
) -> None:
    """Where it is longer than ours; also of an instance that starts later."""
    wiki.site.robots = "User-agent: *\nCrawl-delay: 7\nDisallow: /\n"
    crawled(open_app())
    pace = "SELECT extract(epoch FROM pace)::float8 FROM ingest.sources"
    assert rows(database, f"{pace} WHERE source = 'thethirdturn'") == [(7.0,)]
    assert open_app().pool
    assert rows(database, f"{pace} WHERE source = 'thethirdturn'") == [(7.0,)]


def test_a_wiki_that_has_us_wait_keeps_the_item(app: App, wiki: WikiServer) -> None:
    """A 429 costs no attempt."""
    wiki.faults.add(Fault(kind="too_many", match="/wiki/", retry_after="60"))
    run = crawl.crawl_series(app, SERIES, None, {})
    deliver(app, *letters(app)[0])
    (item,) = backfill.show_run(app, run)["items"]
    assert (item["outcome"], item["error"], item["attempts"]) == ("deferred", "rate-limited", 0)
    assert asked(wiki) == [ROBOTS, address(SERIES)]
