"""Everything that a database holds, to be compared before and after."""

from typing import Any

import psycopg
from psycopg import sql

#: What every request changes of its source, whoever asks: the gate.
_GATE = ("last_start", "closed_until", "closed_why", "failures")


def everything(conninfo: str) -> dict[str, list[str]]:
    """Every row of every table of every schema of ours and the product's, as text, in order."""
    with psycopg.connect(conninfo) as db:
        tables = db.execute(
            "SELECT schemaname, tablename FROM pg_tables"
            " WHERE schemaname NOT IN ('pg_catalog', 'information_schema') ORDER BY 1, 2"
        ).fetchall()
        return {f"{schema}.{table}": _rows(db, schema, table) for schema, table in tables}


def _rows(db: psycopg.Connection[Any], schema: str, table: str) -> list[str]:
    gate = list(_GATE) if (schema, table) == ("ingest", "sources") else []
    found = db.execute(
        sql.SQL("SELECT (to_jsonb(t) - %s::text[])::text, ctid::text FROM {} t").format(
            sql.Identifier(schema, table)
        ),
        (gate,),
    )
    # Where a row lies tells an update to the same values; of the gate's it moves.
    return sorted(row if gate else f"{row} at {place}" for row, place in found)
