"""A live session locks us out: hardly anybody asks meanwhile, and all is read right after it."""

from contextlib import closing
from itertools import pairwise

import pytest
from starlette.requests import Request
from starlette.responses import Response

from local.replay import answers
from local.replay.api import Api
from local.replay.server import ReplayServer
from tests.faults.conftest import Fresh
from tests.faults.hours import Hours
from tests.faults.seasons import app_on, check
from tests.support.product import Dump
from tests.support.work import execute, rows

#: In seconds from now: the session's window begins, ends, and we are let in again.
BEGINS, ENDS, LET_IN = 4 * 60, 90 * 60, 90 * 60 + 25 * 60
_WINDOW = """
INSERT INTO ingest.lockouts (source, key, opens_at, closes_at)
VALUES ('openf1', 'live', now() + %s * interval '1 second', now() + %s * interval '1 second')
"""


def test_a_live_session_costs_one_request_and_then_one_in_ten_minutes(
    fresh: Fresh,
    azurite: str,
    replay: ReplayServer,
    truth: Dump,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """It begins four minutes early and lets nobody in until 25 minutes after its known end."""
    hours = Hours()
    began = hours.now
    refused: list[float] = []
    accepted: list[float] = []

    def limited(_: Api, __: Request) -> Response | None:
        moment = hours.now - began
        (refused if moment < LET_IN else accepted).append(moment)
        return answers.locked() if moment < LET_IN else None

    with fresh() as database, closing(app_on(database, azurite, replay)) as app:
        execute(app, _WINDOW, BEGINS, ENDS)
        monkeypatch.setattr(Api, "limited", limited)
        hours.work_off(app)
        ended = hours.now - began
        monkeypatch.undo()
        states = rows(app, "SELECT DISTINCT state, attempts FROM ingest.items")
        assert states == [{"state": "done", "attempts": 0}]
        check(app, database, truth)
    # The window stands by the database's clock, ours may be a moment apart.
    assert len([one for one in refused if one < ENDS - 1]) == 1
    after = [one for one in refused if one >= ENDS - 1]
    assert 2 <= len(after) <= 3
    assert min(b - a for a, b in pairwise(after)) >= 600 - 1
    assert accepted[0] - LET_IN <= 600
    assert ended - accepted[0] < 600
