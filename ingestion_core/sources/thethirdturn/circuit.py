"""A track's page: where it is, how long and how old. Its races' winners stand there too: nothing
of them is read."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final
from urllib.parse import parse_qs, urlsplit

from ingestion_core.sources.thethirdturn.days import year_in
from ingestion_core.sources.thethirdturn.markup import Node, attribute, clean, first, nodes, text_of
from ingestion_core.sources.thethirdturn.page import Drift, Page, PageUnusable, open_page
from ingestion_core.sources.thethirdturn.regions import place_of
from ingestion_core.sources.thethirdturn.tables import cells, rows

METRES_PER_MILE: Final = 1609.344
#: The shortest tracks have 100 m, the longest road courses some 600 km.
_LENGTHS: Final = range(20, 1_000_001)

_NUMBER: Final = r"(?P<{0}>\d{{1,4}}(?:\.\d{{1,6}})?|\.\d{{1,6}})"
_MILES: Final = re.compile(_NUMBER.format("miles") + r"\s*mi\b\.?", re.ASCII | re.IGNORECASE)
_KM: Final = re.compile(_NUMBER.format("km") + r"\s*km\b\.?", re.ASCII | re.IGNORECASE)
_LOCATED: Final = re.compile(r"(?P<what>.*?)\blocated in (?P<place>.+)", re.IGNORECASE)
_STATUS: Final = re.compile(r"Track Status:\s*(?P<status>[^(]*?)\s*(?:\(.*)?", re.IGNORECASE)
_OPENED: Final = re.compile(r"\bOpened:\s*(?P<year>[^),;]*)", re.IGNORECASE)
_CLOSED: Final = re.compile(r"\bClosed:\s*(?P<year>[^),;]*)", re.IGNORECASE)
_POINT: Final = re.compile(
    r"(?P<lat>[+-]?\d{1,3}(?:\.\d{1,20})?),\s*(?P<lng>[+-]?\d{1,3}(?:\.\d{1,20})?)", re.ASCII
)


@dataclass(frozen=True, slots=True)
class CircuitPage:
    """A circuit.

    Args:
        page: which page and revision; its key is the circuit's.
        name: as shown.
        length: in whole metres, of the kilometres where they are given, else of the miles.
        kind: Road Course, Dirt Oval ...
        city, region, country: the region is a state's short form where the page has it.
        status: in the wiki's words: Still In Operation ...
        opened, closed: years.
        latitude, longitude: in degrees, of the link to a map; both or none.
        drift: what is new or missing.
    """

    page: Page
    name: str
    length: int | None
    kind: str | None
    city: str | None
    region: str | None
    country: str | None
    status: str | None
    opened: int | None
    closed: int | None
    latitude: float | None
    longitude: float | None
    drift: tuple[str, ...]


def read(body: bytes) -> CircuitPage:
    """Read a track's page. Raises ``PageUnusable``, ``not-a-circuit`` without its table."""
    page, root = open_page(body)
    table = first(root, "table.newtracktable")
    if table is None:
        raise PageUnusable("not-a-circuit")
    drift = Drift()
    name = first(table, 'span[style*="font-size:250%"] b')
    if name is None:
        drift.gone("name")
    texts = [text_of(cell) for row in rows(table) for cell in cells(row)]
    located = next((found for one in texts if (found := _LOCATED.fullmatch(one))), None)
    stated = next((one for one in texts if _STATUS.fullmatch(one)), None)
    if located is None:
        drift.gone("place")
    if stated is None:
        drift.gone("status")
    point = _point(table, drift)
    what = located["what"] if located else next((one for one in texts if _measured(one)), "")
    where = place_of(located["place"]) if located else place_of("")
    status = _STATUS.fullmatch(stated) if stated else None
    return CircuitPage(
        page=page,
        name=(text_of(name) if name else "") or page.title,
        length=_length(what, drift),
        kind=_kind(what) if located else None,
        city=where.city,
        region=where.region,
        country=where.country,
        status=(status["status"] or None) if status else None,
        opened=_year(_OPENED, stated),
        closed=_year(_CLOSED, stated),
        latitude=point[0] if point else None,
        longitude=point[1] if point else None,
        drift=drift.told(),
    )


def _measured(text: str) -> bool:
    return bool(_KM.search(text) or _MILES.search(text))


def _length(text: str, drift: Drift) -> int | None:
    kilometres, miles = _KM.search(text), _MILES.search(text)
    if kilometres:
        length = round(float(kilometres["km"]) * 1000)
    elif miles:
        length = round(float(miles["miles"]) * METRES_PER_MILE)
    else:
        return None
    if length not in _LENGTHS:
        drift.strange("length")
        return None
    return length


def _kind(text: str) -> str | None:
    """What remains of "3.6 mi./5.794 km.  Road Course" without the measures."""
    rest = _KM.sub(" ", _MILES.sub(" ", text))
    return clean(rest).strip(" /.,-") or None


def _year(pattern: re.Pattern[str], text: str | None) -> int | None:
    found = pattern.search(text or "")
    return year_in(found["year"]) if found else None


def _point(table: Node, drift: Drift) -> tuple[float, float] | None:
    """The coordinates that the link to a map carries."""
    for query in _maps(table):
        found = _POINT.fullmatch(query.strip())
        point = (float(found["lat"]), float(found["lng"])) if found else None
        # Nobody races at 0, 0: that is a form left empty.
        if point and abs(point[0]) <= 90 and abs(point[1]) <= 180 and point != (0, 0):
            return point
        drift.strange("map")
        return None
    return None


def _maps(table: Node) -> Iterator[str]:
    for anchor in nodes(table, "a"):
        try:
            parts = urlsplit(attribute(anchor, "href"))
            host = parts.hostname or ""
            query = parse_qs(parts.query, max_num_fields=20)
        except ValueError:
            continue
        if host.startswith("maps.google.") or (
            host.endswith("google.com") and "maps" in parts.path
        ):
            yield (query.get("ll") or query.get("q") or [""])[0]
