"""``sync``: read this year's season, another, what ran lately, or one meeting."""

import argparse

from ingestion_core.cli import Commands, follow, options, seasons
from ingestion_core.errors import BadRequest
from ingestion_core.tasks import backfill, rehearse

_LARGEST_KEY = 2**31 - 1


def add(commands: Commands) -> None:
    """Add the command."""
    parser = commands.add_parser(
        "sync",
        help="read a season, what ran lately, or one meeting from OpenF1",
        description="Asks for this year's season, or for what is named; the functions app does the"
        " work, and the command follows it.",
    )
    what = parser.add_mutually_exclusive_group()
    what.add_argument("--year", type=int, help="this season instead of the present one")
    what.add_argument(
        "--recent",
        type=int,
        metavar="DAYS",
        help="meetings of which a session ended in the last so many days, or runs",
    )
    what.add_argument("--meeting", type=int, metavar="KEY", help="one meeting, before all bulk")
    seasons.add_options(parser)
    parser.set_defaults(carry_out=lambda chosen: _sync(parser, chosen))


def _sync(parser: argparse.ArgumentParser, chosen: argparse.Namespace) -> int:
    now = options.app_of(chosen).now()
    if chosen.meeting is not None:
        return _meeting(parser, chosen)
    if chosen.recent is not None:
        if not 0 <= chosen.recent <= 366:
            parser.error("--recent goes from 0 to 366 days")
        years = backfill.recent_seasons(chosen.recent, now)
        return seasons.ask(chosen, years, {"recent_days": chosen.recent}, chosen.recent)
    try:
        year = now.year if chosen.year is None else backfill.check_year(chosen.year, now)
    except BadRequest as error:
        parser.error(f"--year: {error}")
    return seasons.ask(chosen, [year], {"years": year})


def _meeting(parser: argparse.ArgumentParser, chosen: argparse.Namespace) -> int:
    if not 0 < chosen.meeting <= _LARGEST_KEY:
        parser.error(f"--meeting is a key from 1 to {_LARGEST_KEY}")
    used = options.app_of(chosen)
    options.announce_results(used, chosen.results, options.saying(chosen))
    if chosen.dry_run:
        return seasons.rehearsed(chosen, lambda: rehearse.meeting(used, chosen.meeting))
    run = backfill.meeting(used, chosen.meeting, chosen.results)
    return follow.follow(used, run, chosen)
