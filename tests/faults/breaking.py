"""What breaks, once: a statement, the answer of a commit, a request, a message."""

from collections.abc import Callable, Iterator
from typing import Any

import httpx
import psycopg
import pytest
from azure.core.exceptions import ServiceRequestError
from azure.storage.queue import QueueClient
from psycopg import Connection


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
