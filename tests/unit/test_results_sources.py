"""What is believed where the archive and OpenF1 both know a session."""

import random
from collections.abc import Collection, Mapping
from typing import Any
from uuid import UUID, uuid5

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ingestion_core.identity import ids
from ingestion_core.racing.classification import FastestLap, Line
from ingestion_core.racing.kinds import ResultStatus
from ingestion_core.results import placing, product, sets, writer
from ingestion_core.results.columns import Stored
from ingestion_core.results.projection import COLUMNS, Placed, id_of, rows
from ingestion_core.results.wording import speed
from tests.support.lines import lines as any_line

ENTRANTS = {"anna": "entrant-a", "bert": "entrant-b"}
SOURCES = ("openf1", "ergast", "thethirdturn")
DSQ, DNF, FINISHED = ResultStatus.DSQ, ResultStatus.DNF, ResultStatus.FINISHED


def line(**fields: Any) -> Line:
    """A line of car 44, which finished."""
    return Line(**{"car": "44", "status": FINISHED, **fields})


def row(said: Mapping[str, Line | list[Line]], doubted: Collection[str] = ()) -> dict[str, Any]:
    """Anna's row, by what each source says of her."""
    lines = {
        source: [Placed("anna", each) for each in (its if isinstance(its, list) else [its])]
        for source, its in said.items()
    }
    return rows("session", ENTRANTS, lines, {}, doubted)["entrant-a"]


def lap(**fields: Any) -> FastestLap:
    """Somebody's fastest lap."""
    return FastestLap(**{"number": 50, "rank": 1, "milliseconds": 86572, "speed": 206.018} | fields)


def told(found: Mapping[str, Any]) -> tuple[Any, ...]:
    """What a row says of the fastest lap: flag, number, rank, time, speed."""
    names = ("", "Number", "Rank", "Time", "Speed")
    return tuple(found[f"FastestLap{name}"] for name in names)


def test_a_fastest_lap_is_written_as_the_archive_writes_it() -> None:
    """Minutes and thousandths; three decimals, of which the number has lost the last."""
    assert told(row({"ergast": line(fastest=lap())})) == (True, 50, 1, "1:26.572", "206.018")
    assert told(row({"ergast": line(fastest=lap(speed=218.3, rank=2))}))[::4] == (False, "218.300")
    assert [speed(one) for one in (99.0, 206.02, None)] == ["99.000", "206.020", None]


def test_a_fastest_lap_comes_whole_from_the_first_source_that_has_it() -> None:
    """The archive's before any other's; nothing of another's lap is put beside it."""
    other = lap(number=9, rank=2, milliseconds=1, speed=1.0)
    both = {"openf1": line(fastest=other), "ergast": line(fastest=lap(speed=None))}
    assert told(row(both)) == (True, 50, 1, "1:26.572", None)
    assert told(row({"openf1": line(fastest=other), "ergast": line()}))[1:3] == (9, 2)
    last = {"thethirdturn": line(fastest=lap()), "openf1": line(fastest=other)}
    assert told(row(last))[1:3] == (9, 2)


def test_nobody_says_whose_lap_was_the_fastest_unless_somebody_ranks_them() -> None:
    """A sprint's laps have no rank: then the flag is not decided here."""
    assert told(row({"openf1": line()})) == (None,) * 5
    assert told(row({"ergast": line(fastest=lap(rank=None))}))[:3] == (None, 50, None)
    made = rows(
        "session",
        ENTRANTS,
        {"ergast": [Placed("anna", line(fastest=lap())), Placed("bert", line(car="4"))]},
        {},
    )
    assert [made[one]["FastestLap"] for one in ("entrant-a", "entrant-b")] == [True, False]


def test_a_set_in_doubt_comes_after_one_that_is_not() -> None:
    """2024 Spa: OpenF1's times are impossible, so the archive's row counts, laps and all."""
    both = {
        "openf1": line(position=1, laps=44, points=25),
        "ergast": line(position=1, laps=45, milliseconds=4797566),
    }
    found = row(both, doubted=["openf1"])
    assert (found["TimeMilliseconds"], found["Laps"], found["Points"]) == (4797566, 45, 25)
    assert (row(both)["TimeMilliseconds"], row(both)["Laps"]) == (None, 44)
    alone = row({"openf1": line(position=1, laps=44)}, doubted=["openf1"])
    assert (alone["Position"], alone["Laps"]) == (1, 44)


@pytest.mark.parametrize(
    ("first", "second", "detail"),
    [
        # OpenF1 knows that, the archive why.
        (line(status=DNF, laps=9), line(status=DNF, laps=9, detail="Engine"), "Engine"),
        (line(status=ResultStatus.DNS), line(status=DNF, laps=0, detail="Engine"), "Engine"),
        (line(laps=9), line(laps=9, detail="Collision"), "Collision"),
        # With the group, if that has one.
        (line(detail="Retired", laps=9), line(detail="Collision", laps=9), "Retired"),
        # Of another end.
        (line(laps=58), line(laps=57, detail="+1 Lap"), None),
        (line(laps=58), line(laps=58, status=DSQ, detail="Disqualified"), None),
    ],
)
def test_a_detail_comes_with_the_group_or_from_who_tells_of_the_same_end(
    first: Line, second: Line, detail: str | None
) -> None:
    """Never one that contradicts the row."""
    assert row({"openf1": first, "ergast": second})["StatusDetail"] == detail


def test_a_cars_number_is_whoevers_has_one() -> None:
    """OpenF1's first."""
    assert row({"openf1": line(car="33"), "ergast": line(car="1")})["CarNumber"] == "33"
    assert row({"thethirdturn": line(car="1"), "ergast": line(car=None)})["CarNumber"] == "1"


def test_a_drivers_drives_are_one_before_the_sources_are_compared() -> None:
    """The archive's two are its one line; OpenF1's still counts before it."""
    drives = [line(car="1", position=4, points=1.5, laps=9), line(status=DNF, points=1, laps=3)]
    assert (row({"ergast": drives})["Position"], row({"ergast": drives})["Points"]) == (4, 2.5)
    found = row({"ergast": drives, "openf1": line(position=2)})
    assert (found["Position"], found["Points"]) == (2, 2.5)


def test_an_id_is_a_uuid5_in_a_namespace_of_results() -> None:
    """Made from text, it is the same as by way of objects."""
    space = UUID(ids.of("result"))
    for number in range(64):
        assert id_of("s", f"{number}") == str(uuid5(space, f"s|{number}"))


@settings(deadline=None)
@given(
    st.dictionaries(st.sampled_from(SOURCES), st.lists(any_line, min_size=1, max_size=3)),
    st.randoms(use_true_random=False),
)
def test_neither_the_order_of_sources_nor_of_lines_decides_anything(
    said: dict[str, list[Line]], chance: random.Random
) -> None:
    """Whatever they say: all columns, and the same."""
    names = list(said)
    chance.shuffle(names)
    shuffled = {name: chance.sample(said[name], len(said[name])) for name in names}
    if said:
        same = row(said) == row(shuffled)
        assert same
        assert set(row(said)) == {"Id", "SessionId", "EntrantId", *COLUMNS}


def test_nothing_that_the_writer_holds_shows_a_value() -> None:
    """Neither in a traceback with locals nor in a test's diff."""
    held = (sets.Latest, sets.Revision, product.Ours, product._Plan, writer._Projected)
    kinds = (*held, placing.Told, Placed, Stored)
    assert not [kind.__name__ for kind in kinds if kind.__dataclass_params__.repr]  # type: ignore[attr-defined] # dataclasses'
