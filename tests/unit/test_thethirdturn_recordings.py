"""The saved pages, counted. What a test prints when it fails names no result."""

import re
from collections import Counter
from collections.abc import Callable
from datetime import UTC, date, datetime
from functools import cache
from pathlib import Path

import pytest

from ingestion_core.racing.classification import Classification, Line
from ingestion_core.racing.kinds import ResultStatus
from ingestion_core.racing.types import Unreadable
from ingestion_core.sources.thethirdturn import (
    circuit,
    driver,
    index,
    race,
    race_results,
    season,
    series,
)
from ingestion_core.sources.thethirdturn.page import PageUnusable
from ingestion_core.sources.thethirdturn.series import DatedName
from tests.support.wiki_entries import entry_list

NOON = datetime(2026, 1, 9, 12, tzinfo=UTC)
SERIES = "NASCAR Cup Series"
BADGER = "Custom_Windows_Plus_Badger_Mod_Tour_presented_by_Gandrud_Chevrolet"
READERS: dict[str, Callable[[bytes], object]] = {
    "index": index.read,
    "series": series.read,
    "season": season.read,
    "race": race.read,
    "driver": driver.read,
    "circuit": circuit.read,
}


@cache
def saved(folder: Path) -> dict[str, bytes]:
    """Every saved page by its own name: files are called otherwise."""
    found = {}
    for path in sorted((folder / "thethirdturn").rglob("*.html")):
        body = path.read_bytes()
        named = re.search(rb'"wgPageName":"([^"]+)"', body)
        assert named
        found[named[1].decode()] = body
    return found


@pytest.fixture
def pages(recordings: Path) -> dict[str, bytes]:
    """Every saved page by its key."""
    return saved(recordings)


def classified(body: bytes, of: str = SERIES) -> tuple[Classification, tuple[Unreadable, ...]]:
    """The results on a race's page."""
    found = race_results.read(body)
    return race_results.classification(found, session="s", series=of, observed_at=NOON)


def _reason(read: Callable[[bytes], object], body: bytes) -> str | None:
    """Why a page is refused."""
    try:
        read(body)
    except PageUnusable as error:
        return error.reason
    return None


def badger_races(pages: dict[str, bytes]) -> list[str]:
    """The races of both seasons, as the seasons list them."""
    years = [season.read(pages[f"{year}_{BADGER}_Central"]) for year in (2012, 2013)]
    return [one.race for each in years for one in each.races if one.race]


def test_the_index(pages: dict[str, bytes]) -> None:
    """173 groups, 2,721 links, 949 of them defunct, 6 red; 2,431 to 2,428 series above the local
    divisions, 2,453 to 2,450 with them."""
    found = index.read(pages["Series_Database:Index"])
    assert (len(found.groups), found.links, found.defunct, len(found.red)) == (173, 2721, 949, 6)
    every = [(group, one) for group in found.groups for one in group.series]
    above = [one.key for group, one in every if not group.local]
    assert (len(above), len(set(above))) == (2431, 2428)
    assert (len(every), len({one.key for _, one in every})) == (2453, 2450)
    assert found.drift == ()


def test_the_index_names_governing_bodies_and_defunct_series(pages: dict[str, bytes]) -> None:
    """NASCAR's under one name; Formula One's among the FIA's."""
    found = index.read(pages["Series_Database:Index"])
    by_key = {one.key: (group, one) for group in found.groups for one in group.series}
    nascar = "National Association for Stock Car Auto Racing (NASCAR)"
    group, cup = by_key["NASCAR_Cup_Series_Central"]
    assert (group.body, group.kind, cup.name, cup.defunct) == (
        *(nascar, "National Series", "NASCAR Cup Series", False),
    )
    group, showdown = by_key["ARCA_Sioux_Chief_Showdown_Central"]
    assert (group.body, group.kind, showdown.defunct) == (nascar, "Regional Series", True)
    group, _ = by_key["FIA_Formula_One_World_Championship_Central"]
    assert group.body == "Federation Internationale de l'Automobile (FIA)"


