"""How many examples a wire format is tried with: some in every test run, many in ``make chaos``."""

from hypothesis import settings

from tests.faults.scale import times

EXAMPLES = times(500, 20_000)


def fuzzed(share: int = 1) -> settings:
    """So many examples of a wire format, or each of ``share`` tests its part of them."""
    return settings(max_examples=EXAMPLES // share)
