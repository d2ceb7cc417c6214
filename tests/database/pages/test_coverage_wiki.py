"""Coverage of a series of the wiki: what its seasons list, read or not."""

from datetime import UTC, datetime, timedelta

from ingestion_core.quality.coverage import season_coverage
from ingestion_core.quality.season import read_series
from ingestion_core.quality.states import Policy
from ingestion_core.quality.totals import DecadeCoverage, decades
from ingestion_core.tasks import crawl
from ingestion_core.tasks.app import App
from local.replay.wiki.server import WikiServer
from tests.support.apps import Opened
from tests.support.drain import deliver, letters
from tests.support.wiki_crawl import FIRST, SECOND, SERIES, crawled, numbered, season
from tests.support.work import execute

POLICY = Policy(True, timedelta(hours=24), datetime(2026, 6, 1, tzinfo=UTC))
#: Nobody wrote the page of this race.
UNWRITTEN = "Unwritten_100"


def states(app: App) -> list[tuple[str, str]]:
    """State and reason of each race of 1962."""
    with app.db() as db:
        (series,) = read_series(db)
        found = season_coverage(db, series.slug, 1962, POLICY)
    return [(str(told.state), told.reason) for one in found.rounds for told in one.states]


def test_a_race_without_a_page_misses_its_entries_and_the_others_their_results(
    app: App, wiki: WikiServer
) -> None:
    """Its season tells when it was; nobody wrote who took part."""
    wiki.shelf.put(numbered(season(FIRST, SECOND, UNWRITTEN), 102))
    crawled(app)
    first, second, unwritten = states(app)
    assert {first, second} == {("missing", "no results; never asked for")}
    assert unwritten[0] == "missing"
    assert unwritten[1].startswith("no entries; the answer was empty, asked again from ")


def test_a_race_whose_page_waits_has_no_entries_yet(app: App) -> None:
    """Its season stores it; and once nobody is going to read the page, they are missing."""
    crawl.crawl_series(app, SERIES, None, {}, include_results=False)
    while batch := [one for one in letters(app) if one[1].key != SECOND]:
        for task, message in batch:
            deliver(app, task, message)
    assert states(app)[1] == ("no entries yet", "its entries are being read")
    execute(app, "UPDATE ingest.items SET state = 'cancelled' WHERE key = %s", SECOND)
    assert states(app)[1] == ("missing", "no entries; never asked for")


def test_a_race_whose_page_failed_is_failed(app: App, wiki: WikiServer) -> None:
    """Its work ended so; the page is not the round's key, and is found all the same."""
    crawled(app)
    with app.db() as db:
        db.execute(
            "INSERT INTO ingest.items (source, task, key, state, error_code, closed_at)"
            " VALUES ('thethirdturn', 'load_page_results', %s, 'failed', 'poison', now())",
            (SECOND,),
        )
    assert states(app) == [
        ("missing", "no results; never asked for"),
        ("failed", "no results; failed: poison"),
    ]


def test_results_of_the_wiki_are_loaded_and_counted_by_decade(open_app: Opened) -> None:
    """Two races of three each."""
    app = open_app(results_enabled=True)
    crawled(app, results=True)
    assert states(app) == [("loaded", "entries and 3 results are in")] * 2
    with app.db() as db:
        (found,) = decades(db)
        name = read_series(db)[0].name
    assert found == DecadeCoverage("thethirdturn", found.series, name, 1960, 2, 2, 2, 2, 2)
