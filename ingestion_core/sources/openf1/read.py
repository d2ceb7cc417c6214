"""Replies into the types that cross the middle."""

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from ingestion_core.errors import UnknownMeeting, UnusableAnswer
from ingestion_core.racing.types import Calendar, Origin, Unreadable, Weekend
from ingestion_core.sources.openf1 import SOURCE
from ingestion_core.sources.openf1.calendar import calendar
from ingestion_core.sources.openf1.client import Reply
from ingestion_core.sources.openf1.weekend import weekend
from ingestion_core.sources.openf1.wire import (
    DriverRow,
    MeetingRow,
    R,
    Row,
    SessionRow,
    drift,
    read_rows,
)

#: Live timing is refused to the anonymous from this long before a session until as long after it.
LOCKOUT = timedelta(minutes=30)


def read_calendar(reply: Reply, year: int) -> tuple[Calendar, tuple[Unreadable, ...]]:
    """A season's list; rows that can't be understood apart."""
    rows, bad = read_rows(MeetingRow, reply.rows, reply.endpoint, ["meeting_key"])
    return calendar(_origin(reply), year, rows), tuple(bad)


def briefs(reply: Reply) -> dict[str, dict[str, Any]]:
    """Per meeting key, of the list's row what ``read_weekend`` needs: fit for an item's payload.

    Only of rows that were understood, as ``read_calendar`` has them: the last of each key.
    """
    found: dict[str, dict[str, Any]] = {}
    for raw in reply.rows:
        understood, _ = read_rows(MeetingRow, [raw], reply.endpoint, ["meeting_key"])
        for row in understood:
            found[str(row.meeting_key)] = {
                name: raw[name] for name in MeetingRow.model_fields if name in raw
            }
    return found


def read_meeting(reply: Reply) -> MeetingRow:
    """The one row of ``/meetings?meeting_key=``.

    Raises:
        UnknownMeeting: there is none.
        UnusableAnswer: it can't be understood.
    """
    if reply.empty:
        raise UnknownMeeting(f"OpenF1 knows no meeting {reply.key}")
    rows, _ = read_rows(MeetingRow, reply.rows, reply.endpoint, ["meeting_key"])
    own = [row for row in rows if str(row.meeting_key) == reply.key]
    if not own:
        raise UnusableAnswer(f"the row of meeting {reply.key} can't be understood")
    return own[-1]


def read_weekend(
    meeting: Mapping[str, Any], slug: str, sessions: Reply, drivers: Reply | None
) -> Weekend:
    """One meeting.

    Args:
        meeting: its row in the season's list, see ``briefs``.
        slug: its address, decided over that list.
        sessions: the reply of ``/sessions?meeting_key=``.
        drivers: the reply of ``/drivers?meeting_key=``, None if there was no answer.

    Raises:
        UnusableAnswer: the meeting's row or its circuit can't be understood.
    """
    rows, _ = read_rows(MeetingRow, [dict(meeting)], "meetings", ["meeting_key"])
    if not rows:
        raise UnusableAnswer(f"the row of meeting {sessions.key} can't be understood")
    session_rows, bad_sessions = read_rows(
        SessionRow, sessions.rows, sessions.endpoint, ["session_key"]
    )
    driver_rows: list[DriverRow] | None = None
    bad_drivers: list[Unreadable] = []
    if drivers is not None:
        driver_rows, bad_drivers = read_rows(
            DriverRow, drivers.rows, drivers.endpoint, ["session_key", "driver_number"]
        )
    return weekend(
        _origin(drivers or sessions),
        rows[0],
        slug,
        _of_meeting(session_rows, sessions.key),
        None if driver_rows is None else _of_meeting(driver_rows, sessions.key),
        [*bad_sessions, *bad_drivers],
    )


def drift_of(reply: Reply) -> list[str]:
    """How an answer's fields differ from what this version knows."""
    models: dict[str, type[Row]] = {
        "meetings": MeetingRow,
        "sessions": SessionRow,
        "drivers": DriverRow,
    }
    return drift(models[reply.endpoint], reply.rows)


def lockouts(meeting: Weekend, now: datetime) -> list[tuple[str, datetime, datetime]]:
    """When the meeting's sessions will lock the anonymous out: (session key, from, until)."""
    return [
        (session.key, session.start - LOCKOUT, (session.end or session.start) + LOCKOUT)
        for session in meeting.sessions
        if not session.cancelled and (session.end or session.start) + LOCKOUT > now
    ]


def _of_meeting(rows: Iterable[R], key: str) -> list[R]:
    """Rows of another meeting than the one asked for are none of ours."""
    return [row for row in rows if str(row.meeting_key) == key]


def _origin(reply: Reply) -> Origin:
    return Origin(SOURCE, reply.endpoint, reply.key, reply.observed_at.astimezone(UTC))
