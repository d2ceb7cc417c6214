"""A worker with one message: forked from a process that has loaded this module, and killed."""

from multiprocessing.connection import Connection

from ingestion_core.work.messages import Message
from tests.faults.seasons import app_on
from tests.support.drain import deliver


def carry_out(
    database: str, azurite: str, replay: str, task: str, message: Message, ready: Connection
) -> None:
    """What a worker does with one message; it says when it begins."""
    app = app_on(database, azurite, replay)
    with app.db() as db:
        db.execute("SELECT 1")
    ready.send(None)
    deliver(app, task, message)
    ready.send(None)
    app.close()
