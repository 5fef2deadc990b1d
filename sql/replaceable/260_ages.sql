-- How old stock is, what lies idle, and what it costs to keep.

CREATE FUNCTION inventory.age_bucket(days integer)
RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE
AS $$
    SELECT CASE
        WHEN days IS NULL THEN 'unknown'
        WHEN days <= 30 THEN '0-30'
        WHEN days <= 60 THEN '31-60'
        WHEN days <= 90 THEN '61-90'
        WHEN days <= 180 THEN '91-180'
        WHEN days <= 365 THEN '181-365'
        ELSE '365+'
    END
$$;

-- Stock by the day of its receipt, as if the oldest always left first. What no layer explains has
-- no day.
CREATE VIEW inventory.stock_ages WITH (security_invoker = off) AS
SELECT
    s.warehouse,
    s.sku,
    i.name,
    i.name_zh,
    i.category,
    a.received_on,
    d.today - a.received_on AS age_days,
    inventory.age_bucket(d.today - a.received_on) AS bucket,
    a.quantity,
    a.quantity * s.unit_cost AS value
FROM inventory.stock_figures AS s
CROSS JOIN LATERAL (
    SELECT l.received_on, l.quantity
    FROM unnest(s.layer_days, s.layer_quantities) AS l (received_on, quantity)
    UNION ALL
    SELECT NULL, s.on_hand - coalesce(
        (SELECT sum(l.quantity) FROM unnest(s.layer_quantities) AS l (quantity)), 0)
) AS a
LEFT JOIN inventory.items AS i USING (sku)
LEFT JOIN inventory.local_days AS d USING (warehouse)
WHERE s.on_hand > 0 AND a.quantity > 0;

-- What it costs to keep stock: value × the policy's yearly rate, by the SKU's most specific scope.
CREATE VIEW inventory.stock_costs WITH (security_invoker = off) AS
WITH rated AS (
    SELECT
        s.warehouse,
        s.sku,
        i.name,
        i.name_zh,
        i.category,
        s.on_hand,
        s.unit_cost,
        s.value,
        s.first_on,
        s.issued_on,
        inventory.policy_in((SELECT inventory.policy_values('carrying_rate')),
            inventory.policy_default('carrying_rate'), s.warehouse, i.category, s.sku)
            AS carrying_rate
    FROM inventory.stock_figures AS s
    LEFT JOIN inventory.items AS i USING (sku)
    WHERE s.on_hand > 0
)
SELECT
    r.*,
    round(r.value * r.carrying_rate, 4) AS carrying_cost_per_year,
    round(r.value * r.carrying_rate / 365, 4) AS carrying_cost_per_day
FROM rated AS r;

CREATE VIEW inventory.category_costs WITH (security_invoker = off) AS
SELECT
    c.warehouse,
    c.category,
    count(*) AS skus,
    count(*) FILTER (WHERE c.value IS NULL) AS skus_without_cost,
    sum(c.value) AS value,
    sum(c.carrying_cost_per_year) AS carrying_cost_per_year,
    round(sum(c.carrying_cost_per_year) / 365, 4) AS carrying_cost_per_day
FROM inventory.stock_costs AS c
GROUP BY c.warehouse, c.category;

-- Days without an issue, from the last one, or from the first movement of what never sold; dead
-- from the policy's days on, by the SKU's most specific scope.
CREATE VIEW inventory.idle_stock WITH (security_invoker = off) AS
WITH idle AS (
    SELECT
        c.warehouse,
        c.sku,
        c.name,
        c.name_zh,
        c.category,
        c.on_hand,
        c.first_on,
        c.issued_on,
        d.today - coalesce(c.issued_on, c.first_on) AS idle_days,
        c.value,
        c.carrying_cost_per_year,
        inventory.policy_in((SELECT inventory.policy_values('dead_stock_days')),
            inventory.policy_default('dead_stock_days'), c.warehouse, c.category, c.sku)
            AS dead_stock_days
    FROM inventory.stock_costs AS c
    JOIN inventory.local_days AS d USING (warehouse)
)
SELECT i.* FROM idle AS i WHERE i.idle_days >= least(30, i.dead_stock_days);

CREATE VIEW inventory.dead_stock WITH (security_invoker = off) AS
SELECT i.* FROM inventory.idle_stock AS i WHERE i.idle_days >= i.dead_stock_days;

CREATE VIEW inventory.slow_stock WITH (security_invoker = off) AS
SELECT i.* FROM inventory.idle_stock AS i WHERE i.idle_days < i.dead_stock_days;
