"""One race weekend, loaded with its results by an app that opted in."""

from collections.abc import Iterator

import pytest

from ingestion_core.tasks.app import App
from local.replay.server import ReplayServer
from tests.database.conftest import UNLIMITED
from tests.support.results import BAHRAIN, Found, load, only, opted, results


@pytest.fixture
def replay() -> Iterator[ReplayServer]:
    """OpenF1 with one race weekend."""
    with ReplayServer(limits=UNLIMITED) as server:
        only(server, BAHRAIN)
        yield server


@pytest.fixture
def app(database: str, azurite: str, replay: ReplayServer) -> Iterator[App]:
    """The app with results opted into."""
    made = opted(database, azurite, replay)
    yield made
    made.close()


@pytest.fixture
def loaded(app: App, database: str) -> Found:
    """The weekend, loaded with its results."""
    assert load(app)["state"] == "done"
    found = results(database)
    assert len(found) == 100
    return found
