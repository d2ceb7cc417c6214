-- What the app's role may not do by itself: it may delete nothing of the product's, and may not say
-- whose an entrant is. Each of these looks before it does so, runs with its owner's rights, by names
-- that nobody can shadow, and is nobody's to call but its owner's until it is granted
-- (infra/database/roles.sql). What refers to a row is read from the server's catalog: a table that
-- this project does not know, or must not name, protects its rows as well.

CREATE FUNCTION ingest.referred_to(of_table regclass, ids uuid[], but regclass DEFAULT NULL)
RETURNS uuid[] LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    named text := (SELECT rtrim(relname, 's') || 'Id' FROM pg_class WHERE oid = of_table);
    link record;
    those uuid[];
    referred uuid[] := '{}';
BEGIN
    IF cardinality(ids) = 0 THEN
        RETURN ids;
    END IF;
    FOR link IN
        -- As database/references.py: foreign keys, and what is called as one would be.
        SELECT r.oid::regclass AS name, r.relnamespace, a.attname, a.attnum
        FROM pg_class r JOIN pg_attribute a ON a.attrelid = r.oid
        WHERE r.oid IS DISTINCT FROM but AND (
            EXISTS (
                SELECT FROM pg_constraint c
                WHERE c.contype = 'f' AND c.conrelid = r.oid AND c.confrelid = of_table
                  AND a.attnum = c.conkey[1])
            OR r.relnamespace = 'public'::regnamespace AND r.relkind IN ('r', 'p')
               AND a.atttypid = 'uuid'::regtype AND a.attnum > 0 AND NOT a.attisdropped
               AND right(a.attname, length(named)) = named
               AND NOT EXISTS (SELECT FROM pg_constraint f
                               WHERE f.contype = 'f' AND f.conrelid = r.oid
                                 AND a.attnum = ANY(f.conkey)))
    LOOP
        -- What may not be looked at may hang on any of them.
        IF NOT has_schema_privilege(link.relnamespace, 'USAGE')
            OR NOT has_column_privilege(link.name, link.attnum, 'SELECT')
        THEN
            RETURN ids;
        END IF;
        EXECUTE format('SELECT array_agg(DISTINCT x.%1$I) FROM %2$s x WHERE x.%1$I = ANY($1)',
                       link.attname, link.name)
        INTO those USING ids;
        referred := referred || those;
    END LOOP;
    RETURN referred;
END
$$;
COMMENT ON FUNCTION ingest.referred_to IS 'which of these rows any other row refers to, but for rows of one table';

CREATE FUNCTION ingest.drop_stale_entrants(of_rounds uuid[])
RETURNS TABLE (entrant uuid, driver uuid)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    stale uuid[];
BEGIN
    -- Ours alone: an entrant that somebody added in the product has no claim of what we wrote.
    -- Locked before anything is looked for: whoever adds what refers to one of them has done so by
    -- then, and is seen, or waits.
    SELECT coalesce(array_agg(locked.id), '{}') INTO stale FROM (
        SELECT t."Id" AS id FROM public."Entrants" t
        JOIN ingest.claims w
          ON w.target = t."Id" AND w.source = 'written' AND w.kind = 'entrant'
        WHERE t."RoundId" = ANY(of_rounds) AND NOT EXISTS (
            SELECT FROM ingest.entries e JOIN public."Sessions" s ON s."Id" = e.session
            WHERE s."RoundId" = t."RoundId" AND e.driver = t."DriverId")
        ORDER BY t."Id" FOR UPDATE OF t
    ) locked;
    stale := ARRAY(
        SELECT unnest(stale)
        EXCEPT SELECT unnest(ingest.referred_to('public."Entrants"', stale)));
    RETURN QUERY
    WITH gone AS (
        DELETE FROM public."Entrants" t WHERE t."Id" = ANY(stale) RETURNING t."Id", t."DriverId"
    ), forgotten AS (
        DELETE FROM ingest.claims c USING gone WHERE c.kind = 'entrant' AND c.target = gone."Id"
    )
    SELECT gone."Id", gone."DriverId" FROM gone;
END
$$;
COMMENT ON FUNCTION ingest.drop_stale_entrants IS
    'takes out entrants of rounds that no list names any more, unless anything refers to them';

CREATE FUNCTION ingest.relink_entrants(
    of_source text, of_key text, from_driver uuid, to_driver uuid)
RETURNS integer
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    free uuid[];
    relinked integer;
