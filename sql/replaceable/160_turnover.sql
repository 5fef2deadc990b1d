-- Turnover of warehouses and categories by cost, from the sums of turnover_daily alone. The area
-- under the stock's value over [S, E] is exact: value at E × (E − S) − (Σ change × time − S × Σ change).
-- Of several warehouses, each has its own window (its own midnight, its own clock): means and costs
-- per day are added, then divided.

-- A zone's name if this server knows it, else UTC: AT TIME ZONE takes it without failing.
CREATE FUNCTION inventory.known_zone(zone text)
RETURNS text
LANGUAGE plpgsql STABLE PARALLEL RESTRICTED
AS $$
BEGIN
    PERFORM now() AT TIME ZONE zone;
    RETURN coalesce(zone, 'Asia/Shanghai');
EXCEPTION WHEN invalid_parameter_value THEN
    RETURN 'UTC';
END
$$;

-- Where the clock of each warehouse stands: the latest tick, and its local date. Materialized: once
-- a warehouse, not once for each row that a query joins to it.
CREATE VIEW inventory.clocks WITH (security_invoker = off) AS
WITH clocks AS MATERIALIZED (
    SELECT
        p.warehouse,
        inventory.known_zone(w.timezone) AS timezone,
        o.clock_at,
        inventory.local_date(w.timezone, o.clock_at) AS today
    FROM inventory.partitions AS p
    JOIN inventory.offsets AS o USING (log_partition)
    LEFT JOIN inventory.warehouses AS w USING (warehouse)
    WHERE o.clock_at IS NOT NULL
)
SELECT c.warehouse, c.timezone, c.clock_at, c.today FROM clocks AS c;

-- Movements may be a moment ahead of the clock: a window then ends with the last one of today.
CREATE FUNCTION inventory.window_ends()
RETURNS TABLE (warehouse text, timezone text, today date, ends numeric)
LANGUAGE sql STABLE PARALLEL RESTRICTED
AS $$
    SELECT c.warehouse, c.timezone, c.today, extract(epoch FROM greatest(c.clock_at, (
        SELECT max(m.occurred_at) FROM inventory.movements AS m
        WHERE m.warehouse = c.warehouse AND m.occurred_at > c.clock_at
          AND m.occurred_at < inventory.local_start(c.today + 1, c.timezone))))
    FROM inventory.clocks AS c
$$;

-- What a window's costs and means come to; NULL where nothing lay there.
CREATE FUNCTION inventory.turnover_ratios(issues numeric, issue_cost numeric, cost_per_day numeric,
    mean_quantity numeric, mean_value numeric, simple_value numeric)
RETURNS TABLE (
    turnover numeric, turnover_quantity numeric, turnover_simple numeric, annualised numeric,
    days_of_inventory numeric)
LANGUAGE sql IMMUTABLE PARALLEL SAFE
AS $$
    SELECT
        CASE WHEN mean_value > 0 THEN round(issue_cost / mean_value, 6) END,
        CASE WHEN mean_quantity > 0 THEN round(issues / mean_quantity, 6) END,
        CASE WHEN simple_value > 0 THEN round(issue_cost / simple_value, 6) END,
        CASE WHEN mean_value > 0 THEN round(365 * cost_per_day / mean_value, 6) END,
        CASE WHEN mean_value > 0 AND cost_per_day > 0
            THEN round(mean_value / cost_per_day, 2) END
$$;

