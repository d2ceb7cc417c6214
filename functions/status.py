"""The status page, and the same as JSON: they only read, and tell no result."""

import json

import azure.functions as func

from functions.answers import answer, door
from functions.behind import app

blueprint = func.Blueprint()


@blueprint.route(route="status", methods=["GET"])
def show_status(req: func.HttpRequest) -> func.HttpResponse:
    """A season's coverage, the work and the sources, as one HTML page without a build step."""
    from functions.html import page

    shown = _status(req)
    if shown.status_code < 400 or "text/html" not in req.headers.get("accept", ""):
        return shown
    # Whoever looks with a browser is told as a person.
    return func.HttpResponse(
        page.render_problem(json.loads(shown.get_body())),
        status_code=shown.status_code,
        headers=dict(page.headers()),
        mimetype="text/html",
    )


@door
def _status(req: func.HttpRequest) -> func.HttpResponse:
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
