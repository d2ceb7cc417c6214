"""`python -m local run | serve | clean`: the stack of one machine. `make` calls it."""

import argparse
import os
import signal
import sys
import threading
import time
from collections.abc import Sequence
from pathlib import Path
from types import FrameType
from typing import NoReturn


class Stopped(KeyboardInterrupt):
    """A signal asked the program to end; everything it started ends on its way out."""

    def __init__(self, number: int) -> None:
        super().__init__()
        self.number = number


def main(arguments: Sequence[str] | None = None) -> int:
    """The exit code: 0, 1 with one clear line, or 128 and the signal's number."""
    given = _parser().parse_args(arguments)
    if given.command == "clean":
        from local.stack import clean

        return clean.main()
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, _stop)
    if given.with_parent:
        threading.Thread(target=_end_with_parent, args=(os.getppid(),), daemon=True).start()
    try:
        return _run(given)
    except Stopped as stopped:
        served = given.command == "serve" and stopped.number == signal.SIGINT
        print("Stopped.", file=sys.stderr)
        return 0 if served else 128 + stopped.number


def _run(given: argparse.Namespace) -> int:
    # Here, for they take a second: the signals are heard from the first moment on.
    from rich.console import Console

    from local.stack.home import StackError
    from local.stack.plan import Options
    from local.stack.run import run

    folders = (given.recording or "").split(os.pathsep)
    options = Options(
        year=given.year,
        results=given.results,
        recording=tuple(Path(folder).expanduser() for folder in folders if folder),
        live=given.live,
        archive=given.archive,
        wiki=given.wiki,
        series=given.series,
        confirm=given.confirm,
        stay=given.command == "serve",
    )
    try:
        return run(options, os.environ, Console())
    except StackError as error:
        print(f"error: {error}", file=sys.stderr)
        return 1


def _stop(number: int, _frame: FrameType | None) -> NoReturn:
    # Once: a second Ctrl-C must not interrupt the ending of what runs.
    for each in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(each, signal.SIG_IGN)
    raise Stopped(number)


def _end_with_parent(parent: int) -> None:
    """Stop when ``make``, which had our terminal, was killed: nobody else could stop us then."""
    while os.getppid() == parent:
        time.sleep(0.5)
    os.kill(os.getpid(), signal.SIGTERM)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser("python -m local", description=__doc__)
    parser.add_argument("command", choices=("run", "serve", "clean"))
    parser.add_argument("--year", type=int, help="the season; the sample has 2024")
    parser.add_argument("--results", action="store_true", help="load results as well: spoilers")
    parser.add_argument(
        "--recording",
        metavar="DIR",
        help=f"replay recorded folders instead of the sample; several are joined by {os.pathsep!r}",
    )
    parser.add_argument("--live", action="store_true", help="ask the real API, at its real pace")
    parser.add_argument(
        "--archive",
        metavar="PATH",
        help="import the Ergast archive from a folder or a file instead of asking OpenF1",
    )
    parser.add_argument(
        "--wiki",
        metavar="DIR",
        help="read saved pages of The Third Turn instead of asking OpenF1; 1: the shipped ones",
    )
    parser.add_argument(
        "--series", metavar="TITLE", help="with --wiki: the series' page, where there are several"
    )
    parser.add_argument(
        "--confirm", metavar="NAME", help="write to this database despite its users"
    )
    parser.add_argument(
        "--with-parent", action="store_true", help="end when the program that started this one does"
    )
    return parser


if __name__ == "__main__":
    sys.exit(main())
