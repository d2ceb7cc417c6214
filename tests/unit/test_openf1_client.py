"""Asking OpenF1: rows, emptiness, or word to the gate; nothing in between."""

import time
from collections.abc import Iterator

import pytest
from pydantic import SecretStr
from pytest_httpx import HTTPXMock

from ingestion_core.errors import SourceFailing, SourceRefused
from ingestion_core.sources.http import HttpClient
from ingestion_core.sources.openf1.client import Endpoint, OpenF1, digest_of
from tests.support.gates import ENTERED, OpenGate

BASE = "https://api.openf1.org"
MEETINGS = f"{BASE}/v1/meetings?year=2024"
TOKEN = f"{BASE}/token"
LOCKED_OUT = [
    "Live F1 session in progress. Global API access (including past sessions) is restricted.",
    "Session in progress, access is restricted to authenticated users.",
]


@pytest.fixture
def gate() -> OpenGate:
    """An open gate."""
    return OpenGate()


@pytest.fixture
def http(gate: OpenGate) -> Iterator[HttpClient]:
    """The client under OpenF1's."""
    opened = HttpClient(gate, timeout=20, user_agent="tests")
    yield opened
    opened.close()


@pytest.fixture
def openf1(http: HttpClient) -> OpenF1:
    """OpenF1 without a login."""
    return OpenF1(http, BASE)


@pytest.fixture
def sponsor(http: HttpClient) -> OpenF1:
    """OpenF1 with a login."""
    return OpenF1(http, BASE, "me@example.org", SecretStr("hunter2"))


@pytest.mark.parametrize(
    ("endpoint", "field", "url"),
    [
        (Endpoint.MEETINGS, "year", f"{BASE}/v1/meetings?year=1229"),
        (Endpoint.MEETINGS, "meeting_key", f"{BASE}/v1/meetings?meeting_key=1229"),
        (Endpoint.SESSIONS, "meeting_key", f"{BASE}/v1/sessions?meeting_key=1229"),
        (Endpoint.DRIVERS, "meeting_key", f"{BASE}/v1/drivers?meeting_key=1229"),
    ],
)
def test_questions_are_one_endpoint_and_one_integer(
    openf1: OpenF1, httpx_mock: HTTPXMock, endpoint: Endpoint, field: str, url: str
) -> None:
    """The API guesses the types of all other values."""
    httpx_mock.add_response(url=url, json=[])
    reply = openf1.ask(endpoint, field, 1229)
    assert (reply.endpoint, reply.key) == (endpoint, "1229")


def test_no_endpoint_tells_a_result() -> None:
    """Whoever reads meetings can't read a classification by mistake."""
    assert {str(one) for one in Endpoint} == {"meetings", "sessions", "drivers"}


@pytest.mark.parametrize("base", [BASE, f"{BASE}/", f"{BASE}/v1", f"{BASE}/v1/"])
def test_the_address_is_understood_with_v1_and_without(
    http: HttpClient, httpx_mock: HTTPXMock, base: str
) -> None:
    """Both are written in OpenF1's documentation."""
    httpx_mock.add_response(url=MEETINGS, json=[])
    OpenF1(http, base).ask(Endpoint.MEETINGS, "year", 2024)


def test_rows_come_as_they_are(openf1: OpenF1, gate: OpenGate, httpx_mock: HTTPXMock) -> None:
    """Unread, with when they were asked for."""
    rows = [{"meeting_key": 1229, "anything": [1, None]}, {}]
    httpx_mock.add_response(url=MEETINGS, json=rows)
    reply = openf1.ask(Endpoint.MEETINGS, "year", 2024)
    assert list(reply.rows) == rows
    assert (reply.status, reply.observed_at, reply.empty) == (200, ENTERED, False)
    assert gate.told == ["well"]
    assert gate.entered == 1


@pytest.mark.parametrize(
    ("status", "body"),
    [
        (404, {"detail": "No results found."}),
        (200, {"detail": "No results found."}),
        (200, []),
    ],
)
def test_emptiness_is_an_answer(
    openf1: OpenF1, gate: OpenGate, httpx_mock: HTTPXMock, status: int, body: object
) -> None:
    """Production says 404, the open source an empty list, and both were seen mixed."""
    httpx_mock.add_response(url=MEETINGS, status_code=status, json=body)
    reply = openf1.ask(Endpoint.MEETINGS, "year", 2024)
    assert reply.empty
    assert reply.status == status
    assert gate.told == ["well"]


