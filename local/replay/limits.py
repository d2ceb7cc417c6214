"""How often a client may ask: rolling windows, as OpenF1 counts them, or so long between two."""

import math
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field

MINUTE = 60.0
RETRY_AFTER = 60
"""Seconds production asks a refused client to wait, whichever limit it met."""


@dataclass(frozen=True, slots=True)
class Limits:
    """Requests allowed in any second and in any minute; 0 switches a limit off.

    A `time_scale` of 10 makes the second a tenth and the minute six seconds long, so that an
    hour's work can be watched in minutes.
    """

    per_second: int = 3
    per_minute: int = 30
    time_scale: float = 1.0

    def __post_init__(self) -> None:
        if self.per_second < 0 or self.per_minute < 0 or self.time_scale <= 0:
            raise ValueError("limits can't be negative, and the time scale has to be above 0")

    def for_subscribers(self) -> "Limits":
        """Twice as much, which is what a subscription buys."""
        return Limits(self.per_second * 2, self.per_minute * 2, self.time_scale)

    @property
    def retry_after(self) -> int:
        """Whole seconds for the Retry-After header."""
        return max(1, round(RETRY_AFTER / self.time_scale))


@dataclass(slots=True)
class RollingWindows:
    """The requests one client was granted lately.

    Refused requests do not count: whether production counts them is not known, and counting
    them would punish a client that already waits too little, not find one.
    """

    limits: Limits
    clock: Callable[[], float] = time.monotonic
    _granted: deque[float] = field(default_factory=deque)

    def refusal(self) -> str | None:
        """Grant a request now, or say in production's words which limit it met."""
        now = self.clock()
        second, minute = 1.0 / self.limits.time_scale, MINUTE / self.limits.time_scale
        while self._granted and self._granted[0] <= now - minute:
            self._granted.popleft()
        within_second = sum(moment > now - second for moment in self._granted)
        for limit, used, unit in (
            (self.limits.per_second, within_second, "second"),
            (self.limits.per_minute, len(self._granted), "minute"),
        ):
            if limit and used >= limit:
                return f"Rate limit exceeded. Max {limit} requests/{unit}."
        self._granted.append(now)
        return None


@dataclass(slots=True)
class Spacing:
    """So many seconds between any two requests, whoever makes them; 0 switches it off.

    Refused requests do not count, as with RollingWindows.
    """

    seconds: float = 0.0
    clock: Callable[[], float] = time.monotonic
    _latest: float = -math.inf

    def __post_init__(self) -> None:
        if not 0 <= self.seconds < math.inf:
            raise ValueError("the seconds between two requests can't be negative")

    def refusal(self) -> int | None:
        """Grant a request now, or say how many whole seconds it comes too early."""
        now = self.clock()
        early = self._latest + self.seconds - now
        if early > 0:
            return math.ceil(early)
        self._latest = now
        return None
