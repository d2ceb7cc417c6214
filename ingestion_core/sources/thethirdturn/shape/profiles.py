"""The index, series', tracks' and drivers' pages: what the wiki says of things."""

from dataclasses import replace
from datetime import datetime
from typing import Final

from ingestion_core.identity.lookup import person_key
from ingestion_core.racing.names import fold, slugify
from ingestion_core.racing.types import (
    CircuitProfile,
    DatedName,
    DriverProfile,
    Origin,
    Profiles,
    SeriesProfile,
)
from ingestion_core.sources.thethirdturn import SOURCE
from ingestion_core.sources.thethirdturn.circuit import CircuitPage
from ingestion_core.sources.thethirdturn.driver import DriverPage
from ingestion_core.sources.thethirdturn.index import IndexPage
from ingestion_core.sources.thethirdturn.page import Page, spaced
from ingestion_core.sources.thethirdturn.regions import place_of
from ingestion_core.sources.thethirdturn.series import SeriesPage
from ingestion_core.sources.thethirdturn.shape.names import is_bare, split_name
from ingestion_core.sources.thethirdturn.shape.series import (
    joins,
    series_key,
    series_name,
    series_slug,
)

RESOURCE: Final = "page"


def index_profiles(page: IndexPage, observed_at: datetime) -> Profiles:
    """Every series that the index lists, each once, with the first body that is named for it."""
    bodies: dict[str, str | None] = {}
    for group in page.groups:
        for entry in group.series:
            key = series_key(entry.key)
            bodies[key] = bodies.get(key) or group.body
    return Profiles(
        _origin(page.page, observed_at),
        series=tuple(
            replace(series_profile(key, series_name(key)), governing_body=bodies[key], listed=True)
            for key in sorted(bodies)
        ),
    )


def series_profiles(page: SeriesPage, observed_at: datetime) -> Profiles:
    """A series, with the names that it had; champions and records are never read."""
    joined = joins(page.page.key)
    # What is told of another series' sprints is no name of that.
    names = page.names if joined is None or joined.is_main else ()
    profile = replace(
        series_profile(page.page.key, page.name),
        names=tuple(DatedName(one.name, one.first, one.last) for one in names),
    )
    return Profiles(_origin(page.page, observed_at), series=(profile,))


def circuit_profiles(page: CircuitPage, observed_at: datetime) -> Profiles:
    """A track, under its title and, where that only leads here, under the one asked for."""
    profiles = (
        CircuitProfile(
            key=key,
            name=page.name,
            location=page.city,
            country=page.country,
            latitude=page.latitude,
            longitude=page.longitude,
            length=page.length,
            kind=page.kind,
            status=page.status,
            opened=page.opened,
            slug=slugify(spaced(key)) or None,
        )
        for key in _keys(page.page)
    )
    return Profiles(_origin(page.page, observed_at), circuits=tuple(profiles))


def driver_profiles(page: DriverPage, observed_at: datetime) -> Profiles:
    """A driver, under their title and, where that only leads here, under the one asked for."""
    profiles = (driver_profile(key, page=page) for key in _keys(page.page))
    return Profiles(_origin(page.page, observed_at), drivers=tuple(profiles))


def circuit_profile(key: str | None, place: str | None) -> CircuitProfile | None:
    """A track as a season or a race names it; without a page of its own, as its town's.

    A key of a town's track holds a "|", which no title does.
    """
    where = place_of(place or "")
    if key is None:
        if place is None or not fold(place):
            return None
        return CircuitProfile(
            key=f"place|{fold(place)}",
            name=place,
            location=where.city,
            country=where.country,
            slug=f"track-in-{slugify(place)}",
            listed=True,
        )
    return CircuitProfile(
        key=key,
        name=spaced(key),
        location=where.city,
        country=where.country,
        slug=slugify(spaced(key)) or None,
        listed=True,
    )


def driver_profile(
    key: str,
    title: str | None = None,
    *,
    known_in: int | None = None,
    series: str | None = None,
    page: DriverPage | None = None,
) -> DriverProfile:
    """A driver.

    Args:
        key: the source's.
        title: the name that tells homonyms apart; the key as a title where it is left out. What
            a page shows instead is left alone: one page's word would take turns with another's.
        known_in: the season, where other sources know by name who drives in the series.
        series: the series' address, of somebody without a page: a name tells them there alone.
        page: their own page, if it was read.
    """
    named = title or spaced(key)
    first, last = split_name(named)
    alone = series is None and is_bare(named)
    return DriverProfile(
        key=key,
        # No other source can mean whom only the wiki's key tells.
        person=person_key(first, last, known_in) if known_in else f"{SOURCE}|{key}",
        first_name=first,
        last_name=last,
        born=page.born if page else None,
        nickname=page.nickname if page else None,
        place_of_birth=page.place_of_birth if page else None,
        apart=known_in is None,
        slug=None if known_in or alone else slugify(f"{named} {series or ''}") or None,
    )


def series_profile(page: str, name: str) -> SeriesProfile:
    """A series by the key of its page and a name of it; what others give keeps their name."""
    joined = joins(page)
    return SeriesProfile(
        key=series_key(page),
        name=joined.series.name if joined else series_name(name),
        slug=series_slug(page),
    )


def _keys(page: Page) -> list[str]:
    return sorted({page.key, page.redirected_from or page.key})


def _origin(page: Page, observed_at: datetime) -> Origin:
    return Origin(SOURCE, RESOURCE, page.key, observed_at)
