"""Several titles of one page: whoever was met under each is one row, whatever came first."""

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from psycopg import sql

from ingestion_core.catalog.keys import Key
from ingestion_core.tasks import matches
from ingestion_core.tasks.app import App
from ingestion_core.tasks.reparse import reparse
from local.replay.wiki.server import WikiServer
from tests.support import wiki_pages
from tests.support.apps import Opened
from tests.support.drain import drain
from tests.support.product import Dump, dump, rows
from tests.support.wiki_crawl import (
    ADA,
    FIRST,
    SEASON,
    SECOND,
    TRACK,
    crawled,
    lantern,
    numbered,
    outcomes,
    race,
)
from tests.support.wiki_pages import Row, link, listed

BARE, OLD_TRACK = "Ada_Ferris", "Fenmoor_Dirt_Track"
FILLING = Row("2", "Cy Dorn", car="11", laps="12", status="engine", points="40")


def won(title: str) -> Row:
    """Ada Ferris, by one of her titles."""
    return Row("1", link(title, "Ada Ferris"), car="7", laps="40", status="running", points="50")


@pytest.fixture
def wiki(tmp_path: Path) -> Iterator[WikiServer]:
    """The made-up corner, where one race names a driver and a track by titles that only lead on."""
    with lantern(tmp_path) as served:
        served.shelf.redirects.update({BARE: ADA, OLD_TRACK: TRACK})
        races = [
            listed("1", FIRST, "6 May 1962", TRACK, "Fenmoor, NC", "Ada_Winner"),
            listed("2", SECOND, "13 May 1962", OLD_TRACK, "Fenmoor, NC", "Ada_Winner"),
        ]
        served.shelf.put(numbered(wiki_pages.season(SEASON, races=races), 102))
        served.shelf.put(numbered(race(FIRST, won(ADA), FILLING), 103))
        held = f"Held on May 13, 1962 at {link(OLD_TRACK)} in Fenmoor, NC"
        served.shelf.put(numbered(race(SECOND, won(BARE), FILLING, held=held), 104))
        yield served


def slugs(found: Dump, table: str) -> list[str]:
    """The addresses of a table's rows."""
    return sorted(row["Slug"] for row in found[table])


def meant(database: str, kind: str) -> dict[str, str]:
    """What each key of the wiki's means, by address."""
    table = {"driver": "Drivers", "circuit": "Circuits"}[kind]
    statement = sql.SQL(
        'SELECT c.key, t."Slug" FROM ingest.claims c JOIN {} t ON t."Id" = c.target'
        " WHERE c.source = 'thethirdturn' AND c.kind = %s"
    ).format(sql.Identifier(table))
    return dict(rows(database, statement, kind))


def edited(wiki: WikiServer, revision: int) -> None:
    """Somebody changed Ada Ferris' page, and the track's."""
    wiki.shelf.put(numbered(wiki_pages.driver(ADA), 106, revision))
    wiki.shelf.put(numbered(wiki_pages.circuit(TRACK), 105, revision))


def test_whoever_has_two_titles_is_one_row(app: App, database: str) -> None:
    """Driver and track; with an entrant in each race, and the decision on record as the wiki's."""
    assert crawled(app)["state"] == "done"
    found = dump(database)
    assert slugs(found, "Drivers") == ["ada-ferris-ar", "cy-dorn-lantern-cup"]
    assert slugs(found, "Circuits") == ["fenmoor-speedway"]
    assert len(found["Entrants"]) == 4
    assert {row["CircuitId"] for row in found["Rounds"]} == {found["Circuits"][0]["Id"]}
    assert {meant(database, "driver")[title] for title in (ADA, BARE)} == {"ada-ferris-ar"}
    decided = "SELECT kind, key, decided_by FROM ingest.decisions ORDER BY kind"
    assert rows(database, decided) == [
        ("circuit", OLD_TRACK, "thethirdturn"),
        ("driver", BARE, "thethirdturn"),
    ]


def test_nothing_of_it_is_done_twice(app: App, wiki: WikiServer, database: str) -> None:
    """Neither by another crawl, nor by a later revision, nor built anew from what is kept."""
    crawled(app)
    held = dump(database)
    crawled(app)
    edited(wiki, 71)
    again = crawled(app)
    assert {one["counts"].get("rows", 0) for one in again["items"]} == {0}
    assert reparse(app).rows == 0
    assert dump(database) == held


def test_a_later_race_finds_the_one_row_by_the_other_title(
    app: App, wiki: WikiServer, database: str
) -> None:
    """Though its page names the title under which a row went."""
    crawled(app)
    wiki.shelf.put(numbered(race(FIRST, won(BARE), FILLING), 103, 71))
    assert outcomes(crawled(app))[FIRST] == "ok"
    found = dump(database)
    assert slugs(found, "Drivers") == ["ada-ferris-ar", "cy-dorn-lantern-cup"]
    assert len(found["Entrants"]) == 4


