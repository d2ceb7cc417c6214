"""From a message to its item, and what becomes of the item whatever happens."""

import logging
import time
from collections.abc import Callable, Mapping
from hashlib import sha256

from ingestion_core.catalog.bookkeeping import quarantine
from ingestion_core.errors import Deferred, Dropped, UnknownMessage
from ingestion_core.racing.types import Unreadable
from ingestion_core.tasks.app import App
from ingestion_core.telemetry import tell
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
        stale = {"queue": queue, "item": message.item, "release": message.release}
        tell(log, logging.INFO, "stale", stale)
        return
    began = time.monotonic()
    ended: items.Ended | None = None
    outcome = "raised"
    try:
        _carry_out(app, tasks[item.task], item)
        with app.db() as db:
            ended = items.ended(db, item.item)
    except items.Fenced:
        outcome = "fenced"
    finally:
        _tell(item, ended, outcome, time.monotonic() - began)


#: Of an item's counts those that every line has.
_ALWAYS = ("requests", "rows", "quarantined")


def _tell(item: items.Item, ended: items.Ended | None, outcome: str, seconds: float) -> None:
    """The one line of an item.

    Args:
        ended: what became of it; None where this copy of its message decided nothing.
        outcome: why not.
        seconds: what it took.
    """
    counts = ended.counts if ended else {}
    fields: dict[str, object | None] = {
        "run": ",".join(map(str, ended.runs)) or None if ended else None,
        "item": item.item,
        "release": item.release,
        "task": item.task,
        "key": item.key,
        "state": ended.state if ended else None,
        "outcome": ended.outcome if ended else outcome,
        "error": ended.error_code if ended else None,
        "seconds": seconds,
        **{count: counts.get(count, 0) for count in _ALWAYS},
        **{name: count for name, count in counts.items() if count},
    }
    bad = ended.state == "failed" if ended else outcome == "raised"
    tell(log, logging.ERROR if bad else logging.INFO, "item", fields)


def _carry_out(app: App, task: Task, item: items.Item) -> None:
    """Carry out the task, or do with the item what its end by an error asks for.

    Raises:
        Fenced: another copy of the message is in charge.
    """
    try:
        task(app, item)
    except Deferred as deferred:
        with app.db() as db:
            state = items.give_back(db, item, deferred)
        if state != "waiting":
            app.kept_answers.forget(item)
        app.release(item.source)
        return
    except Dropped as dropped:
        with app.db() as db:
            items.close(db, item, "failed", outcome="dropped", error_code=dropped.told)
    app.kept_answers.forget(item)


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
    lost = {"queue": queue, "item": item, "code": code, "reason": reason}
    tell(log, logging.ERROR, "dead-letter", lost)
