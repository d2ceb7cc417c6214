"""From sets of lines to rows: the precedence table, and what a row is made of."""

from collections.abc import Mapping, Sequence
from itertools import permutations
from typing import Any
from uuid import UUID, uuid5

import pytest

from ingestion_core.racing.classification import Line
from ingestion_core.racing.kinds import ResultStatus
from ingestion_core.results.columns import pack, unpack
from ingestion_core.results.projection import Placed, rows
from ingestion_core.results.sessions import cars
from ingestion_core.results.wording import interval, lap_time

SPACE = UUID(int=7)
SESSION, ANNA, BERT = (str(uuid5(SPACE, name)) for name in ("session", "anna", "bert"))
ENTRANTS = {one: str(uuid5(SPACE, f"entrant {one}")) for one in (ANNA, BERT)}


def line(**fields: Any) -> Line:
    """A line of car 44."""
    return Line(**{"car": "44", "status": ResultStatus.FINISHED, **fields})


def row(
    said: Mapping[str, Line], grids: Mapping[str, Line] | None = None, driver: str = ANNA
) -> dict[str, Any]:
    """Anna's row, by what each source says of her."""
    made = rows(
        SESSION,
        ENTRANTS,
        {source: [Placed(driver, one)] for source, one in said.items()},
        {source: [Placed(driver, one)] for source, one in (grids or {}).items()},
    )
    return made[ENTRANTS[driver]]


def test_position_status_time_and_laps_come_whole_from_one_source() -> None:
    """OpenF1's line though the archive knows more: no row is half one's and half the other's."""
    found = row(
        {
            "openf1": line(position=3, laps=57, q=(90100, None, None)),
            "ergast": line(
                position=2, laps=58, milliseconds=1, detail="+1 Lap", q=(1, 2, 3), car="4"
            ),
        }
    )
    assert (found["Position"], found["Laps"], found["CarNumber"]) == (3, 57, "44")
    assert (found["TimeMilliseconds"], found["Time"], found["StatusDetail"]) == (None, None, None)
    assert (found["Q1Time"], found["Q2Time"], found["Q3Time"]) == ("1:30.100", None, None)


def test_points_grid_and_laps_led_come_from_the_archive_first_each_for_itself() -> None:
    """Where it says nothing, OpenF1's count: 2023 Jeddah's 0 points for car 1 are upstream's."""
    openf1 = line(points=0, grid=4)
    assert row({"openf1": openf1, "ergast": line(points=19, grid=15)})["Points"] == 19
    assert row({"openf1": openf1, "ergast": line(grid=15)})["GridPosition"] == 15
    assert row({"openf1": openf1, "ergast": line(grid=15)})["Points"] == 0
    assert row({"openf1": openf1, "thethirdturn": line(points=3, laps_led=9)})["Points"] == 0
    assert row({"openf1": openf1, "thethirdturn": line(points=3, laps_led=9)})["LapsLed"] == 9


@pytest.mark.parametrize("order", list(permutations(["openf1", "ergast", "thethirdturn"])))
def test_the_order_in_which_sources_are_known_decides_nothing(order: Sequence[str]) -> None:
    """Every order, the same row."""
    said = {
        "openf1": line(position=1, points=10),
        "ergast": line(position=2, points=20, grid=5),
        "thethirdturn": line(position=3, points=30, laps_led=4),
    }
    found = row({source: said[source] for source in order})
    assert (found["Position"], found["Points"], found["GridPosition"], found["LapsLed"]) == (
        1,
        20,
        5,
        4,
    )


def test_the_rows_are_the_union_of_the_sources() -> None:
    """A row goes only when no source gives it any more."""
    made = rows(
        SESSION,
        ENTRANTS,
        {"openf1": [Placed(ANNA, line())], "ergast": [Placed(BERT, line(car="4"))]},
        {},
    )
    assert set(made) == set(ENTRANTS.values())


def test_a_grid_alone_makes_no_row_and_a_grid_in_a_set_of_its_own_counts() -> None:
    """Whoever did not start has none; from the pit lane there is no grid position."""
    assert rows(SESSION, ENTRANTS, {}, {"openf1": [Placed(ANNA, Line("44", grid=3))]}) == {}
    assert row({"openf1": line()}, {"openf1": Line("44", grid=3)})["GridPosition"] == 3
    assert row({"openf1": line()}, {"openf1": Line("44", grid=0)})["GridPosition"] is None
    assert row({"openf1": line()}, {"openf1": Line("44")})["GridPosition"] is None


def test_a_driver_who_is_no_entrant_has_no_row() -> None:
    """He is quarantined elsewhere, never given to somebody else."""
    stranger = str(uuid5(SPACE, "stranger"))
    assert rows(SESSION, ENTRANTS, {"openf1": [Placed(stranger, line())]}, {}) == {}


def test_ids_come_from_session_and_entrant_alone() -> None:
    """Two workers make the same row; a position makes no id."""
    assert row({"openf1": line(position=1)})["Id"] == row({"ergast": line(position=9)})["Id"]
    assert row({"openf1": line()})["Id"] != row({"openf1": line()}, driver=BERT)["Id"]


@pytest.mark.parametrize(
    ("milliseconds", "lap", "time"),
    [
        (88123, "1:28.123", "00:01:28.123"),
        (59004, "0:59.004", "00:00:59.004"),
        (60000, "1:00.000", "00:01:00"),
        (5504742, "91:44.742", "01:31:44.742"),
        (5504740, "91:44.740", "01:31:44.74"),
        (0, "0:00.000", "00:00:00"),
        (None, None, None),
    ],
)
def test_times_are_written_as_the_product_writes_them(
    milliseconds: int | None, lap: str | None, time: str | None
) -> None:
    """Laps as `1:28.123`; intervals as PostgreSQL prints them, or every row would look changed."""
    assert (lap_time(milliseconds), interval(milliseconds)) == (lap, time)


def test_lines_by_column_are_the_same_lines_again() -> None:
    """All fields; a column of which nobody has anything takes no room; order is the car's."""
    full = Line(
        car="44",
        status=ResultStatus.DSQ,
        drivers=("a", "b"),
        team="t",
        position=4,
        grid=5,
        points=0,
        laps=6,
        laps_led=7,
        milliseconds=8,
        gap="+1 LAP",
        q=(1, None, 3),
        detail="+1 Lap",
    )
    bare = Line(car="1")
    stored = pack([full, bare])
    assert unpack(stored.columns) == [bare, full]
    assert stored.digest == pack([bare, full]).digest
    assert stored.digest != pack([bare]).digest
    assert set(pack([bare]).columns) == {"car"}
    assert (repr(stored), stored.count) == (object.__repr__(stored), 2)
    assert unpack(pack([]).columns) == []


def test_a_car_that_two_are_listed_with_is_nobodys() -> None:
    """Its line can't be told to be the one's or the other's; another source's list is its own."""
    listed = [("openf1", ANNA, "44"), ("openf1", BERT, "44"), ("ergast", BERT, "44")]
    assert cars([*listed, ("openf1", ANNA, None)]) == {("ergast", "44"): BERT}
