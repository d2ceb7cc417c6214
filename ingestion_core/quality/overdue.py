"""What a season's coverage says is late: sessions over for long, and nothing came."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Final

from ingestion_core.quality.coverage import RoundCoverage, SeasonCoverage
from ingestion_core.quality.states import GAPS, State

#: What nobody has mended by then stands on the status page, and is no alarm any more.
ALARMED: Final = timedelta(days=30)
#: A failure is told at once; it is an alarm when the session began so long ago.
_ENTRIES_LATE: Final = timedelta(hours=8)
_RESULTS_LATE: Final = timedelta(hours=50)


@dataclass(frozen=True, slots=True)
class Overdue:
    """How many sessions are late, or rounds of which no session is known."""

    without_entries: int
    without_results: int


def overdue(season: SeasonCoverage, now: datetime) -> Overdue:
    """Sessions of the last 30 days that are over for 6 h without entries, or, where results are
    wanted, for 48 h without them."""
    late = [
        has_entries
        for state, has_entries, began in _sessions(season.rounds)
        if state in GAPS and _is_late(state, has_entries, now - began)
    ]
    return Overdue(without_entries=late.count(False), without_results=late.count(True))


def _sessions(rounds: Iterable[RoundCoverage]) -> Iterator[tuple[State, bool, datetime]]:
    """Each session's state, whether its entries are in, and when it began."""
    for one in rounds:
        for its in one.sessions:
            yield its.state, its.entrants > 0, its.starts_at
        if one.told and one.first_day:
            yield one.told.state, False, _morning(one.first_day)


def _is_late(state: State, has_entries: bool, ago: timedelta) -> bool:
    if ago > ALARMED:
        return False
    return state is State.MISSING or ago > (_RESULTS_LATE if has_entries else _ENTRIES_LATE)


def _morning(day: date) -> datetime:
    return datetime.combine(day, time(), UTC)
