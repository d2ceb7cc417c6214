"""A season's list of meetings, as a calendar."""

from collections.abc import Iterable, Sequence
from datetime import date, datetime, timedelta

from ingestion_core.racing.names import free, slugify
from ingestion_core.racing.types import Calendar, CalendarRound, Origin
from ingestion_core.sources.openf1 import SERIES
from ingestion_core.sources.openf1.client import digest_of
from ingestion_core.sources.openf1.wire import MeetingRow


def local_day(moment: datetime, offset: timedelta | None) -> date:
    """The day at the circuit: UTC puts Las Vegas a day late."""
    return (moment + (offset or timedelta())).date()


def last_day(moment: datetime, offset: timedelta | None) -> date:
    """The day of the last session, from the end of a meeting: a race at Las Vegas ends at midnight.

    Days are those on which sessions begin; what a meeting ends with lasts two hours as planned.
    """
    return local_day(moment - timedelta(hours=2), offset)


def is_testing(name: str) -> bool:
    """Whether a name says so: Pre-Season Testing, TESTING 1."""
    return "testing" in name.casefold()


def slugs(year: int, meetings: Iterable[MeetingRow]) -> dict[int, str]:
    """Addresses of a season's rounds, decided over the whole list in order of the keys.

    Names are not unique (two "Bahrain Grand Prix" in 2026): the second of one name gets ``-2``.
    """
    decided: dict[int, str] = {}
    for meeting in sorted(meetings, key=lambda one: one.meeting_key):
        plain = slugify(f"{year} {meeting.meeting_name}")
        decided[meeting.meeting_key] = free(plain, set(decided.values()))
    return decided


def without_duplicates(meetings: Iterable[MeetingRow]) -> list[MeetingRow]:
    """One row per key, the last one: duplicate meetings were seen in one answer."""
    return list({meeting.meeting_key: meeting for meeting in meetings}.values())


def calendar(origin: Origin, year: int, meetings: Sequence[MeetingRow]) -> Calendar:
    """Shape the rows of ``/meetings?year=`` (those of other years are left out)."""
    rows = without_duplicates(meeting for meeting in meetings if meeting.year == year)
    decided = slugs(year, rows)
    return Calendar(
        origin=origin,
        series=SERIES,
        year=year,
        rounds=tuple(
            CalendarRound(
                key=str(row.meeting_key),
                name=row.meeting_name,
                official_name=row.meeting_official_name,
                slug=decided[row.meeting_key],
                first_day=local_day(row.date_start, row.gmt_offset),
                last_day=last_day(row.date_end, row.gmt_offset) if row.date_end else None,
                circuit=str(row.circuit_key) if row.circuit_key else "",
                testing=is_testing(row.meeting_name),
                cancelled=bool(row.is_cancelled),
                digest=digest_of(row.model_dump(mode="json")),
                opens=row.date_start,
                closes=row.date_end,
            )
            for row in sorted(rows, key=lambda one: one.meeting_key)
        ),
    )
