"""A crawl, one message per page: what it asks for, and what of that is asked for again."""

from ingestion_core.sources.thethirdturn.page import address
from ingestion_core.tasks import backfill, crawl
from ingestion_core.tasks.app import App
from local.replay.faults import Fault
from local.replay.wiki.server import WikiServer
from tests.support import wiki_pages
from tests.support.drain import drain
from tests.support.product import rows
from tests.support.wiki_crawl import (
    ABSENT,
    ADA,
    ALL,
    API,
    FIELD,
    FIRST,
    ROBOTS,
    SEASON,
    SECOND,
    SERIES,
    TRACK,
    asked,
    crawled,
    fetched,
    kept_titles,
    numbered,
    outcomes,
    paths,
    questions,
    race,
    season,
)
from tests.support.wiki_pages import Row, link
from tests.support.work import execute


def test_a_series_is_read_page_by_page_after_robots_txt(
    app: App, wiki: WikiServer, database: str
) -> None:
    """Each page once, with our name and whom to turn to; who has no page is on record as such."""
    run = crawled(app)
    found = asked(wiki)
    assert found[0] == ROBOTS
    assert sorted(found[1:]) == paths(*ALL)
    assert run["state"] == "done"
    assert run["totals"]["requests"] == len(found) == 8
    assert outcomes(run) == {**dict.fromkeys(ALL, "ok"), ABSENT: "missing"}
    red = {"1963_Lantern_Cup_Central": ("empty", None)}
    assert fetched(database) == {**dict.fromkeys(ALL, ("ok", 200)), ABSENT: ("empty", 404)} | red
    assert kept_titles(database) == sorted(ALL - {ABSENT})
    assert rows(
        database,
        "SELECT count(*), count(*) FILTER (WHERE revision = 70 AND address = '/wiki/' || key)"
        " FROM spoilers.pages",
    ) == [(6, 6)]


def test_a_second_crawl_asks_only_for_revisions(app: App, wiki: WikiServer, database: str) -> None:
    """About each page once, whoever has none included; nothing is read again."""
    crawled(app)
    begun = len(wiki.requests)
    run = crawled(app)
    titles = [title for question in questions(asked(wiki, begun)) for title in question]
    assert sorted(titles) == sorted(ALL)
    assert outcomes(run) == dict.fromkeys((SERIES, SEASON, FIRST, SECOND), "unchanged")
    assert run["totals"]["requests"] == len(asked(wiki, begun)) == 2
    assert [one["counts"]["follows"] for one in run["items"]] == [1, 2, 0, 0]


def test_a_changed_page_is_read_again_and_its_earlier_revision_kept(
    app: App, wiki: WikiServer, database: str
) -> None:
    """It alone; a newcomer on it is followed."""
    crawled(app)
    begun = len(wiki.requests)
    field = (*FIELD, Row("4", link("Di_Marsh", "Di Marsh"), car="3"))
    wiki.shelf.put(numbered(race(SECOND, *field), 104, 71))
    run = crawled(app)
    assert [path for path in asked(wiki, begun) if API not in path] == [
        address(SECOND),
        "/wiki/Di_Marsh",
    ]
    assert outcomes(run)[SECOND] == "ok"
    assert kept_titles(database).count(SECOND) == 2
    state = "SELECT revision, latest FROM ingest.pages WHERE key = %s"
    assert rows(database, state, SECOND) == [(71, 71)]


def test_a_page_that_somebody_wrote_meanwhile_is_read_and_one_that_went_is_recorded(
    app: App, wiki: WikiServer, database: str
) -> None:
    """What was read of it stays."""
    crawled(app)
    begun = len(wiki.requests)
    wiki.shelf.put(numbered(wiki_pages.driver(ABSENT, "Bo Lund"), 300))
    wiki.shelf.remove(ADA)
    run = crawled(app)
    assert sorted(path for path in asked(wiki, begun) if API not in path) == paths(ABSENT, ADA)
    assert (outcomes(run)[ABSENT], outcomes(run)[ADA]) == ("ok", "missing")
    assert ADA in kept_titles(database)
    begun = len(wiki.requests)
    crawled(app)
    assert questions(asked(wiki, begun)), "they are asked for no more"


