"""``verify`` and ``audit`` of the whole recorded archive: sound, whole, and quickly."""

import json
import time
from collections.abc import Iterator

import psycopg
import pytest

from ingestion_core.cli.main import main
from local.stack.postgres import Postgres
from tests.conftest import cloned
from tests.support import product
from tests.support.commands import on, set_only
from tests.support.whole_archive import WholeArchive


@pytest.fixture
def database(
    postgres: Postgres,
    whole_archive: WholeArchive,
    azurite: str,
    monkeypatch: pytest.MonkeyPatch,
) -> Iterator[str]:
    """A clone of the archive; the command line's settings."""
    with (
        cloned(postgres, whole_archive.name) as conninfo,
        set_only(monkeypatch, on(conninfo, azurite, RESULTS_ENABLED="true")),
    ):
        yield conninfo


@pytest.mark.usefixtures("database")
def test_all_of_it_holds_and_is_looked_through_in_seconds(
    capsys: pytest.CaptureFixture[str],
) -> None:
    """75 seasons, 1,125 rounds; nothing is violated."""
    begun = time.monotonic()
    code = main(["verify", "--json"])
    took = time.monotonic() - begun
    found = json.loads(capsys.readouterr().out)
    assert [one["name"] for one in found["violations"]] == []
    assert code == 0
    seasons = found["seasons"]
    assert [one["year"] for one in seasons] == list(range(1950, 2025))
    assert sum(one["rounds"]["found"] for one in seasons) == 1125
    assert took < 15, "two seconds, where nothing else runs"


@pytest.mark.usefixtures("database")
def test_it_is_audited_in_seconds_too(capsys: pytest.CaptureFixture[str]) -> None:
    """Every column, all names: two circuits of Las Vegas lie within a kilometre."""
    begun = time.monotonic()
    assert main(["audit", "--json"]) == 0
    took = time.monotonic() - begun
    found = json.loads(capsys.readouterr().out)
    nulls = {one["table"]: one for one in found["nulls"]}
    assert (nulls["Rounds"]["rows"], nulls["Entrants"]["rows"]) == (1125, 26668)
    assert nulls["Rounds"]["columns"]["ErgastRaceId"] == 0
    assert took < 15, "two seconds, where nothing else runs"
    assert found["duplicates"] == [
        {
            "kind": "circuit",
            "by": "place",
            "slugs": ["caesars-palace-grand-prix-circuit", "las-vegas-strip-circuit"],
        }
    ]
    assert found["orphans"] == []
    assert took < 15, "one second, where nothing else runs"


def test_all_of_it_is_taken_out_in_seconds(
    database: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """But for the oldest race there is, which somebody logged, with all who entered it."""
    with psycopg.connect(database) as db:
        db.execute(
            """INSERT INTO "AspNetUsers" ("Id", "CreatedAt") VALUES (gen_random_uuid(), now())"""
        )
        db.execute(
            """INSERT INTO "Logs" ("Id", "UserId", "SessionId", "Liked", "LoggedAt", "IsAttended")
               SELECT gen_random_uuid(), u."Id", s."Id", true, now(), false FROM "AspNetUsers" u,
                   (SELECT "Id" FROM "Sessions" ORDER BY "StartTimeUtc" LIMIT 1) s"""
        )
    begun = time.monotonic()
    assert main(["clean-racing", "--yes", "--json"]) == 0
    took = time.monotonic() - begun
    found = json.loads(capsys.readouterr().out)
    assert (found["gone"]["round"], found["kept"]["round"]) == (1124, 1)
    assert found["because"] == {"session": {"Logs": 1}}
    assert product.rows(database, 'SELECT "Name" FROM "Rounds"') == [("British Grand Prix",)]
    assert main(["verify", "--json", "--year", "1951"]) == 0
    assert took < 30, "three seconds, where nothing else runs"
