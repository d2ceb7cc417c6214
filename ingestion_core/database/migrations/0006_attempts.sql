-- How often a failing source may cost an item an attempt: whoever asks for the work may say.
ALTER TABLE ingest.items ADD COLUMN max_attempts smallint NOT NULL DEFAULT 8 CHECK (max_attempts > 0);
