"""Errors without values: PostgreSQL prints the failing row into its messages."""

from collections.abc import Iterator
from contextlib import contextmanager

import psycopg

from ingestion_core.errors import IngestionError


class ResultsDatabaseError(IngestionError):
    """The database refused something of results; says which state and constraint, never a value."""


@contextmanager
def without_values() -> Iterator[None]:
    """Re-raise database errors by state and constraint alone, with nothing behind them.

    Raises:
        ResultsDatabaseError: instead of any psycopg.Error. The host delivers the message again.
    """
    try:
        yield
    except psycopg.Error as error:
        refused = ResultsDatabaseError(
            f"sqlstate {error.sqlstate}, constraint {error.diag.constraint_name}"
        )
    else:
        return
    # Raised out here, so that the error with the values in it is not its context.
    raise refused
