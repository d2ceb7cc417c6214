"""The app under the host as logins that have no right by themselves: each function in its role."""

from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from local.replay.server import ReplayServer
from local.stack.postgres import Postgres
from tests.conftest import cloned
from tests.host.running import CALENDAR, Running, starting
from tests.support import roles
from tests.support.product import rows
from tests.support.results import BAHRAIN, only


@pytest.fixture
def database(postgres: Postgres, product_template: str) -> Iterator[str]:
    """The product's database with the roles."""
    with cloned(postgres, product_template) as conninfo:
        roles.administer(conninfo)
        roles.migrated(conninfo)
        roles.apply(conninfo)
        yield conninfo


def loaded(running: Running) -> dict[str, tuple[str, str | None]]:
    """A weekend with its results, asked for over HTTP: how each item ended, by task."""
    assert running.client.get("/health/ready").status_code == 200
    shown = running.finished(running.ask(f"/meetings/{BAHRAIN}?include_results=true")["run"])
    return {one["task"]: (one["state"], one["error"]) for one in shown["items"]}


def test_the_results_function_alone_reaches_results_and_only_where_it_was_granted(
    database: str, storage: str, replay: ReplayServer, tmp_path: Path, postgres: Postgres
) -> None:
    """Denied by the database it says what is missing; granted, it passes, and nothing is denied."""
    only(replay, BAHRAIN)
    log = postgres.home / "postgres.log"
    for login in (roles.INGEST, roles.RESULTS):
        begun = log.read_text().count("permission denied")
        with ExitStack() as running:
            folder = tmp_path / login
            folder.mkdir()
            start = running.enter_context(starting(roles.login(database, login), storage, folder))
            app = start(
                replay,
                settings={"RESULTS_ENABLED": "true"},
                listening=(*CALENDAR, "load_results"),
            )
            ended = loaded(app)
        denied = log.read_text().count("permission denied") - begun
        assert ended["sync_meeting"] == ("done", None)
        state, error = ended["load_results"]
        assert rows(database, 'SELECT count(*) FROM "Entrants"') == [(20,)]
        if login == roles.INGEST:
            assert (state, denied) == ("failed", 1)
            assert error is not None
            assert error.startswith("rights-missing: ")
            assert "parcferme_results" in error
            assert rows(database, 'SELECT count(*) FROM "Results"') == [(0,)]
        else:
            assert (state, error, denied) == ("done", None, 0)
            assert rows(database, 'SELECT count(*) FROM "Results"') == [(100,)]
