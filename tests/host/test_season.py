"""A season through the host: HTTP trigger, real queues, functions, PostgreSQL."""

import contextlib
import json
import shutil
import time
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
import psycopg
import pytest
from azure.storage.queue import QueueClient, TextBase64EncodePolicy

from local.replay.limits import Limits
from local.replay.rows import load
from local.replay.server import ReplayServer
from local.stack.azurite import Azurite
from tests.host.processes import REPOSITORY, HostProcess, eventually
from tests.support.product import dump, figures, rows, written

KEY = "the-function-key-of-this-test"
UNLIMITED = Limits(per_second=0, per_minute=0)


class Running:
    """The app under the stand-in host, asked as a user would."""

    def __init__(self, host: HostProcess) -> None:
        self.host = host
        self.client = httpx.Client(
            base_url=f"{host.url}/api", headers={"x-functions-key": KEY}, timeout=30
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

    def finished(self, run: str, seconds: float = 60) -> dict[str, Any]:
        """The run once it is over."""

        def over() -> dict[str, Any] | None:
            shown = self.run(run)
            return shown if shown["state"] != "running" else None

        # A look costs the app a query: thirty a second would slow what is waited for.
        found = eventually(over, seconds, every=0.2)
        assert found is not None
        return found

    def close(self) -> None:
        """End as the host does when it is asked to; its connections report what they wrote."""
        if not self.client.is_closed:
            self.client.close()
            if self.host.is_running:
                self.host.stop()


Start = Callable[..., Running]


@pytest.fixture
def storage(tmp_path: Path) -> Iterator[str]:
    """A Storage account of this test alone: the app's queues have fixed names."""
    with Azurite(tmp_path / "azurite.log") as running:
        yield running.connection_string


@pytest.fixture
def start(database: str, storage: str, tmp_path: Path) -> Iterator[Start]:
    """Start instances of the app's host against a replay."""
    with contextlib.ExitStack() as stack:

        def go(
            replay: ReplayServer,
            per_minute: float = 6000,
            lease_seconds: int = 30,
            **queues: object,
        ) -> Running:
            root = tmp_path / f"app{time.monotonic_ns()}"
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
                    "OPENF1_BASE_URL": replay.url,
                    "OPENF1_REQUESTS_PER_MINUTE": str(per_minute),
                    "DISCOVERY_SCHEDULE": "0 0 0 1 1 *",
                    "LOCAL_FUNCTION_KEY": KEY,
                },
                "--lease-seconds",
                str(lease_seconds),
            )
            running = Running(host.listening())
            stack.callback(running.close)
            return running

        yield go


@pytest.fixture
def replay() -> Iterator[ReplayServer]:
    """OpenF1 with the sample season, without limits."""
    with ReplayServer(limits=UNLIMITED) as server:
        yield server


def scaled(times: int) -> Limits:
    """OpenF1's limits, 30 a minute and 3 a second, that many times faster."""
    return Limits(per_second=3, per_minute=30, time_scale=times)


def refused(replay: ReplayServer) -> int:
    """How many requests were answered 429."""
    return sum(1 for one in replay.requests if one.status == 429)


def test_two_backfills_at_once_keep_the_pace_together(start: Start, recordings: Path) -> None:
    """2023 and 2024 on one instance: 96 requests, no 429, 1.05 times their bound."""
    scale = 2
    folders = [recordings / "openf1" / year for year in ("2023", "2024")]
    with ReplayServer(load(folders), limits=scaled(scale)) as replay:
        app = start(replay, per_minute=30 * scale, maxPollingInterval="00:00:01")
        began = time.monotonic()
        runs = [app.ask(f"/backfill/{year}")["run"] for year in (2023, 2024)]
        for run in runs:
            assert app.finished(run, seconds=150)["state"] == "done"
        took, bound = time.monotonic() - began, 96 * 60 / (30 * scale)
        assert (refused(replay), len(replay.requests)) == (0, 96)
        assert took <= 1.05 * bound, f"{took / bound:.3f} times the bound"


