"""What lies behind the doors, loaded when somebody first comes through one.

Importing function_app costs every cold start; what a door needs costs only whoever uses it. So
doors import everything of ours inside their functions (``make bench`` has the ratio).
"""

from collections.abc import Mapping
from typing import TYPE_CHECKING

import azure.functions as func

if TYPE_CHECKING:
    from ingestion_core.tasks.app import App
    from ingestion_core.tasks.run import Task


def app() -> "App":
    """The process's app."""
    from ingestion_core.tasks.app import app

    return app()


def carry_out(queue: str, tasks: "Mapping[str, Task]", msg: func.QueueMessage) -> None:
    """Carry out the item that a message of a queue speaks of, by one of the tasks."""
    from ingestion_core.tasks.run import run

    run(app(), queue, tasks, msg.get_body())


def bury(queue: str, msg: func.QueueMessage) -> None:
    """Close the item of a message that the host gave up on."""
    from ingestion_core.tasks.run import refuse

    refuse(app(), queue, msg.get_body(), "poison", "given up after the last delivery attempt")
