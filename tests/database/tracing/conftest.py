"""Two recorded seasons that both sources know, to be looked at; nothing is left behind."""

from collections.abc import Iterator

import psycopg
import pytest

from local.stack.postgres import Postgres
from tests.conftest import cloned
from tests.support.commands import on, set_only
from tests.support.overlap import fill
from tests.support.weekends import Db


@pytest.fixture(scope="session")
def both(postgres: Postgres, template: str) -> Iterator[str]:
    """A database with both seasons of both sources and their results, to be looked at."""
    with cloned(postgres, template) as database:
        fill(database)
        yield database


@pytest.fixture
def db(both: str) -> Iterator[Db]:
    """A transaction on it that leaves nothing behind."""
    with psycopg.connect(both) as connection:
        connection.execute("SET TIME ZONE 'UTC'")
        yield connection
        connection.rollback()


@pytest.fixture
def environment(monkeypatch: pytest.MonkeyPatch, both: str) -> Iterator[pytest.MonkeyPatch]:
    """The command line's settings."""
    with set_only(monkeypatch, on(both, "UseDevelopmentStorage=true")):
        yield monkeypatch
