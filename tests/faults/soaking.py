"""A soak: rounds of synthetic seasons for four instances of the app, and what each round took."""

import multiprocessing
import statistics
import time
from collections.abc import Sequence
from dataclasses import dataclass
from multiprocessing.process import BaseProcess
from multiprocessing.queues import Queue

from ingestion_core.tasks import backfill, discover, sync_meeting
from ingestion_core.tasks.app import App
from ingestion_core.tasks.housekeeping import keep_house
from ingestion_core.work.messages import Message
from local.stack.postgres import Postgres
from tests.faults.scale import Dice, times
from tests.faults.seasons import app_on, insist
from tests.support.drain import letters
from tests.support.synthetic import Synthetic
from tests.support.upkeep import (
    processor_seconds,
    processor_seconds_of_server,
    resident,
    touched,
    yardstick,
)
from tests.support.work import execute

_WARM = multiprocessing.get_context("forkserver")
_WARM.set_forkserver_preload(["tests.faults.seasons", "tests.support.drain", "httpx"])

WORKERS = 4
#: A round of it asks for these: a season that is new, and others again.
FIRST_YEAR, LAST_YEAR, NEW, AGAIN = 1950, 2025, 1, 12
MEETINGS = times(3, 25)
#: With the first one, in which all seasons are new: 20,150 messages.
ROUNDS = times(2, 62)
#: As long as a message may take at most, in seconds, before a worker is taken for dead.
HANG = 120
#: After this many rounds items are three months old, and go.
KEPT = times(1, 5)

_OLD_ITEMS = (
    "UPDATE ingest.items SET closed_at = closed_at - interval '91 days' WHERE item = ANY(%s)"
)
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
        """Processor time, in pieces of that work."""
        return (self.workers + self.server) / self.unit

    @property
    def told(self) -> str:
        each = 1000 / self.messages
        return (
            f"{self.messages} messages, {self.messages / self.seconds:.1f} a second;"
            f" of each {self.workers * each:.1f} ms of a worker, {self.server * each:.1f} ms of"
            f" the server, {self.units / self.messages:.1f} units of {self.unit * 1000:.2f} ms,"
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


def through(soak: Soak) -> tuple[list[Cost], list[list[int]]]:
    """All rounds of it: what each took, and the workers' memory after it."""
    costs, memory = [], []
    for number in range(ROUNDS):
        costs.append(soak.round(*((NEW, AGAIN) if number else (NEW + AGAIN, 0))))
        memory.append(soak.at_work.memory())
        if number == 0:
            # The server does so within a minute: some rounds would be its plans of empty tables.
            execute(soak.app, "ANALYZE")
    return costs, memory
