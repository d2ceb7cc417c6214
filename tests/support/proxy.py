"""A proxy before PostgreSQL that breaks connections: while they are made, or before an answer."""

import select
import socket
import time
from contextlib import suppress
from threading import Lock, Thread
from typing import Self

from psycopg.conninfo import conninfo_to_dict, make_conninfo

#: As libpq sends it, a simple query; and what every answer ends with, but for the state.
COMMIT = b"Q\0\0\0\x0bCOMMIT\0"
_READY = b"Z\0\0\0\x05"
#: What nobody answers.
_FAREWELL = b"X\0\0\0\x04"


class Proxy:
    """Carries everything between its own port and the server's socket, but what it was told to.

    Args:
        conninfo: of the server behind it, which listens at a socket of this machine.
    """

    def __init__(self, conninfo: str) -> None:
        found = conninfo_to_dict(conninfo)
        self._server = f"{found['host']}/.s.PGSQL.{found['port']}"
        self._listener = socket.create_server(("127.0.0.1", 0))
        port = self._listener.getsockname()[1]
        self.conninfo = make_conninfo(conninfo, host="127.0.0.1", port=port, sslmode="disable")
        #: How many connections, how many answers it has to break yet, and which.
        self.to_end = self.to_lose = 0
        self._marked = b""
        #: When it last broke one, by the monotonic clock.
        self.broke_at = 0.0
        self._lock = Lock()
        self._threads = [Thread(target=self._listen)]

    def __enter__(self) -> Self:
        self._threads[0].start()
        return self

    def __exit__(self, *_: object) -> None:
        self._listener.shutdown(socket.SHUT_RDWR)
        for thread in self._threads:
            thread.join()
        self._listener.close()

    def end_while_made(self, count: int) -> None:
        """End the next so many connections once the client says who it is."""
        self.to_end = count

    def lose_answer(self, nth: int = 1, marked: bytes = b"") -> None:
        """Let the server carry out the nth from now on that begins so, and end the connection
        when it has answered, before the client hears of it."""
        self.to_lose, self._marked = nth, marked

    def _listen(self) -> None:
        while True:
            try:
                client, _ = self._listener.accept()
            except OSError:  # shut down
                return
            thread = Thread(target=self._carry, args=(client,))
            self._threads.append(thread)
            thread.start()

    def _carry(self, client: socket.socket) -> None:
        with client, socket.socket(socket.AF_UNIX) as server, suppress(OSError):
            client.recv(1, socket.MSG_PEEK)
            if not self._ends():
                server.connect(self._server)
                self._both_ways(client, server)

    def _both_ways(self, client: socket.socket, server: socket.socket) -> None:
        loses, answer = False, b""
        while answer[-6:-1] != _READY:
            for one in select.select([client, server], [], [])[0]:
                said = one.recv(1 << 16)
                if not said:
                    return
                if one is client:
                    loses = loses or self._loses(said)
                    server.sendall(said)
                elif loses:
                    answer += said
                else:
                    client.sendall(said)
        self.broke_at = time.monotonic()

    def _ends(self) -> bool:
        with self._lock:
            if not self.to_end:
                return False
            self.to_end -= 1
            self.broke_at = time.monotonic()
            return True

    def _loses(self, said: bytes) -> bool:
        with self._lock:
            if not self.to_lose or not said.startswith(self._marked) or said == _FAREWELL:
                return False
            self.to_lose -= 1
            return self.to_lose == 0
