"""OpenF1's results and grids as classifications: the mapping, rule by rule."""

import json
import traceback
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingestion_core.racing.classification import IMPOSSIBLE_TIMES, Classification, Facet, Line
from ingestion_core.racing.kinds import ResultStatus, SessionType
from ingestion_core.racing.types import Unreadable
from ingestion_core.sources.openf1.client import Reply
from ingestion_core.sources.openf1.results import (
    CAR_TWICE,
    read_grids,
    read_results,
)
from tests.support.fuzzing import fuzzed

SESSION = "9472"
FRACTION = 1.001
"""Seconds that, times a thousand, are a little less than the milliseconds they mean."""
TIMED = (SessionType.FP1, SessionType.FP2, SessionType.FP3)
QUALIFYINGS = (SessionType.QUALIFYING, SessionType.SPRINT_QUALIFYING)
RACES = (SessionType.RACE, SessionType.SPRINT)
Read = tuple[list[Classification], list[Unreadable]]


def reply(*rows: dict[str, Any], endpoint: str = "session_result") -> Reply:
    """An answer with these rows."""
    return Reply(endpoint, "1229", 200, datetime(2024, 3, 4, tzinfo=UTC), "digest", rows)


def row(car: object = 44, **fields: object) -> dict[str, Any]:
    """A row of session 9472; every field may be given or left absent."""
    return {"meeting_key": 1229, "session_key": int(SESSION), "driver_number": car, **fields}


def read(type_: SessionType, *rows: dict[str, Any]) -> Read:
    """The classifications of the rows, the session being of this type."""
    return read_results(reply(*rows), {SESSION: type_})


def line(type_: SessionType, **fields: object) -> Line:
    """The one line of a row with these fields."""
    (found,), bad = read(type_, row(**fields))
    assert (bad, found.facet, found.session) == ([], Facet.CLASSIFICATION, SESSION)
    (only,) = found.lines
    return only


@pytest.mark.parametrize("type_", RACES)
@pytest.mark.parametrize(
    ("fields", "status", "position", "detail"),
    [
        ({"position": 3, "duration": 5400.5}, ResultStatus.FINISHED, 3, None),
        ({"position": 17, "dnf": True}, ResultStatus.FINISHED, 17, "Retired"),
        (
            {"position": 17, "dnf": True, "gap_to_leader": "+3 LAPS"},
            ResultStatus.FINISHED,
            17,
            "Retired",
        ),
        ({"position": 5, "dsq": True}, ResultStatus.FINISHED, 5, None),
        ({"position": None, "dsq": True, "dnf": True}, ResultStatus.DSQ, None, None),
        ({"position": None, "dns": True, "dnf": True}, ResultStatus.DNS, None, None),
        ({"position": None, "dnf": True}, ResultStatus.DNF, None, None),
        ({"position": None, "dnf": True, "duration": 900.0}, ResultStatus.DNF, None, None),
        ({"position": None, "duration": 5400.0}, ResultStatus.DSQ, None, None),
        ({"position": None, "duration": [None, None, None]}, ResultStatus.NC, None, None),
        ({"position": None}, ResultStatus.NC, None, None),
        ({}, ResultStatus.NC, None, None),
        ({"gap_to_leader": "+4 LAPS"}, ResultStatus.NC, None, "+4 Laps"),
        ({"position": 12, "gap_to_leader": "+1 LAP"}, ResultStatus.FINISHED, 12, "+1 Lap"),
        ({"position": 12, "gap_to_leader": "PIT LAP"}, ResultStatus.FINISHED, 12, None),
    ],
)
def test_how_a_race_or_a_sprint_ended(
    type_: SessionType,
    fields: dict[str, object],
    status: ResultStatus,
    position: int | None,
    detail: str | None,
) -> None:
    """A position is classified whatever the flags say; a time without any flag, disqualified."""
    found = line(type_, **fields)
    assert (found.status, found.position, found.detail) == (status, position, detail)


