"""Pages of The Third Turn through the host: HTTP trigger, queues, functions, gate, PostgreSQL."""

import contextlib
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

import psycopg
import pytest

from ingestion_core.database.prepare import migrate
from local.replay.replayed import Recorded
from local.replay.wiki.server import WikiServer
from local.stack.postgres import Postgres
from tests.conftest import cloned, recorded_folder
from tests.host.conftest import emptied
from tests.host.running import Running, starting
from tests.support import wiki_pages
from tests.support.product import dump, figures, rows

BADGER = "Custom_Windows_Plus_Badger_Mod_Tour_presented_by_Gandrud_Chevrolet"
LANTERN = "Lantern_Cup_Central"
#: Seconds between two requests.
PACE = 0.1
DISALLOWED = "Lantern_Cup:1962-02"


@dataclass(frozen=True)
class Crawled:
    """One crawl: the run as the API showed it, and what the wiki was asked meanwhile."""

    run: dict[str, Any]
    requests: list[Recorded]

    def paths(self) -> list[str]:
        """What was asked for."""
        return [one.path for one in self.requests]

    def outcomes(self) -> Counter[str]:
        """How many pages ended how."""
        pages = [one for one in self.run["items"] if one["task"] == "read_page"]
        return Counter(one["outcome"] for one in pages)


class Reader:
    """The app with a replayed wiki, asked to crawl as a user would."""

    def __init__(self, app: Running, wiki: WikiServer) -> None:
        self.app = app
        self._wiki = wiki

    def crawl(
        self, series: str, first: int, last: int, *, results: bool = False, every: float = 0.2
    ) -> Crawled:
        """Seasons of a series, until nothing of the run is left to do: looked at so often, in
        seconds, for a look at a run of many items costs the app some time."""
        self._wiki.requests.clear()
        body = {"series": series, "seasons": {"from": first, "to": last}}
        run = self.app.ask("/wiki", {**body, "include_results": results})["run"]
        shown = self.app.finished(run, seconds=120, every=every)
        return Crawled(shown, list(self._wiki.requests))


@contextlib.contextmanager
def reading(database: str, storage: str, folder: Path, wiki: WikiServer) -> Iterator[Reader]:
    """One instance of the app, with the wiki and the results opted into."""
    with starting(database, storage, folder) as start:
        settings = {
            "THIRDTURN_ENABLED": "true",
            "THIRDTURN_BASE_URL": wiki.url,
            "THIRDTURN_REQUESTS_PER_MINUTE": f"{60 / PACE:g}",
            "WIKI_CONTACT": "nobody@localhost",
            "RESULTS_ENABLED": "true",
        }
        # Its timer sleeps: whoever answered for OpenF1 would never be asked.
        listening = ("read_page", "load_results")
        app = start(wiki, settings=settings, listening=listening, maxPollingInterval="00:00:00.250")
        yield Reader(app, wiki)


def note_starts(database: str) -> None:
    """From now on, note when each request to the wiki may start, and when it was let go.

    Both by the database's clock: when it comes to the replay says less, for it can be late there.
    """
    with psycopg.connect(database) as db:
        migrate(db)
        db.execute(
            "CREATE TABLE ingest.starts (counts timestamptz, at timestamptz);"
            "CREATE FUNCTION ingest.note_start() RETURNS trigger LANGUAGE plpgsql AS"
            " $$ BEGIN INSERT INTO ingest.starts VALUES (NEW.last_start, clock_timestamp());"
            " RETURN NEW; END $$;"
            "CREATE TRIGGER note BEFORE UPDATE OF last_start ON ingest.sources FOR EACH ROW"
            " WHEN (NEW.source = 'thethirdturn') EXECUTE FUNCTION ingest.note_start()"
        )


@dataclass(frozen=True)
class Badger:
    """The recorded series, crawled twice."""

    database: str
    first: Crawled
    second: Crawled
    held: dict[str, list[dict[str, Any]]]


