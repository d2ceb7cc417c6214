"""The product's database, as a run sees it: prepared, guarded, counted."""

import time
from dataclasses import dataclass
from importlib import resources

import psycopg
from psycopg import Connection
from psycopg.rows import TupleRow

from local.stack.home import StackError

#: Rows written and deleted in the product's tables since the server counts, dead rows included.
_WRITES = """
SELECT coalesce(sum(n_tup_ins + n_tup_upd + n_tup_del), 0)::bigint
FROM pg_stat_user_tables WHERE schemaname = 'public' AND relname <> '__EFMigrationsHistory'
"""

#: Connections of the app that may still keep numbers to themselves: a backend reports what it wrote
#: when it ends, or after ten idle seconds.
_UNREPORTED = """
SELECT count(*) FROM pg_stat_activity
WHERE datname = current_database() AND application_name = 'parcferme-ingestion'
  AND NOT (state = 'idle' AND state_change < clock_timestamp() - interval '11 seconds')
"""
_SETTLING_SECONDS = 20.0

_COUNTS = """
WITH rounds AS (
    SELECT r."Id", r."RoundNumber" FROM "Rounds" r JOIN "Seasons" s ON s."Id" = r."SeasonId"
    JOIN "Series" x ON x."Id" = s."SeriesId"
    WHERE s."Year" BETWEEN %(first)s AND %(last)s AND x."Slug" = %(series)s
), sessions AS (
    SELECT "Id", "Status" FROM "Sessions" WHERE "RoundId" IN (SELECT "Id" FROM rounds)
), entrants AS (
    SELECT "DriverId" FROM "Entrants" WHERE "RoundId" IN (SELECT "Id" FROM rounds)
)
SELECT (SELECT count(*) FROM rounds WHERE "RoundNumber" > 0),
       (SELECT count(*) FROM rounds WHERE "RoundNumber" = 0),
       (SELECT count(*) FROM sessions),
       (SELECT count(DISTINCT "DriverId") FROM entrants),
       (SELECT count(*) FROM entrants),
       (SELECT array_agg("Id") FROM sessions WHERE "Status" = 2)
"""

#: How many results there are of sessions: all that anybody outside the results may know.
_RESULTS = """
SELECT count(*), coalesce(sum(results), 0) FROM ingest.result_counts WHERE session = ANY(%s)
"""

#: Work of an earlier stack, whose queues are gone with it, and what it learnt of its replay.
_FORGET = """
WITH closed AS (
    UPDATE ingest.items SET state = 'cancelled', closed_at = now()
    WHERE state IN ('waiting', 'sent', 'running') RETURNING item
)
UPDATE ingest.runs SET cancelled_at = now()
WHERE cancelled_at IS NULL
  AND run IN (SELECT run FROM ingest.run_items WHERE item IN (SELECT item FROM closed));
UPDATE ingest.sources SET closed_until = 'epoch', closed_why = NULL, failures = 0;
"""


@dataclass(frozen=True, slots=True)
class Counts:
    """What a season's tables hold."""

    rounds: int
    unnumbered: int  # testing and cancelled meetings
    sessions: int
    drivers: int
    entrants: int
    without_results: int  # completed sessions
    results: int


def schema() -> str:
    """The SQL that makes the product's tables in an empty database."""
    return resources.files("local.product").joinpath("schema.sql").read_text(encoding="utf-8")


def prepare(conninfo: str, *, guard_users: bool, confirm: str | None) -> bool:
    """Make the product's tables where there are none; whether they were made.

    Raises:
        StackError: unreachable, or it holds users' rows and ``confirm`` is not its name.
    """
    try:
        with psycopg.connect(conninfo, connect_timeout=10) as connection:
            if _is_empty(connection):
                connection.execute(schema().encode())
                return True
            if guard_users:
                _refuse_users(connection, confirm)
            return False
    except psycopg.OperationalError as error:
        said = str(error).strip().splitlines()[0]
        raise StackError(f"the database can't be reached: {said}") from None


def _is_empty(connection: Connection[TupleRow]) -> bool:
    found = connection.execute(
        "SELECT EXISTS (SELECT FROM pg_class WHERE relkind IN ('r', 'p')"
        " AND relnamespace = 'public'::regnamespace)"
    ).fetchone()
    return found == (False,)


def _refuse_users(connection: Connection[TupleRow], confirm: str | None) -> None:
    if confirm == connection.info.dbname:
        return
    present = connection.execute("SELECT to_regclass('public.\"AspNetUsers\"')").fetchone()
    if present == (None,):
        return
    if connection.execute('SELECT 1 FROM "AspNetUsers" LIMIT 1').fetchone():
        name = connection.info.dbname
        raise StackError(
            f"the database {name} has users: a sample or a recording is not for it."
            f" Sure? CONFIRM={name}"
        )


def forget_unfinished_work(conninfo: str) -> None:
    """For the embedded database only, before anything of a new stack works on it."""
    with psycopg.connect(conninfo) as connection:
        present = connection.execute("SELECT to_regclass('ingest.run_items')").fetchone()
        if present != (None,):
            connection.execute(_FORGET)
        present = connection.execute("SELECT to_regclass('ingest.robots')").fetchone()
        if present != (None,):  # that of another folder of pages
            connection.execute("DELETE FROM ingest.robots")


def count(conninfo: str, years: tuple[int, int], series: str) -> Counts:
    """What the tables hold of these years, first and last included, of the series with this
    address."""
    asked = {"first": years[0], "last": years[1], "series": series}
    with psycopg.connect(conninfo) as connection:
        row = connection.execute(_COUNTS, asked).fetchone()
        assert row is not None  # noqa: S101 - a SELECT of counts has a row
        rounds, unnumbered, sessions, drivers, entrants, completed = row
        completed = completed or []
        opted_in = connection.execute("SELECT to_regclass('ingest.result_counts')").fetchone()
        with_results, results = 0, 0
        if opted_in != (None,):
            found = connection.execute(_RESULTS, (completed,)).fetchone()
            with_results, results = found or (0, 0)
    without = len(completed) - with_results
    return Counts(rounds, unnumbered, sessions, drivers, entrants, without, int(results))


def settle(conninfo: str) -> None:
    """Wait until the app's connections have reported what they wrote: they ended, or were idle."""
    give_up = time.monotonic() + _SETTLING_SECONDS
    with psycopg.connect(conninfo, autocommit=True) as connection:
        while connection.execute(_UNREPORTED).fetchone() != (0,) and time.monotonic() < give_up:
            time.sleep(0.05)


def writes(conninfo: str) -> int:
    """The rows written so far, by the server's statistics."""
    with psycopg.connect(conninfo) as connection:
        row = connection.execute(_WRITES).fetchone()
    assert row is not None  # noqa: S101 - an aggregate has a row
    return int(row[0])
