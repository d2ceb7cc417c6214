-- Pages as they were served, every revision: a race's page is its result.
CREATE TABLE spoilers.pages (
    key text NOT NULL,
    revision bigint NOT NULL,
    address text NOT NULL,
    fetched_at timestamptz NOT NULL,
    body bytea NOT NULL,
    PRIMARY KEY (key, revision)
);
COMMENT ON COLUMN spoilers.pages.body IS 'compressed with zlib';
-- The server need not try to compress it again.
ALTER TABLE spoilers.pages ALTER COLUMN body SET STORAGE EXTERNAL;
