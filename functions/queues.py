"""The queues: each function carries out one kind of item."""

import azure.functions as func

from ingestion_core.tasks import discover
from ingestion_core.tasks import import_season as season
from ingestion_core.tasks import sync_meeting as meeting
from ingestion_core.tasks.app import app
from ingestion_core.tasks.run import run

blueprint = func.Blueprint()


@blueprint.queue_trigger(arg_name="msg", queue_name="years", connection="AzureWebJobsStorage")
def discover_year(msg: func.QueueMessage) -> None:
    """A year's list: one item per meeting."""
    run(app(), "years", {discover.TASK: discover.discover_year}, msg.get_body())


@blueprint.queue_trigger(arg_name="msg", queue_name="meetings", connection="AzureWebJobsStorage")
def sync_meeting(msg: func.QueueMessage) -> None:
    """A meeting's sessions and entrants."""
    run(app(), "meetings", {meeting.TASK: meeting.sync_meeting}, msg.get_body())


@blueprint.queue_trigger(
    arg_name="msg", queue_name="archive-seasons", connection="AzureWebJobsStorage"
)
def import_season(msg: func.QueueMessage) -> None:
    """A season of the archive: its rounds, sessions and entrants."""
    run(app(), "archive-seasons", {season.TASK: season.import_season}, msg.get_body())
