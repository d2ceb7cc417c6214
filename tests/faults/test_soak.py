"""Years of running in minutes: what a message costs, needs and leaves behind stays what it was."""

import multiprocessing
import statistics
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from multiprocessing.process import BaseProcess
from multiprocessing.queues import Queue
from operator import attrgetter

import pytest

from ingestion_core.tasks import backfill, discover, sync_meeting, verify
from ingestion_core.tasks.app import App
from ingestion_core.tasks.housekeeping import keep_house
from ingestion_core.work.messages import Message
from local.replay.serving import Serving
from local.stack.postgres import Postgres
from tests.conftest import Measured
from tests.faults.scale import CHAOS, Dice, seeds, times
from tests.faults.seasons import app_on, insist
from tests.support.drain import letters
from tests.support.product import figures
from tests.support.synthetic import SESSIONS, Synthetic
from tests.support.upkeep import (
    copied_afresh,
    processor_seconds,
    processor_seconds_of_server,
    resident,
    sizes,
    touched,
    yardstick,
)
from tests.support.work import execute, rows

_WARM = multiprocessing.get_context("forkserver")
_WARM.set_forkserver_preload(["tests.faults.seasons", "tests.support.drain", "httpx"])

WORKERS = 4
#: A round of it asks for these: a season that is new, and others again.
FIRST_YEAR, LAST_YEAR, NEW, AGAIN = 1950, 2025, 1, 12
MEETINGS = times(4, 25)
#: With the first one, in which all seasons are new: 20,150 messages.
ROUNDS = times(3, 62)
#: As long as a message may take at most, in seconds, before a worker is taken for dead.
HANG = 120
#: After this many rounds items are three months old, and go.
KEPT = times(1, 5)
MEGABYTE = 2**20

#: What a message may cost more at the end, and how much a worker may have grown.
SLOWER, GROWN = 1.1, 10 * MEGABYTE
#: Pages more come with trees that are a step higher; reading a table that grows is many times that.
DEEPER = 1.5
#: Rows that change leave room behind, which those after them fill: a table is twice its rows then.
#: What is small has as much room as a batch of its changes.
FULL, SMALL = 2, MEGABYTE

_OLD_ITEMS = (
    "UPDATE ingest.items SET closed_at = closed_at - interval '91 days' WHERE item = ANY(%s)"
)
_ENDS = """
SELECT DISTINCT state, outcome, attempts FROM ingest.items WHERE source = 'openf1' AND lane = 1
"""
_ITEMS = "SELECT count(*) AS n FROM ingest.items"
_OLD_RUNS = """
UPDATE ingest.runs r SET created_at = created_at - interval '91 days'
WHERE created_at > now() - interval '90 days' AND NOT EXISTS (
    SELECT FROM ingest.run_items JOIN ingest.items i USING (item)
    WHERE run = r.run AND i.closed_at > now() - interval '90 days')
"""

Letter = tuple[str, Message]


@dataclass(frozen=True, slots=True)
class Cost:
    """What a round's messages took: processor seconds of the workers and of the server, and of a
    piece of work that is always the same; pages that the server looked at; requests."""

    messages: int
    seconds: float
    workers: float
    server: float
    unit: float
    pages: int
    transactions: int
    requests: int

    @property
    def units(self) -> float:
        """Processor time of a message, in pieces of that work."""
        return (self.workers + self.server) / self.messages / self.unit

    @property
    def told(self) -> str:
        each = 1000 / self.messages
        return (
            f"{self.messages} messages, {self.messages / self.seconds:.1f} a second;"
            f" of each {self.workers * each:.1f} ms of a worker, {self.server * each:.1f} ms of"
            f" the server, {self.units:.1f} units of {self.unit * 1000:.2f} ms,"
            f" {self.pages / self.messages:.0f} pages,"
            f" {self.transactions / self.messages:.1f} transactions,"
            f" {self.requests / self.messages:.2f} requests"
        )


def unhurried(database: str, azurite: str, url: str) -> App:
    """An instance of the app whose gate lets everybody through: who waits there asks again, and how
    often would be a matter of the machine."""
    usual = app_on(database, azurite, url)
    return App(usual.settings.model_copy(update={"openf1_requests_per_minute": 6_000_000}))


