"""Expected against found, and what always holds; of results only how many there are."""

from collections.abc import Sequence

from ingestion_core.database.invariants import LOOK_ONLY, Violation, broken
from ingestion_core.database.roles import Role
from ingestion_core.quality import verify as seasons
from ingestion_core.quality.invariants import invariants
from ingestion_core.quality.verify import Verified
from ingestion_core.tasks import opt_in
from ingestion_core.tasks.app import App

_OF_RESULTS = (opt_in.TASK, opt_in.SEASON_TASK, opt_in.PAGE_TASK)


def verify(app: App, first: int, last: int) -> tuple[Sequence[Verified], Sequence[Violation]]:
    """The seasons of these years, and the invariants that do not hold, whatever the years.

    All at one moment; nothing is written. Whether users' content needs a row is looked at.
    """
    policy = app.policy()
    with app.acting(Role.MAINTAIN).transaction() as db:
        db.execute(LOOK_ONLY)
        found = seasons.verify(db, first, last, policy)
        off = () if policy.opted_in else _OF_RESULTS
        return found, broken(db, invariants(db, off))