def test_a_backfill_keeps_the_pace_and_loses_no_time(start: Start) -> None:
    """One instance: no 429, and at most 1.05 times the bound, its first poll included."""
    scale = 2  # faster than that, and what a start and an end cost weighs more than what is shown
    with ReplayServer(limits=scaled(scale)) as replay:
        app = start(replay, per_minute=30 * scale, maxPollingInterval="00:00:01")
        began = time.monotonic()
        run = app.ask("/backfill/2024")["run"]
        assert app.finished(run, seconds=90)["state"] == "done"
        took, bound = time.monotonic() - began, 51 * 60 / (30 * scale)
        assert (refused(replay), len(replay.requests)) == (0, 51)
        assert took <= 1.05 * bound, f"{took / bound:.3f} times the bound"


@pytest.fixture
def short(replay: ReplayServer) -> ReplayServer:
    """The season's first six meetings: 13 requests."""
    for name in ("meetings", "sessions", "drivers"):
        found = replay.rows.of(name)
        replay.rows.replace(name, [row for row in found if row["meeting_key"] <= 1233])
    return replay


def test_a_backfill_over_http_fills_the_season_in_51_requests(
    start: Start, replay: ReplayServer, database: str
) -> None:
    """POST, two queues, two functions, and not one request for a result."""
    app = start(replay)
    answer = app.client.post("/backfill/2024")
    assert answer.status_code == 202
    assert answer.headers["Location"] == f"/api/runs/{answer.json()['run']}"
    shown = app.finished(answer.json()["run"])
    assert (shown["state"], shown["expected"], shown["done"]) == ("done", 26, 26)
    assert len(replay.requests) == shown["totals"]["requests"] == 51
    found = dump(database)
    assert [len(found[name]) for name in ("Rounds", "Sessions", "Entrants", "Drivers")] == [
        25,
        123,
        523,
        33,
    ]
    assert not [path for _, _, path, *_ in map(_fields, replay.requests) if "result" in path]


def _fields(request: Any) -> tuple[Any, ...]:
    return request.at, request.method, request.path, request.query, request.status


SEASONS = {
    2023: {
        "rounds": (22, 0),
        "sessions": 110,
        "entrants": 458,
        "drivers": 32,
        "teams": 10,
        "circuits": 22,
    },
    2024: {
        "rounds": (24, 1),
        "sessions": 123,
        "entrants": 523,
        "drivers": 33,
        "teams": 10,
        "circuits": 24,
    },
}
BOTH = {
    "rounds": (46, 1),
    "sessions": 233,
    "entrants": 981,
    "drivers": 38,
    "teams": 12,
    "circuits": 24,
}


@pytest.mark.parametrize("year", SEASONS)
def test_a_recorded_season_has_its_figures_and_a_second_backfill_changes_nothing(
    start: Start, recordings: Path, database: str, year: int
) -> None:
    """Rows, and by the server's own count not one insert, update, delete or dead row."""
    with ReplayServer(load([recordings / "openf1" / str(year)]), limits=UNLIMITED) as replay:
        app = start(replay)
        assert app.finished(app.ask(f"/backfill/{year}")["run"])["state"] == "done"
        app.close()
        assert figures(database) == SEASONS[year]
        before, counted = dump(database), written(database)
        again = start(replay)
        assert again.finished(again.ask(f"/backfill/{year}")["run"])["state"] == "done"
        again.close()
        assert written(database) == counted
        assert dump(database) == before
        assert counted["Entrants"][0] == SEASONS[year]["entrants"], "the counters had not arrived"


def test_two_seasons_at_once_are_the_rows_of_one_after_the_other(
    start: Start, recordings: Path, database: str
) -> None:
    """Both backfills at the same moment on two instances; then the later season first."""
    folders = [recordings / "openf1" / year for year in ("2023", "2024")]
    with ReplayServer(load(folders), limits=UNLIMITED) as replay:
        first, second = start(replay), start(replay)
        runs = [first.ask("/backfill/2023")["run"], second.ask("/backfill/2024")["run"]]
        for run in runs:
            assert first.finished(run)["state"] == "done"
        assert figures(database) == BOTH
        at_once = dump(database)
        with psycopg.connect(database) as db:
            db.execute(
                'TRUNCATE "Series", "Seasons", "Circuits", "Teams", "Drivers", "Rounds",'
                ' "Sessions", "Entrants", ingest.claims, ingest.entries, ingest.fetches CASCADE'
            )
        for year in (2024, 2023):
            assert first.finished(first.ask(f"/backfill/{year}")["run"])["state"] == "done"
        assert dump(database) == at_once


