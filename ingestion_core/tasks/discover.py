"""Discovery: a season's list becomes one item per meeting."""

import logging
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any, Literal

from psycopg import Connection
from psycopg.rows import TupleRow
from pydantic import BaseModel, ConfigDict

from ingestion_core.catalog import bookkeeping, meetings, statuses, writer
from ingestion_core.racing.types import Calendar, CalendarRound
from ingestion_core.sources.openf1 import SERIES, SOURCE
from ingestion_core.sources.openf1.client import Endpoint, Reply
from ingestion_core.sources.openf1.read import briefs, drift_of, read_calendar
from ingestion_core.tasks import opt_in
from ingestion_core.tasks.app import App
from ingestion_core.tasks.asking import ask, record_of
from ingestion_core.tasks.housekeeping import keep_house
from ingestion_core.telemetry import tell
from ingestion_core.work import fetches, runs, sources
from ingestion_core.work.items import BULK_LANE, LIVE_LANE, Item, Wanted, close, enqueue, hold

log = logging.getLogger(__name__)

Db = Connection[TupleRow]

TASK = "discover_year"
#: /sessions and /drivers.
REQUESTS_PER_MEETING = 2
_LABEL = "scope "


class Scope(BaseModel):
    """Which meetings of a year are wanted.

    ``due``: new, changed, running, recently finished and never completely read ones, as the timer
    wants them. ``recent_days`` narrows either. ``spacing_seconds``: at least this long between two.
    ``include_results``: each meeting's results follow it.
    """

    model_config = ConfigDict(frozen=True, extra="ignore", hide_input_in_errors=True)

    which: Literal["all", "due"] = "all"
    recent_days: int | None = None
    spacing_seconds: float = 0
    lane: int = BULK_LANE
    include_results: bool = False

    @property
    def label(self) -> str:
        """What tells one scope from another in an item's payload."""
        words = (
            self.which,
            self.recent_days,
            self.spacing_seconds,
            self.lane,
            self.include_results,
        )
        return _LABEL + "/".join(map(str, words))


def scopes_of(payload: Mapping[str, Any]) -> list[Scope]:
    """The scopes of a ``discover_year`` item, the most urgent last.

    Where the timer and a backfill joined in one item, both get what they asked for.
    """
    found = [Scope.model_validate(it) for name, it in payload.items() if name.startswith(_LABEL)]
    return sorted(found or [Scope()], key=lambda one: (-one.lane, -one.spacing_seconds))


def wanted_year(year: int, scope: Scope, max_attempts: int | None = None) -> Wanted:
    """The item that discovers a year. Each scope has its own name in the payload: twins join.

    ``max_attempts``: its own, and those of whatever follows.
    """
    return Wanted(
        source=SOURCE,
        task=TASK,
        key=str(year),
        requests=1,
        lane=scope.lane,
        payload={"name": f"{year} season", scope.label: scope.model_dump()},
        max_attempts=max_attempts,
    )


def years_now(now: datetime) -> list[int]:
    """The seasons that the timer looks at: this year's, and from December on the next one's."""
    return [now.year, now.year + 1] if now.month == 12 else [now.year]


def tick(app: App) -> None:
    """What the timer does. Between race weekends: two statements, no request, and a release.

    With results opted into, one more: whether the calendar asks for some again.
    """
    with app.db() as db:
        statuses.advance(db)
        due = sources.discovery_is_due(db, SOURCE)
        results = opt_in.due(db, app.settings, app.now())
    if results:
        with app.transaction() as db:
            runs.start(db, "calendar", {"results": len(results)}, results)
    if due:
        scope = Scope(which="due", lane=LIVE_LANE)
        years = years_now(app.now())
        with app.transaction() as db:
            runs.start(db, "timer", {"years": years}, [wanted_year(y, scope) for y in years])
        keep_house(app)
    sent = app.release_all()
    tell(log, logging.INFO, "tick", {"due": due, "results": len(results), "sent": sent})


def discover_year(app: App, item: Item) -> None:
    """Ask for a year's list; renumber its rounds; make an item of every meeting that is wanted."""
    year, now = int(item.key), app.now()
    reply = ask(app, Endpoint.MEETINGS, "year", year)
    with app.transaction() as db:
        listed = store_calendar(db, reply)
        wanted: list[Wanted] = []
        for scope in scopes_of(item.payload):
            chosen = choose(db, listed, scope, now)
            batch = _wanted(chosen, briefs(reply), scope)
            if scope.spacing_seconds:
                batch = _spaced(db, item, batch, scope.spacing_seconds, now)
            wanted += batch
        found = enqueue(db, wanted, parent=item)
        sources.plan_next_discovery(db, SOURCE)
        close(
            db,
            item,
            "done",
            outcome="empty" if reply.empty else "ok",
            counts={"requests": 1, "meetings": found},
        )
    app.release(SOURCE)


@dataclass(frozen=True, slots=True)
class Listed:
    """A year's list as it was stored; see ``writer.Listed``."""

    calendar: Calendar
    news: list[str]
    rows: int
    quarantined: int


def store_calendar(db: Db, reply: Reply) -> Listed:
    """Store a year's list and the record of its answer. In a transaction."""
    year = int(reply.key)
    calendar, unreadable = read_calendar(reply, year)
    writer.lock_season(db, SERIES, year)
    late = fetches.observed_later(db, SOURCE, [(reply.endpoint, reply.key)], reply.observed_at)
    written = writer.write_calendar(db, calendar, fill_only=late)
    bookkeeping.quarantine(db, SOURCE, reply.key, unreadable)
    fetches.record(db, [record_of(reply, drift_of(reply))])
    return Listed(calendar, written.news, written.rows, len(unreadable))


def choose(db: Db, listed: Listed, scope: Scope, now: datetime) -> list[CalendarRound]:
    """The meetings of a stored list that a scope means, in order of time."""
    calendar = listed.calendar
    keys = {one.key for one in calendar.rounds}
    if scope.which == "due":
        keys &= {*listed.news, *meetings.due(db, SOURCE, SERIES, calendar.year, now)}
    if scope.recent_days is not None:
        keys &= meetings.recent(db, calendar, listed.news, now, scope.recent_days)
    chosen = [one for one in calendar.rounds if one.key in keys]
    return sorted(chosen, key=lambda one: (one.first_day, one.key))


def _wanted(
    chosen: Iterable[CalendarRound], listed: dict[str, dict[str, Any]], scope: Scope
) -> list[Wanted]:
    return [
        Wanted(
            source=SOURCE,
            task="sync_meeting",
            key=one.key,
            requests=REQUESTS_PER_MEETING,
            lane=scope.lane,
            payload={
                "name": one.name,
                "slug": one.slug,
                "meeting": listed[one.key],
                **opt_in.wish_of(scope.include_results, timer=scope.which == "due"),
            },
        )
        for one in chosen
    ]


_LAST_OF_RUN = """
SELECT max(i.not_before) FROM ingest.items i
JOIN ingest.run_items r USING (item)
WHERE i.task = 'sync_meeting'
  AND r.run IN (SELECT run FROM ingest.run_items WHERE item = %s)
"""


def _spaced(
    db: Db, parent: Item, wanted: list[Wanted], seconds: float, now: datetime
) -> list[Wanted]:
    """Space items out, behind those that the run's other years have already been given."""
    hold(db, [SOURCE])  # another instance may be at another year of this run
    row = db.execute(_LAST_OF_RUN, (parent.item,)).fetchone()
    step = timedelta(seconds=seconds)
    first = max(now, row[0] + step) if row and row[0] else now
    return [replace(one, not_before=first + place * step) for place, one in enumerate(wanted)]
