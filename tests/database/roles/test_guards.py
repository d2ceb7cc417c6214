"""The guards: what the app may take out or make another's, and what stops them."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import date
from uuid import UUID, uuid4

import psycopg
import pytest
from psycopg import Connection
from psycopg.errors import InsufficientPrivilege, InvalidParameterValue
from psycopg.rows import TupleRow

from tests.host.processes import eventually
from tests.support import roles
from tests.support.product import rows
from tests.support.weekends import Person, weekend, write

Db = Connection[TupleRow]

ONE = Person("Ana One", "Alpha", key="one", car="1")
TWO = Person("Bo Two", "Alpha", key="two", car="2")
_RESULT = """
INSERT INTO "Results" ("Id", "SessionId", "EntrantId", "Status", "FastestLap")
SELECT gen_random_uuid(), s."Id", e."Id", 0, false
FROM "Entrants" e JOIN "Sessions" s ON s."RoundId" = e."RoundId"
JOIN "Drivers" d ON d."Id" = e."DriverId" WHERE d."Slug" = %s LIMIT 1
"""


@pytest.fixture
def db(database: str) -> Iterator[Db]:
    """As the app: two entrants of one round, both named by no list any more."""
    with psycopg.connect(roles.login(database, roles.INGEST), autocommit=True) as connection:
        connection.execute("SET ROLE parcferme_ingest")
        write(connection, weekend("ergast", "1100", [ONE, TWO], date(2023, 5, 28)))
        connection.execute("DELETE FROM ingest.entries")
        yield connection


def dropped(db: Db) -> int:
    """How many entrants the guard took out."""
    row = db.execute(
        'SELECT count(*) FROM ingest.drop_stale_entrants(ARRAY(SELECT "Id" FROM "Rounds"))'
    ).fetchone()
    assert row is not None
    return int(row[0])


def entered(database: str) -> list[str]:
    """Who still is."""
    statement = 'SELECT d."Slug" FROM "Entrants" e JOIN "Drivers" d ON d."Id" = e."DriverId"'
    return [slug for (slug,) in rows(database, f"{statement} ORDER BY 1")]


def as_owner(database: str, statement: str, *parameters: object) -> None:
    """Do something that the app may not."""
    with psycopg.connect(database, autocommit=True) as owner:
        assert owner.execute(statement.encode(), parameters).rowcount


def test_an_entrant_with_a_result_stays_and_the_stale_one_goes(db: Db, database: str) -> None:
    """Without it the result would have gone along, by the owner's rights."""
    as_owner(database, _RESULT, "ana-one")
    assert dropped(db) == 1
    assert entered(database) == ["ana-one"]
    assert rows(database, 'SELECT count(*) FROM "Results"') == [(1,)]
    assert rows(database, "SELECT count(*) FROM ingest.claims WHERE kind = 'entrant'") == [(1,)]


def test_whoever_is_listed_or_was_added_in_the_product_stays(db: Db, database: str) -> None:
    """By a list of any source; and whom we did not write is not ours to take out."""
    add = (
        "INSERT INTO ingest.entries (source, session, driver, car, team, observed_at)"
        ' SELECT \'openf1\', s."Id", d."Id", NULL, t."Id", now() FROM "Sessions" s, "Drivers" d,'
        ' "Teams" t WHERE d."Slug" = \'ana-one\' LIMIT 1'
    )
    as_owner(database, add)
    as_owner(database, "DELETE FROM ingest.claims WHERE source = 'written' AND kind = 'entrant'")
    assert dropped(db) == 0
    assert entered(database) == ["ana-one", "bo-two"]


def test_a_result_that_is_being_added_is_waited_for_and_seen(db: Db, database: str) -> None:
    """The entrant is locked before anything is looked for."""
    with (
        psycopg.connect(database) as adding,
        ThreadPoolExecutor(1) as others,
    ):
        adding.execute(_RESULT.encode(), ("ana-one",))
        taking_out = others.submit(dropped, db)
        waits = (
            "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock'"
            " AND datname = current_database()"
        )
        try:
            eventually(lambda: rows(database, waits) == [(1,)], 20)
        finally:
            adding.commit()
        assert taking_out.result(30) == 1
    assert entered(database) == ["ana-one"]
    assert rows(database, 'SELECT count(*) FROM "Results"') == [(1,)]


def test_a_table_that_nobody_told_us_of_protects_its_rows(db: Db, database: str) -> None:
    """Though nobody may look at it, until roles.sql was run again."""
    as_owner(
        database,
        'CREATE TABLE "Favourites" ("EntrantId" uuid REFERENCES "Entrants" ON DELETE CASCADE);'
        'INSERT INTO "Favourites" SELECT "Id" FROM "Entrants" LIMIT 1',
    )
    assert dropped(db) == 0
    as_owner(database, f'ALTER TABLE "Favourites" OWNER TO {roles.ADMIN}')
    roles.apply(database)
    assert dropped(db) == 1
    assert rows(database, 'SELECT count(*) FROM "Favourites"') == [(1,)]


