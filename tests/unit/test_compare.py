"""Telling apart what sources say differently: rounds, sessions, entry lists; results in counts."""

import random
from collections.abc import Mapping
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest

from ingestion_core.catalog.compare import (
    Seat,
    SharedRound,
    local_days,
    of_entries,
    of_round,
    of_session,
)
from ingestion_core.catalog.projection import believe, believed_from
from ingestion_core.racing.classification import FastestLap, Line
from ingestion_core.racing.kinds import ResultStatus, SessionType
from ingestion_core.results import projection, why
from ingestion_core.results.compare import FIELDS, Compared, differences

VEGAS = ZoneInfo("America/Los_Angeles")


def shared(**said: dict[str, Any]) -> SharedRound:
    """A round in Las Vegas, of which the sources say this besides."""
    about = {"CircuitKey": "las_vegas", "CircuitId": "c", "Name": "Las Vegas Grand Prix"}
    return SharedRound(
        UUID(int=1), 2023, "vegas", {source: {**about, **it} for source, it in said.items()}
    )


def fields(found: object) -> list[tuple[str, Mapping[str, Any]]]:
    """Field and what is said, of differences."""
    return [(one.field, one.said) for one in found]  # type: ignore[attr-defined]  # differences


def test_rounds_are_compared_by_name_days_number_circuit_and_end() -> None:
    """Null says nothing; what is equal is not told."""
    days = {"DateStart": "2023-11-16", "DateEnd": "2023-11-18", "RoundNumber": 21}
    told = shared(
        openf1={**days, "RoundNumber": 20},
        ergast={**days, "DateStart": None, "CircuitId": "d", "Cancelled": True},
    )
    assert fields(of_round(told)) == [
        ("RoundNumber", {"ergast": 21, "openf1": 20}),
        ("Circuit", {"ergast": "las_vegas", "openf1": "las_vegas"}),
        ("Cancelled", {"ergast": True, "openf1": False}),
    ]
    assert fields(of_round(shared(openf1=days, ergast=days))) == []


@pytest.mark.parametrize(
    ("start", "ergast_day", "differs"),
    [
        ("2023-11-18T06:00:00+00:00", "2023-11-17", False),
        ("2023-11-18T06:00:00+00:00", "2023-11-18", True),
        ("2023-11-18T21:00:00+00:00", "2023-11-18", False),
    ],
)
def test_a_day_is_compared_with_the_local_day_of_an_hour(
    start: str, ergast_day: str, differs: bool
) -> None:
    """Ten in the evening in Las Vegas is six in the morning of the next day in UTC."""
    both = {"Type": 6, "Cancelled": False}
    said = {
        "openf1": {**both, "StartTimeUtc": start, "DayOnly": False},
        "ergast": {**both, "StartTimeUtc": f"{ergast_day}T00:00:00+00:00", "DayOnly": True},
    }
    found = [name for name, _ in fields(of_session(shared(openf1={}, ergast={}), said))]
    assert found == (["Day"] if differs else [])


def test_hours_are_instants_however_they_are_written() -> None:
    """The same moment in two zones is the same."""
    both = {"Type": 6, "DayOnly": False}
    said = {
        "openf1": {**both, "StartTimeUtc": "2023-11-18T06:00:00+00:00", "Cancelled": True},
        "ergast": {**both, "StartTimeUtc": "2023-11-17T22:00:00-08:00", "Cancelled": False},
    }
    assert fields(of_session(shared(openf1={}, ergast={}), said)) == [
        ("Cancelled", {"openf1": True, "ergast": False})
    ]
    said["ergast"] |= {"Type": 5, "StartTimeUtc": "2023-11-17T22:05:00-08:00", "Cancelled": True}
    assert [name for name, _ in fields(of_session(shared(openf1={}, ergast={}), said))] == [
        "Type",
        "StartTimeUtc",
    ]


def test_where_no_zone_is_known_any_day_that_it_is_on_earth_will_do() -> None:
    """From twelve hours behind UTC to fourteen before it."""
    assert local_days("2023-11-18T06:00:00+00:00", None, None) == {"2023-11-17", "2023-11-18"}
    assert local_days("2023-11-18T06:00:00+00:00", None, VEGAS) == {"2023-11-17"}


def test_entries_are_compared_where_both_have_a_list() -> None:
    """Who is named by one only; whose team or car differs; a list alone tells nothing."""
    said = {
        "openf1": {"a": Seat("alpha", "1"), "b": Seat("beta", None), "c": Seat("beta", "3")},
        "ergast": {"a": Seat("alpha", "33"), "b": Seat("gamma", "2")},
    }
    found = list(of_entries(shared(), SessionType.RACE, said))
    assert [(one.field, one.about, one.said) for one in found] == [
        ("Car", "a", {"ergast": "33", "openf1": "1"}),
        ("Team", "b", {"ergast": "gamma", "openf1": "beta"}),
        ("Entry", "c", {"ergast": None, "openf1": "beta"}),
    ]
    alone = of_entries(shared(), SessionType.RACE, {"openf1": said["openf1"]})
    assert list(alone) == []


