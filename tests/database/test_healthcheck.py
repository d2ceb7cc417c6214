"""``healthcheck``: what is well, what mends itself, what is missing; and no secret anywhere."""

import json
import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import psycopg
import pytest
from azure.storage.queue import QueueServiceClient
from psycopg.conninfo import conninfo_to_dict

from ingestion_core.cli.main import main
from ingestion_core.settings import settings
from ingestion_core.tasks import health
from ingestion_core.tasks.app import App
from local.replay.faults import Fault
from local.replay.server import ReplayServer
from tests.support.commands import on, set_only
from tests.support.tables import everything

Captured = pytest.CaptureFixture[str]

#: The account key that every Azurite has, and what else must never be shown.
AZURITE_KEY = "Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq"
PASSWORD = "hunter2-of-the-database"
TOKEN = "hunter2-of-openf1"

LIVE = """
INSERT INTO ingest.lockouts
VALUES ('openf1', '1', now() - interval '1 hour', now() + interval '1 hour')
"""
CLOSED = """
UPDATE ingest.sources SET closed_until = now() + interval '1 hour', closed_why = 'http-502'
"""


@pytest.fixture(autouse=True)
def environment(
    database: str, azurite: str, replay: ReplayServer, monkeypatch: pytest.MonkeyPatch
) -> Iterator[pytest.MonkeyPatch]:
    """The command line's settings, with a password that the server does not ask for."""
    with QueueServiceClient.from_connection_string(azurite) as service:
        for queue in service.list_queues():
            service.delete_queue(queue)
    with set_only(monkeypatch, on(f"{database} password={PASSWORD}", azurite, replay)):
        yield monkeypatch


@pytest.fixture
def prepared(app: App) -> App:
    """A database that the app has used before."""
    with app.db() as db:
        db.execute("SELECT 1")
    return app


def found(capsys: Captured, code: int) -> dict[str, dict[str, Any]]:
    """The checks by name, as JSON has them; how all are is the worst of them."""
    assert main(["healthcheck", "--json"]) == code
    told = json.loads(capsys.readouterr().out)
    states = {check["status"] for check in told["checks"]}
    order = ("failing", "degraded", "ok")
    assert told["status"] == next(status for status in order if status in states)
    return {check["name"]: check for check in told["checks"]}


def test_all_is_well_by_one_request_and_without_a_change(
    prepared: App, database: str, replay: ReplayServer, capsys: Captured
) -> None:
    """Every part has its check; of the gate alone something moves."""
    before = everything(database)
    checks = found(capsys, 0)
    # The tests' own login is a superuser.
    assert checks["rights"].pop("status") == "degraded"
    assert checks["rights"]["why"].startswith("wider than the app needs: is a superuser")
    assert {check.get("status", "ok") for check in checks.values()} == {"ok"}
    names = ["settings", "database", "schema", "prerequisites", "clock", "rights"]
    names += ["storage", "openf1"]
    assert list(checks) == names
    assert checks["database"]["version"].split(".")[0].isdigit()
    assert all(check["ms"] >= 0 for name, check in checks.items() if name != "settings")
    assert [one.path for one in replay.requests] == ["/v1/meetings"]
    assert everything(database) == before


