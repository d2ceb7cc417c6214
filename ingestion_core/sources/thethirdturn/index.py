"""The index of all series: ``Series_Database:Index``."""

import re
from dataclasses import dataclass
from typing import Final

from ingestion_core.sources.thethirdturn.markup import Node, is_text, nodes, text_of
from ingestion_core.sources.thethirdturn.page import Drift, Page, PageUnusable, link_of, open_page
from ingestion_core.sources.thethirdturn.tables import cells, rows

CENTRAL: Final = "_Central"
LOCAL: Final = "Local Racing Divisions"

#: Headings that name no body, but what the wiki has put together itself.
_NO_BODY: Final = re.compile(
    r"Other\b|(?:Other )?Annual & Exhibition|One-Track|Weekly Points|Local Racing|By-Year"
    r"|(?!.*& Events$).* Events$"
)
_TAIL: Final = re.compile(r" Series(?: & Events| and successors.*)?$")
_SHORT: Final = re.compile(r"\(([A-Za-z]{2,10})\)$")
_DEFUNCT: Final = re.compile(r"\s*\(\s*\*\s*\)")


@dataclass(frozen=True, slots=True)
class SeriesEntry:
    """A series that has a page of its own; ``defunct``: it is no longer held."""

    key: str
    name: str
    defunct: bool


@dataclass(frozen=True, slots=True)
class SeriesGroup:
    """Series under one heading, "governing body - class".

    ``body`` is None where the heading names none; ``local``: below the local divisions, which
    are tracks' own. A series can stand in several groups.
    """

    heading: str
    body: str | None
    kind: str | None
    local: bool
    series: tuple[SeriesEntry, ...]


@dataclass(frozen=True, slots=True)
class IndexPage:
    """The index.

    Args:
        page: which page and revision.
        groups: in the page's order.
        links: all links in the groups, whatever they lead to.
        defunct: how many of all links are marked so.
        red: keys of links to pages that nobody has written.
        drift: what is new or missing.
    """

    page: Page
    groups: tuple[SeriesGroup, ...]
    links: int
    defunct: int
    red: tuple[str, ...]
    drift: tuple[str, ...]


@dataclass(slots=True)
class _Counts:
    links: int = 0
    defunct: int = 0


def read(body: bytes) -> IndexPage:
    """Read the index. Raises ``PageUnusable``, ``not-an-index`` where no group has a series."""
    page, root = open_page(body)
    drift, counts, red, local = Drift(), _Counts(), set[str](), False
    groups: list[SeriesGroup] = []
    for table in nodes(root, "table.wikitable2"):
        for row in rows(table):
            match cells(row):
                case [only] if only.tag == "th" and not groups:
                    continue  # the table's own title
                case [th, td] if th.tag == "th" and td.tag == "td":
                    heading = text_of(th)
                    local = local or heading == LOCAL
                    series = _series(td, counts, red)
                    groups.append(_group(heading, series, local))
                case _:
                    drift.strange("group")
    if not any(group.series for group in groups):
        raise PageUnusable("not-an-index")
    if not local:
        drift.gone("local divisions")
    return IndexPage(
        page=page,
        groups=_with_full_names(groups),
        links=counts.links,
        defunct=counts.defunct,
        red=tuple(sorted(red)),
        drift=drift.told(),
    )


def _series(cell: Node, counts: _Counts, red: set[str]) -> tuple[SeriesEntry, ...]:
    found: list[SeriesEntry] = []
    for anchor in nodes(cell, "a"):
        counts.links += 1
        defunct = _is_defunct(anchor)
        counts.defunct += defunct
        link = link_of(anchor)
        if link is None:
            continue
        if not link.exists:
            red.add(link.key)
        elif link.key.endswith(CENTRAL):
            name = link.text or link.title.removesuffix(" Central")
            found.append(SeriesEntry(link.key, name, defunct))
    return tuple(found)


def _is_defunct(anchor: Node) -> bool:
    """Whether the text right behind a link is the mark."""
    behind = anchor.next
    return behind is not None and is_text(behind) and bool(_DEFUNCT.match(behind.text()))


def _group(heading: str, series: tuple[SeriesEntry, ...], local: bool) -> SeriesGroup:
    body, dash, kind = heading.partition(" - ")
    named = None if _NO_BODY.match(body) else _TAIL.sub("", body).strip() or None
    return SeriesGroup(heading, named, kind.strip() if dash else None, local, series)


def _with_full_names(groups: list[SeriesGroup]) -> tuple[SeriesGroup, ...]:
    """One body under one name: the first heading says whose short form the next ones use."""
    full: dict[str, str] = {}
    for group in groups:
        short = _SHORT.search(group.body or "")
        if short and group.body:
            full.setdefault(short[1], group.body)
    return tuple(
        SeriesGroup(
            one.heading, full.get(one.body or "", one.body), one.kind, one.local, one.series
        )
        for one in groups
    )
