"""``watch``: a run until it is over, whoever asked for it; what failed is asked for again."""

import argparse
from uuid import UUID

from ingestion_core.cli import Commands, follow
from ingestion_core.tasks.app import app
from ingestion_core.tasks.backfill import retry_run


def add(commands: Commands) -> None:
    """Add the command."""
    parser = commands.add_parser("watch", help="watch a run until it is over")
    parser.add_argument("run", type=UUID, help="its id")
    parser.add_argument("--retry", action="store_true", help="first ask again for what failed")
    follow.add_options(parser)
    parser.set_defaults(carry_out=_watch)


def _watch(chosen: argparse.Namespace) -> int:
    if chosen.retry:
        retry_run(app(), chosen.run)
    return follow.follow(app(), chosen.run, chosen)
