"""One meeting: its sessions and entrants, fetched first, written in one transaction."""

from typing import Any

from ingestion_core.catalog import writer
from ingestion_core.catalog.meetings import listed_slug
from ingestion_core.errors import SourceFailing, UnknownMeeting
from ingestion_core.racing.types import Weekend
from ingestion_core.sources.openf1 import SERIES, SOURCE
from ingestion_core.sources.openf1.client import Endpoint, Reply
from ingestion_core.sources.openf1.read import (
    briefs,
    drift_of,
    lockouts,
    read_meeting,
    read_weekend,
)
from ingestion_core.tasks import opt_in
from ingestion_core.tasks.app import App
from ingestion_core.tasks.asking import ask, record_of
from ingestion_core.tasks.discover import REQUESTS_PER_MEETING, store_calendar
from ingestion_core.work import fetches
from ingestion_core.work.items import LIVE_LANE, Item, Wanted, close, enqueue
from ingestion_core.work.lockouts import Lockout, expect

TASK = "sync_meeting"


def wanted_meeting(key: int, include_results: bool = False) -> Wanted:
    """The item that reads one meeting now, before all bulk."""
    return Wanted(
        SOURCE,
        TASK,
        str(key),
        requests=REQUESTS_PER_MEETING + 1,
        lane=LIVE_LANE,
        payload=opt_in.wish_of(include_results, timer=False),
    )


def sync_meeting(app: App, item: Item) -> None:
    """Fetch and store a meeting. Its sessions are stored even while nobody lists its drivers."""
    slug, meeting, asked = _listed(app, item)
    sessions = ask(app, Endpoint.SESSIONS, "meeting_key", int(item.key))
    try:
        drivers = ask(app, Endpoint.DRIVERS, "meeting_key", int(item.key))
    except SourceFailing:
        # What is known is stored; the item comes again for the rest.
        _store(app, item, read_weekend(meeting, slug, sessions, None), [sessions], None)
        raise
    weekend = read_weekend(meeting, slug, sessions, drivers)
    _store(app, item, weekend, [sessions, drivers], asked + 2)


def _store(
    app: App, item: Item, weekend: Weekend, replies: list[Reply], requests: int | None
) -> None:
    """One transaction: the meeting, the record of the answers, and the item's end if it ends."""
    now, followed = app.now(), 0
    asked = [(reply.endpoint, reply.key) for reply in replies]
    with app.transaction() as db:
        writer.lock_season(db, SERIES, weekend.year)
        late = fetches.observed_later(db, SOURCE, asked, min(r.observed_at for r in replies))
        written = writer.write_weekend(db, weekend, now, fill_only=late)
        fetches.record(db, [record_of(reply, drift_of(reply)) for reply in replies])
        windows = [Lockout(*window) for window in lockouts(weekend, now)]
        if windows or any(session.cancelled for session in weekend.sessions):
            expect(db, SOURCE, [session.key for session in weekend.sessions], windows)
        if requests is not None:
            followed = enqueue(db, opt_in.follow_up(db, app.settings, item, written), parent=item)
            close(
                db,
                item,
                "done",
                outcome="shrunk" if written.shrunk else "ok",
                counts={
                    "requests": requests,
                    "rounds": written.rounds,
                    "sessions": written.sessions,
                    "entrants": written.entrants,
                    "rows": written.rows,
                    "quarantined": written.quarantined,
                    "shrunk": len(written.shrunk),
                },
            )
    if followed:
        app.release(SOURCE)


def _listed(app: App, item: Item) -> tuple[str, dict[str, Any], int]:
    """The meeting's address and row in its season's list, and how many requests that took."""
    if "meeting" in item.payload:
        return item.payload["slug"], item.payload["meeting"], 0
    reply = ask(app, Endpoint.MEETINGS, "meeting_key", int(item.key))
    year = read_meeting(reply).year
    with app.db() as db:
        slug = listed_slug(db, SOURCE, item.key)
    if slug is not None:
        return slug, briefs(reply)[item.key], 1
    listing = ask(app, Endpoint.MEETINGS, "year", year)
    with app.transaction() as db:
        calendar, _ = store_calendar(db, listing, year)
    slugs = {one.key: one.slug for one in calendar.rounds}
    if item.key not in slugs:
        raise UnknownMeeting(f"OpenF1's list of {year} has no meeting {item.key}")
    return slugs[item.key], briefs(listing)[item.key], 2
