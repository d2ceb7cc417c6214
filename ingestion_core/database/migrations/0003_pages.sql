-- The Third Turn's pages: which are known, in which revision, and what they lead to. What stands on
-- them is not here: a race's page is its result.

CREATE TABLE ingest.pages (
    key text PRIMARY KEY,
    kind text NOT NULL,
    article bigint,
    revision bigint,
    latest bigint,
    read_at timestamptz,
    checked_at timestamptz NOT NULL,
    moved_to text,
    unusable text,
    contexts jsonb NOT NULL DEFAULT '{}',
    follows jsonb NOT NULL DEFAULT '[]'
);
COMMENT ON TABLE ingest.pages IS 'a page without a revision that has not moved: nobody wrote it, or we may not read it';
COMMENT ON COLUMN ingest.pages.revision IS 'the one that was read last';
COMMENT ON COLUMN ingest.pages.latest IS 'the one that the wiki had at checked_at';
COMMENT ON COLUMN ingest.pages.unusable IS 'why this revision is no such page';
COMMENT ON COLUMN ingest.pages.contexts IS 'where the page was stored: what its parents say of it, by name';
COMMENT ON COLUMN ingest.pages.follows IS 'what the page leads to, by key, never in its own order';

-- What a source lets us ask for; kept for a day.
CREATE TABLE ingest.robots (
    source text PRIMARY KEY,
    http_status integer NOT NULL,
    body text NOT NULL,
    fetched_at timestamptz NOT NULL
);
