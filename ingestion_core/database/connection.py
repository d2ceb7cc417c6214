"""Connections: one small pool per process, made when first needed."""

from collections.abc import Callable
from typing import Any

from psycopg import Connection
from psycopg.rows import TupleRow
from psycopg_pool import ConnectionPool

Pool = ConnectionPool[Connection[TupleRow]]


def open_pool(
    conninfo: str,
    statement_timeout: float,
    size: int = 8,
    password: Callable[[], str] | None = None,
) -> Pool:
    """Open a pool of autocommit connections; a transaction is always a written ``with`` block.

    Args:
        conninfo: libpq's form, see ``dsn.to_conninfo``.
        statement_timeout: seconds a statement may take, well below the host's functionTimeout.
        size: how many invocations may write at once.
        password: gives the password of the next connection, where the conninfo has none.

    Connections are checked before they are lent, so a restarted server costs nobody a message,
    and nothing is prepared on the server, which poolers in between would not survive.
    """

    def configure(connection: Connection[TupleRow]) -> None:
        # By statement, not by start-up option: those fail behind a pooler.
        milliseconds = int(statement_timeout * 1000)
        connection.execute(
            "SELECT set_config('TimeZone', 'UTC', false),"
            " set_config('statement_timeout', %s, false), set_config('lock_timeout', %s, false)",
            (str(milliseconds), str(milliseconds)),
        )

    def options() -> dict[str, Any]:
        return {
            "autocommit": True,
            "prepare_threshold": None,
            "connect_timeout": 10,
            "application_name": "parcferme-ingestion",
            **({"password": password()} if password else {}),
        }

    return ConnectionPool(
        conninfo,
        kwargs=options,
        connection_class=Connection[TupleRow],
        configure=configure,
        check=ConnectionPool.check_connection,
        min_size=0,
        max_size=size,
        max_idle=120,
        timeout=15,
        name="ingestion",
        open=True,
    )
