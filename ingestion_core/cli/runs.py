"""``runs``: what was asked for, whoever asked; watched, asked for again, taken back."""

import argparse
import json
from collections.abc import Mapping
from typing import Any
from uuid import UUID

from ingestion_core.cli import Commands, follow, options, told
from ingestion_core.tasks import backfill
from ingestion_core.tasks.app import app


def add(commands: Commands) -> None:
    """Add the command."""
    parser = commands.add_parser("runs", help="what was asked for, and how far it is")
    actions = parser.add_subparsers(dest="action", required=True)
    list_ = actions.add_parser("list", help="the newest runs")
    list_.add_argument("--limit", type=_some, default=20, metavar="N", help="20 if not given")
    options.add_json(list_)
    list_.set_defaults(carry_out=_list)
    show = actions.add_parser("show", help="one run with its items")
    show.add_argument("run", type=UUID, help="its id")
    options.add_json(show)
    show.set_defaults(carry_out=_show)
    watch = actions.add_parser("watch", help="a run until it is over, whoever asked for it")
    watch.add_argument("run", type=UUID, help="its id")
    follow.add_options(watch)
    watch.set_defaults(carry_out=lambda chosen: follow.follow(app(), chosen.run, chosen))
    retry = actions.add_parser("retry", help="ask again for what failed or was cancelled")
    what = retry.add_mutually_exclusive_group(required=True)
    what.add_argument("run", type=UUID, nargs="?", help="a run's id")
    what.add_argument("--item", type=_some, metavar="N", help="one item, of a run or of none")
    follow.add_options(retry)
    retry.set_defaults(carry_out=_retry)
    cancel = actions.add_parser("cancel", help="take back what of a run has not begun")
    cancel.add_argument("run", type=UUID, help="its id")
    cancel.set_defaults(carry_out=_cancel)


def _some(text: str) -> int:
    """A whole number above 0."""
    number = int(text)
    if not 0 < number < 2**63:
        raise ValueError(text)
    return number


def _list(chosen: argparse.Namespace) -> int:
    found = backfill.list_runs(app(), chosen.limit)
    if chosen.json:
        print(json.dumps(found, default=str))
        return 0
    for one in found:
        print(_line(one))
    if not found:
        print("nothing was asked for yet")
    return 0


def _line(one: Mapping[str, Any]) -> str:
    parts = [f"{one['done']}/{one['expected']} done"]
    parts += [
        f"{one[state]} {state}"
        for state in ("failed", "cancelled", "withheld", "deferred")
        if one[state]
    ]
    last = f"; last error {one['last_error']}" if one["last_error"] else ""
    return (
        f"{one['run']}  {one['created_at']:%Y-%m-%d %H:%M:%S}Z  {one['state']:<9}"
        f" {one['kind']:<8} {', '.join(parts)}{last}"
    )


def _show(chosen: argparse.Namespace) -> int:
    shown = backfill.show_run(app(), chosen.run)
    if chosen.json:
        print(json.dumps({**shown, "summary": told.summary(shown)}, default=str))
        return 0
    print(_line(shown))
    for item in shown["items"]:
        print(f"  {item['item']:>6}  {told.line(item) if _ended(item) else _open(item)}")
    for line in told.lines(shown):
        print(line)
    return 0


def _ended(item: Mapping[str, Any]) -> bool:
    return item["state"] not in told.OPEN


def _open(item: Mapping[str, Any]) -> str:
    why = f": {item['error']}" if item["error"] else ""
    due = f", due {item['due_at']:%H:%M:%S}Z" if item["state"] == "sent" and item["due_at"] else ""
    return f"{told.name(item):<24} {item['state']}{why}{due}"


def _retry(chosen: argparse.Namespace) -> int:
    if chosen.item is not None:
        return follow.follow(app(), backfill.retry_item(app(), chosen.item), chosen)
    retried = backfill.retry_run(app(), chosen.run)
    options.saying(chosen)(f"{retried} asked for again")
    return follow.follow(app(), chosen.run, chosen)


def _cancel(chosen: argparse.Namespace) -> int:
    print(f"{backfill.cancel_run(app(), chosen.run)} taken back")
    return 0
