"""What every page has: its key, its revision, its content, its links, and what is new about it.

A page's key is its title as the wiki writes it in addresses, with underscores: that of the page
itself from the data in its head, that of a link from its decoded address, never from its text.
Curtis Turner of Virginia is shown as "Curtis Turner" and is ``Curtis_Turner_(VA)``.
"""

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Final
from urllib.parse import parse_qs, quote, unquote, urlsplit

from ingestion_core.errors import UnusableAnswer
from ingestion_core.racing.names import fold
from ingestion_core.sources.thethirdturn.markup import (
    Node,
    TooDeep,
    attribute,
    clean,
    first,
    parse,
    text_of,
)

#: Larger than any page: the largest circuits' are 0.5 MB.
MAX_BYTES: Final = 8_000_000
MAX_TITLE: Final = 255

#: Namespaces of pages about the wiki itself; series and races have colons in their titles too.
_OTHER_NAMESPACES: Final = frozenset(
    {"special", "file", "media", "category", "template", "help", "mediawiki", "user", "form"}
    | {"property", "concept", "talk", "user_talk", "the_third_turn", "template_talk", "file_talk"}
)
_HOSTS: Final = frozenset({"", "thethirdturn.com", "www.thethirdturn.com"})
_DATA: Final = re.compile(r"\bRLCONF\s*=\s*(?=\{)")
_END: Final = re.compile(r"</html>\s*\Z", re.IGNORECASE)
_DIGITS: Final = re.compile(r"\d+")
_TOLD: Final = 50


class PageUnusable(UnusableAnswer):
    """These bytes are no such page: not HTML, half a page, or a page of another kind.

    ``reason`` is one of this package's own codes; nothing of the page stands in the text.
    """

    code = "page-unusable"

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason

    @property
    def told(self) -> str:
        return f"{self.code}: {self.reason}"


@dataclass(frozen=True, slots=True)
class Page:
    """Which page this is, and which version of it.

    Args:
        key: its title, with underscores.
        article: the wiki's id of it, which stays when the page is moved.
        revision: grows with every change.
        redirected_from: the key that was asked for, where that only leads here.
        categories: as a set: the wiki lists those of a race's drivers in finishing order.
    """

    key: str
    article: int
    revision: int
    redirected_from: str | None
    categories: frozenset[str] = field(repr=False)

    @property
    def title(self) -> str:
        """The key as a reader sees it."""
        return spaced(self.key)

    @property
    def address(self) -> str:
        """Its path on the wiki's host."""
        return address(self.key)


@dataclass(frozen=True, slots=True)
class Link:
    """A page that another one names. ``exists`` false: a red link, nobody has written it."""

    key: str
    text: str
    exists: bool

    @property
    def title(self) -> str:
        """The key as a reader sees it."""
        return spaced(self.key)


@dataclass(slots=True)
class Drift:
    """What a page has that its reader does not know, or lacks: short texts, no values.

    ``+column Div`` is new, ``-column Laps`` is gone, ``?date`` is there in an unknown form.
    """

    _found: set[str] = field(default_factory=set)

    def new(self, what: str, text: str) -> None:
        """Something with a heading of its own that nobody knows."""
        # Numbers can be results; a heading's end behind a colon can be anything.
        self._found.add(f"+{what} {_DIGITS.sub('#', clean(text).partition(':')[0])}")

    def gone(self, what: str) -> None:
        """Something that such a page should have."""
        self._found.add(f"-{what}")

    def strange(self, what: str) -> None:
        """Something in a form that is not understood."""
        self._found.add(f"?{what}")

    def told(self, names: Iterable[str] = ()) -> tuple[str, ...]:
        """All of it, sorted; where one of ``names`` stands in a text, its kind alone is told."""
        people = [folded for folded in {fold(name) for name in names} if folded]
        kept = set()
        for one in self._found:
            text = f" {fold(one)} "
            named = one[0] == "+" and any(f" {name} " in text for name in people)
            kept.add(one.partition(" ")[0] if named else ascii(one[:_TOLD])[1:-1])
        return tuple(sorted(kept))


