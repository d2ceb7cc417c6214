"""Dead letters: messages that the host gave up on. Their items are closed as failed, visibly.

A poison queue has no poison queue: what fails here is retried until it works.
"""

import azure.functions as func

from functions.behind import bury

blueprint = func.Blueprint()


@blueprint.queue_trigger(
    arg_name="msg", queue_name="years-poison", connection="AzureWebJobsStorage"
)
def dead_letter_year(msg: func.QueueMessage) -> None:
    """A year that could not be discovered."""
    bury("years", msg)


@blueprint.queue_trigger(
    arg_name="msg", queue_name="meetings-poison", connection="AzureWebJobsStorage"
)
def dead_letter_meeting(msg: func.QueueMessage) -> None:
    """A meeting that could not be stored."""
    bury("meetings", msg)


@blueprint.queue_trigger(
    arg_name="msg", queue_name="archive-seasons-poison", connection="AzureWebJobsStorage"
)
def dead_letter_season(msg: func.QueueMessage) -> None:
    """A season of the archive that could not be stored."""
    bury("archive-seasons", msg)
