"""A season that was read already."""

import pytest

from ingestion_core.tasks.app import App
from local.replay.server import ReplayServer
from tests.support.discovery import WHEN, serve, tick
from tests.support.drain import drain


@pytest.fixture
def season(app: App, replay: ReplayServer) -> ReplayServer:
    """A season of five meetings, all of them read."""
    serve(replay, WHEN)
    assert tick(app) == set(WHEN)
    drain(app)
    replay.requests.clear()
    return replay
