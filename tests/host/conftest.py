"""Starting the stand-in host, and looking at what it does to real storage queues."""

import contextlib
import json
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.host.processes import HostProcess

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
        host = HostProcess(root, values, "--lease-seconds", str(lease_seconds))
        started.append(host)
        return host

    try:
        yield start
    finally:
        for host in started:
            host.kill()


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
