-- Views and functions are made anew at every migration: whatever an older version had and this
-- one has not is gone. One statement a kind, so that the order among them does not matter.
DO $$
DECLARE
    names text;
BEGIN
    SELECT string_agg(c.oid::regclass::text, ', ') INTO names
    FROM pg_class AS c
    WHERE c.relkind = 'v' AND c.relnamespace IN ('inventory'::regnamespace, 'screen'::regnamespace)
      AND NOT EXISTS ( -- sql/community makes those, and the server fills them
          SELECT FROM timescaledb_information.continuous_aggregates AS a
          WHERE a.view_schema::regnamespace = c.relnamespace AND a.view_name = c.relname);
    IF names IS NOT NULL THEN
        EXECUTE 'DROP VIEW ' || names;
    END IF;

    SELECT string_agg(p.oid::regprocedure::text, ', ') INTO names
    FROM pg_proc AS p
    WHERE p.pronamespace IN ('inventory'::regnamespace, 'screen'::regnamespace);
    IF names IS NOT NULL THEN
        EXECUTE 'DROP FUNCTION ' || names;
    END IF;

    SELECT string_agg(t.oid::regtype::text, ', ') INTO names
    FROM pg_type AS t
    JOIN pg_class AS c ON c.oid = t.typrelid AND c.relkind = 'c'
    WHERE t.typnamespace IN ('inventory'::regnamespace, 'screen'::regnamespace);
    IF names IS NOT NULL THEN
        EXECUTE 'DROP TYPE ' || names;
    END IF;
END
$$;
