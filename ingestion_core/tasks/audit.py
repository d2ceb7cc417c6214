"""A look through what is stored, and where the sources disagree; of results elsewhere."""

from collections.abc import Sequence

from ingestion_core.catalog.compare import Difference, SharedRound, compare, read_shared
from ingestion_core.database.invariants import LOOK_ONLY
from ingestion_core.quality import audit as quality
from ingestion_core.quality.audit import Audited
from ingestion_core.tasks.app import App


def look_through(app: App, years: tuple[int, int] | None) -> Audited:
    """Everything, or these years; all at one moment, and nothing is written."""
    with app.transaction() as db:
        db.execute(LOOK_ONLY)
        return quality.audit(db, years)


def disagreements(
    app: App, first: int, last: int
) -> tuple[Sequence[SharedRound], Sequence[Difference]]:
    """The rounds of these seasons that several sources know, and what they say differently."""
    with app.db() as db:
        shared = read_shared(db, first, last)
        return shared, compare(db, shared)
