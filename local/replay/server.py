"""Serving a replay on a free port of this machine, from a thread."""

import asyncio
import socket
from datetime import datetime
from threading import Event, Thread
from types import TracebackType
from typing import Self

import uvicorn
from starlette.applications import Starlette
from starlette.routing import Route
from uvicorn.protocols.http.h11_impl import H11Protocol

from local.replay.answers import TRANSPORT
from local.replay.api import Api, Recorded
from local.replay.control import routes
from local.replay.faults import FaultBook
from local.replay.limits import Limits
from local.replay.lockout import Clock
from local.replay.rows import Rows
from local.replay.sample import load_sample

HOST = "127.0.0.1"
PATIENCE = 5.0
"""Seconds the server's thread gets to come up, and to end."""


class ReplayServer:
    """A replay of OpenF1 for the length of a `with` block; everything may be changed meanwhile.

    `rows` is the shipped sample unless given, `limits` those of production, and `now` the real
    time. Raises OSError when `port` is taken (0 takes a free one).
    """

    def __init__(
        self,
        rows: Rows | None = None,
        *,
        limits: Limits | None = None,
        now: datetime | None = None,
        port: int = 0,
    ) -> None:
        self.api = Api(rows or load_sample(), limits=limits or Limits(), clock=Clock(now))
        self._port = port
        self._server: _Server | None = None
        self._thread: Thread | None = None
        self.url = ""

    @property
    def rows(self) -> Rows:
        """What is served."""
        return self.api.rows

    @property
    def clock(self) -> Clock:
        """The replay's time."""
        return self.api.clock

    @property
    def faults(self) -> FaultBook:
        """The faults switched on."""
        return self.api.faults

    @property
    def requests(self) -> list[Recorded]:
        """The API's requests so far, in the order in which they were answered."""
        return self.api.requests

    def __enter__(self) -> Self:
        listener = socket.create_server((HOST, self._port))
        self.url = f"http://{HOST}:{listener.getsockname()[1]}"
        app = Starlette(
            routes=[
                *routes(self.api),
                Route("/{path:path}", self.api.answer, methods=["GET", "POST"]),
            ]
        )
        config = uvicorn.Config(
            app,
            http=_Protocol,
            ws="none",
            lifespan="off",
            log_config=None,
            log_level="warning",
            access_log=False,
            timeout_graceful_shutdown=1,
        )
        self._server = _Server(config)
        self._thread = Thread(
            target=self._server.run, args=([listener],), name="openf1-replay", daemon=True
        )
        self._thread.start()
        if not self._server.ready.wait(PATIENCE):
            raise RuntimeError(f"the replay did not come up on {self.url}")
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._server is not None and self._thread is not None:
            self._server.should_exit = True
            self._thread.join(PATIENCE)


class _Server(uvicorn.Server):
    """Uvicorn, telling when it serves."""

    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self.ready = Event()

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self.ready.set()


class _Protocol(H11Protocol):
    """HTTP/1.1 that lets an answer reach its connection: some faults cut it."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as uvicorn's own
        super().connection_made(transport)
        self.app_state = {**self.app_state, TRANSPORT: transport}
        # asyncio does this for sockets it made itself; without it each answer takes 40 ms longer.
        connection = transport.get_extra_info("socket")
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
