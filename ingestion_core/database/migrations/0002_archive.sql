-- What several sources of one season need: which of a source's keys an entry came from, so that a
-- decision on a key can be taken back; a season's rounds found without reading every claim.

ALTER TABLE ingest.entries ADD COLUMN driver_key text, ADD COLUMN team_key text;
COMMENT ON COLUMN ingest.entries.driver_key IS 'the source''s key of the driver: driver is what it was decided to mean';

CREATE INDEX claims_season ON ingest.claims ((fields ->> 'Season')) WHERE kind = 'round';

-- Sessions of which nobody knows the hour: "StartTimeUtc" is midnight UTC of their local day.
CREATE VIEW ingest.day_only_sessions AS
SELECT c.target AS session FROM ingest.claims c
WHERE c.kind = 'session' AND c.source = 'ergast' AND (c.fields ->> 'DayOnly')::boolean
  AND NOT EXISTS (
      SELECT FROM ingest.claims o
      WHERE o.target = c.target AND o.kind = 'session'
        AND (o.source = 'openf1'
             OR o.source = 'product' AND o.fields ->> 'StartTimeUtc' IS NOT NULL));

CREATE TABLE ingest.decisions (
    decision bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    kind text NOT NULL,
    source text NOT NULL,
    key text NOT NULL,
    before uuid NOT NULL,
    after uuid NOT NULL,
    pending uuid,
    row jsonb NOT NULL,
    decided_by text,
    decided_at timestamptz NOT NULL DEFAULT now(),
    undone_at timestamptz
);
COMMENT ON TABLE ingest.decisions IS
    'who decided that a source''s key means another row than the one it was given; row: that one, to be made again when the decision is taken back';
CREATE UNIQUE INDEX decisions_standing ON ingest.decisions (kind, source, key) WHERE undone_at IS NULL;
