"""`python3 -m local.stack.clean`: end what runs, remove what was made. Standard library only."""

import os
import shutil
import signal
import sys
import tempfile
from pathlib import Path

from local.stack.home import LOCAL, ROOT, home_name
from local.stack.lock import is_alive, read_holder, wait_until_free

_CACHES = (".mypy_cache", ".ruff_cache", ".pytest_cache", ".import_linter_cache", ".hypothesis")
_SECONDS_TO_END = 30.0


def main() -> int:
    """Leave nothing behind but the checkout; 1 when something can't be ended."""
    for home in sorted(Path(tempfile.gettempdir()).resolve().glob(f"{home_name()}*")):
        if home.is_symlink() or home.stat().st_uid != os.geteuid():
            continue
        if not _end(home / "lock"):
            print(f"processes of {home} do not end: stop them, then try again", file=sys.stderr)
            return 1
        shutil.rmtree(home)
    for folder in (LOCAL, ROOT / ".venv", *(ROOT / name for name in _CACHES)):
        shutil.rmtree(folder, ignore_errors=True)
    for cache in ROOT.rglob("__pycache__"):
        shutil.rmtree(cache, ignore_errors=True)
    return 0


def _end(lock: Path) -> bool:
    """Ask the lock's holder to end, then make it; its leashes end the rest. Whether all did."""
    if not lock.exists() or wait_until_free(lock, 0):
        return True
    for number, seconds in ((signal.SIGTERM, _SECONDS_TO_END), (signal.SIGKILL, _SECONDS_TO_END)):
        pid = read_holder(lock)
        if pid is not None and is_alive(pid):
            os.kill(pid, number)
        if wait_until_free(lock, seconds):
            return True
    return False


if __name__ == "__main__":
    sys.exit(main())
