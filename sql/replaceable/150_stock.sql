-- The stock of a (warehouse, sku), with what the passing of time changes without any event. The
-- view can be written to: what it adds is worked out, the rest is the row of stock_figures.

-- Where the turnover windows stand, per warehouse: `at` is the clock (the latest tick), `today` its
-- date, `midnight` when that ends, `starts` the instants at which the windows of 7, 30, 90 and
-- 365 local days begin; instants are seconds since 1970. Made once a query.
CREATE FUNCTION inventory.window_clocks()
RETURNS jsonb
LANGUAGE sql STABLE PARALLEL RESTRICTED SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
    SELECT jsonb_object_agg(c.warehouse, jsonb_build_object(
        'at', extract(epoch FROM c.clock_at),
        'today', c.today,
        'midnight', extract(epoch FROM inventory.local_start(c.today + 1, c.timezone)),
        'starts', (
            SELECT jsonb_agg(
                extract(epoch FROM inventory.local_start(c.today - (n.days - 1), c.timezone))
                ORDER BY n.days)
            FROM (VALUES (7), (30), (90), (365)) AS n (days))))
    FROM (
        SELECT p.warehouse, o.clock_at, w.timezone,
            inventory.local_date(w.timezone, o.clock_at) AS today
        FROM inventory.partitions AS p
        JOIN inventory.offsets AS o USING (log_partition)
        LEFT JOIN inventory.warehouses AS w USING (warehouse)
        WHERE o.clock_at IS NOT NULL
    ) AS c
$$;

-- Turnover of one SKU over the last so many local days, the last being today up to the clock:
-- issues / mean stock. The area under the stock is exact, from sums alone: stock at the end × length
-- − Σ quantity × (its time − start). `simple` takes (opening + closing) / 2 for the mean instead.
CREATE FUNCTION inventory.turnover_of(s inventory.stock_figures, days integer, clocks jsonb,
    simple boolean DEFAULT false)
RETURNS numeric
LANGUAGE plpgsql STABLE PARALLEL SAFE SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    clock jsonb := clocks -> s.warehouse;
    i integer := CASE days WHEN 7 THEN 1 WHEN 30 THEN 2 WHEN 90 THEN 3 WHEN 365 THEN 4 END;
    today date := (clock ->> 'today')::date;
    starts numeric := clock -> 'starts' ->> (i - 1);
    ends numeric := clock ->> 'at';
    level numeric := s.on_hand;
    moved numeric := coalesce(s.window_net[i], 0);
    weighed numeric := coalesce(s.window_moment[i], 0);
    issued numeric := coalesce(s.window_issues[i], 0);
    mean numeric;
BEGIN
    IF clock IS NULL OR ends <= starts THEN
        RETURN NULL;
    END IF;
    IF s.day > today THEN -- the clock is behind: its day is over, what came later is not in it
        ends := clock ->> 'midnight';
        SELECT level - coalesce(sum(d.closing - d.opening) FILTER (WHERE d.day > today), 0),
            moved + coalesce(sum(d.closing - d.opening) FILTER (WHERE d.day = today), 0),
            weighed + coalesce(sum(d.moment) FILTER (WHERE d.day = today), 0),
            issued + coalesce(sum(d.issues) FILTER (WHERE d.day = today), 0)
        INTO level, moved, weighed, issued
        FROM inventory.stock_daily AS d
        WHERE d.warehouse = s.warehouse AND d.sku = s.sku AND d.day >= today;
    ELSIF s.day = today THEN
        moved := moved + s.day_net;
        weighed := weighed + s.day_moment;
        issued := issued + s.day_issues;
        ends := greatest(ends, extract(epoch FROM s.moved_to));
    END IF;
    mean := CASE WHEN simple THEN level - moved / 2
                 ELSE level - (weighed - starts * moved) / (ends - starts) END;
    RETURN CASE WHEN mean > 0 THEN round(issued / mean, 6) END;
END
$$;

CREATE VIEW inventory.stock WITH (security_invoker = off) AS
SELECT
    s.warehouse,
    s.sku,
    s.on_hand,
    s.on_hold,
    s.reserved,
    s.available,
    s.in_transit,
    s.incoming,
    s.projected,
    s.safety_stock,
    s.reorder_point,
    s.max_stock,
    s.water_level,
    round(s.available / nullif(s.demand_per_day, 0), 2) AS days_of_cover,
    inventory.turnover_of(s, 7, (SELECT inventory.window_clocks())) AS turnover_7d,
    inventory.turnover_of(s, 7, (SELECT inventory.window_clocks()), true)
        AS turnover_7d_simple,
    inventory.turnover_of(s, 30, (SELECT inventory.window_clocks())) AS turnover_30d,
    inventory.turnover_of(s, 30, (SELECT inventory.window_clocks()), true)
        AS turnover_30d_simple,
    inventory.turnover_of(s, 90, (SELECT inventory.window_clocks())) AS turnover_90d,
    inventory.turnover_of(s, 90, (SELECT inventory.window_clocks()), true)
        AS turnover_90d_simple,
    inventory.turnover_of(s, 365, (SELECT inventory.window_clocks())) AS turnover_365d,
    inventory.turnover_of(s, 365, (SELECT inventory.window_clocks()), true)
        AS turnover_365d_simple,
    (SELECT c.abc FROM inventory.classes AS c
     WHERE c.warehouse = s.warehouse AND c.sku = s.sku) AS abc,
    (SELECT c.xyz FROM inventory.classes AS c
     WHERE c.warehouse = s.warehouse AND c.sku = s.sku) AS xyz,
    s.unit_cost,
    s.value,
    s.demand_per_day,
    s.stock_out_on,
    s.below_safety_on,
    s.first_on,
    s.issued_on,
    s.moved_to,
    s.counted_to,
    s.updated_at,
    s.next_change_at,
    s.version,
    s.day,
    s.day_net,
    s.day_moment,
    s.day_issues,
    s.window_net,
    s.window_moment,
    s.window_issues,
    s.demand,
    s.layer_days,
    s.layer_quantities,
    s.lead_count,
    s.lead_seconds,
    s.lead_squares
FROM inventory.stock_figures AS s;
