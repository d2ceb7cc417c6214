"""Matching what a source names with what is known: pure, total, and never fuzzy.

A key that was decided once stays decided. Else a row is the one meant when its id is the wanted
one's natural id, when its slug or an alias's is one of the wanted slugs, or, for people, when its
folded name has the same words and nobody else's has. Likeness alone never merges.
"""

from collections.abc import Iterable, Mapping, Sequence, Set
from dataclasses import dataclass
from uuid import UUID


@dataclass(frozen=True, slots=True)
class Wanted:
    """Something a source names.

    ``id`` is its natural id, ``slug`` the address it gets if it is new, ``slugs`` all addresses by
    which it may already be known, ``words`` the word set of a person's name (empty: do not ask).
    """

    key: str
    id: UUID
    slug: str
    slugs: frozenset[str]
    words: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Known:
    """An existing row: its address, its aliases' addresses, a person's name as a word set."""

    id: UUID
    slug: str
    aliases: frozenset[str] = frozenset()
    words: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Match:
    """Who it is. ``new``: nobody that exists; ``slug`` is then free."""

    id: UUID
    slug: str
    new: bool


def resolve(
    wanted: Iterable[Wanted], decided: Mapping[str, UUID], known: Sequence[Known]
) -> dict[str, Match]:
    """Match every wanted thing.

    Args:
        wanted: what the source names, by its keys.
        decided: keys whose row was decided before.
        known: the rows that may be meant; all rows that hold one of the wanted slugs among them.

    Returns key to match. Two keys may mean one thing; two new things never get one slug.
    """
    rows = {row.id: row for row in known}
    taken = {row.slug for row in known}
    made: dict[UUID, Match] = {}
    matches: dict[str, Match] = {}
    for one in sorted(wanted, key=lambda each: each.key):
        row = _decided(one, decided, rows) or _found(one, known)
        if row is not None:
            matches[one.key] = Match(row.id, row.slug, new=False)
            continue
        id_ = decided.get(one.key, one.id)
        if id_ not in made:
            slug = _free(one.slug, taken)
            taken.add(slug)
            made[id_] = Match(id_, slug, new=True)
        matches[one.key] = made[id_]
    return matches


def _decided(one: Wanted, decided: Mapping[str, UUID], rows: Mapping[UUID, Known]) -> Known | None:
    return rows.get(decided[one.key]) if one.key in decided else None


def _found(one: Wanted, known: Sequence[Known]) -> Known | None:
    for row in known:
        if row.id == one.id:
            return row
    by_slug = [row for row in known if row.slug in one.slugs]
    if by_slug:
        # The address it would get itself says more than one of its other names.
        return min(by_slug, key=lambda row: (row.slug != one.slug, row.slug))
    by_alias = {row.id: row for row in known if row.aliases & one.slugs}
    if len(by_alias) == 1:
        return next(iter(by_alias.values()))
    if one.words:
        by_name = [row for row in known if row.words == one.words]
        if len(by_name) == 1:
            return by_name[0]
    return None


def _free(slug: str, taken: Set[str]) -> str:
    candidate, number = slug, 1
    while candidate in taken:
        number += 1
        candidate = f"{slug}-{number}"
    return candidate
