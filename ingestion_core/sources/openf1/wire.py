"""OpenF1's rows. Every field but the keys may be absent or null; unknown fields are drift."""

import re
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Annotated, Any, TypeVar

from pydantic import (
    AfterValidator,
    AwareDatetime,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    ValidationError,
)

from ingestion_core.racing.types import Unreadable

Key = Annotated[int, Field(gt=0, lt=2**31)]


def _clean(text: str) -> str:
    text = " ".join(text.split())
    if not text:
        raise ValueError("is empty")
    if not text.isprintable():
        raise ValueError("holds characters that no name has")
    return text


def _int_colour(value: object) -> object:
    # All-digit colours were once served as numbers, without their leading zeros.
    return f"{value:06d}" if isinstance(value, int) and not isinstance(value, bool) else value


def _blank_is_null(value: object) -> object:
    return None if isinstance(value, str) and not value.strip() else value


Text = Annotated[str, Field(max_length=300), AfterValidator(_clean)]
Optional = Annotated[Text | None, BeforeValidator(_blank_is_null)]
Colour = Annotated[
    str | None,
    Field(pattern=r"^[0-9A-Fa-f]{6}$"),
    BeforeValidator(_int_colour),
    BeforeValidator(_blank_is_null),
]


_OFFSET = re.compile(r"([+-]?)(\d{1,2}):(\d\d)(?::(\d\d))?", re.ASCII)
_FARTHEST = timedelta(hours=15)


def _utc_offset(value: object) -> object:
    """``HH:MM:SS``, with a minus sign, and for a while in 2026 with a plus sign."""
    if value is None:
        return None
    found = _OFFSET.fullmatch(value.strip()) if isinstance(value, str) else None
    if found is None:
        raise ValueError("is not of the form HH:MM:SS")
    sign, hours, minutes, seconds = found.groups()
    offset = timedelta(hours=int(hours), minutes=int(minutes), seconds=int(seconds or 0))
    if offset > _FARTHEST:
        raise ValueError("is no offset of any place")
    return -offset if sign == "-" else offset


def _in_utc(moment: datetime) -> datetime:
    if not 1950 <= moment.year <= 2100:
        raise ValueError("is no moment of any season")
    return moment.astimezone(UTC)


#: In UTC whatever the source writes: dated claims compare instants as texts.
Instant = Annotated[AwareDatetime, AfterValidator(_in_utc)]
Offset = Annotated[timedelta | None, BeforeValidator(_utc_offset), BeforeValidator(_blank_is_null)]


class Row(BaseModel):
    """What all rows have in common."""

    model_config = ConfigDict(extra="ignore", frozen=True, hide_input_in_errors=True)

    meeting_key: Key


class MeetingRow(Row):
    """One row of /meetings."""

    year: int = Field(ge=1950, le=2100)
    meeting_name: Text
    date_start: Instant
    date_end: Instant | None = None
    meeting_official_name: Optional = None
    location: Optional = None
    country_name: Optional = None
    country_code: Optional = None
    circuit_key: Key | None = None
    circuit_short_name: Optional = None
    gmt_offset: Offset = None
    is_cancelled: bool | None = None


class SessionRow(Row):
    """One row of /sessions; times are as scheduled."""

    session_key: Key
    session_name: Text
    session_type: Optional = None
    date_start: Instant
    date_end: Instant | None = None
    gmt_offset: Offset = None
    year: int | None = None
    circuit_key: Key | None = None
    circuit_short_name: Optional = None
    is_cancelled: bool | None = None


class DriverRow(Row):
    """One row of /drivers: one driver in one session."""

    session_key: Key
    driver_number: int = Field(ge=0, lt=1000)
    full_name: Optional = None
    first_name: Optional = None
    last_name: Optional = None
    name_acronym: Optional = None
    team_name: Optional = None
    team_colour: Colour = None
    headshot_url: Annotated[
        str | None,
        Field(max_length=1000, pattern=r"^https?://\S+$"),
        BeforeValidator(_blank_is_null),
    ] = None
    country_code: Optional = None


#: Fields that OpenF1 documents and that nothing here needs: their presence is no drift.
_KNOWN = frozenset(
    {
        *("country_key", "country_flag", "country_name", "country_code", "location", "year"),
        *("circuit_key", "circuit_short_name", "circuit_type", "circuit_info_url"),
        *("circuit_image", "gmt_offset", "meeting_code", "meeting_name", "broadcast_name"),
    }
)

R = TypeVar("R", bound=Row)


def read_rows(
    model: type[R], rows: Iterable[dict[str, Any]], resource: str, row_key: Sequence[str]
) -> tuple[list[R], list[Unreadable]]:
    """Validate rows one by one: one that can't be understood never costs its neighbours.

    Args:
        model: the row's form.
        rows: as the API gave them.
        resource: the endpoint, for the quarantine.
        row_key: the fields that name a row there.

    Returns the understood rows in their order, and the others with the fields that are at fault.
    """
    good: list[R] = []
    bad: list[Unreadable] = []
    for row in rows:
        try:
            good.append(model.model_validate(row))
        except ValidationError as error:
            fields = sorted({str(one["loc"][0]) for one in error.errors() if one["loc"]})
            bad.append(
                Unreadable(
                    resource=resource,
                    row_key=" ".join(f"{name}={_shown(row.get(name))}" for name in row_key),
                    reason=f"unreadable: {', '.join(fields)}",
                    row=row,
                )
            )
    return good, bad


def _shown(value: object) -> str:
    """A key that may be anything, in 40 printable characters."""
    if isinstance(value, dict | list):
        return type(value).__name__
    return ascii(value)[:40]


def drift(model: type[Row], rows: Sequence[dict[str, Any]]) -> list[str]:
    """How the rows' fields differ from what this version knows: ``+new`` and ``-gone``."""
    if not rows:
        return []
    seen = {name for row in rows for name in row}
    known = set(model.model_fields)
    return [
        *(f"+{ascii(name[:60])[1:-1]}" for name in sorted(seen - known - _KNOWN)),
        *(f"-{name}" for name in sorted(known - seen)),
    ]
