"""The query language of OpenF1, as its production understands it: pure, no HTTP.

Three habits of it surprise and are kept on purpose: conditions on one field are alternatives
unless they form a range; a range the wrong way round is therefore two alternatives; and an
unknown field is no error but meets no row. What clients are told to filter on is integer keys.
Texts are compared for equality only, and dates are not understood at all.
"""

import operator
from collections.abc import Callable, Iterable, Mapping, Sequence
from itertools import groupby
from typing import NamedTuple, TypeGuard
from urllib.parse import parse_qsl

from local.replay.rows import Row

Value = bool | int | float | str

OPERATORS: Mapping[str, Callable[[float, float], bool]] = {
    ">=": operator.ge,
    "<=": operator.le,
    "=": operator.eq,
    ">": operator.gt,
    "<": operator.lt,
}
"""In the order in which production looks for them in a parameter."""

DATE_WORDS = frozenset(
    {"mon", "tue", "wed", "thu", "fri", "sat", "sun"}
    | {"jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"}
)
"""Words production's guess takes for dates: country_code=MON never finds Monaco."""


class Condition(NamedTuple):
    """One parameter of a query, such as session_key>=9000."""

    field: str
    operator: str
    value: Value

    def holds(self, row: Row) -> bool:
        """Whether `row` meets this condition; null and other kinds of value never do."""
        actual, asked = row.get(self.field), self.value
        if self.operator == "=":
            if actual != asked:
                return False
            # Python takes True for 1; Mongo does not.
            alike = isinstance(actual, bool) is isinstance(asked, bool)
            return alike and not _is_date_word(asked)
        return _is_number(actual) and _is_number(asked) and OPERATORS[self.operator](actual, asked)


class QueryError(Exception):
    """A parameter without an operator, such as `?year`: production answers 500."""


def parse(query: str, latest: Mapping[str, int]) -> list[Condition]:
    """The conditions of a raw query string; `latest` gives what `session_key=latest` means.

    Raises QueryError for a parameter without an operator.
    """
    parameters = parse_qsl(query, keep_blank_values=True)
    # As production does it, an empty value goes with its "=": `a>5=` is a>5, and `year=` is bare.
    texts = [f"{name}={value}" if value else name for name, value in parameters]
    return [_resolved(_condition(text), latest) for text in texts]


def select(rows: Iterable[Row], conditions: Sequence[Condition]) -> list[Row]:
    """The rows that meet, for every field asked about, one of its alternatives; in their order."""
    met = list(rows)
    by_field = sorted(conditions, key=lambda condition: condition.field)
    for _, group in groupby(by_field, key=lambda condition: condition.field):
        alternatives = _alternatives(list(group))
        met = [row for row in met if _meets_one_of(alternatives, row)]
    return met


def _meets_one_of(alternatives: Iterable[tuple[Condition, ...]], row: Row) -> bool:
    for both in alternatives:  # any() and all() cost thrice as much, for every row of every answer
        for condition in both:
            if not condition.holds(row):
                break
        else:
            return True
    return False


def _alternatives(conditions: list[Condition]) -> list[tuple[Condition, ...]]:
    """What one field may be: each equality, each lone bound, each lower bound with its upper one.

    Lower bounds are taken from the smallest up, each with the smallest free upper bound that is
    not below it, until one finds none.
    """
    lowers, uppers = _bounds(conditions, ">"), _bounds(conditions, "<")
    ranges: list[tuple[Condition, ...]] = []
    for lower in lowers:
        upper = next((each for each in uppers if float(each.value) >= float(lower.value)), None)
        if upper is None:
            break
        uppers.remove(upper)
        ranges.append((lower, upper))
    paired = {condition for pair in ranges for condition in pair}
    return ranges + [(each,) for each in conditions if each not in paired]


def _bounds(conditions: Iterable[Condition], direction: str) -> list[Condition]:
    """Each different bound of one direction on a number, the smallest first."""
    bounds = {
        each for each in conditions if each.operator[0] == direction and _is_number(each.value)
    }
    return sorted(bounds, key=lambda bound: bound.value)


def _condition(text: str) -> Condition:
    for symbol in OPERATORS:
        field, found, value = text.partition(symbol)
        if found:
            return Condition(field.lower(), symbol, _cast(value))
    raise QueryError(f"No valid operator found in `{text}`.")


def _resolved(condition: Condition, latest: Mapping[str, int]) -> Condition:
    if condition.value == "latest" and condition.field in latest:
        return condition._replace(value=latest[condition.field])
    return condition


def _cast(text: str) -> Value:
    """Production's guess at what a text means: a truth value, a number, else the text."""
    if text.lower() in ("true", "false"):
        return text.lower() == "true"
    for number in (int, float):
        try:
            return number(text)
        except ValueError:
            continue
    return text


def _is_number(value: object) -> TypeGuard[int | float]:
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def _is_date_word(value: Value) -> bool:
    return isinstance(value, str) and value.lower() in DATE_WORDS
