"""Errors without values: PostgreSQL prints the failing row into its messages."""

import functools
from collections.abc import Callable
from typing import ParamSpec, TypeVar

import psycopg

from ingestion_core.errors import IngestionError, RightsMissing

P = ParamSpec("P")
T = TypeVar("T")

_DENIED = (
    "the database does not let this login at what this needs of results. Run"
    " infra/database/roles.sql, then GRANT parcferme_results TO it WITH INHERIT FALSE, SET TRUE"
)


class ResultsDatabaseError(IngestionError):
    """The database refused something of results; says which state and constraint, never a value."""


def without_values(function: Callable[P, T]) -> Callable[P, T]:
    """Re-raise database errors by state and constraint alone, with nothing behind them.

    A decorator and no context manager: what is raised while a ``with`` block is left has the
    error with the values in it as its context.

    Raises:
        RightsMissing: our role may not. Another attempt would be denied as well.
        ResultsDatabaseError: instead of any other psycopg.Error. The host delivers the message
            again.
    """

    @functools.wraps(function)
    def guarded(*args: P.args, **kwargs: P.kwargs) -> T:
        try:
            return function(*args, **kwargs)
        except psycopg.errors.InsufficientPrivilege:
            refused: IngestionError = RightsMissing(_DENIED)
        except psycopg.Error as error:
            refused = ResultsDatabaseError(
                f"sqlstate {error.sqlstate}, constraint {error.diag.constraint_name}"
            )
        raise refused

    return guarded
