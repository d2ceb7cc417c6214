"""The identity endpoint of an app in Azure, on this machine: the SDK itself asks it for tokens."""

import json
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from urllib.parse import parse_qs, urlsplit

import jwt
import pytest

from ingestion_core import credentials

#: What the endpoint wants to hear, as App Service's.
_HEADER = "the-header-of-this-test"
_KEY = "signs what nobody verifies here, 32 bytes long"


@dataclass
class Identities:
    """``valid_for``: how long the next token lives, in seconds; below 0 it never did. ``given_to``
    hears of each token before whoever asked for it does."""

    valid_for: float = 3600
    given: list[str] = field(default_factory=list)
    asked: list[dict[str, list[str]]] = field(default_factory=list)
    given_to: Callable[[str], object] = len

    def token(self, resource: str) -> tuple[str, int]:
        """A new token, as Entra's look, and when it expires."""
        now = time.time()
        expires = int(now + self.valid_for)
        claims = {
            "aud": resource,
            "iss": "https://sts.windows.net/ab1f708d-50f6-404c-a006-d71b2ac7a606/",
            "iat": int(now) - 60,
            "nbf": int(now) - 60,
            "exp": expires,
            "jti": str(len(self.given)),
        }
        self.given.append(jwt.encode(claims, _KEY))
        self.given_to(self.given[-1])
        return self.given[-1], expires


@contextmanager
def identity_endpoint(monkeypatch: pytest.MonkeyPatch) -> Iterator[Identities]:
    """Serve tokens as App Service does; the environment says where, credentials are made anew."""
    identities = Identities()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked = parse_qs(urlsplit(self.path).query)
            identities.asked.append(asked)
            if self.headers.get("X-IDENTITY-HEADER") != _HEADER:
                self.send_error(401)
                return
            resource = asked["resource"][0]
            token, expires = identities.token(resource)
            body = json.dumps(
                {
                    "access_token": token,
                    "expires_on": str(expires),
                    "resource": resource,
                    "token_type": "Bearer",
                }
            ).encode()
            self.send_response(200)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *said: object) -> None:
            """Nothing: it stands in for a service."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        monkeypatch.setenv("IDENTITY_ENDPOINT", f"http://127.0.0.1:{server.server_port}/msi/token")
        monkeypatch.setenv("IDENTITY_HEADER", _HEADER)
        credentials.credential.cache_clear()
        try:
            yield identities
        finally:
            credentials.credential.cache_clear()
            server.shutdown()
