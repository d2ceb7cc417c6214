"""Asking OpenF1, with every outcome on record: ok and empty by whoever stores the answer, and
failed here, since nothing else of a failure is kept."""

from collections.abc import Sequence
from datetime import datetime
from enum import StrEnum

from ingestion_core.errors import SourceFailing
from ingestion_core.sources.openf1 import SOURCE
from ingestion_core.sources.openf1.client import Reply
from ingestion_core.tasks.app import App
from ingestion_core.work import fetches
from ingestion_core.work.items import Item


def ask(
    app: App,
    endpoint: StrEnum,
    field: str,
    value: int,
    again: datetime | None = None,
    item: Item | None = None,
) -> Reply:
    """Ask for the rows where an integer field has a value.

    ``again``: when the calendar asks anew after a failure that outlasts the item. ``item``: whose
    question it is: what it was answered before it was given back is not asked for again.

    Raises:
        SourceClosed, SourceRefused: our turn did not come, or the source lets nobody in.
        SourceFailing: it is not well; recorded.
    """
    question = (endpoint.value, field, value)
    kept = app.kept_answers.recall(item, question) if item else None
    if kept is not None:
        return kept
    try:
        reply = app.openf1.ask(endpoint, field, value)
    except SourceFailing:
        failed = fetches.Fetch(
            SOURCE, endpoint.value, str(value), "failed", app.now(), next_at=again
        )
        with app.db() as db:
            fetches.record(db, [failed])
        raise
    if item:
        app.kept_answers.keep(item, question, reply)
    return reply


def record_of(
    reply: Reply, drift: Sequence[str] = (), next_at: datetime | None = None
) -> fetches.Fetch:
    """The record of an answer, for whoever stores it."""
    return fetches.Fetch(
        source=SOURCE,
        resource=reply.endpoint,
        key=reply.key,
        outcome="empty" if reply.empty else "ok",
        observed_at=reply.observed_at,
        http_status=reply.status,
        rows=len(reply.rows),
        digest=reply.digest,
        drift=drift,
        next_at=next_at,
    )
