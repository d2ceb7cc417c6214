"""The hand-checked tables of who is who: circuits, teams, drivers, series,
countries.

They live in ``data/`` (its README says what each holds and how to change it). A row that breaks
its schema stops the program when the table is first asked for: a pydantic ValidationError,
for a file that ships with the code and is tested with it.
"""

from datetime import date
from functools import cache
from pathlib import Path
from typing import Annotated, Final, Literal, TypeVar

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, TypeAdapter

_DATA: Final = Path(__file__).with_name("data")

Rows = TypeVar("Rows")

Text = Annotated[str, StringConstraints(min_length=1, pattern=r"^\S(.*\S)?$")]
Slug = Annotated[str, StringConstraints(pattern=r"^[a-z0-9]+(-[a-z0-9]+)*$")]
CountryCode = Annotated[str, StringConstraints(pattern=r"^[A-Z]{3}$")]
Year = Annotated[int, Field(ge=1900, le=2100)]


class _Row(BaseModel):
    model_config = ConfigDict(
        frozen=True, strict=True, extra="forbid", validate_by_name=True, validate_by_alias=True
    )


class CircuitRow(_Row):
    """One venue, under its own name, with every source's key of it."""

    slug: Slug
    name: Text
    aliases: tuple[Text, ...]  # other names of this venue and of no other
    location: Text
    country: Text
    country_code: CountryCode
    time_zone: Text  # IANA name: decides the local day of a session
    latitude: float = Field(ge=-90, le=90)
    longitude: float = Field(ge=-180, le=180)
    openf1: tuple[int, ...]  # circuit_key
    ergast: Text | None  # circuitRef
    thethirdturn: Text | None  # page title


class DatedKey(_Row):
    """A source's key and the seasons in which it means this row; an absent bound is open."""

    ref: Text
    from_year: Year | None = Field(None, validation_alias="from", serialization_alias="from")
    to_year: Year | None = Field(None, validation_alias="to", serialization_alias="to")


class LineagePeriod(_Row):
    """Seasons in which a team raced under its name, and whose place it took over at their start."""

    from_year: Year = Field(validation_alias="from", serialization_alias="from")
    to_year: Year | None = Field(None, validation_alias="to", serialization_alias="to")
    predecessor: Slug | None = None


class TeamRow(_Row):
    """One constructor under the name of the time: a renamed team is a new row."""

    slug: Slug
    name: Text
    short_name: Text | None
    aliases: tuple[Text, ...]  # other spellings of this name, in any season
    nationality: Text  # a demonym of the countries
    openf1: tuple[Text, ...]  # team_name, as spelled there
    ergast: tuple[DatedKey, ...]  # constructorRef
    lineage: tuple[LineagePeriod, ...]


class DatedName(_Row):
    """Another name of a person and the years in which it is theirs; an absent bound is open."""

    name: Text
    from_year: Year | None = Field(None, validation_alias="from", serialization_alias="from")
    to_year: Year | None = Field(None, validation_alias="to", serialization_alias="to")


class DriverRow(_Row):
    """A person whose name the sources spell differently, or without its accents."""

    slug: Slug
    first_name: Text
    last_name: Text
    born: date | None  # None where not known for sure
    aliases: tuple[DatedName, ...]
    ergast: Text | None  # driverRef


class SeriesTitle(_Row):
    """The title of a source's series, without "Central", and what its races are in this one."""

    ref: Text
    session: Literal["RACE", "SPRINT"]


class SeriesRow(_Row):
    """A series that several sources give: one of them only adds to what the others say."""

    slug: Slug
    name: Text
    thethirdturn: tuple[SeriesTitle, ...]


class CountryRow(_Row):
    """A country, past or present, as circuits and nationalities name it."""

    code: CountryCode | None  # as OpenF1 writes it; None for what it will never name
    name: Text
    demonym: Text  # as Ergast writes nationalities
    aliases: tuple[Text, ...]  # other spellings of the name or the demonym


@cache
def circuits() -> tuple[CircuitRow, ...]:
    """Every venue that Ergast or OpenF1 has a key for, by slug."""
    return _read("circuits.json", TypeAdapter(tuple[CircuitRow, ...]))


@cache
def teams() -> tuple[TeamRow, ...]:
    """Every team of OpenF1's seasons and their forerunners, by slug."""
    return _read("teams.json", TypeAdapter(tuple[TeamRow, ...]))


@cache
def drivers() -> tuple[DriverRow, ...]:
    """The people whose names need a word of explanation, by slug; nearly everybody is absent."""
    return _read("drivers.json", TypeAdapter(tuple[DriverRow, ...]))


@cache
def series() -> tuple[SeriesRow, ...]:
    """The series that several sources give, by slug."""
    return _read("series.json", TypeAdapter(tuple[SeriesRow, ...]))


@cache
def countries() -> tuple[CountryRow, ...]:
    """Every country and nationality that a source names, by name."""
    return _read("countries.json", TypeAdapter(tuple[CountryRow, ...]))


def _read(file: str, rows: TypeAdapter[Rows]) -> Rows:
    return rows.validate_json((_DATA / file).read_bytes())