def test_nascar_cup_has_78_seasons_and_seven_names(pages: dict[str, bytes]) -> None:
    """1949 to 2026, 2,822 races."""
    found = series.read(pages["NASCAR_Cup_Series_Central"])
    assert [one.year for one in found.seasons] == list(range(1949, 2027))
    assert all(one.exists for one in found.seasons)
    assert (found.races, sum(one.races or 0 for one in found.seasons)) == (2822, 2822)
    assert found.names == (
        DatedName("NASCAR Strictly Stock", 1949, 1949),
        DatedName("NASCAR Grand National", 1950, 1970),
        DatedName("NASCAR Winston Cup Series", 1971, 2003),
        DatedName("NASCAR Nextel Cup Series", 2004, 2007),
        DatedName("NASCAR Sprint Cup Series", 2008, 2016),
        DatedName("Monster Energy NASCAR Cup Series", 2017, 2019),
        DatedName("NASCAR Cup Series", 2020, None),
    )
    assert (found.name, found.founded, found.active) == ("NASCAR Cup Series", 1949, True)
    assert (found.car_style, found.region) == ("Stock Car (NASCAR Cup)", "National")
    assert found.drift == ()


def test_1949_has_eight_races(pages: dict[str, bytes]) -> None:
    """With days, places and circuits."""
    found = season.read(pages["1949_NASCAR_Strictly_Stock_Central"])
    assert [(one.number, one.day, one.circuit, one.place) for one in found.races] == [
        ("1", date(1949, 6, 19), "Charlotte_Speedway", "Charlotte, NC"),
        ("2", date(1949, 7, 10), "Daytona_Beach_Road_Course", "Daytona Beach, FL"),
        ("3", date(1949, 8, 7), "Occoneechee_Speedway", "Hillsboro, NC"),
        ("4", date(1949, 9, 11), "Langhorne_Speedway", "Langhorne, PA"),
        ("5", date(1949, 9, 18), "Hamburg_Speedway", "Hamburg, NY"),
        ("6", date(1949, 9, 25), "Martinsville_Speedway", "Martinsville, VA"),
        ("7", date(1949, 10, 2), "Heidelberg_Raceway", "Heidelberg, PA"),
        ("8", date(1949, 10, 16), "North_Wilkesboro_Speedway", "North Wilkesboro, NC"),
    ]
    assert [one.race for one in found.races][:2] == [
        *(
            "NASCAR_Strictly_Stock:1949-01",
            "1949_Midsummer_National_Championship_Daytona_Beach_Derby",
        ),
    ]
    assert found.series is not None
    assert (found.series.key, found.name, found.drift) == (
        *("NASCAR_Cup_Series_Central", "NASCAR Strictly Stock", ()),
    )


def test_no_season_names_a_winner(pages: dict[str, bytes]) -> None:
    """Nobody who is linked in its standings or as a winner is in what was read."""
    for key in ("1949_NASCAR_Strictly_Stock_Central", f"2013_{BADGER}_Central"):
        said = repr(season.read(pages[key]))
        drivers = {
            name.replace(b" ", b"_").decode()
            for name in re.findall(rb'"([^"]+) Seasons Competed"', pages[key])
        }
        assert len(drivers) > 30
        assert not any(f"'{one}'" in said or one.replace("_", " ") in said for one in drivers)


def test_race_1949_01(pages: dict[str, bytes]) -> None:
    """33 results, Dunaway typed as listed and disqualified without a position."""
    body = pages["NASCAR_Strictly_Stock:1949-01"]
    page = race_results.read(body)
    found, apart = classified(body)
    assert (page.listed, len(page.rows), len(found.lines), apart) == (33, 33, 33, ())
    assert found.complete
    [row] = [one for one in page.rows if one.drivers[0].page == "Glenn_Dunaway"]
    [line] = [one for one in found.lines if one.drivers == ("Glenn_Dunaway",)]
    # Compared beforehand: a failing comparison would print what it compares.
    typed = row.place == 33
    stored = (line.status, line.position, line.detail) == (ResultStatus.DSQ, None, "running/DQ")
    driven = (line.car, line.laps, line.laps_led) == ("25", 200, 50)
    assert (typed, stored, driven) == (True, True, True)
    assert page.drift == ()