def carry_out(
    database: str, azurite: str, url: str, waiting: "Queue[Letter | None]", done: "Queue[int]"
) -> None:
    """What a worker does, until it is handed None; it says how often each was delivered."""
    app = unhurried(database, azurite, url)
    while (letter := waiting.get()) is not None:
        done.put(insist(app, *letter))
    app.close()


class Workers:
    """Four instances, as processes; each takes the next message when it is through with one."""

    def __init__(self, *arguments: str) -> None:
        self.waiting: Queue[Letter | None] = _WARM.Queue()
        self.done: Queue[int] = _WARM.Queue()
        self.delivered = 0
        self.units: list[float] = []
        self._processes: list[BaseProcess] = [
            _WARM.Process(target=carry_out, args=(*arguments, self.waiting, self.done))
            for _ in range(WORKERS)
        ]

    def __enter__(self) -> "Workers":
        for process in self._processes:
            process.start()
        return self

    def __exit__(self, *_: object) -> None:
        for _ in self._processes:
            self.waiting.put(None)
        for process in self._processes:
            process.join(HANG)
            process.kill()
        assert [process.exitcode for process in self._processes] == [0] * WORKERS

    @property
    def pids(self) -> list[int]:
        return [process.pid or 0 for process in self._processes]

    def work_off(self, batch: Sequence[Letter]) -> None:
        """All of these; the machine's pace is measured now and then."""
        for letter in batch:
            self.waiting.put(letter)
        for place in range(len(batch)):
            self.delivered += self.done.get(timeout=HANG)
            if place % 25 == 0:
                self.units.append(yardstick())

    def processor_seconds(self) -> float:
        return sum(map(processor_seconds, self.pids))

    def memory(self) -> list[int]:
        return list(map(resident, self.pids))


@contextmanager
def workers(database: str, azurite: str, url: str) -> Iterator[Workers]:
    """Instances at work."""
    with Workers(database, azurite, url) as found:
        yield found


class Soak:
    """Rounds of seasons that are read, and read again when their lists have changed."""

    def __init__(
        self, app: App, dice: Dice, at_work: Workers, source: Synthetic, postgres: Postgres
    ) -> None:
        self.app, self.dice, self.at_work = app, dice, at_work
        self.source, self.postgres = source, postgres
        self.years: list[int] = []
        #: By round.
        self.closed: list[list[int]] = []

    def round(self, new: int, again: int) -> Cost:
        """Ask for so many seasons, read them, keep house; what it took."""
        chosen = self.dice.sample(self.years, again)
        fresh = [FIRST_YEAR + len(self.years) + place for place in range(new)]
        self.years += fresh
        self.at_work.units.clear()
        self.closed.append([])
        began, before = time.monotonic(), self._spent()
        backfill.backfill(self.app, [*fresh, *chosen], {"years": len(chosen)})
        meetings = self._read()
        discover.tick(self.app)
        self._read()
        self._age()
        keep_house(self.app)
        workers, server, pages, transactions, requests = (
            now - then for now, then in zip(self._spent(), before, strict=True)
        )
        return Cost(
            meetings,
            time.monotonic() - began,
            workers,
            server,
            statistics.median(self.at_work.units),
            int(pages),
            int(transactions),
            int(requests),
        )

    def _read(self) -> int:
        """Whatever was sent, and what that leads to; how many of it were meetings."""
        meetings = 0
        while batch := letters(self.app):
            self.dice.shuffle(batch)
            self.at_work.work_off(batch)
            meetings += sum(task == sync_meeting.TASK for task, _ in batch)
            self.closed[-1] += [message.item for _, message in batch]
        return meetings

    def _age(self) -> None:
        """What a round closed is three months old some rounds later, as its season's runs are."""
        if len(self.closed) > KEPT:
            execute(self.app, _OLD_ITEMS, self.closed.pop(0))
            execute(self.app, _OLD_RUNS)

    def _spent(self) -> tuple[float, ...]:
        """By now."""
        return (
            self.at_work.processor_seconds(),
            processor_seconds_of_server(self.postgres),
            *touched(self.app.settings.database_url.get_secret_value()),
            len(self.source.requests),
        )


