"""The shipped sample's 2024: its first meetings, and reading it to its end."""

from typing import Any

from ingestion_core.tasks import backfill
from ingestion_core.tasks.app import App
from tests.support.drain import drain

TESTING, BAHRAIN, JEDDAH, MELBOURNE = 1228, 1229, 1230, 1231


def read(app: App, year: int = 2024) -> dict[str, Any]:
    """Backfill a year to its end."""
    run = backfill.backfill(app, [year], {"years": year})
    drain(app)
    return backfill.show_run(app, run)