@pytest.mark.parametrize(
    ("status", "body", "why"),
    [
        (404, '{"detail":"Not Found"}', "http-404"),
        (404, "<html>No results found</html>", "http-404"),
        (404, "[]", "http-404"),
        (400, "{}", "http-400"),
        (403, "<html>", "http-403"),
        (422, '{"detail":"Failed to retrieve information."}', "http-422"),
        (200, "<!doctype html><title>Maintenance</title>", "not-json"),
        (200, "", "not-json"),
        (200, "upstream request timeout", "not-json"),
        (200, "[NaN]", "not-json"),
        (200, "[" * 5000, "not-json"),
        (200, '{"error":"Rate limit exceeded"}', "not-a-list"),
        (200, "null", "not-a-list"),
        (200, '[{"meeting_key":1}, 2]', "not-a-list"),
    ],
)
def test_what_is_no_answer_is_never_emptiness(
    openf1: OpenF1, gate: OpenGate, httpx_mock: HTTPXMock, status: int, body: str, why: str
) -> None:
    """A failure recorded as "nothing there" once cost 282 permanent gaps."""
    httpx_mock.add_response(url=MEETINGS, status_code=status, text=body)
    with pytest.raises(SourceFailing):
        openf1.ask(Endpoint.MEETINGS, "year", 2024)
    assert gate.told == [why], "and the gate never heard that the source is well"


@pytest.mark.parametrize("detail", LOCKED_OUT)
def test_a_live_session_locks_the_anonymous_out(
    openf1: OpenF1, gate: OpenGate, httpx_mock: HTTPXMock, detail: str
) -> None:
    """Told by the body, in this year's wording and last year's."""
    httpx_mock.add_response(url=MEETINGS, status_code=401, json={"detail": detail})
    with pytest.raises(SourceRefused):
        openf1.ask(Endpoint.MEETINGS, "year", 2024)
    assert gate.told == ["locked-out"]
    assert len(httpx_mock.get_requests()) == 1


def test_any_other_401_is_a_bad_login(
    openf1: OpenF1, gate: OpenGate, httpx_mock: HTTPXMock
) -> None:
    """It ends with no session."""
    httpx_mock.add_response(url=MEETINGS, status_code=401, json={"detail": "Invalid token"})
    with pytest.raises(SourceRefused):
        openf1.ask(Endpoint.MEETINGS, "year", 2024)
    assert gate.told == ["login-refused"]


def grant(httpx_mock: HTTPXMock, token: str, expires_in: object = "3600") -> None:
    """Have /token grant a token; the lifetime is a string upstream."""
    httpx_mock.add_response(
        method="POST",
        url=TOKEN,
        json={"expires_in": expires_in, "access_token": token, "token_type": "bearer"},
    )


def bearers(httpx_mock: HTTPXMock) -> list[str]:
    """The tokens that questions were sent with."""
    return [
        request.headers.get("authorization", "none").removeprefix("Bearer ")
        for request in httpx_mock.get_requests()
        if request.method == "GET"
    ]


@pytest.mark.parametrize("expires_in", ["3600", 3600])
def test_a_token_is_fetched_once_and_kept(
    sponsor: OpenF1, gate: OpenGate, httpx_mock: HTTPXMock, expires_in: object
) -> None:
    """One login an hour, each request of it at its turn."""
    grant(httpx_mock, "first", expires_in)
    httpx_mock.add_response(url=MEETINGS, json=[], is_reusable=True)
    sponsor.ask(Endpoint.MEETINGS, "year", 2024)
    sponsor.ask(Endpoint.MEETINGS, "year", 2024)
    assert bearers(httpx_mock) == ["first", "first"]
    assert gate.entered == 3
    login = httpx_mock.get_requests(method="POST")[0]
    assert login.content == b"username=me%40example.org&password=hunter2"