def test_what_was_stored_as_two_is_made_one_without_a_request(
    app: App, wiki: WikiServer, database: str
) -> None:
    """As of a time when nobody knew that the titles lead to one page."""
    crawled(app)
    one = dump(database)
    assert len(one["Drivers"]) == 2
    for (decision,) in rows(database, "SELECT decision FROM ingest.decisions"):
        matches.undo(app, decision, "tests")
    rows(database, "DELETE FROM ingest.decisions RETURNING 1")
    assert len(dump(database)["Drivers"]) == 3
    begun = len(wiki.requests)
    reparse(app)
    assert dump(database) == one
    assert len(wiki.requests) == begun


def test_what_somebody_took_back_stays_two(app: App, wiki: WikiServer, database: str) -> None:
    """Whatever the wiki says later."""
    crawled(app)
    for (decision,) in rows(database, "SELECT decision FROM ingest.decisions"):
        matches.undo(app, decision, "tests")
    two = dump(database)
    assert slugs(two, "Drivers") == ["ada-ferris", "ada-ferris-ar", "cy-dorn-lantern-cup"]
    assert slugs(two, "Circuits") == ["fenmoor-dirt-track", "fenmoor-speedway"]
    edited(wiki, 71)
    crawled(app)
    reparse(app)
    assert dump(database) == two


def test_two_in_one_session_stay_two_and_it_is_told(
    app: App, wiki: WikiServer, database: str
) -> None:
    """A title that leads to somebody whom it raced against is the wiki's mistake."""
    second = Row("3", link(BARE, "Ada Ferris"), car="8", laps="9")
    wiki.shelf.put(numbered(race(FIRST, won(ADA), second), 103))
    assert crawled(app)["state"] == "done"
    assert {meant(database, "driver")[title] for title in (ADA, BARE)} == {
        "ada-ferris",
        "ada-ferris-ar",
    }
    told = "SELECT key, row_key, reason, row ->> 'why' FROM ingest.quarantine"
    [(key, row_key, reason, why)] = rows(database, told)
    assert (key, row_key, reason) == (ADA, f"driver={BARE}", "titles-of-one-page-stay-two")
    assert why.startswith("both are listed in one session of 1962-lantern-cup-01")


def test_a_row_that_others_give_too_is_the_one_that_stays(app: App, database: str) -> None:
    """Whoever the product had before, under the title that only leads on."""
    rows(
        database,
        'INSERT INTO "Circuits" ("Id", "Name", "Slug", "Location", "Country") VALUES'
        " (gen_random_uuid(), 'Fenmoor', 'fenmoor-dirt-track', 'Fenmoor', '') RETURNING 1",
    )
    crawled(app)
    assert slugs(dump(database), "Circuits") == ["fenmoor-dirt-track"]
    assert meant(database, "circuit") == dict.fromkeys((TRACK, OLD_TRACK), "fenmoor-dirt-track")


def test_a_title_that_got_a_page_of_its_own_is_no_longer_the_others(
    app: App, wiki: WikiServer, database: str
) -> None:
    """What was decided stays until somebody takes it back; nothing more is."""
    crawled(app)
    [decision] = rows(database, "SELECT decision FROM ingest.decisions WHERE kind = 'driver'")
    matches.undo(app, decision[0], "tests")
    rows(database, "DELETE FROM ingest.decisions WHERE kind = 'driver' RETURNING 1")
    del wiki.shelf.redirects[BARE]
    wiki.shelf.put(numbered(wiki_pages.driver(BARE, "Ada Ferris"), 300))
    edited(wiki, 71)
    crawled(app)
    assert {meant(database, "driver")[title] for title in (ADA, BARE)} == {
        "ada-ferris",
        "ada-ferris-ar",
    }


def test_results_follow_whose_they_are(open_app: Opened, database: str) -> None:
    """Those of the race that knew her by the other title; and after a person's decision too."""
    app = open_app(results_enabled=True)
    crawled(app, results=True)
    whose = (
        'SELECT d."Slug", count(*) FROM "Results" x JOIN "Entrants" e ON e."Id" = x."EntrantId"'
        ' JOIN "Drivers" d ON d."Id" = e."DriverId" GROUP BY 1 ORDER BY 1'
    )
    one = [("ada-ferris-ar", 2), ("cy-dorn-lantern-cup", 2)]
    assert rows(database, whose) == one
    [decision] = rows(database, "SELECT decision FROM ingest.decisions WHERE kind = 'driver'")
    begun = datetime.now(UTC)
    matches.undo(app, decision[0], "tests")
    drain(app)
    assert rows(database, whose) == [("ada-ferris", 1), ("ada-ferris-ar", 1), one[1]]
    [[ada]] = rows(database, """SELECT "Id" FROM "Drivers" WHERE "Slug" = 'ada-ferris-ar'""")
    matches.merge(app, Key("driver", "thethirdturn", BARE), ada, "tests")
    drain(app)
    assert rows(database, whose) == one
    again = "SELECT DISTINCT key, outcome FROM ingest.items WHERE task = %s AND closed_at > %s"
    found = rows(database, f"{again} ORDER BY 1", "load_page_results", begun)
    assert found == [(FIRST, "ok"), (SECOND, "ok")], "a season's results are projected as a whole"
