"""What goes over the wire: production's answers, and the ways in which a fault spoils them."""

import asyncio
import zlib
from collections.abc import AsyncIterator, Sequence

from starlette.responses import (
    HTMLResponse,
    JSONResponse,
    PlainTextResponse,
    RedirectResponse,
    Response,
    StreamingResponse,
)
from starlette.types import Receive, Scope, Send

from local.replay.faults import Fault
from local.replay.rows import Row

TRANSPORT = "transport"
"""Where the server leaves the transport of a connection in the state of its requests."""

LOCKED = (
    "Live F1 session in progress. Global API access (including past sessions) is restricted to "
    "authenticated users until the session ends."
)
NGINX_PHRASES = {
    502: "Bad Gateway",
    503: "Service Temporarily Unavailable",
    504: "Gateway Time-out",
}
DRIPS = 20
MEBIBYTE = 1 << 20


def rows_found(rows: Sequence[Row]) -> Response:
    """200 with the rows, or production's 404 for none."""
    return JSONResponse(rows) if rows else nothing_found()


def nothing_found() -> Response:
    """The one answer for an empty result, an unknown endpoint and an unknown field."""
    return JSONResponse({"detail": "No results found."}, 404)


def too_many(detail: str, retry_after: str | None) -> Response:
    """429; production names the limit in `detail`."""
    headers = None if retry_after is None else {"Retry-After": retry_after}
    return JSONResponse({"detail": detail, "error": "Too Many Requests"}, 429, headers)


def locked() -> Response:
    """401 while a session is live."""
    return JSONResponse({"detail": LOCKED}, 401)


def bad_token() -> Response:
    """401 for a token that is unknown or too old; only the body tells it from the lock-out."""
    return JSONResponse({"detail": "Invalid or expired token."}, 401)


def stack_trace(error: str) -> Response:
    """500 the way the application shows its own mistakes."""
    trace = f"Traceback (most recent call last):\n  ...\nValueError: {error}"
    return HTMLResponse(f"<h1>An error occurred</h1><pre>{trace}</pre>", 500)


def error_page(status: int) -> Response:
    """The HTML of nginx where nginx answers, else the application's."""
    if status not in NGINX_PHRASES:
        response = stack_trace("fault switched on")
        response.status_code = status
        return response
    title = f"{status} {NGINX_PHRASES[status]}"
    return HTMLResponse(
        f"<html>\r\n<head><title>{title}</title></head>\r\n<body>\r\n"
        f"<center><h1>{title}</h1></center>\r\n<hr><center>nginx</center>\r\n</body>\r\n</html>\r\n",
        status,
    )


def spoiled(fault: Fault, right: Response) -> Response:
    """What `fault` makes of the `right` answer."""
    match fault.kind:
        case "status":
            return error_page(fault.status)
        case "upstream_timeout":
            return PlainTextResponse("upstream request timeout", 504)
        case "html":
            return HTMLResponse("<html><body><h1>Welcome</h1></body></html>")
        case "empty_list":
            return JSONResponse([])
        case "not_found":
            return nothing_found()
        case "too_many":
            return too_many("Rate limit exceeded. Max 3 requests/second.", fault.retry_after)
        case "delay":
            return Late(right, fault.seconds)
        case "drip":
            return _like(right, _dripping(bytes(right.body), fault.seconds))
        case "truncated":
            return Truncated(bytes(right.body), right.status_code, right.headers)
        case "wrong_type":
            right.headers["content-type"] = fault.content_type
            return right
        case "redirect":
            return RedirectResponse(fault.url, 302)
        case "gzip_bomb":
            return StreamingResponse(
                _bomb(fault.size),
                media_type="application/json",
                headers={"Content-Encoding": "gzip"},
            )
        case "drop":
            return Dropped()


class Late(Response):
    """Another response, after a while."""

    def __init__(self, right: Response, seconds: float) -> None:
        super().__init__(status_code=right.status_code)
        self._right = right
        self._seconds = seconds

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await asyncio.sleep(self._seconds)
        await self._right(scope, receive, send)


class Truncated(Response):
    """All the headers, half the body, then the end of the connection."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await send(
            {"type": "http.response.start", "status": self.status_code, "headers": self.raw_headers}
        )
        half = bytes(self.body[: len(self.body) // 2])
        await send({"type": "http.response.body", "body": half, "more_body": True})
        scope["state"][TRANSPORT].close()  # after what is still to be sent
        await _disconnected(receive)


class Dropped(Response):
    """No answer, only the end of the connection."""

    async def __call__(self, scope: Scope, receive: Receive, _send: Send) -> None:
        scope["state"][TRANSPORT].abort()
        await _disconnected(receive)


async def _disconnected(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass


def _like(right: Response, body: AsyncIterator[bytes]) -> Response:
    return StreamingResponse(body, right.status_code, dict(right.headers))


async def _dripping(body: bytes, seconds: float) -> AsyncIterator[bytes]:
    step = max(1, -(-len(body) // DRIPS))
    for start in range(0, len(body), step):
        yield body[start : start + step]
        await asyncio.sleep(seconds / DRIPS)


async def _bomb(size: int) -> AsyncIterator[bytes]:
    """A JSON list of nothing but `size` - 2 spaces, packed a thousand to one."""
    packer = zlib.compressobj(level=9, wbits=31)
    yield packer.compress(b"[")
    for start in range(0, size - 2, MEBIBYTE):
        yield packer.compress(b" " * min(MEBIBYTE, size - 2 - start))
        await asyncio.sleep(0)  # other requests go on meanwhile
    yield packer.compress(b"]") + packer.flush()
