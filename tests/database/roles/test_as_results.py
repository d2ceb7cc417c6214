"""Results by logins that may, and that may not; and what a person maintains."""

import uuid
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from ingestion_core.catalog.keys import Key
from ingestion_core.errors import RightsMissing
from ingestion_core.tasks import backfill, check_results, load_results, matches, show_results
from ingestion_core.tasks.clean_racing import clean_racing
from ingestion_core.tasks.remove_source import remove_source
from ingestion_core.tasks.reparse import reparse
from ingestion_core.tasks.verify import verify
from local.replay.server import ReplayServer
from local.replay.wiki.server import WikiServer
from tests.database.conftest import UNLIMITED
from tests.database.roles.conftest import Denials, OpenAs
from tests.support import roles, wiki_pages
from tests.support.archives import tables, write_csv
from tests.support.drain import drain
from tests.support.product import dump, rows
from tests.support.results import BAHRAIN, load, only
from tests.support.wiki_crawl import (
    ADA,
    FIRST,
    SECOND,
    TRACK,
    crawled,
    lantern,
    numbered,
    opted_into,
    race,
    two_races,
)
from tests.support.wiki_pages import Row, link

HOW_MANY = 'SELECT count(*) FROM "Results"'
WHOSE = (
    'SELECT d."Slug", count(*) FROM "Results" x JOIN "Entrants" e ON e."Id" = x."EntrantId"'
    ' JOIN "Drivers" d ON d."Id" = e."DriverId" GROUP BY 1 ORDER BY 1'
)
BARE = "Ada_Ferris"


@pytest.fixture
def replay() -> Iterator[ReplayServer]:
    """OpenF1 with one race weekend: 100 results in five sessions."""
    with ReplayServer(limits=UNLIMITED) as server:
        only(server, BAHRAIN)
        yield server


def test_with_the_role_results_are_loaded_and_nothing_is_denied(
    open_as: OpenAs, database: str, replay: ReplayServer, denials: Denials, tmp_path: Path
) -> None:
    """A meeting's and a season's of the archive, twice; what shows them as well."""
    archive = write_csv(tmp_path / "archive", tables())
    app = open_as(
        roles.RESULTS,
        openf1_base_url=replay.url,
        archive_url=str(archive),
        results_enabled=True,
    )
    for _ in range(2):
        assert load(app)["state"] == "done"
        run = backfill.import_archive(app, [2019, 2023], {}, include_results=True)
        drain(app)
        assert backfill.show_run(app, run)["state"] == "done"
        # Of the archive two of a race, two of its qualifying; of a sprint weekend two, one, one.
        assert rows(database, HOW_MANY) == [(100 + 8,)]
    assert len(load_results.show(app, "9472")) == 20
    assert load_results.list_revisions(app, 2024) == []
    assert show_results.disagreements(app, [], spoilers=False) == []
    assert denials() == []


def test_without_the_role_the_database_denies_them_and_the_item_says_so(
    open_as: OpenAs, database: str, replay: ReplayServer, denials: Denials
) -> None:
    """By a code, the role, and the cure, and no value; entries are there all the same."""
    app = open_as(roles.INGEST, openf1_base_url=replay.url, results_enabled=True)
    run = load(app)
    assert run["state"] == "failed"
    assert {one["task"]: one["state"] for one in run["items"]} == {
        "discover_year": "done",
        "sync_meeting": "done",
        "load_results": "failed",
    }
    [told] = [one["error"] for one in run["items"] if one["task"] == "load_results"]
    assert told.startswith("rights-missing: the database does not let this login at")
    assert "GRANT parcferme_results TO it" in told
    assert "infra/database/roles.sql" in told
    assert rows(database, HOW_MANY) == [(0,)]
    assert rows(database, "SELECT count(*) FROM spoilers.classifications") == [(0,)]
    assert denials(), "it was not the database that refused"
    with pytest.raises(RightsMissing, match="parcferme_results"):
        load_results.show(app, "9472")
    assert show_results.disagreements(app, [], spoilers=True) is None


@pytest.fixture
def wiki(tmp_path: Path) -> Iterator[WikiServer]:
    """A corner of the wiki where two races name a driver by two titles, each a page as yet."""
    with lantern(tmp_path) as served:
        served.shelf.put(numbered(two_races(TRACK), 102))
        for number, (key, title) in enumerate([(FIRST, ADA), (SECOND, BARE)], 103):
            won = Row("1", link(title, "Ada Ferris"), car="7", laps="40", status="running")
            served.shelf.put(numbered(race(key, won), number))
        served.shelf.put(numbered(wiki_pages.driver(BARE, "Ada Ferris"), 300))
        yield served


