"""Look-ups in the hand-checked tables: by a source's key, by a folded name, by season."""

from dataclasses import dataclass
from functools import cache
from typing import Final

from ingestion_core.identity import tables
from ingestion_core.racing.kinds import SessionType
from ingestion_core.racing.names import fold

#: Sources whose people have keys of their own: two keys are two people. The others' are names.
OWN_KEYS: Final = frozenset({"ergast", "thethirdturn"})


@dataclass(frozen=True, slots=True)
class JoinedSeries:
    """A series that others give, and what a race of the source's own series is in it.

    ``is_main``: its races are the rounds' own; else they are sprints.
    """

    series: tables.SeriesRow
    session: SessionType

    @property
    def is_main(self) -> bool:
        return self.session is SessionType.RACE


def joined_series(source: str, title: str) -> JoinedSeries | None:
    """The series to which a source's series only adds, by its title; nearly always None."""
    return _joined_series().get((source, title))


def series_name(slug: str) -> str:
    """The name of a series that several sources give. Raises KeyError for any other."""
    return {row.slug: row.name for row in tables.series()}[slug]


@cache
def series_slugs() -> frozenset[str]:
    """Addresses that are no other series'."""
    return frozenset(row.slug for row in tables.series())


def circuit(source: str, key: str) -> tables.CircuitRow | None:
    """The venue that ``source`` calls ``key``.

    The wiki's keys are names: one that is in the table means that venue.
    """
    found = _circuits().get((source, key))
    if found is None and source == "thethirdturn":
        return _circuits_by_name().get(fold(key))
    return found


def team(source: str, key: str, year: int) -> tables.TeamRow | None:
    """The constructor that ``source`` means by ``key`` in the season ``year``."""
    for first, last, row in _teams().get((source, key), ()):
        if first <= year <= last:
            return row
    return None


def team_claim_key(source: str, key: str, year: int) -> str:
    """The key under which a decision on a team is kept: one that is dated means several teams.

    Ergast's ``sauber`` of 2024 is Kick Sauber's: ``sauber:kick-sauber``.
    """
    row = team(source, key, year)
    return f"{key}:{row.slug}" if row is not None and len(_meanings(source, key)) > 1 else key


def team_by_claim(source: str, claim_key: str) -> tables.TeamRow | None:
    """The constructor that is meant by a key of ``team_claim_key``."""
    key, _, slug = claim_key.partition(":")
    if slug:
        return _teams_by_slug().get(slug)
    rows = _meanings(source, key)
    return next(iter(rows.values())) if len(rows) == 1 else None


def _meanings(source: str, key: str) -> dict[str, tables.TeamRow]:
    return {row.slug: row for _, _, row in _teams().get((source, key), ())}


def team_key(name: str) -> str:
    """The key of a team that a source knows by name alone."""
    return fold(name)


def person(name: str, year: int) -> tables.DriverRow | None:
    """The person known by ``name`` in ``year``, in either order of the words; most are nobody."""
    for first, last, row in _people().get(_word_key(name), ()):
        if first <= year <= last:
            return row
    return None


def person_key(first_name: str, last_name: str, year: int) -> str:
    """The key of a person without a source's id: the folded name, the canonical one if dated so."""
    known = person(f"{first_name} {last_name}", year)
    if known is not None:
        return fold(f"{known.first_name} {known.last_name}")
    return fold(f"{first_name} {last_name}")


def person_of(source: str, key: str, first_name: str, last_name: str) -> str:
    """The key, across all sources, of a person whom a source knows by a key of its own."""
    known = _people_by_source().get((source, key))
    return fold(f"{known.first_name} {known.last_name}" if known else f"{first_name} {last_name}")


def person_by_key(key: str) -> tables.DriverRow | None:
    """The row whose canonical name folds to ``key``."""
    return _people_by_key().get(key)


def person_by_claim(source: str, key: str) -> tables.DriverRow | None:
    """The row of whoever ``source`` calls ``key``, be it a key of its own or a folded name."""
    return _people_by_source().get((source, key)) or (
        _people_by_key().get(key) if source not in OWN_KEYS else None
    )


def demonym(country_code: str) -> str | None:
    """What a citizen is called: ``NED`` is Dutch. None for a code that nobody explained."""
    return _demonyms().get(country_code)


def nationality(text: str) -> str:
    """The one spelling of a demonym: ``Argentinian`` is Argentine."""
    return _nationalities().get(fold(text), text)


def country_name(name: str) -> str:
    """The one spelling of a country's name: ``Great Britain`` is the United Kingdom."""
    return _countries().get(fold(name), name)


def _word_key(name: str) -> str:
    return " ".join(sorted(fold(name).split()))


@cache
def _circuits() -> dict[tuple[str, str], tables.CircuitRow]:
    found: dict[tuple[str, str], tables.CircuitRow] = {}
    for row in tables.circuits():
        for key in row.openf1:
            found["openf1", str(key)] = row
        if row.ergast:
            found["ergast", row.ergast] = row
        if row.thethirdturn:
            found["thethirdturn", row.thethirdturn.replace(" ", "_")] = row
    return found


@cache
def _circuits_by_name() -> dict[str, tables.CircuitRow]:
    return {fold(name): row for row in tables.circuits() for name in (row.name, *row.aliases)}


@cache
def _joined_series() -> dict[tuple[str, str], JoinedSeries]:
    return {
        ("thethirdturn", title.ref): JoinedSeries(row, SessionType[title.session])
        for row in tables.series()
        for title in row.thethirdturn
    }


@cache
def _teams_by_slug() -> dict[str, tables.TeamRow]:
    return {row.slug: row for row in tables.teams()}


Dated = tuple[int, int, tables.TeamRow]


@cache
def _teams() -> dict[tuple[str, str], list[Dated]]:
    found: dict[tuple[str, str], list[Dated]] = {}
    for row in tables.teams():
        for name in {*row.openf1, row.name, *row.aliases}:
            found.setdefault(("openf1", team_key(name)), []).append((0, 9999, row))
        for dated in row.ergast:
            found.setdefault(("ergast", dated.ref), []).append(
                (dated.from_year or 0, dated.to_year or 9999, row)
            )
    return found


@cache
def _people() -> dict[str, list[tuple[int, int, tables.DriverRow]]]:
    found: dict[str, list[tuple[int, int, tables.DriverRow]]] = {}
    for row in tables.drivers():
        found.setdefault(_word_key(f"{row.first_name} {row.last_name}"), []).append((0, 9999, row))
        for alias in row.aliases:
            found.setdefault(_word_key(alias.name), []).append(
                (alias.from_year or 0, alias.to_year or 9999, row)
            )
    return found


@cache
def _people_by_key() -> dict[str, tables.DriverRow]:
    return {fold(f"{row.first_name} {row.last_name}"): row for row in tables.drivers()}


@cache
def _people_by_source() -> dict[tuple[str, str], tables.DriverRow]:
    return {("ergast", row.ergast): row for row in tables.drivers() if row.ergast}


@cache
def _nationalities() -> dict[str, str]:
    return {
        fold(spelling): row.demonym
        for row in tables.countries()
        for spelling in (row.demonym, *row.aliases)
    }


@cache
def _demonyms() -> dict[str, str]:
    return {row.code: row.demonym for row in tables.countries() if row.code}


@cache
def _countries() -> dict[str, str]:
    return {
        fold(spelling): row.name
        for row in tables.countries()
        for spelling in (row.name, *row.aliases)
    }
