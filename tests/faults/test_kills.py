"""kill -9 at any instant: the message comes back, and the rows are those of an undisturbed run."""

import itertools
import os
import signal
import time
from collections import Counter, defaultdict
from collections.abc import Iterator
from contextlib import closing, contextmanager
from multiprocessing.connection import Connection
from threading import Event, Thread

import psycopg
import pytest

from local.replay.server import ReplayServer
from tests.faults.conftest import Fresh
from tests.faults.scale import Dice, seeds, times
from tests.faults.seasons import app_on, check, finish, following
from tests.faults.victim import carry_out
from tests.support import warm
from tests.support.product import Dump

_HALVES = """
SELECT r."Slug", (SELECT count(*) FROM "Sessions" s WHERE s."RoundId" = r."Id"),
       (SELECT count(*) FROM "Entrants" e WHERE e."RoundId" = r."Id")
FROM "Rounds" r
"""


class Watch:
    """Somebody who looks all the time, and must never see half a meeting."""

    def __init__(self, database: str, whole: dict[str, tuple[int, int]]) -> None:
        self.halves: list[tuple[str, int, int]] = []
        self.looks = 0
        self._database, self._whole = database, whole
        self._over = Event()
        self._looking = Thread(target=self._look)

    def _look(self) -> None:
        with psycopg.connect(self._database, autocommit=True) as db:
            before = {slug: counts for slug, *counts in db.execute(_HALVES)}
            while not self._over.wait(0.01):
                self.looks += 1
                for slug, sessions, entrants in db.execute(_HALVES):
                    counts = [sessions, entrants]
                    if counts not in ([0, 0], before.get(slug), [*self._whole[slug]]):
                        self.halves.append((slug, sessions, entrants))

    def __enter__(self) -> "Watch":
        self._looking.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._looking.join()


def whole(truth: Dump) -> dict[str, tuple[int, int]]:
    """How many sessions and entrants each round has when it is all there."""
    sessions = Counter(row["RoundId"] for row in truth["Sessions"])
    entrants = Counter(row["RoundId"] for row in truth["Entrants"])
    return {row["Slug"]: (sessions[row["Id"]], entrants[row["Id"]]) for row in truth["Rounds"]}


@contextmanager
def worker(*arguments: object) -> Iterator[tuple[int, Connection]]:
    """A process that carries out a message; its id, and where it says how far it is."""
    heard, said = warm.pipe()
    process = warm.start(carry_out, *arguments, said)
    said.close()
    try:
        assert process.pid is not None
        yield process.pid, heard
    finally:
        process.join(30)
        assert process.exitcode is not None
        heard.close()


@pytest.mark.parametrize("seed", seeds(times(1, 10), times(1, 10)))
def test_a_worker_that_is_killed_at_any_instant_leaves_no_trace(
    seed: int, fresh: Fresh, azurite: str, replay: ReplayServer, truth: Dump
) -> None:
    """Two hundred kills, each message delivered again; nobody ever sees half a meeting."""
    kills = survived = 0
    lasts: dict[str, float] = defaultdict(lambda: 0.1)
    with Dice(seed) as dice:
        while kills < 200:
            with (
                fresh() as database,
                closing(app_on(database, azurite, replay)) as app,
                Watch(database, whole(truth)) as watch,
            ):
                for task, message in following(app):
                    for attempt in itertools.count():
                        with worker(database, azurite, replay.url, task, message) as (pid, heard):
                            heard.recv()
                            began = time.monotonic()
                            # Somewhere in it, or in one of three times too late; and later each
                            # time, so that every message is done, however slow the machine gets.
                            if not heard.poll(dice.uniform(0, (1.5 + attempt / 4) * lasts[task])):
                                os.kill(pid, signal.SIGKILL)
                                kills += 1
                                continue
                            survived += 1
                            if not attempt:  # one that was killed may have had little left to do
                                lasts[task] = (lasts[task] + time.monotonic() - began) / 2
                            break
                finish(app)
                check(app, database, truth)
            assert watch.halves == []
            assert watch.looks > 10
    assert survived