def test_what_is_believed_is_what_the_source_says_that_is_believed() -> None:
    """One loop for both questions."""
    claims = {
        "openf1": {"Name": "Monte Carlo", "CountryCode": "MON", "Altitude": None},
        "ergast": {"Name": "Monaco", "Altitude": 7},
        "written": {"Name": "something", "Slug": "else"},
    }
    sources = believed_from("circuit", claims)
    assert sources == {"Name": "ergast", "CountryCode": "openf1", "Altitude": "ergast"}
    assert believe("circuit", claims) == {
        name: claims[source][name] for name, source in sources.items()
    }


def row(**columns: Any) -> dict[str, Any]:
    """A result, of which nothing is said but this."""
    return {**dict.fromkeys(FIELDS), "Status": 0, **columns}


def counts(said: Mapping[str, Mapping[str, Mapping[str, Any]]]) -> dict[str, int]:
    """How many differ, by field."""
    found = tuple(differences(said))
    return Compared("s", "r", SessionType.RACE, found).counts


def test_nothing_is_a_word_of_positions_and_grids_alone() -> None:
    """And of those only where the source has any in this session."""
    one = {"x": row(Position=1, Points=1.0, Laps=5), "y": row(Position=2, GridPosition=4)}
    other = {"x": row(Position=1), "y": row(Status=1)}
    assert counts({"openf1": one, "ergast": other}) == {"Position": 1, "Status": 1}
    other["x"] = row(Position=1, GridPosition=9)
    assert counts({"openf1": one, "ergast": other})["GridPosition"] == 2
    assert counts({"openf1": one, "ergast": {k: row(GridPosition=1) for k in one}}) == {
        "GridPosition": 2
    }


def test_a_row_that_one_has_only_is_one_difference() -> None:
    """Also where the other has no row at all; a source nobody expected is not asked."""
    one = {"x": row(Points=1.0), "y": row(Points=2.0)}
    assert counts({"openf1": one, "ergast": {"x": row(Points=0.0)}}) == {"row": 1, "Points": 1}
    assert counts({"openf1": one, "ergast": {}}) == {"row": 2}
    assert counts({"openf1": one}) == {}
    found = tuple(differences({"openf1": one, "ergast": {}}))
    assert Compared("s", "r", SessionType.RACE, found).only == {"openf1": 2}


def test_nothing_that_compares_or_traces_a_result_shows_one() -> None:
    """Not in a repr, hence not in a traceback."""
    found = tuple(differences({"openf1": {"x": row(Points=77.0)}, "ergast": {"x": row(Points=1)}}))
    word = why.Word("openf1", None, (), {"Points": 77})
    group = why.Group({"Points": 77}, word, None, (word,), {"Points": 77})
    held = (*found, Compared("s", "r", SessionType.RACE, found), word, group)
    for one in (*held, why.Trace("t", "i", "n", (group,))):
        assert "77" not in repr(one).split(" object at ")[0], type(one)
        assert not type(one).__dataclass_params__.repr  # type: ignore[attr-defined]  # dataclasses'


def any_line(chance: random.Random) -> Line:
    """A line of which much is said, or little."""

    def maybe(value: Any) -> Any:
        return chance.choice((value, None))

    return Line(
        car=maybe(chance.choice("12")),
        status=chance.choice(list(ResultStatus)),
        position=maybe(1),
        grid=maybe(chance.choice((0, 5))),
        points=maybe(chance.choice((0.0, 3.0))),
        laps=maybe(chance.choice((4, 5))),
        laps_led=maybe(2),
        detail=maybe("Engine"),
        fastest=maybe(FastestLap(chance.choice((1, 2)))),
    )


def test_whose_word_is_told_is_whose_word_is_believed() -> None:
    """For any lines: the value that the projection takes is that of the source that is named."""
    chance = random.Random(7)
    for _ in range(2000):
        sources = chance.sample(["openf1", "ergast", "thethirdturn"], chance.randint(1, 3))
        said = {source: any_line(chance) for source in sources}
        starts = {source: chance.choice((None, 6)) for source in sources if chance.random() < 0.4}
        doubted = [source for source in sources if chance.random() < 0.2]
        believed = projection.believe(said, projection.group_order(doubted), starts)
        for field, giver in why.given_by(said, doubted, starts).items():
            value = getattr(believed, field)
            if field == "position":
                same = (said[giver].position, said[giver].laps) == (value, believed.laps)
            elif field == "grid":
                same = (giver is None) is (not value) and (
                    giver is None or value in (said[giver].grid, starts.get(giver))
                )
            else:
                same = value == (getattr(said[giver], field) if giver else None)
            assert same, field
    assert set(why.given_by({}, [], {}).values()) == {None}
