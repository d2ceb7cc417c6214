"""What the timer does beside looking for meetings, whenever it does: old work goes, and the log is
told how fresh everything is."""

import logging

from ingestion_core.tasks.app import App
from ingestion_core.telemetry import tell
from ingestion_core.work import runs, sources
from ingestion_core.work.purge import purge

log = logging.getLogger(__name__)


def keep_house(app: App) -> None:
    """Purge, and one line for each source; at least once a day, every tick around a weekend."""
    with app.db() as db:
        purged = purge(db)
        known = sources.show(db)
        now = runs.now(db)
    if purged:
        tell(log, logging.INFO, "purge", {"items": purged})
    for one in known:
        fresh = one["fresh_at"]
        fields = {
            "source": one["source"],
            "seconds": (now - fresh).total_seconds() if fresh else None,
            "discovered_at": one["discovered_at"],
            "paused": one["paused"],
            "closed": one["closed_why"],
            "failures": one["failures"],
        }
        tell(log, logging.INFO, "freshness", fields)
