"""`/w/api.php?action=query&prop=info`: the revisions of many pages in one answer.

Only formatversion 2; the shape is that of MediaWiki 1.43, mistakes included: those are 200 too.
"""

from collections.abc import Mapping
from typing import Any

from local.replay.wiki.shelf import Shelf
from local.replay.wiki.titles import spaced, underscored

MAX_TITLES = 50

Document = dict[str, Any]


def answer(shelf: Shelf, asked: Mapping[str, str]) -> Document:
    """What MediaWiki answers to these parameters, of a query's address, decoded."""
    if asked.get("action") != "query":
        return _error(
            "badvalue", f'Unrecognized value for parameter "action": {asked.get("action")}.'
        )
    titles = [one for one in asked.get("titles", "").split("|") if one]
    if len(titles) > MAX_TITLES:
        return _error(
            "toomanyvalues",
            f'Too many values supplied for parameter "titles". The limit is {MAX_TITLES}.',
        )
    return {"batchcomplete": True, "query": _query(shelf, titles, "redirects" in asked)}


def _query(shelf: Shelf, titles: list[str], follow: bool) -> Document:
    normalized: list[Document] = []
    redirects: list[Document] = []
    absent: dict[str, Document] = {}
    found: dict[int, Document] = {}
    for title in dict.fromkeys(titles):
        key = underscored(title)
        if key is None:
            reason = "The requested page title contains invalid characters."
            absent[title] = {"title": title, "invalidreason": reason, "invalid": True}
            continue
        if spaced(key) != title:
            normalized.append({"fromencoded": False, "from": title, "to": spaced(key)})
        if follow and key in shelf.redirects:
            target = shelf.redirects[key]
            redirects.append({"from": spaced(key), "to": spaced(target)})
            key = target
        page = shelf.find(key)
        if page is None:
            absent[key] = {"ns": 0, "title": spaced(key), "missing": True}
        else:
            found[page.article] = _info(spaced(key), page.article, page.revision)
    # In no order of the question's: by id, those without one first.
    pages = [*absent.values(), *(found[article] for article in sorted(found))]
    query: Document = {"normalized": normalized, "redirects": redirects, "pages": pages}
    return {name: listed for name, listed in query.items() if listed}


def _info(title: str, article: int, revision: int) -> Document:
    return {
        "pageid": article,
        "ns": 0,
        "title": title,
        "contentmodel": "wikitext",
        "pagelanguage": "en",
        "pagelanguagehtmlcode": "en",
        "pagelanguagedir": "ltr",
        "touched": "2025-12-01T00:00:00Z",
        "lastrevid": revision,
        "length": 1000,
    }


def _error(code: str, info: str) -> Document:
    return {"error": {"code": code, "info": info}}
