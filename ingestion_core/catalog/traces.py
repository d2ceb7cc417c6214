"""What a trace of a row is made of. Values are JSON's, as they stand in the product."""

from dataclasses import dataclass
from typing import Any, Final

#: Who may have given a value besides the sources and the hand-checked tables ("tables"): somebody
#: in the product, the clock, the sources' entry lists together, and this project, once.
PRODUCT: Final = "product"
TIME: Final = "time"
LISTS: Final = "lists"
US: Final = "us"


@dataclass(frozen=True, slots=True)
class Word:
    """What one source says.

    Args:
        source: its name.
        key: what the source calls the thing; None where it has no key for it.
        observed_at: when the source said so, ISO; None of what has no moment.
        value: what it says.
        as_of: the moment that the source's row speaks of, ISO, where it speaks of one.
        about: of what it says so, where that is not the row itself.
    """

    source: str
    key: str | None
    observed_at: str | None
    value: Any
    as_of: str | None = None
    about: str | None = None


@dataclass(frozen=True, slots=True)
class Column:
    """A column of a row.

    Args:
        name: as in the product.
        value: what stands there.
        given_by: a source, "tables", "product", "time", "lists", "us"; None: never ours.
        because: why it is so, where the words alone don't tell.
        words: of those who gave it.
        others: of those who say something else.
    """

    name: str
    value: Any
    given_by: str | None
    because: str | None = None
    words: tuple[Word, ...] = ()
    others: tuple[Word, ...] = ()


@dataclass(frozen=True, slots=True)
class Known:
    """A source's key that means the row; ``decided_by``: the person who said so, if one did."""

    source: str
    key: str
    observed_at: str
    decided_by: str | None


@dataclass(frozen=True, slots=True)
class Decision:
    """A standing decision that touches the row: a key that was ``before`` means ``after``."""

    decision: int
    kind: str
    source: str
    key: str
    before: str
    after: str
    decided_by: str | None
    decided_at: str


@dataclass(frozen=True, slots=True)
class Trace:
    """A row, column by column. ``due``: what would be written now, where that differs."""

    table: str
    id: str
    keys: tuple[Known, ...]
    columns: tuple[Column, ...]
    decisions: tuple[Decision, ...]
    due: dict[str, Any]
