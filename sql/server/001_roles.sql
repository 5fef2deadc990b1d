-- Group roles, the schemas and this database's settings. Run at every migration by the role that
-- connects, before everything else; does nothing where all is in place, so that a plain member of
-- waterline_owner can upgrade what an administrator once made.
--
-- The six roles are groups (NOLOGIN). A person or program gets one with
--     CREATE ROLE grafana LOGIN PASSWORD '…';
--     GRANT waterline_screen TO grafana;
-- and `waterline migrate` once more. The last step matters: PostgreSQL does not hand a group's settings (search_path, time limit)
-- down to its members, so they are copied onto each login, for this database only.

-- Roles belong to the server: another database of it may be making them at this moment.
DO $$
DECLARE
    name text;
BEGIN
    FOREACH name IN ARRAY ARRAY['waterline_owner', 'waterline_writer', 'waterline_screen',
                                'waterline_analyst', 'waterline_gateway', 'waterline_relay']
    LOOP
        IF to_regrole(name) IS NULL THEN
            BEGIN
                EXECUTE format('CREATE ROLE %I NOLOGIN', name);
            EXCEPTION WHEN duplicate_object OR unique_violation THEN
                NULL;
            END;
        END IF;
    END LOOP;
END
$$;

-- Since PostgreSQL 16 who creates a role administers it, but may not act as it until it says so.
DO $$
DECLARE
    acting text := CASE WHEN current_setting('server_version_num')::integer >= 160000
                        THEN 'SET' ELSE 'MEMBER' END;
BEGIN
    IF NOT pg_has_role(current_user, 'waterline_owner', acting) THEN
        EXECUTE format('GRANT waterline_owner TO %I', current_user);
    END IF;
END
$$;

DO $$
DECLARE
    name text;
BEGIN
    FOREACH name IN ARRAY ARRAY['inventory', 'screen']
    LOOP
        IF to_regnamespace(name) IS NULL THEN
            EXECUTE format('CREATE SCHEMA %I AUTHORIZATION waterline_owner', name);
        END IF;
    END LOOP;
END
$$;
