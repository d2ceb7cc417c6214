"""The product's tables, looked at from outside: what stands in them, and what was done to them."""

from typing import Any

import psycopg
from psycopg import sql

RACING = ("Series", "Seasons", "Circuits", "Teams", "Drivers", "Rounds", "Sessions", "Entrants")

_COUNTED = ("Sessions", "Entrants", "Drivers", "Teams", "Circuits")

Dump = dict[str, list[dict[str, Any]]]


def dump(conninfo: str) -> Dump:
    """Every row of the racing tables, all columns, ids included, in order of the ids."""
    with psycopg.connect(conninfo) as db:
        return {
            table: [
                row[0]
                for row in db.execute(
                    sql.SQL('SELECT to_jsonb(t) FROM {} t ORDER BY "Id"').format(
                        sql.Identifier(table)
                    )
                )
            ]
            for table in RACING
        }


def figures(conninfo: str) -> dict[str, object]:
    """The figures by which a season is checked: rounds are (numbered, not numbered)."""
    found = dump(conninfo)
    numbered = [row for row in found["Rounds"] if row["RoundNumber"] > 0]
    return {
        "rounds": (len(numbered), len(found["Rounds"]) - len(numbered)),
        **{name.lower(): len(found[name]) for name in _COUNTED},
    }


def written(conninfo: str, swept: bool = False) -> dict[str, tuple[int, int, int, int]]:
    """Per table of schema public: rows ever inserted, updated, deleted, and dead now.

    To be asked while nobody else is connected: counters arrive when their sessions end. ``swept``:
    after the dead rows were taken out, or else whoever reads a page later takes out some of them;
    and after the tables were looked through, which the server would else do whenever it likes.
    """
    with psycopg.connect(conninfo, autocommit=True) as db:
        if swept:
            db.execute("VACUUM (ANALYZE)")
        return {
            name: tuple(counters)
            for name, *counters in db.execute(
                "SELECT relname, n_tup_ins, n_tup_upd, n_tup_del, n_dead_tup"
                " FROM pg_stat_user_tables WHERE schemaname = 'public'"
            )
        }


def rows(
    conninfo: str, statement: str | sql.Composable, *parameters: object
) -> list[tuple[Any, ...]]:
    """The rows of one statement."""
    query = statement.encode() if isinstance(statement, str) else statement
    with psycopg.connect(conninfo, autocommit=True) as db:
        return db.execute(query, parameters or None).fetchall()


def texts(conninfo: str, schema: str) -> dict[str, str]:
    """Every table of a schema, all its rows as one text."""
    names = rows(
        conninfo, "SELECT tablename FROM pg_tables WHERE schemaname = %s ORDER BY 1", schema
    )
    with psycopg.connect(conninfo) as db:
        return {
            name: "\n".join(
                text
                for (text,) in db.execute(
                    sql.SQL("SELECT to_jsonb(t)::text FROM {} t").format(
                        sql.Identifier(schema, name)
                    )
                )
            )
            for (name,) in names
        }
