"""Taking racing data out that nobody's content hangs on, so that it can be read anew.

What is taken out is what this app fills and can fill again: the tables of ``catalog.tables``, and
the aliases that are its own. Whatever refers to a row from anywhere else keeps it, with all above
it, and so do changes that a person made. Plain DELETEs, children first, in the caller's
transaction; results are the caller's to take out in between.
"""

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, LiteralString

from psycopg import Connection, sql
from psycopg.rows import TupleRow

from ingestion_core.catalog import locks
from ingestion_core.catalog.recompute import OWN_ALIASES, Season
from ingestion_core.identity import ids
from ingestion_core.identity.ids import Id
from ingestion_core.quality import forgetting
from ingestion_core.quality.keeping import TABLES, because, condition

Db = Connection[TupleRow]

_SHARED: Final = ("driver", "team", "circuit", "series")

_LOCKED: Final = """
SELECT x."Slug", y."Year" FROM "Seasons" y JOIN "Series" x ON x."Id" = y."SeriesId"
WHERE %(year)s::int IS NULL OR y."Year" = %(year)s
UNION
SELECT split_part(fields ->> 'Season', '|', 1), split_part(fields ->> 'Season', '|', 2)::int
FROM ingest.claims
WHERE kind = 'round' AND fields ? 'Season'
  AND (%(year)s::int IS NULL OR split_part(fields ->> 'Season', '|', 2)::int = %(year)s)
"""

#: What a season is made of, by kind: its rows, locked. Whoever logs a session holds its row, so
#: those who do so at this moment are waited for, and seen by every statement that follows.
_HELD: Final = {
    "season": """
        SELECT t."Id"::text FROM "Seasons" t WHERE %(year)s::int IS NULL OR t."Year" = %(year)s
        ORDER BY t."Id" FOR UPDATE""",
    "round": """
        SELECT "Id"::text FROM "Rounds" WHERE "SeasonId" = ANY(%(above)s::uuid[])
        ORDER BY "Id" FOR UPDATE""",
    "session": """
        SELECT "Id"::text FROM "Sessions" WHERE "RoundId" = ANY(%(above)s::uuid[])
        ORDER BY "Id" FOR UPDATE""",
    "entrant": """
        SELECT "Id"::text FROM "Entrants" WHERE "RoundId" = ANY(%(above)s::uuid[])
        ORDER BY "Id" FOR UPDATE""",
}

# What seasons share is looked at where one of these names it, or, of all seasons, all of it.
_NAMED: Final = """
SELECT array_agg(DISTINCT e."DriverId"), array_agg(DISTINCT e."TeamId"),
       array_agg(DISTINCT r."CircuitId"), array_agg(DISTINCT y."SeriesId")
FROM "Seasons" y LEFT JOIN "Rounds" r ON r."SeasonId" = y."Id"
LEFT JOIN "Entrants" e ON e."RoundId" = r."Id"
WHERE y."Year" = %(year)s
"""

_HOLD: Final = """SELECT "Id"::text FROM {table} ORDER BY "Id" FOR UPDATE"""
_HOLD_THOSE: Final = """
SELECT "Id"::text FROM {table} WHERE "Id" = ANY(%(ids)s::uuid[]) ORDER BY "Id" FOR UPDATE
"""

# Of rows without a source's key nothing remembers an id that this app would not make again.
_NATURAL: Final = """
SELECT y."Id"::text, x."Id"::text, x."Slug", y."Year"
FROM "Series" x LEFT JOIN "Seasons" y ON y."SeriesId" = x."Id"
"""

_ENTERED: Final = """SELECT "Id"::text FROM "Entrants" WHERE "RoundId" = ANY(%(above)s::uuid[])"""

_FREE: Final = """
SELECT t."Id"::text FROM {table} t WHERE t."Id" = ANY(%s::uuid[]) AND {free} ORDER BY t."Id"
"""
_DELETE: Final = """
DELETE FROM {table} t WHERE t."Id" = ANY(%s::uuid[]) AND {free} RETURNING t."Id"::text
"""
_DELETE_ALIASES: Final = """
DELETE FROM {aliases} a WHERE a.{column} = ANY(%s::uuid[]) AND a."Source" = ANY(%s)
"""


@dataclass(frozen=True, slots=True)
class Cleaned:
    """What taking out came to, in rows by kind.

    ``because``: of what stays, how many rows a table that is not ours refers to.
    """

    gone: dict[str, int]
    kept: dict[str, int]
    because: dict[str, dict[str, int]]


@dataclass(frozen=True, slots=True)
class Scope:
    """The rows that are looked at, by kind, all of them locked."""

    year: int | None
    rows: dict[str, list[Id]]


def lock(db: Db, year: int | None) -> tuple[Season, ...]:
    """Take the locks of a year's seasons, or of all, and what they share; the seasons.

    As whoever writes: a running backfill waits, or is waited for.
    """
    return locks.lock(db, lambda: (Season(*row) for row in db.execute(_LOCKED, {"year": year})))


