"""The tables of who is who know everything that the recorded sources name."""

import csv
import json
import os
from collections import defaultdict
from datetime import datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any, Final
from zoneinfo import ZoneInfo

import pytest

from ingestion_core.identity.tables import (
    DatedName,
    DriverRow,
    LineagePeriod,
    TeamRow,
    circuits,
    countries,
    drivers,
    teams,
)
from ingestion_core.racing.names import fold, words

RECORDINGS: Final = os.environ.get("PARCFERME_RECORDINGS", "")

pytestmark = pytest.mark.skipif(
    not RECORDINGS, reason="PARCFERME_RECORDINGS names no folder of recorded responses"
)

SEASONS: Final = (2023, 2024)

# Drove in practice or tests of 2023 and 2024, and had never been in a race: the archive of
# 1950-2024 does not know them.
NEVER_IN_THE_ARCHIVE: Final = {
    "andrea kimi antonelli",
    "arthur leclerc",
    "ayumu iwasa",
    "felipe drugovich",
    "frederik vesti",
    "isack hadjar",
    "jake dennis",
    "luke browning",
    "patricio oward",
    "robert shwartzman",
    "ryo hirakawa",
    "theo pourchaire",
    "zak osullivan",
}

# Ergast names these two venues by their city, which has another circuit of nearly that name.
NAMED_BY_THEIR_CITY: Final = {"lemans", "las_vegas"}


@cache
def archive(table: str) -> tuple[dict[str, str], ...]:
    """The rows of one table of the Ergast archive."""
    with (Path(RECORDINGS) / "ergast" / f"{table}.csv").open(encoding="utf-8", newline="") as file:
        return tuple(csv.DictReader(file))


@cache
def openf1(year: int, endpoint: str) -> tuple[dict[str, Any], ...]:
    """The rows of one endpoint of OpenF1 in one season."""
    path = Path(RECORDINGS) / "openf1" / str(year) / f"{endpoint}.json"
    return tuple(json.loads(path.read_text(encoding="utf-8")))


@cache
def places() -> tuple[dict[str, Any], ...]:
    """Every row that names a circuit: two seasons' meetings, and sessions in the shape of 2026."""
    meetings = [row for year in SEASONS for row in openf1(year, "meetings")]
    newer = sorted((Path(RECORDINGS) / "openf1" / "2026_shape").glob("*.json"))
    sessions = [row for path in newer for row in json.loads(path.read_text(encoding="utf-8"))]
    return (*meetings, *sessions)


@cache
def seasons_of(table: str, ref: str) -> dict[str, set[int]]:
    """For each driverRef or constructorRef the years in which the archive has it in a race."""
    singular = table.removesuffix("s")
    ref_of = {row[f"{singular}Id"]: row[ref] for row in archive(table)}
    year_of = {row["raceId"]: int(row["year"]) for row in archive("races")}
    found = defaultdict(set)
    for row in archive("results"):
        found[ref_of[row[f"{singular}Id"]]].add(year_of[row["raceId"]])
    return found


def covers(dated: DatedName | LineagePeriod, year: int) -> bool:
    """Whether a dated thing holds in a year."""
    return (dated.from_year or year) <= year <= (dated.to_year or year)


def team_of(ref: str, year: int) -> list[TeamRow]:
    """The rows that an Ergast constructor means in a season."""
    return [
        row
        for row in teams()
        for key in row.ergast
        if key.ref == ref and (key.from_year or year) <= year <= (key.to_year or year)
    ]


def own_spellings(row: DriverRow, year: int) -> set[frozenset[str]]:
    """The word sets that mean this person in a year."""
    aliases = {words(alias.name) for alias in row.aliases if covers(alias, year)}
    return aliases | {words(f"{row.first_name} {row.last_name}")}


