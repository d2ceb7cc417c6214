"""Results of a race's page of the wiki, which is at hand: no request. Spoilers."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, time, timedelta

from psycopg import Connection
from psycopg.rows import TupleRow

from ingestion_core.catalog import meetings, writer
from ingestion_core.catalog.meetings import Meeting
from ingestion_core.database.roles import Role
from ingestion_core.racing.classification import Classification
from ingestion_core.racing.types import Unreadable
from ingestion_core.results import pages as bodies
from ingestion_core.results.errors import without_values
from ingestion_core.results.pages import Kept
from ingestion_core.results.writer import Stored
from ingestion_core.sources.thethirdturn import SOURCE, race_results
from ingestion_core.sources.thethirdturn.shape import RaceContext
from ingestion_core.tasks import opt_in
from ingestion_core.tasks.app import App
from ingestion_core.tasks.prepared import prepare
from ingestion_core.tasks.store_results import store_results
from ingestion_core.tasks.wanted_pages import Asked, places
from ingestion_core.work import fetches
from ingestion_core.work.items import Item, close, enqueue
from ingestion_core.work.pages import Contexts

Db = Connection[TupleRow]

#: A race of which only the day is known ends with that day, wherever on earth.
_DAY_OVER = timedelta(days=2)
_LONG_AGO = datetime.fromtimestamp(0, UTC)


@dataclass(frozen=True, slots=True, repr=False)
class _Answer:
    """What a page says of a race's results. ``held``: when those are open that still are under
    embargo, by key."""

    revision: int
    observed_at: datetime
    sets: Sequence[Classification] = ()
    unreadable: Sequence[Unreadable] = ()
    held: Mapping[str, datetime] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Loaded:
    """What loading came to. ``opens_at``: when what is under embargo no longer is."""

    stored: Stored
    embargoed: int
    opens_at: datetime | None


def load_page_results(app: App, item: Item) -> None:
    """Read the page's results, store them as sets, project them; or only project them again.

    Raises:
        PageUnusable: the page has none.
        RightsMissing: our login may not become what may.
    """
    app = app.acting(Role.RESULTS)
    prepare(app)
    asked = Asked.of(item)
    answer, races = _read(app, asked.key, asked.contexts, bool(item.payload.get("ask")))
    _store(app, item, asked, answer, races)


def load_again(app: App, key: str, contexts: Contexts) -> Loaded | None:
    """The same of a page that is read anew, without any item; None where nobody entered.

    Raises:
        PageUnusable: the page has none.
        RightsMissing: our login may not become what may.
    """
    app = app.acting(Role.RESULTS)
    prepare(app)
    answer, races = _read(app, key, contexts, ask=True)
    return _store_again(app, key, answer, races)


def _read(
    app: App, key: str, contexts: Contexts, ask: bool
) -> tuple[_Answer | None, list[tuple[RaceContext, Meeting]]]:
    """What of the page's results may be known by now, and the rounds that it is stored as."""
    with app.db() as db:
        races = [
            (race, meeting)
            for race in map(RaceContext.of, places(contexts))
            if (meeting := meetings.stored(db, SOURCE, race.key)) is not None and meeting.entrants
        ]
        page = bodies.latest(db, key) if ask and races else None
    return (None if page is None else _answer(app, page, races)), races


def _answer(app: App, page: Kept, races: Sequence[tuple[RaceContext, Meeting]]) -> _Answer:
    now = app.now()
    embargo = timedelta(hours=app.settings.results_embargo_hours)
    opens = {race.key: _over(meeting) + embargo for race, meeting in races}
    held = {key: at for key, at in opens.items() if at > now}
    if len(held) == len(races):
        return _Answer(page.revision, page.fetched_at, held=held)
    found = race_results.read(page.body)
    sets: list[Classification] = []
    unreadable: list[Unreadable] = []
    for race, _ in races:
        if race.key not in held:
            one, apart = race_results.classification(
                found, session=race.key, series=race.series, observed_at=page.fetched_at
            )
            sets.append(one)
            unreadable += apart
    return _Answer(page.revision, page.fetched_at, sets, unreadable, held)


def _over(meeting: Meeting) -> datetime:
    """When the race is over for sure."""
    days = (datetime.combine(one.ends_at.date(), time(), UTC) for one in meeting.sessions)
    return max(days, default=_LONG_AGO) + _DAY_OVER


@without_values
def _store(
    app: App,
    item: Item,
    asked: Asked,
    answer: _Answer | None,
    races: Sequence[tuple[RaceContext, Meeting]],
) -> None:
    """One transaction, under the seasons' locks: sets, rows, the record, the item's end.

    Raises:
        ResultsDatabaseError: the database refused, if only at the commit; nothing is kept.
    """
    with app.transaction() as db:
        if not races:
            # Whoever stores the entries asks again.
            close(db, item, "withheld", outcome="no-entries")
            return
        done = _write(db, asked.key, answer, races)
        if done.opens_at is not None:
            # Of no run: nobody waits a day for a crawl to end.
            again = opt_in.wanted_page_results(
                asked.item(lane=item.lane), ask=True, not_before=done.opens_at
            )
            enqueue(db, [again])
        stored = done.stored
        close(
            db,
            item,
            "done",
            outcome="doubted" if stored.refused else "embargo" if done.embargoed else "ok",
            counts=stored.counts(embargoed=done.embargoed),
        )


@without_values
def _store_again(
    app: App,
    key: str,
    answer: _Answer | None,
    races: Sequence[tuple[RaceContext, Meeting]],
) -> Loaded | None:
    """The same without an item.

    Raises:
        ResultsDatabaseError: the database refused, if only at the commit; nothing is kept.
    """
    with app.transaction() as db:
        return _write(db, key, answer, races) if races else None


def _write(
    db: Db,
    key: str,
    answer: _Answer | None,
    races: Sequence[tuple[RaceContext, Meeting]],
) -> Loaded:
    for series, year in sorted({(race.series_slug, race.year) for race, _ in races}):
        writer.lock_season(db, series, year)
    rounds = sorted({meeting.round_id for _, meeting in races})
    sets: Sequence[Classification] = answer.sets if answer else ()
    asked = [(opt_in.PAGE_RESOURCE, key)]
    if answer and fetches.observed_later(db, SOURCE, asked, answer.observed_at):
        sets = ()
    unreadable = answer.unreadable if answer else ()
    stored = store_results(db, rounds, sets, unreadable, source=SOURCE)
    if answer:
        fetches.record(db, [_record(key, answer)])
    held = answer.held if answer else {}
    return Loaded(stored, len(held), min(held.values(), default=None))


def _record(key: str, answer: _Answer) -> fetches.Fetch:
    """The record; of no revision while something of it is under embargo."""
    return fetches.Fetch(
        source=SOURCE,
        resource=opt_in.PAGE_RESOURCE,
        key=key,
        outcome="ok" if answer.sets else "withheld" if answer.held else "empty",
        observed_at=answer.observed_at,
        rows=sum(len(one.lines) for one in answer.sets),
        revision=None if answer.held else str(answer.revision),
    )
