"""The app under the stand-in host, on real queues and a real database."""

import contextlib
import json
import re
import shutil
import time
from collections.abc import Callable, Collection, Iterator
from pathlib import Path
from typing import Any

import httpx

from local.replay.limits import Limits
from local.replay.server import ReplayServer
from local.replay.serving import Serving
from tests.host.processes import REPOSITORY, HostProcess, eventually

KEY = "the-function-key-of-this-test"
#: Every function of a queue. Each asks its queue again and again: those that a test has no work for
#: would cost more than all that it looks at.
_LISTENERS = frozenset(
    {"discover_year", "sync_meeting", "import_season", "read_page", "load_results"}
    | {f"dead_letter_{name}" for name in ("year", "meeting", "season", "page", "results")}
)
#: Those of a calendar without results.
CALENDAR = ("discover_year", "sync_meeting")
#: Where nobody answers for OpenF1.
NOBODY = "http://127.0.0.1:9"
UNLIMITED = Limits(per_second=0, per_minute=0)


def scaled(times: int) -> Limits:
    """OpenF1's limits, 30 a minute and 3 a second, that many times faster."""
    return Limits(per_second=3, per_minute=30, time_scale=times)


def refused(replay: ReplayServer) -> int:
    """How many requests were answered 429."""
    return sum(1 for one in replay.requests if one.status == 429)


class Running:
    """The app under the stand-in host, asked as a user would."""

    def __init__(self, host: HostProcess) -> None:
        self.host = host
        # A connection that is kept may be closed at its other end just when it is used again.
        unkept = httpx.Limits(max_keepalive_connections=0)
        self.client = httpx.Client(
            base_url=f"{host.url}/api",
            headers={"x-functions-key": KEY},
            timeout=30,
            limits=unkept,
        )

    def ask(self, path: str, body: object = None, **headers: str) -> dict[str, Any]:
        """POST something that must be accepted."""
        answer = self.client.post(path, json=body, headers=headers)
        assert answer.status_code in (200, 202), answer.text
        found: dict[str, Any] = answer.json()
        return found

    def run(self, run: str) -> dict[str, Any]:
        """A run as the API shows it."""
        found: dict[str, Any] = self.client.get(f"/runs/{run}").raise_for_status().json()
        return found

    def finished(self, run: str, seconds: float = 60, every: float = 0.2) -> dict[str, Any]:
        """The run once it is over."""

        def over() -> dict[str, Any] | None:
            shown = self.run(run)
            return shown if shown["state"] != "running" else None

        # A look costs the app a query: thirty a second would slow what is waited for.
        found = eventually(over, seconds, every)
        assert found is not None
        return found

    def warm(self) -> None:
        """Let it load what lies behind its doors: a pace is that of an instance that is warm."""
        self.client.get("/runs").raise_for_status()

    def look_for_work(self) -> None:
        """What the timer does."""
        answer = httpx.post(
            f"{self.host.url}/admin/functions/discover_meetings",
            json={"input": ""},
            headers={"x-functions-key": KEY},
        )
        assert answer.status_code == 202

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


Start = Callable[..., Running]


@contextlib.contextmanager
def starting(database: str, storage: str, folder: Path) -> Iterator[Start]:
    """What starts instances of the app's host; all of them have ended when the block does."""
    with contextlib.ExitStack() as stack:

        def go(
            replay: Serving | None = None,
            per_minute: float = 6000,
            lease_seconds: int = 30,
            settings: dict[str, str] | None = None,
            listening: Collection[str] = CALENDAR,
            **queues: object,
        ) -> Running:
            root = folder / f"app{time.monotonic_ns()}"
            root.mkdir()
            shutil.copy(REPOSITORY / "function_app.py", root)
            document = json.loads((REPOSITORY / "host.json").read_text())
            document["extensions"]["queues"].update(queues)
            (root / "host.json").write_text(json.dumps(document))
            host = HostProcess.warm(
                root,
                {
                    "AzureWebJobsStorage": storage,
                    "DATABASE_URL": database,
                    "OPENF1_BASE_URL": replay.url if replay else NOBODY,
                    "OPENF1_REQUESTS_PER_MINUTE": str(per_minute),
                    "DISCOVERY_SCHEDULE": "0 0 0 1 1 *",
                    "LOCAL_FUNCTION_KEY": KEY,
                    **{
                        f"AzureWebJobs.{name}.Disabled": "true"
                        for name in _LISTENERS - set(listening)
                    },
                    **(settings or {}),
                },
                "--lease-seconds",
                str(lease_seconds),
            )
            stack.callback(host.kill)  # one that does not stop would serve the next test's queues
            running = Running(host.listening())
            stack.callback(running.close)
            return running

        yield go
