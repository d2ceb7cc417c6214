"""Results: registered only where they are opted into."""

import azure.functions as func

from functions.answers import answer, door
from functions.behind import app, bury, carry_out

blueprint = func.Blueprint()


@blueprint.queue_trigger(arg_name="msg", queue_name="results", connection="AzureWebJobsStorage")
def load_results(msg: func.QueueMessage) -> None:
    """The results of a meeting, of a season of the archive, or of a page of the wiki."""
    from ingestion_core.tasks import opt_in
    from ingestion_core.tasks.load_page_results import load_page_results
    from ingestion_core.tasks.load_results import load_results
    from ingestion_core.tasks.load_season_results import load_season_results

    tasks = {
        opt_in.TASK: load_results,
        opt_in.SEASON_TASK: load_season_results,
        opt_in.PAGE_TASK: load_page_results,
    }
    carry_out("results", tasks, msg)


@blueprint.queue_trigger(
    arg_name="msg", queue_name="results-poison", connection="AzureWebJobsStorage"
)
def dead_letter_results(msg: func.QueueMessage) -> None:
    """A meeting, a season or a page whose results could not be stored."""
    bury("results", msg)


@blueprint.route(route="results/revisions", methods=["GET"])
@door
def list_revisions(req: func.HttpRequest) -> func.HttpResponse:
    """Which sessions' results were revised and when, never what."""
    from functions import asked
    from ingestion_core.tasks import load_results as task

    year = asked.year_param(req, app().now())
    return answer({"year": year, "revisions": task.list_revisions(app(), year)})
