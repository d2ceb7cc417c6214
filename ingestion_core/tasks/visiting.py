"""The wiki on behalf of one item: what it lets us ask for, and every outcome on record."""

from collections.abc import Callable
from typing import Final, TypeVar

from ingestion_core.errors import SourceFailing
from ingestion_core.sources.thethirdturn import SOURCE, revisions, robots
from ingestion_core.sources.thethirdturn.client import Reply
from ingestion_core.sources.thethirdturn.page import address
from ingestion_core.sources.thethirdturn.robots import Rules
from ingestion_core.tasks.app import App
from ingestion_core.tasks.wanted_pages import RESOURCE, Asked
from ingestion_core.work import fetches, pages
from ingestion_core.work import robots as kept_robots
from ingestion_core.work.items import Item
from ingestion_core.work.robots import KEPT

#: The record of whether the API for revisions answers us.
REVISIONS: Final = "revisions"

T = TypeVar("T")


class Visit:
    """What one item asks of the wiki.

    Args:
        app: the process's app.
        item: whose page it is.

    ``requests`` is what it came to, robots.txt included.
    """

    def __init__(self, app: App, item: Item) -> None:
        self.app = app
        self.item = item
        self.asked = Asked.of(item)
        self._rules: Rules | None = None
        self.requests = 0

    def may_ask(self, path: str) -> bool:
        """Whether robots.txt lets us; it is asked for first, once a day.

        Raises:
            SourceClosed, SourceRefused, SourceFailing: nothing was learnt; come again.
        """
        if self._rules is None:
            self._rules = self._read_rules()
        return self._rules.allow(path)

    def page(self, key: str) -> Reply | None:
        """A page's answer; None where robots.txt keeps us from it. Errors as ``may_ask``."""
        if not self.may_ask(address(key)):
            return None
        return self._asked(RESOURCE, key, lambda: self.app.wiki.page(key))

    def compare(self, keys: tuple[str, ...]) -> None:
        """Ask which revisions pages have by now, and remember it; as many as one request takes.

        Does nothing where the API does not answer us; then each page tells of itself. Errors as
        ``may_ask``.
        """
        if not keys or not self.may_ask(revisions.PATH):
            return
        with self.app.db() as db:
            if fetches.put_off(db, SOURCE, REVISIONS, revisions.PATH, self.app.now()):
                return
        answer = self._asked(REVISIONS, revisions.PATH, lambda: self.app.wiki.revisions(keys))
        record = fetches.Fetch(
            source=SOURCE,
            resource=REVISIONS,
            key=revisions.PATH,
            outcome="failed" if answer.told is None else "ok",
            observed_at=answer.observed_at,
            http_status=answer.status,
            rows=None if answer.told is None else len(answer.told),
            next_at=answer.observed_at + KEPT if answer.told is None else None,
        )
        told = (answer.told or {}).items()
        with self.app.transaction() as db:
            pages.told(
                db, [(key, one.moved_to, one.revision) for key, one in told], answer.observed_at
            )
            fetches.record(db, [record])

    def _read_rules(self) -> Rules:
        with self.app.db() as db:
            kept = kept_robots.kept(db, SOURCE)
        if kept is not None and not kept.stale:
            return robots.rules(kept.status, kept.text)
        answer = self._asked("robots", robots.PATH, self.app.wiki.robots)
        with self.app.db() as db:
            kept_robots.keep(db, SOURCE, answer.status, answer.text, answer.observed_at)
        found = robots.rules(answer.status, answer.text)
        self.app.wiki_gate.register(found.delay)
        return found

    def _asked(self, resource: str, key: str, ask: Callable[[], T]) -> T:
        self.requests += 1
        try:
            return ask()
        except SourceFailing:
            failed = fetches.Fetch(SOURCE, resource, key, "failed", self.app.now())
            with self.app.db() as db:
                fetches.record(db, [failed])
            raise
