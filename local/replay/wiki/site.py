"""The replayed wiki: which answer an address gets."""

import html
import json
from dataclasses import dataclass, field

from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, PlainTextResponse, Response

from local.replay.limits import Spacing
from local.replay.replayed import Replayed
from local.replay.wiki import query
from local.replay.wiki.shelf import Shelf
from local.replay.wiki.titles import address, spaced, underscored

ROBOTS = "User-agent: *\nDisallow: /wiki/Special:\n"


@dataclass(slots=True)
class Site(Replayed):
    """One running copy of a wiki: its pages, its pace, its robots.txt, and what every source has.

    `robots` None: there is none. `moved`: titles that are answered 301, with those they moved to.
    """

    shelf: Shelf
    spacing: Spacing = field(default_factory=Spacing)
    robots: str | None = ROBOTS
    moved: dict[str, str] = field(default_factory=dict)

    def limited(self, request: Request) -> Response | None:  # noqa: ARG002 - whoever asks
        """429 for what comes too soon after the one before."""
        wait = self.spacing.refusal()
        if wait is None:
            return None
        return HTMLResponse(_plain("Too Many Requests"), 429, {"Retry-After": str(wait)})

    def found(self, request: Request, body: bytes) -> Response:  # noqa: ARG002 - nothing is posted
        """A page, robots.txt, or what the API says; 404 for all else."""
        path = str(request.scope["path"])
        if path == "/robots.txt":
            return _not_found() if self.robots is None else PlainTextResponse(self.robots)
        if path == "/w/api.php":
            return JSONResponse(query.answer(self.shelf, dict(request.query_params)))
        if path.startswith("/wiki/"):
            return self._page(path.removeprefix("/wiki/"))
        return _not_found()

    def _page(self, asked: str) -> Response:
        title = underscored(asked)
        if title is None:
            return HTMLResponse(_plain("Bad title"), 400)
        title = self.moved.get(title, title)
        if title != asked:
            return Response(status_code=301, headers={"Location": address(title)})
        page = self.shelf.find(title)
        if page is None:
            return HTMLResponse(missing_page(title), 404)
        return HTMLResponse(page.read(None if title == page.title else title))


def missing_page(title: str) -> str:
    """What MediaWiki shows where nobody has written a page yet."""
    data = {
        "wgPageName": title,
        "wgTitle": spaced(title),
        "wgCurRevisionId": 0,
        "wgRevisionId": 0,
        "wgArticleId": 0,
        "wgIsArticle": False,
        "wgCategories": [],
    }
    shown = html.escape(spaced(title))
    return (
        '<!DOCTYPE html>\n<html class="client-nojs" lang="en" dir="ltr">\n<head>\n'
        f'<meta charset="UTF-8">\n<title>{shown}</title>\n<script>RLCONF={json.dumps(data)};'
        '</script>\n</head>\n<body><div id="mw-content-text" class="mw-body-content">'
        '<div class="noarticletext mw-content-ltr">\n<p>There is currently no text in this page.'
        "</p>\n</div></div></body>\n</html>\n"
    )


def _not_found() -> Response:
    return HTMLResponse(_plain("Not Found"), 404)


def _plain(title: str) -> str:
    return (
        f"<!DOCTYPE html>\n<html><head><title>{title}</title></head><body>{title}</body></html>\n"
    )