def test_every_circuit_key_of_openf1_is_known() -> None:
    """Two recorded seasons and the calendar of 2026 name no venue that the table lacks."""
    known = {key for row in circuits() for key in row.openf1}
    assert {row["circuit_key"] for row in places()} == known


def test_every_circuit_of_the_archive_is_known() -> None:
    """All 77 circuitRefs, and not one more."""
    known = {row.ergast for row in circuits() if row.ergast}
    assert len(known) == 77
    assert {row["circuitRef"] for row in archive("circuits")} == known


def test_a_circuit_goes_by_the_name_that_the_archive_has_for_it() -> None:
    """The name, or an alias, so that rows made from the archive are found again."""
    names_of = {row.ergast: {fold(name) for name in (row.name, *row.aliases)} for row in circuits()}
    strangers = {
        row["circuitRef"]
        for row in archive("circuits")
        if fold(row["name"]) not in names_of[row["circuitRef"]]
    }
    assert strangers == NAMED_BY_THEIR_CITY


def test_coordinates_agree_with_the_archives() -> None:
    """Within a tenth of a degree, in either direction: a wrong key would be hundreds off."""
    there = {
        row["circuitRef"]: (float(row["lat"]), float(row["lng"])) for row in archive("circuits")
    }
    far = [
        row.slug
        for row in circuits()
        if row.ergast
        and max(abs(row.latitude - there[row.ergast][0]), abs(row.longitude - there[row.ergast][1]))
        > 0.1
    ]
    assert far == []


def test_a_circuits_country_is_the_archives() -> None:
    """Whatever form the archive writes it in, it leads to the same country."""
    country_of = {fold(name): row.name for row in countries() for name in (row.name, *row.aliases)}
    there = {row["circuitRef"]: country_of[fold(row["country"])] for row in archive("circuits")}
    assert {row.ergast: row.country for row in circuits() if row.ergast} == there


def test_time_zones_agree_with_openf1s_offsets() -> None:
    """Each recorded meeting's gmt_offset is the zone's own at that moment."""
    zone_of = {key: row.time_zone for row in circuits() for key in row.openf1}
    for row in places():
        start = datetime.fromisoformat(row["date_start"])
        hours, minutes, _ = row["gmt_offset"].removeprefix("-").split(":")
        offset = timedelta(hours=int(hours), minutes=int(minutes))
        if row["gmt_offset"].startswith("-"):
            offset = -offset
        zone = ZoneInfo(zone_of[row["circuit_key"]])
        assert start.astimezone(zone).utcoffset() == offset, row["location"]


def test_every_country_of_openf1_is_known() -> None:
    """Codes and names of meetings lead to one country; so do the codes of drivers."""
    code_of = {fold(name): row.code for row in countries() for name in (row.name, *row.aliases)}
    for row in places():
        assert code_of[fold(row["country_name"])] == row["country_code"]
    codes = {row["country_code"] for year in SEASONS for row in openf1(year, "drivers")} - {None}
    assert codes <= set(code_of.values())


@pytest.mark.parametrize("table", ["drivers", "constructors"])
def test_every_nationality_of_the_archive_is_known(table: str) -> None:
    """`Rhodesian`, `Argentine-Italian` and `Argentinian ` included."""
    known = {fold(text) for row in countries() for text in (row.demonym, *row.aliases)}
    assert {fold(row["nationality"]) for row in archive(table)} <= known


@pytest.mark.parametrize("year", SEASONS)
def test_every_team_of_openf1_is_known_and_bears_its_name_then(year: int) -> None:
    """Ten teams a season, each in a period of its lineage."""
    row_of = {name: row for row in teams() for name in row.openf1}
    names = {row["team_name"] for row in openf1(year, "drivers")} - {None}
    assert len(names) == 10
    for name in names:
        assert any(covers(period, year) for period in row_of[name].lineage), name


