"""The whole archive of 1950 to 2024, counted."""

import subprocess
import sys
from collections import Counter
from datetime import UTC, date, datetime
from functools import cache
from json import loads
from pathlib import Path

import pytest

from ingestion_core.racing.classification import Classification, Line
from ingestion_core.racing.kinds import ResultStatus, SessionType
from ingestion_core.racing.types import Season, Weekend
from ingestion_core.sources.ergast.archive import opened
from ingestion_core.sources.ergast.library import read_library
from ingestion_core.sources.ergast.results import classifications, read_results
from ingestion_core.sources.ergast.season import season

YEARS = range(1950, 2025)


@cache
def read_seasons(folder: Path) -> dict[int, Season]:
    """Every season."""
    with opened(str(folder)) as archive:
        library = read_library(archive)
    assert not library.unreadable
    return {year: season(library, year) for year in YEARS}


@cache
def read_sets(folder: Path) -> dict[str, Classification]:
    """Every classification by its session's key."""
    with opened(str(folder)) as archive:
        library = read_results(archive)
    found: dict[str, Classification] = {}
    for year in YEARS:
        sets, refused = classifications(library, year)
        assert not refused
        found |= {one.session: one for one in sets}
    return found


@pytest.fixture
def seasons(recordings: Path) -> dict[int, Season]:
    """Every season."""
    return read_seasons(recordings / "ergast")


@pytest.fixture
def sets(recordings: Path) -> dict[str, Classification]:
    """Every classification by its session's key."""
    return read_sets(recordings / "ergast")


def lines(sets: dict[str, Classification], kind: str) -> list[tuple[str, Line]]:
    """All lines of the sessions of a kind, each with its session's key."""
    return [
        (key, line) for key, one in sets.items() if key.endswith(f"/{kind}") for line in one.lines
    ]


def race(seasons: dict[int, Season], year: int, name: str) -> Weekend:
    """A round by its name."""
    [found] = [one for one in seasons[year].weekends if one.name == name]
    return found


def test_everything_is_understood(seasons: dict[int, Season]) -> None:
    """Nothing in the real archive is quarantined."""
    assert not [one for found in seasons.values() for one in found.unreadable]


def test_rounds_and_who_entered_them(seasons: dict[int, Season]) -> None:
    """1,125 rounds, numbered without a gap; 861 drivers, 211 constructors, 77 circuits."""
    rounds = [one for found in seasons.values() for one in found.weekends]
    assert len(rounds) == 1125
    for found in seasons.values():
        numbers = [one.number for one in found.weekends]
        assert numbers == list(range(1, len(numbers) + 1))
    assert len({who.key for one in rounds for who in one.drivers}) == 861
    assert len({team.key for one in rounds for team in one.teams}) == 211
    assert len({one.circuit.key for one in rounds}) == 77
    assert len({one.key for one in rounds}) == 1125


def test_sessions_per_season(seasons: dict[int, Season]) -> None:
    """1,889 in all; a race alone before 1994, five a weekend since 2021."""
    count = {
        year: sum(len(one.sessions) for one in found.weekends) for year, found in seasons.items()
    }
    assert sum(count.values()) == 1889
    assert (count[1950], count[1994], count[2004], count[2020]) == (7, 31, 36, 34)
    assert [count[year] for year in range(2021, 2025)] == [110, 110, 110, 120]


def test_races_without_a_time(seasons: dict[int, Season]) -> None:
    """731, all of them before 2005: only their day is known."""
    untimed = [
        year
        for year, found in seasons.items()
        for one in found.weekends
        for session in one.sessions
        if session.type is SessionType.RACE and session.day_only
    ]
    assert (len(untimed), max(untimed)) == (731, 2004)


def test_only_the_second_practice_of_sprint_weekends_of_2023_and_2024_is_none(
    seasons: dict[int, Season],
) -> None:
    """Six a year; in 2021 and 2022 it is a practice."""
    found = Counter(
        year
        for year, one in seasons.items()
        for each in one.weekends
        for session in each.sessions
        if session.type is SessionType.SPRINT_QUALIFYING
    )
    assert found == {2023: 6, 2024: 6}


