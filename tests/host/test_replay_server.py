"""The replay answers over HTTP as production does: rows, limits, lock-out, tokens, control."""

from collections.abc import Iterator
from datetime import UTC, datetime
from urllib.parse import urlencode

import httpx
import pytest

from local.replay.limits import Limits
from local.replay.server import ReplayServer

NOTHING = {"detail": "No results found."}
UNLIMITED = Limits(0, 0)
DURING_THE_RACE = datetime(2024, 3, 2, 16, tzinfo=UTC)


@pytest.fixture(scope="module")
def shared() -> Iterator[tuple[ReplayServer, httpx.Client]]:
    """The sample without limits, and a client of it, for all tests of this file."""
    with ReplayServer(limits=UNLIMITED) as server, httpx.Client(base_url=server.url) as client:
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


def authorization(client: httpx.Client) -> dict[str, str]:
    """The header of a subscriber."""
    body = client.post("/token", data={"username": "replay", "password": "replay"}).json()
    return {"Authorization": f"Bearer {body['access_token']}"}


def test_a_season_is_five_lists(client: httpx.Client) -> None:
    """The calendar by year, the rest by meeting."""
    assert len(client.get("/v1/meetings?year=2024").json()) == 25
    assert len(client.get("/v1/sessions?year=2024").json()) == 123
    for collection, rows in {"drivers": 100, "session_result": 100, "starting_grid": 20}.items():
        assert len(client.get(f"/v1/{collection}?meeting_key=1229").json()) == rows


def test_a_range_of_meetings_is_one_request(client: httpx.Client) -> None:
    """With the operators in the address, percent-encoded or not."""
    query = "meeting_key>=1229&meeting_key<=1231"
    assert len(client.get(f"/v1/sessions?{query}").json()) == 15
    encoded = urlencode({"meeting_key>": 1229, "meeting_key<": 1231})
    assert len(client.get(f"/v1/sessions?{encoded}").json()) == 15


@pytest.mark.parametrize(
    "address",
    [
        "/v1/results",
        "/v1/session_results?meeting_key=1229",
        "/v1/session_result?meeting_key=1252",
        "/v1/sessions?year=2031",
        "/v1/sessions?limit=1",
    ],
)
def test_nothing_is_404_whatever_the_reason(client: httpx.Client, address: str) -> None:
    """No such endpoint, no such rows and no such field can't be told apart."""
    answer = client.get(address)
    assert (answer.status_code, answer.json()) == (404, NOTHING)


@pytest.mark.parametrize("address", ["/v1/meetings?year", "/v1/", "/v2/x", "/v1/meetings/1229"])
def test_a_senseless_address_is_500_in_html(client: httpx.Client, address: str) -> None:
    """With a stack trace, as production shows its own mistakes."""
    answer = client.get(address)
    assert answer.status_code == 500
    assert answer.headers["content-type"].startswith("text/html")
    assert "Traceback" in answer.text


def test_addresses_ignore_case_and_take_post(client: httpx.Client) -> None:
    """Both are true of production."""
    assert len(client.post("/V1/Meetings?Year=2024").json()) == 25


def test_no_answer_says_how_long_it_may_be_kept(client: httpx.Client) -> None:
    """No ETag, no Last-Modified, no Cache-Control, no word on the rate either."""
    headers = set(client.get("/v1/meetings").headers)
    assert headers == {"date", "server", "content-length", "content-type"}


def test_the_fourth_request_of_a_second_is_429() -> None:
    """Production's body, and a Retry-After of a minute."""
    with ReplayServer() as server, httpx.Client(base_url=server.url) as client:
        answers = [client.get("/v1/meetings") for _ in range(4)]
        assert [answer.status_code for answer in answers] == [200, 200, 200, 429]
        assert answers[3].headers["retry-after"] == "60"
        assert answers[3].json() == {
            "detail": "Rate limit exceeded. Max 3 requests/second.",
            "error": "Too Many Requests",
        }
        assert [request.status for request in server.requests] == [200, 200, 200, 429]


def test_a_subscriber_has_limits_of_their_own_twice_as_wide() -> None:
    """Six a minute with a token, even after the address has used up its three."""
    with ReplayServer(limits=Limits(0, 3)) as server, httpx.Client(base_url=server.url) as client:
        header = authorization(client)
        anonymous = [client.get("/v1/meetings").status_code for _ in range(3)]
        subscribed = [client.get("/v1/meetings", headers=header).status_code for _ in range(7)]
    assert anonymous == [200, 200, 429]  # /token was the first of the three
    assert subscribed == [200] * 6 + [429]


def test_a_live_session_locks_everybody_out_but_subscribers(
    replay: ReplayServer, client: httpx.Client
) -> None:
    """History included; the body is what tells it from a bad token."""
    replay.clock.set(DURING_THE_RACE)
    locked = client.get("/v1/meetings?year=2024")
    assert locked.status_code == 401
    assert locked.json()["detail"].startswith("Live F1 session in progress.")
    assert client.get("/v1/meetings", headers=authorization(client)).status_code == 200


