"""The archive's rows that hold no result. Every text was null or not empty before it came here."""

import html
import re
from collections.abc import Iterable
from datetime import date, time
from functools import cache
from typing import Annotated, Final, TypeVar

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    GetCoreSchemaHandler,
    ValidationError,
)
from pydantic_core import CoreSchema, core_schema

from ingestion_core.racing.types import Unreadable
from ingestion_core.sources.ergast.tables import COLUMNS, Values, Wanted

_DAY: Final = re.compile(r"\d{4}-\d\d-\d\d", re.ASCII)
_CLOCK: Final = re.compile(r"(\d{1,2}):(\d\d)(?::(\d\d)(?:\.\d+)?)?Z?", re.ASCII)


class Written:
    """How a number is written: pydantic alone takes "1_000", " 7" and "1e3" for numbers too.

    A schema of its core, since a third of reading an archive would be calls of Python from there.

    Args:
        pattern: of the whole text, for pydantic's own regular expressions.
        number: what is made of it.
    """

    def __init__(self, pattern: str, number: CoreSchema) -> None:
        self._schema = core_schema.chain_schema([core_schema.str_schema(pattern=pattern), number])

    def __get_pydantic_core_schema__(
        self, source: object, handler: GetCoreSchemaHandler
    ) -> CoreSchema:
        return self._schema


def whole(
    *, gt: int | None = None, ge: int | None = None, lt: int | None = None, le: int | None = None
) -> Written:
    """A whole number within bounds, in pydantic's words."""
    number = core_schema.int_schema(gt=gt, ge=ge, lt=lt, le=le)
    return Written(r"^-?[0-9]{1,9}$", number)


def decimal(*, ge: float, lt: float | None = None, le: float | None = None) -> Written:
    """A decimal number within bounds: no exponent, no infinity."""
    number = core_schema.float_schema(ge=ge, lt=lt, le=le)
    return Written(r"^-?([0-9]{1,9}(\.[0-9]{0,15})?|\.[0-9]{1,15})$", number)


def _clean(text: str) -> str:
    # One constructor's name was taken from a web page: Lotus-Pratt &amp; Whitney.
    text = " ".join(html.unescape(text).split())
    if not text:
        raise ValueError("is empty")
    if not text.isprintable():
        raise ValueError("holds characters that no name has")
    return text


def _day(value: object) -> object:
    # To pydantic a number is a day too, counted in seconds.
    if isinstance(value, str) and _DAY.fullmatch(value) is None:
        raise ValueError("is not of the form YYYY-MM-DD")
    return None if value == "0000-00-00" else value  # MySQL's null


def _clock(value: object) -> object:
    if not isinstance(value, str):
        return value
    found = _CLOCK.fullmatch(value.strip())
    if found is None:
        raise ValueError("is not of the form HH:MM:SS")
    return time(int(found[1]), int(found[2]), int(found[3] or 0))


Key = Annotated[int, whole(gt=0)]
Text = Annotated[str, Field(max_length=300), AfterValidator(_clean)]
Ref = Annotated[str, Field(max_length=100, pattern=r"^\w[\w.-]*$")]
Car = Annotated[str, Field(max_length=10), AfterValidator(_clean)]
Address = Annotated[str, Field(max_length=500, pattern=r"^https?://\S+$")]
Day = Annotated[date, Field(ge=date(1800, 1, 1), le=date(2100, 12, 31)), BeforeValidator(_day)]
DayOrNull = Annotated[Day | None, BeforeValidator(_day)]
Clock = Annotated[time | None, BeforeValidator(_clock)]


class Row(BaseModel):
    """What all rows have in common; a field is named as its column, in snake case."""

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)


class CircuitRow(Row):
    """A venue; ``alt`` in metres."""

    circuit_id: Key
    circuit_ref: Ref
    name: Text
    location: Text | None = None
    country: Text | None = None
    lat: Annotated[float, decimal(ge=-90, le=90)] | None = None
    lng: Annotated[float, decimal(ge=-180, le=180)] | None = None
    alt: Annotated[float, decimal(ge=-500, le=9000)] | None = None
    url: Address | None = None


class ConstructorRow(Row):
    """A constructor under the name of the time."""

    constructor_id: Key
    constructor_ref: Ref
    name: Text
    nationality: Text | None = None
    url: Address | None = None


class DriverRow(Row):
    """A driver; ``number`` is the permanent one of those who raced since there are such."""

    driver_id: Key
    driver_ref: Ref
    forename: Text
    surname: Text
    number: Annotated[int, whole(ge=0, lt=1000)] | None = None
    code: Annotated[Text, Field(max_length=10)] | None = None
    dob: DayOrNull = None
    nationality: Text | None = None
    url: Address | None = None


class RaceRow(Row):
    """A race weekend; what has a date and no time has only its day known."""

    race_id: Key
    year: Annotated[int, whole(ge=1900, le=2100)]
    round: Annotated[int, whole(ge=1, lt=1000)]
    circuit_id: Key
    name: Text
    date: Day
    time: Clock = None
    url: Address | None = None
    fp1_date: DayOrNull = None
    fp1_time: Clock = None
    fp2_date: DayOrNull = None
    fp2_time: Clock = None
    fp3_date: DayOrNull = None
    fp3_time: Clock = None
    quali_date: DayOrNull = None
    quali_time: Clock = None
    sprint_date: DayOrNull = None
    sprint_time: Clock = None


class EntryRow(Row):
    """Who drove what, of a row of results: all that may be known without looking at results."""

    race_id: Key
    driver_id: Key
    constructor_id: Key
    number: Car | None = None


R = TypeVar("R", bound=Row)


@cache
def _field(column: str) -> str:
    return re.sub(r"(?<=[a-z])([A-Z])", r"_\1", column).lower()


@cache
def wanted(table: str, model: type[Row]) -> Wanted:
    """The columns that a form of row asks of a table, in their documented order."""
    columns = tuple(name for name in COLUMNS[table] if _field(name) in model.model_fields)
    needed = {name for name in columns if model.model_fields[_field(name)].is_required()}
    return Wanted(columns, frozenset(needed))


def read_rows(
    table: str, model: type[R], rows: Iterable[Values], row_key: tuple[str, ...]
) -> tuple[list[R], list[Unreadable]]:
    """Validate rows one by one: one that can't be understood never costs its neighbours.

    Args:
        table: theirs, for the quarantine.
        model: their form, whose columns they hold, see ``wanted``.
        row_key: the columns that name a row in the quarantine.
    """
    columns = wanted(table, model).columns
    names = [_field(column) for column in columns]
    good: list[R] = []
    bad: list[Unreadable] = []
    for values in rows:
        try:
            good.append(model.model_validate(dict(zip(names, values, strict=True))))
        except ValidationError as error:
            faults = {str(one["loc"][0]) for one in error.errors() if one["loc"]}
            row: dict[str, object] = dict(zip(columns, values, strict=True))
            at_fault = ", ".join(column for column in columns if _field(column) in faults)
            bad.append(refuse(table, row, row_key, f"unreadable: {at_fault}"))
    return good, bad


def refuse(table: str, row: dict[str, object], row_key: tuple[str, ...], reason: str) -> Unreadable:
    """A row for the quarantine, named by these of its columns."""
    named = " ".join(f"{column}={ascii(row.get(column))[:40]}" for column in row_key)
    return Unreadable(table, named.replace("'", ""), reason, row)


def as_row(table: str, row: Row) -> dict[str, object]:
    """A row that was understood, by column again."""
    plain = row.model_dump(mode="json")
    return {name: plain[_field(name)] for name in COLUMNS[table] if _field(name) in plain}
