"""The one HTTP client: every exchange ends as a whole answer, or as word to the source's gate."""

import gzip
import itertools
import time
import tracemalloc
import zlib
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pytest_httpx import HTTPXMock, IteratorStream

from ingestion_core.errors import SourceFailing, SourceRefused
from ingestion_core.sources import http
from ingestion_core.sources.http import Answer, HttpClient, retry_after_seconds
from tests.support.fuzzing import fuzzed
from tests.support.gates import ENTERED, OpenGate

URL = "https://source.test/v1/meetings?year=2024"
NOW = datetime(2024, 3, 1, 12, tzinfo=UTC)


@pytest.fixture
def gate() -> OpenGate:
    """An open gate."""
    return OpenGate()


@pytest.fixture
def client(gate: OpenGate) -> Iterator[HttpClient]:
    """A client with a generous deadline."""
    opened = HttpClient(gate, timeout=20, user_agent="tests")
    yield opened
    opened.close()


def test_content_comes_whole_with_when_it_was_asked_for(
    client: HttpClient, gate: OpenGate, httpx_mock: HTTPXMock
) -> None:
    """Status, type, body, and the moment at which the gate let the request in."""
    httpx_mock.add_response(url=URL, json=[{"meeting_key": 1229}])
    answer = client.get(URL)
    assert (answer.status, answer.content_type) == (200, "application/json")
    assert answer.json() == [{"meeting_key": 1229}]
    assert answer.observed_at == ENTERED
    assert gate.entered == 1


def test_the_gate_hears_that_the_source_is_well_from_whoever_understood_the_answer(
    client: HttpClient, gate: OpenGate, httpx_mock: HTTPXMock
) -> None:
    """A page of HTML with status 200 must not end the growing pauses between failures."""
    httpx_mock.add_response(html="<h1>Maintenance</h1>")
    answer = client.get(URL)
    assert gate.told == []
    client.understood(answer)
    assert gate.told == ["well"]
    assert gate.seconds == [answer.seconds]


def test_a_request_names_us_and_carries_its_token(
    client: HttpClient, httpx_mock: HTTPXMock
) -> None:
    """The source can tell who asks; without a token there is no such header."""
    httpx_mock.add_response(is_reusable=True)
    client.get(URL, "a-token")
    client.get(URL)
    with_token, without = httpx_mock.get_requests()
    assert with_token.headers["authorization"] == "Bearer a-token"
    assert with_token.headers["user-agent"] == "tests"
    assert "authorization" not in without.headers


def test_a_form_is_posted_through_the_gate(
    client: HttpClient, gate: OpenGate, httpx_mock: HTTPXMock
) -> None:
    """Asking for a token costs a turn like everything else."""
    httpx_mock.add_response(method="POST", url="https://source.test/token", json={})
    client.post_form("https://source.test/token", {"username": "me", "password": "x&y"})
    sent = httpx_mock.get_requests()[0]
    assert sent.content == b"username=me&password=x%26y"
    assert gate.entered == 1


@pytest.mark.parametrize(
    ("retry_after", "seconds"),
    [
        ("7", 7),
        ("0", 0),
        (None, 60),
        ("-5", 60),
        ("", 60),
        ("soon", 60),
        ("1.5", 60),
        ("٣", 60),
        ("Fri, 31 Dec 99999999999999999999 23:59:59 GMT", 60),
        ("Fri, 31 Dec 2100 23:59:59 +999999999999999", 60),
        ("Thu, 01 Jan 1970 00:00:00 GMT", 60),
    ],
)
def test_429_closes_the_gate_for_as_long_as_the_answer_asks(
    client: HttpClient,
    gate: OpenGate,
    httpx_mock: HTTPXMock,
    retry_after: str | None,
    seconds: float,
) -> None:
    """Where the wish can't be read, it is what OpenF1 usually asks for: a minute."""
    headers = {} if retry_after is None else {"Retry-After": retry_after.encode()}
    httpx_mock.add_response(status_code=429, headers=headers)
    with pytest.raises(SourceRefused) as refused:
        client.get(URL)
    assert gate.waits == [seconds]
    assert not refused.value.counts, "the source's state costs the item no attempt"


