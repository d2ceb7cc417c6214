"""What may be there twice: the same name in other letters, the same place, the same days."""

from collections import defaultdict
from collections.abc import Callable, Hashable, Iterable
from dataclasses import dataclass
from typing import Any, Final, LiteralString

from psycopg import Connection, sql
from psycopg.rows import TupleRow

from ingestion_core.racing.names import slugify, words

Db = Connection[TupleRow]

_DRIVERS: Final = """
SELECT "Slug", "FirstName" || ' ' || "LastName", "DateOfBirth" FROM "Drivers" ORDER BY "Slug"
"""
_TEAMS: Final = """SELECT "Slug", "Name" FROM "Teams" ORDER BY "Slug" """
_CIRCUITS: Final = """
SELECT "Slug", "Name", round("Latitude"::numeric, 2), round("Longitude"::numeric, 2)
FROM "Circuits" ORDER BY "Slug"
"""
_ROUNDS: Final = """
SELECT a."Slug", b."Slug" FROM "Rounds" a JOIN "Rounds" b
    ON b."SeasonId" = a."SeasonId" AND b."CircuitId" = a."CircuitId" AND b."Id" > a."Id"
    AND (b."RoundNumber" = 0) = (a."RoundNumber" = 0)
    AND b."DateStart" <= a."DateEnd" AND a."DateStart" <= b."DateEnd"
ORDER BY 1, 2
"""


@dataclass(frozen=True, slots=True)
class Likely:
    """Addresses of rows of a kind that may be one, and by what."""

    kind: str
    by: str
    slugs: tuple[str, ...]


def duplicates(db: Db, scope: sql.Composable) -> list[Likely]:
    """Pairs and more of drivers, teams, circuits and rounds; ``scope`` narrows the tables."""

    def rows(statement: LiteralString) -> list[tuple[Any, ...]]:
        return db.execute(sql.Composed([scope, sql.SQL(statement)])).fetchall()

    circuits = rows(_CIRCUITS)
    return [
        *_people(rows(_DRIVERS)),
        *_alike("team", "name", rows(_TEAMS), lambda row: slugify(row[1])),
        *_alike("circuit", "name", circuits, lambda row: slugify(row[1])),
        *_alike("circuit", "place", [row for row in circuits if row[2] is not None], _place),
        *(Likely("round", "circuit and days", row) for row in rows(_ROUNDS)),
    ]


def _people(rows: Iterable[tuple[Any, ...]]) -> Iterable[Likely]:
    """By the words of their names; two who were born on different days are two."""
    for likely in _groups(rows, lambda row: words(row[1])):
        born = {row[2] for row in likely if row[2] is not None}
        unknown = any(row[2] is None for row in likely)
        if unknown or len(born) < len(likely):
            yield Likely("driver", "name", tuple(row[0] for row in likely))


def _alike(
    kind: str,
    by: str,
    rows: Iterable[tuple[Any, ...]],
    key: Callable[[tuple[Any, ...]], Hashable],
) -> Iterable[Likely]:
    for likely in _groups(rows, key):
        yield Likely(kind, by, tuple(row[0] for row in likely))


def _groups(
    rows: Iterable[tuple[Any, ...]], key: Callable[[tuple[Any, ...]], Hashable]
) -> Iterable[list[tuple[Any, ...]]]:
    found: defaultdict[Hashable, list[tuple[Any, ...]]] = defaultdict(list)
    for row in rows:
        found[key(row)].append(row)
    return (those for known, those in found.items() if known and len(those) > 1)


def _place(row: tuple[Any, ...]) -> Hashable:
    """Some kilometre: two circuits that share a town are further apart."""
    return row[2], row[3]
