"""Which revision pages have by now, asked of ``api.php`` for many at once."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final
from urllib.parse import urlencode

from ingestion_core.sources.thethirdturn.page import key_of, spaced

PATH: Final = "/w/api.php"
#: As many as the API takes at once.
MOST: Final = 50
#: Servers take addresses of 8 kB; long titles make for fewer of them.
_LONGEST: Final = 6000
_FORM: Final = {
    "action": "query",
    "prop": "info",
    "format": "json",
    "formatversion": "2",
    "redirects": "1",
}
#: More redirects in a row are a circle.
_MOVES: Final = 5


@dataclass(frozen=True, slots=True)
class Told:
    """What the wiki says of a page: where it has moved to, and its revision there.

    ``revision`` None: there is no such page.
    """

    moved_to: str | None
    revision: int | None


def question(keys: Sequence[str]) -> tuple[str, tuple[str, ...]]:
    """The path that asks about the first of these pages, and which those are: at least one."""
    taken = list(keys[:MOST])
    while len(path := _path(taken)) > _LONGEST and len(taken) > 1:
        taken.pop()
    return path, tuple(taken)


def understand(answer: object, keys: Iterable[str]) -> dict[str, Told]:
    """What an answer says of these pages; those that it does not speak of are left out.

    Raises:
        ValueError: it is no answer to such a question.
    """
    query = _mapping(_mapping(answer).get("query"))
    pages = {key: one for one in _list(query.get("pages")) if (key := key_of(one.get("title")))}
    plain, moves = _pairs(query.get("normalized")), _pairs(query.get("redirects"))
    found: dict[str, Told] = {}
    for key in keys:
        begun = plain.get(key, key)
        end = begun
        for _ in range(_MOVES):
            end = moves.get(end, end)
        page = pages.get(end)
        if page is not None:
            found[key] = Told(end if end != key else None, _revision(page))
    return found


def _path(keys: Iterable[str]) -> str:
    return f"{PATH}?{urlencode({**_FORM, 'titles': '|'.join(map(spaced, keys))})}"


def _revision(page: Mapping[str, object]) -> int | None:
    last = page.get("lastrevid")
    if page.get("missing") or page.get("invalid") or not isinstance(last, int) or last <= 0:
        return None
    return last


def _pairs(value: object) -> dict[str, str]:
    found: dict[str, str] = {}
    for one in _list(value if value is not None else []):
        before, after = key_of(one.get("from")), key_of(one.get("to"))
        if before and after:
            found[before] = after
    return found


def _mapping(value: object) -> Mapping[str, object]:
    if not isinstance(value, dict):
        raise ValueError("no object")
    return value


def _list(value: object) -> list[Mapping[str, object]]:
    if not isinstance(value, list):
        raise ValueError("no list")
    return [_mapping(one) for one in value]
