"""Before the first write: our schema brought up to date, the product's tables checked by name."""

import re
from collections.abc import Iterator

import psycopg
import pytest
from psycopg import Connection
from psycopg.rows import TupleRow

from ingestion_core.database.prepare import check_product, is_current, migrate
from ingestion_core.errors import Unprepared
from tests.support.work import at_once

pytestmark = pytest.mark.unprepared

_PUBLIC = """
SELECT c.relname, c.relkind, c.relfilenode, a.attname, format_type(a.atttypid, a.atttypmod),
       a.attnotnull, a.xmin::text, c.xmin::text
FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid
WHERE c.relnamespace = 'public'::regnamespace ORDER BY 1, a.attnum
"""


@pytest.fixture
def connection(database: str) -> Iterator[Connection[TupleRow]]:
    """The product's database, as its API made it."""
    with psycopg.connect(database, autocommit=True) as connected:
        yield connected


def refusal(connection: Connection[TupleRow]) -> str:
    """What the check says, without the cure that it must name."""
    with pytest.raises(Unprepared) as refused:
        check_product(connection)
    text = str(refused.value)
    assert "`dotnet ef database update`" in text
    found = re.search(r"as this version needs it: (.*)\. Its tables belong to its API", text)
    assert found is not None
    return found[1]


def test_the_products_newest_schema_is_accepted(connection: Connection[TupleRow]) -> None:
    """At the migration this version was made for."""
    check_product(connection)


@pytest.mark.parametrize(
    ("change", "complaint"),
    [
        ('DROP TABLE "TeamAliases"', 'table "TeamAliases" is missing'),
        (
            'ALTER TABLE "Rounds" DROP COLUMN "OpenF1MeetingKey"',
            '"Rounds"."OpenF1MeetingKey" is missing',
        ),
        (
            'ALTER TABLE "Sessions" ALTER "StartTimeUtc" TYPE timestamp',
            (
                '"Sessions"."StartTimeUtc" is timestamp without time zone,'
                " not timestamp with time zone"
            ),
        ),
        (
            'ALTER TABLE "Circuits" ALTER "Latitude" SET NOT NULL',
            '"Circuits"."Latitude" does not allow null',
        ),
        (
            'DROP INDEX "IX_Sessions_OpenF1SessionKey"',
            '"Sessions" has no unique key on (OpenF1SessionKey)',
        ),
        (
            'DROP INDEX "IX_Entrants_RoundId_DriverId"',
            '"Entrants" has no unique key on (DriverId, RoundId) or (DriverId, RoundId, TeamId)',
        ),
    ],
)
def test_what_is_missing_is_refused_by_name(
    connection: Connection[TupleRow], change: str, complaint: str
) -> None:
    """A table, a column, its type, its nullability, a unique key."""
    connection.execute(change.encode())
    assert refusal(connection) == complaint


def test_everything_that_is_missing_is_named_at_once(connection: Connection[TupleRow]) -> None:
    """Nobody has to come back for the next complaint."""
    connection.execute('DROP TABLE "TeamAliases"; DROP INDEX "IX_Drivers_Slug"')
    assert refusal(connection) == (
        'table "TeamAliases" is missing; "Drivers" has no unique key on (Slug)'
    )


def test_either_unique_key_of_the_entrants_will_do(connection: Connection[TupleRow]) -> None:
    """Documents and migrations name two."""
    connection.execute(
        'DROP INDEX "IX_Entrants_RoundId_DriverId";'
        'CREATE UNIQUE INDEX ON "Entrants" ("RoundId", "DriverId", "TeamId")'
    )
    check_product(connection)


