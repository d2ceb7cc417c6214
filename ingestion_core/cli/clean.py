"""``clean-racing``: take racing data out so that it is read anew; what users wrote stays."""

import argparse
import json
import sys
from typing import TYPE_CHECKING

from ingestion_core.cli import Commands
from ingestion_core.tasks.app import app, rehearsing

if TYPE_CHECKING:
    from ingestion_core.tasks.clean_racing import Cleaned

_FIRST, _LAST = 1900, 9999
_GONE = "gone"


def add(commands: Commands) -> None:
    """Add the command."""
    parser = commands.add_parser(
        "clean-racing",
        help="take out racing data that no user's content hangs on, to be read anew",
    )
    parser.add_argument("--year", type=int, help="one season; all if none is named")
    parser.add_argument("--results-only", action="store_true", help="nothing but results")
    parser.add_argument("--dry-run", action="store_true", help="only count: nothing is kept")
    parser.add_argument("--yes", action="store_true", help="do not ask")
    parser.add_argument("--json", action="store_true", help="for machines")
    parser.set_defaults(carry_out=lambda chosen: _clean(parser, chosen))


def _clean(parser: argparse.ArgumentParser, chosen: argparse.Namespace) -> int:
    if chosen.year is not None and not _FIRST <= chosen.year <= _LAST:
        parser.error(f"--year is from {_FIRST} to {_LAST}")
    ask = not (chosen.yes or chosen.dry_run)
    if ask and (chosen.json or not sys.stdin.isatty()):
        parser.error("nobody can be asked here: say --yes, or --dry-run to look")
    from ingestion_core.tasks.clean_racing import clean_racing  # it knows results

    if ask or chosen.dry_run:
        would = clean_racing(rehearsing(), chosen.year, chosen.results_only)
        _tell(would, chosen, "would be gone")
        if chosen.dry_run:
            return 0
        if not _agreed():
            print("nothing was taken out", file=sys.stderr)
            return 1
    done = clean_racing(app(), chosen.year, chosen.results_only)
    _tell(done, chosen, _GONE)
    return 0


def _agreed() -> bool:
    print("take this out? [y/N] ", end="", file=sys.stderr, flush=True)
    return sys.stdin.readline().strip().lower() in ("y", "yes")


def _tell(found: "Cleaned", chosen: argparse.Namespace, word: str) -> None:
    if chosen.json:
        print(json.dumps({**found.told(), "dry_run": word != _GONE}))
        return
    done = "cancelled" if word == _GONE else "would be cancelled"
    print(f"seasons: {found.seasons}, items of work {done}: {found.cancelled}")
    for kind, count in found.gone.items():
        why = ", ".join(f"{n} named in {table}" for table, n in found.because.get(kind, {}).items())
        name = "series" if kind == "series" else kind + "s"
        print(f"  {name:<9} {word} {count:>6}, kept {found.kept[kind]:>6}" + (why and f": {why}"))
