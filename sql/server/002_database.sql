-- Rights over this database and the settings of its roles. Neither is copied by CREATE DATABASE …
-- TEMPLATE nor by a dump of the database: run it again after either.

DO $$
DECLARE
    me text := current_database();
BEGIN
    EXECUTE format('REVOKE ALL ON DATABASE %I FROM PUBLIC', me);
    EXECUTE format(
        'GRANT CONNECT ON DATABASE %I TO waterline_owner, waterline_writer, waterline_screen, '
        'waterline_analyst, waterline_gateway, waterline_relay', me);
    EXECUTE format('GRANT TEMPORARY ON DATABASE %I TO waterline_writer, waterline_analyst', me);
EXCEPTION WHEN insufficient_privilege THEN
    RAISE WARNING 'rights on database "%" are left as they are: % does not own it', me, current_user;
END
$$;

-- The group roles, the logins that are members of one (of several: the first in this list), and
-- whoever migrates, for plain names in psql. A setting that is there is never written again: it
-- may be an administrator's own choice, and writing takes rights that a plain member lacks.
DO $$
DECLARE
    line record;
    me text := current_database();
BEGIN
    FOR line IN
        WITH groups (rank, role, search_path, statement_timeout) AS (
            VALUES
                (1, 'waterline_owner', 'inventory, screen, public', NULL),
                (2, 'waterline_writer', 'inventory, public', NULL),
                (3, 'waterline_relay', 'inventory, public', NULL),
                (4, 'waterline_analyst', 'inventory, screen, public', '30s'),
                (5, 'waterline_gateway', 'inventory, screen, public', '5s'),
                (6, 'waterline_screen', 'screen, public', '2s')
        ),
        holders AS (
            SELECT g.role AS holder, g.* FROM groups AS g
            UNION ALL
            SELECT m.rolname, g.*
            FROM groups AS g
            JOIN pg_auth_members AS a ON a.roleid = g.role::regrole
            JOIN pg_roles AS m ON m.oid = a.member AND m.rolcanlogin
            UNION ALL
            SELECT current_user, g.* FROM groups AS g WHERE g.rank = 1
        ),
        firsts AS (
            SELECT DISTINCT ON (holder) * FROM holders ORDER BY holder, rank
        ),
        wanted AS (
            SELECT holder, 'search_path' AS setting, search_path AS value FROM firsts
            UNION ALL
            SELECT holder, 'statement_timeout', quote_literal(statement_timeout) FROM firsts
        )
        SELECT w.holder, w.setting, w.value
        FROM wanted AS w
        WHERE w.value IS NOT NULL
          AND NOT EXISTS (
            SELECT FROM pg_db_role_setting AS d, unnest(d.setconfig) AS c
            WHERE d.setdatabase = (SELECT oid FROM pg_database WHERE datname = me)
              AND d.setrole = quote_ident(w.holder)::regrole
              AND c LIKE w.setting || '=%'
        )
        ORDER BY w.holder, w.setting
    LOOP
        BEGIN
            EXECUTE format('ALTER ROLE %I IN DATABASE %I SET %s = %s',
                           line.holder, me, line.setting, line.value);
        EXCEPTION
            WHEN insufficient_privilege THEN
                RAISE WARNING 'role "%" keeps its own %: % may not alter it',
                    line.holder, line.setting, current_user;
            WHEN undefined_object THEN
                NULL;  -- somebody dropped this login just now
        END;
    END LOOP;
END
$$;
