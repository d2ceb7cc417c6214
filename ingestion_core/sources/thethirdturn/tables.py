"""Tables by their header's text: a column's place says nothing."""

import re
from collections.abc import Iterator, Sequence
from typing import Final

from ingestion_core.sources.thethirdturn.markup import Node, attribute, children, text_of

#: More columns than any table has; a cell may claim to span any number.
MAX_COLUMNS: Final = 100

_WHOLE: Final = re.compile(r"\d{1,3}", re.ASCII)


def rows(table: Node) -> Iterator[Node]:
    """A table's own rows, not those of tables within it."""
    for part in children(table):
        if part.tag in ("tbody", "thead", "tfoot"):  # the parser puts every row into one
            yield from (one for one in children(part) if one.tag == "tr")


def cells(row: Node) -> list[Node]:
    """A row's own cells."""
    return [one for one in children(row) if one.tag in ("td", "th")]


def caption(row: Node) -> str | None:
    """The text of a row that is one heading over the whole table, or over what follows in it."""
    match cells(row):
        case [only] if only.tag == "th":
            return text_of(only)
    return None


def header(row: Node) -> tuple[str, ...] | None:
    """The columns' names, where this is the row that names them: headings only."""
    found = cells(row)
    if len(found) < 2 or any(one.tag != "th" for one in found):
        return None
    return tuple(name for one in found for name in [text_of(one)] * _span(one))[:MAX_COLUMNS]


def by_column(row: Node, columns: Sequence[str]) -> dict[str, Node] | None:
    """A row's cells by the name of their column; None where it has not as many as there are.

    Of two columns of one name the first counts.
    """
    spread = [one for one in cells(row) for _ in range(_span(one))]
    if len(spread) != len(columns):
        return None
    return dict(zip(reversed(columns), reversed(spread), strict=True))


def _span(cell: Node) -> int:
    found = _WHOLE.fullmatch(attribute(cell, "colspan").strip())
    return min(max(int(found[0]), 1), MAX_COLUMNS) if found else 1
