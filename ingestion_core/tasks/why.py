"""Where a row of the product comes from. Results are asked for elsewhere."""

from dataclasses import asdict
from typing import Any

from ingestion_core.catalog.why import trace
from ingestion_core.tasks.app import App


def why(app: App, kind: str, wanted: str) -> dict[str, Any]:
    """A row's trace as JSON: see ``catalog.traces``.

    Args:
        app: its database.
        kind: series, circuit, team, driver, round, session or entrant.
        wanted: the row's id, its address, or OpenF1's key of it.

    Raises:
        NotFound: no such row.
        BadRequest: several.
    """
    with app.db() as db:
        return asdict(trace(db, kind, wanted, app.now()))
