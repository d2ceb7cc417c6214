"""Why the database did not do something, in words for whoever asked: no statement, no value."""

from typing import Final

import psycopg
from psycopg import errors
from psycopg_pool import PoolTimeout

#: What is nobody's mistake, and passes: to be asked again.
PASSING: Final = (psycopg.OperationalError, errors.ReadOnlySqlTransaction, PoolTimeout)

_THERE: Final[dict[type[Exception], str]] = {
    errors.LockNotAvailable: "somebody else is writing what this needs: try again in a moment",
    errors.QueryCanceled: "a statement took longer than DATABASE_TIMEOUT_SECONDS allows",
    errors.ReadOnlySqlTransaction: "the database takes no changes for now",
}


def refusal(error: Exception) -> str | None:
    """Why a server that is there did not do it; None of one that does not answer."""
    return _THERE.get(type(error))
