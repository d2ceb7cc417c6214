"""Following a run in plain lines: one for each item that ends, then what it all came to."""

import argparse
import json
import sys
import time
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any
from uuid import UUID

from ingestion_core.tasks.app import App
from ingestion_core.tasks.backfill import list_sources, show_run

_LOOK_AGAIN_SECONDS = 1.0
#: After so long without news it is said that there is none; then after twice as long, and so on.
_STALLED_SECONDS = 30.0

_OPEN = frozenset({"waiting", "sent", "running"})
#: Counts worth a word, in this order; of an item all that it has, of the run those above 0.
_COUNTS = (
    *("rounds", "sessions", "entrants", "results", "folded"),
    *("embargoed", "quarantined", "shrunk", "rows"),
)
_WORDS = {
    "folded": "shared drives folded",
    "embargoed": "sessions under embargo",
    "shrunk": "lists much shorter than before",
    "rows": "rows written",
}

Say = Callable[[str], None]


def add_options(parser: argparse.ArgumentParser) -> None:
    """The options of every command that follows a run."""
    parser.add_argument("--no-wait", action="store_true", help="don't wait for its end")
    parser.add_argument("--json", action="store_true", help="the run as JSON on standard output")


def follow(app: App, run: UUID, chosen: argparse.Namespace) -> int:
    """Follow the run as the options say; 1 if anything of it failed, 130 when interrupted."""

    def say(text: str) -> None:
        print(text, file=sys.stderr if chosen.json else sys.stdout, flush=True)

    say(f"Run {run}")
    shown = show_run(app, run)
    if not chosen.no_wait:
        try:
            shown = _until_over(app, run, say)
        except KeyboardInterrupt:
            say(f"The run goes on without being watched. To watch it: {_command(run)}")
            return 130
        for line in summary(shown):
            say(line)
    if chosen.json:
        print(json.dumps(shown, default=str))
    return 1 if shown["state"] in {"failed", "cancelled"} else 0


def _until_over(app: App, run: UUID, say: Say) -> dict[str, Any]:
    ended: set[int] = set()
    moved, patience, before = time.monotonic(), _STALLED_SECONDS, None
    while True:
        shown = show_run(app, run)
        for item in shown["items"]:
            if item["state"] not in _OPEN and item["item"] not in ended:
                ended.add(item["item"])
                say(line(item))
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


def line(item: Mapping[str, Any]) -> str:
    """How an item ended."""
    return f"{name(item):<24} {remark(item)}"


def name(item: Mapping[str, Any]) -> str:
    """What an item is about."""
    about = item["name"] or item["key"]
    return f"{about}, results" if "results" in item["task"] else str(about)


def remark(item: Mapping[str, Any]) -> str:
    """How it ended, in counts or in a reason."""
    if item["state"] != "done":
        why = item["error"] or item["outcome"]
        return f"{item['state']}: {why}" if why else str(item["state"])
    told = [f"{item['counts'][what]} {_WORDS.get(what, what)}" for what in _told(item["counts"])]
    outcome = [] if item["outcome"] in {None, "ok"} else [item["outcome"]]
    return ", ".join([*outcome, *told])


def _told(counts: Mapping[str, int]) -> Iterator[str]:
    return (what for what in _COUNTS if counts.get(what))


def summary(shown: Mapping[str, Any]) -> list[str]:
    """What a run came to: sums, and what of it failed with the way to ask for it again."""
    items: Sequence[Mapping[str, Any]] = shown["items"]
    seasons = [one for one in items if one["task"] == "import_season" and one["state"] == "done"]
    empty = [one["key"] for one in seasons if one["outcome"] == "empty"]
    sums: dict[str, int] = defaultdict(int)
    for item in items:
        for what, count in item["counts"].items():
            sums[what] += count
    parts = [f"{len(seasons) - len(empty)} seasons"] if seasons else []
    parts += [f"{sums[what]} {_WORDS.get(what, what)}" for what in _told(sums)]
    lines = [f"{str(shown['state']).capitalize()}: {', '.join(parts) or 'nothing to do'}"]
    if empty:
        lines.append(f"Not in the archive: {', '.join(empty)}")
    lines += _failures(items)
    if shown["state"] in {"failed", "cancelled"}:
        lines.append(f"Again: {_command(shown['run'])} --retry")
    return lines


def _failures(items: Sequence[Mapping[str, Any]]) -> list[str]:
    """What failed, by name; all that failed for one reason in one line."""
    names: dict[str, list[str]] = defaultdict(list)
    for item in items:
        if item["state"] == "failed":
            names[remark(item)].append(name(item))
    return [f"{', '.join(those)}: {why}" for why, those in names.items()]


def _command(run: object) -> str:
    return f"python -m ingestion_core watch {run}"