def relinked(db: Db, source: str = "ergast", key: str = "one") -> int:
    """How many of Ana One's entrants the guard gave to somebody new."""
    after = uuid4()
    db.execute(
        'INSERT INTO "Drivers" ("Id", "FirstName", "LastName", "Slug") VALUES (%s, %s, %s, %s)',
        (after, "Ana", "Other", f"ana-{after}"),
    )
    before = db.execute("""SELECT "Id" FROM "Drivers" WHERE "Slug" = 'ana-one'""").fetchone()
    assert before is not None
    db.execute(
        "UPDATE ingest.claims SET target = %s WHERE kind = 'driver' AND key = 'one'", (after,)
    )
    db.execute(
        "INSERT INTO ingest.entries (source, session, driver, driver_key, team, observed_at)"
        ' SELECT \'ergast\', s."Id", %s, \'one\', t."Id", now() FROM "Sessions" s, "Teams" t',
        (after,),
    )
    found = db.execute(
        "SELECT ingest.relink_entrants(%s, %s, %s, %s)", (source, key, before[0], after)
    ).fetchone()
    assert found is not None
    return int(found[0])


def test_an_entrant_becomes_another_drivers_if_its_sources_key_means_him(db: Db) -> None:
    """And keeps its id."""
    ids = db.execute('SELECT "Id" FROM "Entrants" ORDER BY 1').fetchall()
    assert relinked(db) == 1
    assert db.execute('SELECT "Id" FROM "Entrants" ORDER BY 1').fetchall() == ids


@pytest.mark.parametrize(("source", "key"), [("ergast", "two"), ("openf1", "one")])
def test_nobodys_entrant_becomes_anothers_by_a_key_that_does_not_mean_him(
    db: Db, source: str, key: str
) -> None:
    """Another driver's, or another source's."""
    assert relinked(db, source, key) == 0


def test_an_entrant_with_a_result_does_not_become_another_drivers(db: Db, database: str) -> None:
    """The result would be another's."""
    as_owner(database, _RESULT, "ana-one")
    assert relinked(db) == 0
    assert "ana-one" in entered(database)


def retired(db: Db, kind: str, ids: list[UUID]) -> int:
    """How many rows of a kind the guard took out."""
    row = db.execute("SELECT ingest.retire_shared(%s, %s::uuid[])", (kind, ids)).fetchone()
    assert row is not None
    return int(row[0])


def test_only_rows_that_nobody_gives_and_nothing_refers_to_are_retired(db: Db) -> None:
    """Made here, and neither claimed nor entered; never a session or a round."""
    ids = [id_ for (id_,) in db.execute('SELECT "Id" FROM "Drivers"').fetchall()]
    assert retired(db, "driver", ids) == 0, "they are entered"
    assert dropped(db) == 2
    assert retired(db, "driver", ids) == 0, "a source gives them"
    db.execute("DELETE FROM ingest.claims WHERE source = 'ergast'")
    db.execute(
        "UPDATE ingest.claims SET fields = fields - 'made here' WHERE target = %s", (ids[0],)
    )
    assert retired(db, "driver", ids) == 1, "one was in the product before"
    for kind in ("session", "round", "entrant", "series"):
        with pytest.raises(InvalidParameterValue):
            retired(db, kind, ids)


def test_a_column_that_is_called_like_a_key_protects_as_one(db: Db, database: str) -> None:
    """As a user's "PrimarySeriesId", which is no foreign key, means a series."""
    as_owner(
        database,
        'CREATE TABLE "Favourites" ("FavouriteDriverId" uuid); INSERT INTO "Favourites"'
        """ SELECT "Id" FROM "Drivers" WHERE "Slug" = 'ana-one'""",
    )
    as_owner(database, f'ALTER TABLE "Favourites" OWNER TO {roles.ADMIN}')
    roles.apply(database)
    assert dropped(db) == 2
    db.execute("DELETE FROM ingest.claims WHERE source = 'ergast'")
    ids = [id_ for (id_,) in db.execute('SELECT "Id" FROM "Drivers"').fetchall()]
    assert retired(db, "driver", ids) == 1
    assert rows(database, 'SELECT "Slug" FROM "Drivers"') == [("ana-one",)]


def test_nobody_calls_them_without_a_role_and_nothing_is_found_by_a_path(database: str) -> None:
    """EXECUTE is not everybody's; names are searched for where the session can't put any."""
    statement = "SELECT ingest.retire_shared('driver', '{}')"
    as_owner(database, "GRANT USAGE ON SCHEMA ingest TO test_nobody")
    with (
        psycopg.connect(roles.login(database, roles.NOBODY)) as nobody,
        pytest.raises(InsufficientPrivilege, match="function retire_shared"),
    ):
        nobody.execute(statement.encode())
    found = rows(
        database,
        "SELECT proname, prosecdef, proconfig FROM pg_proc"
        " WHERE pronamespace = 'ingest'::regnamespace AND prosecdef ORDER BY 1",
    )
    path = ["search_path=pg_catalog, pg_temp"]
    assert found == [
        (name, True, path) for name in ("drop_stale_entrants", "relink_entrants", "retire_shared")
    ]
