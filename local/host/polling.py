"""How long a queue listener waits before it asks an empty queue again."""

import random
from collections.abc import Callable

SHORTEST_SECONDS = 0.1


class PollingDelay:
    """The host's random exponential back-off, from 100 ms to maxPollingInterval.

    After messages the first wait is the shortest one; each further empty answer doubles what is
    added to it, give or take a fifth, until the longest is reached.
    """

    def __init__(
        self,
        longest_seconds: float,
        draw: Callable[[float, float], float] = random.uniform,
    ) -> None:
        self._longest = max(longest_seconds, SHORTEST_SECONDS)
        self._draw = draw
        self._empty = 0

    def next_seconds(self, *, found: bool) -> float:
        """The wait before the next poll; found = messages came since the last wait."""
        if found:
            self._empty = 0
        added = 0.0
        if self._empty:
            # The exponent is capped: 2**30 times 100 ms is beyond every interval.
            added = 2.0 ** min(self._empty - 1, 30) * SHORTEST_SECONDS * self._draw(0.8, 1.2)
        self._empty += 1
        return min(SHORTEST_SECONDS + added, self._longest)
