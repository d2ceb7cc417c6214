"""The one HTTP client: every request passes its source's gate, every answer is whole or a failure.

The only module that imports httpx.
"""

import json
import logging
import math
import time
import zlib
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from http import HTTPStatus
from typing import NoReturn, Protocol

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
    """A whole answer.

    ``observed_at``: when it was asked for, by the database's clock. ``seconds``: how long it took.
    """

    status: int
    content_type: str
    body: bytes = field(repr=False)
    observed_at: datetime
    seconds: float = 0.0

    def json(self) -> object:
        """The body as JSON.

        Raises:
            ValueError: it is none, whatever the content type says. NaN and infinities are none
                either: no database column of JSON takes them.
        """
        try:
            return json.loads(self.body, parse_float=_finite, parse_constant=_no_number)
        except RecursionError:
            raise ValueError("nested too deeply") from None


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
            headers={
                "User-Agent": user_agent,
                "Accept": "application/json",
                "Accept-Encoding": "gzip",
            },
            follow_redirects=False,
            transport=transport,
        )

    def close(self) -> None:
        self._client.close()

    def get(self, url: str, token: str | None = None) -> Answer:
        """One GET, at our turn. Whoever understands the answer says so: ``understood``.

        Raises:
            SourceClosed: our turn did not come.
            SourceRefused: 429; the gate is closed for as long as the answer asks.
            SourceFailing: 5xx, a redirect, a timeout, a broken or an oversized body.
            ValueError: ``url`` is no URL.
        """
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        return self._exchange("GET", url, headers, None)

    def post_form(self, url: str, form: dict[str, str]) -> Answer:
        """One POST of a form; errors as in ``get``."""
        return self._exchange("POST", url, {}, form)

    def understood(self, answer: Answer) -> None:
        """Tell the gate that the source is well.

        Not told by the exchange itself: a page of HTML with status 200 is an exchange too, and
        must not end the growing pauses between failures.
        """
        self.gate.answered(answer.seconds)

    def _exchange(
        self, method: str, url: str, headers: dict[str, str], form: dict[str, str] | None
    ) -> Answer:
        try:
            request = self._client.build_request(method, url, headers=headers, data=form)
        except httpx.InvalidURL as error:
            raise ValueError(f"no URL: {error}") from None
        observed_at = self.gate.enter()
        began = time.monotonic()
        try:
            answer, retry_after = self._read(request, observed_at, began + self._timeout)
        except httpx.TimeoutException:
            raise self.gate.failed("timeout") from None
        except httpx.HTTPError:
            raise self.gate.failed("connection") from None
        if answer.status == HTTPStatus.TOO_MANY_REQUESTS:
            raise self.gate.told_to_wait(retry_after_seconds(retry_after))
        if answer.status >= 500 or 300 <= answer.status < 400:
            raise self.gate.failed(f"http-{answer.status}")
        return answer

    def _read(
        self, request: httpx.Request, observed_at: datetime, deadline: float
    ) -> tuple[Answer, str | None]:
        began = time.monotonic()
        response = self._client.send(request, stream=True)
        try:
            body = self._body(response, deadline)
        finally:
            response.close()
        answer = Answer(
            status=response.status_code,
            content_type=response.headers.get("content-type", ""),
            body=body,
            observed_at=observed_at,
            seconds=time.monotonic() - began,
        )
        return answer, response.headers.get("retry-after")

    def _body(self, response: httpx.Response, deadline: float) -> bytes:
        """The body, unpacked here: httpx unpacks a chunk whole, however large that makes it."""
        encoding = response.headers.get("content-encoding", "identity").strip().lower()
        if encoding not in {"identity", "gzip"}:
            raise self.gate.failed("content-encoding")
        unpacker = zlib.decompressobj(wbits=31) if encoding == "gzip" else None
        body = bytearray()
        # As it comes, in no chunks of a size: those are filled first, by a drip for hours.
        for raw in response.iter_raw():
            try:
                body += unpacker.decompress(raw, MAX_BODY + 1) if unpacker else raw
            except zlib.error:
                raise self.gate.failed("body-broken") from None
            if len(body) > MAX_BODY:
                raise self.gate.failed("body-too-large")
            if time.monotonic() > deadline:
                # httpx's own timeouts are between bytes: a drip would never end.
                raise self.gate.failed("timeout")
        if unpacker and body and not unpacker.eof:
            raise self.gate.failed("body-broken")
        return bytes(body)


def retry_after_seconds(value: str | None, now: datetime | None = None) -> float:
    """Seconds that a Retry-After asks for: a number or an HTTP date; 60 where it is neither."""
    if value is None:
        return DEFAULT_RETRY_AFTER
    text = value.strip()
    if text.isascii() and text.isdigit():
        return float(text[:9])
    try:
        moment = parsedate_to_datetime(text)
    except (ValueError, OverflowError):
        return DEFAULT_RETRY_AFTER
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    seconds = (moment - (now or datetime.now(UTC))).total_seconds()
    return seconds if seconds > 0 else DEFAULT_RETRY_AFTER


def _finite(text: str) -> float:
    number = float(text)
    if not math.isfinite(number):
        raise ValueError("a number beyond every float")
    return number


def _no_number(text: str) -> NoReturn:
    raise ValueError(f"{text} is no JSON")
