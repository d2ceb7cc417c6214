"""Schema spoilers, made when something is first to be kept there."""

import threading
from weakref import WeakSet

from ingestion_core.database.connection import Pool
from ingestion_core.results import schema
from ingestion_core.tasks.app import App

#: Databases whose schema is known to be current: asked once for each pool of this process.
_prepared: WeakSet[Pool] = WeakSet()
_preparing = threading.Lock()


def prepare(app: App) -> None:
    """The schema, up to date; once per process and database."""
    with _preparing:
        if app.pool in _prepared:
            return
        with app.db() as db:
            schema.prepare(db)
        _prepared.add(app.pool)
