"""A series' names over time: rows of "SeriesAliases", as sources date them.

What somebody changed or removed in the product stays so: only what is as we wrote it follows its
source. These names never decide which series is meant: others were called so too.
"""

from collections.abc import Iterable, Mapping
from typing import Any, Final

from psycopg import Connection
from psycopg.rows import TupleRow

from ingestion_core.catalog import bookkeeping
from ingestion_core.catalog.claims import PSEUDO, WRITTEN, Claim, Fields
from ingestion_core.catalog.plan import Plan
from ingestion_core.catalog.tables import Table, write
from ingestion_core.identity import ids
from ingestion_core.identity.ids import Id
from ingestion_core.racing.names import slugify

Db = Connection[TupleRow]

KIND: Final = "series-alias"

_TABLE: Final = Table(
    "SeriesAliases",
    {"AliasName": "text", "ValidFrom": "date", "ValidUntil": "date"},
    once={"SeriesId": "uuid", "AliasSlug": "text", "Source": "text"},
)

_KNOWN: Final = """
SELECT (SELECT coalesce(json_agg(to_json(a)), '[]') FROM "SeriesAliases" a
        WHERE a."SeriesId" = ANY(%(ids)s::uuid[])),
    (SELECT coalesce(json_object_agg(key, fields), '{}') FROM ingest.claims
     WHERE source = 'written' AND kind = 'series-alias' AND key = ANY(%(keys)s))
"""

_FORGET: Final = """
WITH ours AS (
    DELETE FROM ingest.claims
    WHERE source = 'written' AND kind = 'series-alias' AND fields ->> 'Source' = %s
    RETURNING target, fields
), gone AS (
    DELETE FROM "SeriesAliases" a USING ours
    WHERE a."Id" = ours.target AND a."AliasName" = ours.fields ->> 'AliasName'
      AND a."ValidFrom" IS NOT DISTINCT FROM (ours.fields ->> 'ValidFrom')::date
      AND a."ValidUntil" IS NOT DISTINCT FROM (ours.fields ->> 'ValidUntil')::date
    RETURNING 1
)
SELECT count(*) FROM gone
"""


def follow(db: Db, plan: Plan, series: Iterable[Id]) -> int:
    """Bring the names of these series, which are there, up to what is claimed; rows written.

    Two reads and writes at most, and none where no source dates a name.
    """
    wanted = {key: fields for id_ in sorted(series) for key, fields in _claimed(plan, id_)}
    if not wanted:
        return 0
    of_series = sorted({fields["SeriesId"] for fields in wanted.values()})
    found = db.execute(_KNOWN, {"ids": of_series, "keys": sorted(wanted)}).fetchone()
    present, written = found or ([], {})
    standing = {_key(row["SeriesId"], row["AliasSlug"]): row for row in present}
    rows: dict[Id, dict[str, Any]] = {}
    claims: list[Claim] = []
    for key, fields in wanted.items():
        if written.get(key) == fields:
            continue
        id_ = ids.of(KIND, fields["SeriesId"], fields["AliasSlug"])
        claims.append(Claim(WRITTEN, KIND, key, id_, plan.observed_at, fields, {}))
        now = standing.get(key)
        if now is None and key not in written:
            rows[id_] = {"Id": id_, "new": True, **fields}
        elif now is not None and key in written and _columns(now) == _columns(written[key]):
            was = {f"was {name}": now[name] for name in _TABLE.columns}
            rows[now["Id"]] = {"Id": now["Id"], "new": False, **fields, **was}
    bookkeeping.save_claims(db, claims)
    return write(db, _TABLE, rows)


def forget(db: Db, source: str) -> int:
    """Take out the names that only this source gave, and that nobody changed; how many."""
    row = db.execute(_FORGET, (source,)).fetchone()
    return int(row[0]) if row else 0


def _claimed(plan: Plan, series: Id) -> Iterable[tuple[str, Fields]]:
    """The names that sources date, each once: of several spells the first and the last year."""
    found: dict[str, Fields] = {}
    for source, said in sorted(plan.claims_on(series).items()):
        if source in PSEUDO:
            continue
        for name, first, last in said.get("Names") or ():
            slug = slugify(name)
            row: Fields = {
                "SeriesId": series,
                "AliasSlug": slug,
                "Source": source,
                "AliasName": name,
                "ValidFrom": f"{first:04}-01-01" if first else None,
                "ValidUntil": f"{last:04}-12-31" if last else None,
            }
            if slug:
                found[slug] = _both(found[slug], row) if slug in found else row
    return ((_key(series, slug), row) for slug, row in found.items())


def _both(one: Fields, other: Fields) -> Fields:
    """One name borne twice: from its first day to its last; an open end stays open."""
    starts = [one["ValidFrom"], other["ValidFrom"]]
    ends = [one["ValidUntil"], other["ValidUntil"]]
    return {
        **one,
        "ValidFrom": None if None in starts else min(starts),
        "ValidUntil": None if None in ends else max(ends),
    }


def _columns(row: Mapping[str, Any]) -> list[Any]:
    return [row[name] for name in _TABLE.columns]


def _key(series: Id, slug: str) -> str:
    return f"{series}/{slug}"
