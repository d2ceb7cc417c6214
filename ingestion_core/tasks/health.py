"""Whether the app can work: each of its parts asked, each fault in words without secrets."""

import logging
from collections.abc import Callable

import psycopg
from azure.core.exceptions import AzureError
from psycopg_pool import PoolTimeout

from ingestion_core.errors import Unprepared
from ingestion_core.tasks.app import App

log = logging.getLogger(__name__)

Check = dict[str, str]


def readiness(app: Callable[[], App]) -> list[Check]:
    """Ask settings, database and storage; one entry each: name, status, and why it fails."""
    try:
        ready = app()
    except Unprepared as error:
        return [{"name": "settings", "status": "failing", "why": str(error)}]
    return [{"name": "settings", "status": "ok"}, _database(ready), _storage(ready)]


def _database(app: App) -> Check:
    try:
        with app.db() as db:
            db.execute("SELECT 1")
    except Unprepared as error:
        return {"name": "database", "status": "failing", "why": str(error)}
    except (psycopg.Error, PoolTimeout):
        log.warning("the database does not answer", exc_info=True)
        return {"name": "database", "status": "failing", "why": "it does not answer"}
    return {"name": "database", "status": "ok"}


def _storage(app: App) -> Check:
    try:
        app.queues.reach()
    except Unprepared as error:
        return {"name": "storage", "status": "failing", "why": str(error)}
    except AzureError:
        log.warning("the storage does not answer", exc_info=True)
        return {"name": "storage", "status": "failing", "why": "it does not answer"}
    return {"name": "storage", "status": "ok"}
