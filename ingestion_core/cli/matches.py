"""``matches``: who may be who, for a person to say; and taking back what was said."""

import argparse
import getpass
import json
from typing import Any
from uuid import UUID

from ingestion_core.catalog.keys import Key
from ingestion_core.catalog.merges import Moved
from ingestion_core.cli import Commands, options
from ingestion_core.tasks import matches
from ingestion_core.tasks.app import app


def add(commands: Commands) -> None:
    """Add the command."""
    parser = commands.add_parser("matches", help="who may be who, for a person to decide")
    actions = parser.add_subparsers(dest="action", required=True)
    list_ = actions.add_parser("list", help="the questions that wait for an answer")
    list_.add_argument("--all", action="store_true", help="answered ones as well")
    list_.add_argument("--json", action="store_true", help="for machines")
    list_.set_defaults(carry_out=_list)
    show = actions.add_parser("show", help="one question, and what the sources say of both")
    show.add_argument("match", type=UUID)
    show.set_defaults(carry_out=_show)
    approve = actions.add_parser("approve", help="they are one: everything moves, at once")
    approve.add_argument("match", type=UUID)
    approve.add_argument("--as", dest="instead", type=UUID, metavar="ROW", help="another row")
    _add_by(approve)
    approve.set_defaults(carry_out=_approve)
    reject = actions.add_parser("reject", help="they are two; nobody is asked again")
    reject.add_argument("match", type=UUID)
    reject.add_argument("--notes", help="why, for whoever looks at it later")
    _add_by(reject)
    reject.set_defaults(carry_out=_reject)
    merge = actions.add_parser("merge", help="a source's key means this row, though nobody asked")
    merge.add_argument("kind", choices=matches.KINDS)
    merge.add_argument("source")
    merge.add_argument("key")
    merge.add_argument("row", type=UUID)
    _add_by(merge)
    merge.set_defaults(carry_out=_merge)
    undo = actions.add_parser("undo", help="take a decision back")
    undo.add_argument("decision", type=int)
    _add_by(undo)
    undo.set_defaults(carry_out=_undo)


def _add_by(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--by", default=None, metavar="NAME", help="who decides; you, if not given")
    options.add_dry_run(parser, "do it, roll it back, and tell what it came to")


def _by(chosen: argparse.Namespace) -> str:
    return str(chosen.by or getpass.getuser())


def _list(chosen: argparse.Namespace) -> int:
    found = matches.questions(app(), everything=chosen.all)
    if chosen.json:
        print(json.dumps(found, default=str, ensure_ascii=False))
        return 0
    for one in found:
        print(_line(one))
    waiting = sum(one["status"] == "pending" for one in found)
    print(f"{waiting} to decide on" if waiting else "nothing to decide on")
    return 0


def _line(one: dict[str, Any]) -> str:
    decided = f" (decision {one['decision']})" if one["decision"] else ""
    return (
        f"{one['id']}  {one['status']:<8} {one['kind']:<7} {one['score']:.2f}  "
        f"{one['source']} '{one['name']}' = '{one['candidate_name']}'?{decided}"
    )


def _show(chosen: argparse.Namespace) -> int:
    one = matches.question(app(), chosen.match)
    print(_line(one))
    print(f"  asked {one['created_at']:%Y-%m-%d}, for {_told(one['signals'])}")
    print(f"  {one['source']} '{one['key']}': {_told(one['claim'])}")
    for claim in one["candidate_claims"]:
        print(f"  {one['candidate']} {claim['source']} '{claim['key']}': {_told(claim['fields'])}")
    return 0


def _told(fields: dict[str, Any] | None) -> str:
    return ", ".join(f"{name} {value}" for name, value in sorted((fields or {}).items()))


def _approve(chosen: argparse.Namespace) -> int:
    used = options.app_of(chosen)
    return _moved(chosen, matches.approve(used, chosen.match, _by(chosen), chosen.instead))


def _reject(chosen: argparse.Namespace) -> int:
    matches.reject(options.app_of(chosen), chosen.match, _by(chosen), chosen.notes)
    print("Dry run, nothing was kept: rejected" if chosen.dry_run else "rejected")
    return 0


def _merge(chosen: argparse.Namespace) -> int:
    key = Key(chosen.kind, chosen.source, chosen.key)
    return _moved(chosen, matches.merge(options.app_of(chosen), key, chosen.row, _by(chosen)))


def _undo(chosen: argparse.Namespace) -> int:
    used = options.app_of(chosen)
    return _moved(chosen, matches.undo(used, chosen.decision, _by(chosen)), "taken back")


def _moved(chosen: argparse.Namespace, moved: Moved, done: str = "done") -> int:
    seasons = ", ".join(str(one.year) for one in moved.seasons) or "none"
    came_to = f"{moved.rows} rows changed, seasons: {seasons}"
    if chosen.dry_run:
        print(f"Dry run, nothing was kept: {came_to}")
    else:
        print(f"decision {moved.decision} {done}: {came_to}")
    return 0