def test_without_the_api_each_page_tells_of_itself(
    app: App, wiki: WikiServer, database: str
) -> None:
    """Asked for once a day; pages come again, and of the same revision none is read."""
    crawled(app)
    wiki.faults.add(Fault(kind="status", match=API, status=404, times=None))
    begun = len(wiki.requests)
    run = crawled(app)
    found = asked(wiki, begun)
    assert found[0].startswith(API)
    assert sorted(found[1:]) == paths(*ALL)
    assert outcomes(run) == {**dict.fromkeys(ALL, "unchanged"), ABSENT: "missing"}
    begun = len(wiki.requests)
    crawled(app)
    assert sorted(asked(wiki, begun)) == paths(*ALL)
    wiki.faults.clear()
    execute(app, "UPDATE ingest.fetches SET next_at = now() WHERE resource = 'revisions'")
    begun = len(wiki.requests)
    crawled(app)
    assert questions(asked(wiki, begun))


def test_a_range_of_seasons_is_all_that_is_asked_for(app: App, wiki: WikiServer) -> None:
    """Both ends included; later a season more."""
    assert outcomes(crawled(app, years=(1963, 1970))) == {SERIES: "ok"}
    begun = len(wiki.requests)
    crawled(app, years=(1950, 1962))
    (question, *found) = asked(wiki, begun)
    assert questions([question]) == [[SERIES]]
    assert sorted(found) == paths(*(ALL - {SERIES}))


def test_the_index_leads_nowhere(app: App, wiki: WikiServer, database: str) -> None:
    """What it lists stays claims: no series is made of them."""
    run = crawl.crawl_index(app, {"index": True})
    drain(app)
    assert asked(wiki) == [ROBOTS, "/wiki/Series_Database:Index"]
    shown = backfill.show_run(app, run)
    assert (shown["state"], shown["items"][0]["outcome"]) == ("done", "ok")
    assert rows(database, 'SELECT count(*) FROM "Series"') == [(0,)]


def test_a_race_that_counts_for_two_seasons_is_stored_in_both(
    app: App, wiki: WikiServer, database: str
) -> None:
    """From one page: asked for again only because it was not read as the other series' race."""
    other, its = "Fen_Cup_Central", "1962_Fen_Cup_Central"
    wiki.shelf.put(
        numbered(wiki_pages.series(other, "Fen Cup", seasons=[[link(its), "1", "", "", ""]]), 200)
    )
    races = [wiki_pages.listed("3", FIRST, "6 May 1962", TRACK, "Fenmoor, NC", "Ada_Winner")]
    wiki.shelf.put(numbered(wiki_pages.season(its, races=races, of=other), 201))
    crawled(app)
    begun = len(wiki.requests)
    crawled(app, other)
    found = asked(wiki, begun)
    assert sorted(path for path in found if API not in path) == paths(other, its, FIRST)
    keys = "SELECT key FROM ingest.claims WHERE kind = 'round' AND source = 'thethirdturn'"
    assert {f"{SEASON}|1", f"{its}|3"} <= {row[0] for row in rows(database, keys)}
    begun = len(wiki.requests)
    crawled(app)
    crawled(app, other)
    assert questions(asked(wiki, begun))


def test_a_race_that_becomes_another_pages_is_no_longer_the_first_ones(
    app: App, wiki: WikiServer, database: str
) -> None:
    """Or a change of either page would have the last word in turn."""
    crawled(app)
    wiki.shelf.put(numbered(season(SECOND, FIRST), 102, 71))
    crawled(app)
    stored = "SELECT key, array(SELECT jsonb_object_keys(contexts)) FROM ingest.pages"
    assert dict(rows(database, f"{stored} WHERE kind = 'race'")) == {
        FIRST: [f"{SEASON}|2"],
        SECOND: [f"{SEASON}|1"],
    }


def test_nothing_follows_a_races_order(app: App, wiki: WikiServer, database: str) -> None:
    """What it leads to is kept, asked for and recorded by title."""
    finish = ("Zoe_Lamb", "Mo_Reed", "Al_Wade", "Uma_Holt")
    field = [Row(str(place), link(who), car=str(place)) for place, who in enumerate(finish, 1)]
    wiki.shelf.put(numbered(race(FIRST, *field), 103))
    wiki.shelf.put(numbered(season(FIRST), 102))
    crawled(app)
    follows = "SELECT jsonb_path_query_array(follows, '$[*].key') FROM ingest.pages WHERE key = %s"
    assert rows(database, follows, FIRST) == [(sorted([*finish, TRACK]),)]
    items = "SELECT key FROM ingest.items WHERE payload ->> 'kind' = 'driver' ORDER BY item"
    assert [row[0] for row in rows(database, items)] == sorted(finish)
    known = "SELECT key FROM ingest.pages WHERE kind = 'driver' ORDER BY ctid"
    assert [row[0] for row in rows(database, known)] == sorted(finish)
