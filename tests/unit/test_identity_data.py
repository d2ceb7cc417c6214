"""The tables of who is who hold together: no key twice, no name for two, no gap in a lineage."""

import json
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from itertools import pairwise
from pathlib import Path
from typing import Final
from zoneinfo import ZoneInfo

import pytest
from pydantic import BaseModel, ValidationError

from ingestion_core.identity import lookup, tables
from ingestion_core.identity.tables import (
    CircuitRow,
    CountryRow,
    DatedKey,
    DatedName,
    DriverRow,
    LineagePeriod,
    SeriesRow,
    TeamRow,
    circuits,
    countries,
    drivers,
    series,
    teams,
)
from ingestion_core.racing.kinds import SessionType
from ingestion_core.racing.names import fold, slugify, words

# Slugs are public addresses: where a name was corrected later, the slug stays and is named here.
PINNED_SLUGS: Final[frozenset[str]] = frozenset()

OPEN_PAST, OPEN_FUTURE = 0, 9999

ROWS_OF: Final[dict[str, Callable[[], Sequence[BaseModel]]]] = {
    "circuits.json": circuits,
    "teams.json": teams,
    "drivers.json": drivers,
    "countries.json": countries,
    "series.json": series,
}


def years(dated: DatedKey | DatedName | LineagePeriod) -> tuple[int, int]:
    """First and last season of a dated thing, both included."""
    return dated.from_year or OPEN_PAST, dated.to_year or OPEN_FUTURE


def overlap(one: tuple[int, int], other: tuple[int, int]) -> bool:
    """Whether two spans of years share a year."""
    return one[0] <= other[1] and other[0] <= one[1]


def full_name(row: DriverRow) -> str:
    """A driver's canonical name."""
    return f"{row.first_name} {row.last_name}"


def repeated(values: Iterable[object]) -> set[object]:
    """What occurs more than once."""
    return {value for value, times in Counter(values).items() if times > 1}


def path_of(file: str) -> Path:
    """Where a table lies: beside the module that reads it."""
    return Path(tables.__file__).with_name("data") / file


@pytest.mark.parametrize("file", ROWS_OF)
def test_a_table_has_one_object_per_line_in_the_order_of_its_schema(file: str) -> None:
    """Reading a file and writing it again changes nothing, so that a diff shows only the change."""
    rows = [
        json.dumps(
            row.model_dump(mode="json", by_alias=True, exclude_unset=True), ensure_ascii=False
        )
        for row in ROWS_OF[file]()
    ]
    rewritten = "[\n" + ",\n".join(rows) + "\n]\n"
    assert path_of(file).read_text(encoding="utf-8").splitlines() == rewritten.splitlines()


@pytest.mark.parametrize("file", ROWS_OF)
def test_no_table_gives_a_field_twice_in_one_object(file: str) -> None:
    """JSON readers take the last of two equal keys and say nothing."""

    def refuse_repeated(pairs: list[tuple[str, object]]) -> None:
        assert not repeated(key for key, _ in pairs)

    json.loads(path_of(file).read_text(encoding="utf-8"), object_pairs_hook=refuse_repeated)


def test_a_field_that_the_schema_lacks_is_refused() -> None:
    """A misspelt field must not be dropped in silence."""
    row = countries()[0].model_dump() | {"demonyms": "x"}
    with pytest.raises(ValidationError, match="demonyms"):
        CountryRow.model_validate(row)


@pytest.mark.parametrize("rows", [circuits, teams, drivers, series])
def test_rows_are_sorted_by_their_unique_slug(
    rows: Callable[[], tuple[CircuitRow | TeamRow | DriverRow | SeriesRow, ...]],
) -> None:
    """A slug is a public address, and the order of a file is the order of its slugs."""
    slugs = [row.slug for row in rows()]
    assert slugs == sorted(set(slugs))


def test_countries_are_sorted_by_the_slug_of_their_unique_name() -> None:
    """Countries have no address of their own; their names order them."""
    slugs = [slugify(row.name) for row in countries()]
    assert slugs == sorted(set(slugs))


