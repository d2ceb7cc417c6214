"""Health: whether the process lives, for anyone, and whether it can work, with a function key."""

import azure.functions as func

from functions.answers import answer, door
from functions.behind import app

blueprint = func.Blueprint()


@blueprint.route(route="health/live", methods=["GET"], auth_level=func.AuthLevel.ANONYMOUS)
@door
def health_live(req: func.HttpRequest) -> func.HttpResponse:
    """The process answers; nothing else is said."""
    return answer({"status": "ok"})


@blueprint.route(route="health/ready", methods=["GET"])
@door
def health_ready(req: func.HttpRequest) -> func.HttpResponse:
    """Database, its prerequisites, and the storage: 503 if any of them is missing."""
    from ingestion_core.tasks.health import readiness

    found = readiness(app)
    well = all(check["status"] == "ok" for check in found)
    body = {"status": "ok" if well else "failing", "checks": found}
    return answer(body, status=200 if well else 503)
