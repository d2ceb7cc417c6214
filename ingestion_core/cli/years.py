"""Which seasons a command looks at: ``--year``, or ``--from`` and ``--to``."""

import argparse

_FIRST, _LAST = 1900, 9999


def add(parser: argparse.ArgumentParser) -> None:
    """Add the options."""
    parser.add_argument("--year", type=int, help="one season; all if none is named")
    parser.add_argument("--from", dest="first", type=int, metavar="YEAR")
    parser.add_argument("--to", dest="last", type=int, metavar="YEAR")


def chosen_years(parser: argparse.ArgumentParser, chosen: argparse.Namespace) -> tuple[int, int]:
    """The first and the last of them; misuse ends the command."""
    if chosen.year is not None:
        if (chosen.first, chosen.last) != (None, None):
            parser.error("--year, or --from and --to")
        return chosen.year, chosen.year
    first = _FIRST if chosen.first is None else chosen.first
    last = _LAST if chosen.last is None else chosen.last
    if first > last:
        parser.error("--from comes before --to")
    return first, last
