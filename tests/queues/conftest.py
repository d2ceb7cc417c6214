"""One app for each module: its tests touch nothing but schema ``ingest``, emptied before each."""

from collections.abc import Iterator
from contextlib import closing

import pytest
from psycopg import sql

from ingestion_core.database.connection import Pool, open_pool
from ingestion_core.tasks.app import App
from ingestion_core.work.gate import Gate
from local.stack.postgres import Postgres
from tests.conftest import cloned
from tests.support.apps import app_with
from tests.support.source_rows import SOURCE, Sleeper

_TABLES = ("sources", "lockouts", "runs", "items", "fetches", "claims", "quarantine")


@pytest.fixture(scope="module")
def database(postgres: Postgres, template: str) -> Iterator[str]:
    """The conninfo of a database of this module's own."""
    with cloned(postgres, template) as conninfo:
        yield conninfo


@pytest.fixture(scope="module")
def opened(database: str, azurite: str) -> Iterator[App]:
    """The app at OpenF1's free pace, one request in 2.05 s; nothing answers at its address."""
    with closing(app_with(database, azurite, openf1_requests_per_minute=30)) as made:
        yield made


@pytest.fixture
def app(opened: App) -> App:
    """The same app with nothing to do and nothing behind it."""
    with opened.transaction() as db:
        for table in _TABLES:
            db.execute(sql.SQL("DELETE FROM {}").format(sql.Identifier("ingest", table)))
        db.execute(
            "INSERT INTO ingest.sources (source, pace) VALUES ('openf1', interval '2.05 seconds')"
        )
    return opened


@pytest.fixture
def sleeper(app: App) -> Sleeper:
    return Sleeper(app)


@pytest.fixture
def gate(app: App, sleeper: Sleeper) -> Gate:
    """OpenF1's free limit, without a subscription."""
    made = Gate(app.pool, SOURCE, per_minute=30, sleep=sleeper)
    made.register()
    return made


@pytest.fixture
def other_pool(app: App, database: str) -> Iterator[Pool]:
    """Another instance's connections."""
    with open_pool(database, 30) as pool:
        yield pool
