"""Connections: one small pool per process, made when first needed."""

from collections.abc import Callable
from typing import Any, Final

import psycopg
from psycopg_pool import ConnectionPool

from ingestion_core.database.roles import ActingConnection, Role, allowed, choose

Pool = ConnectionPool[ActingConnection]

#: Nobody waits longer, in seconds, for a connection or for a lock: that raises, and the host
#: delivers the message again. Two such waits in a row, a season's lock and then somebody else's,
#: stay well under the 15 seconds after which a message would count as hanging.
WAIT: Final = 6.0
#: In seconds: after that the pool says that connecting failed, rather than pause for longer and
#: longer between its attempts.
_ATTEMPT: Final = 0.5

_KEYWORDS: Final[dict[str, Any]] = {
    "autocommit": True,
    "prepare_threshold": None,
    "connect_timeout": 5,
    # A server whose machine is gone says nothing: the kernel gives up on it, rather than the host
    # on us after ten minutes.
    "tcp_user_timeout": 10_000,
    "keepalives_idle": 5,
    "keepalives_interval": 2,
    "keepalives_count": 3,
    "application_name": "parcferme-ingestion",
}

#: Gives the password of the next connection, where the conninfo has none.
Password = Callable[[], str]


def connect(
    conninfo: str,
    statement_timeout: float,
    password: Password | None = None,
    role: Role = Role.INGEST,
) -> ActingConnection:
    """One connection as a pool's are; refused at once where nobody listens."""
    connection = ActingConnection.connect(conninfo, **_keywords(password))
    _configure(connection, statement_timeout, role, allowed(connection))
    return connection


def open_pool(
    conninfo: str,
    statement_timeout: float,
    size: int = 8,
    password: Password | None = None,
    role: Role = Role.INGEST,
) -> Pool:
    """Open a pool of autocommit connections; a transaction is always a written ``with`` block.

    Args:
        conninfo: libpq's form, see ``dsn.to_conninfo``.
        statement_timeout: seconds a statement may take, well below the host's functionTimeout.
        size: how many invocations may write at once.
        password: gives the password of the next connection, where the conninfo has none.
        role: what it acts as where the database has roles, with every statement.

    Connections are checked before they are lent, so a restarted server costs nobody a message,
    and nothing is prepared on the server, which poolers in between would not survive. A server that
    is back is in use within a second, however long it was away.
    """

    known: list[frozenset[Role]] = []

    def configure(connection: ActingConnection) -> None:
        if not known:
            known.append(allowed(connection))
        _configure(connection, statement_timeout, role, known[0])

    def check(connection: ActingConnection) -> None:
        try:
            ConnectionPool.check_connection(connection)
        except psycopg.OperationalError:
            # What ended this one ended most of the idle ones: after each that it finds so, the pool
            # would pause, for longer and longer.
            pool.check()
            raise

    pool = ConnectionPool(
        conninfo,
        kwargs=lambda: _keywords(password),
        connection_class=ActingConnection,
        configure=configure,
        check=check,
        min_size=0,
        max_size=size,
        max_idle=120,
        timeout=WAIT,
        reconnect_timeout=_ATTEMPT,
        reconnect_failed=_try_again,
        name="ingestion",
        open=True,
    )
    return pool


def _try_again(pool: Pool) -> None:
    """Go on connecting while somebody waits, at an even pace.

    Left to itself the pool doubles its pauses, to minutes, and lets nobody else try meanwhile.
    """
    if pool.get_stats()["requests_waiting"]:
        pool.check()  # begins anew where it has no connection


def _configure(
    connection: ActingConnection, statement_timeout: float, role: Role, among: frozenset[Role]
) -> None:
    connection.allowed = among
    connection.role = choose(role, among)
    # By statement, not by start-up option: those fail behind a pooler. The role here is for
    # statements outside transactions; in them it is taken anew.
    milliseconds = int(statement_timeout * 1000)
    waiting = min(milliseconds, int(WAIT * 1000))
    connection.execute(
        "SELECT set_config('TimeZone', 'UTC', false),"
        " set_config('statement_timeout', %s, false), set_config('lock_timeout', %s, false),"
        " set_config('role', coalesce(%s, current_setting('role')), false)",
        (str(milliseconds), str(waiting), connection.role),
    )


def _keywords(password: Password | None) -> dict[str, Any]:
    return {**_KEYWORDS, **({"password": password()} if password else {})}
