"""Connections are ended while they are made, or between what was done and its answer."""

import os
import socket
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager

import psycopg
import pytest
from psycopg_pool import PoolTimeout

from ingestion_core.results.errors import ResultsDatabaseError
from ingestion_core.tasks.app import App
from ingestion_core.work.messages import Message
from local.replay.server import ReplayServer
from tests.faults.conftest import Fresh
from tests.faults.scale import times
from tests.faults.seasons import (
    HANG,
    RECOVERY,
    app_on,
    check,
    finish,
    insist,
    unused,
)
from tests.support.drain import deliver, letters
from tests.support.product import Dump
from tests.support.proxy import COMMIT, Proxy
from tests.support.work import item

#: As many instances' threads as come to a server that is away.
AT_ONCE = times(2, 6)
#: How the kernel finds out: probes in seconds and their number, and milliseconds.
_PROBES = (
    socket.TCP_KEEPIDLE,
    socket.TCP_KEEPINTVL,
    socket.TCP_KEEPCNT,
    socket.TCP_USER_TIMEOUT,
)
#: More answers than a meeting has.
_ENOUGH = 200


@contextmanager
def proxied(fresh: Fresh, azurite: str, replay: ReplayServer) -> Iterator[tuple[App, Proxy, str]]:
    """The app on a database that only a proxy leads to; and the database itself."""
    with (
        fresh() as database,
        Proxy(database) as proxy,
        closing(app_on(proxy.conninfo, azurite, replay)) as app,
    ):
        yield app, proxy, database


@pytest.mark.parametrize("ended", [1, 4, *range(5, times(5, 12))])
def test_connections_that_are_ended_while_they_are_made_cost_five_seconds_at_most(
    ended: int, fresh: Fresh, azurite: str, replay: ReplayServer
) -> None:
    """However many attempts in a row: once one is let through, the message is soon done."""
    with fresh() as database:
        with Proxy(database) as proxy, closing(app_on(proxy.conninfo, azurite, replay)) as app:
            with closing(app_on(database, azurite, replay)) as looking:
                task, message = letters(looking)[1]
            proxy.end_while_made(ended)
            insist(app, task, message)
            assert proxy.to_end == 0
            assert time.monotonic() - proxy.broke_at < RECOVERY
            assert item(app, message.item)["state"] == "done"
        unused(database)


def test_connections_that_all_broke_while_idle_cost_five_seconds_at_most(
    fresh: Fresh, azurite: str, replay: ReplayServer
) -> None:
    """As many as an instance may have: they are not tried one after the other."""
    ended = (
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
        " WHERE datname = current_database() AND pid <> pg_backend_pid()"
    )
    with fresh() as database, closing(app_on(database, azurite, replay)) as app:
        task, message = letters(app)[1]
        use_at_once(app, app.pool.max_size)
        with psycopg.connect(database) as db:
            assert len(db.execute(ended).fetchall()) == app.pool.max_size
        began = time.monotonic()
        assert insist(app, task, message) == 1
        assert time.monotonic() - began < RECOVERY
        assert item(app, message.item)["state"] == "done"


def use_at_once(app: App, count: int) -> None:
    """Have so many connections, and give all of them back."""
    if count:
        with app.db():
            use_at_once(app, count - 1)


def test_nobody_hangs_before_a_server_that_is_away(
    fresh: Fresh, azurite: str, replay: ReplayServer
) -> None:
    """A cold start: those who come at once wait together, not one after the other."""
    with proxied(fresh, azurite, replay) as (app, proxy, _), ThreadPoolExecutor(AT_ONCE) as pool:
        proxy.end_while_made(1_000_000)
        for seconds in pool.map(waited, [app] * AT_ONCE):
            assert seconds < HANG


def waited(app: App) -> float:
    """How long somebody waits who gets no connection."""
    began = time.monotonic()
    with pytest.raises(PoolTimeout), app.db():
        pass
    return time.monotonic() - began


def test_a_server_that_says_nothing_any_more_is_given_up_by_the_kernel(
    fresh: Fresh, azurite: str, replay: ReplayServer
) -> None:
    """Whose machine is gone: whether an answer is due, or a question was not even taken."""
    with (
        proxied(fresh, azurite, replay) as (app, _, _),
        app.db() as db,
        socket.socket(fileno=os.dup(db.fileno())) as kernel,
    ):
        asked = kernel.getsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE)
        idle, apart, often, untaken = (
            kernel.getsockopt(socket.IPPROTO_TCP, option) for option in _PROBES
        )
        assert asked
        assert idle + apart * often < HANG
        assert 0 < untaken < HANG * 1000


def test_the_answer_of_a_commit_gets_lost_and_nothing_is_done_twice(
    fresh: Fresh, azurite: str, replay: ReplayServer, truth: Dump
) -> None:
    """Of each meeting's, and of its results': the message comes again, and finds its item done."""
    with fresh() as database:
        with Proxy(database) as proxy, closing(app_on(proxy.conninfo, azurite, replay)) as app:
            for task in ("sync_meeting", "load_results"):
                sent = letters(app)
                assert {its for its, _ in sent} == {task}
                for _, message in sent:
                    lost_once(app, proxy, task, message)
                app.release_all()  # whoever lost the answer did not send what follows: the timer
            check(app, database, truth)
        unused(database)


def lost_once(app: App, proxy: Proxy, task: str, message: Message) -> None:
    """The answer of its commit gets lost, it is delivered once more, and nothing is done."""
    proxy.lose_answer(marked=COMMIT)
    with pytest.raises((psycopg.OperationalError, ResultsDatabaseError)):
        deliver(app, task, message)
    assert proxy.to_lose == 0
    stored = item(app, message.item)
    assert stored["state"] == "done"
    deliver(app, task, message)
    assert item(app, message.item) == stored
    assert time.monotonic() - proxy.broke_at < RECOVERY


def test_whichever_answer_of_the_database_gets_lost_the_meeting_is_stored_as_ever(
    fresh: Fresh, azurite: str, replay: ReplayServer, truth: Dump
) -> None:
    """What the server carried out and nobody heard of, one by one, is done once."""
    lost = 0
    for nth in range(1, _ENOUGH, times(7, 1)):
        with proxied(fresh, azurite, replay) as (app, proxy, database):
            task, message = letters(app)[1]
            proxy.lose_answer(nth)
            insist(app, task, message)
            if proxy.to_lose:
                break
            lost += 1
            assert time.monotonic() - proxy.broke_at < RECOVERY
            assert item(app, message.item)["state"] == "done"
            finish(app)
            check(app, database, truth)
    assert lost >= 20 // times(7, 1)
