"""HTTP: the app's routes, their keys, and the admin endpoint that starts any function."""

import hmac
import json
from collections.abc import Awaitable, Callable, Coroutine, Sequence
from typing import Any, Final

import azure.functions as func
from azure.functions.http import HttpRequest
from starlette.applications import Starlette
from starlette.background import BackgroundTask
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route as WebRoute

from local.host.index import IndexedFunction, Route
from local.host.runner import Outcome

ALL_METHODS: Final = ("GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS")

Invoke = Callable[[IndexedFunction, object], Awaitable[Outcome]]
StartByHand = Callable[[IndexedFunction, str], Awaitable[object]]
_Endpoint = Callable[[Request], Coroutine[Any, Any, Response]]


def web_app(
    functions: Sequence[IndexedFunction],
    invoke: Invoke,
    start_by_hand: StartByHand,
    *,
    key: str | None,
) -> Starlette:
    """The ASGI app. key opens function and admin routes; None leaves all of them open."""
    admin = _admin(functions, start_by_hand, key)
    routes = [WebRoute("/admin/functions/{name}", admin, methods=["POST"])]
    for function in functions:
        route = function.trigger
        if isinstance(route, Route) and not function.disabled:
            methods = list(route.methods or ALL_METHODS)
            endpoint = _endpoint(function, route, invoke, key)
            routes.extend(WebRoute(path, endpoint, methods=methods) for path in route.paths)
    # A known route asked with another method is as unknown as any other to the real host.
    return Starlette(routes=routes, exception_handlers={404: _not_found, 405: _not_found})


async def _not_found(_request: Request, _error: Exception) -> Response:
    return Response(status_code=404)


def is_allowed(request: Request, level: str, key: str | None) -> bool:
    """Whether the request carries the key its route asks for."""
    if level == "anonymous" or key is None:
        return True
    given = request.headers.get("x-functions-key") or request.query_params.get("code") or ""
    return hmac.compare_digest(given.encode(), key.encode())


def _endpoint(
    function: IndexedFunction, route: Route, invoke: Invoke, key: str | None
) -> _Endpoint:
    async def endpoint(request: Request) -> Response:
        if not is_allowed(request, route.level, key):
            return Response(status_code=401)
        outcome = await invoke(function, await _request(request))
        return _response(outcome)

    return endpoint


def _admin(
    functions: Sequence[IndexedFunction], start_by_hand: StartByHand, key: str | None
) -> _Endpoint:
    by_name = {function.name.lower(): function for function in functions}

    async def endpoint(request: Request) -> Response:
        if not is_allowed(request, "admin", key):
            return Response(status_code=401)
        function = by_name.get(request.path_params["name"].lower())
        if function is None:
            return Response(status_code=404)
        try:
            given = _input(await request.body())
        except ValueError:
            return Response(status_code=400)
        return Response(status_code=202, background=BackgroundTask(start_by_hand, function, given))

    return endpoint


def _input(body: bytes) -> str:
    """The text of {"input": "..."}; empty without one. Raises ValueError for anything else."""
    document = json.loads(body) if body.strip() else {}
    given = document.get("input") if isinstance(document, dict) else 0
    if given is not None and not isinstance(given, str):
        raise ValueError('must be an object whose "input" is a text')
    return given or ""


async def _request(request: Request) -> HttpRequest:
    query = request.query_params
    return HttpRequest(
        method=request.method,
        url=str(request.url),
        headers=dict(request.headers),
        params={name: ",".join(query.getlist(name)) for name in query},
        route_params={name: str(value) for name, value in request.path_params.items()},
        body_type="bytes",
        body=await request.body(),
    )


def _response(outcome: Outcome) -> Response:
    """500 without a word about why when it failed, 204 when nothing was returned."""
    answer = outcome.value
    if not outcome.succeeded:
        return Response(status_code=500)
    if answer is None:
        return Response(status_code=204)
    if isinstance(answer, func.HttpResponse):
        return _from_function(answer)
    return Response(str(answer), media_type="text/plain")


def _from_function(answer: func.HttpResponse) -> Response:
    response = Response(answer.get_body(), status_code=answer.status_code)
    for name, value in answer.headers.items():
        if name.lower() != "content-length":
            response.headers.append(name, value)
    if "content-type" not in response.headers:
        charset = f"; charset={answer.charset}" if answer.mimetype.startswith("text/") else ""
        response.headers["content-type"] = f"{answer.mimetype}{charset}"
    return response
