"""Databases to which roles.sql was applied, and the app on them as one of the logins."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from local.stack.postgres import Postgres
from tests.conftest import cloned, copied
from tests.support import roles
from tests.support.apps import Opened, app_with, opening

_TEMPLATE = "roles_template"
#: What opens the app as a login, with settings.
OpenAs = Opened
#: What tells what the server denied.
Denials = Callable[[], list[str]]


@pytest.fixture(scope="session")
def roles_template(postgres: Postgres, product_template: str) -> str:
    """The name of a database with the product's tables, our schemas and the roles."""
    conninfo = copied(postgres, product_template, _TEMPLATE)
    roles.administer(conninfo)
    roles.migrated(conninfo)
    roles.apply(conninfo)
    return _TEMPLATE


@pytest.fixture
def database(postgres: Postgres, roles_template: str) -> Iterator[str]:
    """The conninfo of such a database, for a superuser; dropped afterwards."""
    with cloned(postgres, roles_template) as conninfo:
        roles.own(conninfo)
        yield conninfo


@pytest.fixture
def open_as(database: str, azurite: str) -> Iterator[OpenAs]:
    """Opens the app as a login; it is closed in the end."""
    with opening(
        lambda name, **settings: app_with(roles.login(database, name), azurite, **settings)
    ) as open_as:
        yield open_as


@pytest.fixture
def denials(postgres: Postgres) -> Denials:
    """What the server denied anybody since the test began, from its own log."""
    log = postgres.home / "postgres.log"
    begun = len(_denied(log))
    return lambda: _denied(log)[begun:]


def _denied(log: Path) -> list[str]:
    return [line for line in log.read_text().splitlines() if "permission denied" in line]
