"""A driver's page: who they are. Their last finish and all their statistics stand there too:
nothing of them is read."""

import re
from dataclasses import dataclass
from datetime import date
from typing import Final

from ingestion_core.sources.thethirdturn.days import day_of, year_in
from ingestion_core.sources.thethirdturn.markup import Node, attribute, first, nodes, text_of
from ingestion_core.sources.thethirdturn.page import Drift, Page, PageUnusable, open_page
from ingestion_core.sources.thethirdturn.people import known

#: Where the page turns from the man to his races.
_RACES: Final = "most recent race"

_NICKNAME: Final = re.compile(r"[\"“”']+(?P<name>.+?)[\"“”']+")
_LIFE: Final = re.compile(r"\((?P<born>[^()]*?)\s*(?:[-–—]\s*(?P<died>[^()]*?)\s*)?\)")
_NAME: Final = 'span[style*="font-size:250%"] b'


@dataclass(frozen=True, slots=True)
class DriverPage:
    """A driver.

    Args:
        page: which page and revision; its key is the driver's.
        name: as shown: without what tells homonyms apart, which the key has.
        nickname: without its quotation marks.
        born, died: days; None where unknown, or known by the year alone.
        born_year, died_year: known wherever the days are.
        place_of_birth: in the wiki's words.
        drift: what is new or missing.
    """

    page: Page
    name: str
    nickname: str | None
    born: date | None
    born_year: int | None
    died: date | None
    died_year: int | None
    place_of_birth: str | None
    drift: tuple[str, ...]


@dataclass(slots=True)
class _Life:
    nickname: str | None = None
    dates: tuple[str, str] = ("", "")
    place: str | None = None


def read(body: bytes) -> DriverPage:
    """Read a driver's page. Raises ``PageUnusable``, ``not-a-driver`` without the head of one."""
    page, root = open_page(body)
    # On series' and circuits' pages the same large name stands in an ordinary cell.
    head = next((one for one in nodes(root, "th") if first(one, _NAME) is not None), None)
    shown = first(head, _NAME) if head is not None else None
    if head is None or shown is None:
        raise PageUnusable("not-a-driver")
    drift = Drift()
    life = _life(head, drift)
    born, died = life.dates
    return DriverPage(
        page=page,
        name=text_of(shown) or page.title,
        nickname=life.nickname,
        born=day_of(born),
        born_year=year_in(born),
        died=day_of(died),
        died_year=year_in(died),
        place_of_birth=life.place,
        drift=drift.told(),
    )


def _life(head: Node, drift: Drift) -> _Life:
    """What stands below the name, up to where the races begin."""
    life = _Life()
    for span in nodes(head, "span"):
        if "font-size:110%" not in attribute(span, "style").replace(" ", ""):
            continue
        text = text_of(span)
        if text.lower().startswith(_RACES):
            break
        nickname, dates = _NICKNAME.fullmatch(text), _LIFE.fullmatch(text)
        if nickname and life.nickname is None:
            life.nickname = nickname["name"]
        elif dates and life.dates == ("", ""):
            life.dates = (dates["born"], dates["died"] or "")
            if any(day_of(one) is None and known(one) and not year_in(one) for one in life.dates):
                drift.strange("date")
        elif first(span, "a") is None and life.place is None:
            life.place = known(text)
        else:
            drift.strange("biography")
    return life