def scope(db: Db, year: int | None) -> Scope:
    """What belongs to a year, or to all, with what seasons share and it names; locked."""
    found: dict[str, list[Id]] = {}
    found["season"] = _column(db, _HELD["season"], {"year": year})
    found["round"] = _column(db, _HELD["round"], {"above": found["season"]})
    for kind in ("session", "entrant"):
        found[kind] = _column(db, _HELD[kind], {"above": found["round"]})
    named = db.execute(_NAMED, {"year": year}).fetchone() or (None,) * len(_SHARED)
    for kind, those in zip(_SHARED, named, strict=True):
        statement = _HOLD if year is None else _HOLD_THOSE
        table = sql.Identifier(TABLES[kind])
        found[kind] = _column(db, sql.SQL(statement).format(table=table), {"ids": those})
    return Scope(year, found)


def _column(
    db: Db, statement: LiteralString | sql.Composed, values: Mapping[str, object]
) -> list[Id]:
    return [Id(row[0]) for row in db.execute(statement, values)]


def unwanted_sessions(db: Db, found: Scope, beside: Collection[str]) -> list[Id]:
    """The sessions that nobody's content hangs on; tables ``beside`` go with them."""
    return _free(db, "session", found.rows["session"], beside)


def take_out(
    db: Db,
    found: Scope,
    sessions: Sequence[Id],
    beside: Collection[str],
    forget: Callable[[Sequence[Id]], None],
) -> Cleaned:
    """Take out sessions, and all that nothing refers to any more.

    Args:
        db: a connection in a transaction, the locks taken.
        found: what to look at.
        sessions: those that may go; their results are gone by now.
        beside: tables that go with sessions, and are nobody's content.
        forget: is told which did, for what else is known of them.
    """
    rows = found.rows
    gone = {"session": _delete(db, "session", sessions)}
    forget(gone["session"])
    rounds = _free(db, "round", rows["round"], (TABLES["entrant"],))
    gone["entrant"] = _delete(db, "entrant", _column(db, _ENTERED, {"above": rounds}))
    gone["round"] = _delete(db, "round", rounds)
    series, seasons = _natural(db)
    gone["season"] = _delete(db, "season", [one for one in rows["season"] if one in seasons])
    forgetting.claims(db, [id_ for those in gone.values() for id_ in those])
    for kind in _SHARED:
        those = rows[kind] if kind != "series" else [one for one in rows[kind] if one in series]
        gone[kind] = _delete_shared(db, kind, those)
    forgetting.claims(db, [id_ for kind in _SHARED for id_ in gone[kind]])
    return _counted(db, rows, gone, beside)


def _counted(
    db: Db, rows: Mapping[str, list[Id]], gone: Mapping[str, list[Id]], beside: Collection[str]
) -> Cleaned:
    kept = {kind: sorted(set(rows[kind]) - set(gone[kind])) for kind in TABLES}
    why = {kind: because(db, kind, kept[kind], beside) for kind in TABLES}
    return Cleaned(
        gone={kind: len(gone[kind]) for kind in TABLES},
        kept={kind: len(kept[kind]) for kind in TABLES},
        because={kind: counts for kind, counts in why.items() if counts},
    )


def _natural(db: Db) -> tuple[set[Id], set[Id]]:
    """Series and seasons whose ids are those that this app would make."""
    series, seasons = set(), set()
    for season, one, slug, year in db.execute(_NATURAL):
        if one == ids.of("series", slug):
            series.add(Id(one))
        if season is not None and season == ids.of("season", slug, year):
            seasons.add(Id(season))
    return series, seasons


def _delete_shared(db: Db, kind: str, those: Iterable[Id]) -> list[Id]:
    """Take out rows of a kind that seasons share, with the aliases that are ours."""
    aliases = OWN_ALIASES.get(kind)
    free = _free(db, kind, those, (aliases.table,) if aliases else ())
    if aliases:
        statement = sql.SQL(_DELETE_ALIASES).format(
            aliases=sql.Identifier(aliases.table), column=sql.Identifier(aliases.column)
        )
        db.execute(statement, (free, list(aliases.sources)))
    return _delete(db, kind, free)


def _free(db: Db, kind: str, those: Iterable[Id], beside: Collection[str]) -> list[Id]:
    """Which of these nothing refers to, tables ``beside`` left out, and no person changed."""
    statement = sql.SQL(_FREE).format(
        table=sql.Identifier(TABLES[kind]), free=condition(db, kind, beside)
    )
    return [Id(row[0]) for row in db.execute(statement, (sorted(those),))]


def _delete(db: Db, kind: str, those: Iterable[Id]) -> list[Id]:
    statement = sql.SQL(_DELETE).format(
        table=sql.Identifier(TABLES[kind]), free=condition(db, kind, ())
    )
    return [Id(row[0]) for row in db.execute(statement, (sorted(those),))]
