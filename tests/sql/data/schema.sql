-- The catalogue of schemas inventory and screen as text, one statement a line or block, sorted.
WITH spaces AS (
    SELECT oid, nspname FROM pg_namespace WHERE nspname IN ('inventory', 'screen')
),
relations AS (
    SELECT c.*, format('%I.%I', s.nspname, c.relname) AS name
    FROM pg_class AS c JOIN spaces AS s ON s.oid = c.relnamespace
),
columns AS (
    SELECT r.name, r.relkind, a.attnum,
        format('    %I %s%s%s%s', a.attname, format_type(a.atttypid, a.atttypmod),
            CASE WHEN a.attnotnull THEN ' NOT NULL' ELSE '' END,
            CASE WHEN a.attgenerated = 's'
                 THEN ' GENERATED ALWAYS AS (' || pg_get_expr(d.adbin, d.adrelid) || ') STORED'
                 WHEN d.adbin IS NOT NULL THEN ' DEFAULT ' || pg_get_expr(d.adbin, d.adrelid)
                 ELSE '' END,
            CASE WHEN r.relkind = 'r' AND a.attstorage <> t.typstorage
                 THEN ' STORAGE ' || a.attstorage::text ELSE '' END) AS line
    FROM relations AS r
    JOIN pg_attribute AS a ON a.attrelid = r.oid AND a.attnum > 0 AND NOT a.attisdropped
    JOIN pg_type AS t ON t.oid = a.atttypid
    LEFT JOIN pg_attrdef AS d ON d.adrelid = r.oid AND d.adnum = a.attnum
    WHERE r.relkind IN ('r', 'c')
),
lines AS (
    SELECT 1 AS part, c.name AS owner, '' AS name,
        CASE c.relkind WHEN 'c' THEN 'CREATE TYPE ' ELSE 'CREATE TABLE ' END || c.name
        || CASE c.relkind WHEN 'c' THEN ' AS (' ELSE ' (' END || E'\n'
        || string_agg(c.line, E',\n' ORDER BY c.attnum) || E'\n);' AS line
    FROM columns AS c GROUP BY c.name, c.relkind
    UNION ALL
    SELECT 1, r.name, '1', format('ALTER TABLE %s SET (%s);', r.name,
        array_to_string(ARRAY(SELECT unnest(r.reloptions) ORDER BY 1), ', '))
    FROM relations AS r WHERE r.relkind = 'r' AND r.reloptions IS NOT NULL
    UNION ALL
    SELECT 1, r.name, '2', format('ALTER TABLE %s SET (toast: %s);', r.name,
        array_to_string(ARRAY(SELECT unnest(t.reloptions) ORDER BY 1), ', '))
    FROM relations AS r JOIN pg_class AS t ON t.oid = r.reltoastrelid
    WHERE t.reloptions IS NOT NULL
    UNION ALL
    SELECT 1, format('%I.%I', d.hypertable_schema, d.hypertable_name), '3',
        format('-- hypertable on %I, chunks of %s', d.column_name, d.time_interval)
    FROM timescaledb_information.dimensions AS d
    UNION ALL
    SELECT 1, r.name, '4' || k.conname,
        format('ALTER TABLE %s ADD CONSTRAINT %I %s;', r.name, k.conname, pg_get_constraintdef(k.oid))
    FROM relations AS r JOIN pg_constraint AS k ON k.conrelid = r.oid AND k.contype <> 'n'
    UNION ALL
    SELECT 1, r.name, '5' || i.indexrelid::regclass::text, pg_get_indexdef(i.indexrelid) || ';'
    FROM relations AS r JOIN pg_index AS i ON i.indrelid = r.oid
    WHERE NOT EXISTS (SELECT FROM pg_constraint AS k WHERE k.conindid = i.indexrelid)
    UNION ALL
    SELECT 1, r.name, '6' || g.tgname, pg_get_triggerdef(g.oid) || ';'
    FROM relations AS r JOIN pg_trigger AS g ON g.tgrelid = r.oid AND NOT g.tgisinternal
    UNION ALL
    SELECT 2, r.name, '', format(E'CREATE VIEW %s WITH (%s) AS\n%s', r.name,
        array_to_string(r.reloptions, ', '), pg_get_viewdef(r.oid))
    FROM relations AS r WHERE r.relkind = 'v'
    UNION ALL
    SELECT 3, p.oid::regprocedure::text, '', rtrim(pg_get_functiondef(p.oid), E'\n') || ';'
    FROM pg_proc AS p JOIN spaces AS s ON s.oid = p.pronamespace
    UNION ALL
    SELECT 4, '', r.name, format('ALTER TABLE %s OWNER TO %I;', r.name, r.relowner::regrole)
    FROM relations AS r WHERE r.relkind IN ('r', 'v')
)
SELECT line FROM lines ORDER BY part, owner COLLATE "C", name COLLATE "C"
