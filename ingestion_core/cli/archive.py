"""``import-archive``: ask for seasons of the Ergast archive; the functions app imports them."""

import argparse

from ingestion_core.cli import Commands, follow
from ingestion_core.sources.ergast import FIRST_YEAR
from ingestion_core.tasks import opt_in
from ingestion_core.tasks.app import app
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
    parser.add_argument(
        "--results",
        action=argparse.BooleanOptionalAction,
        default=False,
        help="load results as well: spoilers, and only with RESULTS_ENABLED",
    )
    follow.add_options(parser)
    parser.set_defaults(carry_out=lambda chosen: _import(parser, chosen))


def _import(parser: argparse.ArgumentParser, chosen: argparse.Namespace) -> int:
    used = app()
    this_year = used.now().year
    first, last = chosen.first, this_year if chosen.last is None else chosen.last
    if not FIRST_YEAR <= first <= last <= this_year + 1:
        parser.error(f"seasons go from {FIRST_YEAR} to {this_year + 1}, --from before --to")
    opt_in.check(used.settings, chosen.results, "--results")
    asked = {"seasons": {"from": first, "to": last}, "include_results": chosen.results}
    run = import_archive(used, range(first, last + 1), asked, include_results=chosen.results)
    return follow.follow(used, run, chosen)
