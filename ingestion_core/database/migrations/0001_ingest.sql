-- Everything the ingestion remembers: sources, work, answers, claims. No foreign keys into the
-- product's tables: they would block its migrations.

CREATE TABLE ingest.sources (
    source text PRIMARY KEY,
    pace interval NOT NULL,
    last_start timestamptz NOT NULL DEFAULT 'epoch',
    closed_until timestamptz NOT NULL DEFAULT 'epoch',
    closed_why text,
    failures integer NOT NULL DEFAULT 0,
    paused boolean NOT NULL DEFAULT false,
    next_discovery_at timestamptz NOT NULL DEFAULT 'epoch'
);
COMMENT ON COLUMN ingest.sources.last_start IS 'start of the latest request, by the database''s clock: the gate';

-- When a source is expected to refuse us; the gate closes beforehand.
CREATE TABLE ingest.lockouts (
    source text NOT NULL,
    key text NOT NULL,
    opens_at timestamptz NOT NULL,
    closes_at timestamptz NOT NULL,
    PRIMARY KEY (source, key)
);

CREATE TABLE ingest.runs (
    run uuid PRIMARY KEY,
    kind text NOT NULL,
    asked jsonb NOT NULL,
    request_key text UNIQUE,
    created_at timestamptz NOT NULL DEFAULT now(),
    cancelled_at timestamptz
);
CREATE INDEX runs_newest ON ingest.runs (created_at DESC);

CREATE TABLE ingest.items (
    item bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    source text NOT NULL,
    task text NOT NULL,
    key text NOT NULL,
    payload jsonb NOT NULL DEFAULT '{}',
    lane smallint NOT NULL DEFAULT 1,
    requests integer NOT NULL DEFAULT 1,
    state text NOT NULL DEFAULT 'waiting' CHECK (state IN
        ('waiting', 'sent', 'running', 'done', 'failed', 'cancelled', 'withheld')),
    outcome text,
    release integer NOT NULL DEFAULT 0,
    attempts integer NOT NULL DEFAULT 0,
    not_before timestamptz NOT NULL DEFAULT now(),
    due_at timestamptz,
    started_at timestamptz,
    closed_at timestamptz,
    error_code text,
    counts jsonb
);
COMMENT ON COLUMN ingest.items.release IS 'rises whenever a message is sent: an older copy finds no row';
-- Twins join: one open item per unit of work. A running one has already asked; its twin asks again.
CREATE UNIQUE INDEX items_twins ON ingest.items (task, key) WHERE state IN ('waiting', 'sent');
CREATE INDEX items_open ON ingest.items (source, lane, not_before, item)
    WHERE state IN ('waiting', 'sent', 'running');

CREATE TABLE ingest.run_items (
    run uuid NOT NULL REFERENCES ingest.runs ON DELETE CASCADE,
    item bigint NOT NULL REFERENCES ingest.items ON DELETE CASCADE,
    PRIMARY KEY (run, item)
);
CREATE INDEX run_items_item ON ingest.run_items (item);

-- The last answer to each question, not a log.
CREATE TABLE ingest.fetches (
    source text NOT NULL,
    resource text NOT NULL,
    key text NOT NULL,
    outcome text NOT NULL CHECK (outcome IN ('ok', 'empty', 'failed', 'withheld')),
    http_status integer,
    rows integer,
    digest text,
    revision text,
    observed_at timestamptz NOT NULL,
    ok_at timestamptz,
    tries integer NOT NULL DEFAULT 1,
    next_at timestamptz,
    drift text[],
    PRIMARY KEY (source, resource, key)
);

CREATE TABLE ingest.claims (
    source text NOT NULL,
    kind text NOT NULL,
    key text NOT NULL,
    target uuid,
    observed_at timestamptz NOT NULL,
    fields jsonb NOT NULL,
    dates jsonb,
    decided_by text,
    decided_at timestamptz,
    PRIMARY KEY (source, kind, key)
);
COMMENT ON TABLE ingest.claims IS
    'What a source says of a thing. Source "written" is what we last wrote, "product" what was changed there';
COMMENT ON COLUMN ingest.claims.dates IS 'per field, what moment the source''s row speaks of';
CREATE INDEX claims_target ON ingest.claims (target, kind);

-- Who drove which number in which session; ids are the product's.
CREATE TABLE ingest.entries (
    source text NOT NULL,
    session uuid NOT NULL,
    driver uuid NOT NULL,
    car text,
    team uuid NOT NULL,
    observed_at timestamptz NOT NULL,
    PRIMARY KEY (session, source, driver)
);
CREATE INDEX entries_driver ON ingest.entries (driver);

CREATE TABLE ingest.quarantine (
    source text NOT NULL,
    resource text NOT NULL,
    key text NOT NULL,
    row_key text NOT NULL,
    reason text NOT NULL,
    row jsonb NOT NULL,
    first_at timestamptz NOT NULL DEFAULT now(),
    last_at timestamptz NOT NULL DEFAULT now(),
    times integer NOT NULL DEFAULT 1,
    PRIMARY KEY (source, resource, key, row_key, reason)
);

-- A run's state is a view over its items, never stored.
CREATE VIEW ingest.run_states AS
SELECT r.run, r.kind, r.asked, r.request_key, r.created_at, r.cancelled_at,
       count(i.item)::int AS expected,
       (count(*) FILTER (WHERE i.state = 'done'))::int AS done,
       (count(*) FILTER (WHERE i.state = 'withheld'))::int AS withheld,
       (count(*) FILTER (WHERE i.state = 'waiting' AND i.outcome = 'deferred'))::int AS deferred,
       (count(*) FILTER (WHERE i.state = 'failed'))::int AS failed,
       (count(*) FILTER (WHERE i.state = 'cancelled'))::int AS cancelled,
       (count(*) FILTER (WHERE i.state IN ('waiting', 'sent', 'running')))::int AS open,
       coalesce(sum(i.requests) FILTER (WHERE i.state IN ('waiting', 'sent', 'running')), 0)::int
           AS requests_ahead,
       coalesce(sum((i.counts ->> 'requests')::int), 0)::int AS requests,
       max(i.due_at) FILTER (WHERE i.state IN ('waiting', 'sent', 'running')) AS last_due_at,
       max(i.not_before) FILTER (WHERE i.state = 'waiting') AS last_not_before,
       (array_agg(i.error_code ORDER BY i.closed_at DESC NULLS LAST, i.item DESC)
           FILTER (WHERE i.error_code IS NOT NULL))[1] AS last_error,
       max(i.closed_at) AS last_closed_at,
       min(i.source) AS source,
       CASE
           WHEN r.cancelled_at IS NOT NULL THEN 'cancelled'
           WHEN count(*) FILTER (WHERE i.state IN ('waiting', 'sent', 'running')) > 0 THEN 'running'
           WHEN count(*) FILTER (WHERE i.state = 'failed') > 0 THEN 'failed'
           ELSE 'done'
       END AS state
FROM ingest.runs r
LEFT JOIN ingest.run_items USING (run)
LEFT JOIN ingest.items i USING (item)
GROUP BY r.run;