def identify(body: bytes) -> Page:
    """Which page this is, and which revision of it: all that an unchanged page is looked at for.

    Raises ``PageUnusable``: ``too-large``, ``not-utf-8``, ``half-a-page``, ``no-page-data``,
    ``no-article``.
    """
    return _page(_data(_text(body)))


def open_page(body: bytes) -> tuple[Page, Node]:
    """A page and the root of its content, ``#mw-content-text``.

    Raises ``PageUnusable``: as ``identify``, and ``too-deep``, ``no-content``.
    """
    text = _text(body)
    page = _page(_data(text))
    try:
        root = parse(text)
    except TooDeep:
        raise PageUnusable("too-deep") from None
    content = None if root is None else first(root, "#mw-content-text")
    if content is None:
        raise PageUnusable("no-content")
    return page, content


def _text(body: bytes) -> str:
    if len(body) > MAX_BYTES:
        raise PageUnusable("too-large")
    try:
        text = body.decode("utf-8")
    except UnicodeDecodeError:
        raise PageUnusable("not-utf-8") from None
    if _END.search(text[-2000:]) is None:
        raise PageUnusable("half-a-page")
    return text


def link_of(anchor: Node) -> Link | None:
    """The page of this wiki that an ``a`` element leads to; None where it is no such link."""
    try:
        parts = urlsplit(attribute(anchor, "href"))
    except ValueError:
        return None
    if (parts.netloc or "").lower() not in _HOSTS or parts.scheme not in ("", "http", "https"):
        return None
    if parts.path.startswith("/wiki/"):
        title, red = unquote(parts.path.removeprefix("/wiki/")), False
    elif parts.path == "/w/index.php":
        query = parse_qs(parts.query, max_num_fields=20)
        title, red = query.get("title", [""])[0], "1" in query.get("redlink", ())
    else:
        return None
    key = key_of(title)
    if key is None or key.partition(":")[0].lower() in _OTHER_NAMESPACES:
        return None
    exists = not red and "new" not in attribute(anchor, "class").split()
    return Link(key, text_of(anchor), exists)


def key_of(title: object) -> str | None:
    """A title as a key; None where no page can have it."""
    if not isinstance(title, str) or not title.isprintable():
        return None
    key = "_".join(title.replace("_", " ").split())
    if not key or len(key.encode(errors="replace")) > MAX_TITLE or set(key) & set("<>[]{}|#"):
        return None
    return key


def spaced(key: str) -> str:
    """A key as the wiki shows it."""
    return key.replace("_", " ")


def address(key: str) -> str:
    """A page's path on the wiki's host."""
    return "/wiki/" + quote(key, safe="/:!$&'()*+,;=@~-._", errors="replace")


def _data(text: str) -> Mapping[str, object]:
    """What the page says of itself, for its own scripts."""
    found = _DATA.search(text)
    if found is None:
        raise PageUnusable("no-page-data")
    try:
        data, _ = json.JSONDecoder().raw_decode(text, found.end())
    except (ValueError, RecursionError):
        raise PageUnusable("no-page-data") from None
    return data if isinstance(data, dict) else {}


def _page(data: Mapping[str, object]) -> Page:
    key = key_of(data.get("wgPageName"))
    article, revision = _number(data.get("wgArticleId")), _number(data.get("wgCurRevisionId"))
    if key is None:
        raise PageUnusable("no-page-data")
    if not article or not revision:  # 0: the text that stands in for a page that nobody wrote
        raise PageUnusable("no-article")
    listed = data.get("wgCategories")
    named = [one for one in listed if isinstance(one, str)] if isinstance(listed, list) else []
    return Page(
        key=key,
        article=article,
        revision=revision,
        redirected_from=key_of(data.get("wgRedirectedFrom")),
        categories=frozenset(named),
    )


def _number(value: object) -> int | None:
    if not isinstance(value, int) or isinstance(value, bool):
        return None
    return value if 0 <= value < 2**53 else None
