"""A replay as a program: up until it is told to stop."""

import signal
import sys
from collections.abc import Callable
from threading import Event

from local.replay.rows import RecordingError
from local.replay.serving import Serving


def serve(make: Callable[[], Serving]) -> int:
    """Serve what `make` returns until SIGTERM or SIGINT, and say where; returns the exit code."""
    stop = Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    try:
        with make() as server:
            print(f"Listening on {server.url}", flush=True)
            stop.wait()
    except (RecordingError, ValueError, OSError) as error:
        print(f"replay: {error}", file=sys.stderr)
        return 1
    return 0