@pytest.fixture(scope="module")
def badger(
    postgres: Postgres, template: str, azurite: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Badger]:
    """Both seasons with their results, then the same again."""
    folder = recorded_folder() / "thethirdturn" / "badger_modified_tour"
    with (
        cloned(postgres, template) as database,
        WikiServer(folder) as wiki,
        reading(database, emptied(azurite), tmp_path_factory.mktemp("badger"), wiki) as reader,
    ):
        note_starts(database)
        first = reader.crawl(BADGER, 2012, 2013, results=True, every=1.0)
        held = dump(database)
        second = reader.crawl(BADGER, 2012, 2013)
        reader.app.close()  # the queues are the next one's
        yield Badger(database, first, second, held)


def test_a_series_is_164_requests_robots_txt_first(badger: Badger) -> None:
    """17 saved pages, 146 circuits and drivers whose pages are 404, each asked for once."""
    paths = badger.first.paths()
    assert (badger.first.run["state"], badger.first.run["failed"]) == ("done", 0)
    assert (len(paths), len(set(paths)), paths[0]) == (164, 164, "/robots.txt")
    answered = Counter(one.status for one in badger.first.requests if one.path != "/robots.txt")
    assert answered == {200: 17, 404: 146}
    assert badger.first.run["totals"]["requests"] == 164


def test_every_page_is_on_record_whether_there_is_one_or_not(badger: Badger) -> None:
    """As the item that asked for it."""
    assert badger.first.outcomes() == {"ok": 17, "missing": 146}
    recorded = rows(
        badger.database,
        "SELECT outcome, http_status, count(*) FROM ingest.fetches"
        " WHERE source = 'thethirdturn' AND resource = 'page' GROUP BY 1, 2 ORDER BY 1",
    )
    assert recorded == [("empty", 404, 146), ("ok", 200, 17)]


def test_no_request_is_let_go_closer_to_another_than_the_pace(badger: Badger) -> None:
    """Those of robots.txt and of revisions included, of both crawls; nor is a late one made up
    for, as OpenF1's are."""
    starts = rows(
        badger.database,
        "SELECT extract(epoch FROM counts)::float, extract(epoch FROM at)::float"
        " FROM ingest.starts ORDER BY at",
    )
    assert len(starts) == len(badger.first.requests) + len(badger.second.requests)
    pairs = list(pairwise(starts))
    assert min(after[0] - before[0] for before, after in pairs) >= PACE
    # A clock read twice within a statement can have stood still in between.
    assert min(after[1] - before[1] for before, after in pairs) >= 0.9 * PACE


def test_a_second_crawl_asks_only_for_revisions(badger: Badger) -> None:
    """Of 163 pages in a few requests; not one page is asked for, and no row is written."""
    assert badger.second.run["state"] == "done"
    assert set(badger.second.paths()) == {"/w/api.php"}
    assert len(badger.second.requests) <= 5
    assert dump(badger.database) == badger.held


def test_both_seasons_are_there_under_addresses_of_their_own(badger: Badger) -> None:
    """14 rounds, each a race of a day; nobody of them is Formula One's."""
    assert figures(badger.database)["rounds"] == (14, 0)
    slugs = [row["Slug"] for row in badger.held["Rounds"]]
    assert "2012-custom-windows-plus-badger-mod-tour-presented-by-gandrud-chevrolet-03" in slugs
    assert {slug[:4] for slug in slugs} == {"2012", "2013"}
    assert [row["Slug"] for row in badger.held["Series"]] == [
        "custom-windows-plus-badger-mod-tour-presented-by-gandrud-chevrolet"
    ]


def test_the_results_of_both_seasons_are_481(badger: Badger) -> None:
    """Of 484 rows of drivers: three of those who did not qualify had raced all the same."""
    assert rows(badger.database, 'SELECT count(*) FROM "Results"') == [(481,)]


