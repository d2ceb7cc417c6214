"""The storage goes away, comes back, or forgets: what was asked for is carried out all the same."""

import base64
from collections.abc import Iterable
from contextlib import closing
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from azure.core.exceptions import AzureError
from azure.storage.queue import QueueClient

from ingestion_core.tasks import backfill
from ingestion_core.tasks.app import App
from ingestion_core.work.messages import Message, parse
from local.replay.server import ReplayServer
from local.stack.azurite import Azurite
from local.stack.postgres import Postgres
from tests.conftest import cloned
from tests.faults.seasons import MEETINGS, YEAR, app_on, check
from tests.support.drain import TASKS, deliver, letters
from tests.support.product import Dump
from tests.support.work import pass_time, rows

_OPEN = "SELECT count(*) AS n FROM ingest.items WHERE state IN ('waiting', 'sent', 'running')"
_ITEMS = "SELECT * FROM ingest.items ORDER BY item"
#: A message that is this long past due is sent again.
_LOST = 16 * 60


def visible(storage: str, task: str, clear: bool = False) -> list[Message]:
    """The messages that really stand in a task's queue, taken out; or the queue is cleared."""
    queue, _ = TASKS[task]
    with QueueClient.from_connection_string(storage, queue) as client:
        if clear:
            standing = client.peek_messages(max_messages=32)
            client.clear_messages()
        else:
            standing = list(client.receive_messages(messages_per_page=32))
            for one in standing:
                client.delete_message(one)
        return [parse(base64.b64decode(one.content)) for one in standing]


def idle(app: App, replay: ReplayServer, task: str, stale: Iterable[Message]) -> None:
    """Copies that are out of date: nothing is asked for, and no item is touched."""
    before, asked = rows(app, _ITEMS), len(replay.requests)
    for one in stale:
        deliver(app, task, one)
    assert (rows(app, _ITEMS), len(replay.requests)) == (before, asked)


def ended(app: App) -> bool:
    """Whether nothing is open any more."""
    return rows(app, _OPEN) == [{"n": 0}]


def test_a_storage_that_stops_and_starts_loses_no_meeting(
    postgres: Postgres,
    template: str,
    replay: ReplayServer,
    truth: Dump,
    tmp_path: Path,
) -> None:
    """On disk: away when the season's list was read, back, and cleared; stale copies do nothing."""
    with cloned(postgres, template) as database:
        with Azurite(tmp_path / "azurite.log", location=tmp_path / "storage") as storage:
            blobs, queues = (urlsplit(one).port or 0 for one in (storage.blobs, storage.queues))
            account = storage.connection_string
            with closing(app_on(database, account, replay)) as app:
                backfill.backfill(app, [YEAR], {"years": YEAR})
                [(_, year)] = letters(app)
        # Nobody listens: the list is read and kept, its meetings' messages are not sent.
        with closing(app_on(database, account, replay)) as app, pytest.raises(AzureError):
            deliver(app, "discover_year", year)
        again = Azurite(
            tmp_path / "azurite2.log",
            location=tmp_path / "storage",
            blob_port=blobs,
            queue_port=queues,
        )
        with again, closing(app_on(database, account, replay)) as app:
            # What stood in the queue stands there again; its item is done.
            assert visible(account, "discover_year") == [year]
            idle(app, replay, "discover_year", [year])
            assert app.release_all() == 0
            pass_time(app, _LOST)
            assert app.release_all() == len(MEETINGS)
            first = visible(account, "sync_meeting", clear=True)
            assert sorted(one.key for one in first) == [str(key) for key in MEETINGS]
            assert visible(account, "sync_meeting") == []
            # They got lost, and are sent again, under new numbers.
            pass_time(app, _LOST)
            assert app.release_all() == len(MEETINGS)
            second = visible(account, "sync_meeting")
            newer = [(one.item, one.release + 1, one.key) for one in first]
            assert sorted((one.item, one.release, one.key) for one in second) == sorted(newer)
            idle(app, replay, "sync_meeting", first)
            for message in second:
                deliver(app, "sync_meeting", message)
            assert ended(app)
            check(app, database, truth)
