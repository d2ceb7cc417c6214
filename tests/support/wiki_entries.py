"""Who took part in a race of The Third Turn, by the keys that the source gives them."""

from ingestion_core.racing.types import Entry
from ingestion_core.sources.thethirdturn.race import RacePage


def entry_list(page: RacePage, series: str) -> frozenset[Entry] | None:
    """Its entries; ``series``: the title that keys of drivers without a page begin with."""
    if page.entries is None:
        return None
    return frozenset(Entry(one.driver.key(series), one.team.key, one.car) for one in page.entries)
