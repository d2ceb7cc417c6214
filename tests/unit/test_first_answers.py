"""The first of a kind comes through alone; then everybody is let in at once."""

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier, BrokenBarrierError

import pytest

from ingestion_core.work.first_answers import first_alone


def meet(kind: str, seconds: float) -> list[bool]:
    """Send two threads in; whether each met the other inside."""
    barrier = Barrier(2)

    def inside(_: int) -> bool:
        with first_alone(kind):
            try:
                barrier.wait(seconds)
            except BrokenBarrierError:
                return False
            return True

    with ThreadPoolExecutor(2) as pool:
        return list(pool.map(inside, range(2)))


def test_two_that_are_first_never_meet_and_later_ones_do() -> None:
    """The second waits until the first has come through."""
    assert meet("a kind", 0.1) == [False, False]
    assert meet("a kind", 10) == [True, True]


def test_one_that_failed_was_not_the_first() -> None:
    """The storage was away: the next one is alone, and let in."""
    with pytest.raises(OSError, match="away"), first_alone("another"):
        raise OSError("away")
    assert meet("another", 0.1) == [False, False]
