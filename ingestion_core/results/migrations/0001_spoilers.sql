-- Everything that tells a result, apart from the rest: read and written by ingestion_core.results.

CREATE TABLE spoilers.classifications (
    classification bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    source text NOT NULL,
    session uuid NOT NULL,
    facet text NOT NULL CHECK (facet IN ('classification', 'grid')),
    observed_at timestamptz NOT NULL,
    digest text NOT NULL,
    doubts text[] NOT NULL DEFAULT '{}',
    lines jsonb NOT NULL,
    superseded_at timestamptz
);
COMMENT ON COLUMN spoilers.classifications.lines IS
    'by column: {"car": [...], "position": [...], ...}, in order of car; objects would double the size';
CREATE UNIQUE INDEX classifications_latest ON spoilers.classifications (session, source, facet)
    WHERE superseded_at IS NULL;
CREATE INDEX classifications_history ON spoilers.classifications (session, observed_at);

-- Rows of the product that we wrote: only these may go when no source gives them any more.
CREATE TABLE spoilers.written (
    result uuid PRIMARY KEY,
    session uuid NOT NULL,
    kept jsonb NOT NULL DEFAULT '{}'
);
COMMENT ON COLUMN spoilers.written.kept IS
    'of a row that stood there before ours: grid, points and laps led, for where no source has them';
CREATE INDEX written_session ON spoilers.written (session);

CREATE TABLE spoilers.quarantine (
    source text NOT NULL,
    session text NOT NULL,
    facet text NOT NULL,
    row_key text NOT NULL,
    reason text NOT NULL,
    row jsonb NOT NULL,
    first_at timestamptz NOT NULL DEFAULT now(),
    last_at timestamptz NOT NULL DEFAULT now(),
    times integer NOT NULL DEFAULT 1,
    PRIMARY KEY (source, session, facet, row_key, reason)
);

-- All that the rest of the app may know: how many there are.
CREATE VIEW ingest.result_counts AS
SELECT "SessionId" AS session, count(*)::int AS results FROM "Results" GROUP BY "SessionId";