def test_a_slug_is_its_names_transliteration_unless_pinned() -> None:
    """No slug loses letters (`so-paulo`), and none drifts from its name unnoticed."""
    named = [(row.slug, row.name) for row in circuits()]
    named += [(row.slug, row.name) for row in teams()]
    named += [(row.slug, full_name(row)) for row in drivers()]
    named += [(row.slug, row.name) for row in series()]
    assert {slug for slug, name in named if slug != slugify(name)} == PINNED_SLUGS


def test_no_circuit_key_stands_in_two_rows() -> None:
    """A source's key decides which venue is meant, so it may mean only one."""
    assert not repeated(key for row in circuits() for key in row.openf1)
    assert not repeated(row.ergast for row in circuits() if row.ergast)
    assert not repeated(row.thethirdturn for row in circuits() if row.thethirdturn)


def test_no_name_of_a_circuit_is_anothers() -> None:
    """Name and aliases fold differently from every other venue's: Las Vegas has two."""
    assert not repeated(fold(name) for row in circuits() for name in (row.name, *row.aliases))


def test_a_wikis_page_means_a_circuit_by_its_key_or_by_its_name() -> None:
    """Its keys are names; those of other sources are not."""
    monza = lookup.circuit("ergast", "monza")
    assert monza is not None
    assert lookup.circuit("thethirdturn", "Autodromo_Nazionale_di_Monza") is monza
    assert lookup.circuit("thethirdturn", "Autodromo_Nazionale_Monza") is monza
    assert lookup.circuit("thethirdturn", "Monza") is None
    assert lookup.circuit("openf1", "Autodromo Nazionale Monza") is None


def test_a_title_is_one_series_of_each_that_several_sources_give() -> None:
    """The championship under both its names, and its sprints; nothing beside it."""
    assert not repeated(title.ref for row in series() for title in row.thethirdturn)

    def meant(title: str) -> tuple[str, SessionType, bool] | None:
        found = lookup.joined_series("thethirdturn", title)
        return (found.series.slug, found.session, found.is_main) if found else None

    for title in ("FIA World Championship for Drivers", "FIA Formula One World Championship"):
        assert meant(title) == ("formula-1", SessionType.RACE, True)
    assert meant("FIA Formula One Sprint Qualifying Race") == (
        *("formula-1", SessionType.SPRINT, False),
    )
    assert meant("FIA Formula One Grand Prix") is None
    assert lookup.series_slugs() == {"formula-1"}


def test_time_zones_exist() -> None:
    """Every venue's zone is one that the time zone database knows."""
    for row in circuits():
        assert ZoneInfo(row.time_zone).key == row.time_zone


def test_a_circuits_country_and_code_belong_together() -> None:
    """One form of a country's name, and its own code, throughout."""
    code_of = {row.name: row.code for row in countries()}
    assert [row.slug for row in circuits() if code_of[row.country] != row.country_code] == []


@pytest.mark.parametrize(
    ("apart", "place"),
    [
        ({"catalunya", "montjuic", "pedralbes"}, "Barcelona"),
        ({"vegas", "las_vegas"}, "Las Vegas"),
        ({"red_bull_ring", "zeltweg"}, "the valley of the Mur"),
        ({"jarama", None}, "Madrid"),  # the Madring came after the archive
    ],
)
def test_one_city_is_not_one_circuit(apart: set[str | None], place: str) -> None:
    """Venues of one place that a name or a map alone would merge stay rows of their own."""
    rows = [row for row in circuits() if row.ergast in apart]
    assert len({row.slug for row in rows}) == len(apart), place


def test_no_openf1_team_name_stands_in_two_rows() -> None:
    """OpenF1's team names need no years: each means one team."""
    assert not repeated(fold(name) for row in teams() for name in row.openf1)


def test_no_name_of_a_team_is_anothers() -> None:
    """Name, short name and aliases are one team's each; one row may repeat itself."""
    names = [
        {fold(name) for name in (row.name, row.short_name, *row.aliases, *row.openf1) if name}
        for row in teams()
    ]
    assert not repeated(name for of_one_team in names for name in of_one_team)


