"""A season's races and one race, as weekends of one session each. The wiki knows days, no hours."""

from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, date, datetime, time
from typing import Final

from ingestion_core.racing.kinds import SessionType
from ingestion_core.racing.types import (
    CircuitProfile,
    DriverProfile,
    Entry,
    Origin,
    ScheduledSession,
    Season,
    TeamProfile,
    Unreadable,
    Weekend,
)
from ingestion_core.sources.thethirdturn import SOURCE
from ingestion_core.sources.thethirdturn.page import PageUnusable
from ingestion_core.sources.thethirdturn.race import RacePage
from ingestion_core.sources.thethirdturn.race_entries import Entered
from ingestion_core.sources.thethirdturn.season import SeasonPage
from ingestion_core.sources.thethirdturn.shape.contexts import RaceContext, contexts
from ingestion_core.sources.thethirdturn.shape.names import race_name
from ingestion_core.sources.thethirdturn.shape.profiles import (
    RESOURCE,
    circuit_profile,
    driver_profile,
    series_profile,
)
from ingestion_core.sources.thethirdturn.shape.series import joins, series_slug
from ingestion_core.sources.thethirdturn.shape.teams import team_key, team_profile

CAPTION: Final = "Race"
NO_DAY: Final = "no-day"
NO_PLACE: Final = "no-place"


def season(page: SeasonPage, series: str, name: str, observed_at: datetime) -> Season:
    """All races of a season that have a day and a place; nothing is said of who took part.

    A race that lacks either is left to its own page. What has no such page, or no day, is kept as
    unreadable.

    Args:
        page: the season.
        series: key of the series' page.
        name: the series' name.
        observed_at: when the page was read.

    Raises:
        PageUnusable: ``no-year``.
    """
    origin = Origin(SOURCE, RESOURCE, page.page.key, observed_at)
    weekends: list[Weekend] = []
    unreadable: list[Unreadable] = []
    listed = contexts(page, series, name)
    for context in listed:
        circuit = circuit_profile(context.circuit, context.place)
        left_to_its_page = context.circuit is None and context.race is not None
        if context.day is None:
            unreadable.append(_refused(context, NO_DAY))
        elif circuit is None and not left_to_its_page:
            unreadable.append(_refused(context, NO_PLACE))
        elif circuit is not None and not left_to_its_page:
            weekends.append(_weekend(context, origin, context.day, circuit, None))
    return Season(
        origin=origin,
        series=series_slug(series),
        year=listed[0].year if listed else page.year or 0,
        weekends=tuple(weekends),
        unreadable=tuple(unreadable),
    )


def race(page: RacePage, context: RaceContext, observed_at: datetime) -> Weekend:
    """A race with everybody who entered it, in no order; the season's word on it counts first.

    Raises:
        PageUnusable: ``no-day`` or ``no-place``, where neither page has it.
    """
    day = context.day or page.day
    if day is None:
        raise PageUnusable(NO_DAY)
    circuit = circuit_profile(
        context.circuit or (page.circuit.key if page.circuit else None),
        context.place or page.place,
    )
    if circuit is None:
        raise PageUnusable(NO_PLACE)
    origin = Origin(SOURCE, RESOURCE, page.page.key, observed_at)
    return _weekend(context, origin, day, circuit, page.entries)


def _weekend(
    context: RaceContext,
    origin: Origin,
    day: date,
    circuit: CircuitProfile,
    entered: Iterable[Entered] | None,
) -> Weekend:
    joined = joins(context.series)
    entries: frozenset[Entry] | None = None
    drivers: dict[str, DriverProfile] = {}
    teams: dict[str, TeamProfile] = {}
    if entered is not None:
        listed = list(entered)
        entries = frozenset(_entry(one, context) for one in listed)
        drivers = {one.driver.key(context.series): _driver(one, context) for one in listed}
        named = (team_profile(one.team, context.series) for one in listed)
        teams = {profile.key: profile for profile in named}
    return Weekend(
        origin=origin,
        series=context.series_slug,
        year=context.year,
        key=context.key,
        name=race_name(context.title, context.label),
        official_name=None,
        slug=context.slug,
        first_day=day,
        last_day=day,
        testing=False,
        cancelled=False,
        circuit=circuit,
        sessions=(
            ScheduledSession(
                key=context.key,
                caption=CAPTION,
                type=joined.session if joined else SessionType.RACE,
                start=datetime.combine(day, time(), UTC),
                end=None,
                cancelled=False,
                entries=entries,
                day_only=True,
            ),
        ),
        drivers=tuple(drivers[key] for key in sorted(drivers)),
        teams=tuple(teams[key] for key in sorted(teams)),
        # A sprint's number is that of a list of its own.
        number=None if joined and not joined.is_main else context.number,
        # The series' own page knows its name better.
        series_profile=replace(series_profile(context.series, context.series_name), listed=True),
        joins=joined is not None,
    )


def _entry(one: Entered, context: RaceContext) -> Entry:
    return Entry(one.driver.key(context.series), team_key(one.team, context.series), one.car)


def _driver(one: Entered, context: RaceContext) -> DriverProfile:
    return driver_profile(
        one.driver.key(context.series),
        one.driver.title,
        known_in=context.year if joins(context.series) else None,
        series=None if one.driver.page else context.series_slug,
    )


def _refused(context: RaceContext, reason: str) -> Unreadable:
    return Unreadable(
        resource="season",
        row_key=f"race={context.label}",
        reason=reason,
        row={
            "number": context.label,
            "race": context.title,
            "circuit": context.circuit,
            "place": context.place,
            "day": context.day.isoformat() if context.day else None,
        },
    )
