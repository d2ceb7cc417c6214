"""Processes that are forked from a warm one: a start costs a fork, not seconds of imports."""

import multiprocessing
from collections.abc import Callable
from multiprocessing.connection import Connection
from multiprocessing.context import ForkServerProcess

_CONTEXT = multiprocessing.get_context("forkserver")
_CONTEXT.set_forkserver_preload(
    ["tests.support.loaded", "tests.support.programs", "tests.faults.victim"]
)


def start(target: Callable[..., None], *arguments: object) -> ForkServerProcess:
    """A process that calls target; it is warm if target's module is one of those above."""
    process = _CONTEXT.Process(target=target, args=arguments)
    process.start()
    return process


def pipe() -> tuple[Connection, Connection]:
    """The end to read from, and the one to write to, which may be an argument of ``start``."""
    return _CONTEXT.Pipe(duplex=False)
