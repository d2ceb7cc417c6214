"""The kinds of pages: from bytes to what is stored, and to the pages that it leads to.

Nothing of a race's result is read here: who took part comes without an order.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final

from psycopg import Connection
from psycopg.rows import TupleRow

from ingestion_core.catalog import bookkeeping, redirects, writer
from ingestion_core.catalog.recompute import Season as SeasonOf
from ingestion_core.catalog.redirects import Joined, OnePage
from ingestion_core.identity.spellings import Kind
from ingestion_core.racing.types import Profiles, Season, Weekend
from ingestion_core.sources.thethirdturn import (
    SOURCE,
    circuit,
    driver,
    index,
    race,
    season,
    series,
    shape,
)
from ingestion_core.sources.thethirdturn.page import Page
from ingestion_core.tasks import wanted_pages
from ingestion_core.tasks.wanted_pages import CIRCUIT, DRIVER, INDEX, RACE, SEASON, SERIES
from ingestion_core.work import fetches, pages
from ingestion_core.work.pages import Contexts, Follow

Db = Connection[TupleRow]


@dataclass(frozen=True, slots=True)
class Reading:
    """What a page says.

    Args:
        page: which page, and which revision of it.
        drift: what of it is new or missing.
        follows: the pages that it leads to, and that somebody has written.
        red: those that nobody has.
        profiles, seasons, weekends: what is stored of it.
        moved: its titles, where others lead to it.
    """

    page: Page
    drift: tuple[str, ...]
    follows: tuple[Follow, ...] = ()
    red: frozenset[str] = frozenset()
    profiles: tuple[Profiles, ...] = ()
    seasons: tuple[Season, ...] = ()
    weekends: tuple[Weekend, ...] = ()
    moved: OnePage | None = None


@dataclass(frozen=True, slots=True)
class Stored:
    """What storing came to, in counts. ``relisted``: an entry list is not as it was.

    ``rejoined``: the seasons in which somebody is another row than before.
    """

    counts: dict[str, int]
    shrunk: bool
    relisted: bool
    rejoined: tuple[SeasonOf, ...] = ()


def read(kind: str, body: bytes, contexts: Contexts, observed_at: datetime) -> Reading:
    """What a page says, in the contexts in which it is to be stored.

    Raises:
        PageUnusable: it is no page of this kind.
    """
    return _READERS[kind](body, contexts, observed_at)


def lock(db: Db, reading: Reading) -> tuple[SeasonOf, ...]:
    """Take the locks of the seasons that a page speaks of, in their order, before anything is
    written; those that it may change by its titles alone."""
    parts: tuple[Season | Weekend, ...] = (*reading.seasons, *reading.weekends)
    for name, year in sorted({(one.series, one.year) for one in parts}):
        writer.lock_season(db, name, year)
    return redirects.lock(db, reading.moved) if reading.moved else ()


def store(
    db: Db, reading: Reading, now: datetime, fill_only: bool, locked: tuple[SeasonOf, ...] = ()
) -> Stored:
    """Store what a page says. Its seasons are locked.

    Args:
        db: a connection in a transaction.
        reading: what it says.
        now: the present.
        fill_only: a later answer was stored already.
        locked: what ``lock`` told.
    """
    done = [
        *(writer.write_profiles(db, one, fill_only) for one in reading.profiles),
        *(writer.write_season(db, one, now, fill_only) for one in reading.seasons),
        *(writer.write_weekend(db, one, now, fill_only) for one in reading.weekends),
    ]
    joined = Joined()
    if reading.moved and not fill_only:
        joined = redirects.join(db, _still(db, reading.moved), locked, now)
        bookkeeping.quarantine(db, SOURCE, reading.page.key, joined.doubts)
    if joined.changed:  # what is said under either title is said of one row now
        done += [writer.write_profiles(db, one) for one in reading.profiles]
    shrunk = sum(len(one.shrunk) for one in done)
    return Stored(
        counts={
            "rounds": sum(one.rounds for one in done),
            "sessions": sum(one.sessions for one in done),
            "entrants": sum(one.entrants for one in done),
            "rows": sum(one.rows for one in done) + joined.rows,
            "quarantined": sum(one.quarantined for one in done) + len(joined.doubts),
            "shrunk": shrunk,
        },
        shrunk=shrunk > 0,
        relisted=any(one.relisted for one in done),
        rejoined=joined.seasons,
    )


def _still(db: Db, moved: OnePage) -> OnePage:
    """Without titles that have a page of their own by now, or none any more."""
    gone = pages.not_moved_to(db, moved.key, moved.others)
    return replace(moved, others=tuple(one for one in moved.others if one not in gone))


def fetch_of(reading: Reading, at: datetime, status: int) -> fetches.Fetch:
    """The record of an answer that could be read."""
    return fetches.Fetch(
        source=SOURCE,
        resource=wanted_pages.RESOURCE,
        key=reading.page.key,
        outcome="ok",
        observed_at=at,
        http_status=status,
        rows=len(reading.follows),
        revision=str(reading.page.revision),
        drift=reading.drift,
    )


def record(db: Db, kind: str, reading: Reading, contexts: Contexts, at: datetime) -> None:
    """Record that a page was read, and what it leads to."""
    page = reading.page
    pages.read(
        db,
        page.key,
        kind,
        article=page.article,
        revision=page.revision,
        at=at,
        contexts=contexts,
        follows=reading.follows,
    )
    if kind == SEASON:
        pages.settle_contexts(db, reading.follows)


def _index(body: bytes, _: Contexts, observed_at: datetime) -> Reading:
    """The list of all series: claims, for when somebody asks for a season of one."""
    found = index.read(body)
    listed = shape.index_profiles(found, observed_at)
    return Reading(found.page, found.drift, red=frozenset(found.red), profiles=(listed,))


def _series(body: bytes, _: Contexts, observed_at: datetime) -> Reading:
    """A series leads to its seasons, each of which is told whose it is."""
    found = series.read(body)
    key, title = found.page.key, found.page.title
    whose = {key: {"series": key, "series_name": title}}
    return Reading(
        page=found.page,
        drift=found.drift,
        follows=tuple(
            Follow(one.key, SEASON, one.year, whose) for one in found.seasons if one.exists
        ),
        red=frozenset(one.key for one in found.seasons if not one.exists),
        profiles=(shape.series_profiles(found, observed_at),),
    )


def _season(body: bytes, contexts: Contexts, observed_at: datetime) -> Reading:
    """A season leads to its races and their circuits; without a series it is stored in none."""
    found = season.read(body)
    whose = [(one["series"], one["series_name"]) for one in wanted_pages.places(contexts)]
    races = [race for key, name in whose for race in shape.contexts(found, key, name)]
    where = {one.circuit for one in races if one.circuit}
    return Reading(
        page=found.page,
        drift=found.drift,
        follows=(*_races(races), *(Follow(key, CIRCUIT) for key in sorted(where))),
        red=frozenset(one.title for one in races if one.title and one.race is None),
        seasons=tuple(shape.season(found, key, name, observed_at) for key, name in whose),
    )


def _races(races: Iterable[shape.RaceContext]) -> list[Follow]:
    """The races' pages; one page can be several of the season's races."""
    found: dict[str, dict[str, dict[str, object]]] = {}
    for one in races:
        if one.race:
            found.setdefault(one.race, {})[one.key] = one.stored()
    return [Follow(key, RACE, contexts=found[key]) for key in sorted(found)]


def _race(body: bytes, contexts: Contexts, observed_at: datetime) -> Reading:
    """A race leads to its circuit and to whoever took part, by name and not in its order."""
    found = race.read(body)
    where = found.circuit
    people = [one.driver for one in found.entries or ()]
    drivers = {one.page for one in people if one.page}
    red = {one.linked for one in people if one.linked}
    if where is not None and not where.exists:
        red.add(where.key)
    places = [shape.RaceContext.of(one) for one in wanted_pages.places(contexts)]
    return Reading(
        page=found.page,
        drift=found.drift,
        follows=(
            *([Follow(where.key, CIRCUIT)] if where is not None and where.exists else []),
            *(Follow(key, DRIVER) for key in sorted(drivers)),
        ),
        red=frozenset(red),
        weekends=tuple(shape.race(found, one, observed_at) for one in places),
    )


def _circuit(body: bytes, contexts: Contexts, observed_at: datetime) -> Reading:
    found = circuit.read(body)
    told = [
        shape.circuit_profiles(replace(found, page=page), observed_at)
        for page in _titles(found.page, contexts)
    ]
    return _of_one_thing("circuit", found.page, found.drift, told, contexts)


def _driver(body: bytes, contexts: Contexts, observed_at: datetime) -> Reading:
    found = driver.read(body)
    told = [
        shape.driver_profiles(replace(found, page=page), observed_at)
        for page in _titles(found.page, contexts)
    ]
    return _of_one_thing("driver", found.page, found.drift, told, contexts)


def _of_one_thing(
    kind: Kind, page: Page, drift: tuple[str, ...], told: Iterable[Profiles], contexts: Contexts
) -> Reading:
    """A page that leads nowhere, and that several titles may lead to."""
    moved = _moved(kind, page, contexts)
    return Reading(page, drift, profiles=tuple(told), moved=moved)


def _titles(page: Page, contexts: Contexts) -> list[Page]:
    """The page as it was asked for, once for each other title under which it is known."""
    known = wanted_pages.aliases(contexts)
    return [replace(page, redirected_from=one) for one in known] or [page]


def _moved(kind: Kind, page: Page, contexts: Contexts) -> OnePage | None:
    """The page by all its titles, where it has several."""
    others = {page.redirected_from, *wanted_pages.aliases(contexts)} - {None, page.key}
    titles = tuple(sorted(one for one in others if one))
    return OnePage(kind, SOURCE, page.key, titles) if titles else None


_READERS: Final[dict[str, Callable[[bytes, Contexts, datetime], Reading]]] = {
    INDEX: _index,
    SERIES: _series,
    SEASON: _season,
    CIRCUIT: _circuit,
    DRIVER: _driver,
    RACE: _race,
}