def test_no_page_s_bytes_lie_where_results_may_not(badger: Badger) -> None:
    """17 pages among the spoilers, in the revision that the wiki has; none elsewhere."""
    assert rows(badger.database, "SELECT count(*) FROM spoilers.pages") == [(17,)]
    kept = rows(
        badger.database, "SELECT count(*) FROM ingest.quarantine WHERE row::text ~ '<t[dr]'"
    )
    assert kept == [(0,)]


@dataclass(frozen=True)
class Invented:
    """The shipped series: while a race is disallowed, a day later, and after an edit."""

    database: str
    disallowed: Crawled
    allowed: Crawled
    edited: Crawled


@pytest.fixture(scope="module")
def invented(
    postgres: Postgres, template: str, azurite: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Invented]:
    """Three crawls of one instance."""
    with (
        cloned(postgres, template) as database,
        WikiServer() as wiki,
        reading(database, emptied(azurite), tmp_path_factory.mktemp("invented"), wiki) as reader,
    ):
        wiki.site.robots = f"User-agent: *\nDisallow: /wiki/{DISALLOWED}\n"
        disallowed = reader.crawl(LANTERN, 1961, 1962)
        wiki.site.robots = None
        day_later(database)
        allowed = reader.crawl(LANTERN, 1961, 1962)
        edda = wiki_pages.driver("Edda_Quill", "Edda Quill", ['"Ink"', "Fenmoor, NC"])
        wiki.shelf.put(edda.replace(b'RevisionId": 70', b'RevisionId": 9000'))
        edited = reader.crawl(LANTERN, 1961, 1962)
        reader.app.close()
        yield Invented(database, disallowed, allowed, edited)


def day_later(database: str) -> None:
    """robots.txt was read yesterday."""
    rows(
        database,
        "UPDATE ingest.robots SET fetched_at = fetched_at - interval '25 hours' RETURNING source",
    )


def test_a_disallowed_page_is_never_asked_for(invented: Invented) -> None:
    """The rest is, and the page is on record; once robots.txt allows it, it alone is fetched."""
    paths = invented.disallowed.paths()
    assert f"/wiki/{DISALLOWED}" not in paths
    assert len(paths) == 16
    assert invented.disallowed.run["state"] == "done"
    assert invented.disallowed.outcomes()["disallowed"] == 1
    assert invented.allowed.paths()[0] == "/robots.txt"
    asked = [path for path in invented.allowed.paths() if path.startswith("/wiki/")]
    assert asked == [f"/wiki/{DISALLOWED}"]


def test_a_page_that_was_edited_is_read_again_and_no_other(invented: Invented) -> None:
    """Its revision tells; what it says now is what the row says."""
    paths = [path for path in invented.edited.paths() if path != "/w/api.php"]
    assert paths == ["/wiki/Edda_Quill"]
    told = rows(
        invented.database, 'SELECT "Nickname" FROM "Drivers" WHERE "Slug" = %s', "edda-quill"
    )
    assert told == [("Ink",)]


def test_an_invented_series_comes_in_whole(invented: Invented) -> None:
    """Rounds with and without a page, shared cars, people without a page and by two titles."""
    held = dump(invented.database)
    assert sorted(row["Year"] for row in held["Seasons"]) == [1961, 1962]
    assert [len(held[name]) for name in ("Rounds", "Sessions", "Circuits", "Entrants")] == [
        *(5, 5, 3, 8 + 5 + 7 + 5)
    ]
    named = {f"{row['FirstName']} {row['LastName']}": row for row in held["Drivers"]}
    assert set(named) >= {"Gus Tallow", "Finn Ostler", "Hanne Brook"}
    ada = [(row["Slug"], row["Nickname"]) for row in held["Drivers"] if row["LastName"] == "Ferris"]
    assert ada == [("ada-ferris-fm", "Spark")], "her two titles are one page"
    assert rows(invented.database, 'SELECT count(*) FROM "Results"') == [(0,)], "nobody asked"
