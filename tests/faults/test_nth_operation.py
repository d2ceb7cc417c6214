"""Whatever operation of a meeting fails, once: the next delivery makes up for it."""

import itertools
from collections.abc import Callable, Iterator
from contextlib import suppress
from typing import Any

import httpx
import psycopg
import pytest
from azure.core.exceptions import AzureError, ServiceRequestError
from azure.storage.queue import QueueClient
from psycopg import Connection

from ingestion_core.tasks import backfill
from ingestion_core.tasks.app import App
from local.replay.server import ReplayServer
from tests.faults.conftest import Fresh
from tests.faults.seasons import MEETINGS, YEAR, app_on, check, finish, insist
from tests.support.drain import letters
from tests.support.product import Dump
from tests.support.work import execute

#: More operations than any meeting has.
_ENOUGH = 200


class Once:
    """Counts operations, and lets the nth of them fail."""

    def __init__(self) -> None:
        self.nth = 0
        self.seen = 0

    def arm(self, nth: int) -> None:
        """Let the nth operation from now on fail; 0: none, they are only counted."""
        self.nth, self.seen = nth, 0

    @property
    def struck(self) -> bool:
        """Whether it did."""
        return 0 < self.nth <= self.seen

    def strikes(self) -> bool:
        """Count one; whether it is the one."""
        self.seen += 1
        return self.seen == self.nth


def statement(monkeypatch: pytest.MonkeyPatch, once: Once) -> None:
    """A statement ends as when its server goes away: the connection is gone as well."""
    execute = psycopg.Cursor.execute

    def failing(cursor: Any, query: Any, *arguments: Any, **options: Any) -> Any:
        if query and once.strikes():
            cursor.connection.close()
            raise psycopg.OperationalError("the connection is lost")
        return execute(cursor, query, *arguments, **options)

    monkeypatch.setattr(psycopg.Cursor, "execute", failing)


def commit(monkeypatch: pytest.MonkeyPatch, once: Once) -> None:
    """The connection breaks when the server has committed and before it says so."""
    finishing = Connection._exec_command

    def failing(self: Any, command: Any, *arguments: Any, **options: Any) -> Iterator[Any]:
        result = yield from finishing(self, command, *arguments, **options)
        if command == b"COMMIT" and once.strikes():
            self.close()
            raise psycopg.OperationalError("the connection is lost")
        return result

    monkeypatch.setattr(Connection, "_exec_command", failing)


def request(monkeypatch: pytest.MonkeyPatch, once: Once) -> None:
    """A request is not answered."""
    send = httpx.Client.send

    def failing(client: Any, asked: Any, *arguments: Any, **options: Any) -> Any:
        if once.strikes():
            raise httpx.ReadError("the connection is lost")
        return send(client, asked, *arguments, **options)

    monkeypatch.setattr(httpx.Client, "send", failing)


def message(monkeypatch: pytest.MonkeyPatch, once: Once) -> None:
    """A message is not taken."""
    send = QueueClient.send_message

    def failing(client: Any, *arguments: Any, **options: Any) -> Any:
        if once.strikes():
            raise ServiceRequestError("the storage does not answer")
        return send(client, *arguments, **options)

    monkeypatch.setattr(QueueClient, "send_message", failing)


Breaking = Callable[[pytest.MonkeyPatch, Once], None]


@pytest.mark.parametrize("breaking", [statement, commit, request, message])
def test_whichever_operation_fails_once_the_meeting_is_stored_as_ever(
    breaking: Breaking,
    fresh: Fresh,
    azurite: str,
    replay: ReplayServer,
    truth: Dump,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Every statement, every answer of a commit, every request and every message, one by one."""
    once = Once()
    breaking(monkeypatch, once)
    struck = 0
    for nth in itertools.count(1):
        assert nth < _ENOUGH
        with fresh() as database:
            app = app_on(database, azurite, replay)
            try:
                carry_out(app, once, nth, breaking)
                if not once.struck:
                    break
                struck += 1
                once.arm(0)
                finish(app)
                check(app, database, truth)
            finally:
                once.arm(0)
                app.close()
    assert struck >= LEAST[breaking]


#: Of a meeting: claimed, two requests through the gate, fifteen statements and more to store it,
#: its end looked up. Of a season: its own message and one for each meeting.
LEAST = {statement: 20, commit: 1, request: 2, message: 1 + len(MEETINGS)}


def carry_out(app: App, once: Once, nth: int, breaking: Breaking) -> None:
    """Read a meeting, or for its messages a whole season, with the nth operation failing."""
    if breaking is not message:
        task, first = letters(app)[1]
        once.arm(nth)
        insist(app, task, first)
        return
    execute(app, "DELETE FROM ingest.items")
    once.arm(nth)
    with suppress(AzureError):
        # Whoever asked is told that the storage is away; what was asked is kept.
        backfill.backfill(app, [YEAR], {"years": YEAR})
    finish(app)
