"""A login with parcferme_ingest alone does all of the app's work but results, undenied."""

from pathlib import Path

from ingestion_core.catalog import statuses
from ingestion_core.racing.kinds import SessionStatus
from ingestion_core.tasks import backfill
from ingestion_core.tasks.discover import tick
from ingestion_core.tasks.health import readiness
from ingestion_core.tasks.housekeeping import keep_house
from ingestion_core.tasks.why import why
from local.replay.server import ReplayServer
from tests.database.conftest import UNLIMITED
from tests.database.roles.conftest import Denials, OpenAs
from tests.support import roles
from tests.support.archives import tables, write_csv
from tests.support.drain import drain
from tests.support.product import dump, figures, rows
from tests.support.results import BAHRAIN, only
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


def test_a_season_is_discovered_and_read_twice(
    open_as: OpenAs, database: str, denials: Denials
) -> None:
    """The sample: 25 rounds, 123 sessions, 523 entrants, 33 drivers, and nothing denied."""
    with ReplayServer(limits=UNLIMITED) as replay:
        app = open_as(roles.INGEST, openf1_base_url=replay.url)
        tick(app)
        drain(app)
        for _ in range(2):
            run = backfill.backfill(app, [2024], {})
            drain(app)
            shown = backfill.show_run(app, run)
            assert (shown["state"], shown["done"]) == ("done", 26)
            found = dump(database)
            assert [len(found[name]) for name in ("Rounds", "Sessions", "Entrants", "Drivers")] == [
                *(25, 123, 523, 33)
            ]
        with app.db() as db:
            statuses.advance(db)
        keep_house(app)
        assert backfill.list_runs(app, 5)
        assert {one["source"] for one in backfill.list_sources(app)} == {"openf1"}
        assert {one["status"] for one in readiness(lambda: app)} == {"ok"}
        assert why(app, "session", "9472")
    assert denials() == []


def test_whoever_is_listed_no_more_goes_and_a_session_moves_on(
    open_as: OpenAs, database: str, denials: Denials
) -> None:
    """A stale entrant, by the guard; a status, by the clock."""
    with ReplayServer(limits=UNLIMITED) as replay:
        only(replay, BAHRAIN)
        app = open_as(roles.INGEST, openf1_base_url=replay.url)
        backfill.backfill(app, [2024], {})
        drain(app)
        before = figures(database)["entrants"]
        listed_now = [one for one in replay.rows.of("drivers") if one["driver_number"] != 1]
        replay.rows.replace("drivers", listed_now)
        backfill.meeting(app, BAHRAIN, include_results=False)
        drain(app)
        assert (before, figures(database)["entrants"]) == (20, 19)
        rows(
            database,
            'UPDATE "Sessions" SET "Status" = 0 RETURNING 1',
        )
        rows(
            database,
            "UPDATE ingest.claims SET fields = fields || '{\"Status\": 0}'"
            " WHERE source = 'written' AND kind = 'session' RETURNING 1",
        )
        tick(app)
        assert rows(database, 'SELECT DISTINCT "Status" FROM "Sessions"') == [
            (SessionStatus.COMPLETED,)
        ]
    assert denials() == []


def test_seasons_of_the_archive_and_questions_on_who_is_who(
    open_as: OpenAs, database: str, denials: Denials, tmp_path: Path
) -> None:
    """One of its drivers is like one of OpenF1's: that is put before a person."""
    content = tables()
    content["drivers"][1][4:6] = ["Max", "Verstapen"]
    archive = write_csv(tmp_path / "archive", content)
    with ReplayServer(limits=UNLIMITED) as replay:
        only(replay, BAHRAIN)
        app = open_as(roles.INGEST, openf1_base_url=replay.url, archive_url=str(archive))
        backfill.backfill(app, [2024], {})
        drain(app)
        for _ in range(2):
            run = backfill.import_archive(app, [2019, 2023], {})
            drain(app)
            assert backfill.show_run(app, run)["state"] == "done"
    assert figures(database)["rounds"] == (3, 0)
    asked = 'SELECT "IncomingName", "CandidateEntityName", "Status" FROM "PendingMatches"'
    assert rows(database, asked) == [("Max Verstapen", "Max Verstappen", 0)]
    assert denials() == []


def test_pages_of_the_wiki_with_titles_that_lead_to_one(
    open_as: OpenAs, database: str, denials: Denials, tmp_path: Path
) -> None:
    """Kept without being read back; two drivers and two tracks become one each, by the guards."""
    bare, old = "Ada_Ferris", "Fenmoor_Dirt_Track"
    (tmp_path / "wiki").mkdir()
    with lantern(tmp_path / "wiki") as wiki:
        wiki.shelf.redirects.update({bare: ADA, old: TRACK})
        wiki.shelf.put(numbered(two_races(old), 102))
        wiki.shelf.put(numbered(race(FIRST, Row("1", link(ADA), car="7", laps="40")), 103))
        held = f"Held on May 13, 1962 at {link(old)} in Fenmoor, NC"
        bare_won = Row("1", link(bare), car="7", laps="40")
        wiki.shelf.put(numbered(race(SECOND, bare_won, held=held), 104))
        app = open_as(roles.INGEST, **opted_into(wiki))
        assert {crawled(app)["state"] for _ in range(2)} == {"done"}
    found = dump(database)
    assert [row["Slug"] for row in found["Drivers"]] == ["ada-ferris-ar"]
    assert [row["Slug"] for row in found["Circuits"]] == ["fenmoor-speedway"]
    assert len(found["Entrants"]) == 2
    decided = "SELECT kind, key FROM ingest.decisions ORDER BY kind"
    assert rows(database, decided) == [("circuit", old), ("driver", bare)]
    assert rows(database, "SELECT count(DISTINCT key) FROM spoilers.pages") == [(6,)]
    assert denials() == []