CREATE VIEW inventory.turnover WITH (security_invoker = off) AS
WITH ends AS MATERIALIZED (
    SELECT * FROM inventory.window_ends()
),
windows AS MATERIALIZED (
    SELECT e.warehouse, e.today, e.ends, n.days, e.today - (n.days - 1) AS first_day,
        extract(epoch FROM inventory.local_start(e.today - (n.days - 1), e.timezone)) AS starts
    FROM ends AS e
    CROSS JOIN (VALUES (7), (30), (90), (365)) AS n (days)
),
levels AS (
    SELECT t.warehouse, t.category, sum(t.net) AS closing, sum(t.value_net) AS closing_value
    FROM inventory.turnover_daily AS t
    JOIN ends AS e ON e.warehouse = t.warehouse AND t.day <= e.today
    GROUP BY t.warehouse, t.category
),
moved AS (
    SELECT w.warehouse, w.days, t.category, sum(t.issues) AS issues,
        sum(t.issue_cost) AS issue_cost, sum(t.net) AS net, sum(t.moment) AS moment,
        sum(t.value_net) AS value_net, sum(t.value_moment) AS value_moment
    FROM windows AS w
    JOIN inventory.turnover_daily AS t
        ON t.warehouse = w.warehouse AND t.day BETWEEN w.first_day AND w.today
    GROUP BY w.warehouse, w.days, t.category
),
parts AS (
    SELECT w.warehouse, l.category, w.days, l.closing_value,
        coalesce(m.issues, 0) AS issues, coalesce(m.issue_cost, 0) AS issue_cost,
        coalesce(m.issue_cost, 0) / (w.ends - w.starts) * 86400 AS cost_per_day,
        l.closing - coalesce(m.moment - w.starts * m.net, 0) / (w.ends - w.starts)
            AS mean_quantity,
        l.closing_value - coalesce(m.value_moment - w.starts * m.value_net, 0)
            / (w.ends - w.starts) AS mean_value,
        l.closing_value - coalesce(m.value_net, 0) / 2 AS simple_value
    FROM windows AS w
    JOIN levels AS l ON l.warehouse = w.warehouse
    LEFT JOIN moved AS m
        ON m.warehouse = w.warehouse AND m.category = l.category AND m.days = w.days
    WHERE w.ends > w.starts
),
sums AS (
    SELECT
        CASE grouping(p.warehouse, p.category)
            WHEN 3 THEN 'all' WHEN 2 THEN 'category' WHEN 1 THEN 'warehouse'
            ELSE 'warehouse_category'
        END AS scope,
        p.warehouse, p.category, p.days, sum(p.issues) AS issues, sum(p.issue_cost) AS issue_cost,
        sum(p.cost_per_day) AS cost_per_day, sum(p.mean_quantity) AS mean_quantity,
        sum(p.mean_value) AS mean_value, sum(p.simple_value) AS simple_value,
        sum(p.closing_value) AS closing_value
    FROM parts AS p
    GROUP BY p.days, GROUPING SETS ((), (p.warehouse), (p.category), (p.warehouse, p.category))
)
SELECT
    s.scope,
    s.warehouse,
    s.category,
    s.days,
    s.issues,
    s.issue_cost,
    round(s.mean_quantity, 6) AS mean_quantity,
    round(s.mean_value, 6) AS mean_value,
    s.closing_value,
    r.*
FROM sums AS s
CROSS JOIN LATERAL inventory.turnover_ratios(s.issues, s.issue_cost, s.cost_per_day,
    s.mean_quantity, s.mean_value, s.simple_value) AS r;

-- The same of a SKU at a warehouse, from its days: ask for one or some; `stock` has the ratio by
-- quantity at hand.
CREATE VIEW inventory.turnover_skus WITH (security_invoker = off) AS
WITH windows AS MATERIALIZED (
    SELECT e.warehouse, e.today, e.ends, n.days, e.today - (n.days - 1) AS first_day,
        extract(epoch FROM inventory.local_start(e.today - (n.days - 1), e.timezone)) AS starts
    FROM inventory.window_ends() AS e
    CROSS JOIN (VALUES (7), (30), (90), (365)) AS n (days)
),
parts AS (
    SELECT s.warehouse, s.sku, w.days, m.issues, m.issue_cost,
        m.issue_cost / (w.ends - w.starts) * 86400 AS cost_per_day,
        s.on_hand - m.later - (m.moment - w.starts * m.net) / (w.ends - w.starts)
            AS mean_quantity,
        v.value - m.later_value - (m.value_moment - w.starts * m.value_net)
            / (w.ends - w.starts) AS mean_value,
        v.value - m.later_value - m.value_net / 2 AS simple_value,
        v.value - m.later_value AS closing_value
    FROM inventory.stock_figures AS s
    JOIN windows AS w ON w.warehouse = s.warehouse AND w.ends > w.starts
    CROSS JOIN LATERAL (
        SELECT
            coalesce(sum(d.issues) FILTER (WHERE d.day <= w.today), 0) AS issues,
            coalesce(sum(d.issue_cost) FILTER (WHERE d.day <= w.today), 0) AS issue_cost,
            coalesce(sum(d.closing - d.opening) FILTER (WHERE d.day <= w.today), 0) AS net,
            coalesce(sum(d.moment) FILTER (WHERE d.day <= w.today), 0) AS moment,
            coalesce(sum(d.value_net) FILTER (WHERE d.day <= w.today), 0) AS value_net,
            coalesce(sum(d.value_moment) FILTER (WHERE d.day <= w.today), 0) AS value_moment,
            coalesce(sum(d.closing - d.opening) FILTER (WHERE d.day > w.today), 0) AS later,
            coalesce(sum(d.value_net) FILTER (WHERE d.day > w.today), 0) AS later_value
        FROM inventory.stock_daily AS d
        WHERE d.warehouse = s.warehouse AND d.sku = s.sku AND d.day >= w.first_day
    ) AS m
    CROSS JOIN LATERAL (
        SELECT coalesce(max(d.value), 0) AS value
        FROM inventory.stock_daily AS d
        WHERE d.warehouse = s.warehouse AND d.sku = s.sku AND d.day = s.day
    ) AS v
)
SELECT
    p.warehouse,
    p.sku,
    p.days,
    p.issues,
    p.issue_cost,
    round(p.mean_quantity, 6) AS mean_quantity,
    round(p.mean_value, 6) AS mean_value,
    p.closing_value,
    r.*
