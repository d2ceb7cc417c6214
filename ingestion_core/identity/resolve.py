"""Matching what a source names with what is known: pure, total, and never fuzzy.

A key that was decided once stays decided. Else a row is the one meant when its id is the wanted
one's natural id, when its slug or an alias's is one of the wanted slugs, or, for people, when its
folded name has the same words and nobody else's has. Likeness alone never merges.

Guards stand before all but the decided key: two people with different dates of birth are two, and
so are two whose careers lie decades apart. Of people whom a source with countless homonyms alone
knows, a name says nothing but together with the day of birth.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from ingestion_core.identity import ids
from ingestion_core.identity.ids import Id
from ingestion_core.racing.names import free

#: Years between a season and somebody's career from which on they are taken for a homonym's.
CAREERS_APART: Final = 20


@dataclass(frozen=True, slots=True)
class Wanted:
    """Something a source names.

    ``id`` is its natural id, ``slug`` the address it gets if it is new, ``slugs`` all addresses by
    which it may already be known, ``words`` the word set of a person's name (empty: do not ask).
    ``born`` (ISO) and ``years`` (the first and last season that the source knows) are a person's,
    for the guards. ``apart``: the name tells nobody, unless the day of birth is the same.
    """

    key: str
    id: Id
    slug: str
    slugs: frozenset[str]
    words: frozenset[str] = frozenset()
    born: str | None = None
    years: tuple[int, int] | None = None
    apart: bool = False


@dataclass(frozen=True, slots=True)
class Known:
    """An existing row: its address, its aliases' addresses, a person's name as a word set.

    ``born`` and ``apart`` as above; ``years``: the first and last season in which they are entered.
    """

    id: Id
    slug: str
    aliases: frozenset[str] = frozenset()
    words: frozenset[str] = frozenset()
    born: str | None = None
    years: tuple[int, int] | None = None
    apart: bool = False


@dataclass(frozen=True, slots=True)
class Match:
    """Who it is. ``new``: nobody that exists; ``slug`` is then free."""

    id: Id
    slug: str
    new: bool


def resolve(
    wanted: Iterable[Wanted], decided: Mapping[str, Id], known: Sequence[Known]
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
    index = _Index(known)
    made: dict[Id, Match] = {}
    born: dict[Id, str | None] = {}
    matches: dict[str, Match] = {}
    for one in sorted(wanted, key=lambda each: each.key):
        row = _decided(one, decided, rows) or index.find(one)
        if row is not None:
            matches[one.key] = Match(row.id, row.slug, new=False)
            continue
        id_ = decided.get(one.key, one.id)
        if id_ in rows or (id_ in made and _differ(one.born, born[id_])):
            # Somebody else of that name has the natural id.
            id_ = ids.of("homonym", one.id, one.born or one.key)
        if id_ not in made:
            slug = free(one.slug, taken)
            taken.add(slug)
            made[id_] = Match(id_, slug, new=True)
            born[id_] = one.born
        matches[one.key] = made[id_]
    return matches


def may_be(one: Wanted, row: Known) -> bool:
    """Whether nothing speaks against the two being one; what nobody knows does not."""
    if _differ(one.born, row.born):
        return False
    if (one.apart or row.apart) and one.id != row.id:
        return one.born is not None and row.born is not None
    if one.years is None or row.years is None or (one.born and row.born):
        return True
    apart = max(one.years[0] - row.years[1], row.years[0] - one.years[1])
    return apart < CAREERS_APART


def _differ(one: str | None, other: str | None) -> bool:
    return one is not None and other is not None and one != other


def _decided(one: Wanted, decided: Mapping[str, Id], rows: Mapping[Id, Known]) -> Known | None:
    return rows.get(decided[one.key]) if one.key in decided else None


class _Index:
    """Known rows by everything that they may be found by."""

    def __init__(self, known: Sequence[Known]) -> None:
        self._by_id = {row.id: row for row in known}
        self._by_slug = {row.slug: row for row in known}
        self._by_alias: dict[str, dict[Id, Known]] = {}
        self._by_words: dict[frozenset[str], list[Known]] = {}
        for row in known:
            for alias in row.aliases:
                self._by_alias.setdefault(alias, {})[row.id] = row
            if row.words:
                self._by_words.setdefault(row.words, []).append(row)

    def find(self, one: Wanted) -> Known | None:
        """The row that is meant; None if there is none, or no saying which."""
        by_id = self._by_id.get(one.id)
        if by_id is not None and may_be(one, by_id):
            return by_id
        # The address it would get itself says more than one of its other names.
        for slug in sorted(one.slugs, key=lambda each: (each != one.slug, each)):
            row = self._by_slug.get(slug)
            if row is not None and may_be(one, row):
                return row
        by_alias = {
            id_: row
            for slug in one.slugs
            for id_, row in self._by_alias.get(slug, {}).items()
            if may_be(one, row)
        }
        if len(by_alias) == 1:
            return next(iter(by_alias.values()))
        by_name = [row for row in self._by_words.get(one.words, ()) if may_be(one, row)]
        return by_name[0] if len(by_name) == 1 else None
