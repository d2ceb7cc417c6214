"""What is known of a season, read set by set: rounds, sessions, lists, answers, work, counts.

A fixed number of statements, whatever the season holds. Of results nothing but the view
``ingest.result_counts``, and that only where it exists.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Final

from psycopg import Connection
from psycopg.rows import TupleRow, class_row

from ingestion_core.catalog.state import season_key
from ingestion_core.identity import lookup
from ingestion_core.quality.questions import Key, read_questions
from ingestion_core.quality.states import Question

Db = Connection[TupleRow]

_SERIES: Final = """
SELECT slug, max(name), array_agg(DISTINCT year ORDER BY year)
FROM (
    SELECT s."Slug", s."Name", y."Year" FROM "Series" s JOIN "Seasons" y ON y."SeriesId" = s."Id"
    UNION ALL
    SELECT split_part(season, '|', 1), NULL, split_part(season, '|', 2)::int
    FROM (SELECT DISTINCT fields ->> 'Season' FROM ingest.claims
          WHERE kind = 'round' AND fields ? 'Season') listed(season)
) found(slug, name, year)
GROUP BY slug ORDER BY slug
"""

_ROUNDS: Final = """
SELECT r."Id"::text AS id, r."RoundNumber" AS number, r."Name" AS name, r."DateStart" AS first_day,
       r."DateEnd" AS last_day,
       (SELECT count(*) FROM "Entrants" e WHERE e."RoundId" = r."Id")::int AS entrants
FROM "Rounds" r
JOIN "Seasons" y ON y."Id" = r."SeasonId" JOIN "Series" s ON s."Id" = y."SeriesId"
WHERE s."Slug" = %s AND y."Year" = %s
"""

# When a session is over, as catalog/statuses.py says it.
_SESSIONS: Final = """
SELECT s."Id"::text AS id, s."RoundId"::text AS round, s."Type" AS type, s."Status" AS status,
       s."StartTimeUtc" AS starts_at,
       coalesce(said.ends_at, s."StartTimeUtc" + CASE WHEN said.day_only THEN interval '36 hours'
                                                      ELSE interval '2 hours' END) AS ends_at,
       coalesce(said.day_only, false) AS day_only,
       coalesce(said.sources, '{}') AS sources,
       (SELECT count(DISTINCT e.driver) FROM ingest.entries e
        WHERE e.session = s."Id")::int AS entrants
FROM "Sessions" s
CROSS JOIN LATERAL (
    SELECT max((c.fields ->> 'EndTimeUtc')::timestamptz) AS ends_at,
           bool_and((c.fields ->> 'DayOnly')::bool) AS day_only,
           array_agg(DISTINCT c.source) FILTER (
               WHERE c.source NOT IN ('written', 'product', 'adopted')) AS sources
    FROM ingest.claims c WHERE c.target = s."Id" AND c.kind = 'session'
) said
WHERE s."RoundId" = ANY(%s::uuid[])
ORDER BY s."StartTimeUtc", s."Type", s."Id"
"""

_LISTED: Final = """
SELECT source, key, target::text AS target, coalesce(fields ->> 'Name', key) AS name,
       (fields ->> 'DateStart')::date AS first_day,
       coalesce(fields ->> 'DateEnd', fields ->> 'ListedEnd')::date AS last_day,
       coalesce((fields ->> 'Cancelled')::bool, false) AS cancelled
FROM ingest.claims
WHERE kind = 'round' AND fields ->> 'Season' = %s
  AND source NOT IN ('written', 'product', 'adopted')
