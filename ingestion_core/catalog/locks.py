"""The locks of many seasons, and of what seasons share, in the one order that everybody keeps."""

from collections.abc import Callable, Iterable

from psycopg import Connection, Rollback
from psycopg.rows import TupleRow

from ingestion_core.catalog import bookkeeping
from ingestion_core.catalog.recompute import Season
from ingestion_core.catalog.state import season_key

Db = Connection[TupleRow]


def lock(db: Db, wanted: Callable[[], Iterable[Season]]) -> tuple[Season, ...]:
    """Lock the seasons that are wanted, in order, and then what they share; the seasons.

    To be called before anything is written: a season that is wanted once others were waited for
    has to be locked before the identity lock, so that all locks are let go and taken anew.
    """
    while True:
        seasons = _in_order(wanted())
        with db.transaction():
            for one in seasons:
                bookkeeping.lock_season(db, season_key(one.series, one.year))
            bookkeeping.lock_identity(db)
            if _in_order(wanted()) == seasons:
                return seasons
            raise Rollback


def _in_order(seasons: Iterable[Season]) -> tuple[Season, ...]:
    return tuple(sorted(set(seasons), key=lambda one: season_key(one.series, one.year)))