FROM parts AS p
CROSS JOIN LATERAL inventory.turnover_ratios(p.issues, p.issue_cost, p.cost_per_day,
    p.mean_quantity, p.mean_value, p.simple_value) AS r;

-- The window's turnover per warehouse as it was when each local day ended (today: at the clock), by
-- what is known now.
CREATE FUNCTION inventory.turnover_series(
    days integer, from_day date, to_day date, category text DEFAULT NULL)
RETURNS TABLE (
    day date, warehouse text, issues numeric, issue_cost numeric, mean_quantity numeric,
    mean_value numeric, closing_value numeric, turnover numeric, turnover_quantity numeric,
    turnover_simple numeric, annualised numeric, days_of_inventory numeric)
LANGUAGE sql STABLE PARALLEL RESTRICTED
AS $$
    WITH spans AS MATERIALIZED (
        SELECT e.*, from_day - (turnover_series.days - 1) AS first_day, least(to_day, e.today) AS last_day
        FROM inventory.window_ends() AS e
    ),
    sums AS (
        SELECT t.warehouse, greatest(t.day, s.first_day - 1) AS day, sum(t.issues) AS issues,
            sum(t.issue_cost) AS issue_cost, sum(t.net) AS net, sum(t.moment) AS moment,
            sum(t.value_net) AS value_net, sum(t.value_moment) AS value_moment
        FROM spans AS s
        JOIN inventory.turnover_daily AS t ON t.warehouse = s.warehouse AND t.day <= s.last_day
        WHERE turnover_series.category IS NULL OR t.category = turnover_series.category
        GROUP BY 1, 2
    ),
    -- One row more in front, with all that was before the first window.
    grid AS (
        SELECT s.warehouse, g.day,
            extract(epoch FROM inventory.local_start(g.day - (turnover_series.days - 1), s.timezone)) AS starts,
            CASE WHEN g.day = s.today THEN s.ends
                 ELSE extract(epoch FROM inventory.local_start(g.day + 1, s.timezone)) END AS ends
        FROM spans AS s
        CROSS JOIN LATERAL (
            SELECT s.first_day - 1 + n AS day
            FROM generate_series(0, s.last_day - s.first_day + 1) AS n
        ) AS g
    ),
    rolled AS (
        SELECT g.*,
            coalesce(sum(t.net) OVER upto, 0) AS closing,
            coalesce(sum(t.value_net) OVER upto, 0) AS closing_value,
            coalesce(sum(t.issues) OVER inside, 0) AS issues,
            coalesce(sum(t.issue_cost) OVER inside, 0) AS issue_cost,
            coalesce(sum(t.net) OVER inside, 0) AS net,
            coalesce(sum(t.moment) OVER inside, 0) AS moment,
            coalesce(sum(t.value_net) OVER inside, 0) AS value_net,
            coalesce(sum(t.value_moment) OVER inside, 0) AS value_moment
        FROM grid AS g
        LEFT JOIN sums AS t ON t.warehouse = g.warehouse AND t.day = g.day
        WINDOW upto AS (PARTITION BY g.warehouse ORDER BY g.day),
            inside AS (PARTITION BY g.warehouse ORDER BY g.day
                       ROWS BETWEEN turnover_series.days - 1 PRECEDING AND CURRENT ROW)
    ),
    means AS (
        SELECT r.*,
            r.closing - (r.moment - r.starts * r.net) / (r.ends - r.starts) AS mean_quantity,
            r.closing_value - (r.value_moment - r.starts * r.value_net) / (r.ends - r.starts)
                AS mean_value,
            r.closing_value - r.value_net / 2 AS simple_value,
            r.issue_cost / (r.ends - r.starts) * 86400 AS cost_per_day
        FROM rolled AS r
        WHERE r.day >= from_day AND r.ends > r.starts
    )
    SELECT m.day, m.warehouse, m.issues, m.issue_cost, round(m.mean_quantity, 6),
        round(m.mean_value, 6), m.closing_value,
        r.*
    FROM means AS m
    CROSS JOIN LATERAL inventory.turnover_ratios(m.issues, m.issue_cost, m.cost_per_day,
        m.mean_quantity, m.mean_value, m.simple_value) AS r
    ORDER BY m.day, m.warehouse
$$;
