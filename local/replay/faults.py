"""Faults that can be switched on while a replay runs: which answers they meet, and how often."""

import random
from dataclasses import dataclass, field
from threading import Lock
from typing import Literal
from urllib.parse import unquote_plus

from pydantic import BaseModel, ConfigDict, Field

Kind = Literal[
    "status",  # an error page: `status`, with nginx's or the application's HTML
    "upstream_timeout",  # 504 with the plain text of the proxy in front
    "html",  # 200 with an HTML page
    "empty_list",  # 200 with []
    "not_found",  # 404 with production's body for "nothing"
    "too_many",  # 429; Retry-After is `retry_after`, or absent
    "delay",  # the right answer, `seconds` late
    "drip",  # the right answer, its body spread over `seconds`
    "truncated",  # the right headers, half the body, and the connection closed
    "wrong_type",  # the right body under another `content_type`
    "redirect",  # 302 to `url`
    "gzip_bomb",  # 200 with a gzip body that unpacks to `size` bytes of JSON
    "drop",  # the connection closed without an answer
]


class Fault(BaseModel):
    """One fault: where it strikes (`match`), how often (`times`, `probability`), and its kind."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    kind: Kind
    match: str = Field(default="/", pattern="^/")
    """A prefix of the path, and after a "?" a part of the decoded query: /v1/drivers?=1229."""
    times: int | None = Field(default=1, ge=1)
    """How many answers it spoils; None is all until it is cleared."""
    probability: float = Field(default=1.0, gt=0, le=1)
    status: int = Field(default=502, ge=400, le=599)
    retry_after: str | None = None
    seconds: float = Field(default=1.0, gt=0)
    content_type: str = "text/html; charset=utf-8"
    url: str = ""
    size: int = Field(default=100_000_000, ge=2)

    def meets(self, path: str, query: str) -> bool:
        """Whether a request is one this fault is meant for."""
        prefix, _, part = self.match.partition("?")
        return path.startswith(prefix) and part in unquote_plus(query)


@dataclass(slots=True)
class FaultBook:
    """The faults now switched on, the oldest first; may be used from any thread."""

    seed: int = 0
    _left: list[tuple[Fault, int | None]] = field(default_factory=list)
    _lock: Lock = field(default_factory=Lock)
    _dice: random.Random = field(init=False)

    def __post_init__(self) -> None:
        self._dice = random.Random(self.seed)  # noqa: S311 - faults have to be repeatable

    def add(self, fault: Fault) -> None:
        """Switch `fault` on."""
        with self._lock:
            self._left.append((fault, fault.times))

    def clear(self) -> None:
        """Switch every fault off."""
        with self._lock:
            self._left.clear()

    def active(self) -> list[Fault]:
        """The faults that still have answers to spoil."""
        with self._lock:
            return [fault for fault, _ in self._left]

    def strike(self, path: str, query: str) -> Fault | None:
        """The fault that spoils this answer, counted; the first one switched on goes first."""
        with self._lock:
            for place, (fault, left) in enumerate(self._left):
                if not fault.meets(path, query) or self._dice.random() >= fault.probability:
                    continue
                if left == 1:
                    del self._left[place]
                else:
                    self._left[place] = (fault, None if left is None else left - 1)
                return fault
            return None