def test_race_1949_01_is_complete_in_numbers(pages: dict[str, bytes]) -> None:
    """Laps led add up to the distance; blanks stay blank; every place but one is somebody's."""
    found, _ = classified(pages["NASCAR_Strictly_Stock:1949-01"])
    assert sum(one.laps_led or 0 for one in found.lines) == 200
    assert Counter(one.status for one in found.lines) == {
        ResultStatus.FINISHED: 11,
        ResultStatus.DNF: 21,
        ResultStatus.DSQ: 1,
    }
    places = sorted(one.position for one in found.lines if one.position is not None)
    assert places == list(range(1, 33))
    assert sum(one.laps is None for one in found.lines) == 28
    assert all(one.points is not None for one in found.lines)
    teams = {one.team for one in found.lines}
    assert {"Mecklenburg_Motors", "Parks_Novelty", "make|oldsmobile", "make|ford"} <= teams


def test_the_entry_list_of_1949_01(pages: dict[str, bytes]) -> None:
    """33 drivers, sorted by their keys; homonyms by the state they are from."""
    found = race.read(pages["NASCAR_Strictly_Stock:1949-01"])
    assert found.entries is not None
    keys = [one.driver.key(SERIES) for one in found.entries]
    assert (len(keys), keys) == (33, sorted(keys))
    assert {"Curtis_Turner_(VA)", "Jack_Smith_(Sandy_Springs,_GA)", "Bob_Smith_(VA)"} <= set(keys)
    assert (found.day, found.place) == (date(1949, 6, 19), "Charlotte, NC")
    assert found.circuit is not None
    assert found.circuit.key == "Charlotte_Speedway"
    assert found.distance is not None
    assert (found.distance.laps, found.distance.kilometres, found.drift) == (200, 241.4, ())


def test_monza(pages: dict[str, bytes]) -> None:
    """Length, coordinates, type, status and 1922."""
    found = circuit.read(pages["Autodromo_Nazionale_di_Monza"])
    assert (found.name, found.length, found.kind) == (
        *("Autodromo Nazionale di Monza", 5794, "Road Course"),
    )
    assert (found.city, found.region, found.country) == ("Monza", None, "Italy")
    assert (found.status, found.opened, found.closed) == ("Still In Operation", 1922, None)
    assert (found.latitude, found.longitude, found.drift) == (45.61765, 9.28109, ())


def test_alonso(pages: dict[str, bytes]) -> None:
    """Birth, place and nickname; nothing of his last race."""
    found = driver.read(pages["Fernando_Alonso"])
    assert (found.name, found.nickname, found.place_of_birth) == (
        *("Fernando Alonso", "Teflonso", "Oviedo, Spain"),
    )
    assert (found.born, found.died, found.drift) == (date(1981, 7, 29), None, ())
    assert "Yas" not in repr(found)


def test_the_badger_tour_s_pages(pages: dict[str, bytes]) -> None:
    """Both seasons of seven; the series' page lacks _Central and shows an empty template."""
    found = series.read(pages[BADGER])
    assert [(one.year, one.races) for one in found.seasons] == [(2012, 7), (2013, 7)]
    assert (found.names, found.founded, found.disbanded, found.active) == ((), 2012, 2013, False)
    for entry in found.seasons:
        year = season.read(pages[entry.key])
        assert [one.number for one in year.races] == [str(number) for number in range(1, 8)]
        assert all(one.day and one.day.year == entry.year for one in year.races)
        assert all(one.race in pages and one.circuit for one in year.races)
        assert year.drift == ()
    assert found.drift == ()


def test_races_of_the_badger_tour_are_pages_of_two_series(pages: dict[str, bytes]) -> None:
    """Two of the fourteen have a number in another season first, but one in this one too."""
    listed = {
        one.race: (year, one.number, one.day, one.circuit)
        for year in (2012, 2013)
        for one in season.read(pages[f"{year}_{BADGER}_Central"]).races
    }
    several = []
    for key, (year, number, day, track) in listed.items():
        assert key is not None
        found = race.read(pages[key])
        mine = [one for one in found.numbers if one.season == f"{year}_{BADGER}_Central"]
        assert [(one.number, one.of) for one in mine] == [(number, 7)]
        assert found.circuit is not None
        assert (found.day, found.circuit.key, found.drift) == (day, track, ())
        if len(found.numbers) > 1:
            several.append(key)
    assert sorted(several) == ["Modified_Nationals:2012-05", "Modified_Nationals:2013-04"]


