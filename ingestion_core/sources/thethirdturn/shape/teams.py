"""For whom somebody drove. A make is nobody's team: Toyota's cars are not Toyota's Formula One."""

from typing import Final

from ingestion_core.racing.names import slugify
from ingestion_core.racing.types import TeamProfile
from ingestion_core.sources.thethirdturn.people import INDEPENDENT, Team
from ingestion_core.sources.thethirdturn.shape.series import joins

_MAKE: Final = "make|"
_CONSTRUCTOR: Final = "constructor|"


def team_key(team: Team, series: str) -> str:
    """The source's key of a team; in Formula One a make is the constructor, a team of that name."""
    if joins(series) is not None and team.key.startswith(_MAKE):
        return _CONSTRUCTOR + team.key.removeprefix(_MAKE)
    return team.key


def team_profile(team: Team, series: str) -> TeamProfile:
    """The team; a make has an address of its own, so that it is nobody of the same name."""
    key = team_key(team, series)
    is_make = key.startswith(_MAKE)
    slug = f"{slugify(team.name)}-cars" if is_make else None
    return TeamProfile(key=key, name=team.name, slug=slug, loose=is_make or key == INDEPENDENT)
