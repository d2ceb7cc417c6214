"""The page's words: what is called how, dates and times, what somebody asked for."""

from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime
from typing import Any, Final

from ingestion_core.quality.failures import Failure
from ingestion_core.racing.kinds import SessionType

SESSIONS: Final = {
    SessionType.FP1: "Practice 1",
    SessionType.FP2: "Practice 2",
    SessionType.FP3: "Practice 3",
    SessionType.QUALIFYING: "Qualifying",
    SessionType.SPRINT_QUALIFYING: "Sprint Qualifying",
    SessionType.SPRINT: "Sprint",
    SessionType.RACE: "Race",
    SessionType.WARMUP: "Warm-up",
    SessionType.MOTO3_RACE: "Moto3 Race",
    SessionType.MOTO2_RACE: "Moto2 Race",
    SessionType.MOTOGP_RACE: "MotoGP Race",
}
SOURCES: Final = {
    "openf1": "OpenF1",
    "ergast": "Ergast archive",
    "thethirdturn": "The Third Turn",
    "queue": "Queues",
}
_TASKS: Final = {
    "discover_year": "list of meetings",
    "sync_meeting": "sessions and entrants",
    "load_results": "results of a meeting",
    "import_season": "season of the archive",
    "load_season_results": "results of a season",
    "read_page": "page of the wiki",
    "load_page_results": "results of a page",
}
_CODES: Final = {
    "poison": "given up after the last delivery of its message",
    "unknown-message": "a message that nobody understands",
    "unknown-meeting": "the source does not know this meeting",
    "unusable-answer": "an answer without what everything hangs on",
    "archive-unreadable": "the archive can't be read",
    "archive-missing": "there is no archive where its address says",
    "no-such-page": "nobody wrote this page",
    "source-off": "the source is not opted into",
    "failed": "no reason is on record",
}
#: What was never is stored as this.
_NEVER: Final = 1970


def source(name: str) -> str:
    """What a source is called."""
    return SOURCES.get(name, name)


def slug(state: str) -> str:
    """A state as a class of the style."""
    return state.replace(" ", "-")


def many(number: int, word: str) -> str:
    """A number of things."""
    return f"{number:,} {word}" if number == 1 else f"{number:,} {word}s"


def moment(at: datetime | None) -> str:
    """An instant, to the minute, in UTC."""
    if at is None or at.year == _NEVER:
        return "never"
    return f"{at.astimezone(UTC):%-d %b %Y, %H:%M} UTC"


def iso(at: datetime) -> str:
    """An instant for machines."""
    return at.astimezone(UTC).isoformat(timespec="seconds")


def days(first: date | None, last: date | None) -> str:
    """When a weekend is, without its year."""
    if first is None:
        return "no date"
    if last is None or last == first:
        return f"{first:%-d %b}"
    if first.month == last.month:
        return f"{first.day}–{last:%-d %b}"
    return f"{first:%-d %b} – {last:%-d %b}"


def ahead(seconds: float | None) -> str:
    """How long something takes yet."""
    if seconds is None:
        return ""
    if seconds < 90:
        return f"about {max(1, round(seconds))} s to go"
    if seconds < 5400:
        return f"about {round(seconds / 60)} min to go"
    return f"about {seconds / 3600:.0f} h to go"


def failed(one: Failure) -> str:
    """What of which thing failed."""
    what = _TASKS.get(one.task, one.task)
    return f"{what}, {source(one.source)} {one.key}"


def why(one: Failure) -> str:
    """The reason in words; what stands behind a code's colon is our own as well."""
    code, _, rest = one.code.partition(": ")
    told = _CODES.get(code, code)
    return f"{told}: {rest}" if rest else told


def asked(run: Mapping[str, Any]) -> str:
    """What somebody asked for."""
    wish = run["asked"]
    if run["kind"] == "backfill":
        if "recent_days" in wish:
            return f"Backfill of the last {many(wish['recent_days'], 'day')}"
        return f"Backfill of {_years(wish.get('years'), 'all years')}"
    if run["kind"] == "meeting":
        return f"Meeting {wish.get('meeting', '')}".strip()
    if run["kind"] == "archive":
        return f"Archive, {_years(wish.get('seasons'), 'all seasons')}"
    if run["kind"] == "wiki":
        name = str(wish.get("series") or "index").replace("_", " ")
        return f"The Third Turn, {name}"
    return {"timer": "Discovery by the timer", "calendar": "The calendar's results"}.get(
        run["kind"], str(run["kind"]).capitalize()
    )


def _years(wish: object, everything: str) -> str:
    if isinstance(wish, Mapping):
        first, last = wish.get("from"), wish.get("to")
        return str(first) if first == last else f"{first}–{last}"
    if wish == "current":
        return "this year"
    return everything if wish in (None, "all") else str(wish)


def by_decade(years: Sequence[int]) -> dict[int, list[int]]:
    """Years by their decade, the latest first."""
    found: dict[int, list[int]] = {}
    for year in sorted(years, reverse=True):
        found.setdefault(year // 10 * 10, []).append(year)
    return found
