"""Answers of items that were given back, in memory until they return: not asked for twice.

A source that refuses the second of two questions would else be asked the first one again and again.
"""

import threading
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, field

from ingestion_core.sources.openf1.client import Reply
from ingestion_core.work.items import Item

#: More items than are ever under way at once; a meeting's answer has some hundred rows.
MAX_ITEMS = 32
MAX_ROWS = 1000
#: In seconds: two of the longest closures. What is older is better asked for again.
MAX_AGE = 30 * 60

Question = tuple[str, str, int]


@dataclass(slots=True)
class _Half:
    release: int
    answers: dict[Question, tuple[float, Reply]] = field(default_factory=dict)


class KeptAnswers:
    """What one process remembers, with the moments of asking. A memory lost costs one request.

    Args:
        clock: in seconds; tests have their own.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._halves: OrderedDict[int, _Half] = OrderedDict()
        self._lock = threading.Lock()

    def recall(self, item: Item, question: Question) -> Reply | None:
        """What was answered before the item was given back."""
        with self._lock:
            half = self._half(item)
            at, reply = half.answers.get(question, (0.0, None)) if half else (0.0, None)
            return reply if self._clock() - at <= MAX_AGE else None

    def keep(self, item: Item, question: Question, reply: Reply) -> None:
        """Remember an answer until the item ends."""
        if len(reply.rows) > MAX_ROWS:
            return
        with self._lock:
            half = self._half(item)
            if half is None:
                half = self._halves[item.item] = _Half(item.release)
            half.answers[question] = (self._clock(), reply)
            while len(self._halves) > MAX_ITEMS:
                self._halves.popitem(last=False)

    def forget(self, item: Item) -> None:
        """The item does not come again."""
        with self._lock:
            self._halves.pop(item.item, None)

    def _half(self, item: Item) -> _Half | None:
        half = self._halves.get(item.item)
        if half is None:
            return None
        # Released but once since: nobody else had it, so nobody else has stored a later answer.
        if item.release - half.release not in {0, 1}:
            del self._halves[item.item]
            return None
        half.release = item.release
        return half
