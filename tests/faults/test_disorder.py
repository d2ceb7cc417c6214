"""Messages come twice, in any order, and to several instances at once: the rows are the same."""

from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from queue import SimpleQueue
from threading import Barrier

import psycopg
import pytest

from ingestion_core.tasks.app import App
from ingestion_core.work.messages import Message
from local.replay.server import ReplayServer
from tests.faults.conftest import Fresh
from tests.faults.scale import Dice, seeds, times
from tests.faults.seasons import app_on, check, insist, settled
from tests.support.drain import deliver, letters
from tests.support.product import Dump, rows

WORKERS = 4
AT_ONCE = 8


@contextmanager
def instances(
    count: int, database: str, azurite: str, replay: ReplayServer, results: bool = False
) -> Iterator[list[App]]:
    """So many instances of the app, as the Functions host may start them."""
    with ExitStack() as stack:
        made = [app_on(database, azurite, replay, results=results) for _ in range(count)]
        for app in made:
            stack.callback(app.close)
        yield made


def work_off(apps: Sequence[App], waiting: "SimpleQueue[tuple[str, Message]]") -> None:
    """Every instance takes one message after the other until there are none."""

    def work(app: App) -> None:
        while not waiting.empty():
            insist(app, *waiting.get())

    with ThreadPoolExecutor(len(apps)) as pool:
        list(pool.map(work, apps))


@pytest.mark.parametrize("seed", seeds(50, 500))
def test_each_message_one_to_four_times_in_any_order_to_four_instances(
    seed: int, fresh: Fresh, azurite: str, replay: ReplayServer, truth: Dump
) -> None:
    """The rows of one clean run, ids included, every fifth time with results; every item is done,
    once."""
    with (
        Dice(seed) as dice,
        fresh() as database,
        instances(WORKERS, database, azurite, replay, results=seed % 5 == 0) as apps,
    ):
        while sent := letters(apps[0]):
            copies = [one for one in sent for _ in range(dice.randint(1, 4))]
            dice.shuffle(copies)
            waiting: SimpleQueue[tuple[str, Message]] = SimpleQueue()
            for copy in copies:
                waiting.put(copy)
            work_off(apps, waiting)
        settled(apps[0], database, truth)
        if seed % 25 == 0:
            check(apps[0], database, truth)


def test_eight_instances_read_the_same_meeting_at_once(
    fresh: Fresh, azurite: str, replay: ReplayServer
) -> None:
    """No deadlock, no error, and one of them writes."""
    for _ in range(times(10, 50)):
        with fresh() as database, instances(AT_ONCE, database, azurite, replay) as apps:
            before = transactions_that_wrote(database)
            at_once(apps, *letters(apps[0])[1])
            counted = "SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()"
            assert rows(database, counted) == [(0,)]
            assert transactions_that_wrote(database) == before + 1


def at_once(apps: Sequence[App], task: str, message: Message) -> None:
    """Hand one message to all of them in the same moment."""
    barrier = Barrier(len(apps))

    def read(app: App) -> None:
        with app.db() as db:
            db.execute("SELECT 1")
        barrier.wait()
        deliver(app, task, message)

    with ThreadPoolExecutor(len(apps)) as pool:
        list(pool.map(read, apps))


def transactions_that_wrote(database: str) -> int:
    """How many transactions the meeting's entrants and sessions are from."""
    with psycopg.connect(database) as db:
        [(count,)] = db.execute(
            'SELECT count(DISTINCT xmin::text) FROM (SELECT xmin FROM "Entrants"'
            ' UNION ALL SELECT xmin FROM "Sessions") written'
        )
        return int(count)
