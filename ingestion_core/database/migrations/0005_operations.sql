-- What whoever runs this wants to know at a glance.
ALTER TABLE ingest.sources ADD COLUMN discovered_at timestamptz;
COMMENT ON COLUMN ingest.sources.discovered_at IS 'when a list of the source''s meetings was last stored';
-- Closed items go after 90 days; those of no run have nothing else that leads to them.
CREATE INDEX items_closed ON ingest.items (closed_at) WHERE closed_at IS NOT NULL;
