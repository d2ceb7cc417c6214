"""Asking the wiki: a page, nothing, or where it has moved to; all else is word to the gate."""

from collections.abc import Iterator
from urllib.parse import parse_qs, urlsplit

import pytest
from pytest_httpx import HTTPXMock

from ingestion_core.errors import SourceFailing, SourceRefused
from ingestion_core.sources.http import HttpClient
from ingestion_core.sources.thethirdturn.client import Wiki
from ingestion_core.sources.thethirdturn.revisions import Told
from tests.support.gates import ENTERED, OpenGate

BASE = "https://wiki.test"
AGENT = "parcferme-ingestion/1 (+https://example.org/contact)"
HTML = {"content-type": "text/html; charset=UTF-8"}


@pytest.fixture
def gate() -> OpenGate:
    """An open gate."""
    return OpenGate()


@pytest.fixture
def wiki(gate: OpenGate) -> Iterator[Wiki]:
    """The wiki."""
    opened = Wiki(HttpClient(gate, timeout=20, user_agent=AGENT), BASE)
    yield opened
    opened.close()


def test_a_page_is_asked_for_by_its_title_and_comes_as_bytes(
    wiki: Wiki, gate: OpenGate, httpx_mock: HTTPXMock
) -> None:
    """Signs of a title that mean something in an address are encoded; we say who asks."""
    httpx_mock.add_response(
        url=f"{BASE}/wiki/Lantern_Cup:1962-01_%3F", html="<p>page</p>", headers=HTML
    )
    reply = wiki.page("Lantern_Cup:1962-01_?")
    assert (reply.body, reply.status, reply.moved_to) == (b"<p>page</p>", 200, None)
    assert reply.observed_at == ENTERED
    assert gate.told == ["well"]
    (asked,) = httpx_mock.get_requests()
    assert asked.headers["user-agent"] == AGENT
    assert asked.headers["accept"] == "text/html"


@pytest.mark.parametrize("status", [404, 410])
def test_a_page_that_nobody_wrote_is_an_answer(
    wiki: Wiki, gate: OpenGate, httpx_mock: HTTPXMock, status: int
) -> None:
    """Not a failure of the source, and the text that stands in for it is no page."""
    httpx_mock.add_response(status_code=status, html="<p>no text</p>")
    reply = wiki.page("Nobody")
    assert (reply.body, reply.moved_to, reply.status) == (None, None, status)
    assert gate.told == ["well"]


@pytest.mark.parametrize(
    ("location", "moved_to"),
    [
        ("/wiki/Ada_Record", "Ada_Record"),
        (f"{BASE}/wiki/Caf%C3%A9_Cup", "Café_Cup"),
        ("Ada_Record", "Ada_Record"),
    ],
)
def test_a_page_that_has_moved_tells_where_to(
    wiki: Wiki, gate: OpenGate, httpx_mock: HTTPXMock, location: str, moved_to: str
) -> None:
    """On this host, by title, once: whoever asked decides whether to go there."""
    httpx_mock.add_response(status_code=301, headers={"location": location})
    reply = wiki.page("A._Record")
    assert (reply.body, reply.moved_to) == (None, moved_to)
    assert (gate.entered, gate.told) == (1, ["well"])


@pytest.mark.parametrize(
    "location",
    [
        "https://elsewhere.test/wiki/Ada_Record",
        f"{BASE}:444/wiki/Ada_Record",
        "/w/index.php?title=Special:UserLogin",
        "/wiki/A._Record",
        "/wiki/",
        "https://[",
        None,
    ],
)
def test_nobody_leads_us_elsewhere(
    wiki: Wiki, gate: OpenGate, httpx_mock: HTTPXMock, location: str | None
) -> None:
    """Another host, no page, or the same page again: a fault of the source."""
    headers = {"location": location} if location else {}
    httpx_mock.add_response(status_code=302, headers=headers)
    with pytest.raises(SourceFailing, match="http-302"):
        wiki.page("A._Record")
    assert gate.told == ["http-302"]


@pytest.mark.parametrize(
    ("status", "headers", "why"),
    [
        (403, HTML, "http-403"),
        (400, HTML, "http-400"),
        (500, HTML, "http-500"),
        (200, {"content-type": "application/json"}, "not-html"),
    ],
)
def test_what_is_no_page_is_the_sources_fault(
    wiki: Wiki,
    gate: OpenGate,
    httpx_mock: HTTPXMock,
    status: int,
    headers: dict[str, str],
    why: str,
) -> None:
    """It comes again later, and the gate closes for growing pauses meanwhile."""
    httpx_mock.add_response(status_code=status, headers=headers, content=b"{}")
    with pytest.raises(SourceFailing, match=why):
        wiki.page("Ada_Record")
    assert gate.told == [why]


def test_too_many_requests_are_the_sources_word(
    wiki: Wiki, gate: OpenGate, httpx_mock: HTTPXMock
) -> None:
    """For as long as it says."""
    httpx_mock.add_response(status_code=429, headers={"retry-after": "7"})
    with pytest.raises(SourceRefused):
        wiki.page("Ada_Record")
    assert gate.waits == [7]


def test_robots_txt_is_asked_for_and_kept_as_text(wiki: Wiki, httpx_mock: HTTPXMock) -> None:
    """Whatever its bytes: no text of ours may hold a NUL."""
    httpx_mock.add_response(
        url=f"{BASE}/robots.txt", content=b"\xef\xbb\xbfUser-agent: *\n\0\xff\n"
    )
    found = wiki.robots()
    assert (found.status, found.text) == (200, "User-agent: *\n�\n")


def test_revisions_of_many_pages_are_one_question(wiki: Wiki, httpx_mock: HTTPXMock) -> None:
    """By their titles as shown; whoever is not spoken of is not in the answer."""
    httpx_mock.add_response(
        json={
            "query": {
                "pages": [
                    {"title": "Ada Record", "lastrevid": 70},
                    {"title": "Nobody", "missing": True},
                ]
            }
        }
    )
    found = wiki.revisions(("Ada_Record", "Nobody", "Third"))
    assert found.told == {"Ada_Record": Told(None, 70), "Nobody": Told(None, None)}
    (asked,) = httpx_mock.get_requests()
    assert asked.url.path == "/w/api.php"
    assert parse_qs(urlsplit(str(asked.url)).query)["titles"] == ["Ada Record|Nobody|Third"]


@pytest.mark.parametrize("status", [301, 403, 404])
def test_where_the_api_is_closed_to_us_it_says_nothing(
    wiki: Wiki, httpx_mock: HTTPXMock, status: int
) -> None:
    """No failure: each page tells of itself."""
    httpx_mock.add_response(status_code=status, html="<p>no</p>")
    found = wiki.revisions(("Ada_Record",))
    assert (found.status, found.told) == (status, None)


@pytest.mark.parametrize(
    "body", [b"<html>", b"[]", b'{"error": {"code": "readapidenied"}}', b'{"query": {"pages": {}}}']
)
def test_an_answer_of_another_shape_says_nothing_either(
    wiki: Wiki, httpx_mock: HTTPXMock, body: bytes
) -> None:
    """An error of this API has status 200."""
    httpx_mock.add_response(content=body)
    assert wiki.revisions(("Ada_Record",)).told is None
