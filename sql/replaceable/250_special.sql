-- Stock that needs care: fragile, of high value, bonded (under customs).

CREATE VIEW inventory.stock_places WITH (security_invoker = off) AS
SELECT
    c.warehouse,
    b.zone,
    c.bin,
    c.sku,
    i.name,
    i.name_zh,
    i.category,
    c.lot,
    c.status,
    c.quantity,
    s.unit_cost,
    c.quantity * s.unit_cost AS value,
    c.expires_on,
    c.received_at,
    coalesce(i.fragile, false) AS fragile,
    coalesce(i.high_value, false) AS high_value,
    coalesce(i.bonded, false) AS bonded,
    i.protection
FROM inventory.stock_bins AS c
LEFT JOIN inventory.stock_figures AS s USING (warehouse, sku)
LEFT JOIN inventory.items AS i USING (sku)
LEFT JOIN inventory.bin_places AS b ON b.warehouse = c.warehouse AND b.bin = c.bin;

CREATE VIEW inventory.fragile_stock WITH (security_invoker = off) AS
SELECT p.warehouse, p.zone, p.bin, p.sku, p.name, p.name_zh, p.lot, p.status, p.quantity, p.value,
    p.protection
FROM inventory.stock_places AS p
WHERE p.fragile;

CREATE VIEW inventory.high_value_stock WITH (security_invoker = off) AS
SELECT p.warehouse, p.zone, p.bin, p.sku, p.name, p.name_zh, p.lot, p.status, p.quantity,
    p.unit_cost, p.value, p.protection
FROM inventory.stock_places AS p
WHERE p.high_value;

CREATE VIEW inventory.bonded_stock WITH (security_invoker = off) AS
SELECT p.warehouse, p.zone, p.bin, p.sku, p.name, p.name_zh, p.lot, p.status, p.quantity, p.value,
    p.protection
FROM inventory.stock_places AS p
WHERE p.bonded;

-- For whoever picks: the open order lines of fragile SKUs, and where to take them from, what
-- expires first first. Lines are served by due date, then order; each and the cells' stock are
-- stretches on one ruler per SKU, and a pick is where two overlap. What no cell covers is a row
-- without a bin.
CREATE VIEW inventory.fragile_picks WITH (security_invoker = off) AS
WITH lines AS (
    SELECT
        o.warehouse,
        o.sku,
        o.order_id,
        o.line_id,
        o.due_at,
        o.ordered - o.shipped - o.cancelled AS wanted,
        sum(o.ordered - o.shipped - o.cancelled) OVER (
            PARTITION BY o.warehouse, o.sku
            ORDER BY o.due_at NULLS LAST, o.order_id, o.line_id ROWS UNBOUNDED PRECEDING) AS upto
    FROM inventory.orders AS o
    JOIN inventory.items AS i ON i.sku = o.sku AND i.fragile
    WHERE o.state = 'open' AND o.ordered - o.shipped - o.cancelled > 0
),
cells AS (
    SELECT
        c.warehouse,
        c.sku,
        c.bin,
        c.lot,
        c.expires_on,
        c.quantity,
        sum(c.quantity) OVER (
            PARTITION BY c.warehouse, c.sku
            ORDER BY c.expires_on NULLS LAST, c.received_at NULLS LAST, c.lot, c.bin
            ROWS UNBOUNDED PRECEDING) AS upto
    FROM inventory.stock_bins AS c
    JOIN inventory.items AS i ON i.sku = c.sku AND i.fragile
    LEFT JOIN inventory.local_days AS d ON d.warehouse = c.warehouse
    WHERE c.status = 'sellable' AND c.quantity > 0
      AND (c.expires_on IS NULL OR d.today IS NULL OR c.expires_on >= d.today)
),
picks AS (
    SELECT
        l.warehouse,
        l.order_id,
        l.line_id,
        l.due_at,
        l.sku,
        c.bin,
        c.lot,
        c.expires_on,
        least(l.upto, c.upto) - greatest(l.upto - l.wanted, c.upto - c.quantity) AS quantity,
        row_number() OVER (PARTITION BY l.warehouse, l.sku, l.order_id, l.line_id ORDER BY c.upto)
            AS n
    FROM lines AS l
    JOIN cells AS c
        ON c.warehouse = l.warehouse AND c.sku = l.sku
        AND c.upto > l.upto - l.wanted AND c.upto - c.quantity < l.upto
    UNION ALL
    SELECT l.warehouse, l.order_id, l.line_id, l.due_at, l.sku, NULL, NULL, NULL,
        l.upto - greatest(l.upto - l.wanted, coalesce(h.quantity, 0)), NULL
    FROM lines AS l
    LEFT JOIN (
        SELECT warehouse, sku, sum(quantity) AS quantity FROM cells GROUP BY warehouse, sku
    ) AS h USING (warehouse, sku)
    WHERE l.upto > coalesce(h.quantity, 0)
)
SELECT
    p.warehouse,
    p.order_id,
    p.line_id,
    p.due_at,
    p.sku,
    i.name,
    i.name_zh,
    p.n,
    b.zone,
    p.bin,
    p.lot,
    p.expires_on,
    p.quantity,
    i.protection
FROM picks AS p
JOIN inventory.items AS i USING (sku)
LEFT JOIN inventory.bin_places AS b ON b.warehouse = p.warehouse AND b.bin = p.bin;

-- Goods of high value that somebody moved within the last 90 days without a recording. What was
-- cancelled nets to nothing and is not here; neither is the counterpart of a late correction.
CREATE VIEW inventory.high_value_unrecorded WITH (security_invoker = off) AS
SELECT
    m.occurred_at,
    m.warehouse,
    m.sku,
    i.name,
    i.name_zh,
    m.lot,
    m.bin,
    m.type,
    sum(m.quantity) AS quantity,
    sum(m.quantity) * min(s.unit_cost) AS value,
    m.operator,
    m.device,
    m.order_id,
    m.document,
    m.event_id
FROM inventory.items AS i
JOIN inventory.movements AS m
    ON m.sku = i.sku
    AND m.occurred_at >= (
        SELECT coalesce(max(o.clock_at), now()) - interval '90 days' FROM inventory.offsets AS o)
LEFT JOIN inventory.stock_figures AS s ON s.warehouse = m.warehouse AND s.sku = m.sku
WHERE i.high_value AND m.video_url IS NULL AND m.type <> 'status'
GROUP BY m.occurred_at, m.warehouse, m.sku, i.name, i.name_zh, m.lot, m.bin, m.status, m.type,
    m.operator, m.device, m.order_id, m.document, m.event_id
HAVING sum(m.quantity) <> 0;
