"""Logins with the roles of infra/database/roles.sql, and an administrator as a cloud has one."""

from pathlib import Path
from typing import Any

import psycopg
from psycopg import sql
from psycopg.conninfo import make_conninfo

from ingestion_core.database.prepare import migrate
from ingestion_core.results.schema import SPOILERS
from tests.support.product import rows

ROLES_SQL = Path(__file__).parents[2] / "infra" / "database" / "roles.sql"
ADMIN = "test_admin"
INGEST, RESULTS, MAINTAINER, DEPLOYER, NOBODY = (
    *("test_ingest", "test_results", "test_maintainer", "test_deployer", "test_nobody"),
)
#: The roles that each login was granted, as the end of roles.sql says.
GRANTED = {
    INGEST: ("parcferme_ingest",),
    RESULTS: ("parcferme_ingest", "parcferme_results"),
    MAINTAINER: ("parcferme_ingest", "parcferme_results", "parcferme_maintain"),
    DEPLOYER: ("parcferme_migrate",),
    NOBODY: (),
}


def login(conninfo: str, name: str) -> str:
    """The same database for another login."""
    return make_conninfo(conninfo, user=name)


def administer(conninfo: str) -> None:
    """Give the product's tables to an administrator who is no superuser, but may make roles."""
    with psycopg.connect(conninfo, autocommit=True) as db:
        if not db.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", (ADMIN,)).fetchone():
            db.execute(sql.SQL("CREATE ROLE {} LOGIN CREATEROLE").format(sql.Identifier(ADMIN)))
        tables = db.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")
        for (table,) in tables.fetchall():
            db.execute(
                sql.SQL("ALTER TABLE {} OWNER TO {}").format(
                    sql.Identifier(table), sql.Identifier(ADMIN)
                )
            )
    own(conninfo)


def own(conninfo: str) -> None:
    """Let the administrator own the database itself; a clone of it is another's."""
    with psycopg.connect(conninfo, autocommit=True) as db:
        db.execute(
            sql.SQL("ALTER DATABASE {} OWNER TO {}").format(
                sql.Identifier(db.info.dbname), sql.Identifier(ADMIN)
            )
        )


def migrated(conninfo: str) -> None:
    """As the administrator: our schemas, that of results among them."""
    with psycopg.connect(login(conninfo, ADMIN), autocommit=True) as db:
        migrate(db)
        migrate(db, SPOILERS)


def apply(conninfo: str) -> None:
    """As the administrator: roles.sql, and the logins that there are not yet."""
    with psycopg.connect(login(conninfo, ADMIN), autocommit=True) as db:
        db.execute(ROLES_SQL.read_bytes())
        for name, roles in GRANTED.items():
            if db.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", (name,)).fetchone():
                continue
            db.execute(sql.SQL("CREATE ROLE {} LOGIN NOINHERIT").format(sql.Identifier(name)))
            for role in roles:
                db.execute(
                    sql.SQL("GRANT {} TO {} WITH INHERIT FALSE, SET TRUE").format(
                        sql.Identifier(role), sql.Identifier(name)
                    )
                )


# Without a word, a right is the default; who granted what first makes no difference.
_RIGHTS = """
WITH found(kind, name, owner, acl) AS (
    SELECT 'schema', nspname, nspowner, coalesce(nspacl, acldefault('n', nspowner))
    FROM pg_namespace WHERE nspname IN ('public', 'ingest', 'spoilers')
    UNION ALL SELECT 'table', oid::regclass::text, relowner, coalesce(
        relacl, acldefault(CASE relkind WHEN 'S' THEN 's' ELSE 'r' END::"char", relowner))
    FROM pg_class WHERE relnamespace::regnamespace::text IN ('public', 'ingest', 'spoilers')
      AND relkind IN ('r', 'v', 'S')
    UNION ALL SELECT 'column', attrelid::regclass || '.' || attname, 0, attacl
    FROM pg_attribute WHERE cardinality(attacl) > 0
    UNION ALL SELECT 'function', oid::regprocedure::text, proowner,
        coalesce(proacl, acldefault('f', proowner))
    FROM pg_proc WHERE pronamespace = 'ingest'::regnamespace
    UNION ALL SELECT 'default', concat(defaclnamespace, ' ', defaclobjtype), defaclrole, defaclacl
    FROM pg_default_acl
)
SELECT kind, name, owner::regrole::text, ARRAY(SELECT unnest(acl)::text ORDER BY 1) FROM found
UNION ALL SELECT 'role', rolname, NULL, ARRAY[rolsuper, rolcanlogin, rolcreaterole]::text[]
FROM pg_roles WHERE rolname LIKE 'parcferme%'
UNION ALL SELECT 'member', roleid::regrole::text, member::regrole::text,
    ARRAY[inherit_option, set_option]::text[] FROM pg_auth_members
ORDER BY 1, 2, 3, 4
"""


def rights(conninfo: str) -> list[tuple[Any, ...]]:
    """Every right that anybody has: roles, owners, grants, defaults."""
    return rows(conninfo, _RIGHTS)
