-- Plain SQL, STABLE or IMMUTABLE and without SET clauses: the planner can write them into the
-- query that calls them, so that a filter on warehouse or sku outside reaches the index inside.

-- What is no longer kept as movements is a sum; before that instant nothing is known any more.
CREATE FUNCTION inventory.stock_as_of(at timestamptz, known_at timestamptz DEFAULT now())
RETURNS TABLE (warehouse text, sku text, lot text, bin text, status text, on_hand numeric)
LANGUAGE sql STABLE PARALLEL SAFE
AS $$
    SELECT m.warehouse, m.sku, m.lot, m.bin, m.status, sum(m.quantity)
    FROM (
        SELECT warehouse, sku, lot, bin, status, quantity
        FROM inventory.movements
        WHERE occurred_at <= stock_as_of.at AND committed_at <= stock_as_of.known_at
        UNION ALL
        SELECT warehouse, sku, lot, bin, status, quantity
        FROM inventory.movement_balances
        WHERE stock_as_of.at >= (
            SELECT r.gone_before FROM inventory.retention AS r WHERE r.relation = 'movements')
    ) AS m
    GROUP BY m.warehouse, m.sku, m.lot, m.bin, m.status
    HAVING sum(m.quantity) <> 0
$$;

CREATE FUNCTION inventory.expiry_window(days_to_expiry integer)
RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE
AS $$
    SELECT CASE
        WHEN days_to_expiry IS NULL THEN 'none'
        WHEN days_to_expiry < 0 THEN 'expired'
        WHEN days_to_expiry <= 7 THEN '≤7'
        WHEN days_to_expiry <= 15 THEN '≤15'
        WHEN days_to_expiry <= 30 THEN '≤30'
        WHEN days_to_expiry <= 60 THEN '≤60'
        WHEN days_to_expiry <= 90 THEN '≤90'
        WHEN days_to_expiry <= 180 THEN '≤180'
        ELSE 'beyond'
    END
$$;

-- Bucket i (from 0) counts lags up to 1 ms × 1.1^i, so the answer, a bucket's upper bound, is at
-- most 10 % too high and never too low; the last bucket also holds everything longer.
CREATE FUNCTION inventory.lag_quantile(counts bigint[], q double precision)
RETURNS double precision
LANGUAGE sql IMMUTABLE PARALLEL SAFE
AS $$
    SELECT 0.001 * 1.1::double precision ^ (c.i - 1)
    FROM (
        SELECT b.i, sum(b.n) OVER (ORDER BY b.i) AS upto, sum(b.n) OVER () AS total
        FROM unnest(counts) WITH ORDINALITY AS b (n, i)
    ) AS c
    WHERE c.total > 0 AND c.upto >= greatest(q * c.total::double precision, 1)
    ORDER BY c.i
    LIMIT 1
$$;

-- A zone name that this server does not know must not break the views that use it: UTC then.
CREATE FUNCTION inventory.local_date(zone text, at timestamptz DEFAULT now())
RETURNS date
LANGUAGE plpgsql STABLE PARALLEL RESTRICTED
AS $$
BEGIN
    RETURN (local_date.at AT TIME ZONE coalesce(zone, 'Asia/Shanghai'))::date;
EXCEPTION WHEN invalid_parameter_value THEN
    RETURN (local_date.at AT TIME ZONE 'UTC')::date;
END
$$;

CREATE FUNCTION inventory.local_start(day date, zone text)
RETURNS timestamptz
LANGUAGE plpgsql STABLE PARALLEL RESTRICTED
AS $$
BEGIN
    RETURN day::timestamp AT TIME ZONE coalesce(zone, 'Asia/Shanghai');
EXCEPTION WHEN invalid_parameter_value THEN
    RETURN day::timestamp AT TIME ZONE 'UTC';
END
$$;