@pytest.mark.parametrize("type_", [*TIMED, *QUALIFYINGS])
@pytest.mark.parametrize(
    ("fields", "status", "position"),
    [
        ({"position": 9}, ResultStatus.FINISHED, 9),
        ({"position": 9, "dnf": True, "dns": True}, ResultStatus.FINISHED, 9),
        ({"position": None, "dsq": True}, ResultStatus.DSQ, None),
        ({"position": None, "dnf": True}, ResultStatus.NC, None),
        ({"position": None, "dns": True}, ResultStatus.NC, None),
        ({"position": None, "duration": 88.1}, ResultStatus.NC, None),
        ({}, ResultStatus.NC, None),
    ],
)
def test_how_a_practice_or_a_qualifying_ended(
    type_: SessionType, fields: dict[str, object], status: ResultStatus, position: int | None
) -> None:
    """There dnf and dns only mean: no time in a segment; and nobody is "retired"."""
    found = line(type_, **fields)
    assert (found.status, found.position, found.detail) == (status, position, None)


def test_points_of_zero_are_zero_and_absent_points_are_none() -> None:
    """15 and 15.0 are the same."""
    race = SessionType.RACE
    assert line(race, points=0).points == 0
    assert line(race).points is None
    assert line(race, points=None).points is None
    assert line(race, points=15).points == line(race, points=15.0).points == 15
    assert line(race, points=12.5).points == 12.5


def test_times_are_rounded_to_milliseconds() -> None:
    """89.708 s is 89708 ms: its fraction cut off, it was 89707 once."""
    assert int(89.708 % 1 * 1000) == 707
    assert int(FRACTION * 1000) != round(FRACTION * 1000)
    assert line(SessionType.FP1, duration=FRACTION).milliseconds == round(FRACTION * 1000)
    assert line(SessionType.FP1, duration=89.708).milliseconds == 89708
    assert line(SessionType.RACE, duration=5504.742, position=2).milliseconds == 5504742
    assert line(SessionType.FP1, duration=89).milliseconds == 89000


@pytest.mark.parametrize("type_", QUALIFYINGS)
@pytest.mark.parametrize(
    ("duration", "segments", "milliseconds"),
    [
        ([90.1, 89.5, 88.123], (90100, 89500, 88123), 88123),
        ([90.1, 89.5, None], (90100, 89500, None), 89500),
        ([91.0, None, None], (91000, None, None), 91000),
        ([None, None, None], (None, None, None), None),
        ([91.0], (91000, None, None), 91000),
        ([], (None, None, None), None),
        (91.0, (91000, None, None), 91000),
        (None, (None, None, None), None),
        ([90.1, None, 88.0, 87.0], (90100, None, 88000), 88000),
    ],
)
def test_a_qualifying_has_segments_and_its_time_is_that_of_the_last_one_reached(
    type_: SessionType,
    duration: object,
    segments: tuple[int | None, ...],
    milliseconds: int | None,
) -> None:
    """A list of three; shorter, longer and plain ones are understood as well."""
    found = line(type_, duration=duration, gap_to_leader=[0, 0.4, None])
    assert (found.q, found.milliseconds, found.gap) == (segments, milliseconds, None)


@pytest.mark.parametrize("type_", [*TIMED, *RACES])
def test_only_a_qualifying_has_segments(type_: SessionType) -> None:
    """A list elsewhere is no time."""
    found = line(type_, duration=[90.1, 89.5, 88.1], position=4)
    assert (found.q, found.milliseconds) == ((None, None, None), None)


@pytest.mark.parametrize(
    ("gap", "kept"),
    [(0, "0.0"), (1.25, "1.25"), ("+1 LAP", "+1 LAP"), (None, None), ([0, 1, None], None)],
)
def test_a_gap_is_a_number_a_text_or_nothing(gap: object, kept: str | None) -> None:
    """Every shape that was seen."""
    assert line(SessionType.RACE, gap_to_leader=gap, position=3).gap == kept


def test_laps_and_the_car_are_kept() -> None:
    """The car as a text: it names nobody by itself."""
    found = line(SessionType.RACE, number_of_laps=57, position=2)
    assert (found.laps, found.car, found.drivers) == (57, "44", ())


