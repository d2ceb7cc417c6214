"""Taking out racing data that nobody's content hangs on, results and all: one transaction."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from functools import partial
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


def clean_racing(app: App, year: int | None = None, results_only: bool = False) -> Cleaned:
    """Take out what nobody's content hangs on; afterwards a backfill makes the same rows again.

    Args:
        app: the process's app; one that keeps nothing counts what it would come to.
        year: one season; all without.
        results_only: nothing but results.
    """
    with app.acting(Role.MAINTAIN).transaction() as db:
        return _clean(db, year, results_only)


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
    if results_only:
        gone, kept = _results(db, asked, sessions, sessions)
        _forget(db, sessions)
        return Cleaned(len(seasons), cancelled, {"result": gone}, {"result": kept}, {})
    beside = (results.TABLE,)
    unwanted = clean.unwanted_sessions(db, scope, beside)
    gone, kept = _results(db, asked, sessions, unwanted)
    found = clean.take_out(db, scope, unwanted, beside, partial(_forget, db))
    forgetting.unmade(db, year)
    return Cleaned(
        seasons=len(seasons),
        cancelled=cancelled,
        gone={"result": gone, **found.gone},
        kept={"result": kept, **found.kept},
        because=found.because,
    )


def _results(
    db: ActingConnection,
    asked: Sequence[tuple[str, str]] | None,
    sessions: Sequence[Id],
    unwanted: Sequence[Id],
) -> tuple[int, int]:
    """Take out the results of what is unwanted; how many, and how many of all are left."""
    with db.within(Role.RESULTS):
        results.forget_refused(db, asked)
        return results.take_out(db, unwanted), results.left(db, sessions)


def _forget(db: ActingConnection, sessions: Sequence[Id]) -> None:
    with db.within(Role.RESULTS):
        results.forget(db, sessions)
