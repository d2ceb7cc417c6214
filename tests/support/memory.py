"""A place in memory for what is thrown away: the tests' databases."""

import os
from pathlib import Path

#: Where Linux keeps files in memory, and the room that is asked for there.
_MEMORY, _ROOM = Path("/dev/shm"), 4 * 2**30  # noqa: S108 -- only where temporary folders are made


def in_memory() -> str | None:
    """The folder for temporary ones, if this machine has one in memory that is fit for them.

    A database is three hundred files: on a disk, making those was most of what a test of it cost.
    """
    if "TMPDIR" in os.environ or not os.access(_MEMORY, os.W_OK | os.X_OK):
        return None
    found = os.statvfs(_MEMORY)
    executable = not found.f_flag & os.ST_NOEXEC  # the server of an account of its own runs there
    return str(_MEMORY) if executable and found.f_bavail * found.f_frsize >= _ROOM else None
