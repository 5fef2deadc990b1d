-- Rights over this database and the settings of its roles. Neither is copied by CREATE DATABASE …
-- TEMPLATE nor by a dump of the database: run it again after either.

DO $$
DECLARE
    me text := current_database();
BEGIN
    EXECUTE format('REVOKE ALL ON DATABASE %I FROM PUBLIC', me);
    EXECUTE format(
        'GRANT CONNECT ON DATABASE %I TO waterline_owner, waterline_writer, waterline_screen, '
        'waterline_analyst, waterline_gateway', me);
    EXECUTE format('GRANT TEMPORARY ON DATABASE %I TO waterline_writer, waterline_analyst', me);
EXCEPTION WHEN insufficient_privilege THEN
    RAISE WARNING 'rights on database "%" are left as they are: % does not own it', me, current_user;
END
$$;

-- The group roles, the logins that are members of one, and whoever migrates (plain names in psql).
-- A setting that is as it should be is not written again: that takes rights a plain member lacks.
DO $$
DECLARE
    login record;
    line record;
    me text := current_database();
BEGIN
    FOR line IN
        WITH role_settings (role, setting, value) AS (
            VALUES
                ('waterline_owner', 'search_path', 'inventory, screen, public'),
                ('waterline_writer', 'search_path', 'inventory, public'),
                ('waterline_screen', 'search_path', 'screen, public'),
                ('waterline_screen', 'statement_timeout', '2s'),
                ('waterline_analyst', 'search_path', 'inventory, screen, public'),
                ('waterline_analyst', 'statement_timeout', '30s'),
                ('waterline_gateway', 'search_path', 'inventory, screen, public'),
                ('waterline_gateway', 'statement_timeout', '5s')
        ),
        wanted AS (
            SELECT role, setting, value FROM role_settings
            UNION
            SELECT m.rolname, s.setting, s.value
            FROM role_settings AS s
            JOIN pg_roles AS g ON g.rolname = s.role
            JOIN pg_auth_members AS a ON a.roleid = g.oid
            JOIN pg_roles AS m ON m.oid = a.member
            WHERE m.rolcanlogin AND NOT m.rolsuper
            UNION
            SELECT current_user, 'search_path', 'inventory, screen, public'
        )
        SELECT DISTINCT ON (w.role, w.setting) w.role, w.setting, w.value
        FROM wanted AS w
        WHERE NOT EXISTS (
            SELECT FROM pg_db_role_setting AS d
            WHERE d.setdatabase = (SELECT oid FROM pg_database WHERE datname = me)
              AND d.setrole = w.role::regrole
              AND EXISTS (SELECT FROM unnest(d.setconfig) AS c
                          WHERE c LIKE w.setting || '=%')
        )
        ORDER BY w.role, w.setting, w.value
    LOOP
        BEGIN
            EXECUTE format('ALTER ROLE %I IN DATABASE %I SET %s = %s',
                           line.role, me, line.setting,
                           CASE line.setting WHEN 'search_path' THEN line.value
                                             ELSE quote_literal(line.value) END);
        EXCEPTION WHEN insufficient_privilege THEN
            RAISE WARNING 'role "%" keeps its own %: % may not alter it',
                line.role, line.setting, current_user;
        END;
    END LOOP;
END
$$;
