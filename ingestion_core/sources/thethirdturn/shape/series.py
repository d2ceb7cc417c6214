"""Which series is meant, by the title of its page."""

from typing import Final

from ingestion_core.identity import lookup
from ingestion_core.racing.names import slugify
from ingestion_core.sources.thethirdturn import SOURCE
from ingestion_core.sources.thethirdturn.index import CENTRAL
from ingestion_core.sources.thethirdturn.page import spaced

_NAME: Final = " Central"


def series_key(page: str) -> str:
    """A series' key, by that of its page: without the "Central" that a link has and a page can
    lack."""
    return page.removesuffix(CENTRAL)


def series_name(title: str) -> str:
    """A series' name, by a title or a name as shown."""
    return spaced(title).removesuffix(_NAME)


def series_slug(page: str) -> str:
    """The address of a series; Formula One's, where its page is one of that."""
    joined = joins(page)
    if joined is not None:
        return joined.series.slug
    key = series_key(page)
    slug = slugify(spaced(key)) or f"series-{key.encode().hex()}"
    # A page that only sounds like it is not Formula One's.
    return f"{slug}-series" if slug in lookup.series_slugs() else slug


def joins(page: str) -> lookup.JoinedSeries | None:
    """The series that others give, and to which these pages only add; nearly always None."""
    return lookup.joined_series(SOURCE, spaced(series_key(page)))