@pytest.mark.parametrize(
    "index",
    [
        'INDEX ON "Sessions" ("OpenF1SessionKey")',
        'UNIQUE INDEX ON "Sessions" ("OpenF1SessionKey") WHERE "Status" = 2',
        'UNIQUE INDEX ON "Sessions" ("OpenF1SessionKey", (lower("RoundId"::text)))',
        'UNIQUE INDEX ON "Sessions" ("RoundId") INCLUDE ("OpenF1SessionKey")',
        'UNIQUE INDEX ON "Sessions" ("OpenF1SessionKey", "RoundId")',
    ],
)
def test_an_index_that_does_not_make_the_key_unique_will_not_do(
    connection: Connection[TupleRow], index: str
) -> None:
    """Plain, partial, over an expression, or over another set of columns."""
    connection.execute('DROP INDEX "IX_Sessions_OpenF1SessionKey"')
    connection.execute(f"CREATE {index}".encode())
    assert refusal(connection) == '"Sessions" has no unique key on (OpenF1SessionKey)'


def test_a_key_with_further_columns_in_its_index_will_do(connection: Connection[TupleRow]) -> None:
    """What is only included is no part of the key."""
    connection.execute(
        'DROP INDEX "IX_Sessions_OpenF1SessionKey";'
        'CREATE UNIQUE INDEX ON "Sessions" ("OpenF1SessionKey") INCLUDE ("Status")'
    )
    check_product(connection)


def test_tables_of_another_schema_are_not_the_products(connection: Connection[TupleRow]) -> None:
    """A backup of a table beside the real one must not stand in for it."""
    connection.execute(
        'CREATE SCHEMA backup; CREATE TABLE backup."Teams" (LIKE "Teams" INCLUDING ALL);'
        'DROP TABLE "TeamAliases"; ALTER TABLE "Teams" RENAME TO "Teams_old"'
    )
    assert 'table "Teams" is missing' in refusal(connection)


def test_migrations_at_once_are_run_once(database: str) -> None:
    """Four instances start on a fresh database."""
    done: list[list[str]] = []

    def start() -> None:
        with psycopg.connect(database, autocommit=True) as instance:
            done.append(migrate(instance))

    at_once(*[start] * 4)
    run = [names for names in done if names]
    assert len(done) == 4
    assert len(run) == 1
    assert run[0][0] == "0001_ingest.sql"
    with psycopg.connect(database) as connected:
        recorded = connected.execute("SELECT name FROM ingest.migrations ORDER BY name").fetchall()
        assert [name for (name,) in recorded] == run[0]


def test_a_database_is_current_when_every_migration_was_run(
    connection: Connection[TupleRow],
) -> None:
    """Not before the first, nor while one is missing."""
    assert not is_current(connection)
    migrate(connection)
    assert is_current(connection)
    assert migrate(connection) == []
    connection.execute("DELETE FROM ingest.migrations WHERE name LIKE '0001%'")
    assert not is_current(connection)


def test_preparing_writes_nothing_to_the_products_schema(
    connection: Connection[TupleRow],
) -> None:
    """No table, column, index or row of it is touched."""
    before = connection.execute(_PUBLIC).fetchall()
    migrate(connection)
    check_product(connection)
    assert connection.execute(_PUBLIC).fetchall() == before
    assert connection.execute(
        "SELECT sum(n_tup_ins + n_tup_upd + n_tup_del) FROM pg_stat_xact_user_tables"
        " WHERE schemaname = 'public'"
    ).fetchone() == (0,)


def test_no_foreign_key_of_ours_points_into_the_products_tables(
    connection: Connection[TupleRow],
) -> None:
    """It would block the API's own migrations."""
    migrate(connection)
    assert (
        connection.execute(
            "SELECT conrelid::regclass, confrelid::regclass FROM pg_constraint"
            " JOIN pg_class t ON t.oid = confrelid JOIN pg_class o ON o.oid = conrelid"
            " WHERE contype = 'f' AND o.relnamespace <> 'public'::regnamespace"
            " AND t.relnamespace = 'public'::regnamespace"
        ).fetchall()
        == []
    )


def test_a_migration_that_fails_leaves_nothing(connection: Connection[TupleRow]) -> None:
    """All files of one start are one transaction: the next start begins anew."""
    connection.execute("CREATE SCHEMA ingest; CREATE TABLE ingest.items (mine text)")
    with pytest.raises(psycopg.errors.DuplicateTable):
        migrate(connection)
    assert connection.execute("SELECT to_regclass('ingest.sources')").fetchone() == (None,)
    assert not is_current(connection)
