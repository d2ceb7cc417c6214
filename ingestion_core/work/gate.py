"""The gate: the source's own state, asked before every request of any instance.

It never reserves the future, holds no transaction while it sleeps, and uses the database's clock
alone, so that any number of instances keep one pace together.
"""

import logging
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from ingestion_core.database.connection import Pool
from ingestion_core.errors import SourceClosed, SourceFailing, SourceRefused
from ingestion_core.telemetry import tell

log = logging.getLogger(__name__)

#: Air between our pace and the source's limit: its clock and its windows are not ours.
AIR = 1.025
#: How long an invocation waits at the gate before it gives its item back.
PATIENCE = 30.0
#: A request that took longer than this may have been counted later than it was sent.
_SLOW = 1.5
_LONGEST_CLOSURE = 15 * 60
#: What may be made up for of a late start, see _ENTER.
_GRACE = timedelta(seconds=1)

_REGISTER = """
INSERT INTO ingest.sources AS s (source, pace) VALUES (%s, %s)
ON CONFLICT (source) DO UPDATE SET pace = excluded.pace WHERE s.pace <> excluded.pace
"""

# Who comes a little late counts as on time: otherwise every request's own delay would add up. Half
# a pace at most, and a second: the air of a minute is a second and a half, whatever the limit.
# Where requests are to be spaced, nothing counts as on time but what is.
_ENTER = """
UPDATE ingest.sources s
SET last_start = CASE WHEN clock_timestamp()
                           < s.last_start + s.pace + least(s.pace / 2, %(grace)s)
                      THEN s.last_start + s.pace ELSE clock_timestamp() END
WHERE s.source = %(source)s AND NOT s.paused
  AND clock_timestamp() >= greatest(s.last_start + s.pace, s.closed_until)
  AND (%(subscribed)s OR NOT EXISTS (
      SELECT FROM ingest.lockouts l
      WHERE l.source = s.source AND clock_timestamp() >= l.opens_at
        AND clock_timestamp() < l.closes_at))
RETURNING s.failures, clock_timestamp()
"""

_HOW_LONG = """
SELECT s.paused, CASE WHEN s.closed_until > clock_timestamp() THEN s.closed_why END,
       greatest(s.last_start + s.pace, s.closed_until, l.closes_at) - clock_timestamp(),
       l.closes_at IS NOT NULL, clock_timestamp()
FROM ingest.sources s
LEFT JOIN LATERAL (
    SELECT max(closes_at) AS closes_at FROM ingest.lockouts
    WHERE source = s.source AND NOT %(subscribed)s
      AND clock_timestamp() >= opens_at AND clock_timestamp() < closes_at
) l ON true
WHERE s.source = %(source)s
"""

_SLOW_ANSWER = """
UPDATE ingest.sources
SET last_start = greatest(last_start, clock_timestamp() - %s * interval '1 second')
WHERE source = %s
"""

_CLOSE = """
UPDATE ingest.sources
SET closed_until = greatest(closed_until, clock_timestamp() + %(seconds)s * interval '1 second'),
    closed_why = %(why)s
WHERE source = %(source)s
RETURNING closed_until
"""

# Until the end of what is known to be live; then, if it still refuses us, every ten minutes.
_LOCKED_OUT = """
UPDATE ingest.sources s
SET closed_until = greatest(closed_until, coalesce(
        (SELECT max(l.closes_at) FROM ingest.lockouts l
         WHERE l.source = s.source AND l.opens_at < clock_timestamp() + interval '5 minutes'
           AND l.closes_at > clock_timestamp()),
        clock_timestamp() + interval '10 minutes')),
    closed_why = 'locked-out'
WHERE s.source = %s
RETURNING s.closed_until
"""

_FAILED = """
UPDATE ingest.sources
SET failures = failures + 1, closed_why = %(why)s,
    closed_until = greatest(closed_until, clock_timestamp()
        + least(15 * power(2, least(failures, 10)), %(longest)s) * interval '1 second')
WHERE source = %(source)s
RETURNING closed_until
"""

# Whoever was let in found it open: if it is closed now, another instance was told so since.
_WELL = """
UPDATE ingest.sources
SET failures = 0, closed_why = CASE WHEN closed_until > clock_timestamp() THEN closed_why END
WHERE source = %s AND failures > 0
"""


