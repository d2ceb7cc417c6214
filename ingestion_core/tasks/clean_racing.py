"""Taking out racing data that nobody's content hangs on, results and all: one transaction."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

from ingestion_core.database.roles import ActingConnection, Role
from ingestion_core.identity.ids import Id
from ingestion_core.quality import clean, forgetting
from ingestion_core.results import clean as results
from ingestion_core.tasks import opt_in
from ingestion_core.tasks.app import App

#: The questions whose answers are results, and the work that asks them.
_RESOURCES = (opt_in.RESOURCE, opt_in.SEASON_RESOURCE, "starting_grid")
_TASKS = (opt_in.TASK, opt_in.SEASON_TASK, opt_in.PAGE_TASK)


@dataclass(frozen=True, slots=True)
class Cleaned:
    """What it came to, in rows by kind. ``cancelled``: items that were waiting or sent."""

    seasons: int
    cancelled: int
    gone: dict[str, int]
    kept: dict[str, int]
    because: dict[str, dict[str, int]]

    def told(self) -> dict[str, Any]:
        """As JSON."""
        return asdict(self)


class _RolledBack(Exception):
    """Nothing is to be kept."""


def clean_racing(
    app: App, year: int | None = None, results_only: bool = False, dry_run: bool = False
) -> Cleaned:
    """Take out what nobody's content hangs on; afterwards a backfill makes the same rows again.

    Args:
        app: the process's app.
        year: one season; all without.
        results_only: nothing but results.
        dry_run: do it all, count, and keep nothing.
    """
    done: Cleaned | None = None
    try:
        with app.acting(Role.MAINTAIN).transaction() as db:
            done = _clean(db, year, results_only)
            if dry_run:
                raise _RolledBack
    except _RolledBack:
        pass
    if done is None:
        raise RuntimeError("a cleaning ended without an end")
    return done


def _clean(db: ActingConnection, year: int | None, results_only: bool) -> Cleaned:
    seasons = clean.lock(db, year)
    asked = forgetting.asked_of(db, year)
    # Else a backfill that is under way would bring it back.
    cancelled = (
        forgetting.answers(db, asked, _RESOURCES, _TASKS)
        if results_only
        else forgetting.answers(db, asked)
    )
    scope = clean.scope(db, year)
    sessions = scope.rows["session"]
    with db.within(Role.RESULTS):
        results.forget_refused(db, asked)
    if results_only:
        with db.within(Role.RESULTS):
            gone = results.take_out(db, sessions)
            results.forget(db, sessions)
            kept = results.left(db, sessions)
        return Cleaned(len(seasons), cancelled, {"result": gone}, {"result": kept}, {})
    beside = (results.TABLE,)
    unwanted = clean.unwanted_sessions(db, scope, beside)
    with db.within(Role.RESULTS):
        gone = results.take_out(db, unwanted)
        kept = results.left(db, sessions)

    def forget(taken: Sequence[Id]) -> None:
        with db.within(Role.RESULTS):
            results.forget(db, taken)

    found = clean.take_out(db, scope, unwanted, beside, forget)
    forgetting.unmade(db, year)
    return Cleaned(
        seasons=len(seasons),
        cancelled=cancelled,
        gone={"result": gone, **found.gone},
        kept={"result": kept, **found.kept},
        because=found.because,
    )