@pytest.mark.parametrize(
    "fault",
    [
        {"driver_number": None},
        {"driver_number": "forty-four"},
        {"driver_number": True},
        {"position": 0},
        {"position": True},
        {"position": "first"},
        {"points": -1},
        {"points": True},
        {"number_of_laps": -3},
        {"duration": "fast"},
        {"duration": True},
        {"duration": [1, "x", None]},
        {"gap_to_leader": "+1\x00LAP"},
        {"gap_to_leader": {"s": 1}},
        {"session_key": None},
        {"session_key": "this one"},
        {"session_key": True},
    ],
    ids=str,
)
def test_a_row_that_cannot_be_read_is_set_apart_and_its_neighbour_is_not(
    fault: dict[str, object],
) -> None:
    """Named by session and car, never by its place; and the set knows that somebody is missing."""
    (found,), bad = read(SessionType.RACE, {**row(), **fault}, row(car=1, position=7))
    assert [one.car for one in found.lines] == ["1"]
    assert not found.complete
    (only,) = bad
    assert only.row_key.startswith("session_key=")
    assert "driver_number=" in only.row_key
    assert only.reason == f"unreadable: {next(iter(fault))}"


def test_rows_of_other_sessions_are_not_looked_at() -> None:
    """Those under embargo came with the same answer; not even their faults are noted."""
    other = {**row(car=1, position="first"), "session_key": 9999}
    (found,), bad = read(SessionType.RACE, other, row(position=4))
    assert ([one.car for one in found.lines], bad, found.complete) == (["44"], [], True)


def test_lines_are_in_order_of_the_car_whatever_the_order_of_the_answer() -> None:
    """The answer's is the finishing order."""
    rows = [row(car=car, position=place) for place, car in enumerate((63, 1, 44, 10), 1)]
    (found,), _ = read(SessionType.RACE, *rows)
    (turned,), _ = read(SessionType.RACE, *reversed(rows))
    assert [one.car for one in found.lines] == ["1", "10", "44", "63"]
    assert found == turned


def test_a_car_twice_makes_the_set_worthless_but_not_lost() -> None:
    """Stale rows at the end of a shorter table: nobody can say which of the two is right."""
    rows = [row(position=1, points=77), row(car=1, position=2), row(position=3)]
    for found in (
        read(SessionType.RACE, *rows)[0][0],
        read_grids(reply(*rows, endpoint="starting_grid"), {SESSION: SessionType.QUALIFYING})[0][0],
    ):
        assert (found.lines, found.doubts) == ((), (CAR_TWICE,))
        assert [one.car for one in found.doubted] == ["1", "44", "44"]


@pytest.mark.parametrize("type_", RACES)
def test_impossible_times_are_left_out_of_the_whole_set_and_the_rest_is_kept(
    type_: SessionType,
) -> None:
    """The winner's 0.526 s for 44 laps: times and gaps of all count from it."""
    (found,), bad = read(
        type_,
        row(car=1, position=1, duration=0.526, number_of_laps=44, points=25, gap_to_leader=0),
        row(car=4, position=2, duration=1.7, number_of_laps=44, points=18, gap_to_leader=1.173),
        row(car=24, position=3, dnf=True, number_of_laps=43, gap_to_leader="+1 LAP"),
        row(car=77, position=4, number_of_laps=43, points=0, gap_to_leader="+1 LAP"),
    )
    assert (found.doubts, bad) == ((IMPOSSIBLE_TIMES,), [])
    assert [(one.position, one.laps, one.points) for one in found.lines] == [
        (1, 44, 25),
        (2, 44, 18),
        (3, 43, None),
        (4, 43, 0),
    ]
    assert {(one.milliseconds, one.gap) for one in found.lines} == {(None, None)}
    assert [one.detail for one in found.lines] == [None, None, "Retired", None]
    assert [one.milliseconds for one in found.doubted] == [526, 1700, None, None]


@pytest.mark.parametrize(
    ("type_", "seconds", "laps", "doubted"),
    [
        (SessionType.RACE, 20 * 44 - 0.001, 44, True),
        (SessionType.RACE, 20 * 44.0, 44, False),
        (SessionType.SPRINT, 1800.0, 19, False),
        (SessionType.RACE, 0.5, None, True),
        (SessionType.FP1, 19.0, 44, False),
        (SessionType.QUALIFYING, 19.0, 44, False),
    ],
)
def test_less_than_20_seconds_a_lap_is_impossible_for_the_winner_of_a_race(
    type_: SessionType, seconds: float, laps: int | None, doubted: bool
) -> None:
    """A practice's time is one lap's."""
    (found,), _ = read(type_, row(position=1, duration=seconds, number_of_laps=laps))
    assert bool(found.doubts) is doubted


