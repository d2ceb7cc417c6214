"""A server of a test's own that is restarted as ``pg_ctl restart -m immediate`` does."""

import os
import signal
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg

from local.stack import product
from local.stack.home import home_name
from local.stack.postgres import Postgres
from local.stack.process import Process


class Restarted:
    """The server that runs now; ``back``: when it let anybody in again, by the monotonic clock."""

    def __init__(self, home: Path) -> None:
        self._home = home
        self.back: list[float] = []
        self.server = self._started()

    def restart(self) -> None:
        """Everybody is thrown out, nothing is written down; the next server recovers from its log.

        ``pg_ctl`` itself could not: who starts a server here holds it on a leash.
        """
        postmaster = (self.server.data / "postmaster.pid").read_text().split()[0]
        os.kill(int(postmaster), signal.SIGQUIT)
        self.stop()
        self.server = self._started()
        self.back.append(time.monotonic())

    def stop(self) -> None:
        """Wait for its end."""
        self.server.__exit__()

    def product(self, name: str) -> str:
        """The conninfo of a new database with the product's tables, all empty."""
        conninfo = self.server.ensure_database(name)
        with psycopg.connect(conninfo) as db:
            db.execute(product.schema().encode())
        return conninfo

    def _started(self) -> Postgres:
        log = self._home / f"postgres{len(self.back)}.log"
        return Postgres(self._home, log).__enter__()


@contextmanager
def restarted() -> Iterator[Restarted]:
    """One, in a folder that goes with it, even when the test run is killed."""
    home = Path(tempfile.mkdtemp(prefix=f"{home_name()}-restarts-")).resolve()
    kept = Process("its folder", ["sleep", "infinity"], log=home / "folder.log", remove=home)
    with kept:
        server = Restarted(home)
        try:
            yield server
        finally:
            server.stop()
