"""One invocation: in a thread or on the loop, timed, logged, and never longer than allowed."""

import asyncio
import contextlib
import inspect
import logging
import os
import time
from collections.abc import Generator, Mapping
from concurrent.futures import Executor, ThreadPoolExecutor
from dataclasses import dataclass
from datetime import timedelta

import azure.functions as func

from local.host.index import IndexedFunction, Route

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Outcome:
    """How an invocation ended; value is an HTTP function's answer."""

    succeeded: bool
    value: object = None


class EscapedError(Exception):
    """A function raised SystemExit or StopIteration."""


class ReturnedSomethingError(Exception):
    """A queue or timer function returned a value for which it has no binding."""


def function_threads(environment: Mapping[str, str]) -> ThreadPoolExecutor:
    """The worker's one pool for all `def` functions of the app."""
    wanted = environment.get("PYTHON_THREADPOOL_THREAD_COUNT", "")
    threads = int(wanted) if wanted.isdecimal() and int(wanted) > 0 else 0
    return ThreadPoolExecutor(threads or min(32, (os.cpu_count() or 1) + 4), "function")


class Runner:
    """Runs the app's functions. `overrun` is set once an invocation outlived functionTimeout."""

    def __init__(self, threads: Executor, timeout: timedelta | None) -> None:
        self._threads = threads
        self._seconds = timeout.total_seconds() if timeout is not None else None
        self.overrun = asyncio.Event()

    async def run(self, function: IndexedFunction, argument: object) -> Outcome:
        """Invoke a function with its trigger's value. Does not return after an overrun.

        The real host kills the worker process then, with all it has in work; so does this one
        (see `overrun`), and until then nothing may act on an outcome that never came.
        """
        name = function.name
        started = time.monotonic()
        _log.info("Executing %s", name, extra={"function": name})
        task = asyncio.ensure_future(self._call(function, argument))
        await asyncio.wait({task}, timeout=self._seconds)
        seconds = time.monotonic() - started
        if not task.done():
            _log.error("%s ran longer than functionTimeout, %s s", name, self._seconds)
            self.overrun.set()
            await asyncio.Event().wait()
        try:
            value = _checked(function, task.result())
        except Exception as error:  # noqa: BLE001 - an invocation is the app's entry point
            _log.exception("%s failed: %s", name, type(error).__name__, extra={"function": name})
            _log.info("Executed %s: failed after %.3f s", name, seconds)
            return Outcome(succeeded=False)
        _log.info("Executed %s: succeeded in %.3f s", name, seconds)
        return Outcome(succeeded=True, value=value)

    async def _call(self, function: IndexedFunction, argument: object) -> object:
        arguments = {function.parameter: argument}
        if inspect.iscoroutinefunction(function.call):
            with _contained():
                return await function.call(**arguments)

        def in_thread() -> object:
            with _contained():
                return function.call(**arguments)

        return await asyncio.get_running_loop().run_in_executor(self._threads, in_thread)


@contextlib.contextmanager
def _contained() -> Generator[None]:
    """Turn what asyncio can't carry out of a task into an ordinary failure of the function."""
    try:
        yield
    except (SystemExit, StopIteration) as error:
        raise EscapedError(f"the function raised {error!r}") from error


def _checked(function: IndexedFunction, value: object) -> object:
    if isinstance(function.trigger, Route):
        if value is None or isinstance(value, str | func.HttpResponse):
            return value
        raise ReturnedSomethingError(f"an HTTP function can't return {type(value).__name__}")
    if value is not None:
        raise ReturnedSomethingError(f"returned {type(value).__name__}, has no return binding")
    return None
