"""The wiki's pages: registered whether or not the source is opted into; its task refuses."""

import azure.functions as func

from functions.answers import accepted, door
from functions.behind import app, bury, carry_out

blueprint = func.Blueprint()


@blueprint.queue_trigger(arg_name="msg", queue_name="wiki-pages", connection="AzureWebJobsStorage")
def read_page(msg: func.QueueMessage) -> None:
    """A page, and the ones that it leads to."""
    from ingestion_core.tasks import read_page as page
    from ingestion_core.tasks import wanted_pages

    carry_out("wiki-pages", {wanted_pages.TASK: page.read_page}, msg)


@blueprint.queue_trigger(
    arg_name="msg", queue_name="wiki-pages-poison", connection="AzureWebJobsStorage"
)
def dead_letter_page(msg: func.QueueMessage) -> None:
    """A page that could not be stored."""
    bury("wiki-pages", msg)


@blueprint.route(route="wiki", methods=["POST"])
@door
def crawl_wiki(req: func.HttpRequest) -> func.HttpResponse:
    """Read a series of The Third Turn, or its index of all series."""
    from functions import asked
    from ingestion_core.tasks import crawl

    crawl.check(app().settings)
    wish = asked.wiki(req)
    told = wish.model_dump(by_alias=True, exclude_none=True)
    key = asked.request_key(req, wish.request_key)
    if wish.series is None:
        return accepted(crawl.crawl_index(app(), told, key))
    years = asked.wiki_years(wish, app().now())
    return accepted(crawl.crawl_series(app(), wish.series, years, told, wish.include_results, key))
