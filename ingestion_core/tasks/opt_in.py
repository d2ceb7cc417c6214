"""Results are opted into: what may be asked for, and when it is asked for again.

Knows no result and nothing of the package that does; it only makes items, and none while results
are off.
"""

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from psycopg import Connection
from psycopg.rows import TupleRow

from ingestion_core.catalog.writer import Written
from ingestion_core.errors import Conflict
from ingestion_core.settings import Settings
from ingestion_core.sources import ergast, thethirdturn
from ingestion_core.sources.openf1 import SOURCE
from ingestion_core.work import fetches
from ingestion_core.work.items import BULK_LANE, Item, Wanted, hold

TASK = "load_results"
#: The same of a season of the archive.
SEASON_TASK = "load_season_results"
#: The same of a race's page of a wiki, which is at hand by then.
PAGE_TASK = "load_page_results"
#: /session_result and /starting_grid.
REQUESTS = 2
#: The record by which the calendar of questions is kept.
RESOURCE = "session_result"
SEASON_RESOURCE = "results"
PAGE_RESOURCE = "results"
#: Results are corrected for months: days after a meeting's last session when they are asked again.
ASKED_AGAIN = (1, 3, 7, 30, 90, 180)

#: A payload's words on results, from whoever asked for the meeting; where twins join, both stand.
NOW, BY_CALENDAR = "results_now", "results_by_calendar"


# What is on its way already is not asked for by the calendar too.
_OPEN = """
SELECT key FROM ingest.items
WHERE task = %s AND key = ANY(%s) AND state IN ('waiting', 'sent', 'running')
"""

_WITHHOLD = """
UPDATE ingest.items SET state = 'withheld', outcome = 'off', closed_at = now()
WHERE task = ANY(%s) AND state IN ('waiting', 'sent')
"""


def check(settings: Settings, include_results: bool, wish: str = "'include_results'") -> None:
    """Refuse a wish for results where they are off; ``wish`` is how it was expressed.

    Raises:
        Conflict: names the setting.
    """
    if include_results and not settings.results_enabled:
        raise Conflict(
            "results are spoilers and are off: set RESULTS_ENABLED=true to opt in, or leave out"
            f" {wish}"
        )


def wanted_results(key: str, name: str | None, ask: bool, lane: int = BULK_LANE) -> Wanted:
    """The item that loads a meeting's results, or, without asking, only projects them again."""
    return Wanted(
        source=SOURCE,
        task=TASK,
        key=key,
        requests=REQUESTS if ask else 0,
        lane=lane,
        payload={**({"name": name} if name else {}), **({"ask": True} if ask else {})},
    )


def follow_up(
    db: Connection[TupleRow], settings: Settings, item: Item, written: Written
) -> list[Wanted]:
    """What a stored meeting entails for its results: only once its entries are in.

    Whoever asked for them gets them. The timer asks once; from then on the calendar does. And
    where the entry list changed under results, they are projected again.
    """
    if not settings.results_enabled or not written.entrants:
        return []
    name = item.payload.get("name")
    if item.payload.get(NOW):
        return [wanted_results(item.key, name, ask=True, lane=item.lane)]
    known = fetches.is_known(db, SOURCE, RESOURCE, item.key)
    if item.payload.get(BY_CALENDAR) and not known:
        return [wanted_results(item.key, name, ask=True, lane=item.lane)]
    return [wanted_results(item.key, name, ask=False)] if known and written.relisted else []


def wanted_season_results(item: Item, ask: bool, not_before: datetime | None = None) -> Wanted:
    """The item that loads a season's results from the archive, or only projects them again.

    ``item``: one of this season; what it knows is handed on.
    """
    known: dict[str, object] = {
        word: item.payload[word] for word in ("name", "asked_at") if word in item.payload
    }
    return Wanted(
        source=item.source,
        task=SEASON_TASK,
        key=item.key,
        requests=0,
        lane=item.lane,
        payload={**known, **({"ask": True} if ask else {})},
        not_before=not_before,
    )


def follow_season(
    db: Connection[TupleRow], settings: Settings, item: Item, written: Written
) -> list[Wanted]:
    """What a stored season of the archive entails for its results, as ``follow_up``."""
    if not settings.results_enabled or not written.entrants:
        return []
    if item.payload.get(NOW):
        return [wanted_season_results(item, ask=True)]
    known = fetches.is_known(db, item.source, SEASON_RESOURCE, item.key)
    return [wanted_season_results(item, ask=False)] if known and written.relisted else []


def wanted_page_results(page: Wanted, ask: bool, not_before: datetime | None = None) -> Wanted:
    """The item that loads the results of a race's page, or only projects them again.

    ``page``: the item of the page itself; what it knows is handed on.
    """
    known = {word: value for word, value in page.payload.items() if word != NOW}
    payload = {**known, **({"ask": True} if ask else {})}
    return replace(page, task=PAGE_TASK, requests=0, payload=payload, not_before=not_before)


def follow_page(
    db: Connection[TupleRow],
    settings: Settings,
    page: Wanted,
    revision: int,
    *,
    relisted: bool = False,
) -> list[Wanted]:
    """What a race's page entails for its results, as ``follow_up``.

    They are loaded once of each revision of the page. ``relisted``: its entry list has changed.
    """
    if not settings.results_enabled:
        return []
    if page.payload.get(NOW):
        loaded = fetches.revision_of(db, page.source, PAGE_RESOURCE, page.key)
        if relisted or loaded != str(revision):
            return [wanted_page_results(page, ask=True)]
        return []
    known = fetches.is_known(db, page.source, PAGE_RESOURCE, page.key)
    return [wanted_page_results(page, ask=False)] if known and relisted else []


def due(db: Connection[TupleRow], settings: Settings, now: datetime) -> list[Wanted]:
    """The meetings whose results the calendar asks for now."""
    if not settings.results_enabled:
        return []
    keys = fetches.due(db, SOURCE, RESOURCE, now)
    open_ = {row[0] for row in db.execute(_OPEN, (TASK, keys))} if keys else set()
    return [wanted_results(key, None, ask=True) for key in keys if key not in open_]


def withhold(db: Connection[TupleRow], settings: Settings) -> None:
    """Close what waits for results while they are off, so that none is sent to their queue.

    In a transaction.
    """
    if not settings.results_enabled:
        hold(db, [SOURCE, ergast.SOURCE, thethirdturn.SOURCE])
        db.execute(_WITHHOLD, ([TASK, SEASON_TASK, PAGE_TASK],))


def next_question(ends: Iterable[datetime], embargo: timedelta, now: datetime) -> datetime | None:
    """When a meeting's results are to be asked for next: after an embargo, or by the calendar.

    Args:
        ends: when its sessions end.
        embargo: how long each session's results are withheld.
        now: the present.
    """
    sessions = sorted(ends)
    if not sessions:
        return None
    moments = [end + embargo for end in sessions]
    moments += [sessions[-1] + timedelta(days=days) for days in ASKED_AGAIN]
    return min((moment for moment in moments if moment > now), default=None)


def wish_of(include_results: bool, timer: bool) -> dict[str, Any]:
    """The word on results for a meeting's payload."""
    if include_results:
        return {NOW: True}
    return {BY_CALENDAR: True} if timer else {}