def test_two_instances_share_one_pace(start: Start) -> None:
    """At most one answer in a hundred is a 429."""
    scale = 8
    with ReplayServer(limits=scaled(scale)) as replay:
        apps = [
            start(replay, per_minute=30 * scale, maxPollingInterval="00:00:00.250")
            for _ in range(2)
        ]
        run = apps[0].ask("/backfill/2024")["run"]
        assert apps[0].finished(run, seconds=60)["state"] == "done"
        assert refused(replay) <= 0.01 * len(replay.requests)
        claimed = [sum("sync_meeting" in line for line in app.host.lines) for app in apps]
        assert min(claimed) > 0, "one instance did all the work"


def test_a_single_meeting_is_served_in_seconds_in_the_middle_of_a_backfill(start: Start) -> None:
    """At the real pace, unscaled."""
    with ReplayServer(limits=Limits(per_second=3, per_minute=30)) as replay:
        app = start(replay, per_minute=30)
        bulk = app.ask("/backfill/2024")["run"]
        eventually(lambda: len(replay.requests) >= 4)
        began = time.monotonic()
        run = app.ask("/meetings/1245")["run"]
        shown = app.finished(run, seconds=25)
        assert (shown["state"], time.monotonic() - began < 20) == ("done", True)
        assert app.run(bulk)["state"] == "running"
        assert refused(replay) == 0


def test_a_host_killed_in_the_middle_of_a_backfill_loses_nothing(
    start: Start, replay: ReplayServer, database: str
) -> None:
    """kill -9: its message comes back when its lease is over, and the season is the same."""
    app = start(replay, per_minute=1200, lease_seconds=3)
    run = app.ask("/backfill/2024")["run"]
    eventually(lambda: len(replay.requests) >= 15)
    app.host.kill()
    # What it had begun is under its lease still, and marked as running.
    second = start(replay, per_minute=1200, lease_seconds=3)
    shown = second.finished(run)
    assert (shown["state"], shown["done"]) == ("done", 26)
    assert figures(database) == SEASONS[2024]
    assert 51 <= len(replay.requests) <= 51 + 3


def test_a_message_lost_from_the_queue_is_sent_again_and_a_stale_copy_does_nothing(
    start: Start, replay: ReplayServer, storage: str, database: str
) -> None:
    """The timer takes back what was sent and never claimed."""
    app = start(replay)
    app.ask("/sources/openf1/pause")
    run = app.ask("/backfill/2024")["run"]
    with psycopg.connect(database, autocommit=True) as db:
        # As if sent a quarter of an hour ago, and lost.
        db.execute(
            "UPDATE ingest.items SET state = 'sent', release = 1,"
            " due_at = now() - interval '16 minutes'"
        )
        (item,) = db.execute("SELECT item FROM ingest.items").fetchone() or (0,)
    app.ask("/sources/openf1/resume")
    admin = httpx.post(
        f"{app.host.url}/admin/functions/discover_meetings",
        json={"input": ""},
        headers={"x-functions-key": KEY},
    )
    assert admin.status_code == 202
    assert app.finished(run)["state"] == "done"
    asked = len(replay.requests)
    with QueueClient.from_connection_string(
        storage, "years", message_encode_policy=TextBase64EncodePolicy()
    ) as queue:
        queue.send_message(json.dumps({"v": 1, "item": item, "release": 1, "key": "2024"}))
        app.host.line(rf"stale copy of item {item} ignored")
        eventually(lambda: queue.get_queue_properties().approximate_message_count == 0)
    assert len(replay.requests) >= asked
    assert rows(database, "SELECT count(*) FROM ingest.items WHERE state = 'running'") == [(0,)]


def test_a_body_without_meaning_is_recorded_and_the_message_behind_it_is_unaffected(
    start: Start, replay: ReplayServer, storage: str, database: str
) -> None:
    """Not JSON, an unknown version: recorded with a reason. Not base64: the host's to bury."""
    app = start(replay, maxDequeueCount=2)
    app.finished(app.ask("/meetings/1229")["run"])
    encoded = QueueClient.from_connection_string(
        storage, "meetings", message_encode_policy=TextBase64EncodePolicy()
    )
    plain = QueueClient.from_connection_string(storage, "meetings")
    with encoded, plain:
        encoded.send_message("{ not json")
        encoded.send_message(json.dumps({"v": 99, "item": 1, "release": 1, "key": "1229"}))
        plain.send_message("not base64, ZZSECRET")
        run = app.ask("/meetings/1230")["run"]
        assert app.finished(run)["state"] == "done"

        def recorded() -> bool:
            found = rows(
                database, "SELECT reason FROM ingest.quarantine WHERE source = 'queue' ORDER BY 1"
            )
            return len(found) == 2

        eventually(recorded)
        # What the host itself can't decode it buries at once, before any function sees it.
        with QueueClient.from_connection_string(storage, "meetings-poison") as poison:
            eventually(lambda: poison.get_queue_properties().approximate_message_count == 1)
    kept = rows(database, "SELECT row::text FROM ingest.quarantine WHERE source = 'queue'")
    assert not [row for row in kept if "ZZSECRET" in row[0] or "not json" in row[0]]