def test_the_clock_can_be_given_from_the_start_and_moved_by_http() -> None:
    """Into the session, out of it, and back to the real time."""
    server = ReplayServer(limits=UNLIMITED, now=DURING_THE_RACE)
    with server, httpx.Client(base_url=server.url) as client:
        assert client.get("/v1/meetings").status_code == 401
        moved = client.post("/replay/clock", json={"now": "2024-03-02T17:31:00Z"})
        assert moved.json()["now"].startswith("2024-03-02T17:31:0")
        assert client.get("/v1/meetings").status_code == 200
        client.post("/replay/clock", json={"now": "2024-03-02T16:00:00Z"})
        assert client.get("/v1/meetings").status_code == 401
        client.post("/replay/clock", json={"now": None})
        assert client.get("/v1/meetings").status_code == 200


def test_latest_is_the_session_of_the_moment(replay: ReplayServer, client: httpx.Client) -> None:
    """By the replay's clock, from a minute before the start."""
    replay.clock.set(datetime(2024, 3, 2, 18, tzinfo=UTC))
    assert client.get("/v1/sessions?session_key=latest").json()[0]["session_key"] == 9472
    replay.clock.set(datetime(2023, 1, 1, tzinfo=UTC))
    assert client.get("/v1/sessions?session_key=latest").status_code == 404


def test_a_token_says_its_life_as_a_text_of_seconds(client: httpx.Client) -> None:
    """The shape of production's /token."""
    answer = client.post("/token", data={"username": "replay", "password": "replay"})
    body = answer.json()
    assert answer.status_code == 200
    assert (body["expires_in"], body["token_type"]) == ("3600", "bearer")
    assert body["access_token"]


def test_a_wrong_password_gets_no_token(client: httpx.Client) -> None:
    """401, and not the body of the lock-out."""
    answer = client.post("/token", data={"username": "replay", "password": "guess"})
    assert answer.status_code == 401
    assert "Live F1 session" not in answer.text


def test_an_expired_or_made_up_token_is_refused_at_any_time(
    replay: ReplayServer, client: httpx.Client
) -> None:
    """401 even outside a session, with its own body."""
    header = authorization(client)
    made_up = client.get("/v1/meetings", headers={"Authorization": "Bearer made-up"})
    replay.clock.set(datetime(2099, 1, 1, tzinfo=UTC))
    expired = client.get("/v1/meetings", headers=header)
    assert made_up.status_code == expired.status_code == 401
    assert made_up.json() == expired.json() == {"detail": "Invalid or expired token."}


def test_rows_can_be_changed_while_it_serves() -> None:
    """A session moves, a meeting is cancelled, and a collection is replaced."""
    with ReplayServer(limits=UNLIMITED) as server, httpx.Client(base_url=server.url) as client:
        moved = {"date_start": "2024-03-02T18:00:00+00:00", "date_end": "2024-03-02T20:00:00+00:00"}
        change = {"where": {"session_key": 9472}, "values": moved}
        assert client.put("/replay/rows/sessions", json=change).json() == {"met": 1, "rows": 123}
        assert client.get("/v1/sessions?session_key=9472").json()[0].items() >= moved.items()
        cancel = {"where": {"meeting_key": 1229}, "values": {"is_cancelled": True}}
        assert client.put("/replay/rows/sessions", json=cancel).json()["met"] == 5
        shrink = {"where": {"meeting_key": 1229}, "remove": True}
        assert client.put("/replay/rows/drivers", json=shrink).json()["met"] == 100
        assert client.get("/v1/drivers?meeting_key=1229").status_code == 404
        entry = {"meeting_key": 1229, "session_key": 9472, "driver_number": 1}
        assert client.put("/replay/rows/drivers", json=[entry]).json()["rows"] == 1
        assert client.get("/v1/drivers").json() == [entry]


@pytest.mark.parametrize(
    ("method", "address", "body", "status"),
    [
        ("PUT", "/replay/rows/laps", [], 404),
        ("PUT", "/replay/rows/drivers", [{"driver_number": 1}], 400),
        ("PUT", "/replay/rows/drivers", {"were": {}}, 400),
        ("POST", "/replay/clock", {"now": "2024-03-02T15:00:00"}, 400),
        ("POST", "/replay/faults", {"kind": "earthquake"}, 400),
    ],
)
def test_a_mistaken_control_request_is_refused_with_its_reason(
    client: httpx.Client, method: str, address: str, body: object, status: int
) -> None:
    """Nothing is half taken."""
    answer = client.request(method, address, json=body)
    assert answer.status_code == status
    assert answer.json()["detail"]


def test_requests_are_noted_but_not_those_of_control(
    replay: ReplayServer, client: httpx.Client
) -> None:
    """In order, with their query as it came; the notes can be read and cleared over HTTP."""
    client.get("/v1/sessions?meeting_key=1229")
    client.get("/v1/laps")
    notes = client.get("/replay/requests").json()
    assert [(note["method"], note["path"], note["query"], note["status"]) for note in notes] == [
        ("GET", "/v1/sessions", "meeting_key=1229", 200),
        ("GET", "/v1/laps", "", 404),
    ]
    assert notes[0]["at"] <= notes[1]["at"]
    client.delete("/replay/requests")
    assert replay.requests == []


def test_control_is_not_limited() -> None:
    """However often it is asked."""
    with ReplayServer(limits=Limits(1, 1)) as server, httpx.Client(base_url=server.url) as client:
        assert {client.get("/replay/faults").status_code for _ in range(5)} == {200}


def test_a_taken_port_is_an_error(replay: ReplayServer) -> None:
    """Rather than a second server nobody reaches."""
    port = int(replay.url.rsplit(":", 1)[1])
    with pytest.raises(OSError, match="in use"), ReplayServer(port=port):
        pass