class Gate:
    """One source's gate.

    Args:
        pool: the database whose clock counts.
        source: its name.
        per_minute: the source's limit; ours is a little below.
        subscribed: whether live sessions leave us in.
        spaced: whether no two requests may be closer than the pace, however late the first came.
        sleep: how to wait; tests wait otherwise.
    """

    def __init__(
        self,
        pool: Pool,
        source: str,
        per_minute: float,
        subscribed: bool = False,
        *,
        spaced: bool = False,
        patience: float = PATIENCE,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self.source = source
        self.pace = timedelta(seconds=60 / per_minute * AIR)
        self._pool = pool
        self._subscribed = subscribed
        self._grace = timedelta(0) if spaced else _GRACE
        self._patience = patience
        self._sleep = sleep
        self._failures: int = 0

    def register(self, delay: float = 0) -> None:
        """Make the source known, with its pace.

        ``delay``: seconds between two requests that the source itself asks for; where that is more
        than our pace, it is the pace.
        """
        pace = max(self.pace, timedelta(seconds=delay))
        with self._pool.connection() as db:
            db.execute(_REGISTER, (self.source, pace))

    def enter(self) -> datetime:
        """Wait for our turn to send one request; when it came, by the database's clock.

        Raises:
            SourceClosed: it did not come within our patience; says when to come again.
        """
        parameters = {
            "source": self.source,
            "subscribed": self._subscribed,
            "grace": self._grace,
        }
        deadline = time.monotonic() + self._patience
        while True:
            with self._pool.connection() as db:
                entered = db.execute(_ENTER, parameters).fetchone()
                if entered is not None:
                    self._failures = int(entered[0])
                    observed_at: datetime = entered[1]
                    return observed_at
                asked = db.execute(_HOW_LONG, parameters).fetchone()
            if asked is None:
                self.register()
                continue
            paused, why, wait, locked, now = asked
            if paused:
                # Not before anything: nothing of a paused source is sent until it is resumed.
                raise SourceClosed(self.source, now, "paused")
            seconds = max(wait.total_seconds(), 0.001)
            if time.monotonic() + seconds > deadline:
                until = now + max(wait, self.pace)
                reason = "live-session" if locked else (why or "busy")
                raise SourceClosed(self.source, until, reason)
            self._sleep(seconds)

    def answered(self, seconds: float) -> None:
        """A usable answer came after ``seconds``: what was wrong with the source is over."""
        if seconds > _SLOW:
            with self._pool.connection() as db:
                db.execute(_SLOW_ANSWER, (_SLOW, self.source))
        if self._failures:
            self._failures = 0
            with self._pool.connection() as db:
                db.execute(_WELL, (self.source,))
            self._tell(logging.INFO, "open")

    def told_to_wait(self, seconds: float) -> SourceRefused:
        """429: closed for as long as the source wishes, at most 15 minutes."""
        until = self._close(min(max(seconds, 1.0), _LONGEST_CLOSURE), "rate-limited")
        return SourceRefused(self.source, until, "rate-limited")

    def locked_out(self) -> SourceRefused:
        """401 because a session is live: closed until its known end, else for ten minutes."""
        with self._pool.connection() as db:
            row = db.execute(_LOCKED_OUT, (self.source,)).fetchone()
        return self._refused("locked-out", row)

    def rejected(self) -> SourceRefused:
        """401 because our login is wrong: asked again every ten minutes, it may be mended."""
        return SourceRefused(self.source, self._close(600, "login-refused"), "login-refused")

    def failed(self, why: str) -> SourceFailing:
        """5xx, a timeout, garbage: closed for 15 s, doubling to 15 min while it goes on."""
        with self._pool.connection() as db:
            row = db.execute(
                _FAILED, {"source": self.source, "why": why, "longest": _LONGEST_CLOSURE}
            ).fetchone()
        until = self._until(row)
        self._tell(logging.WARNING, "failing", why, until)
        return SourceFailing(self.source, until, why)

    def _close(self, seconds: float, why: str) -> datetime:
        with self._pool.connection() as db:
            row = db.execute(
                _CLOSE, {"source": self.source, "seconds": seconds, "why": why}
            ).fetchone()
        until = self._until(row)
        self._tell(logging.WARNING, "closed", why, until)
        return until

    def _refused(self, why: str, row: tuple[object, ...] | None) -> SourceRefused:
        until = self._until(row)
        self._tell(logging.WARNING, "closed", why, until)
        return SourceRefused(self.source, until, why)

    def _until(self, row: tuple[object, ...] | None) -> datetime:
        if row is None or not isinstance(row[0], datetime):
            # The source's row was removed under us: come again in a minute, it is made anew.
            return datetime.now(UTC) + timedelta(minutes=1)
        return row[0]

    def _tell(
        self, level: int, state: str, why: str | None = None, until: datetime | None = None
    ) -> None:
        fields = {"source": self.source, "state": state, "why": why, "until": until}
        tell(log, level, "source", fields)
