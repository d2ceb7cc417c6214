"""A season's rows from the claims as they are, without any new answer.

What undoing a decision, taking out a source and mending a claim have in common: the claims change,
and everything that follows from them is drawn up again.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from psycopg import Connection, sql
from psycopg.rows import TupleRow

from ingestion_core.catalog import bookkeeping, roles, tables
from ingestion_core.catalog.claims import MADE, REMEMBERED
from ingestion_core.catalog.entrants import project_entrants, stored_entries, sweep
from ingestion_core.catalog.plan import Plan
from ingestion_core.catalog.profiles import project_shared
from ingestion_core.catalog.rounds import project_rounds
from ingestion_core.catalog.sessions import project_sessions
from ingestion_core.catalog.state import Question, read, typed
from ingestion_core.database.references import references_to
from ingestion_core.identity.ids import Id
from ingestion_core.identity.lineage import FORERUNNER, SPELLING

Db = Connection[TupleRow]


@dataclass(frozen=True, slots=True)
class Season:
    """A season of a series, by its address."""

    series: str
    year: int


def recompute(db: Db, season: Season, now: datetime) -> int:
    """Project a season anew; how many rows of the product changed.

    The season's lock and the identity lock are held. Rows that no source speaks of stay as they
    are: see ``retire``.
    """
    state = read(db, Question("openf1", season.series, season.year, everything=True))
    if state.season is None:
        return 0
    plan = Plan(state, now.isoformat(), fill_only=False)
    for kind in sorted(tables.SHARED):
        said = {id_: row["Slug"] for id_, row in state.rows[kind].items() if plan.keys_of(id_)}
        project_shared(plan, kind, said)
    project_rounds(plan, Question("", season.series, season.year).season, {})
    of_session = {
        id_: row["RoundId"] for id_, row in state.rows["session"].items() if plan.keys_of(id_)
    }
    project_sessions(plan, of_session, now)
    rounds: dict[Id, list[Id]] = {
        id_: [] for id_, row in state.rows["round"].items() if row["here"]
    }
    for id_, row in state.rows["session"].items():
        rounds.setdefault(row["RoundId"], []).append(id_)
    _, unlisted = project_entrants(plan, rounds, stored_entries(plan))
    bookkeeping.save_claims(db, plan.claims.values())
    rows = sum(
        tables.write(db, table, plan.rows.get(kind, {})) for kind, table in tables.BY_KIND.items()
    )
    if unlisted:
        rows += sweep(db, unlisted)
    return rows + roles.assign(db, state.season)


@dataclass(frozen=True, slots=True)
class Aliases:
    """A table whose rows go with the row they belong to, if all of them are these sources'."""

    table: str
    column: str
    sources: tuple[str, ...]


OWN_ALIASES: Final = {
    "series": Aliases("SeriesAliases", "SeriesId", ("thethirdturn",)),
    "team": Aliases("TeamAliases", "TeamId", (SPELLING, FORERUNNER)),
}

# Whoever logs a session holds its row: those that do so now are waited for, and then seen.
_HOLD: Final = """SELECT FROM {table} WHERE "Id" = ANY(%s::uuid[]) ORDER BY "Id" FOR UPDATE"""

_RETIRE: Final = """
WITH gone AS (
    DELETE FROM {table} t USING ingest.claims w
    WHERE t."Id" = ANY(%(ids)s::uuid[]) AND w.target = t."Id" AND w.kind = %(kind)s
      AND w.source = 'written' AND w.fields ? {made}
      AND NOT EXISTS (
          SELECT FROM ingest.claims c
          WHERE c.target = t."Id" AND c.source NOT IN ('written', 'product', 'adopted')
            AND c.fields - {remembered}::text[] <> '{{}}')
      AND {unreferenced} AND {no_other_aliases}
    RETURNING t."Id"
), forgotten AS (
    DELETE FROM ingest.claims c USING gone
    WHERE c.target = gone."Id" AND c.source IN ('written', 'product', 'adopted')
), aliases AS (
    DELETE FROM ingest.claims c USING gone
    WHERE c.kind = 'team-alias' AND c.fields ->> 'Team' = gone."Id"::text
       OR c.kind = 'series-alias' AND c.fields ->> 'SeriesId' = gone."Id"::text
)
SELECT count(*) FROM gone
"""


