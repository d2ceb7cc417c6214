"""What every replayed source does with a request: note it, limit it, spoil it, answer it."""

import time
from abc import ABC, abstractmethod
from dataclasses import dataclass, field

from starlette.requests import Request
from starlette.responses import Response

from local.replay import answers
from local.replay.faults import FaultBook


@dataclass(frozen=True, slots=True)
class Recorded:
    """A request as it came in: when (seconds, monotonic), what, and how it was answered."""

    at: float
    method: str
    path: str
    query: str
    status: int | None
    """None where a fault dropped the connection without an answer."""


@dataclass(slots=True, kw_only=True)
class Replayed(ABC):
    """One running copy of a source: the faults switched on and its memory of requests."""

    faults: FaultBook = field(default_factory=FaultBook)
    requests: list[Recorded] = field(default_factory=list)

    async def answer(self, request: Request) -> Response:
        """The door for every address of the source; notes the request before it is answered."""
        arrived = time.monotonic()
        body = await request.body()
        # Not the URL's path: an encoded "?" in it would end it.
        path, query = str(request.scope["path"]), request.url.query
        response = self.limited(request) or self._spoiled(path, query, self.found(request, body))
        status = None if isinstance(response, answers.Dropped) else response.status_code
        self.requests.append(Recorded(arrived, request.method, path, query, status))
        return response

    @abstractmethod
    def limited(self, request: Request) -> Response | None:
        """The refusal of one request too many."""

    @abstractmethod
    def found(self, request: Request, body: bytes) -> Response:
        """The right answer."""

    def _spoiled(self, path: str, query: str, right: Response) -> Response:
        fault = self.faults.strike(path, query)
        return answers.spoiled(fault, right) if fault else right
