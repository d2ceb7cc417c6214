"""In place of Core Tools' `func` on PATH: answers as the app does for a run of two meetings.

It tells by FAKE_MODE what becomes of it, and writes the settings it was given to FAKE_SETTINGS.
"""

import json
import os
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

MODE = os.environ.get("FAKE_MODE", "")
_SHOWN = (
    "DATABASE_URL",
    "AzureWebJobsStorage",
    "OPENF1_BASE_URL",
    "OPENF1_REQUESTS_PER_MINUTE",
    "RESULTS_ENABLED",
    "LOCAL_FUNCTION_KEY",
    "FUNCTIONS_WORKER_RUNTIME",
)


def say(line: str) -> None:
    """Into the host's log."""
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


def run_with(states: list[str]) -> dict[str, object]:
    """A run whose year is done and whose meetings have these states."""
    items = [{"item": 1, "task": "discover_year", "key": "2024", "state": "done"}]
    for number, state in enumerate(states, 2):
        item = {"item": number, "task": "sync_meeting", "key": str(number), "state": state}
        item |= {"name": f"Grand Prix {number}", "counts": {"sessions": 5, "entrants": 20}}
        item["error"] = "unknown-meeting" if state == "failed" else None
        items.append(item)
    over = {"done", "failed"} >= set(states)
    return {
        "run": "00000000-0000-0000-0000-000000000001",
        "state": ("failed" if "failed" in states else "done") if over else "running",
        "expected": len(items),
        "done": states.count("done") + 1,
        "failed": states.count("failed"),
        "last_error": "unknown-meeting" if "failed" in states else None,
        "totals": {"requests": 5},
        "items": items,
    }


class App(BaseHTTPRequestHandler):
    """The routes that a backfill from the command line uses."""

    asked = 0

    def do_POST(self) -> None:
        """POST /api/backfill/{year}, or the years in the body."""
        if self.headers["x-functions-key"] != os.environ["LOCAL_FUNCTION_KEY"]:
            self._answer(401, None)
        elif MODE == "refuse":
            self._answer(503, {"title": "Not ready", "detail": "the gate is painted shut"})
        else:
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0)).decode()
            say(f"{self.path} {body}".strip())
            self._answer(202, {}, {"Location": "/api/runs/1"})

    def do_GET(self) -> None:
        """GET /api/health/live and /api/runs/1, which advances each time it is asked."""
        if self.path == "/api/health/live":
            self._answer(200, {"status": "live"})
            return
        App.asked += 1
        if MODE == "crash" and App.asked == 2:
            say("MemoryError: the car was too heavy")
            os._exit(9)
        last = "failed" if MODE == "fail" else "done"
        story = [["waiting", "waiting"], ["done", "running"], ["done", last]]
        stuck = MODE == "stuck"
        self._answer(200, run_with(story[1 if stuck else min(App.asked, len(story)) - 1]))

    def log_message(self, *_: object) -> None:
        """No access log: what is printed here is looked for."""

    def _answer(self, status: int, body: object, headers: dict[str, str] | None = None) -> None:
        text = b"" if body is None else json.dumps(body).encode()
        self.send_response(status)
        for name, value in (headers or {}).items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text)


def main() -> None:
    """`func start --port N`."""
    if path := os.environ.get("FAKE_SETTINGS"):
        Path(path).write_text(json.dumps({name: os.environ.get(name) for name in _SHOWN}))
    if MODE == "dead":
        say("No job functions found.")
        sys.exit(1)
    if MODE == "mute":
        threading.Event().wait()
    port = int(sys.argv[sys.argv.index("--port") + 1])
    ThreadingHTTPServer(("127.0.0.1", port), App).serve_forever()


main()
