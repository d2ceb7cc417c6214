"""The database locks, refuses, breaks off and restarts: every message ends as if it had not."""

import os
import signal
import tempfile
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from threading import Event, Thread

import psycopg
import pytest
from psycopg import sql
from psycopg.conninfo import conninfo_to_dict

from local.replay.server import ReplayServer
from local.stack import product
from local.stack.home import home_name
from local.stack.postgres import Postgres
from tests.faults.conftest import Fresh
from tests.faults.scale import Dice, seeds, times
from tests.faults.seasons import app_on, check, finish, insist, listing
from tests.support.drain import deliver, letters
from tests.support.product import Dump, dump, rows
from tests.support.work import item

#: Nobody waits longer than this, in seconds, and a server that is back is in use after that.
HANG, RECOVERY = 15, 5
#: Fewer than the deliveries of a message.
KILLS = 4
#: How long somebody else's lock is held.
HELD = times(3, 10)

_OTHERS = (
    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
    " WHERE datname = %s AND application_name = 'parcferme-ingestion'"
)
_OURS = (
    "SELECT count(*) FROM pg_stat_activity"
    " WHERE datname = current_database() AND application_name = 'parcferme-ingestion'"
)


@contextmanager
def killing(server: Postgres, database: str, dice: Dice) -> Iterator[list[int]]:
    """Meanwhile every backend of the app's is ended, four times; how many each time."""
    over, killed = Event(), []
    name = conninfo_to_dict(database)["dbname"]

    def kill() -> None:
        with psycopg.connect(server.conninfo(), autocommit=True) as db:
            while len(killed) < KILLS and not over.wait(dice.uniform(0.01, 0.1)):
                killed.append(len(db.execute(_OTHERS, (name,)).fetchall()))

    thread = Thread(target=kill)
    thread.start()
    try:
        yield killed
    finally:
        over.set()
        thread.join()


def unused(database: str) -> None:
    """Nobody of the app's is connected any more: an ending backend is waited for."""
    deadline = time.monotonic() + RECOVERY
    while rows(database, _OURS) != [(0,)]:
        assert time.monotonic() < deadline, "a connection leaked"
        Event().wait(0.02)


@pytest.mark.parametrize("seed", seeds(2, 50))
def test_connections_that_are_ended_at_any_instant_cost_nothing(
    seed: int, postgres: Postgres, fresh: Fresh, azurite: str, replay: ReplayServer, truth: Dump
) -> None:
    """Every message is delivered again until it is done; no connection is left over."""
    with Dice(seed) as dice, fresh() as database:
        with closing(app_on(database, azurite, replay)) as app:
            waiting = letters(app)
            with killing(postgres, database, dice) as killed:
                for task, message in waiting:
                    insist(app, task, message)
            assert sum(killed)
            finish(app)
            check(app, database, truth)
        unused(database)


def test_a_lock_of_somebody_elses_is_waited_for(
    fresh: Fresh, azurite: str, replay: ReplayServer, truth: Dump
) -> None:
    """A table that the product's migration holds: the meeting is stored when it lets go."""
    with (
        fresh() as database,
        closing(app_on(database, azurite, replay)) as app,
        psycopg.connect(database) as other,
        ThreadPoolExecutor(1) as pool,
    ):
        task, message = letters(app)[1]
        other.execute('LOCK TABLE "Entrants" IN ACCESS EXCLUSIVE MODE')
        done = pool.submit(deliver, app, task, message)
        with pytest.raises(TimeoutError):
            done.result(HELD)
        other.rollback()
        done.result(RECOVERY)
        assert item(app, message.item)["state"] == "done"
        finish(app)
        check(app, database, truth)


def test_a_database_that_only_lets_read_keeps_the_message_and_writes_nothing(
    postgres: Postgres, fresh: Fresh, azurite: str, replay: ReplayServer, truth: Dump
) -> None:
    """As in the minutes of a failover: the message comes again, and everything is there."""
    with fresh() as database:
        with closing(app_on(database, azurite, replay)) as app:
            waiting = letters(app)
        before = dump(database)
        read_only(postgres, database, True)
        with closing(app_on(database, azurite, replay)) as app:
            task, message = waiting[1]
            began = time.monotonic()
            with pytest.raises(psycopg.errors.ReadOnlySqlTransaction):
                deliver(app, task, message)
            assert time.monotonic() - began < HANG
            read_only(postgres, database, False)
        assert dump(database) == before
        with closing(app_on(database, azurite, replay)) as app:
            insist(app, task, message)
            finish(app)
            check(app, database, truth)


def read_only(server: Postgres, database: str, on: bool) -> None:
    """For connections from now on."""
    with psycopg.connect(server.conninfo(), autocommit=True) as db:
        db.execute(
            sql.SQL("ALTER DATABASE {} SET default_transaction_read_only = {}").format(
                sql.Identifier(str(conninfo_to_dict(database)["dbname"])), sql.Literal(on)
            )
        )


@pytest.fixture
def own() -> Iterator[Postgres]:
    """A server that may crash."""
    home = Path(tempfile.mkdtemp(prefix=f"{home_name()}-crash-")).resolve()
    with Postgres(home, home / "postgres.log", remove=home) as server:
        yield server


_CHECKPOINTER = "SELECT pid FROM pg_stat_activity WHERE backend_type = 'checkpointer'"


def crash(database: str) -> None:
    """Kill a backend: the server ends all the others, recovers from its log, and is waited for."""
    before = rows(database, _CHECKPOINTER)
    with closing(psycopg.connect(database)) as victim:
        os.kill(victim.info.backend_pid, signal.SIGKILL)
    deadline = time.monotonic() + HANG
    while time.monotonic() < deadline:
        with suppress(psycopg.OperationalError):
            if rows(database, _CHECKPOINTER) not in ([], before):
                return
        Event().wait(0.02)
    raise AssertionError("the server does not recover")


def test_a_server_that_crashes_before_each_message_costs_five_seconds_at_most(
    own: Postgres, azurite: str, replay: ReplayServer, truth: Dump
) -> None:
    """Before each, as after ``pg_ctl restart -m immediate``."""
    for number in range(times(1, 33)):
        database = own.ensure_database(f"product_{number}")
        with psycopg.connect(database) as db:
            db.execute(product.schema().encode())
        with closing(app_on(database, azurite, replay)) as app:
            listing(app)
            slowest = 0.0
            for task, message in letters(app):
                crash(database)
                began = time.monotonic()
                # Connections are checked before they are lent: it costs no delivery.
                assert insist(app, task, message) == 1
                slowest = max(slowest, time.monotonic() - began)
            finish(app)
            assert slowest < RECOVERY
            check(app, database, truth)
        unused(database)
