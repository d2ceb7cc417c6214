"""The queues: each function carries out one kind of item."""

import azure.functions as func

from functions.behind import carry_out

blueprint = func.Blueprint()


@blueprint.queue_trigger(arg_name="msg", queue_name="years", connection="AzureWebJobsStorage")
def discover_year(msg: func.QueueMessage) -> None:
    """A year's list: one item per meeting."""
    from ingestion_core.tasks import discover

    carry_out("years", {discover.TASK: discover.discover_year}, msg)


@blueprint.queue_trigger(arg_name="msg", queue_name="meetings", connection="AzureWebJobsStorage")
def sync_meeting(msg: func.QueueMessage) -> None:
    """A meeting's sessions and entrants."""
    from ingestion_core.tasks import sync_meeting as meeting

    carry_out("meetings", {meeting.TASK: meeting.sync_meeting}, msg)


@blueprint.queue_trigger(
    arg_name="msg", queue_name="archive-seasons", connection="AzureWebJobsStorage"
)
def import_season(msg: func.QueueMessage) -> None:
    """A season of the archive: its rounds, sessions and entrants."""
    from ingestion_core.tasks import import_season as season

    carry_out("archive-seasons", {season.TASK: season.import_season}, msg)
