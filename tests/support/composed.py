"""Statements by which tests break what stands of 2024, put together from rows that are known."""

from typing import Final

from psycopg import sql

_BAHRAIN: Final = sql.SQL('"OpenF1MeetingKey" = 1229')
_ROUND: Final = sql.SQL('(SELECT "Id" FROM "Rounds" WHERE {})').format(_BAHRAIN)
_PARTS: Final = {
    "bahrain": _BAHRAIN,
    "round": _ROUND,
    "other": sql.SQL('(SELECT "Id" FROM "Rounds" WHERE "OpenF1MeetingKey" = 1230)'),
    "session": sql.SQL(
        '(SELECT "Id" FROM "Sessions" WHERE "RoundId" = {} ORDER BY "Id" LIMIT 1)'
    ).format(_ROUND),
    # An id that nothing has, of the version that ids made here have.
    "nobody": sql.Literal("00000000-0000-5000-8000-000000000009"),
}


def composed(statement: str) -> sql.Composed:
    """With the parts that it names in braces: bahrain, round, other, session, nobody."""
    return sql.SQL(statement.strip()).format(**_PARTS)
