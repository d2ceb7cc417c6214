"""Whole recorded seasons become the rows that were counted in them, in any order."""

import random
from collections.abc import Iterator

import pytest

from ingestion_core.tasks import backfill
from ingestion_core.tasks.app import App
from local.replay.rows import load
from local.replay.server import ReplayServer
from local.stack.postgres import Postgres
from tests.conftest import cloned, recorded_folder
from tests.database.conftest import UNLIMITED
from tests.support.apps import app_with
from tests.support.drain import drain
from tests.support.product import dump, figures, rows

ROLES = {0: "Regular", 1: "Reserve", 2: "Fp1Only", 3: "Test"}


@pytest.fixture(scope="module")
def seasons() -> Iterator[ReplayServer]:
    """OpenF1 with the recorded seasons of 2023 and 2024."""
    folder = recorded_folder()
    with ReplayServer(
        load([folder / "openf1" / year for year in ("2023", "2024")]), limits=UNLIMITED
    ) as server:
        yield server


def app_on(database: str, azurite: str, replay: ReplayServer) -> App:
    """The app, asking the recorded seasons."""
    return app_with(database, azurite, openf1_base_url=replay.url)


@pytest.fixture
def recorded(database: str, azurite: str, seasons: ReplayServer) -> Iterator[App]:
    """The app on a database of the test's own."""
    made = app_on(database, azurite, seasons)
    yield made
    made.close()


@pytest.fixture(scope="module")
def both(postgres: Postgres, template: str, azurite: str, seasons: ReplayServer) -> Iterator[str]:
    """A database into which 2023 and 2024 were read, to be looked at and not changed."""
    with cloned(postgres, template) as database:
        made = app_on(database, azurite, seasons)
        read(made, 2023, 2024)
        made.close()
        yield database


def read(app: App, *years: int, shuffle: random.Random | None = None) -> None:
    """Backfill years one after the other."""
    for year in years:
        run = backfill.backfill(app, [year], {"years": year})
        drain(app, shuffle)
        shown = backfill.show_run(app, run)
        assert (shown["state"], shown["last_error"]) == ("done", None)


BOTH = {
    "rounds": (46, 1),
    "sessions": 233,
    "entrants": 981,
    "drivers": 38,
    "teams": 12,
    "circuits": 24,
}


def test_two_seasons_in_one_database_share_people_teams_and_circuits(both: str) -> None:
    """The figures of 2023 and 2024 together."""
    assert figures(both) == BOTH


def test_messages_in_any_order_give_the_same_rows_and_ids(
    recorded: App, database: str, both: str
) -> None:
    """The years the other way round, and every batch of messages shuffled."""
    read(recorded, 2024, 2023, shuffle=random.Random(7))
    expected = dump(both)
    assert expected["Entrants"], "nothing was read at all"
    assert dump(database) == expected


def test_roles_tell_reserves_practice_drivers_and_regulars_apart(both: str) -> None:
    """Named in facts/identity.md and known of these two seasons, none of it from a result."""
    roles = {
        (round_, driver): ROLES[role]
        for round_, driver, role in rows(
            both,
            'SELECT r."Slug", d."Slug", e."Role" FROM "Entrants" e'
            ' JOIN "Rounds" r ON r."Id" = e."RoundId" JOIN "Drivers" d ON d."Id" = e."DriverId"',
        )
    }
    assert {key for key, role in roles.items() if role == "Reserve"} == {
        ("2024-saudi-arabian-grand-prix", "oliver-bearman"),
        ("2024-azerbaijan-grand-prix", "oliver-bearman"),
        ("2024-sao-paulo-grand-prix", "oliver-bearman"),
    }
    # Only practised, but raced for the team in the weekend before or after.
    assert roles["2023-dutch-grand-prix", "daniel-ricciardo"] == "Regular"
    assert roles["2024-saudi-arabian-grand-prix", "carlos-sainz"] == "Regular"
    assert roles["2024-australian-grand-prix", "logan-sargeant"] == "Regular"
    # Five weekends in a row, and changes that lasted, are nobody's stand-in.
    assert roles["2023-singapore-grand-prix", "liam-lawson"] == "Regular"
    assert roles["2023-hungarian-grand-prix", "daniel-ricciardo"] == "Regular"
    assert roles["2024-italian-grand-prix", "franco-colapinto"] == "Regular"
    assert roles["2024-singapore-grand-prix", "kevin-magnussen"] == "Regular"
    # First practice in somebody's car.
    for round_, driver in (
        ("2023-mexico-city-grand-prix", "isack-hadjar"),
        ("2024-mexico-city-grand-prix", "patricio-oward"),
        ("2024-mexico-city-grand-prix", "oliver-bearman"),
        ("2024-abu-dhabi-grand-prix", "arthur-leclerc"),
    ):
        assert roles[round_, driver] == "Fp1Only"
    assert roles["2024-pre-season-testing", "max-verstappen"] == "Regular"


def test_las_vegas_stands_on_its_local_days(both: str) -> None:
    """UTC puts the race a day late: 18 and 23 November are the local race days."""
    found = rows(
        both,
        'SELECT "DateEnd"::text FROM "Rounds" WHERE "Slug" LIKE %s ORDER BY 1',
        "%las-vegas%",
    )
    assert found == [("2023-11-18",), ("2024-11-23",)]


def test_nobody_of_formula_3_is_in_the_entry_list_of_budapest(both: str) -> None:
    """Session 9223 lists 35 drivers, 30 of them Formula 3: nothing lost, nobody let in."""
    entered = rows(
        both,
        'SELECT d."Slug" FROM ingest.entries e JOIN "Sessions" s ON s."Id" = e.session'
        ' JOIN "Drivers" d ON d."Id" = e.driver WHERE s."OpenF1SessionKey" = 9223',
    )
    assert len(entered) == 20
    assert ("max-verstappen",) in entered
    assert ("paul-aron",) not in entered
    refused = rows(
        both,
        "SELECT reason, count(*) FROM ingest.quarantine WHERE key = '1215' GROUP BY 1 ORDER BY 1",
    )
    assert refused == [("no-team", 15), ("number-names-another-driver", 15)]


def test_no_driver_number_is_a_champions(both: str) -> None:
    """Number 1 names last year's champion; a permanent number is not OpenF1's to give."""
    assert rows(
        both,
        'SELECT count(*) FROM "Drivers" WHERE "DriverNumber" IS NOT NULL'
        ' OR "OpenF1DriverNumber" = 1',
    ) == [(0,)]
