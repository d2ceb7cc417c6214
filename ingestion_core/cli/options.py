"""Options that several commands share, and what they mean."""

import argparse
import sys
from collections.abc import Callable

from ingestion_core.tasks import app as apps
from ingestion_core.tasks import opt_in
from ingestion_core.tasks.app import App

Say = Callable[[str], None]

_RESULTS = "'--results'"


def add_results(parser: argparse.ArgumentParser, what: str = "load results as well") -> None:
    """``--results`` and ``--no-results``."""
    parser.add_argument(
        "--results",
        action=argparse.BooleanOptionalAction,
        default=False,
        help=f"{what}: spoilers, and only with RESULTS_ENABLED",
    )


def add_dry_run(parser: argparse.ArgumentParser, what: str) -> None:
    """``--dry-run``; ``what`` it does instead."""
    parser.add_argument("--dry-run", action="store_true", help=what)


def add_json(parser: argparse.ArgumentParser) -> None:
    """``--json``."""
    parser.add_argument("--json", action="store_true", help="as JSON on standard output")


def app_of(chosen: argparse.Namespace) -> App:
    """The app that the command works on: one that keeps nothing for a dry run."""
    return apps.rehearsing() if chosen.dry_run else apps.app()


def saying(chosen: argparse.Namespace) -> Say:
    """Where words go: beside the document, where there is to be one."""

    def say(text: str) -> None:
        print(text, file=sys.stderr if chosen.json else sys.stdout, flush=True)

    return say


def announce_results(used: App, wanted: bool, say: Say) -> None:
    """Refuse results where they are off; else say, before anything begins, what will be stored.

    Raises:
        Conflict: names the setting.
    """
    opt_in.check(used.settings, wanted, _RESULTS)
    if wanted:
        hours = used.settings.results_embargo_hours
        say(
            "With results: spoilers will be stored, by the function load_results; those of sessions"
            f" that ended less than {hours:g} h ago (RESULTS_EMBARGO_HOURS) come when it is over."
        )
