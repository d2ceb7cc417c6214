"""Building everything anew from the pages that are kept, without a request: what a new version of
the readers makes of them."""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from http import HTTPStatus
from typing import Any

from ingestion_core.database.roles import Role
from ingestion_core.results import pages as bodies
from ingestion_core.sources.thethirdturn import SOURCE
from ingestion_core.sources.thethirdturn.page import PageUnusable
from ingestion_core.tasks import crawl, opt_in, page_kinds, projected_again
from ingestion_core.tasks.app import App
from ingestion_core.tasks.load_page_results import load_again
from ingestion_core.tasks.prepared import prepare
from ingestion_core.tasks.wanted_pages import KINDS, RACE, RESOURCE
from ingestion_core.work import fetches, pages
from ingestion_core.work.items import enqueue
from ingestion_core.work.pages import Held

Say = Callable[[str], None]
_Named = defaultdict[str, dict[str, Mapping[str, Any]]]


@dataclass(slots=True)
class Rebuilt:
    """What it came to: pages by kind, rows changed in the product and in its results, and the
    pages that can't be read, by title, with the reason."""

    pages: Counter[str] = field(default_factory=Counter)
    rows: int = 0
    results: int = 0
    unusable: dict[str, str] = field(default_factory=dict)


def reparse(app: App, include_results: bool = False, say: Say = lambda _: None) -> Rebuilt:
    """Read every page again, parents first, each in a transaction of its own.

    Args:
        app: the process's app.
        include_results: races' results as well.
        say: is told of each page that can't be read.

    Raises:
        Conflict: the wiki, or results that are wanted, are not opted into.
        RightsMissing: our login may not become what may read pages back.
    """
    app = app.acting(Role.RESULTS)
    crawl.check(app.settings)
    opt_in.check(app.settings, include_results, "--results")
    prepare(app)
    done = Rebuilt()
    named: _Named = defaultdict(dict)
    for kind, one in _held(app):
        page = replace(one, contexts={**one.contexts, **named[one.key]})
        try:
            done.rows += _again(app, kind, page, named)
            if include_results and kind == RACE:
                loaded = load_again(app, page.key, page.contexts)
                done.results += loaded.stored.rows if loaded else 0
        except PageUnusable as unusable:
            done.unusable[page.key] = unusable.reason
            say(f"{page.key}: {unusable.told}")
        else:
            done.pages[kind] += 1
    return done


def _held(app: App) -> Iterator[tuple[str, Held]]:
    """Every page that was ever read, by kind."""
    for kind in KINDS:
        with app.db() as db:
            held = pages.held(db, kind)
        yield from ((kind, one) for one in held)


def _again(app: App, kind: str, page: Held, named: _Named) -> int:
    """Read one page again; how many rows of the product changed.

    ``named``: learns what the page says of those that it leads to.
    """
    with app.db() as db:
        kept = bodies.latest(db, page.key)
    if kept is None:
        return 0
    reading = page_kinds.read(kind, kept.body, page.contexts, page.read_at)
    with app.transaction() as db:
        known = pages.find(db, [one.key for one in reading.follows if one.contexts])
        for one in reading.follows:
            if one.key in known:
                named[known[one.key].key].update(one.contexts)
        locked = page_kinds.lock(db, reading)
        late = fetches.observed_later(db, SOURCE, [(RESOURCE, page.key)], page.read_at)
        stored = page_kinds.store(db, reading, app.now(), fill_only=late, locked=locked)
        enqueue(db, projected_again.wanted(db, app.settings, stored.rejoined, app.now()))
        pages.reread(db, page.key, page.contexts, reading.follows)
        fetches.record(db, [page_kinds.fetch_of(reading, page.read_at, HTTPStatus.OK)])
    return stored.counts["rows"]
