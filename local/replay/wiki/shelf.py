"""A folder of saved pages, found by the titles that the pages themselves have."""

import json
import re
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

from local.replay.rows import RecordingError

PAGES = Path(__file__).parent / "pages"
"""The shipped ones: a series, people and places that never were."""

#: A page says what it is in its first lines; the longest lists of categories have 30 kB.
_HEAD = 65536
_DATA = re.compile(rb"\bRLCONF\s*=\s*\{")
_TEXT = rb'"%s"\s*:\s*("(?:[^"\\]|\\.)*")'
_NUMBER = rb'"%s"\s*:\s*(\d+)'
_REDIRECTED = re.compile(
    rb"(,\s*)?" + _TEXT % b"wgRedirectedFrom" + rb"(?(1)|\s*,?)"  # one comma goes with it
)


@dataclass(frozen=True, slots=True)
class Saved:
    """A saved page: its title with underscores, the wiki's id of it, its revision, its bytes.

    `redirected_from` is the title that was asked for when it was saved, where that only leads here.
    """

    title: str
    article: int
    revision: int
    redirected_from: str | None
    source: Path | bytes = field(repr=False)

    def read(self, redirected_from: str | None = None) -> bytes:
        """The page as it is answered to whoever asked for it by its own title, or by another."""
        body = self.source if isinstance(self.source, bytes) else self.source.read_bytes()
        if redirected_from == self.redirected_from:
            return body
        body = _REDIRECTED.sub(b"", body, count=1)
        if redirected_from is None:
            return body
        told = f'"wgRedirectedFrom":{json.dumps(redirected_from)},'.encode()
        return _DATA.sub(lambda found: found[0] + told, body, count=1)


class Shelf:
    """The saved pages of a folder and those below it; read when the first one is asked for.

    What is no page of the wiki is passed over. Raises RecordingError when there is no such folder.
    """

    def __init__(self, folder: Path = PAGES) -> None:
        if not folder.is_dir():
            raise RecordingError(f"{folder}: no such folder")
        self.folder = folder

    @cached_property
    def pages(self) -> dict[str, Saved]:
        """Every page by its title."""
        # One may have been saved twice, by another title too: what was asked for by its own counts.
        own_last = sorted(self._saved, key=lambda page: page.redirected_from is None)
        return {page.title: page for page in own_last}

    @cached_property
    def redirects(self) -> dict[str, str]:
        """Titles that lead to other pages, as the saved ones tell; more may be added."""
        return {page.redirected_from: page.title for page in self._saved if page.redirected_from}

    @cached_property
    def _saved(self) -> list[Saved]:
        found = []
        for path in sorted(self.folder.rglob("*.html")):
            with path.open("rb") as file:
                page = described(file.read(_HEAD), path)
            if page is not None:
                found.append(page)
        return found

    def find(self, title: str) -> Saved | None:
        """The page of this title, or that it leads to."""
        return self.pages.get(self.redirects.get(title, title))

    def put(self, body: bytes) -> None:
        """Serve these bytes as the page that they say they are, from now on."""
        page = described(body, body)
        if page is None:
            raise RecordingError("no page of the wiki: it has no title, id and revision")
        self.pages[page.title] = page

    def remove(self, title: str) -> None:
        """Serve this page no longer."""
        self.pages.pop(title, None)


def described(head: bytes, source: Path | bytes) -> Saved | None:
    """What the start of a page says of it; None where it is no page of the wiki."""
    data = _DATA.search(head)
    if data is None:
        return None
    title, redirected = _text(head, b"wgPageName"), _text(head, b"wgRedirectedFrom")
    article, revision = _number(head, b"wgArticleId"), _number(head, b"wgCurRevisionId")
    if not (title and article and revision):
        return None
    return Saved(title, article, revision, redirected, source)


def _text(head: bytes, name: bytes) -> str | None:
    found = re.search(_TEXT % name, head)
    try:
        return str(json.loads(found[1])) if found else None
    except ValueError:
        return None


def _number(head: bytes, name: bytes) -> int:
    found = re.search(_NUMBER % name, head)
    return int(found[1]) if found else 0
