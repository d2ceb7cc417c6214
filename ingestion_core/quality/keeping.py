"""What keeps a row: content of others that refers to it, a person's change, a source that stays."""

from collections.abc import Collection
from typing import Final

from psycopg import Connection, sql
from psycopg.rows import TupleRow

from ingestion_core.catalog import tables
from ingestion_core.catalog.recompute import OWN_ALIASES
from ingestion_core.database.references import referring
from ingestion_core.identity.ids import Id

Db = Connection[TupleRow]

#: Kinds to tables, children first; seasons are nobody's claim.
TABLES: Final = {
    **{kind: tables.BY_KIND[kind].name for kind in ("session", "entrant", "round")},
    "season": "Seasons",
    **{kind: tables.BY_KIND[kind].name for kind in ("driver", "team", "circuit", "series")},
}

_OTHER_ALIASES: Final = """
NOT EXISTS (SELECT FROM {aliases} a
            WHERE a.{column} = t."Id" AND coalesce(a."Source", '') <> ALL({own}::text[]))
"""

_UNCHANGED: Final = """
NOT EXISTS (SELECT FROM ingest.claims p WHERE p.target = t."Id" AND p.source = 'product')
"""
#: What is said of rows that stay, beyond what the product's own keys say.
_UNSAID: Final = {
    "driver": 'NOT EXISTS (SELECT FROM ingest.entries e WHERE e.driver = t."Id")',
    "team": 'NOT EXISTS (SELECT FROM ingest.entries e WHERE e.team = t."Id")',
    "circuit": """
        NOT EXISTS (SELECT FROM ingest.claims r
                    WHERE r.kind = 'round' AND r.fields ->> 'CircuitId' = t."Id"::text)""",
}

# Columns that this app does not write, and that may be empty: only a person fills them.
_OTHERS_COLUMNS: Final = """
SELECT attname FROM pg_attribute
WHERE attrelid = %s::regclass AND attnum > 0 AND NOT attisdropped AND attname <> ALL(%s)
  AND (NOT attnotnull OR atttypid = 'jsonb'::regtype)
"""


def condition(db: Db, kind: str, beside: Collection[str]) -> sql.Composable:
    """True where nothing keeps row ``t`` of a kind; tables ``beside`` are left out of account."""
    references = referring(db, TABLES[kind])
    parts: list[sql.Composable] = [
        sql.SQL("NOT {}").format(one.exists) for one in references if one.table not in beside
    ]
    parts += [sql.SQL(_UNCHANGED), *_by_hand(db, kind)]
    if kind in _UNSAID:
        parts.append(sql.SQL(_UNSAID[kind]))
    if (aliases := OWN_ALIASES.get(kind)) and aliases.table in beside:
        parts.append(
            sql.SQL(_OTHER_ALIASES).format(
                aliases=sql.Identifier(aliases.table),
                column=sql.Identifier(aliases.column),
                own=sql.Literal(list(aliases.sources)),
            )
        )
    return sql.SQL(" AND ").join(parts)


def _by_hand(db: Db, kind: str) -> list[sql.Composable]:
    """Conditions that are true where nobody filled what this app does not."""
    if kind not in tables.BY_KIND:
        return []
    table = tables.BY_KIND[kind]
    known = ["Id", *table.columns, *table.once]
    found = db.execute(_OTHERS_COLUMNS, (f'public."{table.name}"', known))
    return [
        sql.SQL("coalesce(to_jsonb(t.{}), 'null') IN ('null', '[]', '{{}}', '\"\"')").format(
            sql.Identifier(name)
        )
        for (name,) in found
    ]


def because(db: Db, kind: str, kept: list[Id], beside: Collection[str]) -> dict[str, int]:
    """Which tables of others refer to rows that stay, and to how many of them."""
    ours = {*TABLES.values(), *(one.table for one in OWN_ALIASES.values()), *beside}
    counts: dict[str, int] = {}
    for one in referring(db, TABLES[kind]) if kept else ():
        if one.table in ours:
            continue
        statement = sql.SQL(
            'SELECT count(*) FROM {} t WHERE t."Id" = ANY(%s::uuid[]) AND {}'
        ).format(sql.Identifier(TABLES[kind]), one.exists)
        row = db.execute(statement, (kept,)).fetchone()
        if row and row[0]:
            counts[one.table] = counts.get(one.table, 0) + row[0]
    return counts
