"""What runs on this machine, by /proc."""

import os
import select
from pathlib import Path


def is_running(pid: int) -> bool:
    """Whether there is such a process; one that only waits to be reaped has ended."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_text()
    except (FileNotFoundError, ProcessLookupError):
        return False
    return stat.rpartition(")")[2].split()[0] not in {"Z", "X"}


def wait_until_gone(pid: int, seconds: float = 10) -> None:
    """Wait for the process's own end; fails when it does not come."""
    try:
        descriptor = os.pidfd_open(pid)
    except ProcessLookupError:
        return
    try:
        ended = select.select([descriptor], [], [], seconds)[0]
    finally:
        os.close(descriptor)
    assert ended, f"process {pid} is still there"


def command_lines_with(text: str) -> list[str]:
    """The command lines of running processes, or their working folders, that hold the text."""
    found = []
    for process in Path("/proc").iterdir():
        if not process.name.isdecimal() or not is_running(int(process.name)):
            continue
        try:
            line = (process / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
            folder = str((process / "cwd").readlink())
        except (FileNotFoundError, ProcessLookupError, PermissionError):
            continue
        if int(process.name) != os.getpid() and (text in line or text in folder):
            found.append(f"{process.name}: {line} in {folder}")
    return found
