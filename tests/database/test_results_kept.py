"""Rows that stood there, rows that somebody changed, and what is kept of them."""

from collections.abc import Iterator
from datetime import timedelta

import pytest

from ingestion_core.racing.classification import FastestLap, Line
from ingestion_core.racing.kinds import ResultStatus
from ingestion_core.results import removal
from tests.support.rounds import (
    OBSERVED,
    Rounds,
    change,
    drive,
    foreign,
    results,
    rows_of,
    seeded,
    told,
    values,
    write,
)

FINISHED, DNF = ResultStatus.FINISHED, ResultStatus.DNF
LATER = OBSERVED + timedelta(days=1)


@pytest.fixture
def rounds(database: str) -> Iterator[Rounds]:
    """A round of three drivers."""
    with seeded(database, "fangio", "musso", "moss") as made:
        yield made


def test_a_row_that_stood_there_keeps_what_nobody_else_says(rounds: Rounds) -> None:
    """Its id, its numbers, 0 among them, and the fastest lap; never what contradicts the sets."""
    kept = foreign(
        rounds,
        "1/race",
        "fangio",
        Status=1,
        Laps=22,
        Points=0,
        LapsLed=0,
        GridPosition=1,
        CarNumber="30",
        StatusDetail="Fuel pump",
        FastestLap=True,
        FastestLapTime="1:45.300",
        Position=9,
    )
    other = foreign(rounds, "1/race", "moss", Status=1, Laps=22, StatusDetail="Engine")
    lines = [drive("fangio", status=DNF, laps=22), drive("moss", position=2, laps=98)]
    assert write(rounds, told("1/race", *lines)).rows == 2
    names = ("Id", "Points", "LapsLed", "GridPosition", "CarNumber", "StatusDetail", "Position")
    assert values(rounds, "1/race", *names) == {
        "fangio": (str(kept), 0, 0, 1, "30", "Fuel pump", None),
        "moss": (str(other), None, None, None, None, None, 2),
    }
    assert values(rounds, "1/race", "FastestLap", "FastestLapTime") == {
        "fangio": (True, "1:45.300"),
        "moss": (False, None),
    }
    assert write(rounds, told("1/race", *lines, observed_at=LATER)).rows == 0
    said = [drive("fangio", status=DNF, laps=23, points=1), lines[1]]
    write(rounds, told("1/race", *said, observed_at=LATER))
    after = values(rounds, "1/race", *names)["fangio"]
    assert after == (str(kept), 1, 0, 1, "30", None, None)


def test_a_row_of_somebody_elses_never_goes(rounds: Rounds) -> None:
    """Ours go when no source gives them any more."""
    foreign(rounds, "1/race", "moss")
    write(rounds, told("1/race", drive("fangio"), drive("musso")))
    write(rounds, told("1/race", drive("fangio"), observed_at=LATER))
    assert set(results(rounds, "1/race")) == {"fangio", "moss"}


FASTEST = ("FastestLap", "FastestLapNumber", "FastestLapRank", "FastestLapTime", "FastestLapSpeed")
NO_LAP = (False, None, None, None, None)


def test_the_fastest_lap_comes_with_the_archive_and_goes_with_it(rounds: Rounds) -> None:
    """Nothing of it remains when that source is taken out, in a row of another's."""
    rounds.listed("1/race", "moss", "7")
    lap = FastestLap(50, 1, 86572, 206.018)
    write(rounds, told("16", Line("7", FINISHED, position=2, laps=98), source="openf1"))
    assert values(rounds, "1/race", *FASTEST) == {"moss": NO_LAP}
    laps = [drive("moss", position=1, fastest=lap), drive("fangio", position=2)]
    assert write(rounds, told("1/race", *laps)).rows == 2
    assert values(rounds, "1/race", *FASTEST) == {
        "moss": (True, 50, 1, "1:26.572", "206.018"),
        "fangio": NO_LAP,
    }
    assert removal.remove(rounds.db, "ergast") == 2
    assert values(rounds, "1/race", "Position", *FASTEST) == {"moss": (2, *NO_LAP)}


def test_what_somebody_adds_of_a_fastest_lap_stays_until_a_source_knows_it(
    rounds: Rounds,
) -> None:
    """In a row of ours, while no source speaks of it; then the source's word counts."""
    write(rounds, told("1/race", drive("moss", position=1), drive("fangio", position=2)))
    change(rounds, "1/race", "fangio", FastestLap=True, FastestLapNumber=3)
    swapped = [drive("moss", position=2), drive("fangio", position=1)]
    assert write(rounds, told("1/race", *swapped, observed_at=LATER)).rows == 2
    assert values(rounds, "1/race", *FASTEST)["fangio"] == (True, 3, None, None, None)
    lap = FastestLap(50, 1, 86572, 206.018)
    known = [drive("moss", position=2, fastest=lap), swapped[1]]
    write(rounds, told("1/race", *known, observed_at=LATER + timedelta(days=1)))
    found = values(rounds, "1/race", *FASTEST)
    assert (found["moss"][0], found["fangio"][:2]) == (True, (False, 3))
    change(rounds, "1/race", "moss", FastestLapNumber=99)
    assert write(rounds).rows == 1
    assert values(rounds, "1/race", *FASTEST)["moss"][1] == 50


def test_a_row_that_is_no_ones_any_more_is_forgotten(rounds: Rounds) -> None:
    """What we wrote is remembered per session, as long as there is anything."""
    written = "SELECT session, cardinality(results) FROM spoilers.written"
    write(rounds, told("1/race", drive("moss"), drive("fangio")))
    assert rounds.db.execute(written).fetchall() == [(rounds.sessions["1/race"], 2)]
    removal.remove(rounds.db, "ergast")
    assert rounds.db.execute(written).fetchall() == []
    assert rows_of(rounds.db) == {}
