"""Pages of the wiki, one message each: asked for politely, on record whatever comes, read once."""

import json
import logging
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import cast

import azure.functions as func
import pytest

from functions import pages as doors
from ingestion_core.errors import Conflict
from ingestion_core.sources.thethirdturn.page import address
from ingestion_core.tasks import backfill, crawl
from ingestion_core.tasks.app import App
from local.replay.faults import Fault
from local.replay.wiki.server import WikiServer
from tests.support import wiki_pages
from tests.support.drain import deliver, drain, letters
from tests.support.product import rows
from tests.support.wiki_crawl import (
    ABSENT,
    ADA,
    FIELD,
    FIRST,
    SEASON,
    SECOND,
    SERIES,
    TRACK,
    asked,
    crawled,
    lantern,
    numbered,
    opened,
    outcomes,
    pages,
    questions,
    race,
    season,
)
from tests.support.wiki_pages import Row, link
from tests.support.work import execute, pass_time

ROBOTS = "/robots.txt"
API = "/w/api.php"
ALL = {SERIES, SEASON, FIRST, SECOND, TRACK, ADA, ABSENT}

Opened = Callable[..., App]


@pytest.fixture
def wiki(tmp_path: Path) -> Iterator[WikiServer]:
    """The made-up corner of the wiki."""
    with lantern(tmp_path) as served:
        yield served


@pytest.fixture
def open_app(database: str, azurite: str, wiki: WikiServer) -> Iterator[Opened]:
    """Instances of the app on one database, asking this wiki."""
    made: list[App] = []

    def go(**settings: object) -> App:
        made.append(opened(database, azurite, wiki, **settings))
        return made[-1]

    yield go
    for app in made:
        app.close()


@pytest.fixture
def app(open_app: Opened) -> App:
    """One of them."""
    return open_app()


def paths(*keys: str) -> list[str]:
    """The paths of pages, sorted."""
    return sorted(address(key) for key in keys)


def bodies(database: str) -> list[str]:
    """The titles of the pages that are kept, once for each revision."""
    return [row[0] for row in rows(database, "SELECT key FROM spoilers.pages ORDER BY 1")]


def fetched(database: str) -> dict[str, tuple[str, int | None]]:
    """Outcome and status of each page's last answer."""
    statement = "SELECT key, outcome, http_status FROM ingest.fetches WHERE resource = 'page'"
    return {key: (outcome, status) for key, outcome, status in rows(database, statement)}


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
    assert bodies(database) == sorted(ALL - {ABSENT})
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
    assert bodies(database).count(SECOND) == 2
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
    assert ADA in bodies(database)
    begun = len(wiki.requests)
    crawled(app)
    assert questions(asked(wiki, begun)), "they are asked for no more"


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
    assert SECOND in bodies(database)
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
    assert ADA not in bodies(database)
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
    assert "Moved_Race" not in bodies(database)
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


def test_a_range_of_seasons_is_all_that_is_asked_for(app: App, wiki: WikiServer) -> None:
    """Both ends included; later a season more."""
    assert outcomes(crawled(app, years=(1963, 1970))) == {SERIES: "ok"}
    begun = len(wiki.requests)
    crawled(app, years=(1950, 1962))
    (question, *found) = asked(wiki, begun)
    assert questions([question]) == [[SERIES]]
    assert sorted(found) == paths(*(ALL - {SERIES}))


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


def test_a_wiki_that_is_not_opted_into_is_not_asked_for(
    open_app: Opened, wiki: WikiServer, database: str
) -> None:
    """Whoever asks is told the setting; what waited when it was turned off fails by it."""
    with pytest.raises(Conflict, match="THIRDTURN_ENABLED"):
        crawl.crawl_series(open_app(thirdturn_enabled=False), SERIES, None, {})
    run = crawl.crawl_series(open_app(), SERIES, None, {})
    off = open_app(thirdturn_enabled=False)
    drain(off)
    shown = backfill.show_run(off, run)
    assert shown["last_error"] == "source-off: THIRDTURN_ENABLED is not true"
    assert wiki.requests == []


