"""What is asked over HTTP: read, bounded, and refused by name."""

import json
import re
from datetime import datetime
from typing import Annotated, Any, Literal, NoReturn
from uuid import UUID

import azure.functions as func
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError, model_validator

from ingestion_core.errors import BadRequest, NotFound, TooLarge
from ingestion_core.sources import ergast
from ingestion_core.sources.thethirdturn.page import key_of
from ingestion_core.tasks.backfill import check_year, recent_seasons
from ingestion_core.tasks.backfill import seasons as backfill_seasons
from ingestion_core.tasks.crawl import FIRST_YEAR as FIRST_WIKI_YEAR

#: No request of this API is larger.
MAX_BODY = 64 * 1024


class Years(BaseModel):
    """A range of seasons, both included."""

    model_config = ConfigDict(extra="forbid", strict=True, hide_input_in_errors=True)

    first: Annotated[int, Field(alias="from")]
    last: Annotated[int, Field(alias="to")]

    @model_validator(mode="after")
    def _in_order(self) -> "Years":
        if self.first > self.last:
            raise ValueError("'from' is after 'to'")
        return self


def _years(value: object) -> object:
    """Decide between the forms here: a union's errors name its branches, which nobody asked for."""
    if value is None or value in ("all", "current") or isinstance(value, Years):
        return value
    if isinstance(value, dict):
        return Years.model_validate(value)
    raise ValueError("""must be "all", "current" or {"from": 2023, "to": 2026}""")


class Backfill(BaseModel):
    """The body of ``POST /api/backfill``."""

    model_config = ConfigDict(extra="forbid", strict=True, hide_input_in_errors=True)

    years: Annotated[Years | Literal["all", "current"] | None, BeforeValidator(_years)] = None
    recent_days: Annotated[int, Field(ge=0, le=366)] | None = None
    spacing_seconds: Annotated[float, Field(ge=0, le=3600)] = 0
    include_results: bool = False
    request_key: Annotated[str, Field(min_length=1, max_length=200)] | None = None

    @model_validator(mode="after")
    def _asks_for_something(self) -> "Backfill":
        if self.years is None and self.recent_days is None:
            raise ValueError("give 'years', 'recent_days' or both")
        return self


def _range(value: object) -> object:
    """The form in words, where it is no object at all."""
    if value is None or isinstance(value, dict | Years):
        return value
    raise ValueError("""must be {"from": 1950, "to": 2024}""")


def _seasons(value: object) -> object:
    """The same of a wiki's."""
    if value is None or isinstance(value, dict | Years):
        return value
    raise ValueError("""must be {"from": 1949, "to": 1951}""")


def _title(value: object) -> object:
    """The title of a page, with underscores."""
    if value is None:
        return None
    key = key_of(value)
    if key is None:
        raise ValueError("must be the title of a page")
    return key


class Import(BaseModel):
    """The body of ``POST /api/archive``; without seasons, all up to this year's."""

    model_config = ConfigDict(extra="forbid", strict=True, hide_input_in_errors=True)

    seasons: Annotated[Years | None, BeforeValidator(_range)] = None
    include_results: bool = False
    request_key: Annotated[str, Field(min_length=1, max_length=200)] | None = None


def archive(req: func.HttpRequest) -> Import:
    """The body of an import; errors as for a backfill."""
    try:
        return Import.model_validate(_json(req, '{"seasons": {"from": 1950, "to": 2024}}'))
    except ValidationError as error:
        raise BadRequest(_named(error)) from None


def archive_seasons(asked: Import, now: datetime) -> list[int]:
    """The years that an import means; the archive itself says which of them it has.

    Raises:
        BadRequest: there was, or will be next year, no such season.
    """
    if asked.seasons is None:
        return list(range(ergast.FIRST_YEAR, now.year + 1))
    for year in (asked.seasons.first, asked.seasons.last):
        if not ergast.FIRST_YEAR <= year <= now.year + 1:
            raise BadRequest(
                f"season {year} is out of range: the archive begins with {ergast.FIRST_YEAR},"
                f" and {now.year + 1} is the last that it may have"
            )
    return list(range(asked.seasons.first, asked.seasons.last + 1))


class Crawl(BaseModel):
    """The body of ``POST /api/wiki``: a series, or the index; without seasons, all of them."""

    model_config = ConfigDict(extra="forbid", strict=True, hide_input_in_errors=True)

    series: Annotated[str | None, BeforeValidator(_title)] = None
    seasons: Annotated[Years | None, BeforeValidator(_seasons)] = None
    index: bool = False
    include_results: bool = False
    request_key: Annotated[str, Field(min_length=1, max_length=200)] | None = None

    @model_validator(mode="after")
    def _asks_for_one_thing(self) -> "Crawl":
        if (self.series is not None) == self.index:
            raise ValueError("give 'series', the title of its page, or 'index': true")
        if self.index and (self.seasons or self.include_results):
            raise ValueError("'index' has neither seasons nor results")
        return self


def wiki(req: func.HttpRequest) -> Crawl:
    """The body of a crawl; errors as for a backfill."""
    try:
        return Crawl.model_validate(_json(req, '{"series": "NASCAR_Cup_Series_Central"}'))
    except ValidationError as error:
        raise BadRequest(_named(error)) from None


