-- Policies and the clock, for views. The rule is that of flows/domain/master.py: the most specific
-- scope that sets a field gives its value, else the default.

CREATE FUNCTION inventory.policy_default(field text)
RETURNS numeric
LANGUAGE sql IMMUTABLE PARALLEL SAFE
AS $$
    SELECT CASE policy_default.field
        WHEN 'red_below' THEN 0.10
        WHEN 'near_expiry_days' THEN 15
        WHEN 'overweight_warning_kg' THEN 0
        WHEN 'overweight_critical_kg' THEN 50
        WHEN 'transfer_grace_minutes' THEN 0
        WHEN 'stock_out_horizon_days' THEN 7
        WHEN 'frozen_after_days' THEN 400
        WHEN 'carrying_rate' THEN 0.20
        WHEN 'dead_stock_days' THEN 90
        WHEN 'shrinkage_tolerance' THEN 0
        WHEN 'unexplained_value' THEN 1000
        WHEN 'zone_full_percent' THEN 95
        WHEN 'zone_idle_percent' THEN 10
        WHEN 'device_silent_minutes' THEN 60
        WHEN 'lag_high_seconds' THEN 3
        WHEN 'auto_replenishment_value' THEN 0
        WHEN 'auto_clearance_value' THEN 1000000000000
        WHEN 'auto_expedite_value' THEN 1000000000000
        WHEN 'auto_rebalance_value' THEN 0
    END
$$;

-- Every scope that sets a field, as one value that a query asks for once; a scope's key is
-- warehouse, category and SKU with a control character between, which no name may hold.
CREATE FUNCTION inventory.policy_values(field text)
RETURNS jsonb
LANGUAGE sql STABLE PARALLEL SAFE
AS $$
    SELECT jsonb_object_agg(concat_ws(chr(31), p.warehouse, p.category, p.sku), p.value)
    FROM inventory.policies AS p
    WHERE p.field = policy_values.field AND p.value IS NOT NULL
$$;

CREATE FUNCTION inventory.policy_in(known jsonb, otherwise numeric, warehouse text,
    category text DEFAULT '', sku text DEFAULT '')
RETURNS numeric
LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE
AS $$
DECLARE
    c text := chr(31) || coalesce(category, '') || chr(31);
    none text := chr(31) || chr(31);
BEGIN
    IF known IS NULL THEN
        RETURN otherwise;
    END IF;
    RETURN coalesce(
        (known ->> (warehouse || none || sku))::numeric, (known ->> (none || sku))::numeric,
        (known ->> (warehouse || c || sku))::numeric, (known ->> (c || sku))::numeric,
        (known ->> (warehouse || c))::numeric, (known ->> c)::numeric,
        (known ->> (warehouse || none))::numeric, (known ->> none)::numeric,
        otherwise);
END
$$;

-- The local day of each warehouse: by the clock (the latest tick that was folded), and by the wall
-- clock only until there is one. OFFSET 0: worked out once a warehouse, not once a row it joins.
CREATE VIEW inventory.local_days WITH (security_invoker = off) AS
SELECT
    n.warehouse,
    coalesce(o.clock_at, now()) AS clock_at,
    inventory.local_date(w.timezone, coalesce(o.clock_at, now())) AS today
FROM (
    SELECT warehouse FROM inventory.warehouses
    UNION
    SELECT warehouse FROM inventory.partitions
) AS n
LEFT JOIN inventory.warehouses AS w USING (warehouse)
LEFT JOIN inventory.partitions AS p USING (warehouse)
LEFT JOIN inventory.offsets AS o USING (log_partition)
OFFSET 0;
