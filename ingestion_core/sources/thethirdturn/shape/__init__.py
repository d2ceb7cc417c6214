"""The wiki's pages in the types that all sources share. Pure, and nothing of any result.

A series is known by its title without "Central": its page is linked with the word and may call
itself without it. Formula One's own pages are the exception to everything: they only add to the
rounds and people that other sources give (``identity/data/series.json``).
"""

from ingestion_core.sources.thethirdturn.shape.contexts import RaceContext, contexts
from ingestion_core.sources.thethirdturn.shape.meetings import race, season
from ingestion_core.sources.thethirdturn.shape.profiles import (
    circuit_profiles,
    driver_profiles,
    index_profiles,
    series_profiles,
)
from ingestion_core.sources.thethirdturn.shape.series import series_key, series_slug

__all__ = [
    "RaceContext",
    "circuit_profiles",
    "contexts",
    "driver_profiles",
    "index_profiles",
    "race",
    "season",
    "series_key",
    "series_profiles",
    "series_slug",
]
