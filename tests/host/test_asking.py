"""Asking the app over HTTP: what it refuses, what it does once, and what comes first."""

import re
import time

import httpx

from local.replay.limits import Limits
from local.replay.server import ReplayServer
from local.stack.home import ROOT
from tests.host.processes import eventually
from tests.host.running import Start, refused


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
        ("/wiki", {"index": True}, 409, "THIRDTURN_ENABLED"),
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


#: Every door with its method, but for the one that is open and those of results, opted into.
DOORS = [
    (method, re.sub(r"{\w+}", "1949", route))
    for path in sorted((ROOT / "functions").glob("*.py"))
    if path.name != "results.py"
    for route, method in re.findall(r'route="([^"]+)", methods=\["(\w+)"\]', path.read_text())
    if route != "health/live"
]
BODIES = [
    *(b"", b"{", b"null", b"[]", b"17", b'"text"', b"\xff\xfe", b"[" * 50_000, b"x" * 1_000_000),
    *(
        b'{"years": 1949}',
        b'{"years": 9999}',
        b'{"years": [[]]}',
        b'{"years": {"from": "\\u0000"}}',
    ),
    *(b'{"years": 1e999}', b'{"\'); DROP TABLE ingest.items; --": 1}', b'{"index": "yes please"}'),
]


def test_every_door_is_shut_without_a_key_and_no_body_makes_it_stumble(
    start: Start, replay: ReplayServer, database: str, storage: str
) -> None:
    """401 without a body; with the key an answer or a problem that tells nothing of the inside."""
    app = start(replay)
    assert len(DOORS) == 13
    secret = re.compile(rf"Traceback|File \"|psycopg|{re.escape(str(ROOT))}|{re.escape(database)}")
    for method, path in DOORS:
        for headers in ({}, {"x-functions-key": "wrong"}):
            answer = httpx.request(method, f"{app.host.url}/api/{path}", headers=headers)
            assert (answer.status_code, answer.content) == (401, b""), path
        for body in BODIES if method == "POST" else [b""]:
            answer = app.client.request(method, f"/{path}", content=body)
            assert answer.status_code in {200, 202, 400, 404, 409, 413}, (
                path,
                body[:40],
                answer.text,
            )
            if answer.status_code >= 400:
                assert answer.headers["content-type"].startswith("application/problem+json")
            assert not secret.search(answer.text), path
            assert storage.split("AccountKey=")[1].split(";")[0] not in answer.text


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
