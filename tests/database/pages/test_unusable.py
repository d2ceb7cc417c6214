"""Pages that are none, and titles that lead nowhere or elsewhere: each on record by its name."""

import pytest

from ingestion_core.sources.thethirdturn.page import address
from ingestion_core.tasks.app import App
from local.replay.faults import Fault
from local.replay.wiki.server import WikiServer
from tests.support import wiki_pages
from tests.support.product import rows
from tests.support.wiki_crawl import (
    ABSENT,
    ADA,
    FIRST,
    ROBOTS,
    SEASON,
    SECOND,
    asked,
    crawled,
    fetched,
    kept_titles,
    numbered,
    outcomes,
    questions,
    season,
)


def test_a_page_that_can_not_be_read_fails_by_name_and_its_bytes_are_kept(
    app: App, wiki: WikiServer, database: str
) -> None:
    """The rest goes on; in a second crawl it is as it was, and asked for no more."""
    wiki.shelf.put(numbered(wiki_pages.page(SECOND, "<p>under construction</p>"), 104))
    run = crawled(app)
    assert (run["state"], run["failed"]) == ("failed", 1)
    assert outcomes(run)[SECOND] == "failed: page-unusable: not-a-race"
    assert outcomes(run)[FIRST] == "ok"
    assert fetched(database)[SECOND] == ("failed", 200)
    assert SECOND in kept_titles(database)
    begun = len(wiki.requests)
    again = crawled(app)
    assert questions(asked(wiki, begun))
    assert again["failed"] == 0, "what ended here and did not change is not begun"


def test_a_page_that_is_none_fails_and_is_asked_for_again_by_whoever_asks(
    app: App, wiki: WikiServer, database: str
) -> None:
    """Half a page has no revision that could stay the same."""
    wiki.faults.add(Fault(kind="html", match=address(ADA)))
    run = crawled(app)
    assert str(outcomes(run)[ADA]).startswith("failed: page-unusable: ")
    assert ADA not in kept_titles(database)
    assert asked(wiki).count(address(ADA)) == 1
    assert outcomes(crawled(app))[ADA] == "ok"


def test_a_page_that_was_asked_for_as_another_kind_is_none_the_worse(
    app: App, wiki: WikiServer
) -> None:
    """A season's title where a series' belongs fails by name, before or after the right one."""
    assert outcomes(crawled(app, SEASON)) == {SEASON: "failed: page-unusable: not-a-series"}
    assert outcomes(crawled(app))[SEASON] == "ok"
    assert outcomes(crawled(app, SEASON)) == {SEASON: "failed: page-unusable: not-a-series"}
    begun = len(wiki.requests)
    assert outcomes(crawled(app))[SEASON] == "unchanged"
    assert questions(asked(wiki, begun))


@pytest.mark.parametrize("how", ["served", "answered"])
def test_a_page_that_has_moved_is_known_by_both_titles(
    app: App, wiki: WikiServer, database: str, how: str
) -> None:
    """Whether the wiki serves the other page, or answers where it is; then it is settled."""
    wiki.shelf.put(numbered(season("Moved_Race", SECOND), 102))
    if how == "served":
        wiki.shelf.redirects["Moved_Race"] = FIRST
    else:
        wiki.site.moved["Moved_Race"] = FIRST
    run = crawled(app)
    assert outcomes(run)["Moved_Race"] == "ok"
    moved = "SELECT moved_to, revision FROM ingest.pages WHERE key = %s"
    assert rows(database, moved, "Moved_Race") == [(FIRST, None)]
    assert rows(database, moved, FIRST) == [(None, 70)]
    assert "Moved_Race" not in kept_titles(database)
    round_ = "SELECT count(*) FROM ingest.claims WHERE kind = 'round' AND key = %s"
    assert rows(database, round_, f"{SEASON}|1") == [(1,)]
    begun = len(wiki.requests)
    again = crawled(app)
    if how == "served":
        assert questions(asked(wiki, begun))
        assert outcomes(again)["Moved_Race"] == "unchanged"
    assert again["state"] == "done"


def test_one_page_under_two_titles_is_fetched_once_for_each_and_then_no_more(
    app: App, wiki: WikiServer, database: str
) -> None:
    """What it says is said of both keys."""
    wiki.shelf.redirects[ABSENT] = ADA
    run = crawled(app)
    assert outcomes(run)[ABSENT] == "ok"
    nickname = "SELECT fields ->> 'Nickname' FROM ingest.claims WHERE kind = 'driver' AND key = %s"
    assert rows(database, nickname, ADA) == rows(database, nickname, ABSENT) == [("Spark",)]
    begun = len(wiki.requests)
    crawled(app)
    assert questions(asked(wiki, begun))


def test_titles_in_a_circle_lead_nowhere(app: App, wiki: WikiServer) -> None:
    """After a few steps."""
    wiki.site.moved.update({ABSENT: "B_Lund", "B_Lund": ABSENT})
    run = crawled(app)
    assert outcomes(run)[ABSENT] == "failed: page-unusable: moved-in-circles"
    assert sum("Lund" in path for path in asked(wiki)) <= 5


def test_a_title_that_a_crawl_can_not_begin_with_fails_by_name(
    app: App, wiki: WikiServer, database: str
) -> None:
    """On record as any page that nobody wrote, and asked about again by whoever asks again."""
    mistyped = "Lantern_Cap_Central"
    code = "no-such-page: there is none of this title"
    run = crawled(app, mistyped)
    assert (run["state"], outcomes(run)) == ("failed", {mistyped: f"failed: {code}"})
    assert asked(wiki) == [ROBOTS, address(mistyped)]
    assert fetched(database) == {mistyped: ("empty", 404)}
    begun = len(wiki.requests)
    assert outcomes(crawled(app, mistyped)) == {mistyped: f"failed: {code}"}
    assert questions(asked(wiki, begun)) == [[mistyped]]
    wiki.shelf.put(numbered(wiki_pages.series(mistyped, "Lantern Cap"), 400))
    assert outcomes(crawled(app, mistyped)) == {mistyped: "ok"}
