"""The app under the stand-in host, asked to import an archive as a user would."""

import contextlib
import json
import re
import shutil
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx

from tests.host.processes import REPOSITORY, HostProcess, eventually

KEY = "the-function-key-of-this-test"


class Archive:
    """The app under the stand-in host, asked to import as a user would."""

    def __init__(self, host: HostProcess) -> None:
        self.host = host
        self.client = httpx.Client(
            base_url=f"{host.url}/api", headers={"x-functions-key": KEY}, timeout=30
        )

    def ask(self, body: object) -> str:
        """POST an import that must be accepted; its run."""
        answer = self.client.post("/archive", json=body)
        assert answer.status_code == 202, answer.text
        assert answer.headers["Location"] == f"/api/runs/{answer.json()['run']}"
        return str(answer.json()["run"])

    def run(self, run: str) -> dict[str, Any]:
        """A run as the API shows it."""
        found: dict[str, Any] = self.client.get(f"/runs/{run}").raise_for_status().json()
        return found

    def finished(self, run: str, seconds: float = 60) -> dict[str, Any]:
        """The run once it is over."""

        def over() -> dict[str, Any] | None:
            shown = self.run(run)
            return shown if shown["state"] != "running" else None

        found = eventually(over, seconds, every=0.2)
        assert found is not None
        return found

    def seasons(self, first: int, last: int, **more: object) -> dict[str, Any]:
        """Import these, and wait for the end."""
        return self.finished(self.ask({"seasons": {"from": first, "to": last}, **more}))

    def look_for_work(self) -> None:
        """What the timer does."""
        admin = httpx.post(
            f"{self.host.url}/admin/functions/discover_meetings",
            json={"input": ""},
            headers={"x-functions-key": KEY},
        )
        assert admin.status_code == 202

    def peak(self) -> int:
        """The most memory that the process ever had, in MB."""
        status = Path(f"/proc/{self.host.pid}/status").read_text()
        found = re.search(r"VmHWM:\s+(\d+) kB", status)
        assert found
        return int(found[1]) // 1024

    def close(self) -> None:
        """End as the host does when it is asked to; its connections report what they wrote."""
        if not self.client.is_closed:
            self.client.close()
            if self.host.is_running:
                self.host.stop()


Start = Callable[..., Archive]


@contextlib.contextmanager
def starting(database: str, storage: str, folder: Path) -> Iterator[Start]:
    """Start instances of the app's host with an archive; nobody answers for OpenF1."""
    with contextlib.ExitStack() as stack:

        def go(
            archive: object = "",
            settings: dict[str, str] | None = None,
            lease_seconds: int = 30,
            **queues: object,
        ) -> Archive:
            root = folder / f"app{time.monotonic_ns()}"
            root.mkdir()
            shutil.copy(REPOSITORY / "function_app.py", root)
            document = json.loads((REPOSITORY / "host.json").read_text())
            document["extensions"]["queues"].update(queues)
            (root / "host.json").write_text(json.dumps(document))
            host = HostProcess(
                root,
                {
                    "AzureWebJobsStorage": storage,
                    "DATABASE_URL": database,
                    "OPENF1_BASE_URL": "http://127.0.0.1:9",
                    "ARCHIVE_URL": str(archive),
                    "DISCOVERY_SCHEDULE": "0 0 0 1 1 *",
                    "LOCAL_FUNCTION_KEY": KEY,
                    **(settings or {}),
                },
                "--lease-seconds",
                str(lease_seconds),
            )
            running = Archive(host.listening())
            stack.callback(running.close)
            return running

        yield go
