"""Each kind of fault, as a client meets it."""

import time
from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from local.replay.limits import Limits
from local.replay.server import ReplayServer

MEETING = "/v1/meetings?meeting_key=1229"


@pytest.fixture(scope="module")
def shared() -> Iterator[tuple[ReplayServer, httpx.Client]]:
    """The sample without limits, and a client of it, for all tests of this file."""
    with ReplayServer(limits=Limits(0, 0)) as server, httpx.Client(base_url=server.url) as client:
        yield server, client


@pytest.fixture
def replay(shared: tuple[ReplayServer, httpx.Client]) -> ReplayServer:
    """That replay as if new: the real time, no faults, no requests noted."""
    server, _ = shared
    server.clock.set(None)
    server.faults.clear()
    server.requests.clear()
    return server


@pytest.fixture
def client(shared: tuple[ReplayServer, httpx.Client], replay: ReplayServer) -> httpx.Client:
    """A client of that replay."""
    return shared[1]


def switch_on(client: httpx.Client, kind: str, **details: Any) -> None:
    """One fault on the meetings, over HTTP."""
    fault = {"kind": kind, "match": "/v1/meetings", **details}
    assert client.post("/replay/faults", json=fault).status_code == 201


@pytest.mark.parametrize(
    ("kind", "details", "status", "content_type", "part"),
    [
        ("status", {}, 502, "text/html", "<center>nginx</center>"),
        ("status", {"status": 504}, 504, "text/html", "504 Gateway Time-out"),
        ("status", {"status": 500}, 500, "text/html", "Traceback"),
        ("upstream_timeout", {}, 504, "text/plain", "upstream request timeout"),
        ("html", {}, 200, "text/html", "<html>"),
        ("empty_list", {}, 200, "application/json", "[]"),
        ("not_found", {}, 404, "application/json", "No results found."),
        ("too_many", {}, 429, "application/json", "Too Many Requests"),
        ("wrong_type", {}, 200, "text/html", "Bahrain Grand Prix"),
        ("wrong_type", {"content_type": "text/plain"}, 200, "text/plain", "Bahrain Grand Prix"),
    ],
)
def test_a_wrong_answer_is_given_once_and_then_the_right_one(
    client: httpx.Client,
    kind: str,
    details: dict[str, Any],
    status: int,
    content_type: str,
    part: str,
) -> None:
    """Status, type and body are the fault's; other addresses are spared."""
    switch_on(client, kind, **details)
    assert client.get("/v1/sessions?meeting_key=1229").status_code == 200
    wrong, right = client.get(MEETING), client.get(MEETING)
    assert wrong.status_code == status
    assert wrong.headers["content-type"].startswith(content_type)
    assert part in wrong.text
    assert right.status_code == 200
    assert right.json()[0]["meeting_key"] == 1229


@pytest.mark.parametrize("wish", ["7", "0", "Wed, 21 Oct 2026 07:28:00 GMT", "soon", None])
def test_a_429_asks_for_any_wait_or_none(client: httpx.Client, wish: str | None) -> None:
    """Retry-After is passed on as it was given."""
    switch_on(client, "too_many", retry_after=wish)
    assert client.get(MEETING).headers.get("retry-after") == wish


def test_a_delayed_answer_is_right_but_late(client: httpx.Client) -> None:
    """Later than a client without patience waits."""
    switch_on(client, "delay", seconds=0.3, times=2)
    began = time.monotonic()
    assert client.get(MEETING).json()[0]["meeting_key"] == 1229
    assert time.monotonic() - began >= 0.3
    with pytest.raises(httpx.ReadTimeout):
        client.get(MEETING, timeout=0.05)


def test_a_dripping_answer_keeps_a_client_waiting_without_a_timeout(client: httpx.Client) -> None:
    """No single read takes long, but all of them do; the whole is right in the end."""
    switch_on(client, "drip", seconds=0.4)
    began = time.monotonic()
    answer = client.get(MEETING, timeout=0.3)
    assert time.monotonic() - began >= 0.35
    assert answer.json()[0]["meeting_key"] == 1229


def test_a_truncated_answer_breaks_off_within_its_body(client: httpx.Client) -> None:
    """It promises more than it sends, and the next request finds a new connection."""
    switch_on(client, "truncated")
    with pytest.raises(httpx.RemoteProtocolError, match="complete message body"):
        client.get(MEETING)
    assert client.get(MEETING).status_code == 200


def test_a_dropped_connection_gives_no_answer(replay: ReplayServer, client: httpx.Client) -> None:
    """The request is noted without a status."""
    switch_on(client, "drop")
    with pytest.raises((httpx.RemoteProtocolError, httpx.ReadError)):
        client.get(MEETING)
    assert [request.status for request in replay.requests] == [None]
    assert client.get(MEETING).status_code == 200


def test_a_redirect_leads_where_it_was_told(client: httpx.Client) -> None:
    """Elsewhere, perhaps."""
    switch_on(client, "redirect", url="http://127.0.0.1:9/else")
    answer = client.get(MEETING)
    assert (answer.status_code, answer.headers["location"]) == (302, "http://127.0.0.1:9/else")


def test_a_gzip_bomb_unpacks_to_its_size(client: httpx.Client) -> None:
    """Thousandfold what went over the wire, and valid JSON."""
    switch_on(client, "gzip_bomb", size=10_000_000)
    with client.stream("GET", MEETING) as answer:
        unpacked = b"".join(answer.iter_bytes())
        packed = answer.num_bytes_downloaded
    assert len(unpacked) == 10_000_000
    assert (unpacked[:1], unpacked[-1:]) == (b"[", b"]")
    assert packed < 50_000


def test_faults_are_listed_and_cleared(client: httpx.Client) -> None:
    """Several at once, each with what is left out filled in."""
    faults = [{"kind": "drop", "times": None}, {"kind": "status"}]
    listed = client.post("/replay/faults", json=faults).json()
    assert [(fault["kind"], fault["times"]) for fault in listed] == [("drop", None), ("status", 1)]
    assert client.get("/replay/faults").json() == listed
    assert client.delete("/replay/faults").status_code == 204
    assert client.get(MEETING).status_code == 200
