"""What the timer does beside looking for meetings, whenever it does: old work goes, and the log is
told how fresh everything is."""

import logging

from psycopg import Connection
from psycopg.rows import TupleRow

from ingestion_core.quality.coverage import season_coverage
from ingestion_core.quality.overdue import ALARMED, overdue
from ingestion_core.quality.states import Policy
from ingestion_core.sources.openf1 import SERIES
from ingestion_core.tasks.app import App
from ingestion_core.telemetry import tell
from ingestion_core.work import runs, sources
from ingestion_core.work.purge import purge

log = logging.getLogger(__name__)


def keep_house(app: App) -> None:
    """Purge; a line for each season and each source. At least once a day, around a weekend at
    every tick."""
    chosen = app.policy()
    years = sorted({(chosen.now - ALARMED).year, chosen.now.year})
    with app.db() as db:
        purged = purge(db)
        seasons = [_overdue(db, year, chosen) for year in years]
        known = sources.show(db)
        now = runs.now(db)
    if purged:
        tell(log, logging.INFO, "purge", {"items": purged})
    for late in seasons:
        tell(log, logging.INFO, "overdue", late)
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


def _overdue(db: Connection[TupleRow], year: int, chosen: Policy) -> dict[str, object]:
    late = overdue(season_coverage(db, SERIES, year, chosen), chosen.now)
    return {
        "season": year,
        "without_entries": late.without_entries,
        "without_results": late.without_results,
    }
