"""Commands, and what they print. Exit codes: 0 done, 1 failed, 2 usage, 3 something is missing."""

import argparse
import sys
from collections.abc import Sequence

from ingestion_core.errors import IngestionError, Unprepared
from ingestion_core.racing.kinds import ResultStatus
from ingestion_core.tasks.app import app


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; its exit code."""
    parser = argparse.ArgumentParser(prog="python -m ingestion_core")
    commands = parser.add_subparsers(dest="command", required=True)
    results = commands.add_parser("results", help="look at results: spoilers")
    actions = results.add_subparsers(dest="action", required=True)
    show = actions.add_parser("show", help="the results of one session")
    show.add_argument("session", help="its id, or its OpenF1 session key")
    show.add_argument("--spoilers", action="store_true", required=True, help="yes, tell me")
    chosen = parser.parse_args(arguments)
    try:
        return _show_results(chosen.session)
    except Unprepared as error:
        print(error, file=sys.stderr)
        return 3
    except IngestionError as error:
        print(error, file=sys.stderr)
        return 1
    finally:
        if app.cache_info().currsize:
            app().close()
            app.cache_clear()


def _show_results(session: str) -> int:
    from ingestion_core.tasks.load_results import show  # only this command may know

    for row in show(app(), session):
        place = row["position"] or ResultStatus(row["status"]).name
        times = row["time"] or row["detail"] or ""
        print(f"{place!s:>4}  {row['car'] or '':>3}  {row['driver']:<24} {row['team']:<18} {times}")
    return 0
