-- Who may do what: a row per role and object, with the rights that it has or inherits.
WITH roles AS (
    SELECT unnest(ARRAY['waterline_owner', 'waterline_writer', 'waterline_screen',
                        'waterline_analyst', 'waterline_gateway', 'waterline_relay',
                        'public']) AS role
),
objects AS (
    SELECT 1 AS part, 'database' AS name, 'database' AS kind, current_database() AS target
    UNION ALL
    SELECT 2, nspname::text, 'schema', nspname::text
    FROM pg_namespace WHERE nspname IN ('inventory', 'screen', 'public')
    UNION ALL
    SELECT 3, n.nspname || '.' || c.relname, 'table', c.oid::text
    FROM pg_class AS c JOIN pg_namespace AS n ON n.oid = c.relnamespace
    WHERE n.nspname IN ('inventory', 'screen') AND c.relkind IN ('r', 'v')
    UNION ALL
    SELECT 4, n.nspname || '.' || p.proname || '()', 'function', p.oid::text
    FROM pg_proc AS p JOIN pg_namespace AS n ON n.oid = p.pronamespace
    WHERE n.nspname IN ('inventory', 'screen')
),
rights AS (
    SELECT o.part, o.name, r.role, (
        SELECT string_agg(k.word, ' ' ORDER BY k.n)
        FROM unnest(CASE o.kind
            WHEN 'database' THEN ARRAY['CONNECT', 'TEMPORARY']
            WHEN 'schema' THEN ARRAY['USAGE', 'CREATE']
            WHEN 'table' THEN ARRAY['SELECT', 'INSERT', 'UPDATE', 'DELETE', 'TRUNCATE']
            ELSE ARRAY['EXECUTE'] END) WITH ORDINALITY AS k (word, n)
        WHERE CASE o.kind
            WHEN 'database' THEN has_database_privilege(r.role, o.target, k.word)
            WHEN 'schema' THEN has_schema_privilege(r.role, o.target, k.word)
            WHEN 'table' THEN has_table_privilege(r.role, o.target::oid, k.word)
            ELSE has_function_privilege(r.role, o.target::oid, k.word) END
    ) AS words
    FROM objects AS o CROSS JOIN roles AS r
)
SELECT format('%-38s %-18s %s', name, role, words)
FROM rights
WHERE words IS NOT NULL
ORDER BY part, name COLLATE "C", role COLLATE "C"
