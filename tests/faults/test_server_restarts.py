"""The database's server crashes or is restarted, before messages and in the middle of them."""

import os
import signal
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, closing, contextmanager, suppress
from queue import Empty, SimpleQueue
from threading import Event
from typing import Any

import psycopg
import pytest

from ingestion_core.database.roles import ActingConnection
from ingestion_core.tasks import backfill
from ingestion_core.tasks.app import App
from ingestion_core.work.messages import Message
from local.replay.server import ReplayServer
from local.stack.postgres import Postgres
from tests.conftest import cloned
from tests.faults.scale import CHAOS, times
from tests.faults.seasons import (
    HANG,
    RECOVERY,
    UNLIMITED,
    YEAR,
    app_on,
    check,
    deliveries,
    finish,
    insist,
    listing,
    unused,
)
from tests.support.drain import deliver, drain, letters
from tests.support.product import Dump, dump
from tests.support.product import rows as looked_up
from tests.support.restarts import Restarted, restarted
from tests.support.work import rows

DATABASES = WORKERS = 4
#: Between two restarts at least so many seconds pass, and so many messages are done.
EVERY, DONE = times(0, 2), 2

_CHECKPOINTER = "SELECT pid FROM pg_stat_activity WHERE backend_type = 'checkpointer'"


@pytest.fixture
def own() -> Iterator[Restarted]:
    """A server that may crash."""
    with restarted() as server:
        yield server


def crash(database: str) -> None:
    """Kill a backend: the server ends all the others, recovers from its log, and is waited for."""
    before = looked_up(database, _CHECKPOINTER)
    with closing(psycopg.connect(database)) as victim:
        os.kill(victim.info.backend_pid, signal.SIGKILL)
    deadline = time.monotonic() + HANG
    while time.monotonic() < deadline:
        with suppress(psycopg.OperationalError):
            if looked_up(database, _CHECKPOINTER) not in ([], before):
                return
        Event().wait(0.02)
    raise AssertionError("the server does not recover")


def test_a_server_that_crashes_before_each_message_costs_five_seconds_at_most(
    own: Restarted, azurite: str, replay: ReplayServer, truth: Dump
) -> None:
    """Connections are checked before they are lent: it costs no delivery."""
    for number in range(times(1, 33)):
        database = own.product(f"product_{number}")
        with closing(app_on(database, azurite, replay)) as app:
            listing(app)
            slowest = 0.0
            for task, message in letters(app):
                crash(database)
                began = time.monotonic()
                assert insist(app, task, message) == 1
                slowest = max(slowest, time.monotonic() - began)
            finish(app)
            assert slowest < RECOVERY
            check(app, database, truth)
        unused(database)


@pytest.fixture(scope="module")
def season(replay: ReplayServer) -> Iterator[ReplayServer]:
    """The short one's meetings, or in the long form the whole sample's, which are 25."""
    if not CHAOS:
        yield replay
        return
    with ReplayServer(limits=UNLIMITED) as whole:
        yield whole


@pytest.fixture(scope="module")
def undisturbed(
    postgres: Postgres, template: str, azurite: str, season: ReplayServer
) -> tuple[int, Dump]:
    """How many meetings it has, and the racing tables after one clean run."""
    with cloned(postgres, template) as database, closing(app_on(database, azurite, season)) as app:
        backfill.backfill(app, [YEAR], {"years": YEAR})
        return drain(app) - 1, dump(database)


class Shift:
    """Messages of several databases, and the instances of the app that work them off.

    ``done``: when each was; ``seconds``: what each delivery took.
    """

    def __init__(self, waiting: list[tuple[int, str, Message]]) -> None:
        self.count = len(waiting)
        self.done: list[float] = []
        self.seconds: list[float] = []
        self.writing = Event()
        self._waiting: SimpleQueue[tuple[int, str, Message]] = SimpleQueue()
        for one in waiting:
            self._waiting.put(one)

    def work(self, apps: list[App]) -> None:
        """What one instance does, which has an app for each database."""
        with suppress(Empty):
            while True:
                number, task, message = self._waiting.get_nowait()
                self.seconds += deliveries(apps[number], task, message)
                self.done.append(time.monotonic())

    def restarts(self, server: Restarted) -> None:
        """Until all is done: when it is time, and the next time that somebody begins to write."""
        due, earliest = DONE, time.monotonic() + EVERY
        while len(self.done) < self.count:
            if not self.writing.wait(0.01):
                continue
            self.writing.clear()
            if len(self.done) >= due and time.monotonic() >= earliest:
                earliest = time.monotonic() + EVERY
                server.restart()
                due = len(self.done) + DONE


@contextmanager
def telling(shift: Shift, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Meanwhile it is known when a transaction has begun."""
    begin = ActingConnection.transaction

    @contextmanager
    def told(self: ActingConnection, *arguments: Any, **options: Any) -> Iterator[Any]:
        with begin(self, *arguments, **options) as block:
            shift.writing.set()
            yield block

    with monkeypatch.context() as patched:
        patched.setattr(ActingConnection, "transaction", told)
        yield


def test_a_server_that_is_restarted_inside_messages_costs_none_of_them(
    own: Restarted,
    azurite: str,
    season: ReplayServer,
    undisturbed: tuple[int, Dump],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Four instances, four databases; each time while somebody writes, every two seconds."""
    meetings, truth = undisturbed
    databases = [own.product(f"season_{number}") for number in range(DATABASES)]
    with ExitStack() as stack:
        instances = [
            [stack.enter_context(closing(app_on(one, azurite, season))) for one in databases]
            for _ in range(WORKERS)
        ]
        shift = Shift(
            [(number, *letter) for number, app in enumerate(instances[0]) for letter in listed(app)]
        )
        assert shift.count == DATABASES * meetings
        with telling(shift, monkeypatch), ThreadPoolExecutor(WORKERS + 1) as pool:
            restarting = pool.submit(shift.restarts, own)
            for each in [pool.submit(shift.work, apps) for apps in instances]:
                each.result()
            restarting.result()
        held(shift, own)
        for app, database in zip(instances[0], databases, strict=True):
            assert stored(app) == {"done": meetings}
            finish(app)
            check(app, database, truth)
    for database in databases:
        unused(database)


def listed(app: App) -> list[tuple[str, Message]]:
    """The season's messages, in a database of its own."""
    backfill.backfill(app, [YEAR], {"years": YEAR})
    [(task, message)] = letters(app)
    deliver(app, task, message)
    return letters(app)


def stored(app: App) -> Counter[str]:
    """How its meetings' items ended, before anything but their messages made up for what broke."""
    found = rows(app, "SELECT state FROM ingest.items WHERE task = 'sync_meeting'")
    return Counter(one["state"] for one in found)


def held(shift: Shift, server: Restarted) -> None:
    """It was restarted often enough, and inside messages; nobody hung, and all went on soon."""
    assert len(server.back) >= 3
    assert len(shift.seconds) > shift.count
    assert max(shift.seconds) < HANG
    for back in server.back:
        after = [done - back for done in shift.done if done > back]
        assert not after or min(after) < RECOVERY
