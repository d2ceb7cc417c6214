-- What whoever runs this wants to know at a glance.
ALTER TABLE ingest.sources ADD COLUMN discovered_at timestamptz;
COMMENT ON COLUMN ingest.sources.discovered_at IS 'when a list of the source''s meetings was last stored';
