"""Rehearsals: what a run would ask and write, carried out in this process and then rolled back.

Everything is fetched first, through the source's gate; then one transaction with the real writers.
For an app that keeps nothing, see ``App``. Results are not rehearsed: they follow what is kept.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, fields

from ingestion_core.catalog import writer
from ingestion_core.catalog.writer import Written
from ingestion_core.sources.ergast.library import read_library
from ingestion_core.sources.ergast.season import season
from ingestion_core.sources.openf1 import SERIES
from ingestion_core.sources.openf1.client import Endpoint, Reply
from ingestion_core.sources.openf1.read import briefs
from ingestion_core.tasks import discover, import_season, sync_meeting
from ingestion_core.tasks.app import App
from ingestion_core.tasks.archive import opening
from ingestion_core.tasks.asking import ask
from ingestion_core.tasks.discover import REQUESTS_PER_MEETING, Scope
from ingestion_core.tasks.sync_meeting import Answered, Listed

Say = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Rehearsed:
    """What it would come to. ``rows``: added, changed or removed in the product's tables."""

    rounds: int
    sessions: int
    entrants: int
    quarantined: int
    shrunk: int
    rows: int
    requests: int


COUNTS = tuple(one.name for one in fields(Rehearsed))


def meetings(app: App, years: Sequence[int], scope: Scope, say: Say) -> Rehearsed:
    """Whole seasons, or their recent meetings; ``say`` is told of each that was fetched.

    Raises:
        Deferred: OpenF1 does not answer for now; nothing can be said without every answer.
        Dropped: an answer can't be understood.
    """
    lists = [ask(app, Endpoint.MEETINGS, "year", year) for year in years]
    answers: list[Answered] = []
    for key, (name, listed) in _chosen(app, lists, scope).items():
        answers.append(_asked(app, key, listed))
        say(f"Fetched {name}")
    requests = len(lists) + REQUESTS_PER_MEETING * len(answers)
    return _stored(app, lists, answers, requests)


def meeting(app: App, key: int) -> Rehearsed:
    """One meeting. Raises as ``meetings``."""
    listed = sync_meeting.look_up(app, str(key))
    answered = _asked(app, str(key), listed)
    lists = [listed.listing] if listed.listing else []
    return _stored(app, lists, [answered], listed.requests + REQUESTS_PER_MEETING)


def archive(app: App, years: Iterable[int]) -> dict[int, Rehearsed]:
    """Seasons of the archive, a transaction for each; those that it does not have are left out.

    Raises:
        Dropped: it can't be read, or is not there.
        Deferred: its address does not answer for now.
    """
    with opening(app) as opened:
        library = read_library(opened)
    told: dict[int, Rehearsed] = {}
    strays = library.unreadable
    for year in years:
        found = season(library, year)
        with app.transaction() as db:
            written = import_season.store(db, found, strays, app.now())
        strays = ()
        if found.weekends or written.quarantined:
            told[year] = _told([written])
    return told


def _chosen(app: App, lists: Iterable[Reply], scope: Scope) -> Mapping[str, tuple[str, Listed]]:
    """The meetings that these lists would make items of: key to name and row."""
    found: dict[str, tuple[str, Listed]] = {}
    for reply in lists:
        rows = briefs(reply)
        with app.transaction() as db:
            chosen = discover.choose(db, discover.store_calendar(db, reply), scope, app.now())
        found |= {one.key: (one.name, Listed(one.slug, rows[one.key])) for one in chosen}
    return found


def _asked(app: App, key: str, listed: Listed) -> Answered:
    sessions = ask(app, Endpoint.SESSIONS, "meeting_key", int(key))
    return Answered(listed, sessions, ask(app, Endpoint.DRIVERS, "meeting_key", int(key)))


def _stored(
    app: App, lists: Sequence[Reply], answers: Iterable[Answered], requests: int
) -> Rehearsed:
    now = app.now()
    with app.transaction() as db:
        # All seasons first: whoever holds the lock of identity waits for no season's.
        for reply in lists:
            writer.lock_season(db, SERIES, int(reply.key))
        listed = [discover.store_calendar(db, reply) for reply in lists]
        written = [sync_meeting.store(db, one, now) for one in answers]
    return _told(
        written,
        requests,
        rows=sum(one.rows for one in listed),
        quarantined=sum(one.quarantined for one in listed),
    )


def _told(
    written: Sequence[Written], requests: int = 0, rows: int = 0, quarantined: int = 0
) -> Rehearsed:
    return Rehearsed(
        requests=requests,
        rounds=sum(one.rounds for one in written),
        sessions=sum(one.sessions for one in written),
        entrants=sum(one.entrants for one in written),
        rows=rows + sum(one.rows for one in written),
        quarantined=quarantined + sum(one.quarantined for one in written),
        shrunk=sum(len(one.shrunk) for one in written),
    )
