"""What always holds of results, and what could not be read of them: for verify and audit alone."""

from collections.abc import Sequence
from typing import Any

from ingestion_core.database.invariants import LOOK_ONLY, Violation
from ingestion_core.database.roles import Role
from ingestion_core.results import audit
from ingestion_core.results import verify as results
from ingestion_core.tasks.app import App


def verify(app: App) -> Sequence[Violation]:
    """The invariants of results that do not hold; told by ids, never by values."""
    with app.acting(Role.RESULTS).transaction() as db:
        db.execute(LOOK_ONLY)
        return results.verify(db, app.settings.results_enabled)


def refused(app: App) -> Sequence[dict[str, Any]]:
    """What could not be read or believed, by source, facet and reason, in counts."""
    with app.acting(Role.RESULTS).transaction() as db:
        db.execute(LOOK_ONLY)
        return audit.refused(db)