def soaked(soak: Soak) -> tuple[list[Cost], list[list[int]]]:
    """All rounds of it: what each took, and the workers' memory after it."""
    costs, memory = [], []
    for number in range(ROUNDS):
        costs.append(soak.round(*((NEW, AGAIN) if number else (NEW + AGAIN, 0))))
        memory.append(soak.at_work.memory())
        if number == 0:
            # The server does so within a minute: some rounds would be its plans of empty tables.
            execute(soak.app, "ANALYZE")
    return costs, memory


def tenths(costs: Sequence[Cost]) -> tuple[list[Cost], list[Cost]]:
    """The first tenth of the rounds, after one in which everything was new, and the last."""
    tenth = max(1, len(costs) // 10)
    return list(costs[1 : 1 + tenth]), list(costs[-tenth:])


def median(costs: Sequence[Cost], of: Callable[[Cost], float]) -> float:
    """Of the rounds."""
    return statistics.median(map(of, costs))


def expected(source: Synthetic, years: Sequence[int]) -> dict[str, int]:
    """How many rows the last editions of these seasons are."""
    seasons = [source.season(year) for year in years]
    return {
        "rounds": len(seasons) * MEETINGS,
        "sessions": len(seasons) * MEETINGS * len(SESSIONS),
        "entrants": sum(one.entrants(place) for one in seasons for place in range(MEETINGS)),
    }


def bloated(database: str) -> dict[str, tuple[int, int]]:
    """What takes more than its rows account for: bytes, and those of a fresh copy."""
    grown = sizes(database)
    copied_afresh(database)
    needed = sizes(database)
    return {
        name: (size, needed[name])
        for name, size in grown.items()
        if size > max(FULL * needed[name], needed[name] + SMALL)
    }


@pytest.mark.parametrize("seed", seeds(1, 1))
def test_years_of_running_change_neither_pace_nor_memory_nor_what_rows_take(
    seed: int, postgres: Postgres, database: str, azurite: str, measured: Measured
) -> None:
    """At the end a message costs at most a tenth more than at the start; no worker has grown; no
    table takes twice what its rows need. The short form is too short for the first two."""
    with Dice(seed) as dice:
        source = Synthetic(seed=seed, meetings=MEETINGS, ends=LAST_YEAR)
        with Serving(source, [], 0) as serving, ExitStack() as stack:
            app = unhurried(database, azurite, serving.url)
            stack.callback(app.close)
            with workers(database, azurite, serving.url) as at_work:
                soak = Soak(app, dice, at_work, source, postgres)
                costs, memory = soaked(soak)
            for cost in costs:
                measured(cost.told)
            for held in (memory[1], memory[-1]):
                measured("memory " + ", ".join(f"{each / MEGABYTE:.1f}" for each in held) + " MB")
            assert sum(cost.messages for cost in costs) == ROUNDS * (NEW + AGAIN) * MEETINGS
            assert rows(app, _ENDS) == [{"state": "done", "outcome": "ok", "attempts": 0}]
            assert rows(app, _ITEMS)[0]["n"] <= (KEPT + 1) * (NEW + AGAIN) * (MEETINGS + 1)
            _, broken = verify.verify(app, soak.years[0], soak.years[-1])
            assert broken == []
        found = figures(database)
        assert {**found, "rounds": sum(found["rounds"])} | expected(source, soak.years) == {
            **found,
            "rounds": sum(found["rounds"]),
        }
        assert bloated(database) == {}
        if CHAOS:
            first, last = tenths(costs)
            for of in (Cost.units.fget, attrgetter("pages")):
                measured(f"{median(first, of):.2f} at the start, {median(last, of):.2f} at the end")
            assert max(now - then for then, now in zip(memory[1], memory[-1], strict=True)) <= GROWN
            assert median(last, lambda one: one.pages) <= DEEPER * median(
                first, lambda one: one.pages
            )
            assert median(last, lambda one: one.units) <= SLOWER * median(
                first, lambda one: one.units
            )
