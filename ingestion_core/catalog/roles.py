"""Roles of entrants: from who was listed in which session, over a season. Never from results."""

from uuid import UUID

from psycopg import Connection
from psycopg.rows import TupleRow

# raced:    in a qualifying or a race of a numbered round, by the lists
# weekend:  the numbered rounds that have been raced, counted through
# stint:    weekends in a row that one driver raced for one team
# A stand-in's stint is at most three weekends long, and somebody who raced for the team more often
# did so right before and right after it, but not in it. (More often: or else Magnussen's three
# weekends between Bearman's two at Haas in 2024 would be a stand-in's.) Who only practises stays
# regular if he raced for the team in the weekend before or after, and is FP1-only where two others
# raced for it. At a test, who races in no round is a test driver; before a season's first race
# nobody can tell.
_ASSIGN = """
WITH rounds AS (
    SELECT "Id" AS round, "RoundNumber" AS number FROM "Rounds" WHERE "SeasonId" = %(season)s
), lists AS (
    SELECT r.round, r.number, t."Id" AS entrant, t."DriverId" AS driver, t."TeamId" AS team,
           t."Role" AS role, r.number > 0 AND bool_or(s."Type" IN (3, 4, 5, 6)) AS raced
    FROM rounds r
    JOIN "Sessions" s ON s."RoundId" = r.round
    JOIN ingest.entries e ON e.session = s."Id"
    JOIN "Entrants" t ON t."RoundId" = r.round AND t."DriverId" = e.driver
    GROUP BY r.round, r.number, t."Id"
), weekends AS (
    SELECT round, row_number() OVER (ORDER BY number) AS weekend
    FROM (SELECT DISTINCT round, number FROM lists WHERE raced) raced_rounds
), raced AS (
    SELECT l.driver, l.team, l.round, w.weekend,
           w.weekend - row_number() OVER (PARTITION BY l.driver, l.team ORDER BY w.weekend) AS stint
    FROM lists l JOIN weekends w USING (round) WHERE l.raced
), stints AS (
    SELECT driver, team, stint, min(weekend) AS first, max(weekend) AS last
    FROM raced GROUP BY driver, team, stint
), totals AS (
    SELECT driver, team, count(*) AS weekends FROM raced GROUP BY driver, team
), stand_ins AS (
    SELECT s.driver, s.team, s.stint FROM stints s JOIN totals mine USING (driver, team)
    WHERE s.last - s.first < 3 AND EXISTS (
        SELECT FROM raced b JOIN raced a ON a.driver = b.driver AND a.team = b.team
        WHERE b.team = s.team AND b.driver <> s.driver
          AND b.weekend = s.first - 1 AND a.weekend = s.last + 1
          AND mine.weekends < (SELECT t.weekends FROM totals t
                               WHERE t.driver = b.driver AND t.team = s.team)
          AND NOT EXISTS (SELECT FROM raced x WHERE x.driver = b.driver AND x.team = s.team
                          AND x.weekend BETWEEN s.first AND s.last))
), wanted AS (
    SELECT l.entrant, l.role, CASE
        WHEN l.raced THEN CASE WHEN EXISTS (
            SELECT FROM raced r JOIN stand_ins i USING (driver, team, stint)
            WHERE r.driver = l.driver AND r.team = l.team AND r.round = l.round) THEN 1 ELSE 0 END
        WHEN l.number = 0 THEN CASE WHEN EXISTS (SELECT FROM raced)
            AND NOT EXISTS (SELECT FROM raced r WHERE r.driver = l.driver) THEN 3 ELSE 0 END
        WHEN EXISTS (
            SELECT FROM raced r JOIN weekends w ON w.round = l.round
            WHERE r.driver = l.driver AND r.team = l.team
              AND r.weekend IN (w.weekend - 1, w.weekend + 1)) THEN 0
        WHEN (SELECT count(*) FROM raced r
              WHERE r.round = l.round AND r.team = l.team AND r.driver <> l.driver) >= 2 THEN 2
        ELSE 0 END AS wanted
    FROM lists l
), changed AS (
    -- A role that is not the one we wrote was given by somebody in the product: it stays.
    UPDATE "Entrants" t SET "Role" = w.wanted
    FROM wanted w JOIN ingest.claims c
      ON c.source = 'written' AND c.kind = 'entrant' AND c.target = w.entrant
    WHERE t."Id" = w.entrant AND t."Role" <> w.wanted AND t."Role" = (c.fields ->> 'Role')::int
    RETURNING t."Id", t."Role"
), remembered AS (
    UPDATE ingest.claims c SET fields = c.fields || jsonb_build_object('Role', changed."Role")
    FROM changed
    WHERE c.source = 'written' AND c.kind = 'entrant' AND c.target = changed."Id"
)
SELECT count(*) FROM changed
"""


def assign(db: Connection[TupleRow], season: UUID) -> int:
    """Give every entrant of a season the role its lists show; how many changed. One statement."""
    row = db.execute(_ASSIGN, {"season": season}).fetchone()
    return int(row[0]) if row else 0
