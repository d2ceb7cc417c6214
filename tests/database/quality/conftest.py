"""Races of 2024 with their results: under an app, or under the command line."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import psycopg
import pytest
from psycopg.sql import Composed

from ingestion_core.cli.main import main
from ingestion_core.tasks.app import App
from local.replay.server import ReplayServer
from local.stack.postgres import Postgres
from tests.conftest import cloned
from tests.database.conftest import UNLIMITED
from tests.support import product
from tests.support.cleaning import JEDDAH, MELBOURNE
from tests.support.commands import on, set_only
from tests.support.results import BAHRAIN, load, only, opted


@pytest.fixture(scope="session")
def filled(postgres: Postgres, template: str, azurite: str) -> Iterator[str]:
    """The name of a database with two races of 2024 and their results, to be cloned."""
    with cloned(postgres, template) as conninfo, ReplayServer(limits=UNLIMITED) as replay:
        only(replay, BAHRAIN, JEDDAH)
        app = opted(conninfo, azurite, replay)
        load(app)
        app.close()
        yield product.rows(conninfo, "SELECT current_database()")[0][0]


@dataclass(frozen=True)
class Command:
    """The command line on a database of a test's own."""

    database: str
    capsys: pytest.CaptureFixture[str]

    def run(self, *arguments: str, code: int = 0) -> str:
        """What it prints; ``code`` is how it ends."""
        assert main(arguments) == code
        return self.capsys.readouterr().out

    def verify(self, *arguments: str, code: int = 0) -> dict[str, Any]:
        """What ``verify`` tells machines."""
        told: dict[str, Any] = json.loads(self.run("verify", "--json", *arguments, code=code))
        return told

    def audit(self, *arguments: str) -> dict[str, Any]:
        """What ``audit`` tells machines."""
        told: dict[str, Any] = json.loads(self.run("audit", "--json", *arguments))
        return told

    def sql(self, statement: str | Composed) -> None:
        """Do something to the database."""
        with psycopg.connect(self.database) as db:
            text = statement if isinstance(statement, str) else statement.as_string(db)
            for one in text.split(";\n"):
                assert db.execute(one.encode()).rowcount, "nothing was broken"


@pytest.fixture
def command(
    postgres: Postgres,
    filled: str,
    azurite: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> Iterator[Command]:
    """On a clone; results are opted into."""
    with (
        cloned(postgres, filled) as database,
        set_only(monkeypatch, on(database, azurite, RESULTS_ENABLED="true")),
    ):
        yield Command(database, capsys)


@pytest.fixture
def app(database: str, azurite: str, replay: ReplayServer) -> Iterator[App]:
    """The first three races of 2024 with their results."""
    only(replay, BAHRAIN, JEDDAH, MELBOURNE)
    made = opted(database, azurite, replay)
    load(made)
    yield made
    made.close()
