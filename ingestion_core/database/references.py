"""Which rows of other tables refer to a row: read from the server, so that no list grows old.

A table that this code does not know, or must not name, protects what it refers to as well.
"""

from collections.abc import Collection
from typing import Final, NamedTuple

from psycopg import Connection, sql
from psycopg.rows import TupleRow

Db = Connection[TupleRow]

_KEYS_TO: Final = """
SELECT n.nspname, r.relname, a.attname, b.attname
FROM pg_constraint c
JOIN pg_class r ON r.oid = c.conrelid
JOIN pg_namespace n ON n.oid = r.relnamespace
CROSS JOIN LATERAL unnest(c.conkey, c.confkey) AS k(own, theirs)
JOIN pg_attribute a ON a.attrelid = c.conrelid AND a.attnum = k.own
JOIN pg_attribute b ON b.attrelid = c.confrelid AND b.attnum = k.theirs
WHERE c.contype = 'f' AND c.confrelid = %(table)s::regclass
UNION
-- A user's "PrimarySeriesId" is no foreign key, but means a series all the same.
SELECT 'public', r.relname, a.attname, 'Id'
FROM pg_attribute a JOIN pg_class r ON r.oid = a.attrelid
WHERE r.relnamespace = 'public'::regnamespace AND r.relkind IN ('r', 'p')
  AND a.atttypid = 'uuid'::regtype AND a.attnum > 0 AND NOT a.attisdropped
  AND right(a.attname, length(%(named)s)) = %(named)s
  AND NOT EXISTS (SELECT FROM pg_constraint f
                  WHERE f.contype = 'f' AND f.conrelid = r.oid AND a.attnum = ANY(f.conkey))
ORDER BY 1, 2, 3
"""


class Reference(NamedTuple):
    """A column of some table that names rows of another one by its column ``names``."""

    schema: str
    table: str
    column: str
    names: str

    @property
    def exists(self) -> sql.Composed:
        """True where such a row refers to row ``t``."""
        return sql.SQL("EXISTS (SELECT FROM {} x WHERE x.{} = t.{})").format(
            sql.Identifier(self.schema, self.table),
            sql.Identifier(self.column),
            sql.Identifier(self.names),
        )


def referring(db: Db, table: str) -> list[Reference]:
    """All columns that refer to a table of the product's: foreign keys, and what is called as one
    would be."""
    named = f"{table if table == 'Series' else table.removesuffix('s')}Id"
    found = db.execute(_KEYS_TO, {"table": f'public."{table}"', "named": named})
    return [Reference(*row) for row in found]


def references_to(db: Db, table: str, ignoring: Collection[str] = ()) -> sql.Composed:
    """A condition that is true where no row of any table refers to row ``t`` of ``table``.

    Rows of the tables ``ignoring`` are left out of account: whoever asks looks at them.
    """
    parts = [
        sql.SQL("NOT {}").format(one.exists)
        for one in referring(db, table)
        if one.table not in ignoring
    ]
    return sql.Composed([sql.SQL(" AND ").join([sql.SQL("true"), *parts])])
