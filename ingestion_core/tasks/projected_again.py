"""Whose a result is, follows from who is who: after a decision on that, those who know results draw
them up again. Knows no result itself; it only makes items."""

from collections.abc import Iterable
from datetime import datetime
from typing import Final

from psycopg import Connection
from psycopg.rows import TupleRow

from ingestion_core.catalog.recompute import Season
from ingestion_core.catalog.state import season_key
from ingestion_core.settings import Settings
from ingestion_core.sources import ergast, openf1, thethirdturn
from ingestion_core.tasks import opt_in
from ingestion_core.tasks.wanted_pages import RACE, Asked
from ingestion_core.work.items import BULK_LANE, Wanted

Db = Connection[TupleRow]

_MEETINGS: Final = """
SELECT c.key FROM ingest.claims c
JOIN ingest.fetches f ON f.source = c.source AND f.resource = %(resource)s AND f.key = c.key
WHERE c.source = %(source)s AND c.kind = 'round' AND c.fields ->> 'Season' = ANY(%(seasons)s)
ORDER BY c.key
"""

_YEARS: Final = """
SELECT key FROM ingest.fetches
WHERE source = %(source)s AND resource = %(resource)s AND key = ANY(%(years)s) ORDER BY key
"""

# A race's page is stored in contexts that are its rounds' keys.
_PAGES: Final = """
SELECT p.key, p.contexts FROM ingest.pages p
JOIN ingest.fetches f ON f.source = %(source)s AND f.resource = %(resource)s AND f.key = p.key
WHERE p.kind = %(kind)s AND p.contexts ?| ARRAY(
    SELECT c.key FROM ingest.claims c
    WHERE c.source = %(source)s AND c.kind = 'round' AND c.fields ->> 'Season' = ANY(%(seasons)s))
ORDER BY p.key
"""


def wanted(db: Db, settings: Settings, seasons: Iterable[Season], now: datetime) -> list[Wanted]:
    """The items that project all results of some seasons again, of every source that gave any."""
    seasons = list(seasons)
    if not settings.results_enabled or not seasons:
        return []
    texts = [season_key(one.series, one.year) for one in seasons]
    meetings = db.execute(
        _MEETINGS, {"source": openf1.SOURCE, "resource": opt_in.RESOURCE, "seasons": texts}
    )
    found = [opt_in.wanted_results(key, None, ask=False) for (key,) in meetings.fetchall()]
    years = db.execute(
        _YEARS,
        {
            "source": ergast.SOURCE,
            "resource": opt_in.SEASON_RESOURCE,
            "years": [str(one.year) for one in seasons if one.series == ergast.SERIES],
        },
    )
    found += [
        Wanted(ergast.SOURCE, opt_in.SEASON_TASK, year, requests=0, lane=BULK_LANE)
        for (year,) in years.fetchall()
    ]
    pages = db.execute(
        _PAGES,
        {
            "source": thethirdturn.SOURCE,
            "resource": opt_in.PAGE_RESOURCE,
            "kind": RACE,
            "seasons": texts,
        },
    )
    return found + [
        opt_in.wanted_page_results(Asked(key, RACE, now, contexts=contexts).item(), ask=False)
        for key, contexts in pages.fetchall()
    ]