def test_las_vegas_is_on_its_local_days(seasons: dict[int, Season]) -> None:
    """18 and 23 November; the race of 2024 begins at six in the morning of the 24th, UTC."""
    first = race(seasons, 2023, "Las Vegas Grand Prix")
    second = race(seasons, 2024, "Las Vegas Grand Prix")
    assert [(one.first_day, one.last_day) for one in (first, second)] == [
        (date(2023, 11, 16), date(2023, 11, 18)),
        (date(2024, 11, 21), date(2024, 11, 23)),
    ]
    assert [one.sessions[-1].start for one in (first, second)] == [
        datetime(2023, 11, 19, 6, tzinfo=UTC),
        datetime(2024, 11, 24, 6, tzinfo=UTC),
    ]
    assert [one.sessions[0].start for one in (first, second)] == [
        datetime(2023, 11, 17, 4, 30, tzinfo=UTC),
        datetime(2024, 11, 22, 2, 30, tzinfo=UTC),
    ]


def test_every_race_but_las_vegas_is_on_the_day_of_its_start_in_utc(
    seasons: dict[int, Season],
) -> None:
    """At Las Vegas alone the day there is not that of the start in UTC."""
    moved = []
    for year, found in seasons.items():
        for one in found.weekends:
            [session] = [each for each in one.sessions if each.type is SessionType.RACE]
            if one.last_day != session.start.date():
                moved.append((year, one.name))
    assert moved == [(2023, "Las Vegas Grand Prix"), (2024, "Las Vegas Grand Prix")]
    assert race(seasons, 2005, "Australian Grand Prix").last_day == date(2005, 3, 6)


def test_practices_agree_with_openf1_where_both_know_them(
    seasons: dict[int, Season], recordings: Path
) -> None:
    """Starts of 2023 and 2024 differ from the other source's by hours at most, never by a day."""
    for year in (2023, 2024):
        rows = loads((recordings / "openf1" / str(year) / "sessions.json").read_bytes())
        known = sorted(datetime.fromisoformat(row["date_start"]) for row in rows)
        for found in seasons[year].weekends:
            for session in found.sessions:
                assert not session.day_only
                near = min(abs((one - session.start).total_seconds()) for one in known)
                assert near <= 3 * 3600, f"{found.name} {session.key}"


def test_results_are_counted(sets: dict[str, Classification]) -> None:
    """26,759 rows of races, 10,494 of qualifyings, 360 of sprints."""
    assert [len(lines(sets, kind)) for kind in ("race", "qualifying", "sprint")] == [
        *(26_759, 10_494, 360)
    ]


def test_drivers_who_drove_twice_in_one_race(sets: dict[str, Classification]) -> None:
    """85 pairs, 91 rows too many, in 42 races; 16 pairs with two constructors."""
    drives = Counter((key, line.drivers) for key, line in lines(sets, "race"))
    several = {pair: count for pair, count in drives.items() if count > 1}
    assert (len(several), sum(several.values()) - len(several)) == (85, 91)
    assert len({key for key, _ in several}) == 42
    teams: dict[tuple[str, tuple[str, ...]], set[str | None]] = {pair: set() for pair in several}
    for key, line in lines(sets, "race"):
        if (key, line.drivers) in teams:
            teams[key, line.drivers].add(line.team)
    assert sum(len(those) > 1 for those in teams.values()) == 16


def test_cars_that_were_shared(sets: dict[str, Classification]) -> None:
    """70 positions have several drivers."""
    places = Counter(
        (key, line.position) for key, line in lines(sets, "race") if line.position is not None
    )
    assert sum(count > 1 for count in places.values()) == 70


def test_statuses_are_counted(sets: dict[str, Classification]) -> None:
    """1,368 failed to qualify and 336 withdrew; 671 classified retirements keep their place."""
    found = Counter(line.status for _, line in lines(sets, "race"))
    assert found == {
        ResultStatus.FINISHED: 15_808,
        ResultStatus.DNF: 8897,
        ResultStatus.DNS: 1368 + 336,
        ResultStatus.DSQ: 160,
        ResultStatus.NC: 190,
    }
    assert {line.status for _, line in lines(sets, "race") if line.position} == {
        ResultStatus.FINISHED
    }
    assert not [line for _, line in lines(sets, "race") if line.detail == "Finished"]


