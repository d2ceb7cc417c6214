"""The one HTTP client: every request passes its source's gate, every answer is whole or a failure.

The only module that imports httpx.
"""

import json
import logging
import time
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Protocol

import httpx

from ingestion_core.errors import SourceFailing, SourceRefused

log = logging.getLogger(__name__)

#: No answer of any source is near this; a larger one is refused before it fills the memory.
MAX_BODY = 10 * 1024 * 1024
#: What a 429 without a readable Retry-After costs: what OpenF1's own asks for.
DEFAULT_RETRY_AFTER = 60.0


class Gate(Protocol):
    """A source's state (``ingestion_core.work.gate``). What it returns is raised by the caller."""

    def enter(self) -> datetime: ...
    def answered(self, seconds: float) -> None: ...
    def told_to_wait(self, seconds: float) -> SourceRefused: ...
    def locked_out(self) -> SourceRefused: ...
    def rejected(self) -> SourceRefused: ...
    def failed(self, why: str) -> SourceFailing: ...


@dataclass(frozen=True, slots=True)
class Answer:
    """A whole answer. ``observed_at``: when it was asked for, by the database's clock."""

    status: int
    content_type: str
    body: bytes = field(repr=False)
    observed_at: datetime

    def json(self) -> object:
        """The body as JSON.

        Raises:
            ValueError: it is none, whatever the content type says.
        """
        return json.loads(self.body)


class HttpClient:
    """GET and POST through a gate, with one deadline for the whole exchange.

    Redirects are not followed: no API of ours redirects, and a hijacked one must not lead us on.
    """

    def __init__(
        self,
        gate: Gate,
        timeout: float,
        user_agent: str,
        transport: httpx.BaseTransport | None = None,
    ) -> None:
        self.gate = gate
        self._timeout = timeout
        self._client = httpx.Client(
            timeout=httpx.Timeout(timeout, connect=min(timeout, 10)),
            headers={"User-Agent": user_agent, "Accept": "application/json"},
            follow_redirects=False,
            transport=transport,
        )

    def close(self) -> None:
        self._client.close()

    def get(self, url: str, token: str | None = None) -> Answer:
        """One GET, at our turn.

        Raises:
            SourceClosed: our turn did not come.
            SourceRefused: 429; the gate is closed for as long as the answer asks.
            SourceFailing: 5xx, a redirect, a timeout, a broken or an oversized body.
        """
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        return self._exchange(self._client.build_request("GET", url, headers=headers))

    def post_form(self, url: str, form: dict[str, str]) -> Answer:
        """One POST of a form; errors as in ``get``."""
        return self._exchange(self._client.build_request("POST", url, data=form))

    def _exchange(self, request: httpx.Request) -> Answer:
        observed_at = self.gate.enter()
        began = time.monotonic()
        try:
            answer, retry_after = self._read(request, observed_at, began + self._timeout)
        except httpx.TimeoutException:
            raise self.gate.failed("timeout") from None
        except (httpx.HTTPError, httpx.InvalidURL):
            raise self.gate.failed("connection") from None
        if answer.status == 429:
            raise self.gate.told_to_wait(retry_after_seconds(retry_after))
        if answer.status >= 500 or 300 <= answer.status < 400:
            raise self.gate.failed(f"http-{answer.status}")
        self.gate.answered(time.monotonic() - began)
        return answer

    def _read(
        self, request: httpx.Request, observed_at: datetime, deadline: float
    ) -> tuple[Answer, str | None]:
        response = self._client.send(request, stream=True)
        try:
            body = bytearray()
            for chunk in response.iter_bytes(64 * 1024):
                body += chunk
                if len(body) > MAX_BODY:
                    raise self.gate.failed("body-too-large")
                if time.monotonic() > deadline:
                    # httpx's own timeouts are between bytes: a drip would never end.
                    raise self.gate.failed("timeout")
        finally:
            response.close()
        answer = Answer(
            status=response.status_code,
            content_type=response.headers.get("content-type", ""),
            body=bytes(body),
            observed_at=observed_at,
        )
        return answer, response.headers.get("retry-after")


def retry_after_seconds(value: str | None, now: datetime | None = None) -> float:
    """Seconds that a Retry-After asks for: a number or an HTTP date; 60 where it is neither."""
    if value is None:
        return DEFAULT_RETRY_AFTER
    text = value.strip()
    if text.isascii() and text.isdigit():
        return float(text[:9])
    try:
        moment = parsedate_to_datetime(text)
    except ValueError:
        return DEFAULT_RETRY_AFTER
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    seconds = (moment - (now or datetime.now(UTC))).total_seconds()
    return seconds if seconds > 0 else DEFAULT_RETRY_AFTER
