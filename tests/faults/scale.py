"""How much of it: a short form in every test run, a long one in ``make chaos``; with seeds."""

import os
import random

import pytest

#: The long form.
CHAOS = bool(os.environ.get("CHAOS"))
#: ``make chaos SEED=n`` repeats what failed, and nothing else.
SEED = os.environ.get("SEED")


def times(short: int, long: int) -> int:
    """How often: in every test run, or in the long form."""
    return long if CHAOS else short


def seeds(short: int, long: int) -> list[int]:
    """Which seeds: the one that is to be repeated, or the first so many."""
    return [int(SEED)] if SEED else list(range(times(short, long)))


class Dice(random.Random):
    """Chance that can be repeated: a test that fails says by which seed."""

    def __init__(self, seed: int) -> None:
        super().__init__(seed)
        self.seed_used = seed

    def __enter__(self) -> "Dice":
        return self

    def __exit__(self, kind: type[BaseException] | None, error: object, trace: object) -> None:
        if kind is not None and issubclass(kind, Exception):
            pytest.fail(f"{kind.__name__}: {error} (make chaos SEED={self.seed_used})")
