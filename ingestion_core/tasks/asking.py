"""Asking OpenF1, with every outcome on record: ok and empty by whoever stores the answer, and
failed here, since nothing else of a failure is kept."""

from enum import StrEnum

from ingestion_core.errors import SourceFailing
from ingestion_core.sources.openf1 import SOURCE
from ingestion_core.sources.openf1.client import Reply
from ingestion_core.tasks.app import App
from ingestion_core.work import fetches


def ask(app: App, endpoint: StrEnum, field: str, value: int) -> Reply:
    """Ask for the rows where an integer field has a value.

    Raises:
        SourceClosed, SourceRefused: our turn did not come, or the source lets nobody in.
        SourceFailing: it is not well; recorded.
    """
    try:
        return app.openf1.ask(endpoint, field, value)
    except SourceFailing:
        failed = fetches.Fetch(SOURCE, endpoint.value, str(value), "failed", app.now())
        with app.db() as db:
            fetches.record(db, [failed])
        raise
