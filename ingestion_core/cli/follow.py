"""Following a run: bars on a terminal, plain lines elsewhere, then what it all came to."""

import argparse
import json
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any
from uuid import UUID

from ingestion_core.cli import options, told
from ingestion_core.cli.options import Say
from ingestion_core.tasks.app import App
from ingestion_core.tasks.backfill import list_sources, show_run

_LOOK_AGAIN_SECONDS = 1.0
#: After so long without news it is said that there is none; then after twice as long, and so on.
_STALLED_SECONDS = 30.0

Shown = Mapping[str, Any]


def add_options(parser: argparse.ArgumentParser) -> None:
    """The options of every command that follows a run."""
    parser.add_argument("--no-wait", action="store_true", help="only ask, don't wait for the end")
    options.add_json(parser)


def follow(app: App, run: UUID, chosen: argparse.Namespace) -> int:
    """Follow the run as the options say; 1 if anything of it failed, 130 when interrupted."""
    say = options.saying(chosen)
    try:
        say(f"Run {run}")
        shown = show_run(app, run) if chosen.no_wait else _watched(app, run, chosen, say)
    except KeyboardInterrupt:
        say("The run goes on without being watched. To watch it: " + told.command("watch", run))
        return 130
    if not chosen.no_wait:
        for line in told.lines(shown):
            say(line)
    if chosen.json:
        print(json.dumps({**shown, "summary": told.summary(shown)}, default=str))
    return 1 if shown["state"] in {"failed", "cancelled"} else 0


def _watched(app: App, run: UUID, chosen: argparse.Namespace, say: Say) -> dict[str, Any]:
    with _display(chosen, say) as (show, speak):
        return _until_over(app, run, show, speak)


def _until_over(app: App, run: UUID, show: Callable[[Shown], None], say: Say) -> dict[str, Any]:
    moved, patience, before = time.monotonic(), _STALLED_SECONDS, None
    while True:
        shown = show_run(app, run)
        show(shown)
        if shown["state"] != "running":
            return shown
        states = [(item["item"], item["state"]) for item in shown["items"]]
        if states != before:
            moved, patience, before = time.monotonic(), _STALLED_SECONDS, states
        elif time.monotonic() - moved > patience:
            say(_stalled(app, patience))
            patience *= 2
        time.sleep(_LOOK_AGAIN_SECONDS)


def _stalled(app: App, seconds: float) -> str:
    paused = [one["source"] for one in list_sources(app) if one["paused"]]
    if paused:
        why = f"Paused: {', '.join(paused)}"
    else:
        why = "Is the functions app running, with this DATABASE_URL and this AzureWebJobsStorage?"
    return f"Nothing has moved for {seconds:.0f} s. {why} Ctrl-C leaves the run to go on."


@contextmanager
def _display(chosen: argparse.Namespace, say: Say) -> Iterator[tuple[Callable[[Shown], None], Say]]:
    """How a run is shown while it goes on, and how something is said meanwhile."""
    stream = sys.stderr if chosen.json else sys.stdout
    if not stream.isatty():
        yield _plain(say), say
        return
    # Loaded here: whoever reads a log has no use for it.
    from rich.console import Console

    from ingestion_core.cli.progress import Bars

    with Bars(Console(file=stream)) as bars:

        def show(shown: Shown) -> None:
            requests = shown["totals"]["requests"]
            bars.update(_bars(shown), requests, shown["eta_seconds"])

        yield show, bars.say


def _bars(shown: Shown) -> list[Any]:
    from ingestion_core.cli.progress import Shown as Bar

    return [
        Bar(
            item["item"],
            item["state"],
            told.name(item),
            told.remark(item) if item["state"] not in told.OPEN else "",
            fleeting=item["task"] == "discover_year",
        )
        for item in shown["items"]
    ]


def _plain(say: Say) -> Callable[[Shown], None]:
    """A line for each item that has ended."""
    ended: set[int] = set()

    def show(shown: Shown) -> None:
        for item in shown["items"]:
            if item["state"] not in told.OPEN and item["item"] not in ended:
                ended.add(item["item"])
                say(told.line(item))

    return show
