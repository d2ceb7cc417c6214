"""What the sources disagree on, but for results, which are compared elsewhere."""

from collections.abc import Sequence

from ingestion_core.catalog.compare import Difference, SharedRound, compare, read_shared
from ingestion_core.tasks.app import App


def disagreements(
    app: App, first: int, last: int
) -> tuple[Sequence[SharedRound], Sequence[Difference]]:
    """The rounds of these seasons that several sources know, and what they say differently."""
    with app.db() as db:
        shared = read_shared(db, first, last)
        return shared, compare(db, shared)
