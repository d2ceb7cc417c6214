"""Roles of a season's entrants, brought up to date with its lists: read, decide, write."""

from psycopg import Connection
from psycopg.rows import TupleRow
from psycopg.types.json import Jsonb

from ingestion_core.identity.ids import Id
from ingestion_core.identity.roles import Listed
from ingestion_core.identity.roles import assign as decide
from ingestion_core.racing.kinds import Role

# Arrays, and joined here: where nothing is known of the tables yet, as during a first import, the
# planner would join them in an order that takes seconds.
_SEASON = """
WITH rounds AS MATERIALIZED (
    SELECT "Id", "RoundNumber" FROM "Rounds" WHERE "SeasonId" = %s
), sessions AS MATERIALIZED (
    SELECT "Id", "RoundId", "Type" IN (3, 4, 5, 6) AS races FROM "Sessions"
    WHERE "RoundId" = ANY(ARRAY(SELECT "Id" FROM rounds))
), entrants AS MATERIALIZED (
    SELECT * FROM "Entrants" WHERE "RoundId" = ANY(ARRAY(SELECT "Id" FROM rounds))
)
SELECT (SELECT json_object_agg("Id", "RoundNumber") FROM rounds),
    (SELECT json_object_agg("Id", json_build_array("RoundId", races)) FROM sessions),
    (SELECT json_agg(json_build_array("Id", "RoundId", "DriverId", "TeamId", "Role"))
     FROM entrants),
    (SELECT json_agg(json_build_array(session, driver)) FROM ingest.entries
     WHERE session = ANY(ARRAY(SELECT "Id" FROM sessions))),
    (SELECT coalesce(json_agg(DISTINCT target), '[]') FROM ingest.claims
     WHERE target = ANY(ARRAY(SELECT DISTINCT "TeamId" FROM entrants)) AND kind = 'team'
       AND fields ? 'Loose')
"""

# Keys as arrays once more: for a few rows the planner would read all claims.
_CHANGE = """
WITH w AS (
    SELECT w.* FROM jsonb_to_recordset(%(changes)s) AS w(entrant uuid, role integer, was integer)
    JOIN ingest.claims c ON c.target = w.entrant AND (c.fields ->> 'Role')::int = w.was
    WHERE c.source = 'written' AND c.kind = 'entrant' AND c.key = ANY(%(keys)s)
), changed AS (
    UPDATE "Entrants" t SET "Role" = w.role FROM w
    WHERE t."Id" = ANY(%(keys)s::uuid[]) AND t."Id" = w.entrant AND t."Role" = w.was
    RETURNING t."Id", t."Role"
), remembered AS (
    UPDATE ingest.claims c SET fields = c.fields || jsonb_build_object('Role', changed."Role")
    FROM changed
    WHERE c.source = 'written' AND c.kind = 'entrant' AND c.key = ANY(%(keys)s)
      AND c.target = changed."Id"
)
SELECT count(*) FROM changed
"""


def assign(db: Connection[TupleRow], season: Id) -> int:
    """Give every entrant of a season the role its lists show; how many changed.

    A role that is not the one we wrote was given by somebody in the product: it stays.
    """
    changes = [
        {"entrant": id_, "role": int(role), "was": was}
        for id_, (role, was) in sorted(by_lists(db, season).items())
        if role != was
    ]
    if not changes:
        return 0
    keys = [change["entrant"] for change in changes]
    done = db.execute(_CHANGE, {"changes": Jsonb(changes), "keys": keys}).fetchone()
    return int(done[0]) if done else 0


def by_lists(db: Connection[TupleRow], season: Id) -> dict[Id, tuple[Role, int]]:
    """The role that a season's lists show of each entrant they name, and the one that stands."""
    row = db.execute(_SEASON, (season,)).fetchone()
    if row is None or not all(row[:-1]):
        return {}
    numbers, sessions, entrants, entries, loose = row
    named: dict[tuple[str, str], bool] = {}
    for session, driver in entries:
        round_id, races = sessions[session]
        named[round_id, driver] = named.get((round_id, driver), False) or races
    listed = [
        # Whoever drives for no team, drives for himself: nobody's seat is another's.
        Listed(
            id_,
            round_id,
            numbers[round_id],
            driver,
            driver if team in loose else team,
            named[round_id, driver],
        )
        for id_, round_id, driver, team, _ in entrants
        if (round_id, driver) in named
    ]
    roles = decide(listed)
    return {id_: (roles[id_], role) for id_, *_, role in entrants if id_ in roles}
