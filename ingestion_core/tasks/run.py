"""From a message to its item, and what becomes of the item whatever happens."""

import logging
import time
from collections.abc import Callable, Mapping
from hashlib import sha256

from ingestion_core.catalog.bookkeeping import quarantine
from ingestion_core.errors import Deferred, Dropped, UnknownMessage
from ingestion_core.racing.types import Unreadable
from ingestion_core.tasks.app import App
from ingestion_core.work import items
from ingestion_core.work.messages import item_of, parse

log = logging.getLogger(__name__)

Task = Callable[[App, items.Item], None]


def run(app: App, queue: str, tasks: Mapping[str, Task], body: bytes) -> None:
    """Carry out the item that a message speaks of: one of the ``tasks``, by name, of its queue.

    A message without meaning is recorded, and its item, if it names one, closed as failed. An item
    that must wait is given back. Database errors and bugs raise: the host delivers again.
    """
    try:
        message = parse(body)
    except UnknownMessage as unknown:
        refuse(app, queue, body, unknown.code, str(unknown))
        return
    with app.db() as db:
        item = items.claim(db, message, *tasks)
    if item is None:
        log.info("stale copy of item %d ignored", message.item, extra={"action": "stale"})
        return
    began = time.monotonic()
    try:
        outcome = _carry_out(app, tasks[item.task], item)
    except items.Fenced:
        outcome = "fenced"
    log.info(
        "%s %s: %s in %.1f s",
        item.task,
        item.key,
        outcome,
        time.monotonic() - began,
        extra={"action": "item", "item": item.item, "task": item.task, "key": item.key},
    )


def _carry_out(app: App, task: Task, item: items.Item) -> str:
    """Carry out the task; what became of the item, in a word.

    Raises:
        Fenced: another copy of the message is in charge.
    """
    try:
        task(app, item)
    except Deferred as deferred:
        with app.db() as db:
            items.give_back(db, item, deferred)
        app.release(item.source)
        return deferred.why
    except Dropped as dropped:
        with app.db() as db:
            items.close(db, item, "failed", outcome="dropped", error_code=dropped.told)
        return dropped.told
    return "done"


def refuse(app: App, queue: str, body: bytes, code: str, reason: str) -> None:
    """Close the item of a message that nobody could handle; record what can't be read or traced.

    Its text is not kept: only its length and a digest, since nobody knows what it holds.
    """
    item: int | None
    release: int | None
    try:
        message = parse(body)
    except UnknownMessage:
        item, release = item_of(body), None
    else:
        item, release = message.item, message.release
    with app.transaction() as db:
        closed = item is not None and items.fail_poisoned(db, item, code, release)
        if not closed or release is None:
            digest = sha256(body).hexdigest()[:16]
            row: dict[str, object] = {"bytes": len(body), "sha256": digest}
            quarantine(db, "queue", queue, [Unreadable(queue, f"sha256={digest}", reason, row)])
    log.error(
        "message of queue %s refused: %s",
        queue,
        reason,
        extra={"action": "dead-letter", "queue": queue, "item": item},
    )
