"""A process of the stack: on a leash, logged, and waited for by what it prints."""

import contextlib
import json
import re
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Self

from local.stack.home import StackError

_LEASH = Path(__file__).with_name("leash.py")
#: Lines kept to wait by. What is printed later only goes to the log.
_OPENING_LINES = 500


class ProcessEnded(StackError):
    """A process of the stack ended by itself."""

    def __init__(self, process: "Process") -> None:
        last = process.last_line.removeprefix("error: ")
        said = f": {last}" if last else " without a word"
        super().__init__(f"{process.name} ended (exit code {process.code}){said} [{process.log}]")


@dataclass(eq=False)
class Process:
    """One command, running inside ``with``."""

    name: str  # in messages
    command: Sequence[str]
    log: Path  # gets what it prints, begun anew
    environment: Mapping[str, str] | None = None
    folder: Path | None = None
    stop_signal: signal.Signals = signal.SIGTERM  # asks it to end
    grace: float = 10  # seconds after which it is killed instead
    orphaned_signal: signal.Signals = signal.SIGKILL  # when this program is gone without asking
    account: tuple[int, int] | None = None  # user and group id to run as, None for our own
    hold: Sequence[int] = ()  # descriptors its leash keeps open as long as it lives, see Lock
    remove: Path | None = None  # a folder that goes with it, even when this program is gone
    last_line: str = field(default="", init=False)
    code: int | None = field(default=None, init=False)
    _lines: list[str] = field(default_factory=list, init=False)
    _news: threading.Condition = field(default_factory=threading.Condition, init=False)

    def __enter__(self) -> Self:
        self.log.parent.mkdir(parents=True, exist_ok=True)
        user, group = self.account or (None, None)
        order = {
            "command": list(self.command),
            "stop": self.stop_signal,
            "orphaned": self.orphaned_signal,
            "grace": self.grace,
            "user": user,
            "group": group,
            "remove": str(self.remove) if self.remove else None,
        }
        self._leash = subprocess.Popen(
            [sys.executable, "-I", "-S", str(_LEASH), json.dumps(order)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            env=self.environment,
            cwd=self.folder,
            start_new_session=True,
            pass_fds=tuple(self.hold),
        )
        self._reader = threading.Thread(target=self._read, name=f"{self.name}'s lines", daemon=True)
        self._reader.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def _read(self) -> None:
        assert self._leash.stdout is not None  # noqa: S101 - opened as a pipe above
        with self.log.open("wb") as log, self._leash.stdout as printed:
            for raw in printed:
                log.write(raw)
                log.flush()
                line = raw.decode(errors="replace").rstrip()
                with self._news:
                    self.last_line = line or self.last_line
                    if len(self._lines) < _OPENING_LINES:
                        self._lines.append(line)
                        self._news.notify_all()
        code = self._leash.wait()
        with self._news:
            self.code = code
            self._news.notify_all()

    def wait_for(self, pattern: str, seconds: float = 30) -> re.Match[str]:
        """The first line it printed that holds the pattern.

        Raises:
            ProcessEnded: it ended before that.
            StackError: so many seconds have passed.
        """
        give_up = time.monotonic() + seconds
        with self._news:
            while True:
                for line in self._lines:
                    if found := re.search(pattern, line):
                        return found
                if self.code is not None:
                    raise ProcessEnded(self)
                if not self._news.wait(give_up - time.monotonic()):
                    raise StackError(f"{self.name} was not up after {seconds:.0f} s [{self.log}]")

    def check(self) -> None:
        """Raise ProcessEnded if it is no more."""
        if self.code is not None:
            raise ProcessEnded(self)

    def stop(self) -> None:
        """Ask it to end, and wait until it and all that it started have ended."""
        pipe = self._leash.stdin
        if pipe is not None and not pipe.closed:
            with contextlib.suppress(BrokenPipeError):  # it ended by itself
                pipe.write(b"s")
                pipe.flush()
            with contextlib.suppress(BrokenPipeError):
                pipe.close()
        self._leash.wait(self.grace + 10)
        self._reader.join()
