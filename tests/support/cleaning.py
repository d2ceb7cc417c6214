"""What ``clean-racing`` is looked at by: every racing row before and after, none of it shown."""

from typing import Any

from tests.support import product
from tests.support.results import RACE

JEDDAH, MELBOURNE = 1230, 1231
_RESULTS = 'SELECT to_jsonb(x)::text FROM "Results" x ORDER BY x."Id"'


def session(database: str, key: int) -> str:
    """The id of a session by its key."""
    [(id_,)] = product.rows(
        database, 'SELECT "Id"::text FROM "Sessions" WHERE "OpenF1SessionKey" = %s', key
    )
    return str(id_)


def logged_and_listed(database: str) -> tuple[str, str]:
    """The ids of Bahrain's race and of Jeddah's second practice."""
    [(id_,)] = product.rows(
        database,
        """SELECT s."Id"::text FROM "Sessions" s JOIN "Rounds" r ON r."Id" = s."RoundId"
           WHERE r."OpenF1MeetingKey" = %s AND s."Type" = 1""",
        JEDDAH,
    )
    return session(database, RACE), str(id_)


def everything(database: str) -> dict[str, Any]:
    """Every racing row, results and aliases among them."""
    return {
        **product.dump(database),
        "Results": [row for (row,) in product.rows(database, _RESULTS)],
        "TeamAliases": product.rows(
            database, 'SELECT to_jsonb(x)::text FROM "TeamAliases" x ORDER BY "Id"'
        ),
    }


def same(one: dict[str, Any], other: dict[str, Any]) -> dict[str, bool]:
    """Per table whether both hold the same; never what."""
    return {table: one[table] == other[table] for table in one}


def all_same(one: dict[str, Any], other: dict[str, Any]) -> bool:
    """Whether all tables do."""
    return not [table for table, alike in same(one, other).items() if not alike]


def counts(found: dict[str, Any]) -> dict[str, int]:
    """How many rows each table has."""
    return {table: len(rows) for table, rows in found.items()}
