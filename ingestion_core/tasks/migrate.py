"""Our own schema brought up to date because somebody asked, not because the app has started."""

from ingestion_core.database import prepare
from ingestion_core.tasks.app import App


def migrate(app: App) -> list[str]:
    """Run what of schema ingest was not run yet; the names of the files."""
    with app.bare() as db, db.transaction(force_rollback=not app.keeps):
        return prepare.migrate(db)
