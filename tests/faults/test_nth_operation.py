"""Whatever operation of a meeting fails, once: the next delivery makes up for it."""

import itertools
from collections.abc import Callable, Iterator
from contextlib import closing, suppress
from functools import partial

import pytest
from azure.core.exceptions import AzureError
from psycopg.conninfo import conninfo_to_dict

from ingestion_core.tasks import backfill
from ingestion_core.tasks.app import App
from local.replay.server import ReplayServer
from local.stack.postgres import Postgres
from tests.conftest import cloned
from tests.faults.breaking import Breaking, Once, commit, message, request, statement
from tests.faults.conftest import Fresh
from tests.faults.seasons import MEETINGS, YEAR, app_on, check, finish, insist, settled
from tests.support.drain import deliver, letters
from tests.support.product import Dump
from tests.support.work import execute

#: More operations than any meeting has.
_ENOUGH = 200
#: Bahrain: the first to name its drivers.
MEETING = str(MEETINGS[1])


@pytest.fixture(scope="module")
def entered(
    postgres: Postgres, fresh: Fresh, azurite: str, replay: ReplayServer
) -> Iterator[Fresh]:
    """Clones of the season when all of it is read but one meeting's results."""
    with fresh() as conninfo:
        with closing(app_on(conninfo, azurite, replay)) as app:
            for task, one in letters(app):
                deliver(app, task, one)
            for task, one in letters(app):
                if one.key != MEETING:
                    deliver(app, task, one)
        yield partial(cloned, postgres, str(conninfo_to_dict(conninfo)["dbname"]))


#: What breaks, whether of the results, and the least of it. Of a meeting: claimed, its token and
#: two requests through the gate, fifteen statements and more to store it, its end looked up.
BROKEN_ONCE = [
    *((statement, False, 20), (commit, False, 1), (request, False, 3)),
    *((statement, True, 15), (commit, True, 1), (request, True, 3)),
]


@pytest.mark.parametrize(("breaking", "results", "least"), BROKEN_ONCE)
def test_whichever_operation_fails_once_the_meeting_is_stored_as_ever(
    breaking: Breaking,
    results: bool,
    least: int,
    fresh: Fresh,
    entered: Fresh,
    azurite: str,
    replay: ReplayServer,
    truth: Dump,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Every statement, every answer of a commit and every request, one by one: of a meeting where
    results are off, and of its results where they are on."""
    once, login = Once(), breaking is request
    breaking(monkeypatch, once)
    for nth in itertools.count(1):
        assert nth < _ENOUGH
        with (
            (entered if results else fresh)() as database,
            closing(app_on(database, azurite, replay, results=results, login=login)) as app,
        ):
            [letter] = [one for one in letters(app) if one[1].key == MEETING]
            if not struck(once, nth, partial(insist, app, *letter)):
                break
            finish(app)
            check(app, database, truth, int(MEETING))
    assert nth > least


def struck(once: Once, nth: int, carry_out: Callable[[], object]) -> bool:
    """Carry something out with the nth operation failing; whether there was one."""
    once.arm(nth)
    try:
        carry_out()
        return once.struck
    finally:
        once.arm(0)


def test_whichever_message_is_not_taken_the_season_is_read_as_ever(
    fresh: Fresh,
    azurite: str,
    replay: ReplayServer,
    truth: Dump,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The year's own, and those of every meeting and of its results, one by one."""
    once = Once()
    message(monkeypatch, once)

    def carry_out(app: App) -> None:
        execute(app, "DELETE FROM ingest.items")
        with suppress(AzureError):
            # Whoever asked is told that the storage is away; what was asked is kept.
            backfill.backfill(app, [YEAR], {"years": YEAR}, include_results=True)
        finish(app)

    for nth in itertools.count(1):
        assert nth < _ENOUGH
        with fresh() as database, closing(app_on(database, azurite, replay)) as app:
            if not struck(once, nth, partial(carry_out, app)):
                check(app, database, truth)
                break
            settled(app, database, truth)
    assert nth > 1 + 2 * len(MEETINGS)
