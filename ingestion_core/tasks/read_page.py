"""One page of the wiki: asked for where it has to be, stored, and followed to where it leads.

What is stored of a page follows from what it says and from the contexts in which other pages name
it. A page of the same revision in the same contexts is not read again; where it leads to is known.
"""

from collections.abc import Iterable, Iterator
from dataclasses import replace
from datetime import datetime
from typing import Final

from psycopg import Connection
from psycopg.rows import TupleRow

from ingestion_core.errors import NoSuchPage
from ingestion_core.results import pages as bodies
from ingestion_core.sources.thethirdturn import SOURCE, revisions
from ingestion_core.sources.thethirdturn.client import Reply
from ingestion_core.sources.thethirdturn.page import Page, PageUnusable, identify
from ingestion_core.tasks import crawl, opt_in, page_kinds, projected_again
from ingestion_core.tasks.app import App
from ingestion_core.tasks.page_kinds import Reading
from ingestion_core.tasks.prepared import prepare
from ingestion_core.tasks.visiting import Visit
from ingestion_core.tasks.wanted_pages import BEGINNINGS, RACE, RESOURCE, TASK, Asked
from ingestion_core.work import fetches, pages
from ingestion_core.work.items import Item, Wanted, close, enqueue
from ingestion_core.work.pages import Contexts, Follow, Known

Db = Connection[TupleRow]

DISALLOWED: Final = "disallowed"
MISSING: Final = "missing"
UNCHANGED: Final = "unchanged"
#: More titles in a row that only lead to another one are a circle.
_MOVES: Final = 3


def read_page(app: App, item: Item) -> None:
    """Read a page where it is not as it was, and go on to what it leads to.

    Raises:
        SourceOff: the wiki is not opted into.
        NoSuchPage: nobody wrote the page that the crawl was to begin with; that is on record.
        PageUnusable: what came is no such page; that is on record, and its bytes are kept.
        SourceClosed, SourceRefused, SourceFailing: the wiki can't be asked for now.
    """
    crawl.check_item(app.settings)
    prepare(app)
    visit = Visit(app, item)
    _compare(visit, here=visit.asked.key)
    found = _arrive(visit)
    if isinstance(found, Known):
        followed = _go_on(visit, found)
    elif found is None or found.body is None:
        followed = _absent(visit, found)
    else:
        followed = _take_in(visit, found, found.body)
    if followed:
        app.release(SOURCE)


def _compare(visit: Visit, here: str | None = None, ahead: Iterable[str] = ()) -> None:
    """Ask for the revisions of known pages, in one request, where any has to be known from here."""
    with visit.app.db() as db:
        due = pages.due(
            db,
            source=SOURCE,
            task=TASK,
            asked_at=visit.asked.asked_at,
            here=here,
            ahead=ahead,
            years=visit.asked.span,
            most=revisions.MOST,
        )
    if due.needed:
        visit.compare(due.keys)


def _arrive(visit: Visit) -> Known | Reply | None:
    """The page where it is as it was, else the wiki's answer; None where we may not ask."""
    asked = visit.asked
    since, key = asked.asked_at, asked.key
    for _ in range(_MOVES):
        known = _known(visit, key)
        if known is not None:
            if known.settled(since, asked.kind, asked.under(known.key)):
                return known
            if known.revision and (reason := known.refused(since, asked.kind)):
                raise PageUnusable(reason)
            if known.moved_to and known.checked_at >= since:
                key = known.moved_to
                continue
        reply = visit.page(key)
        if reply is None or reply.moved_to is None:
            return reply
        with visit.app.transaction() as db:
            _record_move(db, asked, reply, reply.moved_to)
        key = reply.moved_to
    raise PageUnusable("moved-in-circles")


def _known(visit: Visit, key: str) -> Known | None:
    with visit.app.db() as db:
        return pages.find(db, [key]).get(key)


