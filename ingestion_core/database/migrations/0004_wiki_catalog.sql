-- Sessions of which nobody knows the hour, whichever source the day is from: the first source that
-- speaks of the session, in the order in which they are believed, knows no more.
CREATE OR REPLACE VIEW ingest.day_only_sessions AS
SELECT first.target AS session FROM (
    SELECT DISTINCT ON (c.target) c.target, (c.fields ->> 'DayOnly')::boolean AS day_only
    FROM ingest.claims c
    WHERE c.kind = 'session' AND c.target IS NOT NULL
      AND c.source IN ('openf1', 'ergast', 'thethirdturn')
    ORDER BY c.target, array_position(ARRAY['openf1', 'ergast', 'thethirdturn'], c.source), c.key
) first
WHERE first.day_only
  AND NOT EXISTS (
      SELECT FROM ingest.claims o
      WHERE o.target = first.target AND o.kind = 'session'
        AND o.source = 'product' AND o.fields ->> 'StartTimeUtc' IS NOT NULL);
