"""One place takes the roles: which transaction acts as what, and what the login is told."""

from collections.abc import Callable
from contextlib import closing

import psycopg
import pytest

from ingestion_core.database.connection import open_pool
from ingestion_core.database.prepare import ensure_current, migrate
from ingestion_core.database.roles import Role, too_wide
from ingestion_core.errors import Unprepared
from ingestion_core.results import schema
from ingestion_core.tasks.app import App
from ingestion_core.tasks.migrate import migrate as run_migrations
from tests.database.roles.conftest import OpenAs
from tests.support import roles
from tests.support.apps import app_with
from tests.support.product import rows

WHO = "SELECT session_user::text, current_user::text"
Denials = Callable[[], list[str]]


def acts(app: App) -> set[tuple[str, str]]:
    """Who the app is, in a transaction, within one in it, and outside."""
    with app.db() as db:
        alone = db.execute(WHO).fetchone()
        with db.transaction():
            begun = db.execute(WHO).fetchone()
            with db.transaction():
                nested = db.execute(WHO).fetchone()
    with app.transaction() as db:
        whole = db.execute(WHO).fetchone()
    return {(str(one[0]), str(one[1])) for one in (alone, begun, nested, whole) if one}


@pytest.mark.parametrize(
    ("login", "wanted", "role"),
    [
        (roles.INGEST, Role.INGEST, "parcferme_ingest"),
        (roles.INGEST, Role.RESULTS, "parcferme_ingest"),
        (roles.INGEST, Role.MAINTAIN, "parcferme_ingest"),
        (roles.RESULTS, Role.INGEST, "parcferme_ingest"),
        (roles.RESULTS, Role.RESULTS, "parcferme_results"),
        (roles.MAINTAINER, Role.MAINTAIN, "parcferme_maintain"),
    ],
)
def test_every_transaction_acts_in_the_role_that_its_work_needs(
    open_as: OpenAs, login: str, wanted: Role, role: str
) -> None:
    """Whoever may not have it stays what he is, and is denied what it would allow."""
    app = open_as(login)
    assert acts(app.acting(wanted)) == {(login, role)}
    assert acts(app) == {(login, "parcferme_ingest")}


def test_a_transaction_takes_its_role_though_the_session_lost_it(open_as: OpenAs) -> None:
    """As behind a pooler that lends another session's connection."""
    app = open_as(roles.RESULTS).acting(Role.RESULTS)
    with app.db() as db:
        db.execute("SET ROLE NONE")
        with db.transaction():
            assert db.execute(WHO).fetchone() == (roles.RESULTS, "parcferme_results")


def test_a_part_of_a_transaction_acts_in_another_role(open_as: OpenAs) -> None:
    """And what follows in the first again."""
    with open_as(roles.MAINTAINER).acting(Role.MAINTAIN).transaction() as db:
        with db.within(Role.RESULTS):
            assert db.execute(WHO).fetchone() == (roles.MAINTAINER, "parcferme_results")
        assert db.execute(WHO).fetchone() == (roles.MAINTAINER, "parcferme_maintain")


def test_a_login_whose_sessions_begin_in_a_role_needs_no_session_of_its_own(
    database: str,
) -> None:
    """What docs/decisions/0011 says of poolers: statements outside transactions too."""
    with psycopg.connect(roles.login(database, roles.ADMIN), autocommit=True) as db:
        db.execute("ALTER ROLE test_ingest SET role = 'parcferme_ingest'")
        try:
            with psycopg.connect(roles.login(database, roles.INGEST)) as lent:
                assert lent.execute(WHO).fetchone() == (roles.INGEST, "parcferme_ingest")
        finally:
            db.execute("ALTER ROLE test_ingest RESET role")


def test_where_there_are_no_roles_the_login_acts_as_itself(
    database: str, empty_database: str, azurite: str
) -> None:
    """A superuser, who may become anything; and a login of another database's roles."""
    with closing(app_with(database, azurite)) as app:
        assert app.acting(Role.RESULTS) is app
        assert acts(app) == {("postgres", "postgres")}
    with (
        open_pool(roles.login(empty_database, roles.INGEST), 30) as pool,
        pool.connection() as db,
        db.transaction(),
    ):
        assert db.execute(WHO).fetchone() == (roles.INGEST, roles.INGEST)


def test_others_connections_are_closed_with_the_apps(open_as: OpenAs, database: str) -> None:
    """And opened again by the next use."""
    app = open_as(roles.RESULTS)
    other = app.acting(Role.RESULTS)
    for opened in (app, other):
        with opened.db():
            pass
    assert other.pool is not app.pool
    app.close()
    connected = "SELECT count(*) FROM pg_stat_activity WHERE usename = %s AND datname = %s"
    name = psycopg.conninfo.conninfo_to_dict(database)["dbname"]
    assert rows(database, connected, roles.RESULTS, name) == [(0,)]


