"""Races of 2024 with their results: under an app, or under the command line."""

import json
from collections.abc import Iterator
from contextlib import closing, contextmanager
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


@contextmanager
def loaded(postgres: Postgres, template: str, azurite: str, *meetings: int) -> Iterator[str]:
    """The name of a database with these meetings and their results, to be cloned."""
    with cloned(postgres, template) as conninfo, ReplayServer(limits=UNLIMITED) as replay:
        only(replay, *meetings)
        with closing(opted(conninfo, azurite, replay)) as app:
            load(app)
        yield product.rows(conninfo, "SELECT current_database()")[0][0]


@pytest.fixture(scope="session")
def filled(postgres: Postgres, template: str, azurite: str) -> Iterator[str]:
    """The name of a database with two races of 2024 and their results, to be cloned."""
    with loaded(postgres, template, azurite, BAHRAIN, JEDDAH) as name:
        yield name


@pytest.fixture(scope="session")
def raced(postgres: Postgres, template: str, azurite: str) -> Iterator[str]:
    """The same of three races."""
    with loaded(postgres, template, azurite, BAHRAIN, JEDDAH, MELBOURNE) as name:
        yield name


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
def database(request: pytest.FixtureRequest, postgres: Postgres, template: str) -> Iterator[str]:
    """A fresh one; where a test has the app as well, with what the app has loaded."""
    name = request.getfixturevalue("raced") if "app" in request.fixturenames else template
    with cloned(postgres, name) as conninfo:
        yield conninfo


@pytest.fixture
def app(database: str, azurite: str, replay: ReplayServer) -> Iterator[App]:
    """The first three races of 2024 with their results."""
    only(replay, BAHRAIN, JEDDAH, MELBOURNE)
    with closing(opted(database, azurite, replay)) as made:
        yield made