def test_a_crawl_is_asked_for_over_http(
    app: App, database: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """202 and where to watch it; what can't be is refused by name, with nothing begun."""
    monkeypatch.setattr(doors, "app", lambda: app)
    door = doors.crawl_wiki._function.get_user_function()

    def post(body: object) -> func.HttpResponse:
        request = func.HttpRequest("POST", "/api/wiki", body=json.dumps(body).encode())
        return cast("func.HttpResponse", door(request))

    years = {"from": 1962, "to": 1962}
    accepted = post({"series": SERIES, "seasons": years, "request_key": "once"})
    assert accepted.status_code == 202
    run = json.loads(accepted.get_body())["run"]
    assert accepted.headers["Location"] == f"/api/runs/{run}"
    again = post({"series": SERIES, "seasons": years, "request_key": "once"})
    assert json.loads(again.get_body())["run"] == run
    for body, status, named in (
        ({"series": SERIES, "index": True}, 400, "'series'"),
        ({"series": SERIES, "seasons": {"from": 1700, "to": 1962}}, 400, "1700"),
        ({"series": SERIES, "include_results": True}, 409, "RESULTS_ENABLED"),
    ):
        refused = post(body)
        assert refused.status_code == status
        assert named in json.loads(refused.get_body())["detail"]
    assert rows(database, "SELECT key FROM ingest.items") == [(SERIES,)]
    assert post({"index": True}).status_code == 202


def test_a_wiki_that_has_us_wait_keeps_the_item(app: App, wiki: WikiServer) -> None:
    """A 429 costs no attempt."""
    wiki.faults.add(Fault(kind="too_many", match="/wiki/", retry_after="60"))
    run = crawl.crawl_series(app, SERIES, None, {})
    deliver(app, *letters(app)[0])
    (item,) = backfill.show_run(app, run)["items"]
    assert (item["outcome"], item["error"], item["attempts"]) == ("deferred", "rate-limited", 0)
    assert asked(wiki) == [ROBOTS, address(SERIES)]


def test_nothing_of_a_page_is_told_anywhere_but_where_results_are(
    app: App, wiki: WikiServer, database: str, caplog: pytest.LogCaptureFixture
) -> None:
    """Not in a log, an item, a record or a claim, whether the page can be read or not."""
    caplog.set_level(logging.DEBUG)
    values = {"laps": "7391", "led": "6173", "status": "zzcrash", "points": "8642"}
    canary = Row("1", link(ADA, "Ada Ferris"), car="7", **values)
    wiki.shelf.put(numbered(race(FIRST, canary, data={"Margin of Victory": "zzmargin"}), 103))
    wiki.shelf.put(numbered(wiki_pages.page(SECOND, "<p>zzwinner of zz8642</p>"), 104))
    run = crawled(app)
    assert run["failed"] == 1
    crawled(app)
    secret = re.compile("7391|6173|8642|zzcrash|zzmargin|zzwinner", re.I)
    tables = rows(
        database, "SELECT tablename FROM pg_tables WHERE schemaname IN ('ingest', 'public')"
    )
    told = [
        row[0]
        for (table,) in tables
        for row in rows(
            database,
            f"SELECT to_jsonb(t) - 'item' - 'rows' - 'run' FROM "  # noqa: S608 - the server's names
            f'(SELECT * FROM {"ingest" if table.islower() else "public"}."{table}") t',
        )
    ]
    dated = re.compile(
        r"\d{4}-\d\d-\d\dT[\d:.]+(?:\+00:00)?|[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}"
    )
    assert told
    assert not [one for one in map(str, told) if secret.search(dated.sub("", one))]
    assert not [one for one in caplog.messages if secret.search(dated.sub("", one))]
    # And there they are.
    assert len(bodies(database)) == 6