def test_two_seasons_have_twelve_teams() -> None:
    """AlphaTauri and RB, Alfa Romeo and Kick Sauber are rows of their own; eight teams stay."""
    row_of = {name: row.slug for row in teams() for name in row.openf1}
    seen = {
        row_of[row["team_name"]]
        for y in SEASONS
        for row in openf1(y, "drivers")
        if row["team_name"]
    }
    assert len(seen) == 12


def test_both_sources_name_the_same_teams_in_a_season() -> None:
    """The archive's constructors of 2023 and 2024 are OpenF1's ten, `sauber` being Kick Sauber."""
    row_of = {name: row.slug for row in teams() for name in row.openf1}
    for year in SEASONS:
        theirs = [
            row.slug
            for ref, years in seasons_of("constructors", "constructorRef").items()
            if year in years
            for row in team_of(ref, year)
        ]
        names = {row["team_name"] for row in openf1(year, "drivers")} - {None}
        assert sorted(theirs) == sorted(row_of[name] for name in names)


def test_an_archived_constructor_means_one_team_whenever_it_raced() -> None:
    """Every season of a known constructorRef has one row, in a period of its lineage."""
    known = {key.ref for row in teams() for key in row.ergast}
    seasons = seasons_of("constructors", "constructorRef")
    assert known <= set(seasons)
    for ref in known:
        for year in seasons[ref]:
            [row] = team_of(ref, year)
            assert any(covers(period, year) for period in row.lineage), (ref, year)


def test_a_team_goes_by_the_name_that_the_archive_has_for_it() -> None:
    """Name, short name or alias, but for the Sauber of 2024, which is Kick Sauber."""
    name_of = {row["constructorRef"]: row["name"] for row in archive("constructors")}
    strangers = {
        row.slug
        for row in teams()
        for key in row.ergast
        if (key.from_year or 0) <= 2024
        and fold(name_of[key.ref])
        not in {fold(name) for name in (row.name, row.short_name, *row.aliases) if name}
    }
    assert strangers == {"kick-sauber"}


def test_a_driver_of_the_archive_has_the_same_name_and_date_of_birth() -> None:
    """A driverRef in the table points at the person it means."""
    person_of = {row["driverRef"]: row for row in archive("drivers")}
    for row in drivers():
        if row.ergast:
            person = person_of[row.ergast]
            assert words(f"{person['forename']} {person['surname']}") == words(
                f"{row.first_name} {row.last_name}"
            )
            assert row.born is not None
            assert row.born.isoformat() == person["dob"]


def test_no_name_in_the_table_is_another_archived_drivers() -> None:
    """Fathers, sons and homonyms stay apart, whatever the years: Nelsinho is no Nelson."""
    archived = {
        words(f"{row['forename']} {row['surname']}"): row["driverRef"] for row in archive("drivers")
    }
    collisions = [
        (row.slug, name)
        for row in drivers()
        for name in (f"{row.first_name} {row.last_name}", *(alias.name for alias in row.aliases))
        if archived.get(words(name), row.ergast) != row.ergast
    ]
    assert collisions == []


def test_the_two_seasons_people_are_found_in_the_archive() -> None:
    """38 people with a team; who is not found under any spelling had truly not raced."""
    archived = {words(f"{row['forename']} {row['surname']}") for row in archive("drivers")}
    listed = defaultdict(list)
    for year in SEASONS:
        for row in openf1(year, "drivers"):
            listed[(year, row["full_name"])].append((row["session_key"], row["team_name"]))
    people = {
        (year, name)
        for (year, name), rows in listed.items()
        if any(team and session != 9223 for session, team in rows)
    }
    unknown = set()
    for year, name in people:
        spellings = {words(name)} | {
            spelling
            for row in drivers()
            if words(name) in own_spellings(row, year)
            for spelling in own_spellings(row, year)
        }
        if not spellings & archived:
            unknown.add(fold(name))
    assert len({fold(name) for _, name in people}) == 38
    assert unknown == NEVER_IN_THE_ARCHIVE
