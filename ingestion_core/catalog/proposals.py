"""What is new and may be something that exists: put before a person, in "PendingMatches"."""

from collections.abc import Iterable
from typing import Final

from psycopg import Connection, sql
from psycopg.rows import TupleRow
from psycopg.types.json import Jsonb

from ingestion_core.catalog import tables
from ingestion_core.identity import ids
from ingestion_core.identity.ids import Id
from ingestion_core.identity.likeness import Candidate, Newcomer, propose_all
from ingestion_core.identity.lookup import OWN_KEYS
from ingestion_core.identity.spellings import Kind

Db = Connection[TupleRow]

#: The product's numbers of what may be matched.
ENTITY_TYPES: Final[dict[Kind, int]] = {"driver": 0, "team": 1, "circuit": 2}

# own: rows that this source has a key of; of a source with keys of its own they are others.
_DRIVERS: Final = """
SELECT d."Id"::text, d."FirstName" || ' ' || d."LastName", d."DateOfBirth", c.own,
       coalesce(least(career.first, c.first), career.first, c.first),
       coalesce(greatest(career.last, c.last), career.last, c.last)
FROM "Drivers" d
LEFT JOIN (
    SELECT target, bool_or(source = %(source)s) AS own,
           min((fields -> 'Career' ->> 0)::int) AS first,
           max((fields -> 'Career' ->> 1)::int) AS last
    FROM ingest.claims WHERE kind = 'driver' GROUP BY target
) c ON c.target = d."Id"
LEFT JOIN (
    SELECT e."DriverId" AS driver, min(s."Year") AS first, max(s."Year") AS last
    FROM "Entrants" e
    JOIN "Rounds" r ON r."Id" = e."RoundId" JOIN "Seasons" s ON s."Id" = r."SeasonId"
    GROUP BY e."DriverId"
) career ON career.driver = d."Id"
"""
_NAMED: Final = """
SELECT t."Id"::text, t."Name", NULL::date, EXISTS (
    SELECT FROM ingest.claims c
    WHERE c.target = t."Id" AND c.kind = %(kind)s AND c.source = %(source)s), NULL::int, NULL::int
FROM {table} t
"""
_CANDIDATES: Final[dict[Kind, sql.Composed]] = {
    "driver": sql.SQL(_DRIVERS).format(),
    "team": sql.SQL(_NAMED).format(table=sql.Identifier("Teams")),
    "circuit": sql.SQL(_NAMED).format(table=sql.Identifier("Circuits")),
}

# Whether any row of the kind is not this source's own: else there is nothing to be like. The own
# ones are read once: a look-up for each row took ten times as long.
_OTHERS: Final = """
SELECT EXISTS (
    SELECT FROM {table} t WHERE t."Id" NOT IN (
        SELECT c.target FROM ingest.claims c
        WHERE c.kind = %(kind)s AND c.source = %(source)s AND c.target IS NOT NULL))
"""

_SAVE: Final = """
INSERT INTO "PendingMatches" ("Id", "EntityType", "IncomingName", "IncomingDataJson",
    "CandidateEntityId", "CandidateEntityName", "MatchScore", "SignalsJson", "Source", "Status",
    "CreatedAt")
SELECT r.id, r.type, r.name, r.data, r.candidate, r.candidate_name, r.score, r.signals, r.source,
       0, now()
FROM jsonb_to_recordset(%s) AS r(id uuid, type integer, name text, data jsonb, candidate uuid,
    candidate_name text, score numeric, signals jsonb, source text)
ORDER BY r.id
ON CONFLICT ("Id") DO NOTHING
"""


def propose(db: Db, source: str, kind: Kind, newcomers: Iterable[Newcomer]) -> int:
    """Put before a person which existing rows newcomers may be; how many. Before they are written.

    One question for each key of a source, ever: a second run asks nothing again, answered or not.
    """
    newcomers = list(newcomers)
    if not newcomers:
        return 0
    asked_of = {"kind": kind, "source": source}
    if source in OWN_KEYS:
        others = sql.SQL(_OTHERS).format(table=sql.Identifier(tables.BY_KIND[kind].name))
        if db.execute(others, asked_of).fetchone() == (False,):
            return 0
    rows = db.execute(_CANDIDATES[kind], asked_of).fetchall()
    own = {id_ for id_, _, _, is_own, _, _ in rows if is_own} if source in OWN_KEYS else set()
    candidates = [
        Candidate(id_, name, born, first, last) for id_, name, born, _, first, last in rows
    ]
    found = propose_all(kind, newcomers, candidates)
    # Of the source's own rows, which are others, one may stand before somebody it may be.
    hidden = [one for one in newcomers if one.key in found and found[one.key].candidate.id in own]
    found |= propose_all(kind, hidden, [one for one in candidates if one.id not in own])
    asked = [
        {
            "id": pending_id(kind, source, one.key),
            "type": ENTITY_TYPES[kind],
            "name": one.name,
            "data": _data(one),
            "candidate": found[one.key].candidate.id,
            "candidate_name": found[one.key].candidate.name,
            "score": found[one.key].score,
            "signals": found[one.key].signals,
            "source": source,
        }
        for one in newcomers
        if one.key in found and found[one.key].candidate.id not in own
    ]
    if asked:
        db.execute(_SAVE, (Jsonb(asked),))
    return len(asked)


def _data(one: Newcomer) -> dict[str, object]:
    return {
        "key": one.key,
        "born": one.born.isoformat() if one.born else None,
        "seasons": [one.first_year, one.last_year],
    }


def pending_id(kind: Kind, source: str, key: str) -> Id:
    """The id of the question about a source's key."""
    return ids.of("pending-match", ENTITY_TYPES[kind], source, key)
