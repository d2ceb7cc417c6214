"""Results: registered only where they are opted into."""

import azure.functions as func

from functions import asked
from functions.answers import answer, door
from ingestion_core.tasks import load_page_results as page
from ingestion_core.tasks import load_results as task
from ingestion_core.tasks import load_season_results as season
from ingestion_core.tasks import opt_in
from ingestion_core.tasks.app import app
from ingestion_core.tasks.run import refuse, run

blueprint = func.Blueprint()

_TASKS = {
    opt_in.TASK: task.load_results,
    opt_in.SEASON_TASK: season.load_season_results,
    opt_in.PAGE_TASK: page.load_page_results,
}


@blueprint.queue_trigger(arg_name="msg", queue_name="results", connection="AzureWebJobsStorage")
def load_results(msg: func.QueueMessage) -> None:
    """The results of a meeting, of a season of the archive, or of a page of the wiki."""
    run(app(), "results", _TASKS, msg.get_body())


@blueprint.queue_trigger(
    arg_name="msg", queue_name="results-poison", connection="AzureWebJobsStorage"
)
def dead_letter_results(msg: func.QueueMessage) -> None:
    """A meeting, a season or a page whose results could not be stored."""
    refuse(app(), "results", msg.get_body(), "poison", "given up after the last delivery attempt")


@blueprint.route(route="results/revisions", methods=["GET"])
@door
def list_revisions(req: func.HttpRequest) -> func.HttpResponse:
    """Which sessions' results were revised and when, never what."""
    year = asked.year_param(req, app().now())
    return answer({"year": year, "revisions": task.list_revisions(app(), year)})
