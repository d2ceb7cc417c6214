"""One stack per checkout and user, by a lock that its holders' death gives back."""

import fcntl
import os
import time
from pathlib import Path
from typing import Self

from local.stack.home import StackError

_SETTLING_SECONDS = 30.0


class Lock:
    """A file locked by flock: a file that merely lies there locks nobody out.

    The leashes of the stack's processes hold it as well (``descriptor`` is handed down to them),
    so whoever gets the lock knows that nothing of an earlier stack is alive, however it ended.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.descriptor = -1

    def __enter__(self) -> Self:
        """Take it, waiting only for a dead holder's processes to end.

        Raises:
            StackError: another stack runs from this checkout.
        """
        self.descriptor = os.open(self.path, os.O_RDWR | os.O_CREAT, 0o600)
        try:
            self._take()
        except BaseException:
            os.close(self.descriptor)
            raise
        os.ftruncate(self.descriptor, 0)
        os.pwrite(self.descriptor, str(os.getpid()).encode(), 0)
        return self

    def _take(self) -> None:
        give_up = time.monotonic() + _SETTLING_SECONDS
        while not _try(self.descriptor):
            pid = read_holder(self.path)
            if is_alive(pid):
                raise StackError(
                    f"another `make run` or `make serve` is at work here (process {pid}):"
                    " wait for it, stop it, or `make clean`"
                )
            if time.monotonic() > give_up:
                raise StackError(f"processes of a killed run still hold {self.path}: `make clean`")
            time.sleep(0.05)

    def __exit__(self, *_: object) -> None:
        """Give it back, and wait until the last process has too: our exit means that all ended."""
        os.ftruncate(self.descriptor, 0)
        os.close(self.descriptor)
        wait_until_free(self.path, _SETTLING_SECONDS)


def read_holder(path: Path) -> int | None:
    """The process id in the lock file, None when it names none."""
    text = path.read_text().strip() if path.exists() else ""
    return int(text) if text.isdecimal() else None


def wait_until_free(path: Path, seconds: float) -> bool:
    """Whether its holder of now, its processes included, gave the lock back within the seconds."""
    give_up = time.monotonic() + seconds
    holder = read_holder(path)
    descriptor = os.open(path, os.O_RDWR)
    try:
        while not (free := _try(descriptor)) and time.monotonic() < give_up:
            if read_holder(path) not in {holder, None}:
                return True  # and somebody else has it already
            time.sleep(0.02)
        return free
    finally:
        os.close(descriptor)


def is_alive(pid: int | None) -> bool:
    """Whether this user has such a process."""
    if pid is None:
        return False
    try:
        os.kill(pid, 0)
    except (ProcessLookupError, PermissionError):
        return False
    return True


def _try(descriptor: int) -> bool:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
