"""The one HTTP client: every request passes its source's gate, every answer is whole or a failure.

The only module that imports httpx.
"""

import functools
import json
import logging
import math
import ssl
import time
import zlib
from collections.abc import Callable, Iterator
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
#: How long something large may take, in seconds: well under what an invocation may.
DOWNLOAD_TIMEOUT = 300.0


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
    ``location``: where a redirect leads, as it was written.
    """

    status: int
    content_type: str
    body: bytes = field(repr=False)
    observed_at: datetime
    seconds: float = 0.0
    location: str | None = None

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


class Sink(Protocol):
    """Where a download goes; what it raises ends the exchange and is raised."""

    def write(self, data: bytes) -> object: ...


@dataclass(frozen=True, slots=True)
class Downloaded:
    """What came of a download: ``modified`` is when the source last changed it, if it says so."""

    status: int
    modified: datetime | None
    observed_at: datetime
    seconds: float


@functools.cache
def _trust() -> ssl.SSLContext:
    """Whom we trust, read once per process: it takes 60 ms, more than an answer."""
    return httpx.create_ssl_context()


class HttpClient:
    """GET and POST through a gate, with one deadline for the whole exchange.

    Redirects are not followed: no API of ours redirects, and a hijacked one must not lead us on.
    Whoever knows a source that moves its pages asks for them as answers, and decides.
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
            verify=_trust(),
        )

    def close(self) -> None:
        self._client.close()

    def get(
        self,
        url: str,
        token: str | None = None,
        *,
        accept: str | None = None,
        redirects: bool = False,
    ) -> Answer:
        """One GET, at our turn. Whoever understands the answer says so: ``understood``.

        Args:
            url: what to ask for.
            token: of a login.
            accept: the type of content, where it is not JSON.
            redirects: whether an answer that leads elsewhere is one.

        Raises:
            SourceClosed: our turn did not come.
            SourceRefused: 429; the gate is closed for as long as the answer asks.
            SourceFailing: 5xx, an unwanted redirect, a timeout, a broken or an oversized body.
            ValueError: ``url`` is no URL.
        """
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        if accept:
            headers["Accept"] = accept
        return self._exchange("GET", url, headers, None, redirects=redirects)

    def post_form(self, url: str, form: dict[str, str]) -> Answer:
        """One POST of a form; errors as in ``get``."""
        return self._exchange("POST", url, {}, form)

    def download(self, url: str, into: Sink, timeout: float = DOWNLOAD_TIMEOUT) -> Downloaded:
        """One GET of something large, written as it comes; of any answer but 200, nothing.

        How much may come is the sink's to say. ``timeout`` is for the whole of it, in seconds.

        Raises:
            as ``get``, and whatever ``into`` raises.
        """
        received: dict[str, str] = {}

        def receive(response: httpx.Response, deadline: float) -> bytes:
            received.update(response.headers)
            if response.status_code == HTTPStatus.OK:
                for part in self._parts(response, deadline):
                    into.write(part)
            return b""

        answer = self._exchange("GET", url, {"Accept": "*/*"}, None, receive, timeout)
        return Downloaded(
            status=answer.status,
            modified=_http_date(received.get("last-modified")),
            observed_at=answer.observed_at,
            seconds=answer.seconds,
        )

    def understood(self, answer: Answer | Downloaded) -> None:
        """Tell the gate that the source is well.

        Not told by the exchange itself: a page of HTML with status 200 is an exchange too, and
        must not end the growing pauses between failures.
        """
        self.gate.answered(answer.seconds)

    def _exchange(
        self,
        method: str,
        url: str,
        headers: dict[str, str],
        form: dict[str, str] | None,
        receive: Callable[[httpx.Response, float], bytes] | None = None,
        timeout: float | None = None,
        redirects: bool = False,
    ) -> Answer:
        try:
            request = self._client.build_request(method, url, headers=headers, data=form)
        except httpx.InvalidURL as error:
            raise ValueError(f"no URL: {error}") from None
        observed_at = self.gate.enter()
        began = time.monotonic()
        try:
            answer, retry_after = self._read(
                request, observed_at, began + (timeout or self._timeout), receive or self._body
            )
        except httpx.TimeoutException:
            raise self.gate.failed("timeout") from None
        except httpx.HTTPError:
            raise self.gate.failed("connection") from None
        if answer.status == HTTPStatus.TOO_MANY_REQUESTS:
            raise self.gate.told_to_wait(retry_after_seconds(retry_after))
        moved = 300 <= answer.status < 400
        if answer.status >= 500 or (moved and not redirects):
            raise self.gate.failed(f"http-{answer.status}")
        return answer

    def _read(
        self,
        request: httpx.Request,
        observed_at: datetime,
        deadline: float,
        receive: Callable[[httpx.Response, float], bytes],
    ) -> tuple[Answer, str | None]:
        began = time.monotonic()
        response = self._client.send(request, stream=True)
        try:
            body = receive(response, deadline)
        finally:
            response.close()
        answer = Answer(
            status=response.status_code,
            content_type=response.headers.get("content-type", ""),
            body=body,
            observed_at=observed_at,
            seconds=time.monotonic() - began,
            location=response.headers.get("location"),
        )
        return answer, response.headers.get("retry-after")

    def _body(self, response: httpx.Response, deadline: float) -> bytes:
        body = bytearray()
        for part in self._parts(response, deadline):
            body += part
            if len(body) > MAX_BODY:
                raise self.gate.failed("body-too-large")
        return bytes(body)

    def _parts(self, response: httpx.Response, deadline: float) -> Iterator[bytes]:
        """The body, unpacked here: httpx unpacks a chunk whole, however large that makes it."""
        encoding = response.headers.get("content-encoding", "identity").strip().lower()
        if encoding not in {"identity", "gzip"}:
            raise self.gate.failed("content-encoding")
        unpacker = zlib.decompressobj(wbits=31) if encoding == "gzip" else None
        began = False
        # As it comes, in no chunks of a size: those are filled first, by a drip for hours.
        for raw in response.iter_raw():
            try:
                while raw:
                    began = True
                    if unpacker is None:
                        yield raw
                        break
                    yield unpacker.decompress(raw, MAX_BODY + 1)
                    raw = unpacker.unconsumed_tail
            except zlib.error:
                raise self.gate.failed("body-broken") from None
            if time.monotonic() > deadline:
                # httpx's own timeouts are between bytes: a drip would never end.
                raise self.gate.failed("timeout")
        if unpacker and began and not unpacker.eof:
            raise self.gate.failed("body-broken")


def retry_after_seconds(value: str | None, now: datetime | None = None) -> float:
    """Seconds that a Retry-After asks for: a number or an HTTP date; 60 where it is neither."""
    if value is None:
        return DEFAULT_RETRY_AFTER
    text = value.strip()
    if text.isascii() and text.isdigit():
        return float(text[:9])
    moment = _http_date(text)
    if moment is None:
        return DEFAULT_RETRY_AFTER
    seconds = (moment - (now or datetime.now(UTC))).total_seconds()
    return seconds if seconds > 0 else DEFAULT_RETRY_AFTER


def _http_date(value: str | None) -> datetime | None:
    """An HTTP date, in UTC; None for what is none."""
    try:
        moment = parsedate_to_datetime(value) if value else None
        if moment is None:
            return None
        return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
    except (ValueError, OverflowError):
        return None


def _finite(text: str) -> float:
    number = float(text)
    if not math.isfinite(number):
        raise ValueError("a number beyond every float")
    return number


def _no_number(text: str) -> NoReturn:
    raise ValueError(f"{text} is no JSON")
