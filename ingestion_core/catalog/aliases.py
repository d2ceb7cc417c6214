"""Teams' other names, written once: what somebody changed or removed in the product stays so."""

from collections.abc import Iterable, Mapping

from psycopg import Connection
from psycopg.rows import TupleRow
from psycopg.types.json import Jsonb

from ingestion_core.catalog.claims import WRITTEN
from ingestion_core.catalog.plan import Plan
from ingestion_core.identity import ids
from ingestion_core.identity.ids import Id
from ingestion_core.identity.lineage import aliases_of
from ingestion_core.identity.tables import TeamRow

KIND = "team-alias"

_WRITE = """
WITH added AS (
    INSERT INTO "TeamAliases"
        ("Id", "TeamId", "AliasName", "AliasSlug", "ValidFrom", "ValidUntil", "Source")
    SELECT * FROM jsonb_to_recordset(%s) AS r("Id" uuid, "TeamId" uuid, "AliasName" text,
        "AliasSlug" text, "ValidFrom" date, "ValidUntil" date, "Source" text)
    ORDER BY "TeamId", "AliasSlug"
    ON CONFLICT ("TeamId", "AliasSlug") DO NOTHING RETURNING 1
)
SELECT count(*) FROM added
"""

#: A row of "TeamAliases", with JSON's values.
Row = Mapping[str, str | None]


def keys_of(teams: Iterable[TeamRow]) -> list[str]:
    """The keys under which it is remembered that these teams' aliases were written."""
    return sorted(_key(team.slug, alias.slug) for team in teams for alias in aliases_of(team))


def plan_aliases(plan: Plan, teams: Mapping[Id, TeamRow]) -> list[Row]:
    """The aliases of these teams (row to what the tables say) that were never written."""
    rows: list[Row] = []
    for id_, team in sorted(teams.items()):
        for alias in aliases_of(team):
            key = _key(team.slug, alias.slug)
            if plan.current(WRITTEN, KIND, key) is not None:
                continue
            plan.claim(WRITTEN, KIND, key, None, {"Team": id_})
            rows.append(
                {
                    "Id": ids.of(KIND, id_, alias.slug),
                    "TeamId": id_,
                    "AliasName": alias.name,
                    "AliasSlug": alias.slug,
                    "ValidFrom": alias.valid_from.isoformat() if alias.valid_from else None,
                    "ValidUntil": alias.valid_until.isoformat() if alias.valid_until else None,
                    "Source": alias.source,
                }
            )
    return rows


def write(db: Connection[TupleRow], rows: list[Row]) -> int:
    """Write new aliases in one statement; how many. What is there already stays as it is."""
    if not rows:
        return 0
    done = db.execute(_WRITE, (Jsonb(rows),)).fetchone()
    return int(done[0]) if done else 0


def _key(team: str, alias: str) -> str:
    return f"{team}/{alias}"
