"""`python -m local` as a process of its own, with a home and a temporary folder of its own."""

import json
import os
import shutil
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from local.stack.home import home_name

ROOT = Path(__file__).resolve().parents[2]
_FAKE = Path(__file__).with_name("core_tools.py")
_OURS = (
    "DATABASE_URL",
    "AzureWebJobsStorage",
    "OPENF1_",
    "RESULTS_ENABLED",
    "LOCAL_FUNCTION_KEY",
    "ARCHIVE_URL",
    "THIRDTURN_",
    "WIKI_CONTACT",
)
_PATIENCE_SECONDS = 90


class Sandbox:
    """A machine's temporary folder for stacks under test, so that they meet no real one."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.home = folder / home_name()
        self.environment = {
            name: value for name, value in os.environ.items() if not name.startswith(_OURS)
        }
        self.environment |= {"TMPDIR": str(folder), "PYTHONUNBUFFERED": "1"}

    def with_core_tools(self, mode: str = "") -> None:
        """From here on `func` is on PATH, see tests/support/core_tools.py."""
        programs = self.folder / "bin"
        programs.mkdir(exist_ok=True)
        program = programs / "func"
        program.write_text(f"#!/bin/sh\nexec '{sys.executable}' '{_FAKE}' \"$@\"\n")
        program.chmod(0o755)
        self.environment["PATH"] = f"{programs}{os.pathsep}{os.environ['PATH']}"
        self.environment["FAKE_MODE"] = mode
        self.environment["FAKE_SETTINGS"] = str(self.folder / "settings.json")

    def settings(self) -> dict[str, Any]:
        """What the fake Core Tools were given."""
        return dict(json.loads((self.folder / "settings.json").read_text()))

    def local(self, *arguments: str, **environment: str) -> "Local":
        """`python -m local` with these arguments, running."""
        command = [sys.executable, "-m", "local", *arguments]
        return Local(command, self.environment | environment)

    def under_make(self, *arguments: str) -> "Local":
        """The same below another process, as `make` starts it."""
        command = f"'{sys.executable}' -m local {' '.join(arguments)} --with-parent; exit $?"
        return Local(["sh", "-c", command], self.environment)


class Local:
    """A running program of the checkout and every line it printed, standard error included."""

    def __init__(self, command: list[str], environment: dict[str, str]) -> None:
        self.process = subprocess.Popen(
            command,
            cwd=ROOT,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )
        self.lines: list[str] = []
        self._more = threading.Condition()
        self._over = False
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def _read(self) -> None:
        assert self.process.stdout is not None
        with self.process.stdout as printed:
            for line in printed:
                with self._more:
                    self.lines.append(line.rstrip())
                    self._more.notify_all()
        with self._more:
            self._over = True
            self._more.notify_all()

    def wait_for(self, text: str) -> str:
        """The first line that holds the text."""
        with self._more:
            self._more.wait_for(lambda: self._over or self._find(text), _PATIENCE_SECONDS)
            found = self._find(text)
            assert found, f"{text!r} is not in\n{self.text}"
            return found

    def _find(self, text: str) -> str | None:
        return next((line for line in self.lines if text in line), None)

    @property
    def text(self) -> str:
        """All it printed."""
        return "\n".join(self.lines)

    def end(self) -> int:
        """Wait for its end; its exit code."""
        code = self.process.wait(_PATIENCE_SECONDS)
        self._reader.join(_PATIENCE_SECONDS)
        return code


@contextmanager
def sandbox() -> Iterator[Sandbox]:
    """A Sandbox for the block; nothing may run in it afterwards."""
    # Not pytest's tmp_path: as root the database's server is another account, which may not enter.
    folder = Path(tempfile.mkdtemp(prefix="parcferme-sandbox-")).resolve()
    folder.chmod(0o755)
    try:
        yield Sandbox(folder)
    finally:
        shutil.rmtree(folder)
