"""One season of the archive: its rounds, sessions and entrants, written in one transaction."""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import datetime

from psycopg import Connection
from psycopg.rows import TupleRow

from ingestion_core.catalog import bookkeeping, writer
from ingestion_core.catalog.writer import Written
from ingestion_core.racing.types import Season, Unreadable
from ingestion_core.sources.ergast import SOURCE
from ingestion_core.sources.ergast.library import Library, read_library
from ingestion_core.sources.ergast.season import season
from ingestion_core.tasks import opt_in
from ingestion_core.tasks.app import App
from ingestion_core.tasks.archive import ASKED_AT, Shelf
from ingestion_core.work import fetches
from ingestion_core.work.items import Item, Wanted, close, enqueue

Db = Connection[TupleRow]

TASK = "import_season"
RESOURCE = "season"

#: A payload's word: this item also keeps what of the archive belongs to no season for sure.
_STRAYS = "strays"
#: The key of such rows in the quarantine.
_NO_SEASON = "archive"

_LIBRARY: Shelf[Library] = Shelf(read_library)


def wanted_seasons(
    years: Iterable[int], asked_at: datetime, include_results: bool = False
) -> list[Wanted]:
    """The items of an import: one per season.

    They take no slots of the timetable: the archive is read from where it lies, at most once.
    """
    return [
        Wanted(
            source=SOURCE,
            task=TASK,
            key=str(year),
            requests=0,
            payload={
                "name": f"{year} season",
                ASKED_AT: asked_at.isoformat(),
                **({_STRAYS: True} if place == 0 else {}),
                **opt_in.wish_of(include_results, timer=False),
            },
        )
        for place, year in enumerate(years)
    ]


def import_season(app: App, item: Item) -> None:
    """Store the archive's season; its results follow where they are wanted and opted into.

    Raises:
        ArchiveUnreadable, ArchiveMissing: before anything was written.
        Deferred: the archive's address does not answer for now.
    """
    library = _LIBRARY.get(app, item)
    found = season(library, int(item.key))
    strays = library.unreadable if item.payload.get(_STRAYS) else ()
    if _keep(app, item, found, strays):
        app.release(SOURCE)


def store(db: Db, found: Season, strays: Sequence[Unreadable], now: datetime) -> Written:
    """Store a season and the record of it. In a transaction."""
    writer.lock_season(db, found.series, found.year)
    record = _record(found)
    asked = [(record.resource, record.key)]
    late = fetches.observed_later(db, SOURCE, asked, record.observed_at)
    written = writer.write_season(db, found, now, fill_only=late)
    bookkeeping.quarantine(db, SOURCE, _NO_SEASON, strays)
    fetches.record(db, [record])
    return replace(written, quarantined=written.quarantined + len(strays))


def _keep(app: App, item: Item, found: Season, strays: Sequence[Unreadable]) -> int:
    """One transaction: the season, the record, what follows, the item's end; how many follow."""
    with app.transaction() as db:
        written = store(db, found, strays, app.now())
        wanted = opt_in.follow_season(db, app.settings, item, written)
        followed = enqueue(db, wanted, parent=item)
        close(
            db,
            item,
            "done",
            outcome="shrunk" if written.shrunk else _record(found).outcome,
            counts={
                "rounds": written.rounds,
                "sessions": written.sessions,
                "entrants": written.entrants,
                "rows": written.rows,
                "quarantined": written.quarantined,
                "shrunk": len(written.shrunk),
            },
        )
    return followed


def _record(found: Season) -> fetches.Fetch:
    return fetches.Fetch(
        source=SOURCE,
        resource=RESOURCE,
        key=str(found.year),
        outcome="ok" if found.weekends else "empty",
        observed_at=found.origin.observed_at,
        rows=len(found.weekends),
    )