def of_wiki(wiki: WikiServer) -> dict[str, object]:
    """Settings of an app that reads it, with results."""
    return opted_into(wiki) | {"results_enabled": True}


def test_titles_that_turn_out_to_be_one_take_their_results_along(
    open_as: OpenAs, database: str, wiki: WikiServer, denials: Denials
) -> None:
    """Results are there by then: the entrant stays until they are drawn up anew, and then goes
    with the driver whom nobody means any more."""
    app = open_as(roles.RESULTS, **of_wiki(wiki))
    crawled(app, results=True)
    assert rows(database, WHOSE) == [("ada-ferris", 1), ("ada-ferris-ar", 1)]
    del wiki.shelf.pages[BARE]
    wiki.shelf.redirects[BARE] = ADA
    wiki.shelf.put(numbered(wiki_pages.driver(ADA), 106, 71))
    crawled(app, results=True)
    assert rows(database, WHOSE) == [("ada-ferris-ar", 2)]
    found = dump(database)
    assert [row["Slug"] for row in found["Drivers"]] == ["ada-ferris-ar"]
    assert len(found["Entrants"]) == 2
    before = dump(database)
    assert reparse(app, include_results=True).rows == 0
    assert dump(database) == before
    assert denials() == []


def test_a_person_who_maintains_decides_takes_back_and_takes_out(
    open_as: OpenAs, database: str, wiki: WikiServer, denials: Denials
) -> None:
    """A merge takes results along at once; of the source taken out nothing is left."""
    open_app = open_as(roles.RESULTS, **of_wiki(wiki))
    crawled(open_app, results=True)
    ids = dict(rows(database, 'SELECT "Slug", "Id" FROM "Drivers"'))
    app = open_as(roles.MAINTAINER, **of_wiki(wiki))
    key = Key("driver", "thethirdturn", BARE)
    moved = matches.merge(app, key, uuid.UUID(str(ids["ada-ferris-ar"])), "tests")
    assert rows(database, WHOSE) == [("ada-ferris-ar", 2)]
    matches.undo(app, moved.decision, "tests")
    drain(app)
    assert rows(database, WHOSE) == [("ada-ferris", 1), ("ada-ferris-ar", 1)]
    _, broken = verify(app, 1962, 1962)
    assert not broken
    assert not check_results.verify(app)
    cleaned = clean_racing(app, results_only=True)
    assert (cleaned.gone, rows(database, HOW_MANY)) == ({"result": 2}, [(0,)])
    remove_source(app, "thethirdturn")
    assert not any(dump(database).values())
    assert rows(database, "SELECT count(*) FROM spoilers.pages") == [(0,)]
    assert denials() == []


def test_a_person_who_maintains_cleans_but_for_what_users_keep(
    open_as: OpenAs, database: str, replay: ReplayServer, denials: Denials
) -> None:
    """The weekend of which somebody logged a session stays; without the log all of it goes."""
    load(open_as(roles.RESULTS, openf1_base_url=replay.url, results_enabled=True))
    app = open_as(roles.MAINTAINER, results_enabled=True)
    logged = (
        'INSERT INTO "AspNetUsers" ("Id", "CreatedAt") VALUES (gen_random_uuid(), now());'
        'INSERT INTO "Logs" ("Id", "UserId", "SessionId", "Liked", "LoggedAt", "IsAttended")'
        ' SELECT gen_random_uuid(), u."Id", s."Id", true, now(), false'
        ' FROM "AspNetUsers" u, "Sessions" s WHERE s."OpenF1SessionKey" = 9472'
    )
    with psycopg.connect(database, autocommit=True) as db:
        db.execute(logged.encode())
    clean_racing(app)
    assert [row["OpenF1SessionKey"] for row in dump(database)["Sessions"]] == [9472]
    assert rows(database, 'SELECT count(*) FROM "Logs"') == [(1,)]
    rows(database, 'DELETE FROM "Logs" RETURNING 1')
    clean_racing(app)
    found = dump(database)
    assert (found["Sessions"], found["Rounds"], found["Entrants"]) == ([], [], [])
    assert denials() == []
