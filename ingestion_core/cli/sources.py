"""``sources``: each source's pace, state and work ahead; and the kill switch."""

import argparse
import json
from collections.abc import Mapping
from typing import Any

from ingestion_core.cli import Commands, options
from ingestion_core.tasks.app import app
from ingestion_core.tasks.backfill import list_sources, pause_source


def add(commands: Commands) -> None:
    """Add the command."""
    parser = commands.add_parser("sources", help="the sources' state; pause or resume one")
    actions = parser.add_subparsers(dest="action", required=True)
    list_ = actions.add_parser("list", help="every source: its pace, its state, its work ahead")
    options.add_json(list_)
    list_.set_defaults(carry_out=_list)
    for action, what in (("pause", "ask it nothing; nothing is lost"), ("resume", "ask it again")):
        change = actions.add_parser(action, help=what)
        change.add_argument("source", help="its name: openf1, ergast or thethirdturn")
        change.set_defaults(carry_out=_change, paused=action == "pause")


def _list(chosen: argparse.Namespace) -> int:
    found = list_sources(app())
    if chosen.json:
        print(json.dumps(found, default=str))
        return 0
    for one in found:
        print(_line(one))
    return 0


def _change(chosen: argparse.Namespace) -> int:
    print(_line(pause_source(app(), chosen.source, paused=chosen.paused)))
    return 0


def _line(one: Mapping[str, Any]) -> str:
    ahead = sum(one[state] for state in ("waiting", "sent", "running"))
    fresh = f"answered {one['fresh_at']:%Y-%m-%d %H:%M:%S}Z" if one["fresh_at"] else "never read"
    pace = f"{one['pace_seconds']:.2f} s between requests"
    return f"{one['source']:<12} {_state(one)}, {pace}, {ahead} items ahead, {fresh}"


def _state(one: Mapping[str, Any]) -> str:
    if one["paused"]:
        return "paused"
    if one["closed_until"]:
        return f"closed until {one['closed_until']:%Y-%m-%d %H:%M:%S}Z ({one['closed_why']})"
    return "open"
