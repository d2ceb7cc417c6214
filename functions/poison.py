"""Dead letters: messages that the host gave up on. Their items are closed as failed, visibly.

A poison queue has no poison queue: what fails here is retried until it works.
"""

import azure.functions as func

from ingestion_core.tasks.app import app
from ingestion_core.tasks.run import refuse

blueprint = func.Blueprint()

_REASON = "given up after the last delivery attempt"


@blueprint.queue_trigger(
    arg_name="msg", queue_name="years-poison", connection="AzureWebJobsStorage"
)
def dead_letter_year(msg: func.QueueMessage) -> None:
    """A year that could not be discovered."""
    refuse(app(), "years", msg.get_body(), "poison", _REASON)


@blueprint.queue_trigger(
    arg_name="msg", queue_name="meetings-poison", connection="AzureWebJobsStorage"
)
def dead_letter_meeting(msg: func.QueueMessage) -> None:
    """A meeting that could not be stored."""
    refuse(app(), "meetings", msg.get_body(), "poison", _REASON)


@blueprint.queue_trigger(
    arg_name="msg", queue_name="archive-seasons-poison", connection="AzureWebJobsStorage"
)
def dead_letter_season(msg: func.QueueMessage) -> None:
    """A season of the archive that could not be stored."""
    refuse(app(), "archive-seasons", msg.get_body(), "poison", _REASON)
