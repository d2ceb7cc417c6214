"""What always holds, as SQL: each with a name, a sentence, and the rows that break it."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final, LiteralString

from psycopg import Connection, sql
from psycopg.rows import TupleRow

Db = Connection[TupleRow]

_BROKEN: Final = """
SELECT count(*), coalesce((array_agg(which ORDER BY which))[:5], '{{}}')
FROM ({statement}) AS found(which)
"""

#: A statement as it is written in the code, or put together by its parts' kinds.
Statement = LiteralString | sql.Composable

#: That a transaction looks at one moment, and can't write.
LOOK_ONLY = "SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY"


@dataclass(frozen=True, slots=True)
class Invariant:
    """``statement`` gives one text for every row that breaks it; none of them is a result."""

    name: str
    says: str
    statement: Statement


@dataclass(frozen=True, slots=True)
class Violation:
    """An invariant that does not hold: in how many places, and the first of them."""

    name: str
    says: str
    count: int
    examples: tuple[str, ...]


def broken(db: Db, invariants: Iterable[Invariant]) -> list[Violation]:
    """Those that do not hold, in their order; one statement each."""
    violations = []
    for one in invariants:
        count, examples = counted(db, one.statement)
        if count:
            violations.append(Violation(one.name, one.says, count, examples))
    return violations


def composed(statement: Statement) -> sql.Composable:
    """A statement that can be a part of another."""
    return statement if isinstance(statement, sql.Composable) else sql.SQL(statement)


def every(statements: Iterable[sql.Composable]) -> sql.Composed:
    """The rows of all of them."""
    return sql.SQL(" UNION ALL ").join(statements)


def counted(db: Db, statement: Statement) -> tuple[int, tuple[str, ...]]:
    """How many rows a statement finds, and the first of them."""
    row = db.execute(sql.SQL(_BROKEN).format(statement=composed(statement))).fetchone()
    return (int(row[0]), tuple(row[1])) if row else (0, ())
