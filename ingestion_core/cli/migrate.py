"""``migrate``: bring our own schema up to date; the product's tables are never touched."""

import argparse

from ingestion_core.cli import Commands, options
from ingestion_core.tasks.migrate import migrate


def add(commands: Commands) -> None:
    """Add the command."""
    parser = commands.add_parser(
        "migrate",
        help="bring our schemas up to date",
        description="The app does this when it starts, where its login may; this is for whoever"
        " wants it done before, or deploys. The product's tables belong to its API; schema spoilers"
        " is among ours once results or The Third Turn are opted into.",
    )
    options.add_dry_run(parser, "run what is missing, roll it back, and name it")
    parser.set_defaults(carry_out=_migrate)


def _migrate(chosen: argparse.Namespace) -> int:
    done = migrate(options.app_of(chosen))
    would = "would be run" if chosen.dry_run else "run"
    for schema, files in done.items():
        for name in files:
            print(f"{schema}: {name} {would}")
        if not files:
            print(f"{schema}: up to date")
    return 0
