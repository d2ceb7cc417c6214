"""Serving a replayed source on a free port of this machine, from a thread."""

import asyncio
import socket
from collections.abc import Sequence
from threading import Event, Thread
from typing import Self

import uvicorn
from starlette.applications import Starlette
from starlette.routing import Route
from uvicorn.protocols.http.h11_impl import H11Protocol

from local.replay.answers import TRANSPORT
from local.replay.faults import FaultBook
from local.replay.replayed import Recorded, Replayed

HOST = "127.0.0.1"
PATIENCE = 5.0
"""Seconds the server's thread gets to come up, and to end."""


class Serving:
    """A replayed source for the length of a `with` block, its control addresses beside it.

    Raises OSError when `port` is taken (0 takes a free one).
    """

    def __init__(self, source: Replayed, control: Sequence[Route], port: int) -> None:
        self._source = source
        self._control = control
        self._port = port
        self._server: _Server | None = None
        self._thread: Thread | None = None
        self.url = ""

    @property
    def faults(self) -> FaultBook:
        """The faults switched on."""
        return self._source.faults

    @property
    def requests(self) -> list[Recorded]:
        """The source's requests so far, in the order in which they were answered."""
        return self._source.requests

    def __enter__(self) -> Self:
        listener = socket.create_server((HOST, self._port))
        self.url = f"http://{HOST}:{listener.getsockname()[1]}"
        everything = Route("/{path:path}", self._source.answer, methods=["GET", "POST"])
        config = uvicorn.Config(
            Starlette(routes=[*self._control, everything]),
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
            target=self._server.run, args=([listener],), name="replay", daemon=True
        )
        self._thread.start()
        if not self._server.ready.wait(PATIENCE):
            raise RuntimeError(f"the replay did not come up on {self.url}")
        return self

    def __exit__(self, *_: object) -> None:
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
