"""The deployable package, running by itself: its own files, requirements.txt and nothing else."""

from collections.abc import Iterator
from importlib.metadata import Distribution, distribution
from pathlib import Path

import psycopg
import pytest
from packaging.requirements import Requirement

from local import package
from local.replay.server import ReplayServer
from local.stack.home import ROOT
from tests.host.processes import HostProcess
from tests.host.running import _LISTENERS, KEY, Running

BAHRAIN = 1229
#: What the stand-in itself needs beyond the app: never part of the package.
STANDIN = ("starlette", "uvicorn", "croniter")


@pytest.fixture
def deployed(tmp_path: Path) -> Path:
    """A folder with what would be deployed, and beside it one with the stand-in alone."""
    assert package.is_installed(), "run `make tools` first: requirements.txt has changed"
    app = tmp_path / "app"
    package.copy(package.app_files(ROOT), ROOT, app)
    (app / package.SITE).parent.mkdir(parents=True)
    (app / package.SITE).symlink_to(package.INSTALLED)
    standin = tmp_path / "standin"
    standin.mkdir()
    (standin / "local").symlink_to(ROOT / "local")
    for name in sorted(tops(STANDIN)):
        if not (package.INSTALLED / name).exists():
            place = Path(str(distribution("starlette").locate_file(name)))
            (standin / name).symlink_to(place)
    return app


def tops(names: tuple[str, ...]) -> set[str]:
    """The top-level files and folders of packages and of what they need."""
    waiting, found = list(names), dict[str, Distribution]()
    while waiting:
        name = waiting.pop()
        if name not in found:
            found[name] = one = distribution(name)
            needs = [Requirement(text) for text in one.requires or ()]
            waiting += [need.name for need in needs if not need.marker or need.marker.evaluate()]
    parts = (file.parts[0] for one in found.values() for file in one.files or ())
    return {part for part in parts if part not in {"..", "__pycache__"}}


@pytest.fixture
def running(deployed: Path, database: str, storage: str, replay: ReplayServer) -> Iterator[Running]:
    """The package under the stand-in, in its own folder, by a Python without its site-packages."""
    settings = {
        "PYTHONPATH": f"{deployed / package.SITE}:{deployed.parent / 'standin'}",
        "AzureWebJobsStorage": storage,
        "DATABASE_URL": database,
        "OPENF1_BASE_URL": replay.url,
        "OPENF1_REQUESTS_PER_MINUTE": "6000",
        "DISCOVERY_SCHEDULE": "0 0 0 1 1 *",
        "LOCAL_FUNCTION_KEY": KEY,
        **{f"AzureWebJobs.{name}.Disabled": "true" for name in _LISTENERS - {"sync_meeting"}},
    }
    host = HostProcess.cold(deployed, settings, folder=deployed.parent, options=["-S"])
    try:
        app = Running(host.listening())
        yield app
        app.close()
    finally:
        host.kill()


def test_the_package_stores_a_meeting_by_itself(running: Running, database: str) -> None:
    """Asked by HTTP, through a queue, with no package but those of requirements.txt."""
    ready = running.client.get("/health/ready")
    assert ready.json()["status"] == "ok", ready.text
    asked = running.ask(f"/meetings/{BAHRAIN}")
    assert running.finished(asked["run"])["state"] == "done"
    with psycopg.connect(database) as connection:
        names = connection.execute('SELECT "Name" FROM "Rounds"').fetchall()
        sessions = connection.execute('SELECT count(*) FROM "Sessions"').fetchone()
    assert names == [("Bahrain Grand Prix",)]
    assert sessions == (5,)
