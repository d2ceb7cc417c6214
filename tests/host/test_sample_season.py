"""The sample season through the host, read once at its real pace: what it took and what it gave."""

import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import httpx
import pytest

from local.replay.server import ReplayServer
from local.stack.postgres import Postgres
from tests.conftest import cloned
from tests.host.conftest import emptied
from tests.host.running import CALENDAR, refused, scaled, starting
from tests.support.product import dump
from tests.support.stalls import Stalls


@dataclass(frozen=True)
class Paced:
    """The sample season, read at its real pace by one instance."""

    answer: httpx.Response
    shown: dict[str, Any]
    took: float
    stalled: float
    bound: float
    refused: int
    paths: list[str]
    database: str


@pytest.fixture(scope="module")
def paced(
    postgres: Postgres, template: str, azurite: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Paced]:
    """One backfill for all who look at it."""
    # At the real pace: faster, and what a start and an end cost weighs more than what is shown.
    per_minute = 30
    with (
        cloned(postgres, template) as database,
        ReplayServer(limits=scaled(1)) as replay,
        starting(database, emptied(azurite), tmp_path_factory.mktemp("paced")) as start,
    ):
        app = start(
            replay, per_minute=per_minute, listening=CALENDAR, maxPollingInterval="00:00:01"
        )
        app.warm()
        began = time.monotonic()
        with Stalls() as stalls:
            answer = app.client.post("/backfill/2024")
            shown = app.finished(answer.json()["run"], seconds=240)
        took = time.monotonic() - began
        app.close()
        paths = [one.path for one in replay.requests]
        bound = 51 * 60 / per_minute
        yield Paced(answer, shown, took, stalls.seconds, bound, refused(replay), paths, database)


def test_a_backfill_keeps_the_pace_and_loses_no_time(paced: Paced) -> None:
    """One instance: no 429, and at most 1.05 times the bound, its first poll included."""
    assert paced.shown["state"] == "done"
    assert (paced.refused, len(paced.paths)) == (0, 51)
    told = f"{paced.took / paced.bound:.3f} times the bound, stalled for {paced.stalled:.1f} s"
    assert paced.took - paced.stalled <= 1.05 * paced.bound, told


def test_a_backfill_over_http_fills_the_season_in_51_requests(paced: Paced) -> None:
    """POST, two queues, two functions, and not one request for a result."""
    assert paced.answer.status_code == 202
    assert paced.answer.headers["Location"] == f"/api/runs/{paced.answer.json()['run']}"
    shown = paced.shown
    assert (shown["state"], shown["expected"], shown["done"]) == ("done", 26, 26)
    assert len(paced.paths) == shown["totals"]["requests"] == 51
    found = dump(paced.database)
    assert [len(found[name]) for name in ("Rounds", "Sessions", "Entrants", "Drivers")] == [
        25,
        123,
        523,
        33,
    ]
    assert not [path for path in paced.paths if "result" in path]