def _go_on(visit: Visit, known: Known) -> int:
    """Go on from a page that is as it was, or that still nobody has written; how many follow.

    Raises:
        NoSuchPage: the crawl was to begin with it.
    """
    if known.revision is None and visit.asked.kind in BEGINNINGS:
        raise NoSuchPage(known.key)
    with visit.app.transaction() as db:
        return _unchanged(db, visit, known)


def _unchanged(db: Db, visit: Visit, known: Known) -> int:
    """The same within a transaction."""
    wanted = _next(db, visit, known.leads_to)
    if known.kind == RACE and known.revision is not None:
        page = _item(visit, known.key, known.contexts)
        wanted += opt_in.follow_page(db, visit.app.settings, page, known.revision)
    followed = enqueue(db, wanted, parent=visit.item)
    outcome = MISSING if known.revision is None else UNCHANGED
    counts = {"requests": visit.requests, "follows": followed}
    close(db, visit.item, "done", outcome=outcome, counts=counts)
    return followed


def _absent(visit: Visit, reply: Reply | None) -> int:
    """Record that nobody has written the page or, without an answer, that we may not read it.

    Raises:
        NoSuchPage: the crawl was to begin with it; that is on record.
    """
    app, asked = visit.app, visit.asked
    key, at = (reply.key, reply.observed_at) if reply else (asked.key, app.now())
    why = MISSING if reply else DISALLOWED
    record = fetches.Fetch(
        source=SOURCE,
        resource=RESOURCE,
        key=key,
        outcome="empty" if reply else "failed",
        observed_at=at,
        http_status=reply.status if reply else None,
    )
    with app.transaction() as db:
        pages.absent(db, key, asked.kind, at, None if reply else why)
        fetches.record(db, [record])
        if reply is None or asked.kind not in BEGINNINGS:
            close(db, visit.item, "done", outcome=why, counts={"requests": visit.requests})
            return 0
    raise NoSuchPage(key)


def _take_in(visit: Visit, reply: Reply, body: bytes) -> int:
    """Store a page that came, unless it is one that is known as it is; how many follow.

    Raises:
        PageUnusable: it is no such page; recorded.
    """
    asked = visit.asked
    page: Page | None = None
    known: Known | None = None
    try:
        page = identify(body)
        known = _known(visit, page.key)
        contexts = {**(known.contexts if known else {}), **asked.under(page.key)}
        same = _as_read(known, page)
        if same is not None and same.kind == asked.kind and same.contexts == contexts:
            return _settle(visit, reply, same)
        reading = page_kinds.read(asked.kind, body, contexts, reply.observed_at)
    except PageUnusable as unusable:
        if page is None or _as_read(known, page) is None:  # else it is fine as another kind
            _refuse(visit, reply, body, page, unusable.reason)
        raise
    _compare(visit, ahead=[one.key for one in reading.follows if asked.wants(one)])
    return _store(visit, reply, bodies.packed(body), reading, contexts)


def _as_read(known: Known | None, page: Page) -> Known | None:
    """What is known of a page, where this very revision was read."""
    if known is None or known.moved_to is not None or known.unusable is not None:
        return None
    return known if known.revision == page.revision else None


def _settle(visit: Visit, reply: Reply, known: Known) -> int:
    """The page itself told that it is as it was; how many follow."""
    with visit.app.transaction() as db:
        pages.told(db, [(known.key, None, known.revision)], reply.observed_at)
        if reply.key != known.key:
            _record_move(db, visit.asked, reply, known.key)
        return _unchanged(db, visit, known)


