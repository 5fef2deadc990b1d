-- Letting go of old rows. Hypertables lose whole chunks, other tables rows. Movements leave their
-- sums behind, in the same transaction. `at` can only be earlier than the clock and than now: a
-- clock that runs ahead drops nothing. Locks are waited for 2 s at most, for writers wait behind.
CREATE FUNCTION inventory.forget(relation text, dry_run boolean DEFAULT false,
    at timestamptz DEFAULT now())
RETURNS TABLE (before timestamptz, chunks bigint, rows bigint)
LANGUAGE plpgsql VOLATILE SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
SET lock_timeout = '2s'
AS $$
DECLARE
    rule inventory.retention;
    kind regtype;
    chunk regclass;
BEGIN
    SELECT * INTO STRICT rule FROM inventory.retention AS r WHERE r.relation = forget.relation;
    IF NOT dry_run THEN
        PERFORM pg_advisory_xact_lock(x'57415445524C5254'::bigint);
    END IF;
    SELECT least(forget.at, now(), min(o.clock_at)) - make_interval(days => CASE
            WHEN rule.needed THEN greatest(rule.keep_days, 365 + (
                SELECT greatest(inventory.policy_default('frozen_after_days'), max(p.value))
                FROM inventory.policies AS p WHERE p.field = 'frozen_after_days'))
            ELSE rule.keep_days END::integer)
    INTO before FROM inventory.offsets AS o;
    IF rule.keep_days IS NULL THEN
        RETURN;
    END IF;
    SELECT d.column_type INTO kind FROM timescaledb_information.dimensions AS d
    WHERE d.hypertable_schema = 'inventory' AND d.hypertable_name = rule.relation;
    IF kind IS NULL THEN
        EXECUTE format(
            CASE WHEN dry_run THEN 'SELECT count(*) FROM inventory.%I WHERE %I < $1'
            ELSE 'WITH gone AS (DELETE FROM inventory.%I WHERE %I < $1 RETURNING 1)'
                 ' SELECT count(*) FROM gone' END, rule.relation, rule.time_column)
        INTO rows USING before;
    ELSE
        SELECT count(*), max(c.range_end) INTO chunks, before
        FROM timescaledb_information.chunks AS c
        WHERE c.hypertable_schema = 'inventory' AND c.hypertable_name = rule.relation
          AND c.range_end <= forget.before;
    END IF;
    IF dry_run OR coalesce(chunks, rows) = 0 THEN
        before := coalesce(before, rule.gone_before);
        RETURN NEXT;
        RETURN;
    END IF;
    IF chunks > 0 THEN
        FOR chunk IN
            SELECT format('%I.%I', c.chunk_schema, c.chunk_name)::regclass
            FROM timescaledb_information.chunks AS c
            WHERE c.hypertable_schema = 'inventory' AND c.hypertable_name = rule.relation
              AND c.range_end <= forget.before
            ORDER BY c.range_end
        LOOP
            EXECUTE format('LOCK TABLE %s IN ACCESS EXCLUSIVE MODE', chunk);
        END LOOP;
        IF rule.relation = 'movements' THEN
            PERFORM inventory.balance_movements(before);
        END IF;
        EXECUTE format(
            CASE kind WHEN 'date'::regtype
                THEN 'SELECT count(*) FROM public.drop_chunks(%L::regclass,'
                     ' ($1 AT TIME ZONE ''UTC'')::date)'
                ELSE 'SELECT count(*) FROM public.drop_chunks(%L::regclass, $1)' END,
            'inventory.' || quote_ident(rule.relation))
        USING before;
    END IF;
    UPDATE inventory.retention AS r SET gone_before = forget.before, done_at = now()
    WHERE r.relation = rule.relation;
    RETURN NEXT;
END
$$;

-- Add movements before an instant to the sums of those that are gone; for forget() alone.
CREATE FUNCTION inventory.balance_movements(before timestamptz)
RETURNS void
LANGUAGE sql VOLATILE
AS $$
    INSERT INTO inventory.movement_balances AS kept (warehouse, sku, lot, bin, status, quantity)
    SELECT m.warehouse, m.sku, m.lot, m.bin, m.status, sum(m.quantity)
    FROM inventory.movements AS m
    WHERE m.occurred_at < balance_movements.before
    GROUP BY m.warehouse, m.sku, m.lot, m.bin, m.status
    HAVING sum(m.quantity) <> 0
    ON CONFLICT (warehouse, sku, lot, bin, status)
    DO UPDATE SET quantity = kept.quantity + excluded.quantity;
    DELETE FROM inventory.movement_balances WHERE quantity = 0;
$$;
