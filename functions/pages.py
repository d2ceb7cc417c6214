"""The wiki's pages: registered whether or not the source is opted into; its task refuses."""

import azure.functions as func

from functions import asked
from functions.answers import accepted, door
from ingestion_core.tasks import crawl, wanted_pages
from ingestion_core.tasks import read_page as page
from ingestion_core.tasks.app import app
from ingestion_core.tasks.run import refuse, run

blueprint = func.Blueprint()

_TASKS = {wanted_pages.TASK: page.read_page}


@blueprint.queue_trigger(arg_name="msg", queue_name="wiki-pages", connection="AzureWebJobsStorage")
def read_page(msg: func.QueueMessage) -> None:
    """A page, and the ones that it leads to."""
    run(app(), "wiki-pages", _TASKS, msg.get_body())


@blueprint.queue_trigger(
    arg_name="msg", queue_name="wiki-pages-poison", connection="AzureWebJobsStorage"
)
def dead_letter_page(msg: func.QueueMessage) -> None:
    """A page that could not be stored."""
    refuse(
        app(), "wiki-pages", msg.get_body(), "poison", "given up after the last delivery attempt"
    )


@blueprint.route(route="wiki", methods=["POST"])
@door
def crawl_wiki(req: func.HttpRequest) -> func.HttpResponse:
    """Read a series of The Third Turn, or its index of all series."""
    crawl.check(app().settings)
    wish = asked.wiki(req)
    told = wish.model_dump(by_alias=True, exclude_none=True)
    key = asked.request_key(req, wish.request_key)
    if wish.series is None:
        return accepted(crawl.crawl_index(app(), told, key))
    years = asked.wiki_years(wish, app().now())
    return accepted(crawl.crawl_series(app(), wish.series, years, told, wish.include_results, key))
