"""``results show``: spoilers, for whoever asks for them by that word."""

import argparse

from ingestion_core.cli import Commands
from ingestion_core.racing.kinds import ResultStatus
from ingestion_core.tasks.app import app


def add(commands: Commands) -> None:
    """Add the command."""
    results = commands.add_parser("results", help="look at results: spoilers")
    actions = results.add_subparsers(dest="action", required=True)
    show = actions.add_parser("show", help="the results of one session")
    show.add_argument("session", help="its id, or its OpenF1 session key")
    show.add_argument("--spoilers", action="store_true", required=True, help="yes, tell me")
    show.set_defaults(carry_out=_show)


def _show(chosen: argparse.Namespace) -> int:
    from ingestion_core.tasks.load_results import show  # only this command may know

    for row in show(app(), chosen.session):
        place = row["position"] or ResultStatus(row["status"]).name
        times = row["time"] or row["detail"] or ""
        print(f"{place!s:>4}  {row['car'] or '':>3}  {row['driver']:<24} {row['team']:<18} {times}")
    return 0