def test_a_token_is_renewed_a_minute_before_its_end(
    sponsor: OpenF1, httpx_mock: HTTPXMock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Not in the middle of a request."""
    now = 1000.0
    monkeypatch.setattr(time, "monotonic", lambda: now)
    grant(httpx_mock, "first")
    grant(httpx_mock, "second")
    httpx_mock.add_response(url=MEETINGS, json=[], is_reusable=True)
    sponsor.ask(Endpoint.MEETINGS, "year", 2024)
    now += 3600 - 61
    sponsor.ask(Endpoint.MEETINGS, "year", 2024)
    now += 2
    sponsor.ask(Endpoint.MEETINGS, "year", 2024)
    assert bearers(httpx_mock) == ["first", "first", "second"]


def test_a_revoked_token_is_renewed_once(
    sponsor: OpenF1, gate: OpenGate, httpx_mock: HTTPXMock
) -> None:
    """The question is asked again with a new one, and answered."""
    grant(httpx_mock, "first")
    grant(httpx_mock, "second")
    httpx_mock.add_response(url=MEETINGS, status_code=401, json={"detail": "Invalid token"})
    httpx_mock.add_response(url=MEETINGS, json=[{"meeting_key": 1}])
    assert not sponsor.ask(Endpoint.MEETINGS, "year", 2024).empty
    assert bearers(httpx_mock) == ["first", "second"]
    assert "login-refused" not in gate.told


def test_a_token_that_stays_refused_is_a_refusal(
    sponsor: OpenF1, gate: OpenGate, httpx_mock: HTTPXMock
) -> None:
    """Two questions, no third."""
    grant(httpx_mock, "first")
    grant(httpx_mock, "second")
    httpx_mock.add_response(
        url=MEETINGS, status_code=401, json={"detail": "Invalid token"}, is_reusable=True
    )
    with pytest.raises(SourceRefused):
        sponsor.ask(Endpoint.MEETINGS, "year", 2024)
    assert gate.told[-1] == "login-refused"
    assert len(bearers(httpx_mock)) == 2


def test_a_lock_out_renews_no_token(sponsor: OpenF1, gate: OpenGate, httpx_mock: HTTPXMock) -> None:
    """The token is not what is wrong."""
    grant(httpx_mock, "first")
    httpx_mock.add_response(url=MEETINGS, status_code=401, json={"detail": LOCKED_OUT[0]})
    with pytest.raises(SourceRefused):
        sponsor.ask(Endpoint.MEETINGS, "year", 2024)
    assert gate.told[-1] == "locked-out"


@pytest.mark.parametrize("status", [400, 401, 403, 404])
def test_a_refused_login_asks_no_question(
    sponsor: OpenF1, gate: OpenGate, httpx_mock: HTTPXMock, status: int
) -> None:
    """It is the source's state, not the message's."""
    httpx_mock.add_response(method="POST", url=TOKEN, status_code=status, json={"detail": "no"})
    with pytest.raises(SourceRefused):
        sponsor.ask(Endpoint.MEETINGS, "year", 2024)
    assert gate.told == ["login-refused"]


@pytest.mark.parametrize(
    "granted",
    [
        "<html>",
        "[]",
        "null",
        "{}",
        '{"access_token":"t"}',
        '{"access_token":null,"expires_in":"3600"}',
        '{"access_token":"t","expires_in":"soon"}',
        '{"access_token":"t","expires_in":-1}',
        '{"access_token":"t\\r\\nCookie: x","expires_in":3600}',
        '{"access_token":"","expires_in":3600}',
        '{"access_token":"\\u00e9","expires_in":3600}',
    ],
)
def test_an_unreadable_token_is_a_failure(
    sponsor: OpenF1, gate: OpenGate, httpx_mock: HTTPXMock, granted: str
) -> None:
    """No token but one that can stand in a header is used."""
    httpx_mock.add_response(method="POST", url=TOKEN, text=granted)
    with pytest.raises(SourceFailing):
        sponsor.ask(Endpoint.MEETINGS, "year", 2024)
    assert gate.told == ["token-unreadable"]


def test_a_token_endpoint_that_fails_is_a_failing_source(
    sponsor: OpenF1, gate: OpenGate, httpx_mock: HTTPXMock
) -> None:
    """/token answers 502 under load."""
    httpx_mock.add_response(method="POST", url=TOKEN, status_code=502, html="<html>")
    with pytest.raises(SourceFailing):
        sponsor.ask(Endpoint.MEETINGS, "year", 2024)
    assert gate.told == ["http-502"]


def test_a_digest_changes_with_the_content_alone() -> None:
    """Not with the order of a row's fields; with the order of rows it does."""
    assert digest_of([{"a": 1, "b": 2}]) == digest_of([{"b": 2, "a": 1}])
    assert digest_of([{"a": 1}]) != digest_of([{"a": 2}])
    assert digest_of([{"a": 1}, {"a": 2}]) != digest_of([{"a": 2}, {"a": 1}])
    assert digest_of([{"a": "\ud800"}])


def test_a_reply_never_shows_its_rows(openf1: OpenF1, httpx_mock: HTTPXMock) -> None:
    """Neither in a log line nor in a traceback."""
    httpx_mock.add_response(url=MEETINGS, json=[{"meeting_name": "secret"}])
    assert "secret" not in repr(openf1.ask(Endpoint.MEETINGS, "year", 2024))