#: Kinds whose rows the app itself takes out, when titles of one page turn out to be one thing. Its
#: role may delete nothing: the database does, after the same look (migrations/0007).
_GUARDED: Final = frozenset({"circuit", "driver", "team"})
_RETIRE_SHARED: Final = "SELECT ingest.retire_shared(%s, %s::uuid[])"


def retire(db: Db, kind: str, ids: Iterable[Id]) -> int:
    """Take out rows that were made here, that no source gives any more, and that nothing refers to.

    Whatever a user's log, list or review hangs on stays, and so do the rows above it; how many.
    """
    ids = sorted(ids)
    if not ids:
        return 0
    if kind in _GUARDED:
        row = db.execute(_RETIRE_SHARED, (kind, ids)).fetchone()
        return int(row[0]) if row else 0
    table = tables.BY_KIND[kind].name
    aliases = OWN_ALIASES.get(kind)
    db.execute(sql.SQL(_HOLD).format(table=sql.Identifier(table)), (ids,))
    statement = sql.SQL(_RETIRE).format(
        table=sql.Identifier(table),
        made=sql.Literal(MADE),
        remembered=sql.Literal(sorted(REMEMBERED)),
        unreferenced=references_to(db, table, ignoring=[aliases.table] if aliases else ()),
        no_other_aliases=sql.SQL(
            "NOT EXISTS (SELECT FROM {} a WHERE a.{} = t.{}"
            " AND coalesce(a.{}, {}) <> ALL({}::text[]))"
        ).format(
            sql.Identifier(aliases.table),
            sql.Identifier(aliases.column),
            sql.Identifier("Id"),
            sql.Identifier("Source"),
            sql.Literal(""),
            sql.Literal(list(aliases.sources)),
        )
        if aliases
        else sql.SQL("true"),
    )
    row = db.execute(statement, {"ids": ids, "kind": kind}).fetchone()
    return int(row[0]) if row else 0


_FOUND: Final = """
SELECT t."Id"::text, to_jsonb(t), w.fields, a.fields FROM {table} t
JOIN ingest.claims w ON w.target = t."Id" AND w.kind = %(kind)s AND w.source = 'written'
JOIN ingest.claims a ON a.target = t."Id" AND a.kind = %(kind)s AND a.source = 'adopted'
WHERE t."Id" = ANY(%(ids)s::uuid[]) AND NOT EXISTS (
    SELECT FROM ingest.claims c
    WHERE c.target = t."Id" AND c.source NOT IN ('written', 'product', 'adopted')
      AND c.fields - %(remembered)s::text[] <> '{{}}')
"""

_RELEASE: Final = """
DELETE FROM ingest.claims
WHERE target = ANY(%s::uuid[]) AND kind = %s AND source IN ('written', 'product', 'adopted')
"""


def give_back(db: Db, kind: str, ids: Iterable[Id]) -> int:
    """Make rows that were found, and that no source gives any more, what they were; how many.

    What somebody changed in them since stays.
    """
    table = tables.BY_KIND[kind]
    statement = sql.SQL(_FOUND).format(table=sql.Identifier(table.name))
    found = db.execute(
        statement, {"ids": sorted(ids), "kind": kind, "remembered": sorted(REMEMBERED)}
    ).fetchall()
    rows = {}
    for id_, current, written, adopted in found:
        now = typed(current)
        rows[id_] = {
            "Id": id_,
            "new": False,
            **{
                name: adopted.get(name) if now[name] == written.get(name) else now[name]
                for name in table.columns
            },
            **{f"was {name}": now[name] for name in table.columns},
        }
    given = tables.write(db, table, rows)
    if rows:
        db.execute(_RELEASE, (sorted(rows), kind))
    return given
