"""``bulk-sync``: read many seasons in one run, at leisure."""

import argparse

from ingestion_core.cli import Commands, options, seasons
from ingestion_core.errors import BadRequest
from ingestion_core.tasks import backfill
from ingestion_core.work.items import MAX_ATTEMPTS

_LONGEST_PAUSE = 3600
_MOST_ATTEMPTS = 100


def add(commands: Commands) -> None:
    """Add the command."""
    parser = commands.add_parser(
        "bulk-sync",
        help="read many seasons from OpenF1 in one run",
        description="Asks for the seasons; the functions app does the work, and the command follows"
        " it.",
    )
    what = parser.add_mutually_exclusive_group(required=True)
    what.add_argument("--all", action="store_true", help="every season that OpenF1 has")
    what.add_argument("--current", action="store_true", help="this year's season")
    what.add_argument("--start-year", type=int, metavar="YEAR", help="from this season on")
    parser.add_argument(
        "--end-year", type=int, metavar="YEAR", help="up to this season; this year's if not given"
    )
    parser.add_argument(
        "--pause",
        type=float,
        default=0,
        metavar="SECONDS",
        help="at least so long between two meetings; never faster than the source's pace",
    )
    parser.add_argument(
        "--max-retries",
        type=int,
        metavar="N",
        help="how often an item may be attempted while OpenF1 fails before it is given up:"
        f" {MAX_ATTEMPTS} if not given; waiting for a turn or a lock-out is no attempt",
    )
    seasons.add_options(parser)
    parser.set_defaults(carry_out=lambda chosen: _bulk(parser, chosen))


def _bulk(parser: argparse.ArgumentParser, chosen: argparse.Namespace) -> int:
    if not 0 <= chosen.pause <= _LONGEST_PAUSE:
        parser.error(f"--pause goes from 0 to {_LONGEST_PAUSE} seconds")
    if chosen.max_retries is not None and not 1 <= chosen.max_retries <= _MOST_ATTEMPTS:
        parser.error(f"--max-retries goes from 1 to {_MOST_ATTEMPTS}")
    years = _years(parser, chosen)
    asked = {
        "years": {"from": years[0], "to": years[-1]},
        **({"spacing_seconds": chosen.pause} if chosen.pause else {}),
        **({"max_attempts": chosen.max_retries} if chosen.max_retries else {}),
    }
    return seasons.ask(
        chosen,
        years,
        asked,
        spacing_seconds=chosen.pause,
        max_attempts=chosen.max_retries,
    )


def _years(parser: argparse.ArgumentParser, chosen: argparse.Namespace) -> list[int]:
    now = options.app_of(chosen).now()
    if chosen.start_year is None:
        if chosen.end_year is not None:
            parser.error("--end-year goes with --start-year")
        return backfill.seasons("all" if chosen.all else "current", now)
    last = now.year if chosen.end_year is None else chosen.end_year
    try:
        backfill.check_year(chosen.start_year, now)
        backfill.check_year(last, now)
    except BadRequest as error:
        parser.error(str(error))
    if chosen.start_year > last:
        parser.error("--start-year comes before --end-year")
    return list(range(chosen.start_year, last + 1))
