"""Starting the stand-in host, and looking at what it does to real storage queues."""

import contextlib
import json
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from azure.storage.queue import QueueServiceClient

from local.replay.server import ReplayServer
from tests.host.processes import HostProcess
from tests.host.running import UNLIMITED, Start, starting

APPS = Path(__file__).parent / "apps"


StartHost = Callable[..., HostProcess]


@contextlib.contextmanager
def _starting(storage: str, folders: pytest.TempPathFactory) -> Iterator[StartHost]:
    started: list[HostProcess] = []

    def start(
        app: str,
        *,
        queues: dict[str, object] | None = None,
        host_json: dict[str, object] | None = None,
        lease_seconds: int = 30,
        settings: dict[str, str] | None = None,
    ) -> HostProcess:
        root = folders.mktemp(app)
        shutil.copy(APPS / app / "function_app.py", root)
        document = {"version": "2.0", "extensions": {"queues": queues or {}}, **(host_json or {})}
        (root / "host.json").write_text(json.dumps(document))
        values = {"AzureWebJobsStorage": storage, **(settings or {})}
        host = HostProcess.warm(root, values, "--lease-seconds", str(lease_seconds))
        started.append(host)
        return host

    try:
        yield start
    finally:
        for host in started:
            host.kill()


def emptied(azurite: str) -> str:
    """The run's Storage account without a queue: those of the app have fixed names."""
    with QueueServiceClient.from_connection_string(azurite) as service:
        for queue in service.list_queues():
            service.delete_queue(queue)
    return azurite


@pytest.fixture
def storage(azurite: str) -> str:
    """The same, for a test."""
    return emptied(azurite)


@pytest.fixture
def start(database: str, storage: str, tmp_path: Path) -> Iterator[Start]:
    """Start instances of the app's host against a replay."""
    with starting(database, storage, tmp_path) as go:
        yield go


@pytest.fixture
def replay() -> Iterator[ReplayServer]:
    """OpenF1 with the sample season, without limits."""
    with ReplayServer(limits=UNLIMITED) as server:
        yield server


@pytest.fixture
def short(replay: ReplayServer) -> ReplayServer:
    """The season's first six meetings: 13 requests."""
    for name in ("meetings", "sessions", "drivers"):
        found = replay.rows.of(name)
        replay.rows.replace(name, [row for row in found if row["meeting_key"] <= 1233])
    return replay


@pytest.fixture
def start_host(azurite: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[StartHost]:
    """Start the host on a copy of one of apps/; it is gone when the test ends."""
    with _starting(azurite, tmp_path_factory) as start:
        yield start


@pytest.fixture(scope="module")
def start_shared_host(
    azurite: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[StartHost]:
    """The same for a host that all tests of a module use."""
    with _starting(azurite, tmp_path_factory) as start:
        yield start