_OLDER = """
DELETE FROM ingest.migrations WHERE name LIKE '0007%';
DROP FUNCTION ingest.drop_stale_entrants, ingest.relink_entrants, ingest.retire_shared,
    ingest.referred_to
"""


def make_older(database: str) -> None:
    """Let its schema be as it was before the guards."""
    with psycopg.connect(database, autocommit=True) as db:
        for statement in _OLDER.split(";"):
            db.execute(statement.encode())


def test_an_older_schema_is_refused_by_name_and_migrated_by_whoever_may(
    open_as: OpenAs, database: str
) -> None:
    """By the command that cures it; then the app works, without another run of roles.sql."""
    make_older(database)
    app = open_as(roles.INGEST)
    with pytest.raises(Unprepared) as refused:
        _ = app.pool
    assert "schema ingest is not as this version needs it" in str(refused.value)
    assert "`python -m ingestion_core migrate`" in str(refused.value)
    deployer = roles.login(database, roles.DEPLOYER)
    with open_pool(deployer, 30, role=Role.MIGRATE) as pool, pool.connection() as deploying:
        assert migrate(deploying) == ["0007_guards.sql"]
    with app.transaction() as acting:
        assert acting.execute("SELECT ingest.retire_shared('team', '{}')").fetchone() == (0,)
        denied = "has_function_privilege('test_nobody', 'ingest.retire_shared(text,uuid[])',"
        statement = f"SELECT {denied} 'EXECUTE')"
        assert acting.execute(statement.encode()).fetchone() == (False,)


def test_the_schema_of_results_is_made_by_whoever_may(database: str) -> None:
    """Opted into after roles.sql was run: refused, made, and granted to those of results."""
    with psycopg.connect(database, autocommit=True) as db:
        db.execute("DROP VIEW ingest.result_counts; DROP SCHEMA spoilers CASCADE")
    roles.apply(database)
    with (
        open_pool(roles.login(database, roles.RESULTS), 30, role=Role.RESULTS) as pool,
        open_pool(roles.login(database, roles.DEPLOYER), 30, role=Role.MIGRATE) as deploying,
    ):
        with pool.connection() as db, pytest.raises(Unprepared, match="schema spoilers is not"):
            schema.prepare(db)
        with deploying.connection() as deployer:
            ensure_current(deployer, schema.SPOILERS)
        with pool.connection() as db:
            schema.prepare(db)
            counted = db.execute("SELECT count(*) FROM spoilers.classifications").fetchone()
            assert counted == (0,)
            assert db.execute("SELECT count(*) FROM ingest.result_counts").fetchone() == (0,)


def wide(conninfo: str, opted_in: bool = False) -> list[str]:
    """What is told of a login."""
    with open_pool(conninfo, 30) as pool, pool.connection() as db:
        return too_wide(db, opted_in)


def test_the_apps_own_logins_are_not_too_wide(database: str) -> None:
    """Nor is one of results, where they are opted into."""
    assert wide(roles.login(database, roles.INGEST)) == []
    assert wide(roles.login(database, roles.INGEST), opted_in=True) == []
    assert wide(roles.login(database, roles.RESULTS), opted_in=True) == []


def test_rights_that_the_app_has_no_need_of_are_named(database: str) -> None:
    """Those that a login could take by becoming something else as well."""
    assert wide(database) == ["is a superuser"]
    assert wide(roles.login(database, roles.RESULTS)) == [
        'may DELETE "Results"',
        'may INSERT "Results"',
        'may SELECT "Results"',
        'may UPDATE "Results"',
        "may SELECT what schema spoilers holds",
    ]
    maintainer = wide(roles.login(database, roles.MAINTAINER), opted_in=True)
    assert {'may DELETE "Sessions"', 'may SELECT "Logs"'} <= set(maintainer)
    assert 'may UPDATE "Entrants"."DriverId"' in maintainer
    assert 'may INSERT "Logs"' not in maintainer
    administrator = wide(roles.login(database, roles.ADMIN), opted_in=True)
    assert administrator[0] == "may make roles"
    assert {'may TRUNCATE "Sessions"', "may change schema ingest"} <= set(administrator)


def test_the_command_migrates_as_whoever_deploys_and_refuses_the_app(
    open_as: OpenAs, database: str
) -> None:
    """Both schemas, where something is to be kept in that of results."""
    make_older(database)
    with psycopg.connect(database, autocommit=True) as db:
        db.execute("DROP VIEW ingest.result_counts; DROP SCHEMA spoilers CASCADE")
    roles.apply(database)
    with pytest.raises(Unprepared, match="run it as one with parcferme_migrate"):
        run_migrations(open_as(roles.INGEST, results_enabled=True))
    done = run_migrations(open_as(roles.DEPLOYER, results_enabled=True))
    assert done["ingest"] == ["0007_guards.sql"]
    assert done["spoilers"][0] == "0001_spoilers.sql"
    assert run_migrations(open_as(roles.DEPLOYER)) == {"ingest": []}
