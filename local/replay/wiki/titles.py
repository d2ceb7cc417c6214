"""Titles as MediaWiki takes them."""

import re
from urllib.parse import quote

_IMPOSSIBLE = re.compile(r"[<>\[\]{}|#\x00-\x1f\x7f]")


def underscored(title: str) -> str | None:
    """A title as it stands in addresses; None where no page can have it."""
    found = "_".join(title.replace("_", " ").split())
    if not found or _IMPOSSIBLE.search(found) or len(found.encode()) > 255:
        return None
    return found[0].upper() + found[1:]


def spaced(title: str) -> str:
    """A title as it is shown."""
    return title.replace("_", " ")


def address(title: str) -> str:
    """The path of a title's page."""
    return "/wiki/" + quote(title, safe="/:!$()*,;@~")
