"""A look through what is stored: what is empty, twice, odd, alone; what the sources gave."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from psycopg import Connection, sql
from psycopg.rows import TupleRow, dict_row

from ingestion_core.catalog import tables
from ingestion_core.database.invariants import Invariant, Violation, broken, composed
from ingestion_core.quality.likely import Likely, duplicates
from ingestion_core.quality.odd import ODD, ORPHANS

Db = Connection[TupleRow]

# Under the names of the tables, what of them belongs to these years: whoever asks need not know.
_YEARS: Final = """
WITH "Seasons" AS (SELECT * FROM public."Seasons" WHERE "Year" BETWEEN {first} AND {last}),
"Series" AS (SELECT * FROM public."Series" WHERE "Id" IN (SELECT "SeriesId" FROM "Seasons")),
"Rounds" AS (SELECT * FROM public."Rounds" WHERE "SeasonId" IN (SELECT "Id" FROM "Seasons")),
"Circuits" AS (SELECT * FROM public."Circuits" WHERE "Id" IN (SELECT "CircuitId" FROM "Rounds")),
"Sessions" AS (SELECT * FROM public."Sessions" WHERE "RoundId" IN (SELECT "Id" FROM "Rounds")),
"Entrants" AS (SELECT * FROM public."Entrants" WHERE "RoundId" IN (SELECT "Id" FROM "Rounds")),
"Drivers" AS (SELECT * FROM public."Drivers" WHERE "Id" IN (SELECT "DriverId" FROM "Entrants")),
"Teams" AS (SELECT * FROM public."Teams" WHERE "Id" IN (SELECT "TeamId" FROM "Entrants"))
"""

_DRIFT: Final = """
SELECT source, resource, field, count(*)::int AS answers, max(observed_at)::text AS last_at
FROM ingest.fetches CROSS JOIN LATERAL unnest(drift) AS field
GROUP BY source, resource, field ORDER BY source, resource, field
"""
_QUARANTINE: Final = """
SELECT source, resource, reason, count(*)::int AS rows, max(last_at)::text AS last_at
FROM ingest.quarantine GROUP BY source, resource, reason ORDER BY source, resource, reason
"""
_GAVE: Final = """
SELECT source, kind, count(*)::int AS claims, count(DISTINCT target)::int AS rows
FROM ingest.claims WHERE source NOT IN ('written', 'adopted')
GROUP BY source, kind
UNION ALL
SELECT source, 'entry', count(*)::int, count(DISTINCT session)::int FROM ingest.entries
GROUP BY source
ORDER BY source, kind
"""


@dataclass(frozen=True, slots=True)
class Nulls:
    """A table: how many rows, and how many of them say nothing in each column that is ours."""

    table: str
    rows: int
    columns: dict[str, int]


@dataclass(frozen=True, slots=True)
class Audited:
    """``orphans`` are of no year: None where years were asked about.

    ``drift``: fields that a source's answers have or lack, by source and resource. ``gave``: claims
    and rows by source and kind; ``product`` is what people changed.
    """

    nulls: Sequence[Nulls]
    duplicates: Sequence[Likely]
    odd: Sequence[Violation]
    orphans: Sequence[Violation] | None
    drift: Sequence[dict[str, Any]]
    quarantine: Sequence[dict[str, Any]]
    gave: Sequence[dict[str, Any]]


def audit(db: Db, years: tuple[int, int] | None) -> Audited:
    """Look through everything, or, where that tells anything, through these years."""
    scope: sql.Composable = sql.SQL("")
    if years:
        scope = sql.SQL(_YEARS).format(first=sql.Literal(years[0]), last=sql.Literal(years[1]))
    return Audited(
        nulls=[_nulls(db, table, scope) for table in tables.BY_KIND.values()],
        duplicates=duplicates(db, scope),
        odd=broken(db, _scoped(ODD, scope)),
        orphans=None if years else broken(db, ORPHANS),
        drift=_rows(db, _DRIFT),
        quarantine=_rows(db, _QUARANTINE),
        gave=_rows(db, _GAVE),
    )


def _scoped(those: Sequence[Invariant], scope: sql.Composable) -> list[Invariant]:
    return [
        Invariant(one.name, one.says, sql.Composed([scope, composed(one.statement)]))
        for one in those
    ]


def _nulls(db: Db, table: tables.Table, scope: sql.Composable) -> Nulls:
    names = list(table.columns)
    counts = sql.SQL(", ").join(
        sql.SQL("count(*) - count({})").format(sql.Identifier(name)) for name in names
    )
    statement = sql.SQL("{} SELECT count(*), {} FROM {}").format(
        scope, counts, sql.Identifier(table.name)
    )
    row = db.execute(statement).fetchone() or (0,) * (len(names) + 1)
    return Nulls(table.name, row[0], dict(zip(names, row[1:], strict=True)))


def _rows(db: Db, statement: str) -> list[dict[str, Any]]:
    with db.cursor(row_factory=dict_row) as cursor:
        return cursor.execute(statement.encode()).fetchall()
