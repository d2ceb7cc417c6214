"""The replays' own addresses: faults and the noted requests; of OpenF1's the clock and the rows."""

from collections.abc import Awaitable, Callable
from dataclasses import asdict
from datetime import datetime
from typing import Any

from pydantic import AwareDatetime, BaseModel, ConfigDict, TypeAdapter, ValidationError
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from local.replay.api import Api
from local.replay.faults import Fault
from local.replay.replayed import Replayed
from local.replay.rows import KEYS, RecordingError, Row

Door = Callable[[Request], Awaitable[Response]]


class ClockSetting(BaseModel):
    """Body of POST /replay/clock; null returns to the real time."""

    model_config = ConfigDict(extra="forbid")

    now: AwareDatetime | None


class RowChange(BaseModel):
    """Body of PUT /replay/rows/<collection>: rows met by `where` are updated or removed."""

    model_config = ConfigDict(extra="forbid")

    where: dict[str, Any] = {}
    values: dict[str, Any] = {}
    remove: bool = False
    add: list[Row] = []


_FAULTS: TypeAdapter[Fault | list[Fault]] = TypeAdapter(Fault | list[Fault])
_CHANGE: TypeAdapter[RowChange | list[Row]] = TypeAdapter(RowChange | list[Row])


def common(source: Replayed) -> list[Route]:
    """The control addresses that every source has. Bad input is answered 400 with what is wrong."""

    async def add_faults(request: Request) -> Response:
        wanted = _FAULTS.validate_json(await request.body())
        for fault in wanted if isinstance(wanted, list) else [wanted]:
            source.faults.add(fault)
        return JSONResponse([fault.model_dump() for fault in source.faults.active()], 201)

    async def list_faults(_: Request) -> Response:
        return JSONResponse([fault.model_dump() for fault in source.faults.active()])

    async def clear_faults(_: Request) -> Response:
        source.faults.clear()
        return Response(status_code=204)

    async def list_requests(_: Request) -> Response:
        return JSONResponse([asdict(recorded) for recorded in source.requests])

    async def clear_requests(_: Request) -> Response:
        source.requests.clear()
        return Response(status_code=204)

    return [
        Route("/replay/faults", _guarded(add_faults), methods=["POST"]),
        Route("/replay/faults", list_faults, methods=["GET"]),
        Route("/replay/faults", clear_faults, methods=["DELETE"]),
        Route("/replay/requests", list_requests, methods=["GET"]),
        Route("/replay/requests", clear_requests, methods=["DELETE"]),
    ]


def routes(api: Api) -> list[Route]:
    """The control addresses of OpenF1's replay."""

    async def set_clock(request: Request) -> Response:
        api.clock.set(ClockSetting.model_validate_json(await request.body()).now)
        return JSONResponse({"now": _iso(api.clock.now())})

    async def change_rows(request: Request) -> Response:
        collection = request.path_params["collection"]
        if collection not in KEYS:
            return _refused(404, f"no collection {collection!r}; there are {', '.join(KEYS)}")
        wanted = _CHANGE.validate_json(await request.body())
        if isinstance(wanted, list):
            wanted = RowChange(remove=True, add=wanted)
        met = api.rows.change(
            collection, wanted.where, wanted.values, remove=wanted.remove, add=wanted.add
        )
        return JSONResponse({"met": met, "rows": len(api.rows.of(collection))})

    return [
        *common(api),
        Route("/replay/clock", _guarded(set_clock), methods=["POST"]),
        Route("/replay/rows/{collection}", _guarded(change_rows), methods=["PUT"]),
    ]


def _guarded(door: Door) -> Door:
    async def guarded(request: Request) -> Response:
        try:
            return await door(request)
        except (ValidationError, RecordingError) as error:
            return _refused(400, str(error))

    return guarded


def _refused(status: int, detail: str) -> Response:
    return JSONResponse({"detail": detail}, status)


def _iso(moment: datetime) -> str:
    return moment.isoformat(timespec="seconds")