def wiki_years(asked: Crawl, now: datetime) -> tuple[int, int] | None:
    """The first and the last season that are wanted; None for all.

    Raises:
        BadRequest: there was, or will be next year, no such season.
    """
    if asked.seasons is None:
        return None
    for year in (asked.seasons.first, asked.seasons.last):
        if not FIRST_WIKI_YEAR <= year <= now.year + 1:
            raise BadRequest(
                f"season {year} is out of range: seasons go from {FIRST_WIKI_YEAR}"
                f" to {now.year + 1}"
            )
    return asked.seasons.first, asked.seasons.last


def backfill(req: func.HttpRequest) -> Backfill:
    """The body of a backfill.

    Raises:
        TooLarge, BadRequest: names the field and what is wrong with it, never its value.
    """
    try:
        return Backfill.model_validate(_json(req))
    except ValidationError as error:
        raise BadRequest(_named(error)) from None


def seasons(asked: Backfill, now: datetime) -> list[int]:
    """The years that a backfill means.

    Raises:
        BadRequest: OpenF1 has no such season.
    """
    if isinstance(asked.years, Years):
        first, last = check_year(asked.years.first, now), check_year(asked.years.last, now)
        return list(range(first, last + 1))
    if asked.years is not None or asked.recent_days is None:
        return backfill_seasons(asked.years or "current", now)
    return recent_seasons(asked.recent_days, now)


def number(req: func.HttpRequest, name: str, largest: int = 2**31 - 1) -> int:
    """A positive whole number of the route."""
    text = req.route_params.get(name, "")
    if not (text.isascii() and text.isdigit() and len(text) <= 10 and 0 < int(text) <= largest):
        raise BadRequest(f"'{name}' must be a whole number from 1 to {largest}")
    return int(text)


def run_id(req: func.HttpRequest) -> UUID:
    """The run that the route names."""
    try:
        return UUID(req.route_params.get("run", ""))
    except ValueError:
        raise NotFound("there is no such run: its name is not a uuid") from None


def request_key(req: func.HttpRequest, body: str | None = None) -> str | None:
    """The key by which a repeated request is the same run: the body's, or ``Idempotency-Key``."""
    name, key = (
        ("request_key", body)
        if body is not None
        else ("Idempotency-Key", req.headers.get("Idempotency-Key"))
    )
    if key is not None and not (0 < len(key) <= 200 and key.isprintable()):
        raise BadRequest(f"'{name}' must be 1 to 200 printable characters")
    return key


def year_param(req: func.HttpRequest, now: datetime) -> int:
    """The season that ``?year=`` names, the present one without."""
    text = req.params.get("year", str(now.year))
    if not (text.isascii() and text.isdigit() and len(text) == 4):
        raise BadRequest("'year' must be a year of four digits")
    return check_year(int(text), now)


def season(req: func.HttpRequest, now: datetime) -> tuple[str | None, int | None]:
    """The series that ``?series=`` names and the season that ``?year=`` does; None where neither.

    Raises:
        BadRequest: no source has such seasons, or no address of a series looks like that.
    """
    slug, text = req.params.get("series"), req.params.get("year")
    if slug is not None and not re.fullmatch(r"[a-z0-9-]{1,120}", slug):
        raise BadRequest("'series' must be the address of a series, as formula-1")
    if text is None:
        return slug, None
    if not (text.isascii() and text.isdigit() and len(text) == 4):
        raise BadRequest("'year' must be a year of four digits")
    if not FIRST_WIKI_YEAR <= int(text) <= now.year + 1:
        raise BadRequest(
            f"year {text} is out of range: seasons go from {FIRST_WIKI_YEAR} to {now.year + 1}"
        )
    return slug, int(text)


def include_results(req: func.HttpRequest) -> bool:
    """Whether ``?include_results=true`` asks for spoilers as well."""
    text: str = req.params.get("include_results", "false")
    if text not in {"true", "false"}:
        raise BadRequest("'include_results' must be true or false")
    return text == "true"


def limit(req: func.HttpRequest, usual: int, largest: int) -> int:
    """How many of something to list."""
    text = req.params.get("limit", str(usual))
    if not (text.isascii() and text.isdigit() and len(text) < 6 and 0 < int(text) <= largest):
        raise BadRequest(f"'limit' must be a whole number from 1 to {largest}")
    return int(text)


def _json(req: func.HttpRequest, example: str = '{"years": "current"}') -> dict[str, Any]:
    body = req.get_body()
    if len(body) > MAX_BODY:
        raise TooLarge(f"the body has more than {MAX_BODY} bytes")
    if not body.strip():
        raise BadRequest(f"the body is empty: send JSON, for example {example}")
    try:
        parsed = json.loads(body, parse_constant=_no_json)
    except (ValueError, RecursionError):
        raise BadRequest("the body is not JSON") from None
    if not isinstance(parsed, dict):
        raise BadRequest("the body must be a JSON object")
    return parsed


def _no_json(text: str) -> NoReturn:
    raise ValueError(f"{text} is no JSON")


def _named(error: ValidationError) -> str:
    """Each field at fault, by the name that whoever asked knows, and why."""
    found: dict[str, str] = {}
    for one in error.errors(include_input=False, include_url=False, include_context=False):
        field = ".".join(str(part) for part in one["loc"])[:100] or "body"
        found.setdefault(field, one["msg"].removeprefix("Value error, "))
    return "; ".join(f"{field}: {why}" for field, why in found.items())