def test_every_row_of_the_badger_tour_is_accounted_for(pages: dict[str, bytes]) -> None:
    """492 rows: 8 headings, 332 of the feature, 152 of not qualified; 481 results, three men
    standing in both lists of one page."""
    counts: Counter[str] = Counter()
    apart: list[str] = []
    for key in badger_races(pages):
        page = race_results.read(pages[key])
        found, other = classified(pages[key])
        below = sum(one.group is not None for one in page.rows)
        counts.update(
            rows=page.listed,
            headings=len(page.separators),
            feature=len(page.rows) - below,
            below=below,
            results=len(found.lines),
        )
        assert set(page.separators) <= {"DID NOT QUALIFY"}
        assert found.complete
        apart += [one.reason for one in other]
    assert counts == {
        "rows": 492,
        "headings": 8,
        "feature": 332,
        "below": 152,
        "results": 481,
    }
    assert apart == ["not-qualified-yet-raced"] * 3


def test_results_of_the_badger_tour(pages: dict[str, bytes]) -> None:
    """Who did not qualify is stored as the archive has it; nobody twice, nobody not entered."""
    lines: list[Line] = []
    for key in badger_races(pages):
        found, _ = classified(pages[key], BADGER)
        keys = [one for line in found.lines for one in line.drivers]
        assert len(keys) == len(set(keys))
        entries = entry_list(race.read(pages[key]), BADGER)
        assert entries is not None
        assert {one.driver for one in entries} == set(keys)
        assert all(one.driver in pages or "|" not in one.driver for one in entries)
        lines += found.lines
    assert Counter((one.status, one.detail) for one in lines) == {
        (ResultStatus.FINISHED, None): 331,
        (ResultStatus.DNS, "DNQ"): 149,
        (ResultStatus.DSQ, "DQ"): 1,
    }
    unplaced = [one.status for one in lines if one.position is None]
    assert Counter(unplaced) == {ResultStatus.DNS: 149, ResultStatus.DSQ: 1}
    assert all(one.points is None for one in lines)
    assert {one.team for one in lines} == {"|independent"}


def test_the_order_of_a_page_does_not_reach_its_entries(pages: dict[str, bytes]) -> None:
    """The first row's driver and the last one's change places: the same race."""
    body = pages["NASCAR_Strictly_Stock:1949-01"]
    page = race_results.read(body)
    first, last = (page.rows[place].drivers[0].page for place in (0, -1))
    assert first
    assert last
    swapped = body.replace(f'/wiki/{first}"'.encode(), b'/wiki/@"')
    swapped = swapped.replace(f'/wiki/{last}"'.encode(), f'/wiki/{first}"'.encode())
    swapped = swapped.replace(b'/wiki/@"', f'/wiki/{last}"'.encode())
    before, after = race.read(body).entries, race.read(swapped).entries
    assert before is not None
    assert after is not None
    assert [one.driver.page for one in before] == [one.driver.page for one in after]


def test_each_page_is_of_one_kind(pages: dict[str, bytes]) -> None:
    """The other five readers refuse it."""
    kinds: Counter[str] = Counter()
    for body in pages.values():
        for kind, read in READERS.items():
            kinds[_reason(read, body) or kind] += 1
    others = {
        f"not-a{'n' if kind == 'index' else ''}-{kind}": len(pages) - kinds[kind]
        for kind in READERS
    }
    assert kinds == {
        **others,
        "index": 1,
        "series": 2,
        "season": 3,
        "race": 15,
        "driver": 1,
        "circuit": 1,
    }


@pytest.mark.parametrize("part", [0.3, 0.6, 0.9, 0.999])
def test_half_a_page_is_none(pages: dict[str, bytes], part: float) -> None:
    """However much of it arrived."""
    for body in pages.values():
        cut = body.rstrip()[: int(len(body.rstrip()) * part)]
        for read in (*READERS.values(), race_results.read):
            with pytest.raises(PageUnusable):
                read(cut)
