"""The lock-out of a live session, and the tokens that open it."""

import secrets
import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from local.replay.rows import Row

MARGIN = timedelta(minutes=30)
"""Access closes this long before a session and opens this long after its scheduled end."""

TOKEN_LIFE = timedelta(hours=1)


class Clock:
    """What time it is in the replay: the real time, or one that was set and runs on from there."""

    def __init__(self, now: datetime | None = None) -> None:
        self.set(now)

    def set(self, now: datetime | None) -> None:
        """Run on from `now` (which knows its offset); None returns to the real time."""
        if now is not None and now.tzinfo is None:
            raise ValueError("the time needs an offset, such as 2024-03-02T15:00:00+00:00")
        self._set_to = now
        self._set_at = time.monotonic()

    def now(self) -> datetime:
        """The replay's time, in UTC."""
        if self._set_to is None:
            return datetime.now(UTC)
        since = timedelta(seconds=time.monotonic() - self._set_at)
        return self._set_to.astimezone(UTC) + since


def is_locked(sessions: Iterable[Row], now: datetime) -> bool:
    """Whether one of `sessions` that is not cancelled is live at `now`, its margins included."""
    return any(
        _instant(session, "date_start") - MARGIN <= now <= _instant(session, "date_end") + MARGIN
        for session in sessions
        if not session.get("is_cancelled")
    )


def latest_keys(sessions: Iterable[Row], now: datetime) -> Mapping[str, int]:
    """What `latest` stands for: the keys of the newest session that began, or is about to."""
    begun = [
        session
        for session in sessions
        if not session.get("is_cancelled")
        and _instant(session, "date_start") <= now + timedelta(seconds=60)
    ]
    if not begun:
        return {}
    newest = max(begun, key=lambda session: _instant(session, "date_start"))
    return {field: newest[field] for field in ("meeting_key", "session_key")}


@dataclass(slots=True)
class Tokens:
    """The bearer tokens given out, each good for an hour of the replay's clock."""

    username: str = "replay"
    password: str = "replay"  # noqa: S105 - opens a replay on this machine, nothing else
    _issued: dict[str, datetime] = field(default_factory=dict)

    def issue(self, username: str, password: str, now: datetime) -> str | None:
        """A new token for the one account there is; None for any other."""
        if (username, password) != (self.username, self.password):
            return None
        token = secrets.token_urlsafe(24)
        self._issued[token] = now
        return token

    def is_valid(self, token: str, now: datetime) -> bool:
        """Whether `token` was given out less than an hour ago."""
        issued = self._issued.get(token)
        return issued is not None and now < issued + TOKEN_LIFE


def _instant(session: Row, field: str) -> datetime:
    return datetime.fromisoformat(session[field])
