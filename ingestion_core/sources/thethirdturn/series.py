"""A series' page: its names over time, and its seasons. Champions and records stand there too:
nothing of them is read."""

import re
from dataclasses import dataclass
from typing import Final

from ingestion_core.sources.thethirdturn.days import year_in
from ingestion_core.sources.thethirdturn.markup import Node, first, is_hidden, nodes, text_of
from ingestion_core.sources.thethirdturn.page import Drift, Page, PageUnusable, link_of, open_page
from ingestion_core.sources.thethirdturn.tables import by_column, caption, cells, header, rows

OVERVIEW: Final = "Series Overview"

#: What the box says of a series. The last five are records: known, and not read.
_LABELS: Final = frozenset(
    {"Alternatively Known As", "Series Founded", "Series Disbanded", "Car Style", "Region"}
    | {"Number of Races", "Number of Drivers", "Most Wins", "Most Titles", "Series active!"}
)
_CAPTIONS: Final = frozenset({OVERVIEW, "Quick Stats", "Project Status"})
_COLUMNS: Final = frozenset({"Season", "Races", "Champion", "Margin", "Most Wins"})
_NEEDED: Final = ("Season", "Races")

_COUNT: Final = re.compile(r"\d{1,5}", re.ASCII)
_DATED: Final = re.compile(r"(?P<name>.+?)\s*\((?P<years>[^()]*)\)", re.ASCII)
_YEARS: Final = re.compile(
    r"(?P<first>\d{4})(?:\s*[-–—]\s*(?P<last>\d{4}|present)?)?", re.ASCII | re.IGNORECASE
)


@dataclass(frozen=True, slots=True)
class DatedName:
    """A name that a series had, from one year to another; ``last`` None: until today.

    Both None: the page does not say when.
    """

    name: str
    first: int | None
    last: int | None


@dataclass(frozen=True, slots=True)
class SeasonEntry:
    """A season that the page lists; ``races`` is how many, ``exists`` false for a red link."""

    key: str
    label: str
    year: int | None
    races: int | None
    exists: bool


@dataclass(frozen=True, slots=True)
class SeriesPage:
    """A series.

    Args:
        page: which page and revision; a series' page need not end in ``_Central``.
        name: today's.
        names: all it had, in the page's order.
        founded, disbanded: years.
        active: None where the page does not say.
        car_style, region: in the wiki's words.
        races: of all seasons together.
        seasons: in the page's order.
        drift: what is new or missing.
    """

    page: Page
    name: str
    names: tuple[DatedName, ...]
    founded: int | None
    disbanded: int | None
    active: bool | None
    car_style: str | None
    region: str | None
    races: int | None
    seasons: tuple[SeasonEntry, ...]
    drift: tuple[str, ...]


def read(body: bytes) -> SeriesPage:
    """Read a series' page. Raises ``PageUnusable``, ``not-a-series`` without box and seasons."""
    page, root = open_page(body)
    drift = Drift()
    box, seasons = _overview(root, drift), _seasons(root, drift)
    if box is None and seasons is None:
        raise PageUnusable("not-a-series")
    said = box or {}
    heading = first(root, 'span[style*="font-size:250%"] b')
    if heading is None:
        drift.gone("name")
    active = True if "Series active!" in said else False if "Series Disbanded" in said else None
    return SeriesPage(
        page=page,
        name=(text_of(heading) if heading else "") or page.title.removesuffix(" Central"),
        names=_names(said.get("Alternatively Known As", "")),
        founded=year_in(said.get("Series Founded", "")),
        disbanded=year_in(said.get("Series Disbanded", "")),
        active=active,
        car_style=said.get("Car Style") or None,
        region=said.get("Region") or None,
        races=_count(said.get("Number of Races", "")),
        seasons=tuple(seasons or ()),
        drift=drift.told(),
    )


def _overview(root: Node, drift: Drift) -> dict[str, str] | None:
    """The box's texts by their labels; None without the box."""
    for table in nodes(root, "table.wikitable"):
        listed = list(rows(table))
        if not listed or caption(listed[0]) != OVERVIEW:
            continue
        said: dict[str, str] = {}
        for row in listed:
            heading = caption(row)
            if heading is not None:
                if heading.partition(":")[0] not in _CAPTIONS:
                    drift.new("caption", heading)
            elif not is_hidden(row):
                for cell in cells(row):
                    _labelled(cell, said, drift)
        return said
    drift.gone("overview")
    return None


def _labelled(cell: Node, said: dict[str, str], drift: Drift) -> None:
    bold = first(cell, "b")
    if bold is None:
        return  # a sentence on the state of the wiki's own work
    label = text_of(bold).rstrip(": ")
    if label not in _LABELS:
        drift.new("label", label)
    elif not label.startswith("Most"):
        text = text_of(cell).removeprefix(text_of(bold)).strip()
        if "{{{" not in text:  # a template that was left without its value
            said[label] = text


def _seasons(root: Node, drift: Drift) -> list[SeasonEntry] | None:
    """The seasons; None without such a table."""
    for table in nodes(root, "table.wikitable"):
        listed = list(rows(table))
        columns = header(listed[0]) if listed else None
        if columns is None or not set(_NEEDED) <= set(columns):
            continue
        for name in sorted(set(columns) - _COLUMNS):
            drift.new("column", name)
        return [one for row in listed[1:] if (one := _season(row, columns, drift))]
    drift.gone("seasons")
    return None


def _season(row: Node, columns: tuple[str, ...], drift: Drift) -> SeasonEntry | None:
    found = by_column(row, columns)
    anchor = first(found["Season"], "a") if found else None
    link = link_of(anchor) if anchor else None
    if found is None or link is None:
        drift.strange("season")
        return None
    label = link.text or link.title
    year = year_in(label) or year_in(link.title)
    return SeasonEntry(link.key, label, year, _count(text_of(found["Races"])), link.exists)


def _names(text: str) -> tuple[DatedName, ...]:
    """ "A (1949); B (1950-1970, 1975); C (2020-present)"; brackets without years are the name's."""
    found: list[DatedName] = []
    for part in (one.strip() for one in text.split(";")):
        dated = _DATED.fullmatch(part)
        spans = (
            [_YEARS.fullmatch(one.strip()) for one in dated["years"].split(",")] if dated else []
        )
        if dated and spans and all(spans):
            found += [_dated(dated["name"], one) for one in spans if one]
        elif part:
            found.append(DatedName(part, None, None))
    return tuple(found)


def _dated(name: str, span: re.Match[str]) -> DatedName:
    first_year, last = int(span["first"]), span["last"]
    if "present" in (last or "").lower() or (last is None and len(span[0]) > 4):
        return DatedName(name, first_year, None)
    return DatedName(name, first_year, int(last) if last else first_year)


def _count(text: str) -> int | None:
    plain = text.replace(",", "")
    return int(plain) if _COUNT.fullmatch(plain) else None
