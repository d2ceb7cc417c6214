"""One meeting, from its own row, its sessions and their driver lists."""

from collections.abc import Sequence
from datetime import date, timedelta

from ingestion_core.errors import UnusableAnswer
from ingestion_core.racing.kinds import SessionType
from ingestion_core.racing.types import (
    CircuitProfile,
    Origin,
    ScheduledSession,
    Unreadable,
    Weekend,
)
from ingestion_core.sources.openf1 import SERIES
from ingestion_core.sources.openf1.calendar import is_testing, last_day, local_day
from ingestion_core.sources.openf1.entries import field
from ingestion_core.sources.openf1.wire import DriverRow, MeetingRow, SessionRow

#: Sessions are told by their names: types were renamed, names stayed. Test days are practices.
SESSION_TYPES = {
    "practice 1": SessionType.FP1,
    "practice 2": SessionType.FP2,
    "practice 3": SessionType.FP3,
    "day 1": SessionType.FP1,
    "day 2": SessionType.FP2,
    "day 3": SessionType.FP3,
    "qualifying": SessionType.QUALIFYING,
    "sprint shootout": SessionType.SPRINT_QUALIFYING,
    "sprint qualifying": SessionType.SPRINT_QUALIFYING,
    "sprint": SessionType.SPRINT,
    "race": SessionType.RACE,
}


def weekend(
    origin: Origin,
    meeting: MeetingRow,
    slug: str,
    sessions: Sequence[SessionRow],
    drivers: Sequence[DriverRow] | None,
    unreadable: Sequence[Unreadable],
) -> Weekend:
    """Shape a meeting.

    Args:
        origin: the later of the answers it is read from.
        meeting: its row in the season's list.
        slug: its address, decided over that list.
        sessions: its rows of ``/sessions``.
        drivers: its rows of ``/drivers``; None when that was not answered, which says nothing,
            and empty before the first session has begun.
        unreadable: rows that were refused before.

    Raises:
        UnusableAnswer: no row names the circuit, and a round can't be without one.
    """
    refused = list(unreadable)
    known: list[tuple[SessionRow, SessionType]] = []
    for row in _one_per_key(sessions):
        type_ = SESSION_TYPES.get(row.session_name.casefold())
        if type_ is None:
            refused.append(_unknown_name(row))
        else:
            known.append((row, type_))
    known.sort(key=lambda one: (one[0].date_start, one[0].session_key))
    cancelled = bool(meeting.is_cancelled) or (
        bool(known) and all(row.is_cancelled for row, _ in known)
    )
    listed = field(
        drivers or (), {row.session_key: row.date_start for row, _ in known}, meeting.year
    )
    first, last = _days(meeting, [row for row, _ in known])
    return Weekend(
        origin=origin,
        series=SERIES,
        year=meeting.year,
        key=str(meeting.meeting_key),
        name=meeting.meeting_name,
        official_name=meeting.meeting_official_name,
        slug=slug,
        first_day=first,
        last_day=last,
        testing=is_testing(meeting.meeting_name)
        or any(row.session_name.casefold().startswith("day ") for row, _ in known),
        cancelled=cancelled,
        circuit=_circuit(meeting, [row for row, _ in known]),
        sessions=tuple(
            ScheduledSession(
                key=str(row.session_key),
                caption=row.session_name,
                type=type_,
                start=row.date_start,
                end=row.date_end,
                cancelled=cancelled or bool(row.is_cancelled),
                entries=(
                    None if drivers is None else listed.entries.get(row.session_key, frozenset())
                ),
            )
            for row, type_ in known
        ),
        drivers=listed.drivers,
        teams=listed.teams,
        unreadable=(*refused, *listed.unreadable),
    )


def _one_per_key(sessions: Sequence[SessionRow]) -> list[SessionRow]:
    return list({row.session_key: row for row in sessions}.values())


def _unknown_name(row: SessionRow) -> Unreadable:
    return Unreadable(
        resource="sessions",
        row_key=f"session_key={row.session_key}",
        reason="unknown-session-name",
        row=row.model_dump(mode="json"),
    )


def _days(meeting: MeetingRow, sessions: Sequence[SessionRow]) -> tuple[date, date]:
    """First and last local day: the sessions', the meeting's own while it has none.

    Days on which sessions begin: Las Vegas ends its race at midnight.
    """
    rows: list[MeetingRow | SessionRow] = [meeting, *sessions]
    offset = next((row.gmt_offset for row in rows if row.gmt_offset is not None), timedelta())
    if sessions:
        days = [local_day(row.date_start, offset) for row in sessions]
        return min(days), max(days)
    first = local_day(meeting.date_start, offset)
    return first, max(first, last_day(meeting.date_end, offset)) if meeting.date_end else first


def _circuit(meeting: MeetingRow, sessions: Sequence[SessionRow]) -> CircuitProfile:
    rows: list[MeetingRow | SessionRow] = [meeting, *sessions]
    named = next((row for row in rows if row.circuit_key is not None), None)
    if named is None:
        raise UnusableAnswer(f"meeting {meeting.meeting_key}: no row names its circuit")
    return CircuitProfile(
        key=str(named.circuit_key),
        name=named.circuit_short_name or meeting.location or f"Circuit {named.circuit_key}",
        location=meeting.location,
        country=meeting.country_name,
        country_code=meeting.country_code,
    )
