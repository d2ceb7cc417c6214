"""The whole archive with its results, through HTTP, queues, functions and host: its one bound is
in seconds, since somebody waits for it."""

import os
import re
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import psycopg

from local.stack import product
from local.stack.api import Api, Run
from local.stack.azurite import Azurite
from local.stack.postgres import Postgres

ROOT = Path(__file__).parents[1]
#: On two cores.
MOST_SECONDS = 20
MOST_MEGABYTES = 250
_LOOK_AGAIN_SECONDS = 0.5
_KEY = "benchmark"


class Host:
    """The app under the stand-in host, as a process of its own."""

    def __init__(self, settings: dict[str, str], log: Path) -> None:
        self._log = log
        with log.open("wb") as out:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "local.host", "--root", str(ROOT), "--port", "0"],
                cwd=ROOT,
                env={**os.environ, **settings},
                stdout=out,
                stderr=subprocess.STDOUT,
            )
        self.api = Api(self._address(), _KEY)

    def _address(self) -> str:
        while not (found := re.search(r"Listening on (http\S+)", self._log.read_text())):
            if self._process.poll() is not None:
                raise RuntimeError(self._log.read_text()[-1000:])
            time.sleep(0.05)
        return found[1]

    def megabytes(self) -> int:
        """The most memory that it ever had."""
        status = Path(f"/proc/{self._process.pid}/status").read_text()
        found = re.search(r"VmHWM:\s+(\d+) kB", status)
        return int(found[1]) // 1024 if found else 0

    def stop(self) -> None:
        """End it."""
        self._process.send_signal(signal.SIGTERM)
        self._process.wait(30)

    def imported(self) -> tuple[float, Run]:
        """Import everything with its results; the seconds until the last item's end."""
        began = time.monotonic()
        path = self.api.import_archive((1950, 2024), include_results=True)
        while (run := self.api.run(path)).state == "running":
            time.sleep(_LOOK_AGAIN_SECONDS)
        return time.monotonic() - began, run


@contextmanager
def host(archive: Path) -> Iterator[Host]:
    """Everything set up on a database and queues of its own."""
    with ExitStack() as stack:
        home = Path(tempfile.mkdtemp(prefix="parcferme-bench-")).resolve()
        postgres = stack.enter_context(Postgres(home, home / "postgres.log", remove=home))
        azurite = stack.enter_context(Azurite(home / "azurite.log"))
        database = postgres.ensure_database("archive")
        with psycopg.connect(database) as db:
            db.execute(product.schema().encode())
        settings = {
            "DATABASE_URL": database,
            "AzureWebJobsStorage": azurite.connection_string,
            "ARCHIVE_URL": str(archive),
            "RESULTS_ENABLED": "true",
            "DISCOVERY_SCHEDULE": "0 0 0 1 1 *",
            "LOCAL_FUNCTION_KEY": _KEY,
        }
        started = Host(settings, home / "host.log")
        stack.callback(started.stop)
        yield started


def main() -> None:
    """A first import and a second one; the memory of both."""
    recordings = os.environ.get("PARCFERME_RECORDINGS")
    if not recordings:
        print("the archive                  not measured: PARCFERME_RECORDINGS names no recordings")
        return
    with host(Path(recordings) / "ergast") as one:
        first, run = one.imported()
        second, _ = one.imported()
        print(f"the archive with results     {first:5.1f} s, at most {MOST_SECONDS} on two cores")
        print(f"the archive again            {second / first:5.2f} x the first time")
        print(f"memory of its worker         {one.megabytes():5} MB, at most {MOST_MEGABYTES}")
        if run.state != "done":
            print(f"the import ended {run.state}: {run.last_error}")


if __name__ == "__main__":
    main()
