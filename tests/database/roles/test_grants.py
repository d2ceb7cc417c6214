"""roles.sql: what it grants is what docs/roles.md says, and nothing more."""

import re
from collections import defaultdict
from pathlib import Path

import psycopg
import pytest
from psycopg import sql
from psycopg.errors import InsufficientPrivilege

from ingestion_core.database.connection import open_pool
from ingestion_core.database.prepare import INGEST, ensure_current, migrate
from ingestion_core.database.roles import Role
from ingestion_core.results.schema import SPOILERS
from local.stack.postgres import Postgres
from tests.conftest import cloned
from tests.support import roles
from tests.support.product import rows

DOCUMENT = Path(__file__).parents[3] / "docs" / "roles.md"
COLUMNS = ("parcferme_ingest", "parcferme_results", "parcferme_maintain", "parcferme_migrate")

_GRANTED = """
SELECT c.oid::regclass::text, a.grantee::regrole::text, a.privilege_type, NULL AS column
FROM pg_class c, aclexplode(c.relacl) a
WHERE c.relnamespace::regnamespace::text IN ('public', 'ingest', 'spoilers')
  AND a.grantee <> c.relowner AND a.grantee <> 0
UNION ALL
SELECT c.oid::regclass::text, a.grantee::regrole::text, a.privilege_type, t.attname
FROM pg_class c JOIN pg_attribute t ON t.attrelid = c.oid, aclexplode(t.attacl) a
WHERE c.relnamespace::regnamespace::text IN ('public', 'ingest', 'spoilers')
"""

Rights = dict[tuple[str, str], set[str]]


def documented() -> Rights:
    """By table and role, from the document's tables: words, with their columns."""
    found: Rights = {}
    for line in DOCUMENT.read_text().splitlines():
        cells = [cell.strip().strip("`") for cell in line.strip("|").split("|")]
        if len(cells) != 5 or cells[0] in ("table", "") or cells[0].startswith("---"):
            continue
        for role, cell in zip(COLUMNS, cells[1:], strict=True):
            words = set(re.findall(r"[A-Z]+(?: \([^)]*\))?", cell))
            if words:
                found[cells[0], role] = {_sorted(word) for word in words}
    assert len(found) > 40, "the document's tables were not found"
    return found


def _sorted(word: str) -> str:
    right, _, columns = word.partition(" (")
    names = sorted(columns.rstrip(")").split(", ")) if columns else []
    return f"{right} ({', '.join(names)})" if names else right


def granted(database: str) -> Rights:
    """The same, from the server's catalog."""
    whole: Rights = defaultdict(set)
    parts: dict[tuple[str, str, str], set[str]] = defaultdict(set)
    for table, role, right, column in rows(database, _GRANTED):
        if column is None:
            whole[table, role].add(right)
        else:
            parts[table, role, right].add(column)
    for (table, role, right), columns in parts.items():
        whole[table, role].add(f"{right} ({', '.join(sorted(columns))})")
    return dict(whole)


def test_what_is_granted_is_what_is_documented(database: str) -> None:
    """Table by table and column by column; to nobody else; all of ours is the migrating role's."""
    assert granted(database) == documented()
    owners = rows(
        database,
        "SELECT DISTINCT relowner::regrole::text FROM pg_class"
        " WHERE relnamespace::regnamespace::text IN ('ingest', 'spoilers')"
        " UNION SELECT nspowner::regrole::text FROM pg_namespace"
        " WHERE nspname IN ('ingest', 'spoilers')",
    )
    assert owners == [("parcferme_migrate",)]


def test_no_role_logs_in_or_holds_another_but_the_apps_own(database: str) -> None:
    """Maintaining does not hold results, nor the other way round."""
    members = rows(
        database,
        "SELECT member::regrole::text, roleid::regrole::text FROM pg_auth_members"
        " WHERE member::regrole::text LIKE 'parcferme%' ORDER BY 1",
    )
    assert members == [
        (name, "parcferme_ingest")
        for name in ("parcferme_maintain", "parcferme_migrate", "parcferme_results")
    ]
    login = "SELECT count(*), bool_or(rolcanlogin OR rolsuper OR rolcreaterole) FROM pg_roles"
    assert rows(database, f"{login} WHERE rolname LIKE 'parcferme%'") == [(4, False)]


