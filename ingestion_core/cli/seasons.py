"""What ``sync`` and ``bulk-sync`` share: asking for seasons, or rehearsing what that would do."""

import argparse
import json
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict
from typing import Any

from ingestion_core.cli import follow, options, told
from ingestion_core.tasks import backfill, rehearse
from ingestion_core.tasks.discover import Scope
from ingestion_core.tasks.rehearse import Rehearsed

DRY_RUN = "fetch and write everything in this process, roll it back, and tell what it came to"


def add_options(parser: argparse.ArgumentParser) -> None:
    """The options of both."""
    options.add_results(parser)
    options.add_dry_run(parser, DRY_RUN)
    follow.add_options(parser)


def ask(
    chosen: argparse.Namespace,
    years: Sequence[int],
    asked: Mapping[str, object],
    recent_days: int | None = None,
    spacing_seconds: float = 0,
    max_attempts: int | None = None,
) -> int:
    """Ask for seasons and follow the run, or rehearse it; the exit code."""
    used, say = options.app_of(chosen), options.saying(chosen)
    options.announce_results(used, chosen.results, say)
    if chosen.dry_run:
        scope = Scope(recent_days=recent_days)
        return rehearsed(chosen, lambda: rehearse.meetings(used, years, scope, say))
    run = backfill.backfill(
        used,
        years,
        {**asked, "include_results": chosen.results},
        recent_days=recent_days,
        spacing_seconds=spacing_seconds,
        include_results=chosen.results,
        max_attempts=max_attempts,
    )
    return follow.follow(used, run, chosen)


def rehearsed(chosen: argparse.Namespace, carry_out: Callable[[], Rehearsed]) -> int:
    """Tell what a rehearsal came to."""
    began = time.monotonic()
    counts = asdict(carry_out())
    seconds = time.monotonic() - began
    options.saying(chosen)(f"{came_to(counts)}, in {seconds:.1f} s")
    if chosen.json:
        print(json.dumps({"dry_run": True, **counts, "seconds": round(seconds, 1)}))
    return 0


def came_to(counts: Mapping[str, Any]) -> str:
    """``Dry run, nothing was kept: 24 rounds, ...``."""
    return f"Dry run, nothing was kept: {words(counts)}"


def words(counts: Mapping[str, Any]) -> str:
    """Counts in a line; those above 0."""
    there = {what: counts[what] for what in rehearse.COUNTS if counts[what]}
    return ", ".join(told.counted(there)) or "nothing to do"