def _store(visit: Visit, reply: Reply, packed: bytes, reading: Reading, contexts: Contexts) -> int:
    """One transaction: what the page says, its bytes, the records, what follows, the item's end;
    how many follow."""
    app, asked, page, at = visit.app, visit.asked, reading.page, reply.observed_at
    with app.transaction() as db:
        locked = page_kinds.lock(db, reading)
        if reply.key != page.key:
            _record_move(db, asked, reply, page.key)
        late = fetches.observed_later(db, SOURCE, [(RESOURCE, page.key)], at)
        stored = page_kinds.store(db, reading, app.now(), fill_only=late, locked=locked)
        bodies.add(db, page.key, page.revision, page.address, at, packed)
        if not late:
            page_kinds.record(db, asked.kind, reading, contexts, at)
        answer = page_kinds.fetch_of(reading, at, reply.status)
        fetches.record(db, [answer, *_red(db, reading, at)])
        wanted = _next(db, visit, reading.follows)
        if asked.kind == RACE:
            one = _item(visit, page.key, contexts)
            wanted += opt_in.follow_page(
                db, app.settings, one, page.revision, relisted=stored.relisted
            )
        wanted += projected_again.wanted(db, app.settings, stored.rejoined, app.now())
        followed = enqueue(db, wanted, parent=visit.item)
        counts = {
            "requests": visit.requests,
            **stored.counts,
            "follows": followed,
            "drift": len(reading.drift),
        }
        close(db, visit.item, "done", outcome="shrunk" if stored.shrunk else "ok", counts=counts)
    return followed


def _refuse(visit: Visit, reply: Reply, body: bytes, page: Page | None, reason: str) -> None:
    """Record what is no such page; its bytes, where it says which page it is, for a later reader
    to make more of."""
    asked = visit.asked
    key, at = page.key if page else reply.key, reply.observed_at
    record = fetches.Fetch(SOURCE, RESOURCE, key, "failed", at, http_status=reply.status)
    with visit.app.transaction() as db:
        if page is None:
            pages.absent(db, key, asked.kind, at, reason)
        else:
            bodies.add(db, key, page.revision, page.address, at, bodies.packed(body))
            pages.read(
                db,
                key,
                asked.kind,
                article=page.article,
                revision=page.revision,
                at=at,
                contexts=asked.under(key),
                unusable=reason,
            )
            if reply.key != key:
                _record_move(db, asked, reply, key)
        fetches.record(db, [record])


def _record_move(db: Db, asked: Asked, reply: Reply, moved_to: str) -> None:
    """Record that the title that was asked for leads to another one."""
    at = reply.observed_at
    pages.moved(db, reply.key, asked.kind, moved_to, at)
    record = fetches.Fetch(SOURCE, RESOURCE, reply.key, "ok", at, http_status=reply.status)
    fetches.record(db, [record])


def _red(db: Db, reading: Reading, at: datetime) -> Iterator[fetches.Fetch]:
    """What the page links to in red: asked and empty, without a request; nothing is known of it."""
    known = pages.find(db, reading.red)
    return (
        fetches.Fetch(SOURCE, RESOURCE, key, "empty", at)
        for key in sorted(reading.red - known.keys())
    )


def _next(db: Db, visit: Visit, follows: Iterable[Follow]) -> list[Wanted]:
    """The items of the pages that a page leads to, but for those that end here and are settled."""
    asked, lane = visit.asked, visit.item.lane
    wanted = [one for one in follows if asked.wants(one)]
    known = pages.find(db, [one.key for one in wanted])
    ahead = (_page_ahead(asked.next(one), known.get(one.key), lane) for one in wanted)
    return [one for one in ahead if one is not None]


def _page_ahead(asked: Asked, known: Known | None, lane: int) -> Wanted | None:
    """The item of a page; None where there is nothing to ask and nowhere to go on to."""
    if known is None or not known.looked_at(asked.asked_at):
        return asked.item(lane=lane)
    if known.refused(asked.asked_at, asked.kind):
        return None
    settled = known.settled(asked.asked_at, asked.kind, asked.under(known.key))
    ends_here = not known.follows and not (asked.results and asked.kind == RACE)
    return None if settled and ends_here else asked.item(0 if settled else 1, lane)


def _item(visit: Visit, key: str, contexts: Contexts) -> Wanted:
    """The item of a page under its own title, in all its contexts."""
    return replace(visit.asked, key=key, contexts=contexts).item(lane=visit.item.lane)
