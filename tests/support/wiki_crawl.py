"""A made-up corner of the wiki, served by the replay, and crawls of it without a host."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

from ingestion_core.sources.thethirdturn.page import address
from ingestion_core.tasks import backfill, crawl
from ingestion_core.tasks.app import App
from local.replay.wiki.server import WikiServer
from tests.support import wiki_pages
from tests.support.apps import app_with
from tests.support.drain import drain
from tests.support.product import rows
from tests.support.wiki_pages import Race, Row, link, listed

Run = dict[str, Any]

CONTACT = "https://example.org/contact"
SERIES = "Lantern_Cup_Central"
SEASON = "1962_Lantern_Cup_Central"
FIRST, SECOND = "Lantern_Cup:1962-01", "Lantern_Cup:1962-02"
TRACK, ADA = "Fenmoor_Speedway", "Ada_Ferris_(AR)"
ABSENT = "Bo_Lund"
ALL = {SERIES, SEASON, FIRST, SECOND, TRACK, ADA, ABSENT}
ROBOTS = "/robots.txt"
API = "/w/api.php"


def numbered(body: bytes, article: int, revision: int = 70) -> bytes:
    """A page with an id of its own, in a revision."""
    found = body.replace(b'"wgArticleId": 7,', b'"wgArticleId": %d,' % article, 1)
    return found.replace(b'"wgCurRevisionId": 70,', b'"wgCurRevisionId": %d,' % revision, 1)


def season(*races: str, day: str = "6 May 1962") -> bytes:
    """The season of these races, all at one track."""
    return wiki_pages.season(
        SEASON,
        races=[
            listed(str(number), key, day, TRACK, "Fenmoor, NC", "Ada_Winner")
            for number, key in enumerate(races, 1)
        ],
    )


def two_races(track: str) -> bytes:
    """The season of the first two races a week apart, the second of them at this track."""
    races = [
        listed("1", FIRST, "6 May 1962", TRACK, "Fenmoor, NC", "Ada_Winner"),
        listed("2", SECOND, "13 May 1962", track, "Fenmoor, NC", "Ada_Winner"),
    ]
    return wiki_pages.season(SEASON, races=races)


def race(key: str, *rows: Row, **changed: Any) -> bytes:
    """A race's page; without rows, Ada Ferris and Bo Lund drove, who has no page."""
    return Race(key, key.replace("_", " "), rows or FIELD, **changed).body()


FIELD = (
    Row("1", link(ADA, "Ada Ferris"), car="7", start="2", laps="40", status="running", points="50"),
    Row("2", link(ABSENT, "Bo Lund"), car="9", start="1", laps="39", status="running", points="45"),
    Row("3", "Cy Dorn", car="11", laps="12", status="engine", points="40"),
)


def pages() -> dict[str, bytes]:
    """A series of two seasons, one of which has two races; a track, a driver; the index."""
    found = {
        crawl.INDEX_PAGE: wiki_pages.index({"Lantern Club": [link(SERIES, "Lantern Cup")]}),
        SERIES: wiki_pages.series(
            seasons=[
                [link(SEASON, "1962"), "2", link(ADA), "9", link(ADA)],
                [link("1963_Lantern_Cup_Central", "1963", red=True), "1", "", "", ""],
            ]
        ),
        SEASON: season(FIRST, SECOND),
        FIRST: race(FIRST),
        SECOND: race(SECOND),
        TRACK: wiki_pages.circuit(TRACK),
        ADA: wiki_pages.driver(ADA),
    }
    return {key: numbered(body, place) for place, (key, body) in enumerate(found.items(), 100)}


@contextmanager
def lantern(folder: Path) -> Iterator[WikiServer]:
    """The wiki with these pages; ``folder`` is empty."""
    with WikiServer(folder) as wiki:
        for body in pages().values():
            wiki.shelf.put(body)
        yield wiki


def opted_into(wiki: WikiServer) -> dict[str, object]:
    """The settings of whoever reads it, at no pace to speak of."""
    return {
        "thirdturn_enabled": True,
        "wiki_contact": CONTACT,
        "thirdturn_base_url": wiki.url,
        "thirdturn_requests_per_minute": 6000,
    }


def opened(database: str, azurite: str, wiki: WikiServer, **settings: object) -> App:
    """The app that opted into the wiki."""
    return app_with(database, azurite, **(opted_into(wiki) | settings))


def crawled(
    app: App, series: str = SERIES, years: tuple[int, int] | None = None, results: bool = False
) -> Run:
    """A crawl of a series, carried out; the run as the API shows it."""
    run = crawl.crawl_series(app, series, years, {}, include_results=results)
    drain(app)
    return backfill.show_run(app, run)


def asked(wiki: WikiServer, since: int = 0) -> list[str]:
    """The paths that were asked for, in order; with their queries, where they have one."""
    return [f"{one.path}?{one.query}" if one.query else one.path for one in wiki.requests[since:]]


def questions(paths: list[str]) -> list[list[str]]:
    """The titles that each question about revisions names; there must be no other request."""
    assert all(path.startswith("/w/api.php?") for path in paths), paths
    queries = (parse_qs(urlsplit(path).query) for path in paths)
    return [[spaced.replace(" ", "_") for spaced in one["titles"][0].split("|")] for one in queries]


def outcomes(run: Run) -> dict[str, str | None]:
    """How each page's item ended."""
    return {
        one["key"]: one["outcome"] if one["state"] == "done" else f"{one['state']}: {one['error']}"
        for one in run["items"]
        if one["task"] == "read_page"
    }


def paths(*keys: str) -> list[str]:
    """The paths of pages, sorted."""
    return sorted(address(key) for key in keys)


def kept_titles(database: str) -> list[str]:
    """The titles of the pages that are kept, once for each revision."""
    return [row[0] for row in rows(database, "SELECT key FROM spoilers.pages ORDER BY 1")]


def fetched(database: str) -> dict[str, tuple[str, int | None]]:
    """Outcome and status of each page's last answer."""
    statement = "SELECT key, outcome, http_status FROM ingest.fetches WHERE resource = 'page'"
    return {key: (outcome, status) for key, outcome, status in rows(database, statement)}
