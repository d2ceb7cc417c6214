-- Who may do what in the database: docs/roles.md has it as a table, docs/decisions/0011 says why.
--
-- To be run by the administrator who owns the product's tables, after `python -m ingestion_core
-- migrate`, on PostgreSQL 16 or newer:
--
--     psql "$ADMIN_DATABASE_URL" --set ON_ERROR_STOP=1 --file infra/database/roles.sql
--
-- Run it again after a version that says so, and after results or the wiki were opted into: what is
-- there twice is as what is there once. All of it, or nothing. Logins are made at its end, by hand.

BEGIN;

DO $$
DECLARE
    name text;
BEGIN
    FOREACH name IN ARRAY ARRAY[
        'parcferme_ingest', 'parcferme_results', 'parcferme_migrate', 'parcferme_maintain']
    LOOP
        IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = name) THEN
            EXECUTE format('CREATE ROLE %I NOLOGIN', name);
        END IF;
    END LOOP;
    -- Whoever makes a role may grant it, but has none of its rights: those are needed here, to give
    -- our schemas to their owner, and then what is in them to the others.
    EXECUTE format('GRANT parcferme_migrate TO %I WITH INHERIT TRUE, SET TRUE', current_user);
END
$$;

GRANT parcferme_ingest TO parcferme_results WITH INHERIT TRUE;
GRANT parcferme_ingest TO parcferme_migrate WITH INHERIT TRUE;
GRANT parcferme_ingest TO parcferme_maintain WITH INHERIT TRUE;

-- Our schemas and all in them are the migrating role's: a later version needs no administrator.
DO $$
DECLARE
    name text;
    one record;
BEGIN
    FOREACH name IN ARRAY ARRAY['ingest', 'spoilers'] LOOP
        IF to_regnamespace(name) IS NULL THEN
            EXECUTE format('CREATE SCHEMA %I', name);
        END IF;
    END LOOP;
    FOR one IN
        SELECT n.nspname FROM pg_namespace n
        WHERE n.nspname IN ('ingest', 'spoilers') AND n.nspowner <> 'parcferme_migrate'::regrole
    LOOP
        EXECUTE format('ALTER SCHEMA %I OWNER TO parcferme_migrate', one.nspname);
    END LOOP;
    FOR one IN
        SELECT c.oid::regclass AS name, c.relkind = 'v' AS is_view FROM pg_class c
        WHERE c.relnamespace IN ('ingest'::regnamespace, 'spoilers'::regnamespace)
          AND c.relkind IN ('r', 'v') AND c.relowner <> 'parcferme_migrate'::regrole
    LOOP
        EXECUTE format('ALTER %s %s OWNER TO parcferme_migrate',
                       CASE WHEN one.is_view THEN 'VIEW' ELSE 'TABLE' END, one.name);
    END LOOP;
    -- The guards' rights are their owner's.
    FOR one IN
        SELECT p.oid::regprocedure AS name FROM pg_proc p
        WHERE p.pronamespace = 'ingest'::regnamespace
          AND p.proowner <> 'parcferme_migrate'::regrole
    LOOP
        EXECUTE format('ALTER FUNCTION %s OWNER TO parcferme_migrate', one.name);
    END LOOP;
END
$$;

-- From nothing: what an earlier version granted, and this one does not, is taken back.
DO $$
DECLARE
    ours oid[] := ARRAY['parcferme_ingest', 'parcferme_results', 'parcferme_migrate',
                        'parcferme_maintain']::regrole[]::oid[];
    name regclass;
BEGIN
    FOR name IN
        SELECT c.oid FROM pg_class c
        WHERE c.relnamespace IN (
              'public'::regnamespace, 'ingest'::regnamespace, 'spoilers'::regnamespace)
          AND c.relkind IN ('r', 'p', 'v', 'm')
          AND (EXISTS (SELECT FROM aclexplode(c.relacl) a
                       WHERE a.grantee = ANY(ours) AND a.grantee <> c.relowner)
               OR EXISTS (SELECT FROM pg_attribute t, aclexplode(t.attacl) a
                          WHERE t.attrelid = c.oid AND a.grantee = ANY(ours)))
    LOOP
        EXECUTE format('REVOKE ALL ON %s FROM parcferme_ingest, parcferme_results, '
                       'parcferme_maintain', name);
        IF NOT EXISTS (SELECT FROM pg_class c
                       WHERE c.oid = name AND c.relowner = 'parcferme_migrate'::regrole) THEN
            EXECUTE format('REVOKE ALL ON %s FROM parcferme_migrate', name);
        END IF;
    END LOOP;
    -- Usually everybody's; where it is not, ours need it.
    IF NOT has_schema_privilege('parcferme_ingest', 'public', 'USAGE') THEN
        GRANT USAGE ON SCHEMA public TO parcferme_ingest;
    END IF;
END
$$;

-- parcferme_ingest: everything but results.

GRANT SELECT, INSERT ON "Series", "SeriesAliases", "Seasons", "Circuits", "Rounds", "Sessions",
    "Drivers", "Teams", "TeamAliases", "Entrants", "PendingMatches" TO parcferme_ingest;
GRANT SELECT ON "CircuitAliases", "DriverAliases" TO parcferme_ingest;
-- By column. Slugs are addresses; a session keeps its round, and an entrant its driver.
GRANT UPDATE ("Name", "GoverningBody") ON "Series" TO parcferme_ingest;
GRANT UPDATE ("AliasName", "ValidFrom", "ValidUntil") ON "SeriesAliases" TO parcferme_ingest;
GRANT UPDATE ("Name", "Location", "Country", "CountryCode", "Latitude", "Longitude", "Altitude",
    "WikipediaUrl", "LengthMeters", "TrackType", "TrackStatus", "OpenedYear")
    ON "Circuits" TO parcferme_ingest;
GRANT UPDATE ("CircuitId", "Name", "RoundNumber", "DateStart", "DateEnd", "OpenF1MeetingKey",
    "ErgastRaceId", "WikipediaUrl") ON "Rounds" TO parcferme_ingest;
GRANT UPDATE ("Type", "StartTimeUtc", "Status", "OpenF1SessionKey") ON "Sessions"
    TO parcferme_ingest;
GRANT UPDATE ("FirstName", "LastName", "Abbreviation", "Nationality", "HeadshotUrl",
    "DriverNumber", "OpenF1DriverNumber", "DateOfBirth", "WikipediaUrl", "Nickname",
    "PlaceOfBirth") ON "Drivers" TO parcferme_ingest;
GRANT UPDATE ("Name", "ShortName", "PrimaryColor", "Nationality", "WikipediaUrl") ON "Teams"
    TO parcferme_ingest;
GRANT UPDATE ("TeamId", "Role") ON "Entrants" TO parcferme_ingest;
GRANT UPDATE ("Status", "Resolution", "ResolvedAt", "ResolvedBy") ON "PendingMatches"
    TO parcferme_ingest;

GRANT USAGE ON SCHEMA ingest, spoilers TO parcferme_ingest;
GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA ingest TO parcferme_ingest;

-- Of the schema spoilers it may add pages, which it can't read back, and see which version it is.
DO $$
DECLARE
    one record;
BEGIN
    FOR one IN
        SELECT c.oid::regclass AS name FROM pg_class c
        WHERE c.relnamespace = 'ingest'::regnamespace
          AND (c.relkind = 'v' OR c.relname = 'migrations')
    LOOP
        EXECUTE format('REVOKE INSERT, UPDATE, DELETE ON %s FROM parcferme_ingest', one.name);
    END LOOP;
    IF to_regclass('spoilers.migrations') IS NOT NULL THEN
        GRANT SELECT ON spoilers.migrations TO parcferme_ingest;
    END IF;
    IF to_regclass('spoilers.pages') IS NOT NULL THEN
        GRANT INSERT ON spoilers.pages TO parcferme_ingest;
    END IF;
    FOR one IN
        SELECT p.oid::regprocedure AS name,
               p.proname IN ('drop_stale_entrants', 'relink_entrants', 'retire_shared') AS guard
        FROM pg_proc p WHERE p.pronamespace = 'ingest'::regnamespace
    LOOP
        EXECUTE format('REVOKE ALL ON FUNCTION %s FROM PUBLIC, parcferme_ingest', one.name);
        IF one.guard THEN
            EXECUTE format('GRANT EXECUTE ON FUNCTION %s TO parcferme_ingest', one.name);
        END IF;
    END LOOP;
END
$$;

-- parcferme_results: results as well. Whose a result is, and of which session, is never changed.

GRANT SELECT, INSERT, DELETE ON "Results" TO parcferme_results;
GRANT UPDATE ("Position", "GridPosition", "Status", "Points", "Time", "Laps", "FastestLap",
    "TimeMilliseconds", "FastestLapNumber", "FastestLapRank", "FastestLapTime",
    "FastestLapSpeed", "StatusDetail", "Q1Time", "Q2Time", "Q3Time", "LapsLed", "CarNumber")
    ON "Results" TO parcferme_results;
GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA spoilers TO parcferme_results;

DO $$
BEGIN
    IF to_regclass('spoilers.migrations') IS NOT NULL THEN
        REVOKE INSERT, UPDATE, DELETE ON spoilers.migrations FROM parcferme_results;
    END IF;
END
$$;

-- parcferme_maintain: for a person at the command line, never for the app.

GRANT DELETE ON "Series", "SeriesAliases", "Seasons", "Circuits", "CircuitAliases", "Rounds",
    "Sessions", "Drivers", "DriverAliases", "Teams", "TeamAliases", "Entrants", "PendingMatches"
    TO parcferme_maintain;
GRANT UPDATE ("DriverId") ON "Entrants" TO parcferme_maintain;
-- Nobody changes a season's year; but who takes seasons out holds their rows, which asks for this.
GRANT UPDATE ("Year") ON "Seasons" TO parcferme_maintain;
GRANT UPDATE ("ResolutionNotes") ON "PendingMatches" TO parcferme_maintain;

-- parcferme_migrate: owns our schemas, and with them the guards; so it has what those need.

GRANT DELETE ON "Circuits", "Drivers", "Teams", "Entrants" TO parcferme_migrate;
GRANT UPDATE ("DriverId") ON "Entrants" TO parcferme_migrate;

-- Both must see whether anything hangs on a row before it goes: of whatever refers to racing
-- tables, users' logs and lists among it, the one column that does, and nothing else.
DO $$
DECLARE
    link record;
BEGIN
    FOR link IN
        -- Foreign keys, and what is called as one would be: a user's "PrimarySeriesId".
        SELECT DISTINCT r.oid::regclass AS name, a.attname
        FROM pg_class r JOIN pg_attribute a ON a.attrelid = r.oid
        CROSS JOIN unnest(ARRAY[
            '"Series"', '"Seasons"', '"Circuits"', '"Rounds"', '"Sessions"', '"Drivers"',
            '"Teams"', '"Entrants"']::regclass[]) racing
        WHERE NOT has_table_privilege('parcferme_ingest', r.oid, 'SELECT') AND (
            EXISTS (
                SELECT FROM pg_constraint c
                WHERE c.contype = 'f' AND c.conrelid = r.oid AND c.confrelid = racing
                  AND a.attnum = ANY(c.conkey))
            OR r.relnamespace = 'public'::regnamespace AND r.relkind IN ('r', 'p')
               AND a.atttypid = 'uuid'::regtype AND a.attnum > 0 AND NOT a.attisdropped
               AND a.attname LIKE '%' || CASE racing WHEN '"Series"'::regclass THEN 'Series'
                   ELSE rtrim(trim(racing::text, '"'), 's') END || 'Id'
               AND NOT EXISTS (SELECT FROM pg_constraint f
                               WHERE f.contype = 'f' AND f.conrelid = r.oid
                                 AND a.attnum = ANY(f.conkey)))
    LOOP
        EXECUTE format('GRANT SELECT (%I) ON %s TO parcferme_maintain, parcferme_migrate',
                       link.attname, link.name);
    END LOOP;
END
$$;

-- What a later version makes is granted as it is made.
ALTER DEFAULT PRIVILEGES FOR ROLE parcferme_migrate IN SCHEMA ingest
    GRANT SELECT, INSERT, UPDATE, DELETE ON TABLES TO parcferme_ingest;
ALTER DEFAULT PRIVILEGES FOR ROLE parcferme_migrate IN SCHEMA spoilers
    GRANT SELECT, INSERT, UPDATE, DELETE ON TABLES TO parcferme_results;
ALTER DEFAULT PRIVILEGES FOR ROLE parcferme_migrate REVOKE EXECUTE ON FUNCTIONS FROM PUBLIC;
ALTER DEFAULT PRIVILEGES FOR ROLE parcferme_migrate IN SCHEMA ingest
    GRANT EXECUTE ON FUNCTIONS TO parcferme_ingest;

COMMIT;

-- Logins, by hand. The app's has no right by itself: it takes a role with each transaction.
--
--     CREATE ROLE parcferme_app LOGIN NOINHERIT PASSWORD '...';
--     GRANT parcferme_ingest TO parcferme_app WITH INHERIT FALSE, SET TRUE;
--
-- or, for a managed identity on Azure, in the database postgres:
--
--     SELECT * FROM pgaadauth_create_principal('the identity''s name', false, false);
--     GRANT parcferme_ingest TO "the identity's name" WITH INHERIT FALSE, SET TRUE;
--
-- Where results are opted into (RESULTS_ENABLED=true), besides:
--
--     GRANT parcferme_results TO parcferme_app WITH INHERIT FALSE, SET TRUE;
--
-- Behind a pooler that lends connections by the transaction (PgBouncer), besides:
--
--     ALTER ROLE parcferme_app SET role = 'parcferme_ingest';  -- the login may say so of itself
--
-- Whoever deploys runs `python -m ingestion_core migrate` as a login with parcferme_migrate, and
-- whoever maintains (matches, remove-source, clean-racing) as one with parcferme_ingest,
-- parcferme_maintain and, where results are opted into, parcferme_results: granted as above.