def test_the_api_refuses_what_it_cannot_do_and_says_why(start: Start, replay: ReplayServer) -> None:
    """400, 404 and 413 as problem+json; 401 is the host's own, without a body."""
    app = start(replay)
    for path, body, status, named in (
        ("/backfill/1949", None, 400, "2023"),
        ("/backfill/9999", None, 400, "9999"),
        ("/backfill/soon", None, 400, "year"),
        ("/backfill", {"years": {"from": 2024, "to": 2023}}, 400, "after"),
        ("/backfill", {"years": "some"}, 400, "years"),
        ("/backfill", {"recent_days": -1}, 400, "recent_days"),
        ("/backfill", {"years": "current", "spacing_seconds": "fast"}, 400, "spacing_seconds"),
        ("/backfill", {}, 400, "years"),
        ("/meetings/0", None, 400, "key"),
        ("/backfill/2024?include_results=true", None, 409, "RESULTS_ENABLED"),
        ("/backfill", {"years": "current", "include_results": True}, 409, "RESULTS_ENABLED"),
        ("/meetings/1229?include_results=true", None, 409, "RESULTS_ENABLED"),
        ("/runs/1/retry", None, 404, "run"),
        ("/sources/nobody/pause", None, 404, "nobody"),
    ):
        answer = app.client.post(path, json=body)
        assert answer.status_code == status, (path, body, answer.text)
        assert answer.headers["content-type"].startswith("application/problem+json")
        assert named in answer.json()["detail"], (path, answer.text)
    huge = app.client.post("/backfill", content=b'{"years": "current", "x": "' + b"y" * 10**6)
    assert huge.status_code == 413
    assert app.client.post("/backfill", content=b"").status_code == 400
    for path in ("/backfill/2024", "/meetings/1229"):
        answer = httpx.post(f"{app.host.url}/api{path}")
        assert (answer.status_code, answer.content) == (401, b"")
    assert httpx.get(f"{app.host.url}/api/health/ready").status_code == 401
    live = httpx.get(f"{app.host.url}/api/health/live")
    assert (live.status_code, live.json()) == (200, {"status": "ok"})
    assert app.client.get("/health/ready").json()["status"] == "ok"


def test_the_same_request_key_is_the_same_run(start: Start, short: ReplayServer) -> None:
    """Whoever asks twice because the first answer got lost gets the first run."""
    app = start(short)
    headers = {"Idempotency-Key": "weekend-1"}
    first = app.client.post("/backfill/2024", headers=headers).json()["run"]
    second = app.client.post("/backfill/2024", headers=headers).json()["run"]
    assert first == second
    assert app.finished(first)["expected"] == 7
    assert len(short.requests) == 13
    assert [one["run"] for one in app.client.get("/runs").json()["runs"]] == [first]


def test_the_kill_switch_stops_requests_and_nothing_is_lost(
    start: Start, short: ReplayServer
) -> None:
    """Paused, nothing is asked; resumed, the backfill goes on to its end."""
    app = start(short, per_minute=120)
    run = app.ask("/backfill/2024")["run"]
    eventually(lambda: len(short.requests) >= 5)
    assert app.ask("/sources/openf1/pause")["paused"] is True
    eventually(lambda: app.run(run)["deferred"] > 0)
    asked = len(short.requests)
    assert asked < 13
    assert app.ask("/sources/openf1/resume")["paused"] is False
    assert app.finished(run)["done"] == 7
    assert len(short.requests) == 13
    source = app.client.get("/sources").json()["sources"][0]
    assert source["source"] == "openf1"
    assert timedelta(seconds=source["pace_seconds"]) == timedelta(seconds=60 / 120 * 1.025)