def test_a_huge_retry_after_is_a_huge_number(
    client: HttpClient, gate: OpenGate, httpx_mock: HTTPXMock
) -> None:
    """How long is too long is the gate's to say; here it only must not be lost."""
    httpx_mock.add_response(status_code=429, headers={"Retry-After": "9" * 400})
    with pytest.raises(SourceRefused):
        client.get(URL)
    assert gate.waits[0] > 900


@pytest.mark.parametrize("ahead", [1, 90, 86400])
def test_a_retry_after_may_be_a_date(ahead: int) -> None:
    """The other form of RFC 9110."""
    moment = NOW + timedelta(seconds=ahead)
    assert retry_after_seconds(format_datetime(moment, usegmt=True), NOW) == ahead


@fuzzed()
@given(st.text())
def test_any_retry_after_is_understood_as_something(text: str) -> None:
    """No header of a stranger ends in an exception, and none asks for negative time."""
    assert retry_after_seconds(text, NOW) >= 0


@pytest.mark.parametrize("status", [500, 502, 503, 504])
def test_5xx_fails_whatever_its_body(
    client: HttpClient, gate: OpenGate, httpx_mock: HTTPXMock, status: int
) -> None:
    """Error pages are HTML; the item pays an attempt for them."""
    httpx_mock.add_response(status_code=status, html="<html>bad gateway</html>")
    with pytest.raises(SourceFailing) as failing:
        client.get(URL)
    assert gate.told == [f"http-{status}"]
    assert failing.value.counts


@pytest.mark.parametrize("status", [301, 302, 307, 308])
def test_a_redirect_is_not_followed(
    client: HttpClient, gate: OpenGate, httpx_mock: HTTPXMock, status: int
) -> None:
    """It would lead the token to a stranger."""
    httpx_mock.add_response(status_code=status, headers={"Location": "https://stranger.test/"})
    with pytest.raises(SourceFailing):
        client.get(URL, "a-token")
    assert gate.told == [f"http-{status}"]
    assert len(httpx_mock.get_requests()) == 1


@pytest.mark.parametrize("status", [400, 401, 404, 422])
def test_other_answers_are_for_the_source_to_judge(
    client: HttpClient, gate: OpenGate, httpx_mock: HTTPXMock, status: int
) -> None:
    """404 is emptiness to one source and a mistake to another."""
    httpx_mock.add_response(status_code=status, json={"detail": "x"})
    assert client.get(URL).status == status
    assert gate.told == []


@pytest.mark.parametrize(
    ("error", "why"),
    [
        (httpx.ConnectTimeout("slow"), "timeout"),
        (httpx.ReadTimeout("slow"), "timeout"),
        (httpx.PoolTimeout("slow"), "timeout"),
        (httpx.ConnectError("refused"), "connection"),
        (httpx.RemoteProtocolError("cut"), "connection"),
        (httpx.ReadError("reset"), "connection"),
    ],
)
def test_a_broken_exchange_is_a_failure_of_the_source(
    client: HttpClient, gate: OpenGate, httpx_mock: HTTPXMock, error: Exception, why: str
) -> None:
    """Timeouts and broken connections close the gate for a while."""
    httpx_mock.add_exception(error)
    with pytest.raises(SourceFailing):
        client.get(URL)
    assert gate.told == [why]


def test_a_body_over_the_cap_is_refused_before_it_is_read(
    client: HttpClient, gate: OpenGate, httpx_mock: HTTPXMock
) -> None:
    """An endless body costs no more memory than the cap."""
    sent = 0

    def endless() -> Iterator[bytes]:
        nonlocal sent
        while True:
            sent += 1
            yield bytes(2**20)

    httpx_mock.add_response(stream=IteratorStream(endless()))
    with pytest.raises(SourceFailing):
        client.get(URL)
    assert gate.told == ["body-too-large"]
    assert sent * 2**20 <= http.MAX_BODY + 2**20


def test_a_body_of_exactly_the_cap_is_read(client: HttpClient, httpx_mock: HTTPXMock) -> None:
    """The cap itself is allowed."""
    httpx_mock.add_response(content=bytes(http.MAX_BODY))
    assert len(client.get(URL).body) == http.MAX_BODY


