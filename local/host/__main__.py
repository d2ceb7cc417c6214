"""python -m local.host: serve a function app on this machine."""

import argparse
import asyncio
import logging
import os
import signal
import sys
from pathlib import Path

from local.host.errors import StartError
from local.host.host import Options, bind, open_queues, serve
from local.host.hostjson import load_host_json
from local.host.index import index_app, load_app
from local.host.logs import configure_logging
from local.host.settings import load_local_settings

_WEEK_SECONDS = 7 * 24 * 3600


def _lease(text: str) -> int:
    seconds = int(text)
    if not 1 <= seconds <= _WEEK_SECONDS:
        raise argparse.ArgumentTypeError(f"must be 1 to {_WEEK_SECONDS}")
    return seconds


def _port(text: str) -> int:
    port = int(text)
    if not 0 <= port <= 65535:
        raise argparse.ArgumentTypeError("must be 0 to 65535")
    return port


def parse_arguments(arguments: list[str]) -> Options:
    """The command line; argparse ends the process with code 2 and a line when it is wrong."""
    parser = argparse.ArgumentParser("python -m local.host", description=__doc__)
    parser.add_argument("--root", type=Path, required=True, help="folder with function_app.py")
    parser.add_argument("--port", type=_port, default=7071, help="0 = a free one")
    parser.add_argument(
        "--lease-seconds",
        type=_lease,
        default=600,
        help="how long a message in work stays invisible; renewed at half time",
    )
    given = parser.parse_args(arguments)
    return Options(given.root.resolve(), given.port, given.lease_seconds)


def run(options: Options) -> int:
    """Serve until stopped; the exit code. Raises StartError when there is nothing to serve."""
    host_json = load_host_json(options.root)
    load_local_settings(options.root, os.environ)
    configure_logging(host_json.logging.log_level.get("default", "Information"), os.environ)
    listening = bind(options.port)
    prefix = host_json.extensions.http.route_prefix
    functions = index_app(load_app(options.root), os.environ, prefix)
    queues = open_queues(functions)
    for function in functions:
        off = " (disabled)" if function.disabled else ""
        logging.getLogger("local.host").info("%s: %r%s", function.name, function.trigger, off)

    async def until_stopped() -> int:
        code, all_ended = await serve(options, host_json, functions, queues, listening, os.environ)
        if not all_ended:
            # A thread can't be cancelled, and Python would wait for it at its own end.
            logging.shutdown()
            sys.stdout.flush()
            os._exit(code)
        return code

    return asyncio.run(until_stopped())


def main() -> int:
    """The program: 0 when stopped by a signal, 1 with one line on standard error otherwise."""
    options = parse_arguments(sys.argv[1:])
    # Until the loop has its own handlers, a stop is a stop by either signal.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    print("A stand-in for the Azure Functions host (Core Tools not used).", flush=True)
    try:
        return run(options)
    except StartError as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 0


if __name__ == "__main__":
    sys.exit(main())