def test_an_ergast_constructor_means_one_team_in_any_season() -> None:
    """`sauber` is Sauber until 2018 and Kick Sauber from 2024, never both at once."""
    keys = [(key.ref, years(key), row.slug) for row in teams() for key in row.ergast]
    clashes = [
        (one, other)
        for index, one in enumerate(keys)
        for other in keys[index + 1 :]
        if one[0] == other[0] and overlap(one[1], other[1])
    ]
    assert clashes == []


def test_nationalities_of_teams_are_demonyms_of_countries() -> None:
    """One spelling of a nationality, known to the countries' table."""
    demonyms = {row.demonym for row in countries()}
    assert [row.slug for row in teams() if row.nationality not in demonyms] == []


def test_spans_of_years_begin_before_they_end() -> None:
    """No dated key, name or period is turned round."""
    dated: list[DatedKey | DatedName | LineagePeriod] = [
        *(key for team in teams() for key in team.ergast),
        *(period for team in teams() for period in team.lineage),
        *(alias for driver in drivers() for alias in driver.aliases),
    ]
    assert [thing for thing in dated if years(thing)[0] > years(thing)[1]] == []


def test_a_teams_periods_follow_one_another() -> None:
    """A name is used in separate spells, in order: Renault's three do not touch."""
    for row in teams():
        spells = [years(period) for period in row.lineage]
        assert spells
        assert all(one[1] < other[0] for one, other in pairwise(spells))


def test_a_predecessor_ends_when_its_successor_begins() -> None:
    """The season before, or the same one when a team was renamed in the middle of it."""
    periods = {row.slug: row.lineage for row in teams()}
    for row in teams():
        for period in row.lineage:
            if period.predecessor is None:
                continue
            ends = {earlier.to_year for earlier in periods[period.predecessor]}
            assert ends & {period.from_year - 1, period.from_year}, row.slug


def test_a_team_has_one_successor() -> None:
    """Two names that both took over one team's place in one year would split its history."""
    assert not repeated(
        (period.predecessor, period.from_year)
        for row in teams()
        for period in row.lineage
        if period.predecessor
    )


@pytest.mark.parametrize(
    "names",
    [
        ["minardi", "toro-rosso", "alphatauri", "rb", "racing-bulls"],
        ["bmw-sauber", "sauber", "alfa-romeo", "kick-sauber", "audi"],
        ["stewart", "jaguar", "red-bull-racing"],
        ["jordan", "midland", "spyker-mf1", "spyker", "force-india", "racing-point"],
        ["racing-point", "aston-martin"],
        ["benetton", "renault", "lotus-f1", "renault", "alpine"],
        ["tyrrell", "bar", "honda", "brawn-gp", "mercedes"],
    ],
)
def test_lineages_lead_from_name_to_name(names: list[str]) -> None:
    """The known chains of renamed teams, link by link."""
    links = {(period.predecessor, row.slug) for row in teams() for period in row.lineage}
    assert set(pairwise(names)) <= links


def test_no_ergast_driver_stands_in_two_rows() -> None:
    """A driverRef is one person's."""
    assert not repeated(row.ergast for row in drivers() if row.ergast)


def test_no_two_rows_are_one_persons_name() -> None:
    """No name or alias is, as a word set, that of another row, whatever the years."""
    names = [
        {words(full_name(row)), *(words(alias.name) for alias in row.aliases)} for row in drivers()
    ]
    assert not repeated(name for of_one_person in names for name in of_one_person)


def test_an_alias_says_what_the_name_does_not() -> None:
    """An alias that folds to the name itself, or stands twice, does nothing."""
    for row in drivers():
        spellings = [fold(full_name(row)), *(fold(alias.name) for alias in row.aliases)]
        assert not repeated(spellings), row.slug


def test_aliases_begin_within_a_lifetime() -> None:
    """A nickname from before its bearer's birth is a father's."""
    for row in drivers():
        if row.born:
            assert all(years(alias)[0] > row.born.year for alias in row.aliases), row.slug


def test_no_spelling_of_a_country_is_anothers() -> None:
    """Code, name, demonym and aliases lead to one country each."""
    spellings = [
        {fold(text) for text in (row.code, row.name, row.demonym, *row.aliases) if text}
        for row in countries()
    ]
    assert not repeated(text for of_one_country in spellings for text in of_one_country)
