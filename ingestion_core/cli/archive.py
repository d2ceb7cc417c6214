"""``import-archive``: ask for seasons of the Ergast archive; the functions app imports them."""

import argparse
import json
import time
from collections.abc import Iterable
from dataclasses import asdict

from ingestion_core.cli import Commands, follow, options, seasons
from ingestion_core.sources.ergast import FIRST_YEAR
from ingestion_core.tasks import rehearse
from ingestion_core.tasks.app import App
from ingestion_core.tasks.backfill import import_archive


def add(commands: Commands) -> None:
    """Add the command."""
    parser = commands.add_parser(
        "import-archive",
        help="import the Ergast archive from where ARCHIVE_URL says",
        description="Asks for one message per season; the functions app does the work.",
    )
    parser.add_argument("--from", dest="first", type=int, metavar="YEAR", default=FIRST_YEAR)
    parser.add_argument(
        "--to", dest="last", type=int, metavar="YEAR", help="this year's if not given"
    )
    options.add_results(parser)
    options.add_dry_run(parser, "write every season in this process, roll it back, and tell")
    follow.add_options(parser)
    parser.set_defaults(carry_out=lambda chosen: _import(parser, chosen))


def _import(parser: argparse.ArgumentParser, chosen: argparse.Namespace) -> int:
    used, say = options.app_of(chosen), options.saying(chosen)
    this_year = used.now().year
    first, last = chosen.first, this_year if chosen.last is None else chosen.last
    if not FIRST_YEAR <= first <= last <= this_year + 1:
        parser.error(f"seasons go from {FIRST_YEAR} to {this_year + 1}, --from before --to")
    options.announce_results(used, chosen.results, say)
    if chosen.dry_run:
        return _rehearse(used, range(first, last + 1), chosen)
    asked = {"seasons": {"from": first, "to": last}, "include_results": chosen.results}
    run = import_archive(used, range(first, last + 1), asked, include_results=chosen.results)
    return follow.follow(used, run, chosen)


def _rehearse(used: App, years: Iterable[int], chosen: argparse.Namespace) -> int:
    """Season by season, as they are written."""
    say, began = options.saying(chosen), time.monotonic()
    told = {year: asdict(found) for year, found in rehearse.archive(used, years).items()}
    for year, counts in told.items():
        say(f"{year} season: {seasons.words(counts)}")
    totals = {what: sum(one[what] for one in told.values()) for what in rehearse.COUNTS}
    seconds = time.monotonic() - began
    say(f"{seasons.came_to(totals)}, in {seconds:.1f} s")
    if chosen.json:
        whole = {"dry_run": True, **totals, "seasons": told, "seconds": round(seconds, 1)}
        print(json.dumps(whole))
    return 0
