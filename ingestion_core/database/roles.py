"""Who we are in the database: a role for each transaction, chosen here and nowhere else.

The login has no right by itself where infra/database/roles.sql was applied (docs/roles.md): every
transaction takes a role, and with it the least that its work needs. Where the roles are not there,
or not this login's, as on a laptop, nothing changes.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from enum import StrEnum
from typing import Final, Self

from psycopg import Connection, Transaction, sql
from psycopg.pq import TransactionStatus
from psycopg.rows import TupleRow


class Role(StrEnum):
    """What work acts as."""

    #: The app: everything but results.
    INGEST = "parcferme_ingest"
    #: The app's work on results, where they are opted into.
    RESULTS = "parcferme_results"
    #: Deployment: our own schemas.
    MIGRATE = "parcferme_migrate"
    #: A person at the command line who takes rows out.
    MAINTAIN = "parcferme_maintain"


# A superuser may become anything, and means none of it. What was never granted anything in this
# database is another database's role. Before 16 whoever was a member could.
_ALLOWED: Final = """
SELECT r.rolname FROM pg_roles r JOIN pg_roles me ON me.rolname = session_user
WHERE r.rolname = ANY(%s) AND NOT me.rolsuper
  AND pg_has_role(session_user, r.oid, CASE
      WHEN current_setting('server_version_num')::int < 160000 THEN 'MEMBER' ELSE 'SET' END)
  AND has_schema_privilege(r.oid, to_regnamespace('ingest'), 'USAGE')
"""
# No query: whoever wants a transaction of another isolation may still say so after it.
_ACT: Final = sql.SQL("SET LOCAL ROLE {}")


def allowed(connection: Connection[TupleRow]) -> frozenset[Role]:
    """The roles that this connection's login may take here."""
    found = connection.execute(_ALLOWED, ([str(role) for role in Role],)).fetchall()
    return frozenset(Role(name) for (name,) in found)


def choose(wanted: Role, among: frozenset[Role]) -> Role | None:
    """The role to act in: the wanted one, else the app's own, which is narrower, else none.

    So whoever may not have the wanted one is denied by the database what it would allow.
    """
    return next((role for role in (wanted, Role.INGEST) if role in among), None)


class ActingConnection(Connection[TupleRow]):
    """A connection whose transactions each begin with taking a role, whoever begins them."""

    #: What its login may become, and which of it transactions are begun in.
    allowed: frozenset[Role] = frozenset()
    role: Role | None = None

    @contextmanager
    def transaction(
        self: Self, savepoint_name: str | None = None, force_rollback: bool = False
    ) -> Iterator[Transaction]:
        """As psycopg's; of nested ones the outermost takes the role."""
        begins = self.info.transaction_status == TransactionStatus.IDLE
        with super().transaction(savepoint_name, force_rollback) as block:
            if begins and self.role is not None:
                self._act(self.role)
            yield block

    @contextmanager
    def within(self: Self, role: Role) -> Iterator[None]:
        """Act in another role for a part of a transaction."""
        chosen = choose(role, self.allowed)
        if chosen is not None:
            self._act(chosen)
        yield
        # After an error there is nothing to go back to: the transaction ends, and the role with it.
        if self.role is not None:
            self._act(self.role)

    def _act(self: Self, role: Role) -> None:
        self.execute(_ACT.format(sql.Identifier(role)))


#: The product's tables that the app reads and writes: all others are none of its business.
RACING: Final = (
    "Series",
    "SeriesAliases",
    "Seasons",
    "Circuits",
    "CircuitAliases",
    "Rounds",
    "Sessions",
    "Drivers",
    "DriverAliases",
    "Teams",
    "TeamAliases",
    "Entrants",
    "PendingMatches",
)

# What the login has, or could have by becoming something else. What refers to entrants is results,
# which only the package of results names.
_TOO_WIDE: Final = """
WITH me AS (
    SELECT * FROM pg_roles WHERE rolname = session_user
), becomes AS (
    SELECT r.oid FROM pg_roles r, me WHERE NOT me.rolsuper AND pg_has_role(me.oid, r.oid, 'MEMBER')
), held AS (
    SELECT c.relname AS name, c.relname = ANY(%(racing)s) AS racing, right_, EXISTS (
        SELECT FROM pg_constraint f
        WHERE f.contype = 'f' AND f.conrelid = c.oid
          AND f.confrelid = to_regclass('public."Entrants"')) AS of_entrants
    FROM pg_class c, unnest(ARRAY['SELECT', 'INSERT', 'UPDATE', 'DELETE', 'TRUNCATE']) right_
    WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p') AND EXISTS (
        SELECT FROM becomes b
        WHERE has_table_privilege(b.oid, c.oid, right_)
           OR right_ NOT IN ('DELETE', 'TRUNCATE')
              AND has_any_column_privilege(b.oid, c.oid, right_))
), told(place, word) AS (
    SELECT 1, 'is a superuser' FROM me WHERE rolsuper
    UNION ALL SELECT 2, 'may make roles' FROM me WHERE rolcreaterole AND NOT rolsuper
    UNION ALL SELECT 3, 'may make databases' FROM me WHERE rolcreatedb AND NOT rolsuper
    UNION ALL SELECT 4, format('may %%s "%%s"', right_, name) FROM held
    WHERE racing AND right_ IN ('DELETE', 'TRUNCATE')
       OR NOT racing AND NOT (of_entrants AND %(opted_in)s AND right_ <> 'TRUNCATE')
    UNION ALL SELECT 5, format('may UPDATE "%%s"."%%s"', c.relname, a.attname)
    FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid
    WHERE c.relnamespace = 'public'::regnamespace
      AND (c.relname, a.attname) IN (
          ('Sessions', 'RoundId'), ('Rounds', 'SeasonId'), ('Entrants', 'RoundId'),
          ('Entrants', 'DriverId'))
      AND EXISTS (
          SELECT FROM becomes b WHERE has_column_privilege(b.oid, c.oid, a.attnum, 'UPDATE'))
    UNION ALL SELECT 6, format('may change schema %%s', n.nspname) FROM pg_namespace n
    WHERE n.nspname IN ('public', 'ingest', 'spoilers')
      AND EXISTS (SELECT FROM becomes b WHERE has_schema_privilege(b.oid, n.oid, 'CREATE'))
    UNION ALL SELECT DISTINCT 7, 'may SELECT what schema spoilers holds'
    FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
    WHERE NOT %(opted_in)s AND n.nspname = 'spoilers' AND c.relkind = 'r'
      AND c.relname <> 'migrations'
      AND EXISTS (SELECT FROM becomes b WHERE has_table_privilege(b.oid, c.oid, 'SELECT'))
)
SELECT word FROM told ORDER BY place, word
"""


def too_wide(connection: Connection[TupleRow], opted_in: bool) -> list[str]:
    """The rights of this connection's login that the app has no need of, in words.

    Args:
        connection: any of the app's.
        opted_in: whether it needs those of results.
    """
    asked = {"racing": list(RACING), "opted_in": opted_in}
    return [word for (word,) in connection.execute(_TOO_WIDE, asked)]
