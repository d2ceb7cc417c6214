"""Discovery: a season's list becomes one item per meeting."""

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any, Literal

from psycopg import Connection
from psycopg.rows import TupleRow
from pydantic import BaseModel, ConfigDict

from ingestion_core.catalog import bookkeeping, meetings, statuses, writer
from ingestion_core.racing.types import Calendar
from ingestion_core.sources.openf1 import SERIES, SOURCE
from ingestion_core.sources.openf1.client import Endpoint, Reply
from ingestion_core.sources.openf1.read import briefs, drift_of, read_calendar
from ingestion_core.tasks.app import App
from ingestion_core.work import fetches, runs, sources
from ingestion_core.work.items import BULK_LANE, LIVE_LANE, Item, Wanted, close, enqueue

Db = Connection[TupleRow]

TASK = "discover_year"
#: /sessions and /drivers.
REQUESTS_PER_MEETING = 2


class Scope(BaseModel):
    """Which meetings of a year are wanted; the payload of a ``discover_year`` item.

    ``due``: new, changed, running, recently finished and never completely read ones, as the timer
    wants them. ``recent_days`` narrows either. ``spacing_seconds``: at least this long between two.
    """

    model_config = ConfigDict(frozen=True, extra="ignore", hide_input_in_errors=True)

    which: Literal["all", "due"] = "all"
    recent_days: int | None = None
    spacing_seconds: float = 0
    lane: int = BULK_LANE


def wanted_year(year: int, scope: Scope) -> Wanted:
    """The item that discovers a year."""
    return Wanted(
        source=SOURCE,
        task=TASK,
        key=str(year),
        requests=1,
        lane=LIVE_LANE if scope.lane == LIVE_LANE else BULK_LANE,
        payload={**scope.model_dump(), "name": f"{year} season"},
    )


def years_now(now: datetime) -> list[int]:
    """The seasons that the timer looks at: this year's, and from December on the next one's."""
    return [now.year, now.year + 1] if now.month == 12 else [now.year]


def tick(app: App) -> None:
    """What the timer does. Between race weekends: two statements, no request, and a release."""
    with app.db() as db:
        statuses.advance(db)
        due = sources.discovery_is_due(db, SOURCE)
    if due:
        scope = Scope(which="due", lane=LIVE_LANE)
        years = years_now(app.now())
        with app.transaction() as db:
            runs.start(db, "timer", {"years": years}, [wanted_year(y, scope) for y in years])
    app.release_all()


def discover_year(app: App, item: Item) -> None:
    """Ask for a year's list; renumber its rounds; make an item of every meeting that is wanted."""
    year, scope = int(item.key), Scope.model_validate(item.payload)
    reply = app.openf1.ask(Endpoint.MEETINGS, "year", year)
    with app.transaction() as db:
        calendar, news = store_calendar(db, reply, year)
        chosen = _choose(db, calendar, news, scope, app.now())
        wanted = list(_wanted(calendar, chosen, briefs(reply), scope))
        if scope.spacing_seconds:
            wanted = _spaced(db, item, wanted, scope.spacing_seconds, app.now())
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


def store_calendar(db: Db, reply: Reply, year: int) -> tuple[Calendar, list[str]]:
    """Store a year's list and the record of its answer; the calendar, and what is new in it."""
    calendar, unreadable = read_calendar(reply, year)
    writer.lock_season(db, SERIES, year)
    late = fetches.observed_later(db, SOURCE, [(reply.endpoint, reply.key)], reply.observed_at)
    news = writer.write_calendar(db, calendar, fill_only=late)
    bookkeeping.quarantine(db, SOURCE, str(year), unreadable)
    fetches.record(db, [fetch_of(reply)])
    return calendar, news


def fetch_of(reply: Reply) -> fetches.Fetch:
    """The record of a reply."""
    return fetches.Fetch(
        source=SOURCE,
        resource=reply.endpoint,
        key=reply.key,
        outcome="empty" if reply.empty else "ok",
        observed_at=reply.observed_at,
        http_status=reply.status,
        rows=len(reply.rows),
        digest=reply.digest,
        drift=drift_of(reply),
    )


def _choose(db: Db, calendar: Calendar, news: list[str], scope: Scope, now: datetime) -> set[str]:
    keys = {one.key for one in calendar.rounds}
    if scope.which == "due":
        keys &= {*news, *meetings.due(db, SOURCE, SERIES, calendar.year, now)}
    if scope.recent_days is not None:
        keys &= {
            one.key
            for one in calendar.rounds
            if meetings.recent(one.first_day, one.last_day, now, scope.recent_days)
        }
    return keys


def _wanted(
    calendar: Calendar, chosen: set[str], listed: dict[str, dict[str, Any]], scope: Scope
) -> Iterable[Wanted]:
    for one in sorted(calendar.rounds, key=lambda each: (each.first_day, each.key)):
        if one.key in chosen:
            yield Wanted(
                source=SOURCE,
                task="sync_meeting",
                key=one.key,
                requests=REQUESTS_PER_MEETING,
                lane=scope.lane,
                payload={"name": one.name, "slug": one.slug, "meeting": listed[one.key]},
            )


_LAST_OF_RUN = """
SELECT max(i.not_before) FROM ingest.items i
JOIN ingest.run_items r USING (item)
WHERE i.task = 'sync_meeting' AND i.state IN ('waiting', 'sent')
  AND r.run IN (SELECT run FROM ingest.run_items WHERE item = %s)
"""


def _spaced(
    db: Db, parent: Item, wanted: list[Wanted], seconds: float, now: datetime
) -> list[Wanted]:
    """Space items out, behind those that the run's other years have already been given."""
    row = db.execute(_LAST_OF_RUN, (parent.item,)).fetchone()
    step = timedelta(seconds=seconds)
    first = max(now, row[0] + step) if row and row[0] else now
    return [
        Wanted(
            one.source,
            one.task,
            one.key,
            one.requests,
            one.lane,
            one.payload,
            first + place * step,
        )
        for place, one in enumerate(wanted)
    ]
