"""Results for those who ask: whole recorded seasons, mapped, each on the right person."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from ingestion_core.settings import Settings
from ingestion_core.tasks import backfill
from ingestion_core.tasks.app import App
from local.replay.rows import load
from local.replay.server import ReplayServer
from tests.database.conftest import UNLIMITED
from tests.support.drain import drain
from tests.support.product import rows

Make = Callable[..., App]


@pytest.fixture
def make(database: str, azurite: str) -> Iterator[Make]:
    """The app with results opted into, asking a replay."""
    made: list[App] = []

    def go(replay: ReplayServer, **settings: object) -> App:
        app = App(
            Settings.model_validate(
                {
                    "database_url": database,
                    "AzureWebJobsStorage": azurite,
                    "openf1_base_url": replay.url,
                    "openf1_requests_per_minute": 6000,
                    "results_enabled": True,
                    **settings,
                }
            )
        )
        made.append(app)
        return app

    yield go
    for app in made:
        app.close()


@pytest.mark.parametrize(
    ("year", "results", "requests"), [(2023, 2171, 89), (2024, 2441, 101)], ids=["2023", "2024"]
)
def test_a_season_with_results(
    make: Make, recordings: Path, database: str, year: int, results: int, requests: int
) -> None:
    """Every row of the recording on the driver who had that number in that session."""
    with ReplayServer(load([recordings / "openf1" / str(year)]), limits=UNLIMITED) as replay:
        app = make(replay)
        run = backfill.backfill(app, [year], {"years": year}, include_results=True)
        drain(app)
        shown = backfill.show_run(app, run)
        assert (shown["state"], shown["last_error"]) == ("done", None)
        assert len(replay.requests) == requests
        found = rows(database, 'SELECT count(*) FROM "Results"')
        assert found == [(results,)]
