"""When a weekend's sessions begin: the archive gives a date and a time, not always of one clock.

Three conventions are in it:
* Times are UTC, and so are dates, as documented and as nearly everywhere.
* At Las Vegas, where evening is tomorrow in UTC, practice and qualifying of 2023 and 2024 and the
  race of 2024 have the circuit's date beside a time of UTC; the race of 2023 has the date of UTC.
* The races of 2005 and 2006 have the circuit's clock: taken for UTC, Melbourne would start at
  one in the morning and Suzuka at eleven at night.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from functools import cache
from typing import Final
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from ingestion_core.errors import Unprepared
from ingestion_core.identity import lookup
from ingestion_core.sources.ergast import SOURCE

_LAST_SEASON_OF_LOCAL_TIMES: Final = 2006
_THURSDAY: Final = 3
_DAY: Final = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Moment:
    """The local day of a session, and its start in UTC; None where only the day is known."""

    day: date
    start: datetime | None


@dataclass(frozen=True, slots=True)
class Given:
    """A session's date and time as the archive has them."""

    day: date
    clock: time | None


@cache  # the standard library keeps eight zones; every season asks for two dozen, by files
def zone_of(circuit: str) -> tzinfo | None:
    """The time zone of a circuit that the hand-checked table knows.

    Raises:
        Unprepared: this machine has no time zone database, or one without this zone.
    """
    row = lookup.circuit(SOURCE, circuit)
    if row is None:
        return None
    try:
        return ZoneInfo(row.time_zone)
    except ZoneInfoNotFoundError:
        raise Unprepared(
            f"time zones: {row.time_zone} is missing; install the operating system's database "
            "or the package tzdata"
        ) from None


def moments(given: Sequence[Given], zone: tzinfo | None) -> list[Moment]:
    """The moments of a weekend's sessions, in the order of ``given``; the race is its last.

    Without a zone the date is taken at its word.
    """
    race = len(given) - 1
    as_written = {
        place: datetime.combine(one.day, one.clock, UTC)
        for place, one in enumerate(given)
        if one.clock is not None
    }
    order = sorted(as_written, key=lambda place: (place == race, as_written[place], place))
    found = [Moment(one.day, as_written.get(place)) for place, one in enumerate(given)]
    if zone is None or not order:
        return found
    if given[race].day.year <= _LAST_SEASON_OF_LOCAL_TIMES:
        for place, start in as_written.items():
            there = start.replace(tzinfo=zone)
            found[place] = Moment(there.date(), there.astimezone(UTC))
        return found
    local = _dates_are_local(as_written[order[0]], zone)
    before: datetime | None = None
    for place in order:
        before = _start(as_written[place], zone, local, before)
        found[place] = Moment(before.astimezone(zone).date(), before)
    return found


def _dates_are_local(first: datetime, zone: tzinfo) -> bool:
    """Whether a weekend's first session has the circuit's date beside a time of UTC.

    It does where it would otherwise be on another day there, and before any weekend begins: the
    first session of Las Vegas 2024 on a Wednesday.
    """
    there = first.astimezone(zone).date()
    return there != first.date() and there.weekday() < _THURSDAY


def _start(written: datetime, zone: tzinfo, local: bool, before: datetime | None) -> datetime:
    """The first of a session's possible starts that comes after the session before.

    The possible ones are as written and, in a weekend of local dates, a day later; the first
    session's is the one that is on the written day at the circuit.
    """
    if not local:
        return written
    if before is None:
        there = written.astimezone(zone).date()
        return written if there == written.date() else written + _DAY
    return written if written > before else written + _DAY
