"""Results of one meeting: the only task that knows them."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from psycopg import Connection
from psycopg.rows import TupleRow

from ingestion_core.catalog import meetings, writer
from ingestion_core.catalog.meetings import Meeting
from ingestion_core.database.roles import Role
from ingestion_core.errors import NotFound
from ingestion_core.racing.classification import Classification
from ingestion_core.racing.types import Unreadable
from ingestion_core.results import revisions
from ingestion_core.results.errors import without_values
from ingestion_core.sources.openf1 import SERIES, SOURCE
from ingestion_core.sources.openf1.client import Reply
from ingestion_core.sources.openf1.results import Endpoint, read_grids, read_results
from ingestion_core.tasks.app import App
from ingestion_core.tasks.asking import ask, record_of
from ingestion_core.tasks.opt_in import REQUESTS, RESOURCE, next_question
from ingestion_core.tasks.prepared import prepare
from ingestion_core.tasks.store_results import store_results
from ingestion_core.work import fetches
from ingestion_core.work.items import Item, close

Db = Connection[TupleRow]

_NEVER_ASKED = datetime.fromtimestamp(0, UTC)


def load_results(app: App, item: Item) -> None:
    """Ask for what is past its embargo, store it as sets, project it; or, if nothing is, wait.

    Raises:
        RightsMissing: our login may not become what may.
    """
    app = app.acting(Role.RESULTS)
    prepare(app)
    with app.db() as db:
        meeting = meetings.stored(db, SOURCE, item.key)
    if meeting is None or not meeting.entrants:
        # Whoever stores the entries asks again.
        with app.db() as db:
            close(db, item, "withheld", outcome="no-entries")
        return
    if not item.payload.get("ask"):
        _store(app, item, meeting, [], [], [])
        return
    embargo = timedelta(hours=app.settings.results_embargo_hours)
    now = app.now()
    open_ = {one.key: one.type for one in meeting.sessions if one.ends_at + embargo <= now}
    if not open_:
        with app.transaction() as db:
            fetches.record(db, [_withheld(app, item, meeting)])
            close(db, item, "withheld", outcome="embargo")
        return
    key, tomorrow = int(item.key), now + timedelta(days=1)
    answered = ask(app, Endpoint.SESSION_RESULT, "meeting_key", key, tomorrow, item)
    grid = ask(app, Endpoint.STARTING_GRID, "meeting_key", key, item=item)
    sets, bad = read_results(answered, open_)
    grids, bad_grids = read_grids(grid, open_)
    _store(app, item, meeting, [answered, grid], [*sets, *grids], [*bad, *bad_grids])


@without_values
def _store(
    app: App,
    item: Item,
    meeting: Meeting,
    replies: Sequence[Reply],
    sets: Sequence[Classification],
    unreadable: Sequence[Unreadable],
) -> None:
    """One transaction, under the season's lock: sets, rows, the record, the item's end.

    Raises:
        ResultsDatabaseError: the database refused, if only at the commit; nothing is kept.
    """
    with app.transaction() as db:
        writer.lock_season(db, SERIES, meeting.year)
        asked = [(reply.endpoint, reply.key) for reply in replies]
        if replies and fetches.observed_later(
            db, SOURCE, asked, min(reply.observed_at for reply in replies)
        ):
            sets = []
        stored = store_results(db, [meeting.round_id], sets, unreadable, source=SOURCE)
        fetches.record(db, [_record(app, meeting, reply) for reply in replies])
        close(
            db,
            item,
            "done",
            outcome="doubted" if stored.refused else "ok",
            counts={
                "requests": REQUESTS if replies else 0,
                "results": stored.results,
                "rows": stored.rows,
                "revised": stored.revised,
                "quarantined": stored.quarantined,
            },
        )


def list_revisions(app: App, year: int) -> list[dict[str, Any]]:
    """Which sessions of a year were revised and when, never what."""
    app = app.acting(Role.RESULTS)
    prepare(app)
    with app.db() as db:
        return revisions.revisions(db, year)


def show(app: App, session: str) -> list[dict[str, Any]]:
    """Spoilers: a session's results, by its id or OpenF1 key.

    Raises:
        NotFound: there are none.
    """
    with app.acting(Role.RESULTS).db() as db:
        found = revisions.show(db, session)
    if not found:
        raise NotFound("no results are stored for this session")
    return found


def _record(app: App, meeting: Meeting, reply: Reply) -> fetches.Fetch:
    return record_of(reply, next_at=_next(app, meeting) if reply.endpoint == RESOURCE else None)


def _withheld(app: App, item: Item, meeting: Meeting) -> fetches.Fetch:
    return fetches.Fetch(
        source=SOURCE,
        resource=RESOURCE,
        key=item.key,
        outcome="withheld",
        observed_at=_NEVER_ASKED,
        next_at=_next(app, meeting),
    )


def _next(app: App, meeting: Meeting) -> datetime | None:
    embargo = timedelta(hours=app.settings.results_embargo_hours)
    return next_question((one.ends_at for one in meeting.sessions), embargo, app.now())
