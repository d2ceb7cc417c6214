"""HTTP functions that show what they were given, and one function of each other kind."""

import json
import logging
import threading

import azure.functions as func

app = func.FunctionApp()
_log = logging.getLogger("sample")


def _shown(req: func.HttpRequest) -> func.HttpResponse:
    shown = {
        "method": req.method,
        "url": req.url,
        "header": req.headers.get("X-Sample"),
        "params": dict(req.params),
        "route": dict(req.route_params),
        "body": req.get_body().decode(),
    }
    return func.HttpResponse(
        json.dumps(shown), mimetype="application/json", headers={"X-Shown": "yes"}, status_code=203
    )


@app.route(route="seasons/{year:int}", methods=["POST"], auth_level=func.AuthLevel.ANONYMOUS)
def season(req: func.HttpRequest) -> func.HttpResponse:
    """A constrained parameter."""
    return _shown(req)


@app.route(route="runs/{id?}", methods=["GET"], auth_level=func.AuthLevel.ANONYMOUS)
async def runs(req: func.HttpRequest) -> func.HttpResponse:
    """An optional parameter, on the loop."""
    return _shown(req)


@app.route(route="text", auth_level=func.AuthLevel.ANONYMOUS)
def text(req: func.HttpRequest) -> str:
    """A text alone is an answer."""
    return "plain"


@app.route(route="locked", methods=["GET"], auth_level=func.AuthLevel.FUNCTION)
def locked(req: func.HttpRequest) -> func.HttpResponse:
    """Behind a key."""
    return func.HttpResponse("open")


@app.route(route="broken", auth_level=func.AuthLevel.ANONYMOUS)
def broken(req: func.HttpRequest) -> func.HttpResponse:
    """Fails with a text nobody outside may read."""
    raise RuntimeError("a secret of the house")


@app.route(route="odd", auth_level=func.AuthLevel.ANONYMOUS)
def odd(req: func.HttpRequest):  # type: ignore[no-untyped-def]  # a type would be refused at start
    """Returns what no host can send."""
    return 42


@app.route(route="slow", auth_level=func.AuthLevel.ANONYMOUS)
def slow(req: func.HttpRequest) -> func.HttpResponse:
    """Never ends."""
    _log.info("slow begins")
    threading.Event().wait()
    return func.HttpResponse("never")


@app.queue_trigger(arg_name="msg", queue_name="%TEST_QUEUE%", connection="AzureWebJobsStorage")
def by_queue(msg: func.QueueMessage) -> None:
    """Says what came."""
    _log.info("by_queue got %r", msg.get_body().decode())


@app.timer_trigger(arg_name="timer", schedule="0 0 0 1 1 *")
def by_timer(timer: func.TimerRequest) -> None:
    """Says that it ran; on its own only at New Year."""
    _log.info("by_timer past_due=%s", timer.past_due)
