"""Asking the wiki: pages by their titles, robots.txt, and the revisions of many pages at once."""

from dataclasses import dataclass, field
from datetime import datetime
from http import HTTPStatus
from typing import Final
from urllib.parse import unquote, urljoin, urlsplit

from ingestion_core.sources.http import Answer, HttpClient
from ingestion_core.sources.thethirdturn import robots
from ingestion_core.sources.thethirdturn.page import address, key_of
from ingestion_core.sources.thethirdturn.revisions import Told, question, understand

_HTML: Final = "text/html"
_GONE: Final = (HTTPStatus.NOT_FOUND, HTTPStatus.GONE)


@dataclass(frozen=True, slots=True)
class Reply:
    """What was answered when a page was asked for: its body, where it has moved to, or neither."""

    key: str
    status: int
    observed_at: datetime
    body: bytes | None = field(default=None, repr=False)
    moved_to: str | None = None


@dataclass(frozen=True, slots=True)
class Robots:
    """robots.txt as it was answered."""

    status: int
    text: str
    observed_at: datetime


@dataclass(frozen=True, slots=True)
class Revisions:
    """What is said of the pages that were asked about; ``told`` None: the API does not answer us,
    whatever it was asked."""

    status: int
    observed_at: datetime
    told: dict[str, Told] | None


class Wiki:
    """The wiki behind one gate.

    Args:
        http: the client; its gate is the wiki's.
        base_url: ``https://www.thethirdturn.com``.
    """

    def __init__(self, http: HttpClient, base_url: str) -> None:
        self._http = http
        self._base = base_url.rstrip("/").removesuffix("/wiki")

    def close(self) -> None:
        """Let go of connections."""
        self._http.close()

    def robots(self) -> Robots:
        """Ask for robots.txt.

        Raises:
            SourceClosed, SourceRefused, SourceFailing: nothing was learnt; come again.
        """
        answer = self._http.get(self._base + robots.PATH, accept="text/plain")
        self._http.understood(answer)
        return Robots(answer.status, robots.text_of(answer.body), answer.observed_at)

    def page(self, key: str) -> Reply:
        """Ask for a page by its key.

        Raises:
            SourceClosed, SourceRefused, SourceFailing: nothing was learnt; come again.
        """
        answer = self._http.get(self._base + address(key), accept=_HTML, redirects=True)
        reply = self._reply(key, answer)
        self._http.understood(answer)
        return reply

    def revisions(self, keys: tuple[str, ...]) -> Revisions:
        """Ask which revisions the first of these pages have: those that fit into one request.

        Raises:
            SourceClosed, SourceRefused, SourceFailing: nothing was learnt; come again.
        """
        path, taken = question(keys)
        answer = self._http.get(self._base + path, redirects=True)
        told: dict[str, Told] | None = None
        if answer.status == HTTPStatus.OK:
            try:
                told = understand(answer.json(), taken)
            except ValueError:
                told = None
        self._http.understood(answer)
        return Revisions(answer.status, answer.observed_at, told)

    def _reply(self, key: str, answer: Answer) -> Reply:
        if answer.status in _GONE:
            return Reply(key, answer.status, answer.observed_at)
        if 300 <= answer.status < 400:
            moved_to = self._moved_to(key, answer.location)
            if moved_to is not None:
                return Reply(key, answer.status, answer.observed_at, moved_to=moved_to)
        if answer.status != HTTPStatus.OK:
            raise self._http.gate.failed(f"http-{answer.status}")
        if not answer.content_type.lower().startswith(_HTML):
            raise self._http.gate.failed("not-html")
        return Reply(key, answer.status, answer.observed_at, body=answer.body)

    def _moved_to(self, key: str, location: str | None) -> str | None:
        """The page of this wiki that a redirect leads to; None where it leads anywhere else."""
        try:
            here = urlsplit(self._base + "/wiki/")
            there = urlsplit(urljoin(self._base + address(key), location or ""))
        except ValueError:
            return None
        if there.netloc != here.netloc or not there.path.startswith(here.path):
            return None
        found = key_of(unquote(there.path.removeprefix(here.path)))
        return found if found != key else None
