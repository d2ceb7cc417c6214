"""Results of one season of the archive: sets of its races, sprints and qualifyings. Spoilers."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta

from psycopg import Connection
from psycopg.rows import TupleRow

from ingestion_core.catalog import meetings, writer
from ingestion_core.database.roles import Role
from ingestion_core.racing.classification import Classification
from ingestion_core.racing.kinds import SessionType
from ingestion_core.racing.types import Unreadable
from ingestion_core.results.errors import without_values
from ingestion_core.sources.ergast import SERIES, SOURCE
from ingestion_core.sources.ergast.library import Library
from ingestion_core.sources.ergast.results import classifications, read_results
from ingestion_core.sources.ergast.season import session_key
from ingestion_core.sources.ergast.wire import RaceRow
from ingestion_core.tasks.app import App
from ingestion_core.tasks.archive import Shelf
from ingestion_core.tasks.opt_in import SEASON_RESOURCE, wanted_season_results
from ingestion_core.tasks.prepared import prepare
from ingestion_core.tasks.store_results import store_results
from ingestion_core.work import fetches
from ingestion_core.work.items import Item, close, enqueue

_LIBRARY: Shelf[Library] = Shelf(read_results)
#: From a race's listed day on, how long its weekend's last session may still be going on anywhere.
_WEEKEND_OVER = timedelta(days=3)
#: A session of which only the day is known ends with that day, wherever on earth.
_DAY_OVER = timedelta(days=2)


@dataclass(frozen=True, slots=True, repr=False)
class _Answer:
    """What the archive says of a season's results. ``held``: the sessions still under embargo,
    by key, and when each is open."""

    observed_at: datetime
    sets: Sequence[Classification] = ()
    unreadable: Sequence[Unreadable] = ()
    held: Mapping[str, datetime] = field(default_factory=dict)


def load_season_results(app: App, item: Item) -> None:
    """Read the season's results, store them as sets, project them; or only project them again.

    Raises:
        ArchiveUnreadable, ArchiveMissing: before anything was written.
        Deferred: the archive's address does not answer for now.
        RightsMissing: our login may not become what may.
    """
    app = app.acting(Role.RESULTS)
    prepare(app)
    year = int(item.key)
    answer = _read(app, item, year) if item.payload.get("ask") else None
    _store(app, item, year, answer)


def _read(app: App, item: Item, year: int) -> _Answer:
    """What of the season's results may be known by now."""
    library = _LIBRARY.get(app, item)
    sets, unreadable = classifications(library, year)
    held = _held(app, library.races.get(year, ()))
    # A row that can't be read may be of any session of its weekend.
    closed = {key.split("/")[0] for key in held}
    return _Answer(
        observed_at=library.observed_at,
        sets=[one for one in sets if one.session not in held],
        unreadable=[one for one in unreadable if str(one.row.get("raceId")) not in closed],
        held=held,
    )


def _held(app: App, races: Sequence[RaceRow]) -> dict[str, datetime]:
    embargo = timedelta(hours=app.settings.results_embargo_hours)
    now = app.now()
    held: dict[str, datetime] = {}
    for race in races:
        if _midnight(race.date) + _WEEKEND_OVER + embargo <= now:
            continue
        with app.db() as db:
            meeting = meetings.stored(db, SOURCE, str(race.race_id))
        hours_unknown = _days(race)
        for one in meeting.sessions if meeting else ():
            day = hours_unknown.get(one.key)
            ends_at = max(one.ends_at, _midnight(day) + _DAY_OVER) if day else one.ends_at
            if ends_at + embargo > now:
                held[one.key] = ends_at + embargo
    return held


def _days(race: RaceRow) -> dict[str, date]:
    """The sessions of which the archive knows no hour, and their days; the race's where none."""
    listed = (
        (SessionType.RACE, race.date, race.time),
        (SessionType.SPRINT, race.sprint_date or race.date, race.sprint_time),
        (SessionType.QUALIFYING, race.quali_date or race.date, race.quali_time),
    )
    return {session_key(race.race_id, type_): day for type_, day, clock in listed if clock is None}


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time(), UTC)


@without_values
def _store(app: App, item: Item, year: int, answer: _Answer | None) -> None:
    """One transaction, under the season's lock: sets, rows, the record, the item's end.

    Raises:
        ResultsDatabaseError: the database refused, if only at the commit; nothing is kept.
    """
    with app.transaction() as db:
        writer.lock_season(db, SERIES, year)
        rounds = meetings.stored_rounds(db, SOURCE, SERIES, year)
        if not rounds:
            # Whoever stores the season asks again.
            close(db, item, "withheld", outcome="no-entries")
            return
        sets, unreadable = _news(db, item, answer)
        stored = store_results(db, rounds, sets, unreadable, source=SOURCE)
        held = answer.held if answer else {}
        if answer:
            fetches.record(db, [_record(item, answer)])
        if held:
            # Of no run: nobody waits a day for an import to end.
            opens = min(held.values())
            enqueue(db, [wanted_season_results(item, ask=True, not_before=opens)])
        close(
            db,
            item,
            "done",
            outcome="doubted" if stored.refused else "embargo" if held else "ok",
            counts=stored.counts(embargoed=len(held)),
        )


def _news(
    db: Connection[TupleRow], item: Item, answer: _Answer | None
) -> tuple[Sequence[Classification], Sequence[Unreadable]]:
    """What of the answer is to be stored: no set of an archive older than the one before."""
    if answer is None:
        return [], []
    asked = [(SEASON_RESOURCE, item.key)]
    late = fetches.observed_later(db, SOURCE, asked, answer.observed_at)
    return ([] if late else answer.sets), answer.unreadable


def _record(item: Item, answer: _Answer) -> fetches.Fetch:
    return fetches.Fetch(
        source=SOURCE,
        resource=SEASON_RESOURCE,
        key=item.key,
        outcome="ok" if answer.sets else "empty",
        observed_at=answer.observed_at,
        rows=sum(len(one.lines) for one in answer.sets),
    )
