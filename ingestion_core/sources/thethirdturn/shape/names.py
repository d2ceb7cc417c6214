"""Names as the product wants them, from titles and from names as shown."""

import re
from typing import Final

from ingestion_core.racing.names import fold
from ingestion_core.sources.thethirdturn.page import spaced

_UNNAMED: Final = re.compile(r".*:\d{4}(?:-\d{2,4})?-\w+")
_YEAR: Final = re.compile(r"\d{4}(?:[-–/]\d{2,4})?\s+(?=\S)", re.ASCII)
_QUALIFIER: Final = re.compile(r"(?P<name>.*\S)\s*\([^()]*\)\s*")
_SUFFIXES: Final = frozenset({"jr", "sr", "ii", "iii", "iv", "v", "2nd", "3rd"})
_PARTICLES: Final = frozenset(
    {"da", "das", "de", "del", "della", "den", "der", "di", "do", "dos", "du", "la", "le", "st"}
    | {"ten", "ter", "van", "von", "vom", "zu"}
)


def race_name(title: str | None, label: str) -> str:
    """A race's name: its page's title without the year, or its number in the season.

    Of the title alone, never of what the page shows: it is the same before that is read.
    """
    if title is None or _UNNAMED.fullmatch(title):
        return f"Race {label}"
    named = spaced(title)
    return _YEAR.sub("", named, count=1) or named


def bare(name: str) -> str:
    """A name without what tells homonyms apart: "Mark Martin (AR)" is Mark Martin's."""
    found = _QUALIFIER.fullmatch(name)
    return found["name"] if found and fold(found["name"]) else name


def is_bare(title: str) -> bool:
    """Whether nothing stands behind the name."""
    return bare(title) == title


def split_name(name: str) -> tuple[str, str]:
    """First and last name; the first is empty where there is but one.

    ", Jr." and "III" belong to the last name, and so do "van der" and the like.
    """
    words = bare(name).replace(",", " ").split()
    end = len(words)
    while end > 1 and fold(words[end - 1]) in _SUFFIXES:
        end -= 1
    particle = (
        place for place in range(1, end - 1) if words[place].casefold().rstrip(".") in _PARTICLES
    )
    start = next(particle, max(end - 1, 0))
    return " ".join(words[:start]), " ".join(words[start:])
