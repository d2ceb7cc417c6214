"""A live session locks us out: hardly anybody asks meanwhile, and all is read right after it."""

from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest
from starlette.requests import Request
from starlette.responses import Response

from local.replay import answers
from local.replay.api import Api
from local.replay.server import ReplayServer
from tests.faults.conftest import Fresh
from tests.faults.hours import Hours
from tests.faults.seasons import UNLIMITED, app_on, check, short
from tests.support.product import Dump
from tests.support.work import row, rows

#: Saudi Arabia's.
RACE = 9480
#: From now, in seconds, to the live session; how long it lasts; and how long after we may know of
#: its end, half an hour after it, we are let in again.
TO_START, LASTS, LATE = 34 * 60 + 45, 26 * 60, 25 * 60
_WINDOW = """
SELECT key, extract(epoch FROM opens_at - now())::float8 AS begins,
       extract(epoch FROM closes_at - now())::float8 AS ends
FROM ingest.lockouts
"""


@pytest.fixture(scope="module")
def replay() -> Iterator[ReplayServer]:
    """The short season, whose last race is today; itself it never locks anybody out."""
    start = datetime.now(UTC).replace(microsecond=0) + timedelta(seconds=TO_START)
    times = {
        "date_start": start.isoformat(),
        "date_end": (start + timedelta(seconds=LASTS)).isoformat(),
    }
    with ReplayServer(limits=UNLIMITED, now=start - timedelta(days=1)) as server:
        short(server)
        assert server.rows.change("sessions", {"session_key": RACE}, times) == 1
        yield server


def test_a_live_session_costs_one_request_and_then_one_in_ten_minutes(
    fresh: Fresh,
    azurite: str,
    replay: ReplayServer,
    truth: Dump,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """It begins five minutes early and lets nobody in until 25 minutes after its known end: that
    of the session in the stored calendar."""
    hours = Hours()
    with fresh() as database, closing(app_on(database, azurite, replay)) as app:
        window = row(app, _WINDOW)
    assert (window["key"], 0 < window["begins"] < 5 * 60) == (str(RACE), True)
    assert window["ends"] - window["begins"] == 30 * 60 + LASTS + 30 * 60
    began, ends = hours.now, window["ends"]
    let_in = ends + LATE
    refused: list[float] = []
    accepted: list[float] = []

    def limited(_: Api, __: Request) -> Response | None:
        moment = hours.now - began
        (refused if moment < let_in else accepted).append(moment)
        return answers.locked() if moment < let_in else None

    with fresh() as database, closing(app_on(database, azurite, replay)) as app:
        monkeypatch.setattr(Api, "limited", limited)
        hours.work_off(app)
        ended = hours.now - began
        monkeypatch.undo()
        states = rows(app, "SELECT DISTINCT state, attempts FROM ingest.items")
        assert states == [{"state": "done", "attempts": 0}]
        check(app, database, truth)
    # The window stands by the database's clock, ours may be a moment apart.
    assert len([one for one in refused if one < ends - 1]) == 1
    after = [one for one in refused if one >= ends - 1]
    assert 2 <= len(after) <= 3
    assert min(b - a for a, b in pairwise(after)) >= 600 - 1
    assert accepted[0] - let_in <= 600
    assert ended - accepted[0] < 600
