"""`python -m local.replay.wiki`: serve the shipped pages, or a folder of saved ones."""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from local.replay.faults import Fault
from local.replay.program import serve
from local.replay.wiki.server import WikiServer
from local.replay.wiki.shelf import PAGES


def main(arguments: Sequence[str] | None = None) -> int:
    """Serve until SIGTERM or SIGINT; returns the exit code."""
    options = _parser().parse_args(arguments)

    def start() -> WikiServer:
        server = WikiServer(options.pages, seconds=options.seconds, port=options.port)
        if options.without_api:
            server.faults.add(Fault(kind="status", match="/w/api.php", status=403, times=None))
        return server

    return serve(start)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m local.replay.wiki",
        description="A replay of a wiki on this machine: pages, robots.txt and revisions.",
    )
    parser.add_argument(
        "--pages",
        type=Path,
        default=PAGES,
        metavar="DIR",
        help="a folder of saved pages, found by the titles in them. Without it, the shipped ones",
    )
    parser.add_argument("--port", type=int, default=0, help="0, the default, takes a free one")
    parser.add_argument(
        "--seconds",
        type=float,
        default=0.0,
        metavar="S",
        help="at least this long between two requests; 0, the default, is no limit",
    )
    parser.add_argument(
        "--without-api", action="store_true", help="/w/api.php is forbidden to everybody"
    )
    return parser


if __name__ == "__main__":
    sys.exit(main())
