"""The database locks, refuses, breaks off and restarts: every message ends as if it had not."""

import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor, wait
from contextlib import closing, contextmanager
from threading import Event, Thread

import psycopg
import pytest
from psycopg import sql
from psycopg.conninfo import conninfo_to_dict

from local.replay.server import ReplayServer
from local.stack.postgres import Postgres
from tests.faults.conftest import Fresh
from tests.faults.scale import Dice, seeds, times
from tests.faults.seasons import (
    HANG,
    MEETINGS,
    RECOVERY,
    app_on,
    check,
    deliveries,
    finish,
    insist,
    unused,
)
from tests.support.drain import deliver, letters
from tests.support.product import Dump, dump

#: Fewer than the deliveries of a message.
KILLS = 4
#: How long somebody else's lock is held: longer than anybody waits for it.
HELD = times(7, 30)

_OTHERS = (
    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
    " WHERE datname = %s AND application_name = 'parcferme-ingestion'"
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


def test_a_lock_of_somebody_elses_is_outlived_and_nobody_hangs_before_it(
    fresh: Fresh, azurite: str, replay: ReplayServer, truth: Dump
) -> None:
    """A table that the product's migration holds: the season's meetings wait, for one another as
    well, come again, and are stored when it lets go."""
    with (
        fresh() as database,
        closing(app_on(database, azurite, replay)) as app,
        psycopg.connect(database) as other,
        ThreadPoolExecutor(len(MEETINGS)) as pool,
    ):
        waiting = letters(app)
        other.execute('LOCK TABLE "Entrants" IN ACCESS EXCLUSIVE MODE')
        handed = [pool.submit(deliveries, app, task, message) for task, message in waiting]
        assert wait(handed, HELD).done == set()
        other.rollback()
        assert wait(handed, RECOVERY).not_done == set()
        took = [one.result() for one in handed]
        assert max(map(len, took)) > 1
        assert max(map(max, took)) < HANG
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
