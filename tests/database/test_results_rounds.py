"""The results writer on rounds made by hand: whose a line is, and many rounds at once."""

import traceback
from collections.abc import Iterator
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest

from ingestion_core.racing.classification import Facet, Line
from ingestion_core.racing.kinds import ResultStatus
from ingestion_core.racing.types import Unreadable
from ingestion_core.results import revisions, writer
from ingestion_core.results.errors import ResultsDatabaseError
from tests.support.rounds import (
    OBSERVED,
    Counting,
    Rounds,
    drive,
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
    """Two rounds of three drivers."""
    with seeded(database, "fangio", "musso", "moss", rounds=2) as made:
        yield made


def refused(rounds: Rounds) -> list[tuple[Any, ...]]:
    """What was set apart: source, session, facet, row and reason."""
    return rounds.db.execute(
        "SELECT source, session, facet, row_key, reason FROM spoilers.quarantine ORDER BY 1,2,3,4,5"
    ).fetchall()


def test_many_rounds_are_written_at_once_each_on_its_own_entrants(rounds: Rounds) -> None:
    """The same man in two rounds is two entrants; a key of a session is a source's own."""
    done = write(
        rounds,
        told("1/race", drive("fangio", position=1), drive("moss", position=2)),
        told("2/race", drive("fangio", position=2), drive("moss", position=1)),
        told("23", drive("fangio", position=3), source="openf1"),
    )
    assert (done.results, done.rows, done.revised, done.quarantined) == (4, 4, 3, 1)
    assert values(rounds, "1/race", "Position") == {"fangio": (1,), "moss": (2,)}
    assert values(rounds, "2/race", "Position") == {"fangio": (2,), "moss": (1,)}
    # OpenF1's key means a session of the second round, but nobody knows whom it calls fangio.
    assert refused(rounds) == [
        ("openf1", "23", "classification", "car=None driver=fangio", "no-entry-of-this-driver")
    ]


def test_the_number_of_statements_is_the_same_for_any_number_of_rounds(database: str) -> None:
    """One round, or a season."""
    counts = []
    with seeded(database, "fangio", "moss", rounds=6) as many:
        for last in (1, 5):
            Counting.statements = 0
            sets = [
                told(f"{number}/{kind}", drive("fangio"), drive("moss"))
                for number in range(2 if last > 1 else 1, last + 2 if last > 1 else 2)
                for kind in ("race", "qualifying")
            ]
            some = many.rounds[1:] if last > 1 else many.rounds[:1]
            assert writer.write(many.db, some, sets).rows == len(some) * 4
            counts.append(Counting.statements)
    assert counts[0] == counts[1] <= 12


def test_who_is_named_has_the_result_whoever_is_listed_with_that_car(rounds: Rounds) -> None:
    """A key decides; a number is not even looked at."""
    rounds.listed("1/race", "moss", "34", source="ergast")
    write(rounds, told("1/race", drive("fangio", car="34", position=1)))
    assert values(rounds, "1/race", "Position", "CarNumber") == {"fangio": (1, "34")}


def test_several_drivers_of_one_car_all_have_its_result(rounds: Rounds) -> None:
    """Whoever of them is no entrant is set apart, by his name, without the others."""
    line = drive("fangio", "musso", "nobody", car="34", position=1, points=4)
    done = write(rounds, told("1/race", line))
    assert values(rounds, "1/race", "Position", "CarNumber") == {
        "fangio": (1, "34"),
        "musso": (1, "34"),
    }
    assert (done.results, done.folded, done.quarantined) == (2, 0, 1)
    assert refused(rounds) == [
        ("ergast", "1/race", "classification", "car=34 driver=nobody", "no-entry-of-this-driver")
    ]


def test_whose_key_is_undecided_or_who_did_not_enter_has_no_result_and_his_neighbours_have(
    rounds: Rounds,
) -> None:
    """Nor does whoever drove that car; the next time he has entered, the result is there."""
    rounds.drivers["collins"] = uuid4()
    rounds._insert(
        "Drivers", Id=rounds.drivers["collins"], FirstName="P", LastName="C", Slug="collins"
    )
    rounds.claim("ergast", "driver", "collins", rounds.drivers["collins"])
    rounds.claim("ergast", "driver", "pending", None)
    rounds.listed("1/race", "moss", "7", source="ergast")
    its = [drive(one, car="7", position=3) for one in ("collins", "pending")]
    done = write(rounds, told("1/race", *its, drive("fangio", position=1)))
    assert set(results(rounds, "1/race")) == {"fangio"}
    assert (done.quarantined, done.refused) == (2, 0)
    assert {one[3] for one in refused(rounds)} == {"car=7 driver=collins", "car=7 driver=pending"}
    rounds.enter("collins")
    assert write(rounds).rows == 1
    assert set(results(rounds, "1/race")) == {"fangio", "collins"}


def test_two_drives_are_one_row_and_two_lines(rounds: Rounds) -> None:
    """Folded in the product, kept apart in what the source said."""
    lines = (
        drive("fangio", car="30", status=DNF, points=0, laps=22, detail="Fuel pump"),
        drive("fangio", car="34", position=1, points=5, laps=98),
        drive("musso", car="34", position=1, points=4, laps=98),
    )
    done = write(rounds, told("1/race", *lines))
    assert (done.results, done.rows, done.folded, done.quarantined) == (2, 2, 1, 0)
    names = ("Position", "Points", "CarNumber", "StatusDetail")
    assert values(rounds, "1/race", *names) == {
        "fangio": (1, 5, "34", "also drove car 30: retired, Fuel pump, 22 laps"),
        "musso": (1, 4, "34", None),
    }
    (stored,) = rounds.db.execute("SELECT lines FROM spoilers.classifications").fetchall()
    assert stored[0]["drivers"] == [["fangio"], ["fangio"], ["musso"]]
    again = write(rounds, told("1/race", *reversed(lines), observed_at=LATER))
    assert (again.rows, again.revised, again.folded) == (0, 0, 1)


def test_a_grid_is_its_own_rounds(rounds: Rounds) -> None:
    """Both qualifyings set one; the lines go by car, since nobody is named."""
    for number in (1, 2):
        for kind in ("qualifying", "race"):
            rounds.listed(f"{number}/{kind}", "moss", "7")
    sets = [
        told(f"{number}3", Line("7", grid=10 + number), source="openf1", facet=Facet.GRID)
        for number in (1, 2)
    ]
    races = [
        told(f"{number}6", Line("7", FINISHED, position=1), source="openf1") for number in (1, 2)
    ]
    assert write(rounds, *sets, *races).results == 2
    assert values(rounds, "1/race", "GridPosition") == {"moss": (11,)}
    assert values(rounds, "2/race", "GridPosition") == {"moss": (12,)}


def test_a_set_of_a_session_that_is_not_there_is_kept_apart(rounds: Rounds) -> None:
    """Nothing is lost, and the others are stored."""
    done = write(rounds, told("9/race", drive("moss")), told("1/race", drive("moss")))
    assert (done.results, done.refused, done.quarantined) == (1, 1, 1)
    assert refused(rounds) == [("ergast", "9/race", "classification", "", "no-such-session")]


def test_an_unreadable_row_is_kept_under_its_source_and_its_session_or_table(
    rounds: Rounds,
) -> None:
    """Two tables may count their rows alike."""
    bad = [
        Unreadable("results", "resultId=123", "unreadable: laps", {"laps": "x"}),
        Unreadable("sprint_results", "resultId=123", "unreadable: laps", {"laps": "x"}),
        Unreadable("starting_grid", "session_key=13 driver_number=7", "unreadable: position", {}),
    ]
    assert write(rounds, unreadable=bad).quarantined == 3
    assert refused(rounds) == [
        ("ergast", "13", "grid", "session_key=13 driver_number=7", "unreadable: position"),
        ("ergast", "results", "classification", "resultId=123", "unreadable: laps"),
        ("ergast", "sprint_results", "classification", "resultId=123", "unreadable: laps"),
    ]
    with pytest.raises(ValueError, match="no source"):
        writer.write(rounds.db, rounds.rounds, [], bad)


def test_a_row_that_can_not_be_read_takes_nothing_from_another_driver_of_that_car(
    rounds: Rounds,
) -> None:
    """He whose line is missing keeps the one he had, though the car has another."""
    both = [drive("fangio", car="34", position=1), drive("musso", car="34", position=1)]
    write(rounds, told("1/race", *both))
    left = told("1/race", both[1], observed_at=LATER, complete=False)
    assert write(rounds, left).rows == 0
    assert set(results(rounds, "1/race")) == {"fangio", "musso"}
    gone = told("1/race", both[1], observed_at=LATER)
    assert write(rounds, gone).rows == 1
    assert set(results(rounds, "1/race")) == {"musso"}


@pytest.mark.parametrize("table", ['"Results"', "spoilers.classifications"])
def test_what_the_database_refuses_of_a_copy_is_not_told(rounds: Rounds, table: str) -> None:
    """PostgreSQL's error of a COPY has the whole line in it."""
    rounds.db.execute(f"ALTER TABLE {table} ADD CONSTRAINT no_canary CHECK (false)".encode())
    with pytest.raises(ResultsDatabaseError) as raised:
        write(
            rounds,
            told("1/race", drive("moss", car="X-98", milliseconds=987654321, detail="canary '")),
        )
    error = raised.value
    assert str(error) == "sqlstate 23514, constraint no_canary"
    assert (error.__context__, error.__cause__) == (None, None)
    # From the writer's own frame on: the test knows the values itself.
    below = error.__traceback__
    while below and "ingestion_core" not in below.tb_frame.f_code.co_filename:
        below = below.tb_next
    told_of = traceback.TracebackException(type(error), error, below, capture_locals=True)
    shown = "".join(told_of.format())
    assert "ResultsDatabaseError" in shown
    for word in ("canary '", "987654321", "X-98", "COPY", "CONTEXT"):
        assert word not in shown, word
    assert rows_of(rounds.db) == {}
    assert rounds.db.execute("SELECT count(*) FROM spoilers.classifications").fetchone() == (0,)


def test_a_session_is_shown_by_any_sources_key_of_it(rounds: Rounds) -> None:
    """Most of the archive's have no other; revisions name them by their id."""
    write(rounds, told("1/race", drive("moss", position=1)))
    write(rounds, told("1/race", drive("moss", position=2), observed_at=LATER))
    for name in ("1/race", "16", str(rounds.sessions["1/race"])):
        assert [one["position"] for one in revisions.show(rounds.db, name)] == [2]
    assert revisions.show(rounds.db, "2/race") == []
    (found,) = revisions.revisions(rounds.db, 1956)
    assert (found["session"], found["sets"]) == (str(rounds.sessions["1/race"]), 2)