ORDER BY source, key
"""

# The pages that a season of the wiki leads to, each with the rounds that it is stored as.
_PAGES: Final = """
SELECT c.key, f.key
FROM ingest.pages p
CROSS JOIN LATERAL jsonb_to_recordset(p.follows) AS f(key text, kind text, contexts jsonb)
CROSS JOIN LATERAL jsonb_object_keys(f.contexts) c(key)
WHERE p.key = ANY(%s) AND f.kind = 'race'
ORDER BY c.key, f.key
"""

_OPTED_IN: Final = "SELECT to_regclass('ingest.result_counts') IS NOT NULL"
_COUNTS: Final = (
    "SELECT session::text, results FROM ingest.result_counts WHERE session = ANY(%s::uuid[])"
)


@dataclass(frozen=True, slots=True)
class Series:
    """A series of which any season is stored or listed."""

    slug: str
    name: str
    years: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Round:
    """A stored round. ``entrants``: of the whole weekend."""

    id: str
    number: int
    name: str
    first_day: date
    last_day: date
    entrants: int


@dataclass(frozen=True, slots=True)
class Session:
    """A stored session. ``entrants``: in any source's list of it."""

    id: str
    round: str
    type: int
    status: int
    starts_at: datetime
    ends_at: datetime
    day_only: bool
    sources: list[str]
    entrants: int


@dataclass(frozen=True, slots=True)
class Listed:
    """A meeting in a source's list; ``target`` is the round as which it is stored."""

    source: str
    key: str
    target: str | None
    name: str
    first_day: date | None
    last_day: date | None
    cancelled: bool


@dataclass(frozen=True, slots=True)
class Season:
    """What is known of a season. ``counts``: results by session, None where nobody may know."""

    rounds: tuple[Round, ...]
    sessions: Mapping[str, tuple[Session, ...]]
    listed: tuple[Listed, ...]
    entries: Mapping[Key, Question]
    loading: Mapping[Key, Question]
    counts: Mapping[str, int] | None


def read_series(db: Db) -> list[Series]:
    """Every series with its seasons, by address."""
    return [
        Series(slug, name or _name(slug), tuple(years)) for slug, name, years in db.execute(_SERIES)
    ]


def _name(slug: str) -> str:
    return lookup.series_name(slug) if slug in lookup.series_slugs() else slug


def read_season(db: Db, series: str, year: int) -> Season:
    """A season as it stands, in eight statements; nine where the wiki has a part in it."""
    with db.cursor(row_factory=class_row(Round)) as cursor:
        rounds = tuple(cursor.execute(_ROUNDS, (series, year)))
    with db.cursor(row_factory=class_row(Session)) as cursor:
        found = cursor.execute(_SESSIONS, ([one.id for one in rounds],)).fetchall()
    with db.cursor(row_factory=class_row(Listed)) as cursor:
        listed = cursor.execute(_LISTED, (season_key(series, year),)).fetchall()
    pages = _pages(db, listed)
    asked = {(one.source, one.key): _asked_by(one, year, pages) for one in listed}
    entries, loading = read_questions(db, asked)
    sessions: dict[str, list[Session]] = {}
    for one in found:
        sessions.setdefault(one.round, []).append(one)
    return Season(
        rounds,
        {id_: tuple(its) for id_, its in sessions.items()},
        tuple(listed),
        entries,
        loading,
        result_counts(db, [one.id for one in found]),
    )


def opted_in(db: Db) -> bool:
    """Whether results were ever opted into: only then is there anything to count."""
    [(known,)] = db.execute(_OPTED_IN).fetchall()
    return bool(known)


def result_counts(db: Db, sessions: Iterable[str]) -> dict[str, int] | None:
    """How many results each session has; None where results were never opted into."""
    if not opted_in(db):
        return None
    return dict(db.execute(_COUNTS, (list(sessions),)).fetchall())


def _pages(db: Db, listed: Iterable[Listed]) -> dict[str, str]:
    """Of the wiki's rounds the pages of their races, which are what is asked for."""
    own = {one.key for one in listed if one.source == "thethirdturn"}
    seasons = sorted({key.split("|")[0] for key in own})
    return dict(db.execute(_PAGES, (seasons,)).fetchall()) if own else {}


def _asked_by(one: Listed, year: int, pages: Mapping[str, str]) -> str:
    """Under which key its source is asked for a meeting."""
    if one.source == "ergast":
        return str(year)
    return pages.get(one.key, one.key)
