"""Lines by column: nothing is lost, and no order remains."""

import json
import random
from dataclasses import fields
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from ingestion_core.racing.classification import FastestLap, Line
from ingestion_core.results.columns import pack, unpack
from tests.support.lines import lines as any_line


def through_json(lines: list[Line]) -> list[Line]:
    """The lines after they were stored and read."""
    return unpack(json.loads(pack(lines).text))


@settings(deadline=None)
@given(st.lists(any_line, max_size=6))
def test_lines_come_back_as_they_were(lines: list[Line]) -> None:
    """Every field of every line, even of lines that say nothing; stored and read."""
    stored = pack(lines)
    same = (
        unpack(stored.columns) == list(stored.lines) == through_json(lines),
        sorted(map(hash, stored.lines)) == sorted(map(hash, lines)),
        stored.count == len(lines),
    )
    assert all(same)


@settings(deadline=None)
@given(st.lists(any_line, max_size=6), st.randoms(use_true_random=False))
def test_the_order_in_which_lines_came_leaves_no_trace(
    lines: list[Line], chance: random.Random
) -> None:
    """Neither in the columns nor in the digest: it was the finishing order."""
    shuffled = list(lines)
    chance.shuffle(shuffled)
    one, other = pack(lines), pack(shuffled)
    same = one.text == other.text and one.digest == other.digest
    assert same


@settings(deadline=None)
@given(any_line, any_line)
def test_lines_that_differ_have_digests_that_differ(one: Line, other: Line) -> None:
    """Down to the fastest lap."""
    differ = pack([one]).digest != pack([other]).digest
    assert differ is (one != other)


def test_every_field_of_a_line_is_a_column() -> None:
    """Also one that is added to it some day."""
    full: dict[str, Any] = {one.name: 1 for one in fields(Line)}
    lap = FastestLap(number=12, rank=1, milliseconds=86572, speed=206.018)
    full |= {
        "drivers": ("x",),
        "status": 0,
        "q": (1, 2, 3),
        "fastest": lap,
        "team": "t",
        "car": "1",
    }
    stored = pack([Line(**full)])
    assert set(stored.columns) == set(full)
    assert stored.columns["fastest"] == [[12, 1, 86572, 206.018]]
    assert unpack(stored.columns)[0].fastest == lap


def test_lines_that_say_nothing_at_all_are_still_so_many() -> None:
    """There is a column even where nobody has anything."""
    assert unpack(pack([Line(None), Line(None)]).columns) == [Line(None), Line(None)]


def test_a_set_that_was_stored_without_the_newer_columns_can_be_read() -> None:
    """What nobody said of it then is null now."""
    (line,) = unpack({"car": ["44"], "status": [0], "position": [1]})
    assert (line.car, line.position, line.fastest, line.drivers) == ("44", 1, None, ())
