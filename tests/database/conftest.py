"""The app on a real database and real queues, asking a replay; messages are handed over by hand."""

from collections.abc import Iterator

import pytest

from ingestion_core.settings import Settings
from ingestion_core.tasks.app import App
from local.replay.limits import Limits
from local.replay.server import ReplayServer
from tests.support.results import only
from tests.support.sample_year import BAHRAIN, JEDDAH, MELBOURNE, TESTING
from tests.support.weekends import Db, prepared

UNLIMITED = Limits(per_second=0, per_minute=0)


@pytest.fixture
def replay() -> Iterator[ReplayServer]:
    """OpenF1 with the shipped sample, without limits."""
    with ReplayServer(limits=UNLIMITED) as server:
        yield server


@pytest.fixture
def app(database: str, azurite: str, replay: ReplayServer) -> Iterator[App]:
    """The app, as an instance of the Functions host would have it, at no pace to speak of."""
    made = App(
        Settings.model_validate(
            {
                "database_url": database,
                "AzureWebJobsStorage": azurite,
                "openf1_base_url": replay.url,
                "openf1_requests_per_minute": 6000,
            }
        )
    )
    yield made
    made.close()


@pytest.fixture
def db(database: str) -> Iterator[Db]:
    """An empty product with our schema."""
    with prepared(database) as connection:
        yield connection


@pytest.fixture
def three(replay: ReplayServer) -> ReplayServer:
    """The test and the first three races of 2024 alone: quick to read again and again."""
    only(replay, TESTING, BAHRAIN, JEDDAH, MELBOURNE)
    return replay
