"""HTML as the readers see it. The only module that knows the library that parses it.

It follows the HTML standard, so whatever is fed to it becomes a tree; only the nodes' types and
these few functions are used, none of which changes the tree.
"""

import re
from collections.abc import Iterator
from typing import Final

from selectolax.lexbor import LexborDocumentOptions, LexborHTMLParser
from selectolax.lexbor import LexborNode as Node

#: The deepest saved page has 21 levels; trees far deeper cost time by the square of their depth.
MAX_DEPTH: Final = 200

_TAG: Final = re.compile(
    r"<(/?)(?!(?:area|base|br|col|hr|img|input|link|meta|source|track|wbr)\b)[a-z]", re.IGNORECASE
)
_BREAK: Final = re.compile(r"<br\b", re.IGNORECASE)
_STEP: Final = {"": 1, "/": -1}

__all__ = [
    "MAX_DEPTH",
    "Node",
    "TooDeep",
    "attribute",
    "children",
    "clean",
    "first",
    "is_hidden",
    "is_text",
    "nodes",
    "parse",
    "text_of",
]


class TooDeep(ValueError):
    """Elements within elements, beyond reason."""


def parse(text: str) -> Node | None:
    """The root of the tree; None where there is nothing. Raises ``TooDeep``."""
    depth = 0
    for closing in _TAG.findall(text):
        depth = max(0, depth + _STEP[closing])
        if depth > MAX_DEPTH:
            raise TooDeep
    # A line break parts words; in the text of a node nothing else would tell it.
    return LexborHTMLParser(
        _BREAK.sub(" <br", text), options=LexborDocumentOptions.WO_EVENTS.value
    ).root


def nodes(node: Node, selector: str) -> list[Node]:
    """All below a node that a CSS selector finds, in the page's order."""
    return node.css(selector)


def first(node: Node, selector: str) -> Node | None:
    """The first of them."""
    return node.css_first(selector)


def children(node: Node, *, texts: bool = False) -> Iterator[Node]:
    """The elements right below a node; with ``texts`` the texts between them too."""
    for one in node.iter(include_text=texts):
        if not one.is_comment_node:
            yield one


def is_text(node: Node) -> bool:
    """Whether it is a text between elements."""
    return node.is_text_node


def attribute(node: Node, name: str) -> str:
    """An attribute's value; empty where there is none."""
    return node.attributes.get(name) or ""


def is_hidden(node: Node) -> bool:
    """Whether the page does not show it: a template that was left without its values."""
    return "display:none" in attribute(node, "style").replace(" ", "").lower()


def text_of(node: Node) -> str:
    """What a reader of the page sees of a node, with one plain space between words."""
    return clean(node.text())


def clean(text: str) -> str:
    """No-break spaces, line breaks and runs of blanks as one space; nothing invisible."""
    # Most texts are plain: looking at every character of the others alone halves a page's time.
    spaced = " ".join(text.split())
    if spaced.isprintable():
        return spaced
    return " ".join("".join(one for one in spaced if one.isprintable()).split())
