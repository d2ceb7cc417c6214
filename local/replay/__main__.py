"""`python -m local.replay`: serve the sample, or recorded folders, until stopped."""

import argparse
import sys
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

from local.replay.limits import Limits
from local.replay.program import serve
from local.replay.rows import load
from local.replay.server import ReplayServer


def main(arguments: Sequence[str] | None = None) -> int:
    """Serve until SIGTERM or SIGINT; returns the exit code."""
    options = _parser().parse_args(arguments)

    def start() -> ReplayServer:
        return ReplayServer(
            load(options.recording) if options.recording else None,
            limits=Limits(options.per_second, options.per_minute, options.time_scale),
            now=options.now,
            port=options.port,
        )

    return serve(start)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m local.replay",
        description="A replay of the OpenF1 API on this machine, with production's behaviour.",
    )
    parser.add_argument(
        "--recording",
        action="append",
        type=Path,
        metavar="DIR",
        help="a folder of meetings.json, sessions.json, drivers.json (and session_result.json, "
        "starting_grid.json); may be repeated. Without it, the shipped sample",
    )
    parser.add_argument("--port", type=int, default=0, help="0, the default, takes a free one")
    parser.add_argument("--per-minute", type=int, default=30, metavar="N", help="0: no limit")
    parser.add_argument("--per-second", type=int, default=3, metavar="N", help="0: no limit")
    parser.add_argument(
        "--time-scale",
        type=float,
        default=1.0,
        metavar="X",
        help="limits' time runs X times faster",
    )
    parser.add_argument(
        "--now", type=_instant, metavar="ISO", help="the replay's clock starts here and runs on"
    )
    return parser


def _instant(text: str) -> datetime:
    """UTC where the text has no offset; argparse reports the ValueError."""
    moment = datetime.fromisoformat(text)
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


if __name__ == "__main__":
    sys.exit(main())
