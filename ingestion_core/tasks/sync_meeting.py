"""One meeting: its sessions and entrants, fetched first, written in one transaction."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from psycopg import Connection
from psycopg.rows import TupleRow

from ingestion_core.catalog import writer
from ingestion_core.catalog.meetings import listed_slug
from ingestion_core.catalog.writer import Written
from ingestion_core.errors import SourceFailing, UnknownMeeting
from ingestion_core.sources.openf1 import SERIES, SOURCE
from ingestion_core.sources.openf1.client import Endpoint, Reply
from ingestion_core.sources.openf1.read import (
    briefs,
    drift_of,
    lockouts,
    read_calendar,
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

Db = Connection[TupleRow]

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
    listed = _listed(app, item)
    sessions = ask(app, Endpoint.SESSIONS, "meeting_key", int(item.key), item=item)
    try:
        drivers = ask(app, Endpoint.DRIVERS, "meeting_key", int(item.key), item=item)
    except SourceFailing:
        # What is known is stored; the item comes again for the rest.
        _keep(app, item, Answered(listed, sessions, None))
        raise
    _keep(app, item, Answered(listed, sessions, drivers))


@dataclass(frozen=True, slots=True)
class Listed:
    """A meeting's address and row in its season's list; ``requests``: what finding them took.

    ``listing``: the answer with the whole list, where it was asked for and is to be stored.
    """

    slug: str
    meeting: Mapping[str, Any]
    requests: int = 0
    listing: Reply | None = None


@dataclass(frozen=True, slots=True)
class Answered:
    """What OpenF1 answered for a meeting; ``drivers`` None where it did not."""

    listed: Listed
    sessions: Reply
    drivers: Reply | None

    @property
    def replies(self) -> list[Reply]:
        return [self.sessions] if self.drivers is None else [self.sessions, self.drivers]


def look_up(app: App, key: str, item: Item | None = None) -> Listed:
    """Ask for a meeting that nobody listed for us; for its season's list if that is not known.

    Raises:
        UnknownMeeting: there is none, or the list does not have it.
        Deferred: nothing was learnt; come again.
    """
    reply = ask(app, Endpoint.MEETINGS, "meeting_key", int(key), item=item)
    year = read_meeting(reply).year
    with app.db() as db:
        slug = listed_slug(db, SOURCE, key)
    if slug is not None:
        return Listed(slug, briefs(reply)[key], requests=1)
    listing = ask(app, Endpoint.MEETINGS, "year", year, item=item)
    calendar, _ = read_calendar(listing, year)
    slugs = {one.key: one.slug for one in calendar.rounds}
    if key not in slugs:
        raise UnknownMeeting(f"OpenF1's list of {year} has no meeting {key}")
    return Listed(slugs[key], briefs(listing)[key], requests=2, listing=listing)


def store(db: Db, answered: Answered, now: datetime) -> Written:
    """Store a meeting and the record of the answers. In a transaction."""
    listed, replies = answered.listed, answered.replies
    weekend = read_weekend(listed.meeting, listed.slug, answered.sessions, answered.drivers)
    asked = [(reply.endpoint, reply.key) for reply in replies]
    writer.lock_season(db, SERIES, weekend.year)
    late = fetches.observed_later(db, SOURCE, asked, min(r.observed_at for r in replies))
    written = writer.write_weekend(db, weekend, now, fill_only=late)
    fetches.record(db, [record_of(reply, drift_of(reply)) for reply in replies])
    windows = [Lockout(*window) for window in lockouts(weekend, now)]
    if windows or any(session.cancelled for session in weekend.sessions):
        expect(db, SOURCE, [session.key for session in weekend.sessions], windows)
    return written


def _keep(app: App, item: Item, answered: Answered) -> None:
    """One transaction: the meeting, the record of the answers, and the item's end if it ends."""
    followed = 0
    with app.transaction() as db:
        written = store(db, answered, app.now())
        if answered.drivers is not None:
            followed = enqueue(db, opt_in.follow_up(db, app.settings, item, written), parent=item)
            close(
                db,
                item,
                "done",
                outcome="shrunk" if written.shrunk else "ok",
                counts={
                    "requests": answered.listed.requests + REQUESTS_PER_MEETING,
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


def _listed(app: App, item: Item) -> Listed:
    """By what whoever discovered the meeting knew, else by looking it up."""
    if "meeting" in item.payload:
        return Listed(item.payload["slug"], item.payload["meeting"])
    found = look_up(app, item.key, item)
    if found.listing is not None:
        with app.transaction() as db:
            store_calendar(db, found.listing)
    return found