def test_in_words_a_line_each_and_the_sum(prepared: App, capsys: Captured) -> None:
    """For whoever reads along."""
    assert main(["healthcheck"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == "ok        settings"
    assert lines[1].startswith("ok        database                     PostgreSQL ")
    assert lines[-1] == "All in all: degraded"


def test_every_queue_is_there_with_its_length_and_dead_letters_are_one_too_many(
    prepared: App, azurite: str, capsys: Captured
) -> None:
    """Results' as well, where somebody made it."""
    with QueueServiceClient.from_connection_string(azurite) as service:
        for name, messages in (
            ("years", 2),
            ("years-poison", 0),
            ("results-poison", 1),
            ("x-y", 9),
        ):
            queue = service.create_queue(name)
            for _ in range(messages):
                queue.send_message("x")
    checks = found(capsys, 0)
    assert {name: one["messages"] for name, one in checks.items() if "queue" in name} == {
        "queue years": 2,
        "queue years-poison": 0,
        "queue results-poison": 1,
    }
    assert checks["queue results-poison"]["status"] == "degraded"
    assert "functions app running?" in checks["queue results-poison"]["why"]
    assert checks["queue years"]["status"] == checks["queue years-poison"]["status"] == "ok"


@pytest.mark.parametrize(
    ("statement", "why"),
    [
        (LIVE, "live-session, until 20"),
        ("UPDATE ingest.sources SET paused = true", "paused"),
        (CLOSED, "http-502, until 20"),
        ("UPDATE ingest.sources SET pace = '1 hour', last_start = now()", "busy, until 20"),
    ],
)
def test_a_gate_that_is_shut_is_degraded_and_costs_no_request(
    prepared: App, replay: ReplayServer, capsys: Captured, statement: str, why: str
) -> None:
    """It opens by itself, or somebody shut it on purpose."""
    with prepared.db() as db:
        db.execute(statement.encode())
    check = found(capsys, 0)["openf1"]
    assert check["status"] == "degraded"
    assert check["why"].startswith(why)
    assert ("until" in check["why"]) is ("until" in why)
    assert replay.requests == []


@pytest.mark.parametrize(
    ("fault", "status", "why"),
    [
        (Fault(kind="status"), "failing", "http-502"),
        (Fault(kind="html"), "failing", "not-json"),
        (Fault(kind="too_many", retry_after="60"), "degraded", "rate-limited, until 20"),
    ],
)
def test_an_openf1_that_is_not_well_is_told_after_one_request(
    prepared: App, replay: ReplayServer, capsys: Captured, fault: Fault, status: str, why: str
) -> None:
    """A 429 is waited out; an error of its own is its failure."""
    replay.faults.add(fault)
    check = found(capsys, 3 if status == "failing" else 0)["openf1"]
    assert check["status"] == status
    assert check["why"].startswith(why)
    assert len(replay.requests) == 1


def test_a_login_is_all_that_is_asked_where_there_is_one(
    prepared: App, replay: ReplayServer, environment: pytest.MonkeyPatch, capsys: Captured
) -> None:
    """One request as well: one that is refused names its settings and nothing else."""
    environment.setenv("OPENF1_USERNAME", "sponsor")
    environment.setenv("OPENF1_PASSWORD", TOKEN)
    check = found(capsys, 3)["openf1"]
    assert check["why"] == "the login is refused: OPENF1_USERNAME, OPENF1_PASSWORD"
    assert [one.path for one in replay.requests] == ["/token"]


def test_a_product_without_its_unique_keys_is_told_with_the_cure(
    prepared: App, database: str, replay: ReplayServer, capsys: Captured
) -> None:
    """Both keys by name; and OpenF1 is not asked for a database that can't be used."""
    with psycopg.connect(database, autocommit=True) as db:
        db.execute('DROP INDEX "IX_Sessions_OpenF1SessionKey"')
        db.execute('DROP INDEX "IX_Entrants_RoundId_DriverId"')
    checks = found(capsys, 3)
    why = checks["prerequisites"]["why"]
    assert checks["prerequisites"]["status"] == "failing"
    assert '"Sessions" has no unique key on (OpenF1SessionKey)' in why
    assert '"Entrants" has no unique key on (DriverId, RoundId)' in why
    assert "`dotnet ef database update`" in why
    assert checks["openf1"]["why"] == "not asked: the database is not ready"
    assert replay.requests == []


@pytest.mark.unprepared
def test_a_schema_that_is_missing_is_named_and_not_made(database: str, capsys: Captured) -> None:
    """The app makes it when it starts: degraded."""
    before = everything(database)
    checks = found(capsys, 0)
    assert checks["schema"]["status"] == "degraded"
    assert "0001_ingest.sql" in checks["schema"]["why"]
    assert "python -m ingestion_core migrate" in checks["schema"]["why"]
    assert everything(database) == before


def test_a_database_that_does_not_answer_leaves_the_rest_to_be_looked_at(
    environment: pytest.MonkeyPatch, capsys: Captured
) -> None:
    """What hangs on it is not asked."""
    environment.setenv("DATABASE_URL", f"host=/nowhere dbname=x password={PASSWORD}")
    checks = found(capsys, 3)
    assert checks["database"]["why"] == "it does not answer"
    assert {name: one["status"] for name, one in checks.items()} == {
        "settings": "ok",
        "database": "failing",
        "storage": "ok",
        "openf1": "degraded",
    }


def test_a_storage_that_does_not_answer_has_no_queues(
    prepared: App, environment: pytest.MonkeyPatch, capsys: Captured
) -> None:
    """Named alone."""
    nowhere = "QueueEndpoint=http://127.0.0.1:9/devstoreaccount1;AccountName=devstoreaccount1;"
    environment.setenv("AzureWebJobsStorage", f"{nowhere}AccountKey={AZURITE_KEY}==")
    checks = found(capsys, 3)
    assert checks["storage"]["why"] == "it does not answer"
    assert not [name for name in checks if "queue" in name]


def test_a_missing_setting_is_the_only_check(
    environment: pytest.MonkeyPatch, capsys: Captured
) -> None:
    """Nothing else can be asked without it."""
    environment.delenv("DATABASE_URL")
    settings.cache_clear()
    checks = found(capsys, 3)
    assert list(checks) == ["settings"]
    assert "DATABASE_URL" in checks["settings"]["why"]


@pytest.mark.parametrize("seconds", [-60, 60])
def test_clocks_that_are_apart_are_told(
    prepared: App, environment: pytest.MonkeyPatch, capsys: Captured, seconds: int
) -> None:
    """Ours against the database's and the storage's; four seconds are let pass."""
    environment.setattr(App, "now", lambda _: datetime.now(UTC) + timedelta(seconds=seconds))
    checks = found(capsys, 0)
    for name, whose in (("clock", "the database's"), ("storage", "the storage's")):
        assert checks[name]["status"] == "degraded"
        told = f"our clock and {whose} are (59|60|61) s apart"  # a header has whole seconds
        assert re.fullmatch(told, checks[name]["why"]), checks[name]
        assert abs(checks[name]["seconds"] + seconds) < 2
    environment.setattr(App, "now", lambda _: datetime.now(UTC) + timedelta(seconds=3))
    assert found(capsys, 0)["clock"]["status"] == "ok"


def test_the_wiki_is_looked_at_where_it_is_opted_into_and_never_asked(
    prepared: App, environment: pytest.MonkeyPatch, capsys: Captured
) -> None:
    """The state of its gate is all."""
    environment.setenv("THIRDTURN_ENABLED", "true")
    environment.setenv("WIKI_CONTACT", "https://example.org/contact")
    environment.setenv("THIRDTURN_BASE_URL", "http://127.0.0.1:9")
    assert found(capsys, 0)["thethirdturn"]["status"] == "ok"
    with prepared.db() as db:
        db.execute("UPDATE ingest.sources SET source = 'thethirdturn', paused = true")
    settings.cache_clear()
    check = found(capsys, 0)["thethirdturn"]
    assert (check["status"], check["why"]) == ("degraded", "paused")


def test_no_secret_is_ever_shown(
    prepared: App,
    database: str,
    azurite: str,
    environment: pytest.MonkeyPatch,
    capsys: Captured,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """Neither of what is well nor of what is not: not in words, in JSON or in a log."""
    parts = conninfo_to_dict(database)
    assert AZURITE_KEY in azurite
    environment.setenv("OPENF1_USERNAME", "sponsor")
    environment.setenv("OPENF1_PASSWORD", TOKEN)
    wrong = f"Host=/nowhere;Username=x;Password={PASSWORD};Database={parts['dbname']}"
    storage = f"DefaultEndpointsProtocol=http;AccountKey={AZURITE_KEY}"
    for name, value in (
        ("", ""),
        ("DATABASE_URL", wrong),
        ("DATABASE_URL", f"Host={PASSWORD}"),
        ("AzureWebJobsStorage", storage),
        ("OPENF1_BASE_URL", f"nonsense://{TOKEN}"),
    ):
        if name:
            environment.setenv(name, value)
        settings.cache_clear()
        for words in (["healthcheck"], ["healthcheck", "--json"]):
            main(words)
            captured = capsys.readouterr()
            told = captured.out + captured.err + caplog.text
            assert captured.out
            for secret in (PASSWORD, TOKEN, AZURITE_KEY):
                assert secret not in told, (name, words)


def test_readiness_asks_settings_database_and_storage_alone(
    prepared: App, replay: ReplayServer
) -> None:
    """What a load balancer asks every few seconds must cost no request."""
    checks = health.readiness(lambda: prepared)
    assert [(one["name"], one["status"]) for one in checks] == [
        ("settings", "ok"),
        ("database", "ok"),
        ("storage", "ok"),
    ]
    assert replay.requests == []
