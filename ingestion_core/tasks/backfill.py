"""What is asked over HTTP: runs to start, to watch, to change; sources to hold.

A backfill only writes its run and one item per year: asked for during a lock-out, it simply
happens later. So does the import of an archive, with one item per season.
"""

import logging
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, Literal
from uuid import UUID

from ingestion_core.errors import BadRequest, NotFound
from ingestion_core.sources import ergast
from ingestion_core.sources.openf1 import FIRST_YEAR, SOURCE
from ingestion_core.tasks import archive, opt_in
from ingestion_core.tasks.app import App
from ingestion_core.tasks.discover import Scope, wanted_year
from ingestion_core.tasks.import_season import wanted_seasons
from ingestion_core.tasks.sync_meeting import wanted_meeting
from ingestion_core.telemetry import tell
from ingestion_core.work import runs, sources

log = logging.getLogger(__name__)


def seasons(which: Literal["all", "current"], now: datetime) -> list[int]:
    """The seasons that OpenF1 has, or this year's."""
    return [now.year] if which == "current" else list(range(FIRST_YEAR, now.year + 1))


def recent_seasons(days: int, now: datetime) -> list[int]:
    """The seasons in which something may have ended within the last days.

    In the first days of a year "recent" reaches into the last one; a meeting takes three days.
    """
    since = (now - timedelta(days=days + 3)).year
    return list(range(max(since, FIRST_YEAR), now.year + 1))


def check_year(year: int, now: datetime) -> int:
    """The year, if OpenF1 may know its season: from 2023 to the next one.

    Raises:
        BadRequest: it may not.
    """
    if not FIRST_YEAR <= year <= now.year + 1:
        raise BadRequest(
            f"year {year} is out of range: OpenF1 has the seasons from {FIRST_YEAR}"
            f" to {now.year + 1}"
        )
    return year


def backfill(
    app: App,
    years: Sequence[int],
    asked: Mapping[str, object],
    recent_days: int | None = None,
    spacing_seconds: float = 0,
    include_results: bool = False,
    request_key: str | None = None,
    max_attempts: int | None = None,
) -> UUID:
    """Start the run that reads whole seasons, or their recent meetings.

    ``max_attempts``: how often a failing source may cost one of its items an attempt.

    Raises:
        Conflict: results are wanted and not opted into.
    """
    opt_in.check(app.settings, include_results)
    scope = Scope(
        recent_days=recent_days,
        spacing_seconds=spacing_seconds,
        include_results=include_results,
    )
    with app.transaction() as db:
        wanted = [wanted_year(year, scope, max_attempts) for year in years]
        run = runs.start(db, "backfill", asked, wanted, request_key)
    app.release(SOURCE)
    return run


def meeting(
    app: App, key: int, include_results: bool = False, request_key: str | None = None
) -> UUID:
    """Start the run that reads one meeting, before all bulk.

    Raises:
        Conflict: results are wanted and not opted into.
    """
    opt_in.check(app.settings, include_results)
    wanted = wanted_meeting(key, include_results)
    with app.transaction() as db:
        run = runs.start(db, "meeting", {"meeting": key}, [wanted], request_key)
    app.release(SOURCE)
    return run


def import_archive(
    app: App,
    seasons: Sequence[int],
    asked: Mapping[str, object],
    include_results: bool = False,
    request_key: str | None = None,
) -> UUID:
    """Start the run that imports seasons of the archive, one message for each.

    Raises:
        Unprepared: no archive is set.
        Conflict: results are wanted and not opted into.
    """
    archive.address(app.settings)
    opt_in.check(app.settings, include_results)
    with app.transaction() as db:
        wanted = wanted_seasons(seasons, runs.now(db), include_results)
        run = runs.start(db, "archive", asked, wanted, request_key)
    app.release(ergast.SOURCE)
    return run


def show_run(app: App, run: UUID) -> dict[str, Any]:
    """A run with its items."""
    with app.db() as db:
        found = runs.show(db, run)
    if found is None:
        raise NotFound("there is no such run")
    return found


def list_runs(app: App, limit: int) -> list[dict[str, Any]]:
    """The newest runs."""
    with app.db() as db:
        return runs.newest(db, limit)


def retry_run(app: App, run: UUID) -> int:
    """Ask again for what failed or was cancelled in a run; how many items."""
    with app.transaction() as db:
        retried = runs.retry(db, run)
        opt_in.withhold(db, app.settings)
    if retried is None:
        raise NotFound("there is no such run")
    app.release_all()
    return retried


def retry_item(app: App, item: int) -> UUID:
    """Ask again for one item that failed or was cancelled; the run that was made for it."""
    with app.transaction() as db:
        run = runs.retry_item(db, item)
        opt_in.withhold(db, app.settings)
    if run is None:
        raise NotFound(f"no item {item} has failed or was cancelled")
    app.release_all()
    return run


def cancel_run(app: App, run: UUID) -> int:
    """Take back what has not begun in a run; how many items."""
    with app.transaction() as db:
        cancelled = runs.cancel(db, run)
    if cancelled is None:
        raise NotFound("there is no such run")
    return cancelled


def list_sources(app: App) -> list[dict[str, Any]]:
    """Every source's state."""
    with app.db() as db:
        return sources.show(db)


def pause_source(app: App, name: str, paused: bool) -> dict[str, Any]:
    """Pause or resume a source; its state afterwards."""
    with app.db() as db:
        if not sources.set_paused(db, name, paused):
            raise NotFound(f"there is no source '{name[:50]}'")
    state = "paused" if paused else "resumed"
    tell(log, logging.WARNING, "source", {"source": name, "state": state})
    if not paused:
        app.release(name)
    return next(one for one in list_sources(app) if one["source"] == name)