def test_the_race_of_spa_2024_is_stored_without_times(recordings: Path) -> None:
    """Session 9574 as it was recorded; the other races of that year keep theirs."""
    rows = json.loads((recordings / "openf1/2024/session_result.json").read_text())
    (spa,), bad = read_results(reply(*rows), {"9574": SessionType.RACE})
    assert (len(spa.lines), bad, spa.doubts) == (20, [], (IMPOSSIBLE_TIMES,))
    assert {(one.milliseconds, one.gap) for one in spa.lines} == {(None, None)}
    assert sorted(one.position for one in spa.lines if one.position) == list(range(1, 19))
    assert sum(one.points or 0 for one in spa.lines) == 102
    (other,), _ = read_results(reply(*rows), {"9472": SessionType.RACE})
    assert other.doubts == ()
    assert any(one.milliseconds for one in other.lines)


def test_a_grid_is_read_of_the_sessions_that_set_one() -> None:
    """A pit lane start has no position; rows that hang on a race are nobody's grid."""
    rows = [row(position=2, lap_duration=89.1), row(car=1, position=None)]
    types = {SESSION: SessionType.QUALIFYING}
    (found,), bad = read_grids(reply(*rows, endpoint="starting_grid"), types)
    assert (found.facet, bad) == (Facet.GRID, [])
    assert [(one.car, one.grid) for one in found.lines] == [("1", None), ("44", 2)]
    for other in (*RACES, *TIMED):
        assert read_grids(reply(*rows), {SESSION: other}) == ([], [])


def test_no_answer_is_no_set() -> None:
    """Neither [] nor a set of which nothing can be read says that anybody is gone."""
    assert read(SessionType.RACE) == ([], [])
    sets, bad = read(SessionType.RACE, row(position="x"), row(car=1, position="y"))
    assert (sets, len(bad)) == ([], 2)


SPOILER = "ZZCANARY"
PLAIN = (
    st.sampled_from([None, True, False, "+1 LAP", SPOILER, "\x00", "\ud800", "DNF"])
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=4)
)
#: As deep as answers ever were, and a level more: depth itself costs most of the examples' time.
JSON = (
    PLAIN
    | st.lists(PLAIN, max_size=3)
    | st.lists(st.lists(PLAIN, max_size=1), min_size=1, max_size=2)
    | st.dictionaries(st.text(max_size=2), PLAIN, max_size=2)
)
FIELDS = (
    "meeting_key",
    "position",
    "number_of_laps",
    "points",
    "dnf",
    "dns",
    "dsq",
    "duration",
    "gap_to_leader",
)
ROWS = st.lists(
    st.fixed_dictionaries(
        {"session_key": st.just(int(SESSION)) | JSON, "driver_number": st.integers(0, 30) | JSON},
        optional=dict.fromkeys(FIELDS, JSON),
    ),
    max_size=3,
)


@fuzzed()
@given(rows=ROWS, type_=st.sampled_from([*TIMED, *QUALIFYINGS, *RACES]))
def test_whatever_json_comes_every_row_is_read_or_set_apart(
    rows: list[dict[str, Any]], type_: SessionType
) -> None:
    """No exception; nothing of a value in what may be printed."""
    for reader in (read_results, read_grids):
        sets, bad = reader(reply(*rows), {SESSION: type_})
        for found in sets:
            assert repr(found) == str(found)
            assert repr(found) == (
                f"Classification({SESSION}, {found.facet.value}, {len(found.lines)} lines)"
            )
            assert {repr(one) for one in (*found.lines, *found.doubted)} <= {"Line(...)"}
        for one in bad:
            assert SPOILER not in repr(one) or SPOILER in one.row_key
            assert (
                one.reason.removeprefix("unreadable: ").replace(", ", "").replace("_", "").isalpha()
            )


def test_a_traceback_with_a_classification_in_it_shows_no_value() -> None:
    """As an assertion, a debugger's dump of locals or a KeyError would print it."""
    (found,), _ = read(SessionType.RACE, row(position=1, points=77, gap_to_leader=SPOILER))
    try:
        raise KeyError(found, found.lines[0])
    except KeyError as error:
        dump = traceback.TracebackException.from_exception(error, capture_locals=True)
        own = [text for text in dump.format() if "Line(...)" in text]
    assert own
    assert SPOILER not in repr(KeyError(found, found.lines[0]))
    assert "77" not in repr(KeyError(found, found.lines[0]))
