"""What else a team is called: other spellings of its name, and the names it raced under before.

A renamed team is a new row. What makes one history of several rows are aliases: the names of a
team's forerunners, each with the seasons in which it was raced in this line.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from functools import cache
from typing import Final

from ingestion_core.identity import tables
from ingestion_core.identity.tables import LineagePeriod, TeamRow
from ingestion_core.racing.names import slugify

#: Another spelling of a team's own name: whoever uses it means this team.
SPELLING: Final = "parcferme"
#: A forerunner's name. It is another row's own, so it must never decide who is meant.
FORERUNNER: Final = "lineage"


@dataclass(frozen=True, slots=True)
class TeamAlias:
    """Another name of a team; ``source`` is ``SPELLING`` or ``FORERUNNER``.

    A forerunner's days are the first and the last on which the name was this line's: New Year's Day
    of its first season, New Year's Eve of its last. A spelling has none.
    """

    name: str
    slug: str
    valid_from: date | None
    valid_until: date | None
    source: str


@dataclass(frozen=True, slots=True)
class Spell:
    """Seasons, both included, in which a team raced under its name."""

    team: TeamRow
    first: int
    last: int


def aliases_of(team: TeamRow) -> tuple[TeamAlias, ...]:
    """A team's aliases: its spellings by slug, then its forerunners' names, the oldest first.

    No two have one slug, and none has the team's own. A name that the line took up again (Sauber,
    BMW Sauber, Sauber) is one alias, from its first season to its last.
    """
    spellings = {
        slugify(name): name for name in (team.short_name, *team.aliases, *team.openf1) if name
    }
    spans: dict[str, Spell] = {}
    for spell in forerunners_of(team):
        slug = spell.team.slug
        other = spans.get(slug, spell)
        spans[slug] = Spell(spell.team, min(spell.first, other.first), max(spell.last, other.last))
    own = [
        TeamAlias(name, slug, None, None, SPELLING)
        for slug, name in sorted(spellings.items())
        if slug != team.slug
    ]
    theirs = [
        TeamAlias(one.team.name, slug, date(one.first, 1, 1), date(one.last, 12, 31), FORERUNNER)
        for slug, one in sorted(spans.items(), key=lambda item: (item[1].first, item[0]))
        if slug != team.slug and slug not in spellings
    ]
    return (*own, *theirs)


def forerunners_of(team: TeamRow) -> Iterator[Spell]:
    """Every spell that led to one of the team's, from the latest back.

    A spell that led to two of them comes twice, and so may the team's own: Renault was Lotus F1's
    forerunner, and Lotus F1 Renault's.
    """
    for period in team.lineage:
        current = period
        while current.predecessor is not None:
            row, current = _rows()[current.predecessor], _before(current)
            yield Spell(row, current.from_year, current.to_year or current.from_year)


def _before(period: LineagePeriod) -> LineagePeriod:
    """The predecessor's spell that ended when this one began.

    In the season before, or in the same one, where a team was renamed in the middle of it.
    """
    ends = (period.from_year - 1, period.from_year)
    spells = _rows()[period.predecessor or ""].lineage
    return next(one for one in spells if one.to_year in ends)


@cache
def _rows() -> dict[str, TeamRow]:
    return {row.slug: row for row in tables.teams()}
