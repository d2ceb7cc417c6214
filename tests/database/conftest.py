"""The app on a real database and real queues, asking a replay; messages are handed over by hand."""

from collections.abc import Iterator
from contextlib import closing

import pytest

from ingestion_core.tasks.app import App
from local.replay.limits import Limits
from local.replay.server import ReplayServer
from tests.support.apps import app_with
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
    with closing(app_with(database, azurite, openf1_base_url=replay.url)) as made:
        yield made


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
