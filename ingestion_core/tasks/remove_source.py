"""Taking a source out, results and all: one transaction."""

from dataclasses import dataclass

from ingestion_core.catalog import removal
from ingestion_core.database.roles import ActingConnection, Role
from ingestion_core.errors import NotFound
from ingestion_core.results import pages as bodies
from ingestion_core.results import removal as results
from ingestion_core.sources import thethirdturn
from ingestion_core.tasks.app import App
from ingestion_core.work import items, pages, robots


@dataclass(frozen=True, slots=True)
class Removed:
    """What it came to, in counts. ``results``: rows that changed or went."""

    catalog: removal.Removed
    results: int


def remove_source(app: App, source: str) -> Removed:
    """Take out all that only this source gave; users' content is untouched.

    Raises:
        NotFound: it never gave anything.
    """
    app = app.acting(Role.MAINTAIN)
    with app.transaction() as db:
        seasons = removal.lock(db, source)
        forgotten = source == thethirdturn.SOURCE and _forget_pages(db)
        if not seasons and not forgotten:
            raise NotFound(f"nothing is stored of a source '{source[:50]}'")
        # Else an import or a crawl that is under way would bring it back.
        items.abandon(db, source)
        with db.within(Role.RESULTS):
            changed = results.remove(db, source)
        return Removed(removal.remove(db, source, seasons, app.now()), changed)


def _forget_pages(db: ActingConnection) -> bool:
    """Let go of the wiki's pages, as served and as known; whether there were any."""
    with db.within(Role.RESULTS):
        bodies.forget(db)
    robots.forget(db, thethirdturn.SOURCE)
    return pages.forget(db) > 0
