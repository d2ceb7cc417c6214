"""Several drives of one driver in one session: the best counts, and none is lost."""

import random
from itertools import permutations
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from ingestion_core.racing.classification import FastestLap, Line
from ingestion_core.racing.kinds import ResultStatus
from ingestion_core.results.shared_drives import fold
from ingestion_core.results.wording import ordinal
from tests.support.lines import lines as any_line

RETIRED = ResultStatus.DNF


def drive(car: str, position: int | None = None, **fields: Any) -> Line:
    """A drive, classified where it has a position."""
    status = RETIRED if position is None else ResultStatus.FINISHED
    return Line(**{"car": car, "status": status, "position": position, "laps": 50, **fields})


def folded(*drives: Line) -> Line:
    """The one line, which is the same in every order."""
    (found,) = {fold(order) for order in permutations(drives)}
    return found


def test_a_single_drive_is_itself() -> None:
    """Nothing to fold, nothing to tell."""
    alone = drive("1", 3, points=4.0, detail="+1 Lap")
    assert fold([alone]) is alone


def test_a_win_after_a_retirement_is_a_win() -> None:
    """Whose car failed and who won in a team mate's has won, with the points of both drives."""
    found = folded(
        drive("30", points=0.0, laps=22, grid=1, detail="Fuel pump"),
        drive("34", 1, points=5.0, laps=98, grid=3, milliseconds=10803700),
    )
    assert (found.car, found.position, found.status) == ("34", 1, ResultStatus.FINISHED)
    assert (found.points, found.laps, found.grid, found.milliseconds) == (5.0, 98, 3, 10803700)
    assert found.detail == "also drove car 30: retired, Fuel pump, 22 laps, grid 1"


def test_the_lowest_position_is_the_best_whatever_its_laps() -> None:
    """Of two classified drives, and of three."""
    second = drive("12", 2, points=2.0, laps=96)
    third = drive("10", 3, points=1.33, laps=194, detail="+2 Laps", grid=5)
    own = drive("14", laps=36, detail="Engine")
    found = folded(own, third, second)
    assert (found.car, found.position) == ("12", 2)
    assert found.points == 3.33
    assert found.detail == (
        "also drove car 10: 3rd, +2 Laps, 194 laps, grid 5;"
        " also drove car 14: retired, Engine, 36 laps"
    )


def test_its_own_detail_comes_first() -> None:
    """What became of the best drive, then the others."""
    found = folded(drive("1", 4, detail="+1 Lap"), drive("2", detail="Axle", laps=1))
    assert found.detail == "+1 Lap; also drove car 2: retired, Axle, 1 lap"


def test_classified_without_a_place_is_better_than_not_classified() -> None:
    """A newer set may lack the place of somebody who finished."""
    found = folded(
        drive("1", laps=60),
        Line("2", ResultStatus.FINISHED, laps=10),
        Line("3", ResultStatus.DSQ, laps=61, detail="Disqualified"),
    )
    assert found.car == "2"
    assert found.detail == (
        "also drove car 3: disqualified, 61 laps; also drove car 1: retired, 60 laps"
    )


def test_of_two_that_were_not_classified_the_longer_drive_counts() -> None:
    """0 laps are more than nobody knows how many."""
    assert folded(drive("9", laps=23), drive("10", laps=34)).car == "10"
    assert folded(drive("9", laps=None), drive("10", laps=0)).car == "10"


def test_points_are_summed_and_0_is_not_nothing() -> None:
    """Null only where nobody says anything."""
    assert folded(drive("1", 8, points=0.0), drive("2", points=1.0)).points == 1.0
    assert folded(drive("1", 8, points=0.0), drive("2", points=0.0)).points == 0.0
    assert folded(drive("1", 8), drive("2", points=0.0)).points == 0.0
    assert folded(drive("1", 8), drive("2")).points is None
    thirds = [drive(str(car), points=1.1 * car) for car in range(1, 6)]
    assert len({fold(random.sample(thirds, 5)).points for _ in range(30)}) == 1


def test_laps_led_are_those_of_all_drives_and_the_fastest_lap_that_of_the_best_that_has_one() -> (
    None
):
    """Of the laps, only those driven in the best car: they belong to its place."""
    lap = FastestLap(number=7, rank=3)
    found = folded(drive("1", 2, laps_led=3, laps=70), drive("2", laps_led=4, fastest=lap))
    assert (found.laps_led, found.laps, found.fastest) == (7, 70, lap)
    assert folded(drive("1", 2), drive("2", laps_led=0)).laps_led == 0
    assert folded(drive("1", 2), drive("2")).laps_led is None


def test_who_did_not_qualify_with_either_car_entered_both() -> None:
    """He drove neither."""
    found = folded(
        Line("10", ResultStatus.DNS, laps=0, detail="Did not qualify"),
        Line("23", ResultStatus.DNS, laps=0, detail="Did not prequalify"),
    )
    assert found.detail == (
        "Did not qualify; also entered car 23: did not start, Did not prequalify, 0 laps"
    )


def test_a_car_without_a_number_and_a_time_are_told_too() -> None:
    """Whatever a drive has of its own."""
    other = drive("", 5, laps=None, milliseconds=10803700)
    found = folded(drive("1", 4, laps=None), Line(**{**fields(other), "car": None}))
    assert found.detail == "also drove another car: 5th, 03:00:03.7"


def fields(line: Line) -> dict[str, Any]:
    """A line's fields."""
    return {name: getattr(line, name) for name in Line.__dataclass_fields__}


@settings(deadline=None)
@given(st.lists(any_line, min_size=1, max_size=5), st.randoms(use_true_random=False))
def test_the_order_of_the_drives_decides_nothing(drives: list[Line], chance: random.Random) -> None:
    """Any lines at all, even the same one twice."""
    shuffled = list(drives)
    chance.shuffle(shuffled)
    same = fold(shuffled) == fold(drives)
    assert same


@settings(deadline=None)
@given(st.lists(any_line, min_size=1, max_size=5))
def test_no_drive_is_better_than_the_one_that_counts_and_none_is_lost(drives: list[Line]) -> None:
    """By its place, then by whether it was classified; each of the others is told."""
    best = fold(drives)
    places = [line.position for line in drives if line.position is not None]
    right = [best.position == (min(places) if places else None)]
    if not places and any(line.status is ResultStatus.FINISHED for line in drives):
        right.append(best.status is ResultStatus.FINISHED)
    others = (best.detail or "").count("also drove ") + (best.detail or "").count("also entered ")
    right.append(others >= len(drives) - 1)
    assert all(right)


def test_places_in_words() -> None:
    """As one says them."""
    said = [ordinal(place) for place in (1, 2, 3, 4, 11, 12, 13, 21, 22, 23, 101, 111)]
    assert said == [
        *("1st", "2nd", "3rd", "4th", "11th", "12th", "13th"),
        *("21st", "22nd", "23rd", "101st", "111th"),
    ]
