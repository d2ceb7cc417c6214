"""Asking OpenF1: pinned endpoints, integer filters, three outcomes (rows, empty, an error)."""

import hashlib
import json
import time
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from pydantic import BaseModel, ConfigDict, Field, SecretStr, ValidationError

from ingestion_core.errors import SourceRefused
from ingestion_core.sources.http import Answer, HttpClient

_NO_RESULTS = "No results found."
#: Bahrain, 2024: a key is one event for good.
_OF_OLD = 1229
#: A token is renewed this many seconds before its end.
_EARLY = 60


class Endpoint(StrEnum):
    """Pinned: a misspelt one answers 404 like real emptiness. Results are not among them."""

    MEETINGS = "meetings"
    SESSIONS = "sessions"
    DRIVERS = "drivers"


class _Token(BaseModel):
    """What /token grants. ``expires_in`` is in seconds, and a string upstream: "3600"."""

    model_config = ConfigDict(extra="ignore", hide_input_in_errors=True)

    # No other character may stand in a header.
    access_token: str = Field(pattern=r"^[!-~]+$", repr=False)
    expires_in: int = Field(gt=0, le=10**9)


@dataclass(frozen=True, slots=True)
class Reply:
    """What was answered to one question. No rows: asked and empty, which is never permanent."""

    endpoint: str
    key: str
    status: int
    observed_at: datetime
    digest: str
    rows: tuple[dict[str, object], ...] = field(repr=False)

    @property
    def empty(self) -> bool:
        return not self.rows


class OpenF1:
    """The API behind one gate.

    Args:
        http: the client; its gate is OpenF1's.
        base_url: ``https://api.openf1.org``; a trailing ``/v1`` is understood.
        username: a sponsor's login, or None.
        password: its password.
    """

    def __init__(
        self,
        http: HttpClient,
        base_url: str,
        username: str | None = None,
        password: SecretStr | None = None,
    ) -> None:
        self._http = http
        self._base = base_url.rstrip("/").removesuffix("/v1")
        self._username = username
        self._password = password
        self._token: str | None = None
        self._token_ends = 0.0

    def close(self) -> None:
        """Let go of connections."""
        self._http.close()

    def ask(self, endpoint: StrEnum, field_name: str, value: int) -> Reply:
        """Ask for the rows where one integer field has one value.

        Only integers are filtered by: the API guesses types, and "MON" is a Monday to it.

        Raises:
            SourceClosed, SourceRefused, SourceFailing: nothing was learnt; come again.
        """
        url = f"{self._base}/v1/{endpoint}?{field_name}={int(value)}"
        answer = self._authorised(url)
        return self._understand(answer, endpoint, str(value))

    def reach(self) -> None:
        """The cheapest request: the login's own where there is one, else for a meeting of old.

        Raises:
            SourceClosed, SourceRefused, SourceFailing: it does not let us in, or does not answer.
        """
        if self._bearer() is None:
            self.ask(Endpoint.MEETINGS, "meeting_key", _OF_OLD)

    def _authorised(self, url: str) -> Answer:
        answer = self._get(url, self._bearer())
        if answer.status == 401 and not _is_lockout(answer) and self._token:
            # The token ended early or was revoked: once more, with a new one.
            self._token = None
            answer = self._get(url, self._bearer())
        return answer

    def _get(self, url: str, token: str | None) -> Answer:
        return self._http.get(url, token)

    def _bearer(self) -> str | None:
        if self._username is None or self._password is None:
            return None
        if self._token and time.monotonic() < self._token_ends:
            return self._token
        answer = self._http.post_form(
            f"{self._base}/token",
            {"username": self._username, "password": self._password.get_secret_value()},
        )
        if answer.status != 200:
            raise self._http.gate.rejected()
        try:
            granted = _Token.model_validate_json(answer.body)
        except ValidationError:
            raise self._http.gate.failed("token-unreadable") from None
        self._http.understood(answer)
        self._token = granted.access_token
        self._token_ends = time.monotonic() + granted.expires_in - _EARLY
        return self._token

    def _understand(self, answer: Answer, endpoint: StrEnum, key: str) -> Reply:
        if answer.status == 401:
            raise self._refusal(answer)
        if answer.status not in {200, 404}:
            raise self._http.gate.failed(f"http-{answer.status}")
        rows = self._rows(answer)
        self._http.understood(answer)
        return Reply(
            endpoint=endpoint,
            key=key,
            status=answer.status,
            observed_at=answer.observed_at,
            digest=digest_of(rows),
            rows=rows,
        )

    def _refusal(self, answer: Answer) -> SourceRefused:
        return self._http.gate.locked_out() if _is_lockout(answer) else self._http.gate.rejected()

    def _rows(self, answer: Answer) -> tuple[dict[str, object], ...]:
        try:
            parsed = answer.json()
        except ValueError:
            parsed = None
            if answer.status == 200:
                raise self._http.gate.failed("not-json") from None
        # Emptiness is a 404; the same words were seen with 200 as well.
        if isinstance(parsed, dict) and parsed.get("detail") == _NO_RESULTS:
            return ()
        if answer.status != 200:
            raise self._http.gate.failed(f"http-{answer.status}")
        if not isinstance(parsed, list) or not all(isinstance(row, dict) for row in parsed):
            raise self._http.gate.failed("not-a-list")
        return tuple(parsed)


def _is_lockout(answer: Answer) -> bool:
    """Whether a 401 speaks of a live session, in either wording; a bad token is a 401 too."""
    return b"session in progress" in answer.body.lower()


def digest_of(rows: object) -> str:
    """A digest that changes when, and only when, the content does."""
    text = json.dumps(rows, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()[:32]