def compressed(body: bytes) -> Iterator[bytes]:
    """The gzip of a body, in the pieces in which a network brings it."""
    packed = gzip.compress(body)
    return (packed[at : at + 1000] for at in range(0, len(packed), 1000))


def test_a_packed_body_is_unpacked(client: HttpClient, httpx_mock: HTTPXMock) -> None:
    """OpenF1 packs what is large."""
    body = b'[{"meeting_key":1229}]' * 1000
    httpx_mock.add_response(
        headers={"Content-Encoding": "gzip"}, stream=IteratorStream(compressed(body))
    )
    assert client.get(URL).body == body


def test_a_bomb_is_refused_and_never_unpacked(
    client: HttpClient, gate: OpenGate, httpx_mock: HTTPXMock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A kilobyte that stands for a gigabyte ends at the cap."""
    monkeypatch.setattr(http, "MAX_BODY", 100_000)
    packer = zlib.compressobj(wbits=31)
    bomb = packer.compress(bytes(2**26)) + packer.flush()
    httpx_mock.add_response(headers={"Content-Encoding": "gzip"}, stream=IteratorStream([bomb]))
    tracemalloc.start()
    try:
        with pytest.raises(SourceFailing):
            client.get(URL)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert gate.told == ["body-too-large"]
    assert peak < 2**23, "64 MiB were packed"


@pytest.mark.parametrize("encoding", ["gzip, gzip", "br", "deflate", "zstd"])
def test_an_encoding_that_was_not_asked_for_is_refused(
    client: HttpClient, gate: OpenGate, httpx_mock: HTTPXMock, encoding: str
) -> None:
    """Twice packed, a bomb would be a million times its size."""
    httpx_mock.add_response(
        headers={"Content-Encoding": encoding}, stream=IteratorStream([b"packed"])
    )
    with pytest.raises(SourceFailing):
        client.get(URL)
    assert gate.told == ["content-encoding"]
    assert httpx_mock.get_requests()[0].headers["accept-encoding"] == "gzip"


@pytest.mark.parametrize(
    "broken",
    [b"no gzip at all", gzip.compress(b"[" * 5000)[:-9]],
    ids=["none", "cut off"],  # a gzip header holds the time: every worker would name it otherwise
)
def test_a_broken_packed_body_is_a_failure(
    client: HttpClient, gate: OpenGate, httpx_mock: HTTPXMock, broken: bytes
) -> None:
    """Half a list is no list."""
    httpx_mock.add_response(headers={"Content-Encoding": "gzip"}, stream=IteratorStream([broken]))
    with pytest.raises(SourceFailing):
        client.get(URL)
    assert gate.told == ["body-broken"]


def test_a_drip_ends_at_the_deadline(
    client: HttpClient, gate: OpenGate, httpx_mock: HTTPXMock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A byte now and then keeps every timeout between bytes from running out."""
    clock = itertools.count(0, 1.0)
    monkeypatch.setattr(time, "monotonic", lambda: next(clock))
    dripped = 0

    def drip() -> Iterator[bytes]:
        nonlocal dripped
        for _ in range(500):
            dripped += 1
            yield b" "

    httpx_mock.add_response(stream=IteratorStream(drip()))
    with pytest.raises(SourceFailing):
        client.get(URL)
    assert gate.told == ["timeout"]
    assert dripped <= 20, "one byte a second, and 20 seconds in all"


def test_no_url_is_no_fault_of_the_source(client: HttpClient, gate: OpenGate) -> None:
    """It takes no turn at the gate and closes nothing."""
    with pytest.raises(ValueError, match="no URL"):
        client.get("https://source.test:port/")
    assert gate.entered == 0
    assert gate.told == []


@pytest.mark.parametrize(
    "body",
    [b"", b"<html>", b"[1,", b"\xff\xfe[", b"[NaN]", b"[-Infinity]", b"[1e999]", b"[" * 10**5],
)
def test_what_is_no_json_is_a_value_error(body: bytes) -> None:
    """NaN and numbers beyond every float are none either: no JSON column takes them."""
    with pytest.raises(ValueError, match=r"."):
        Answer(200, "application/json", body, ENTERED).json()


def test_an_answer_never_shows_its_body() -> None:
    """A log line with an answer in it must not tell a result."""
    assert "secret" not in repr(Answer(200, "text/plain", b"secret", ENTERED))
