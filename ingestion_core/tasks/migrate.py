"""Our own schemas brought up to date because somebody asked, not because the app has started."""

from psycopg.errors import InsufficientPrivilege

from ingestion_core.database import prepare
from ingestion_core.database.roles import Role
from ingestion_core.errors import Unprepared
from ingestion_core.results import schema
from ingestion_core.tasks.app import App


def migrate(app: App) -> dict[str, list[str]]:
    """Run what was not run yet; the names of the files, by schema.

    That of results is among them once something is to be kept there, which the app's own role may
    not make.

    Raises:
        Unprepared: our login may not.
    """
    wanted = [prepare.INGEST]
    if app.settings.results_enabled or app.settings.thirdturn_enabled:
        wanted.append(schema.SPOILERS)
    try:
        with app.bare(Role.MIGRATE) as db, db.transaction(force_rollback=not app.keeps):
            return {one.name: prepare.migrate(db, one) for one in wanted}
    except InsufficientPrivilege:
        raise Unprepared(
            "this login may not change our schemas: run it as one with parcferme_migrate"
        ) from None
