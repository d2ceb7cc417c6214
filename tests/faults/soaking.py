"""A soak: rounds of synthetic seasons for four instances of the app, and what each round took."""

import time
from collections.abc import Iterable, Sequence
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
from tests.support import warm
from tests.support.drain import letters
from tests.support.synthetic import Synthetic
from tests.support.upkeep import (
    processor_seconds,
    processor_seconds_of_server,
    resident,
    touched,
)
from tests.support.work import execute

WORKERS = 4
#: A round of it asks for these: a season that is new, and others again.
FIRST_YEAR, LAST_YEAR, NEW, AGAIN = 1950, 2025, 1, 12
MEETINGS = times(3, 25)
#: With the first one, in which all seasons are new: 20,150 messages.
ROUNDS = times(2, 62)
#: As long as a message may take at most, in seconds, before a worker is taken for dead.
HANG = 120
#: Before each round, so many seasons of a database that has no others.
SMALL = 2
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


@dataclass(frozen=True, slots=True)
class Cost:
    """What some messages took: processor seconds of the workers and of the server, pages that the
    server looked at, transactions, and requests of the source."""

    messages: int
    seconds: float
    workers: float
    server: float
    pages: float
    transactions: float
    requests: float

    @property
    def processor(self) -> float:
        """Seconds for a message."""
        return (self.workers + self.server) / self.messages

    def __str__(self) -> str:
        each = 1000 / self.messages
        return (
            f"{self.messages} messages, {self.messages / self.seconds:.1f} a second;"
            f" of each {self.workers * each:.1f} ms of a worker, {self.server * each:.1f} ms of"
            f" the server, {self.pages / self.messages:.0f} pages,"
            f" {self.transactions / self.messages:.1f} transactions,"
            f" {self.requests / self.messages:.2f} requests"
        )


@dataclass(frozen=True, slots=True)
class Round:
    """What a round took, and just before it, by the same workers, a few messages for a database
    that stays small: on a machine that is shared, a second is not always the same."""

    cost: Cost
    small: Cost

    @property
    def ratio(self) -> float:
        """Processor time of a message against one for the small database."""
        return self.cost.processor / self.small.processor


@dataclass(frozen=True, slots=True)
class Place:
    """A database, and the source that those who work on it ask."""

    database: str
    storage: str
    url: str

    def app(self) -> App:
        """An instance whose gate lets everybody through: who waits there asks again, and how often
        would be a matter of the machine."""
        usual = app_on(self.database, self.storage, self.url)
        return App(usual.settings.model_copy(update={"openf1_requests_per_minute": 6_000_000}))


Letter = tuple[Place, str, Message]


def carry_out(places: Sequence[Place], waiting: "Queue[Letter | None]", done: "Queue[int]") -> None:
    """What a worker does, until it is handed None; it says how often each was delivered."""
    apps = {place: place.app() for place in places}
    while (letter := waiting.get()) is not None:
        done.put(insist(apps[letter[0]], *letter[1:]))
    for app in apps.values():
        app.close()


class Workers:
    """Four instances, as processes; each takes the next message when it is through with one."""

    def __init__(self, *places: Place) -> None:
        self._places = places
        self._waiting: Queue[Letter | None] = warm.queue()
        self._done: Queue[int] = warm.queue()
        self._processes: list[BaseProcess] = []

    def __enter__(self) -> "Workers":
        handed = (self._places, self._waiting, self._done)
        self._processes = [warm.start(carry_out, *handed) for _ in range(WORKERS)]
        return self

    def __exit__(self, *_: object) -> None:
        for _ in self._processes:
            self._waiting.put(None)
        for process in self._processes:
            process.join(HANG)
            process.kill()
        assert [process.exitcode for process in self._processes] == [0] * WORKERS

    @property
    def _pids(self) -> list[int]:
        return [process.pid for process in self._processes if process.pid]

    def work_off(self, batch: Iterable[Letter]) -> int:
        """All of these; how many deliveries that took."""
        handed = [self._waiting.put(letter) for letter in batch]
        return sum(self._done.get(timeout=HANG) for _ in handed)

    def processor_seconds(self) -> float:
        return sum(map(processor_seconds, self._pids))

    def memory(self) -> list[int]:
        return list(map(resident, self._pids))


class Soak:
    """Rounds of seasons that are read, and read again when their lists have changed."""

    def __init__(
        self, place: Place, source: Synthetic, at_work: Workers, postgres: Postgres, dice: Dice
    ) -> None:
        self.place, self.source, self.app = place, source, place.app()
        self.years: list[int] = []
        self._at_work, self._postgres, self._dice = at_work, postgres, dice
        self._closed: list[list[int]] = []

    def round(self, new: int, again: int) -> Cost:
        """Ask for so many seasons, read them, keep house; what it took."""
        chosen = self._dice.sample(self.years, again)
        fresh = [FIRST_YEAR + len(self.years) + place for place in range(new)]
        self.years += fresh
        self._closed.append([])
        before = self._spent()
        backfill.backfill(self.app, [*fresh, *chosen], {"years": new + again})
        meetings = self._read()
        discover.tick(self.app)
        self._read()
        self._age()
        keep_house(self.app)
        return Cost(
            meetings, *(now - then for now, then in zip(self._spent(), before, strict=True))
        )

    def _read(self) -> int:
        """Whatever was sent, and what that leads to; how many of it were meetings."""
        meetings = 0
        while batch := letters(self.app):
            self._dice.shuffle(batch)
            self._at_work.work_off((self.place, *letter) for letter in batch)
            meetings += sum(task == sync_meeting.TASK for task, _ in batch)
            self._closed[-1] += [message.item for _, message in batch]
        return meetings

    def _age(self) -> None:
        """What a round closed is three months old some rounds later, as its season's runs are."""
        if len(self._closed) > KEPT:
            execute(self.app, _OLD_ITEMS, self._closed.pop(0))
            execute(self.app, _OLD_RUNS)

    def _spent(self) -> tuple[float, ...]:
        """By now, in the order of what a cost is made of."""
        return (
            time.monotonic(),
            self._at_work.processor_seconds(),
            processor_seconds_of_server(self._postgres),
            *touched(self.place.database),
            len(self.source.requests),
        )


def through(soak: Soak, small: Soak, at_work: Workers) -> tuple[list[Round], list[list[int]]]:
    """All rounds of it: what each took, and the workers' memory after it."""
    rounds, memory = [], []
    for number in range(ROUNDS):
        reference = small.round(*((0, SMALL) if number else (SMALL, 0)))
        cost = soak.round(*((NEW, AGAIN) if number else (NEW + AGAIN, 0)))
        rounds.append(Round(cost, reference))
        memory.append(at_work.memory())
        if number == 0:
            # The server does so within a minute: some rounds would be its plans of empty tables.
            for one in (soak, small):
                execute(one.app, "ANALYZE")
    return rounds, memory
