"""The replayed API itself: which answer a request gets."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import parse_qs

from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response

from local.replay import answers, query
from local.replay.limits import Limits, RollingWindows
from local.replay.lockout import TOKEN_LIFE, Clock, Tokens, is_locked, latest_keys
from local.replay.replayed import Replayed
from local.replay.rows import Rows


@dataclass(slots=True)
class Api(Replayed):
    """One running copy of the API: its rows, clock, limits, and what every source has."""

    rows: Rows
    limits: Limits = field(default_factory=Limits)
    clock: Clock = field(default_factory=Clock)
    tokens: Tokens = field(default_factory=Tokens)
    _clients: dict[str, RollingWindows] = field(default_factory=dict)

    def limited(self, request: Request) -> Response | None:
        """429 for too much from one client: whoever holds a good token, else an address."""
        limits, client = self.limits, request.client.host if request.client else ""
        if self._is_authorized(request):
            limits, client = limits.for_subscribers(), "subscriber"
        refusal = self._clients.setdefault(client, RollingWindows(limits)).refusal()
        return answers.too_many(refusal, str(limits.retry_after)) if refusal else None

    def found(self, request: Request, body: bytes) -> Response:
        """The rows asked for, a token, or why there are none."""
        if request.url.path == "/token":
            return self._token(request.method, body)
        if not self._is_authorized(request):
            if "authorization" in request.headers:
                return answers.bad_token()
            if is_locked(self.rows.of("sessions"), self.clock.now()):
                return answers.locked()
        return self._selected(request.url.path, request.url.query)

    def _selected(self, path: str, text: str) -> Response:
        if path == "/" and not text:
            return PlainTextResponse("Welcome to OpenF1!")
        address = re.fullmatch(r"/v1/(\w+)", path.lower())
        if address is None:
            return answers.stack_trace("Invalid route")
        try:
            conditions = query.parse(text, latest_keys(self.rows.of("sessions"), self.clock.now()))
        except query.QueryError as error:
            return answers.stack_trace(str(error))
        return answers.rows_found(query.select(self.rows.of(address[1]), conditions))

    def _is_authorized(self, request: Request) -> bool:
        scheme, _, token = request.headers.get("authorization", "").partition(" ")
        return scheme.lower() == "bearer" and self.tokens.is_valid(token, self.clock.now())

    def _token(self, method: str, body: bytes) -> Response:
        """Production gives the life of a token as a text of seconds."""
        if method != "POST":
            return JSONResponse({"detail": "Method Not Allowed"}, 405)
        form = parse_qs(body.decode("utf-8", errors="replace"))
        token = self.tokens.issue(
            _first(form, "username"), _first(form, "password"), self.clock.now()
        )
        if token is None:
            return JSONResponse({"detail": "Incorrect username or password"}, 401)
        life = str(int(TOKEN_LIFE.total_seconds()))
        return JSONResponse({"expires_in": life, "access_token": token, "token_type": "bearer"})


def _first(form: Mapping[str, list[str]], name: str) -> str:
    return form.get(name, [""])[0]
