"""The stand-in as a process whose output can be waited for, and a wire that can be cut."""

import contextlib
import os
import re
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import IO, Protocol, Self, TypeVar

from tests.support import warm
from tests.support.programs import be

REPOSITORY = Path(__file__).parents[2]
PATIENCE_SECONDS = 20.0

_Found = TypeVar("_Found")


def environment(settings: dict[str, str]) -> dict[str, str]:
    """What the host's process gets: the settings and nothing of the developer's own."""
    kept = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
    return {**kept, "PYTHONPATH": str(REPOSITORY), **settings}


def arguments_of(root: Path, *more: str) -> list[str]:
    """What the host is started with, on a free port."""
    return ["--root", str(root), "--port", "0", *more]


def command(root: Path, *arguments: str, options: Sequence[str] = ()) -> list[str]:
    """How the host is started in a process of its own; options are those of Python."""
    return [sys.executable, *options, "-m", "local.host", *arguments_of(root, *arguments)]


def eventually(
    look: Callable[[], _Found], seconds: float = PATIENCE_SECONDS, every: float = 0.03
) -> _Found:
    """The first true thing that look sees; fails when the time is over."""
    deadline = time.monotonic() + seconds
    while not (found := look()):
        assert time.monotonic() < deadline, f"did not happen within {seconds} s"
        threading.Event().wait(every)
    return found


class Child(Protocol):
    """A process, as far as it is looked at here; ``output`` is what it writes, errors included."""

    output: IO[str]

    @property
    def pid(self) -> int: ...

    def ended(self, within: float = 0) -> int | None:
        """Its exit code; None while it runs."""


class Cold:
    """A program started as a user would, with Python's own start and all imports."""

    def __init__(self, command: Sequence[str], folder: Path, settings: dict[str, str]) -> None:
        self._process = subprocess.Popen(
            command,
            cwd=folder,
            env=environment(settings),
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        assert self._process.stdout is not None
        self.output: IO[str] = self._process.stdout

    @property
    def pid(self) -> int:
        return self._process.pid

    def ended(self, within: float = 0) -> int | None:
        with contextlib.suppress(subprocess.TimeoutExpired):
            return self._process.wait(within)
        return None


class Warm:
    """The host in a process that is forked from one that has loaded everything."""

    def __init__(self, arguments: Sequence[str], settings: dict[str, str]) -> None:
        heard, said = warm.pipe()
        words = ["local.host", *arguments]
        self._process = warm.start(be, words, REPOSITORY, environment(settings), said, said)
        said.close()
        self.output: IO[str] = os.fdopen(os.dup(heard.fileno()), encoding="utf-8")
        heard.close()

    @property
    def pid(self) -> int:
        assert self._process.pid is not None
        return self._process.pid

    def ended(self, within: float = 0) -> int | None:
        self._process.join(within)
        return self._process.exitcode


class HostProcess:
    """A running host and every line it wrote, standard error included."""

    def __init__(self, child: Child) -> None:
        self._child = child
        self.lines: list[str] = []
        self._more = threading.Condition()
        self._ended = False
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    @classmethod
    def warm(cls, root: Path, settings: dict[str, str], *arguments: str) -> Self:
        """Forked, which is what most tests want: a start takes a second of a processor's time."""
        return cls(Warm(arguments_of(root, *arguments), settings))

    @classmethod
    def cold(
        cls,
        root: Path,
        settings: dict[str, str],
        folder: Path = REPOSITORY,
        options: Sequence[str] = (),
    ) -> Self:
        """Started in a folder, with options of Python."""
        return cls(Cold(command(root, options=options), folder, settings))

    def _read(self) -> None:
        with self._child.output as output:
            for line in output:
                with self._more:
                    self.lines.append(line.rstrip("\n"))
                    self._more.notify_all()
        with self._more:
            self._ended = True
            self._more.notify_all()

    def line(self, pattern: str, nth: int = 1, seconds: float = PATIENCE_SECONDS) -> re.Match[str]:
        """The nth line that holds the pattern, waited for."""

        def matches() -> list[re.Match[str]]:
            return [match for line in self.lines if (match := re.search(pattern, line))]

        with self._more:
            self._more.wait_for(lambda: self._ended or len(matches()) >= nth, seconds)
            found = matches()
        assert len(found) >= nth, f"no {pattern!r} ({nth}) in:\n" + "\n".join(self.lines)
        return found[nth - 1]

    def listening(self) -> Self:
        """The host once it serves."""
        self.line("^Listening on ")
        return self

    @property
    def url(self) -> str:
        """Where it serves."""
        return self.line(r"^Listening on (http://127\.0\.0\.1:\d+)$")[1]

    @property
    def pid(self) -> int:
        """Its process id."""
        return self._child.pid

    @property
    def is_running(self) -> bool:
        """Whether it has not ended yet."""
        return self._child.ended() is None

    def stop(self, number: int = signal.SIGTERM) -> int:
        """Send a signal and wait for the end; the exit code."""
        if self.is_running:
            os.kill(self.pid, number)
        return self.ended()

    def ended(self) -> int:
        """Wait for the end; the exit code."""
        code = self._child.ended(PATIENCE_SECONDS)
        assert code is not None, f"process {self.pid} does not end"
        self._reader.join(PATIENCE_SECONDS)
        return code

    def kill(self) -> None:
        """As a power cut."""
        self.stop(signal.SIGKILL)


class Wire:
    """A TCP proxy before a server, which can be cut and mended; its port stays the same."""

    def __init__(self, target_port: int) -> None:
        self._target = ("127.0.0.1", target_port)
        self._ends: list[socket.socket] = []
        self._listening: socket.socket | None = None
        self.port = 0
        self.mend()

    def mend(self) -> None:
        """Let connections through."""
        self.cut()
        self._listen()

    def _listen(self, answer: bytes = b"") -> None:
        listening = socket.create_server(("127.0.0.1", self.port))
        self.port = listening.getsockname()[1]
        self._listening = listening
        threading.Thread(target=self._accept, args=(listening, answer), daemon=True).start()

    def cut(self, answer: bytes = b"") -> None:
        """Close every connection and refuse new ones, or give each the same answer."""
        listening, self._listening = self._listening, None
        if listening is not None:
            # Closing alone would not wake the thread that waits in accept.
            listening.shutdown(socket.SHUT_RDWR)
            listening.close()
        for end in self._ends:
            _hang_up(end)
        self._ends.clear()
        if answer:
            self._listen(answer)

    def _accept(self, listening: socket.socket, answer: bytes) -> None:
        while True:
            try:
                near, _ = listening.accept()
            except OSError:
                return  # cut
            if answer:
                near.recv(65536)
                near.sendall(answer)
                _hang_up(near)
                continue
            far = socket.create_connection(self._target)
            self._ends += [near, far]
            for source, sink in ((near, far), (far, near)):
                threading.Thread(target=_pump, args=(source, sink), daemon=True).start()


def _pump(source: socket.socket, sink: socket.socket) -> None:
    try:
        while data := source.recv(65536):
            sink.sendall(data)
    except OSError:
        return  # cut
    finally:
        _hang_up(source)
        _hang_up(sink)


def _hang_up(end: socket.socket) -> None:
    with contextlib.suppress(OSError):  # the other side was first
        end.shutdown(socket.SHUT_RDWR)
    end.close()
