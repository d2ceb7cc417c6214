"""The HTTP API, with a function key: backfills, single meetings, archive, runs, sources."""

import azure.functions as func

from functions.answers import accepted, answer, door
from functions.behind import app
from ingestion_core.errors import NotFound

blueprint = func.Blueprint()


@blueprint.route(route="backfill/{year}", methods=["POST"])
@door
def backfill_year(req: func.HttpRequest) -> func.HttpResponse:
    """Read one season again."""
    from functions import asked
    from ingestion_core.tasks import backfill as tasks

    now = app().now()
    year = tasks.check_year(asked.number(req, "year"), now)
    run = tasks.backfill(
        app(),
        [year],
        {"years": year},
        include_results=asked.include_results(req),
        request_key=asked.request_key(req),
    )
    return accepted(run)


@blueprint.route(route="backfill", methods=["POST"])
@door
def backfill_years(req: func.HttpRequest) -> func.HttpResponse:
    """Read seasons, or what happened lately."""
    from functions import asked
    from ingestion_core.tasks import backfill as tasks

    wish = asked.backfill(req)
    run = tasks.backfill(
        app(),
        asked.seasons(wish, app().now()),
        wish.model_dump(by_alias=True, exclude_none=True),
        recent_days=wish.recent_days,
        spacing_seconds=wish.spacing_seconds,
        include_results=wish.include_results,
        request_key=asked.request_key(req, wish.request_key),
    )
    return accepted(run)


@blueprint.route(route="meetings/{key}", methods=["POST"])
@door
def read_meeting(req: func.HttpRequest) -> func.HttpResponse:
    """Read one meeting now, before all bulk."""
    from functions import asked
    from ingestion_core.tasks import backfill as tasks

    run = tasks.meeting(
        app(), asked.number(req, "key"), asked.include_results(req), asked.request_key(req)
    )
    return accepted(run)


@blueprint.route(route="archive", methods=["POST"])
@door
def import_archive(req: func.HttpRequest) -> func.HttpResponse:
    """Import seasons of the Ergast archive from where ``ARCHIVE_URL`` says."""
    from functions import asked
    from ingestion_core.tasks import backfill as tasks

    wish = asked.archive(req)
    run = tasks.import_archive(
        app(),
        asked.archive_seasons(wish, app().now()),
        wish.model_dump(by_alias=True, exclude_none=True),
        include_results=wish.include_results,
        request_key=asked.request_key(req, wish.request_key),
    )
    return accepted(run)


@blueprint.route(route="runs", methods=["GET"])
@door
def list_runs(req: func.HttpRequest) -> func.HttpResponse:
    """The newest runs."""
    from functions import asked
    from ingestion_core.tasks import backfill as tasks

    return answer({"runs": tasks.list_runs(app(), asked.limit(req, usual=20, largest=200))})


@blueprint.route(route="runs/{run}", methods=["GET"])
@door
def show_run(req: func.HttpRequest) -> func.HttpResponse:
    """One run with its items."""
    from functions import asked
    from ingestion_core.tasks import backfill as tasks

    return answer(tasks.show_run(app(), asked.run_id(req)))


@blueprint.route(route="runs/{run}/{action}", methods=["POST"])
@door
def change_run(req: func.HttpRequest) -> func.HttpResponse:
    """Retry what failed, or cancel what has not begun."""
    from functions import asked
    from ingestion_core.tasks import backfill as tasks

    run, action = asked.run_id(req), req.route_params.get("action")
    if action == "retry":
        return answer({"run": run, "retried": tasks.retry_run(app(), run)}, status=202)
    if action == "cancel":
        return answer({"run": run, "cancelled": tasks.cancel_run(app(), run)})
    raise NotFound("a run can be retried or cancelled: POST /api/runs/{id}/retry or /cancel")


@blueprint.route(route="sources", methods=["GET"])
@door
def list_sources(req: func.HttpRequest) -> func.HttpResponse:
    """Every source: its pace, whether it is open, what waits for it."""
    from ingestion_core.tasks import backfill as tasks

    return answer({"sources": tasks.list_sources(app())})


@blueprint.route(route="sources/{name}/{action}", methods=["POST"])
@door
def change_source(req: func.HttpRequest) -> func.HttpResponse:
    """The kill switch: pause a source, or resume it."""
    from ingestion_core.tasks import backfill as tasks

    name, action = req.route_params.get("name", ""), req.route_params.get("action")
    if action not in {"pause", "resume"}:
        raise NotFound("a source can be paused or resumed: POST /api/sources/{name}/pause")
    return answer(tasks.pause_source(app(), name, paused=action == "pause"))