def test_details_of_lines_are_counted(sets: dict[str, Classification]) -> None:
    """No grid in 1,638 rows, fractions of points in 42, no number in six, 8,252 fastest laps."""
    found = [line for _, line in lines(sets, "race")]
    assert sum(line.grid is None for line in found) == 1638
    assert sum(line.points is None for line in found) == 0
    assert sum((line.points or 0) % 1 > 0 for line in found) == 42
    assert sum(line.car is None for line in found) == 6
    laps = [line.fastest for line in found if line.fastest is not None]
    assert (len(laps), len([one for one in laps if one.rank == 1])) == (8252, 410)
    assert all(one.rank and one.number and one.milliseconds and one.speed for one in laps)
    assert sum(line.milliseconds is not None for line in found) == 7680 - 19  # Spa 2024
    only = [line.q for _, line in lines(sets, "qualifying")]
    assert sum(q[0] is not None and q[1] is None for q in only) == 4491


def test_melbourne_2005_has_two_finishers_without_a_place(
    sets: dict[str, Classification], seasons: dict[int, Season]
) -> None:
    """Their positionText is a number; the column position is not."""
    key = race(seasons, 2005, "Australian Grand Prix").key
    found = [line for line in sets[f"{key}/race"].lines if line.status is ResultStatus.FINISHED]
    assert [line.car for line in found if line.position is None] == ["3", "4"]


def test_argentina_1956_is_fangios_in_two_lines(
    sets: dict[str, Classification], seasons: dict[int, Season]
) -> None:
    """One that retired and one that won, for the writer to fold."""
    key = race(seasons, 1956, "Argentine Grand Prix").key
    mine = [line for line in sets[f"{key}/race"].lines if line.drivers == ("fangio",)]
    assert sorted((line.status, line.position, line.points) for line in mine) == [
        (ResultStatus.FINISHED, 1, 5.0),
        (ResultStatus.DNF, None, 0.0),
    ]


def test_every_line_is_of_an_entry_of_its_session(
    sets: dict[str, Classification], seasons: dict[int, Season]
) -> None:
    """The two ways through the archive agree on who was there."""
    for found in seasons.values():
        for one in found.weekends:
            for session in one.sessions:
                if session.entries is None:
                    assert session.key not in sets
                    continue
                entered = {(each.driver, each.team, each.car) for each in session.entries}
                there = {(line.drivers[0], line.team, line.car) for line in sets[session.key].lines}
                assert there == entered


def test_the_whole_archive_is_read_in_seconds_and_little_memory(recordings: Path) -> None:
    """With every result, in a process of its own: under 100 MB more than Python and we take."""
    program = """
import resource, sys
from ingestion_core.sources.ergast.archive import opened
from ingestion_core.sources.ergast.library import read_library
from ingestion_core.sources.ergast.results import classifications, read_results
from ingestion_core.sources.ergast.season import season

before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
with opened(sys.argv[1]) as archive:
    catalog, results = read_library(archive), read_results(archive)
for year in range(1950, 2025):
    season(catalog, year), classifications(results, year)
used = resource.getrusage(resource.RUSAGE_SELF)
print((used.ru_maxrss - before) // 1024, used.ru_utime)
"""
    ran = subprocess.run(
        [sys.executable, "-c", program, str(recordings / "ergast")],
        cwd=Path(__file__).parents[2],
        capture_output=True,
        text=True,
        check=True,
    )
    megabytes, seconds = ran.stdout.split()
    assert int(megabytes) < 100
    # Some two seconds on an idle core; what others do to the caches is not ours.
    assert float(seconds) < 20


def test_only_the_times_of_spa_2024_are_impossible(
    sets: dict[str, Classification], seasons: dict[int, Season]
) -> None:
    """Its times count from the disqualified winner's; a race of one lap (Spa 2021) has its own."""
    spa = race(seasons, 2024, "Belgian Grand Prix")
    doubted = {key: one for key, one in sets.items() if one.doubts}
    assert {key: one.doubts for key, one in doubted.items()} == {
        f"{spa.key}/race": ("impossible-times",)
    }
    [found] = doubted.values()
    assert not any(line.milliseconds for line in found.lines)
    assert sum(line.position is not None for line in found.lines) == 18
    assert sum(line.milliseconds is not None for line in found.doubted) == 19
