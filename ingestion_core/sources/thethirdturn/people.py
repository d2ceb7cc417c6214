"""Who drove, for whom: what a race's page says in its cells, and the keys that follow from it."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from ingestion_core.racing.names import fold
from ingestion_core.sources.thethirdturn.markup import (
    Node,
    children,
    clean,
    is_text,
    nodes,
    text_of,
)
from ingestion_core.sources.thethirdturn.page import Link, link_of, spaced

#: Cars of nobody that the wiki has a page of, and of no make that it names. No title holds "|".
INDEPENDENT: Final = "|independent"
_MAKE: Final = "make|"

_MODEL_YEAR: Final = re.compile(r"(?:1[89]|20)\d\d\s+(?=\S)", re.ASCII)
_SUFFIX: Final = re.compile(r"(?:jr|sr|ii|iii|iv|v|2nd|3rd)\.?", re.IGNORECASE)
_UNKNOWN: Final = re.compile(
    r"\?+|unknown(?:/unentered)?|unentered|n/?a|none|tba|tbd|-+", re.IGNORECASE
)
_MARKS: Final = " ;,&()*[]"


@dataclass(frozen=True, slots=True)
class Person:
    """A driver as a page names them.

    ``page``: the key of their own page; ``linked``: the title of a red link, which tells
    homonyms apart although nobody wrote the page. ``name`` is what the page shows: suffixes as
    ", Jr." and "III" belong to it.
    """

    name: str
    page: str | None = None
    linked: str | None = None

    @property
    def title(self) -> str:
        """The name that tells homonyms apart: Mark Martin (AR)."""
        return spaced(self.page or self.linked or self.name)

    def key(self, series: str) -> str:
        """The page's key, or else the series' title, "|" and the folded name."""
        return self.page or f"{series}|{fold(self.title)}"


@dataclass(frozen=True, slots=True)
class Team:
    """For whom a car was entered; ``key`` is a page's where it has no "|"."""

    key: str
    name: str


def people_of(cell: Node) -> tuple[Person, ...]:
    """The drivers of one car, of whom there can be several; each once, in the page's order.

    ";" and line breaks part them: a comma belongs to a name. What else stands beside a link is
    no driver.
    """
    return _each_once(
        one for part in _parts(cell, ";") for one in ([*part.people] or _named(part.text))
    )


def listed_people(cell: Node, label: str) -> tuple[Person, ...]:
    """Everybody in a list such as "Did not qualify: A; B", whose label is left out.

    Parted by ";" where there is one, else by ",", but for that of ", Jr.".
    """
    shown = text_of(cell).removeprefix(label)
    separators = ";" if ";" in shown else ";,"
    parts = list(_parts(cell, separators))
    found: list[Person] = []
    for place, part in enumerate(parts):
        text = part.text.removeprefix(label) if place == 0 else part.text
        if part.people:
            found += part.people
        elif found and found[-1].page is None and _SUFFIX.fullmatch(text.strip(_MARKS)):
            last = found[-1]
            found[-1] = Person(f"{last.name}, {text.strip(_MARKS)}", last.page, last.linked)
        else:
            found += _named(text)
    return _each_once(found)


def car_of(text: str) -> str | None:
    """A car's number, letters and leading zeros kept: 08, 9W, 21CZ."""
    return text if text and len(text) <= 10 and not _UNKNOWN.fullmatch(text) else None


def team_of(sponsor: Node | None, make: Node | None) -> Team:
    """The sponsor where it has a page (in old races the owner), else the make, else nobody's.

    A make is without its model year, or each year's cars would be a team of their own.
    """
    if sponsor is not None:
        linked = [link for one in nodes(sponsor, "a") if (link := link_of(one)) and link.exists]
        if linked:
            return Team(linked[0].key, linked[0].title)
    made = known(text_of(make)) if make is not None else None
    name = _MODEL_YEAR.sub("", made, count=1)[:100].strip() if made else ""
    return Team(_MAKE + fold(name), name) if fold(name) else Team(INDEPENDENT, "Independent")


def known(text: str) -> str | None:
    """A text, or None for what the wiki writes where it does not know: ???, Unknown/Unentered."""
    return None if not text or _UNKNOWN.fullmatch(text) or "??" in text else text


def person(link: Link) -> Person:
    """The driver that a link names."""
    name = link.text or link.title
    return Person(name, link.key) if link.exists else Person(name, linked=link.key)


@dataclass(slots=True)
class _Part:
    people: list[Person]
    text: str = ""


def _parts(cell: Node, separators: str) -> Iterator[_Part]:
    """A cell's links and texts, between separators and line breaks."""
    part = _Part([])
    for node in _leaves(cell):
        if node.tag == "br":
            yield part
            part = _Part([])
        elif is_text(node):
            first, *others = re.split(f"[{separators}]", _own_spaces(node.text()))
            part.text += first
            for other in others:
                yield part
                part = _Part([], other)
        elif (link := link_of(node)) is not None:
            # A link around a picture has no text, and leads to a country.
            if link.text and (link.exists or fold(link.title)):
                part.people.append(person(link))
        else:
            part.text += text_of(node)
    yield part


def _leaves(node: Node) -> Iterator[Node]:
    """Links, line breaks and texts below a node, in the page's order."""
    waiting = list(children(node, texts=True))[::-1]
    while waiting:
        one = waiting.pop()
        if is_text(one) or one.tag in ("a", "br"):
            yield one
        else:
            waiting += list(children(one, texts=True))[::-1]


def _own_spaces(text: str) -> str:
    """A text's own spaces, but no-break ones."""
    return text.replace("\xa0", " ")


def _named(text: str) -> list[Person]:
    """The person that a text without a link names, if it names one."""
    name = clean(text).strip(" ;,&*")
    return [Person(name)] if len(name) <= 200 and known(name) and fold(name) else []


def _each_once(people: Iterator[Person] | list[Person]) -> tuple[Person, ...]:
    found: dict[str, Person] = {}
    for one in people:
        found.setdefault(one.page or fold(one.title), one)
    return tuple(found.values())
