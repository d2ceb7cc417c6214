"""Addresses are nobody else's: every circuit, team and driver of the archive, with our tables."""

from collections import Counter
from collections.abc import Iterable
from pathlib import Path
from uuid import UUID, uuid5

from ingestion_core.identity import ids, lineage, lookup, tables
from ingestion_core.identity.tables import TeamRow
from ingestion_core.racing.names import fold, slugify, words
from tests.support import recorded
from tests.support.recorded import Thing

# The one constructor of the archive that never entered as such: Eagle raced as Eagle-Climax and
# Eagle-Weslake.
NEVER_ENTERED = "eagle"

# The archive has McLaren's first two seasons under their engines: Ford, Serenissima and BRM.
UNDER_ENGINES = {("mclaren", 1966)}


def shared(addresses: Iterable[Iterable[str]]) -> set[str]:
    """What stands in more than one of the sets."""
    found = Counter(address for those in addresses for address in set(those))
    return {address for address, times in found.items() if times > 1}


def teams_of(recordings: Path) -> dict[str, set[str]]:
    """Every team that the archive ever entered, by address, and every address that leads to it."""
    found: dict[str, set[str]] = {}
    for one in recorded.things(recordings, "constructors"):
        for year in one.years:
            row = lookup.team("ergast", one.ref, year)
            slug = row.slug if row else slugify(one.name)
            found.setdefault(slug, {slug}).update(spellings(row) if row else ())
    for row in tables.teams():
        found.setdefault(row.slug, {row.slug}).update(spellings(row))
    return found


def spellings(row: TeamRow) -> set[str]:
    """The addresses of a team's own name; a forerunner's is not one of them."""
    return {one.slug for one in lineage.aliases_of(row) if one.source == lineage.SPELLING}


def test_every_constructor_that_entered_is_a_team_of_its_own(recordings: Path) -> None:
    """211 of them, and `sauber` is two teams: Kick Sauber entered in 2024."""
    entered = [one for one in recorded.things(recordings, "constructors") if one.years]
    absent = {one.ref for one in recorded.things(recordings, "constructors") if not one.years}
    assert (len(entered), absent) == (211, {NEVER_ENTERED})
    later = {row.slug for row in tables.teams() if row.lineage[0].from_year > 2024}
    assert later == {"audi", "cadillac", "racing-bulls"}
    assert len(teams_of(recordings).keys() - later) == 212


def test_no_spelling_of_a_team_is_anothers_address(recordings: Path) -> None:
    """Lotus, Team Lotus and Lotus F1; RB and Red Bull; Spyker and MF1: a collision would merge."""
    addresses = teams_of(recordings)
    assert shared(addresses.values()) == set()
    assert {"lotus", "team-lotus", "lotus-f1", "rb", "red-bull-racing", "brm", "ats"} <= set(
        addresses
    )


def test_a_team_of_the_archive_is_found_under_its_own_name(recordings: Path) -> None:
    """By address, should the key ever be lost; but for the Sauber of 2024, which is Kick Sauber."""
    addresses = teams_of(recordings)
    strangers = {
        (one.ref, year)
        for one in recorded.things(recordings, "constructors")
        for year in one.years
        if (row := lookup.team("ergast", one.ref, year)) is not None
        and slugify(one.name) not in addresses[row.slug]
    }
    assert strangers == {("sauber", 2024)}


def test_no_two_drivers_of_the_archive_share_an_address(recordings: Path) -> None:
    """861 people, whatever their accents; nor do two share a name in whatever order."""
    people = recorded.things(recordings, "drivers")
    assert len({slugify(one.name) for one in people}) == len(people) == 861
    assert len({fold(one.name) for one in people}) == 861
    assert len({words(one.name) for one in people}) == 861


def test_no_alias_of_a_driver_is_an_archived_drivers_address(recordings: Path) -> None:
    """Nelsinho Piquet is no Nelson Piquet."""
    ref_of = {slugify(one.name): one.ref for one in recorded.things(recordings, "drivers")}
    for row in tables.drivers():
        names = (f"{row.first_name} {row.last_name}", *(alias.name for alias in row.aliases))
        for address in {row.slug, *map(slugify, names)}:
            assert ref_of.get(address, row.ergast) == row.ergast, address


def test_every_circuit_of_the_archive_is_one_row_with_addresses_of_its_own(
    recordings: Path,
) -> None:
    """77 of them; the archive's own names included, which two have from their city."""
    addresses: dict[str, set[str]] = {
        row.slug: {row.slug, *map(slugify, row.aliases)} for row in tables.circuits()
    }
    rows = [lookup.circuit("ergast", one.ref) for one in recorded.things(recordings, "circuits")]
    assert len({row.slug for row in rows if row}) == len(rows) == 77
    for one in recorded.things(recordings, "circuits"):
        row = lookup.circuit("ergast", one.ref)
        assert row is not None
        addresses[row.slug].add(slugify(one.name))
    assert shared(addresses.values()) == set()


def test_a_teams_spells_begin_and_end_with_seasons_that_it_raced(recordings: Path) -> None:
    """As far as the archive goes; a spell may have gaps (Alfa Romeo in 1964), never loose ends."""
    things = {one.ref: one for one in recorded.things(recordings, "constructors")}
    wrong = set()
    for row in tables.teams():
        raced = _raced(row, things)
        for spell in row.lineage:
            if spell.from_year > 2024:
                continue
            years = {year for year in raced if spell.from_year <= year <= (spell.to_year or 9999)}
            last = min(spell.to_year or 2024, 2024)
            if not years or (min(years), max(years)) != (spell.from_year, last):
                wrong.add((row.slug, spell.from_year))
    assert wrong == UNDER_ENGINES


def _raced(row: TeamRow, things: dict[str, Thing]) -> set[int]:
    return {
        year
        for key in row.ergast
        for year in things[key.ref].years
        if (key.from_year or year) <= year <= (key.to_year or year)
    }


def test_a_forerunner_never_raced_beside_its_successor(recordings: Path) -> None:
    """But Midland in 2006, when it was sold and renamed, and Toleman, which raced Renault's works.

    The works left in 1985; what was Toleman took the name over in 2002.
    """
    things = {one.ref: one for one in recorded.things(recordings, "constructors")}
    beside = {
        (spell.team.slug, row.slug, year)
        for row in tables.teams()
        for spell in lineage.forerunners_of(row)
        if spell.team != row  # a name that came back
        for year in range(spell.first, spell.last + 1)
        if year in _raced(row, things) and year in _raced(spell.team, things)
    }
    works = {("toleman", "renault", year) for year in range(1981, 1986)}
    assert beside == {("midland", "spyker-mf1", 2006), *works}


def test_an_id_is_a_uuid5_of_its_natural_keys() -> None:
    """Made as text, it is what the library makes by way of objects."""
    space = UUID("6f2b3a54-8d0c-5b6e-9a41-1f0e5c7d2b93")
    for number in range(64):
        assert ids.of("driver", "é", number) == str(uuid5(space, f"driver|é|{number}"))