def test_twice_is_as_once_and_what_is_not_in_it_is_taken_back(database: str) -> None:
    """Whatever an earlier version, or somebody by hand, had granted."""
    before = roles.rights(database)
    roles.apply(database)
    assert roles.rights(database) == before
    with psycopg.connect(roles.login(database, roles.ADMIN), autocommit=True) as db:
        db.execute('GRANT DELETE ON "Sessions" TO parcferme_ingest')
        db.execute('GRANT SELECT ("Body") ON "Reviews" TO parcferme_results')
        db.execute("GRANT SELECT ON spoilers.pages TO parcferme_ingest")
        db.execute("GRANT EXECUTE ON ALL FUNCTIONS IN SCHEMA ingest TO PUBLIC")
    assert roles.rights(database) != before
    roles.apply(database)
    assert roles.rights(database) == before


def test_roles_first_and_then_the_schemas_comes_to_the_same(
    postgres: Postgres, product_template: str, database: str
) -> None:
    """As a first deployment may have it: whoever deploys makes them, not the administrator."""
    with cloned(postgres, product_template) as fresh:
        roles.administer(fresh)
        roles.apply(fresh)
        with open_pool(roles.login(fresh, roles.DEPLOYER), 30, role=Role.MIGRATE) as pool:
            for one in (INGEST, SPOILERS):
                with pool.connection() as db:
                    migrate(db, one)
        with open_pool(roles.login(fresh, roles.INGEST), 30) as pool, pool.connection() as db:
            ensure_current(db)
        roles.apply(fresh)
        assert granted(fresh) == granted(database)


_BOTH = [
    'SELECT * FROM "Logs"',
    'SELECT "SessionId" FROM "ListItems"',
    'SELECT "UserName" FROM "AspNetUsers"',
    'SELECT "Body" FROM "Reviews"',
    'DELETE FROM "Sessions"',
    'DELETE FROM "Entrants"',
    'DELETE FROM "Rounds"',
    'DELETE FROM "Series"',
    'TRUNCATE "Sessions" CASCADE',
    'UPDATE "Entrants" SET "DriverId" = "TeamId"',
    'UPDATE "Entrants" SET "RoundId" = "RoundId"',
    'UPDATE "Sessions" SET "RoundId" = "RoundId"',
    'UPDATE "Results" SET "EntrantId" = "EntrantId"',
    'UPDATE "Results" SET "SessionId" = "SessionId"',
    "CREATE TABLE ingest.mine (id int)",
    "SELECT ingest.referred_to('public.\"Entrants\"', '{}')",
]
_INGEST = [
    'SELECT count(*) FROM "Results"',
    'INSERT INTO "Results" SELECT * FROM "Results"',
    'DELETE FROM "Results"',
    "SELECT count(*) FROM spoilers.classifications",
    "SELECT key FROM spoilers.pages",
    "DELETE FROM spoilers.pages",
]


@pytest.mark.parametrize(
    ("role", "statement"),
    [
        *(("parcferme_ingest", one) for one in _BOTH + _INGEST),
        *(("parcferme_results", one) for one in _BOTH),
        ("parcferme_maintain", 'SELECT "LoggedAt" FROM "Logs"'),
        ("parcferme_maintain", 'DELETE FROM "Logs"'),
        ("parcferme_maintain", 'DELETE FROM "Results"'),
        ("parcferme_maintain", 'SELECT "Status" FROM "Results"'),
        ("parcferme_migrate", 'DELETE FROM "Sessions"'),
        ("parcferme_migrate", 'SELECT "LoggedAt" FROM "Logs"'),
        (None, 'SELECT "Slug" FROM "Series"'),
        (None, "SELECT source FROM ingest.sources"),
    ],
)
def test_the_database_denies(database: str, role: str | None, statement: str) -> None:
    """Even where there is no row to harm; and a login without a role anything at all."""
    name = roles.DEPLOYER if role == "parcferme_migrate" else roles.MAINTAINER
    with psycopg.connect(roles.login(database, name)) as db:
        if role:
            db.execute(sql.SQL("SET LOCAL ROLE {}").format(sql.Identifier(role)))
        with pytest.raises(InsufficientPrivilege):
            db.execute(statement.encode())


def test_a_login_may_not_take_a_role_that_it_was_not_granted(database: str) -> None:
    """What a results function with a bug would try."""
    with (
        psycopg.connect(roles.login(database, roles.INGEST)) as db,
        pytest.raises(InsufficientPrivilege),
    ):
        db.execute("SET LOCAL ROLE parcferme_results")