BEGIN
    SELECT coalesce(array_agg(locked.id), '{}') INTO free FROM (
        SELECT t."Id" AS id FROM public."Entrants" t
        WHERE t."DriverId" = from_driver ORDER BY t."Id" FOR UPDATE
    ) locked;
    free := ARRAY(
        SELECT unnest(free) EXCEPT SELECT unnest(ingest.referred_to('public."Entrants"', free)));
    UPDATE public."Entrants" t SET "DriverId" = to_driver
    WHERE t."Id" = ANY(free)
      AND EXISTS (
          SELECT FROM ingest.claims c
          WHERE c.source = of_source AND c.kind = 'driver' AND c.key = of_key
            AND c.target = to_driver)
      AND EXISTS (
          SELECT FROM ingest.entries e JOIN public."Sessions" s ON s."Id" = e.session
          WHERE s."RoundId" = t."RoundId" AND e.source = of_source AND e.driver_key = of_key)
      AND NOT EXISTS (
          SELECT FROM ingest.entries e JOIN public."Sessions" s ON s."Id" = e.session
          WHERE s."RoundId" = t."RoundId" AND e.driver = from_driver)
      AND NOT EXISTS (
          SELECT FROM public."Entrants" o
          WHERE o."RoundId" = t."RoundId" AND o."DriverId" = to_driver);
    GET DIAGNOSTICS relinked = ROW_COUNT;
    RETURN relinked;
END
$$;
COMMENT ON FUNCTION ingest.relink_entrants IS
    'makes entrants the row''s that their source''s key means now, unless anything refers to them';

CREATE FUNCTION ingest.retire_shared(of_kind text, ids uuid[])
RETURNS integer
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    of_table regclass := CASE of_kind
        WHEN 'circuit' THEN 'public."Circuits"' WHEN 'driver' THEN 'public."Drivers"'
        WHEN 'team' THEN 'public."Teams"' END;
    aliases regclass := CASE of_kind WHEN 'team' THEN 'public."TeamAliases"' END;
    idle uuid[];
    retired integer;
BEGIN
    IF of_table IS NULL THEN
        RAISE EXCEPTION 'only circuits, drivers and teams are retired here'
            USING ERRCODE = 'invalid_parameter_value';
    END IF;
    EXECUTE format($query$
        SELECT coalesce(array_agg(locked.id), '{}') FROM (
            SELECT t."Id" AS id FROM %s t
            JOIN ingest.claims w ON w.target = t."Id" AND w.kind = $1 AND w.source = 'written'
            WHERE t."Id" = ANY($2) AND w.fields ? 'made here' AND NOT EXISTS (
                SELECT FROM ingest.claims c
                WHERE c.target = t."Id" AND c.source NOT IN ('written', 'product', 'adopted')
                  AND c.fields - '{Season,Apart}'::text[] <> '{}')
            ORDER BY t."Id" FOR UPDATE OF t
        ) locked $query$, of_table)
    INTO idle USING of_kind, ids;
    idle := ARRAY(
        SELECT unnest(idle) EXCEPT SELECT unnest(ingest.referred_to(of_table, idle, aliases)));
    IF of_kind = 'team' THEN
        -- A team's names go with it where all of them are ours.
        idle := ARRAY(
            SELECT unnest(idle)
            EXCEPT SELECT a."TeamId" FROM public."TeamAliases" a
            WHERE coalesce(a."Source", '') NOT IN ('parcferme', 'lineage'));
    END IF;
    EXECUTE format('DELETE FROM %s t WHERE t."Id" = ANY($1)', of_table) USING idle;
    GET DIAGNOSTICS retired = ROW_COUNT;
    DELETE FROM ingest.claims c
    WHERE c.target = ANY(idle) AND c.source IN ('written', 'product', 'adopted');
    DELETE FROM ingest.claims c
    WHERE c.kind = 'team-alias' AND c.fields ->> 'Team' = ANY(idle::text[]);
    RETURN retired;
END
$$;
COMMENT ON FUNCTION ingest.retire_shared IS
    'takes out rows that were made here, that no source gives any more, and that nothing refers to';

REVOKE EXECUTE ON FUNCTION ingest.referred_to(regclass, uuid[], regclass),
    ingest.drop_stale_entrants(uuid[]), ingest.relink_entrants(text, text, uuid, uuid),
    ingest.retire_shared(text, uuid[]) FROM PUBLIC;
