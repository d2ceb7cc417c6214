"""The status page, and the same as JSON: they only read, and tell no result."""

import azure.functions as func

from functions.answers import answer, door
from functions.behind import app

blueprint = func.Blueprint()


@blueprint.route(route="status", methods=["GET"])
@door
def show_status(req: func.HttpRequest) -> func.HttpResponse:
    """A season's coverage, the work and the sources, as one HTML page without a build step."""
    from functions import asked
    from functions.html import page
    from ingestion_core.tasks import status as task

    series, year = asked.season(req, app().now())
    shown = page.render(task.status(app(), series, year), req.params.get("code"))
    return func.HttpResponse(shown, headers=dict(page.headers()), mimetype="text/html")


@blueprint.route(route="coverage", methods=["GET"])
@door
def show_coverage(req: func.HttpRequest) -> func.HttpResponse:
    """A season's coverage as JSON."""
    from functions import asked
    from functions.html.plain import plain
    from ingestion_core.tasks import status as task

    series, year = asked.season(req, app().now())
    return answer(plain(task.coverage(app(), series, year)))
