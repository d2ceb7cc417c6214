"""The host itself: one loop with HTTP, a listener per queue function, a loop per timer."""

import asyncio
import contextlib
import logging
import signal
import socket
from collections.abc import Generator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from uuid import uuid4

import uvicorn
from azure.core.exceptions import AzureError
from azure.functions.http import HttpRequest
from azure.functions.queue import QueueMessage
from azure.functions.timer import TimerRequest

from local.host.errors import StartError
from local.host.hostjson import HostJson
from local.host.index import IndexedFunction, QueueSource, Route, Timer
from local.host.queues import QueueListener
from local.host.runner import Runner, function_threads
from local.host.storage import StorageQueue, one_line
from local.host.timers import run_timer
from local.host.web import web_app

_log = logging.getLogger(__name__)

GRACE_SECONDS = 3.0
_STORAGE_THREADS = 32


@dataclass(frozen=True, slots=True)
class Options:
    """What the command line says."""

    root: Path
    port: int
    lease_seconds: int


def bind(port: int) -> socket.socket:
    """The socket to serve on, port 0 = any free one; raises StartError when it is taken."""
    listening = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listening.bind(("127.0.0.1", port))
        listening.listen(128)
    except OSError as error:
        listening.close()
        raise StartError(f"port {port} can't be listened on: {error.strerror}") from error
    return listening


def open_queues(functions: Sequence[IndexedFunction]) -> dict[str, StorageQueue]:
    """The queue of every enabled queue function, by the function's name, each there by now.

    Raises StartError naming the address when Storage can't be reached or refuses.
    """
    queues = {}
    for function in functions:
        source = function.trigger
        if not isinstance(source, QueueSource) or function.disabled:
            continue
        try:
            queue = StorageQueue(source.connection, source.queue)
        except ValueError as error:
            raise StartError(f"{function.name}: its connection is malformed: {error}") from error
        try:
            queue.create()
        except AzureError as error:
            raise StartError(
                f"storage at {queue.address} fails for queue {queue.name}: {one_line(error)}"
            ) from error
        queues[function.name] = queue
    return queues


class _Server(uvicorn.Server):
    """uvicorn, which says when it serves and leaves signals to the host."""

    @contextlib.contextmanager
    def capture_signals(self) -> Generator[None]:
        yield

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        for listening in sockets or ():
            print(f"Listening on http://127.0.0.1:{listening.getsockname()[1]}", flush=True)


async def serve(
    options: Options,
    host_json: HostJson,
    functions: Sequence[IndexedFunction],
    queues: Mapping[str, StorageQueue],
    listening: socket.socket,
    environment: Mapping[str, str],
) -> tuple[int, bool]:
    """Run until a signal or an overrun: the exit code, and whether everything in work ended."""
    loop = asyncio.get_running_loop()
    loop.set_default_executor(ThreadPoolExecutor(_STORAGE_THREADS, "storage"))
    stop = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stop.set)
    runner = Runner(function_threads(environment), host_json.function_timeout)
    server = _server(functions, runner, environment)
    work = [asyncio.create_task(server.serve([listening]))]
    for function in functions:
        invoke = partial(runner.run, function)
        match function.trigger:
            case QueueSource() if not function.disabled:
                listener = QueueListener(
                    queues[function.name],
                    host_json.extensions.queues,
                    invoke,
                    lease_seconds=options.lease_seconds,
                )
                work.append(asyncio.create_task(listener.run(stop)))
            case Timer(schedule, at_once) if not function.disabled:
                timer = run_timer(schedule, invoke, stop, run_on_startup=at_once)
                work.append(asyncio.create_task(timer))
            case _:
                continue
    ends = [asyncio.create_task(stop.wait()), asyncio.create_task(runner.overrun.wait())]
    # A listener or timer ends before it is told to only through a fault of the stand-in itself.
    await asyncio.wait([*ends, *work], return_when=asyncio.FIRST_COMPLETED)
    if runner.overrun.is_set():
        return 1, False
    failed = [task for task in work if task.done() and not stop.is_set()]
    stop.set()
    server.should_exit = True
    _, unfinished = await asyncio.wait(work, timeout=GRACE_SECONDS)
    if unfinished:
        _log.warning("stopped with invocations in work: their messages are left to their leases")
    for task in failed:
        task.result()
    return (1 if failed else 0), not unfinished


def _server(
    functions: Sequence[IndexedFunction],
    runner: Runner,
    environment: Mapping[str, str],
) -> _Server:
    async def start_by_hand(function: IndexedFunction, given: str) -> None:
        await runner.run(function, argument_by_hand(function, given))

    application = web_app(
        functions,
        runner.run,
        start_by_hand,
        key=environment.get("LOCAL_FUNCTION_KEY") or None,
    )
    config = uvicorn.Config(
        application, http="h11", ws="none", lifespan="off", log_config=None, access_log=False
    )
    return _Server(config)


def argument_by_hand(function: IndexedFunction, given: str) -> object:
    """The trigger's value of an invocation through /admin/functions."""
    match function.trigger:
        case QueueSource():
            now = datetime.now(UTC)
            return QueueMessage(
                id=str(uuid4()),
                body=given,
                dequeue_count=1,
                expiration_time=now,
                insertion_time=now,
                time_next_visible=now,
                pop_receipt="",
            )
        case Route(paths):
            return HttpRequest(
                method="POST",
                url=paths[0],
                headers={},
                params={},
                route_params={},
                body_type="bytes",
                body=given.encode(),
            )
        case _:
            return TimerRequest(past_due=False, schedule={"AdjustForDST": True})
