"""Rounds are numbered by date among the meetings that count."""

from datetime import date, timedelta
from random import Random

from hypothesis import given
from hypothesis import strategies as st

from ingestion_core.racing.types import number_rounds

MEETINGS = st.lists(
    st.tuples(
        st.integers(1, 99).map(str), st.dates(date(2024, 1, 1), date(2024, 1, 9)), st.booleans()
    ),
    max_size=30,
    unique_by=lambda one: one[0],
)


def test_tests_and_cancelled_meetings_take_no_number() -> None:
    """What follows them moves up."""
    assert number_rounds(
        [
            ("race b", date(2026, 3, 15), True),
            ("cancelled", date(2026, 3, 22), False),
            ("race a", date(2026, 3, 8), True),
            ("testing", date(2026, 2, 18), False),
            ("race c", date(2026, 4, 12), True),
        ]
    ) == {"testing": 0, "race a": 1, "race b": 2, "cancelled": 0, "race c": 3}


def test_a_cancellation_renumbers_the_rest() -> None:
    """And a flag that is taken back restores the numbers."""
    days = [date(2026, 4, 1) + timedelta(weeks=week) for week in range(4)]
    before = number_rounds((str(week), day, True) for week, day in enumerate(days))
    after = number_rounds((str(week), day, week != 1) for week, day in enumerate(days))
    assert list(before.values()) == [1, 2, 3, 4]
    assert list(after.values()) == [1, 0, 2, 3]


def test_no_meetings_have_no_numbers() -> None:
    """An empty season."""
    assert number_rounds([]) == {}


@given(MEETINGS, st.randoms(use_true_random=False))
def test_the_order_in_which_meetings_are_listed_decides_nothing(
    meetings: list[tuple[str, date, bool]], random: Random
) -> None:
    """Nor do two meetings on one day."""
    shuffled = list(meetings)
    random.shuffle(shuffled)
    assert number_rounds(shuffled) == number_rounds(meetings)


@given(MEETINGS)
def test_numbers_are_one_to_n_in_order_of_the_days(
    meetings: list[tuple[str, date, bool]],
) -> None:
    """Without a gap, none twice, 0 for the rest."""
    numbers = number_rounds(meetings)
    counting = sorted((numbers[key], day) for key, day, counts in meetings if counts)
    assert [number for number, _ in counting] == list(range(1, len(counting) + 1))
    assert [day for _, day in counting] == sorted(day for _, day in counting)
    assert all(numbers[key] == 0 for key, _, counts in meetings if not counts)
