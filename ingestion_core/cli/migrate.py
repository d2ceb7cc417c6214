"""``migrate``: bring our own schema up to date; the product's tables are never touched."""

import argparse

from ingestion_core.cli import Commands, options
from ingestion_core.tasks.migrate import migrate


def add(commands: Commands) -> None:
    """Add the command."""
    parser = commands.add_parser(
        "migrate",
        help="bring schema ingest up to date",
        description="The app does this when it starts; this is for whoever wants it done before."
        " The product's tables belong to its API; schema spoilers is made when results are"
        " first stored.",
    )
    options.add_dry_run(parser, "run what is missing, roll it back, and name it")
    parser.set_defaults(carry_out=_migrate)


def _migrate(chosen: argparse.Namespace) -> int:
    done = migrate(options.app_of(chosen))
    would = "would be run" if chosen.dry_run else "run"
    for name in done:
        print(f"ingest: {name} {would}")
    if not done:
        print("ingest: up to date")
    return 0
