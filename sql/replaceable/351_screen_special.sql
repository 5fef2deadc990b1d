-- Special stock: what expires, what needs care, what is not for sale, and who moved what is dear.

CREATE VIEW screen.expiry_windows WITH (security_invoker = off) AS
SELECT
    t.warehouse,
    coalesce(w.name, w.name_zh, t.warehouse) AS warehouse_en,
    coalesce(w.name_zh, w.name, t.warehouse) AS warehouse_zh,
    t.category,
    t.expiry_window,
    array_position(
        ARRAY['expired', '≤7', '≤15', '≤30', '≤60', '≤90', '≤180', 'beyond', 'none'],
        t.expiry_window) - 1 AS place,
    t.lots,
    t.quantity,
    t.sellable_quantity,
    t.value,
    t.made_at
FROM inventory.expiry_totals AS t
LEFT JOIN inventory.warehouses AS w USING (warehouse);

-- At most 90 days left: an index per warehouse finds them, whatever else lies there.
CREATE VIEW screen.lots_expiring WITH (security_invoker = off) AS
SELECT
    c.warehouse,
    coalesce(w.name, w.name_zh, c.warehouse) AS warehouse_en,
    coalesce(w.name_zh, w.name, c.warehouse) AS warehouse_zh,
    c.sku,
    coalesce(i.name, i.name_zh, c.sku) AS item_en,
    coalesce(i.name_zh, i.name, c.sku) AS item_zh,
    coalesce(i.category, '') AS category,
    c.lot,
    c.bins,
    c.quantity,
    c.sellable,
    c.expires_on,
    c.expires_on - d.today AS days_to_expiry,
    c.quantity * (
        SELECT s.unit_cost FROM inventory.stock_figures AS s
        WHERE s.warehouse = c.warehouse AND s.sku = c.sku) AS value
FROM inventory.local_days AS d
CROSS JOIN LATERAL (
    SELECT b.warehouse, b.sku, b.lot, b.expires_on,
        string_agg(DISTINCT b.bin, ', ') FILTER (WHERE b.bin <> '') AS bins,
        sum(b.quantity) AS quantity,
        coalesce(sum(b.quantity) FILTER (WHERE b.status = 'sellable'), 0) AS sellable
    FROM inventory.stock_bins AS b
    WHERE b.warehouse = d.warehouse AND b.expires_on <= d.today + 90 AND b.quantity <> 0
    GROUP BY b.warehouse, b.sku, b.lot, b.expires_on) AS c
LEFT JOIN inventory.items AS i ON i.sku = c.sku
LEFT JOIN inventory.warehouses AS w ON w.warehouse = c.warehouse;

CREATE VIEW screen.clearances WITH (security_invoker = off) AS
SELECT
    a.action_id,
    a.warehouse,
    coalesce(w.name, w.name_zh, a.warehouse) AS warehouse_en,
    coalesce(w.name_zh, w.name, a.warehouse) AS warehouse_zh,
    a.sku,
    coalesce(i.name, i.name_zh, a.sku) AS item_en,
    coalesce(i.name_zh, i.name, a.sku) AS item_zh,
    coalesce(i.category, '') AS category,
    a.lot,
    a.state,
    a.standing,
    a.quantity,
    a.value,
    a.payload->>'expires_on' AS expires_on,
    (a.payload->>'expires_on')::date - d.today AS days_to_expiry,
    a.proposed_at,
    a.sent_at,
    a.finished_at
FROM inventory.actions AS a
LEFT JOIN inventory.local_days AS d USING (warehouse)
LEFT JOIN inventory.items AS i USING (sku)
LEFT JOIN inventory.warehouses AS w USING (warehouse)
WHERE a.kind = 'clearance';

CREATE VIEW screen.special_sums WITH (security_invoker = off) AS
SELECT
    t.warehouse,
    coalesce(w.name, w.name_zh, t.warehouse) AS warehouse_en,
    coalesce(w.name_zh, w.name, t.warehouse) AS warehouse_zh,
    t.category,
    t.kind,
    t.skus,
    t.quantity,
    t.value,
    t.made_at
FROM inventory.special_totals AS t
LEFT JOIN inventory.warehouses AS w USING (warehouse);

CREATE VIEW screen.special_places WITH (security_invoker = off) AS
WITH goods AS (
    SELECT 'fragile' AS kind, i.sku FROM inventory.items AS i WHERE i.fragile
    UNION ALL
    SELECT 'high_value', i.sku FROM inventory.items AS i WHERE i.high_value
    UNION ALL
    SELECT 'bonded', i.sku FROM inventory.items AS i WHERE i.bonded
),
cells AS (
    SELECT g.kind, c.*
    FROM goods AS g
    CROSS JOIN inventory.partitions AS p
    JOIN inventory.stock_bins AS c ON c.warehouse = p.warehouse AND c.sku = g.sku
    UNION ALL
    SELECT 'hold', c.* FROM inventory.stock_bins AS c WHERE c.status = 'hold'
    UNION ALL
    SELECT 'damaged', c.* FROM inventory.stock_bins AS c WHERE c.status = 'damaged'
    UNION ALL
    SELECT 'returned', c.* FROM inventory.stock_bins AS c WHERE c.status = 'returned'
)
SELECT
    c.kind,
    c.warehouse,
    coalesce(w.name, w.name_zh, c.warehouse) AS warehouse_en,
    coalesce(w.name_zh, w.name, c.warehouse) AS warehouse_zh,
    b.zone,
    c.bin,
    c.sku,
    coalesce(i.name, i.name_zh, c.sku) AS item_en,
    coalesce(i.name_zh, i.name, c.sku) AS item_zh,
    coalesce(i.category, '') AS category,
    c.lot,
    c.status,
    c.quantity,
    c.quantity * (
        SELECT s.unit_cost FROM inventory.stock_figures AS s
        WHERE s.warehouse = c.warehouse AND s.sku = c.sku) AS value,
    c.expires_on,
    c.received_at,
    i.protection
FROM cells AS c
LEFT JOIN inventory.items AS i ON i.sku = c.sku
LEFT JOIN inventory.bin_places AS b ON b.warehouse = c.warehouse AND b.bin = c.bin
LEFT JOIN inventory.warehouses AS w ON w.warehouse = c.warehouse
WHERE c.quantity <> 0;

-- Ways in and out that were recorded: an index holds nothing but these.
CREATE VIEW screen.recorded_moves WITH (security_invoker = off) AS
SELECT
    m.occurred_at AS time,
    m.warehouse,
    coalesce(w.name, w.name_zh, m.warehouse) AS warehouse_en,
    coalesce(w.name_zh, w.name, m.warehouse) AS warehouse_zh,
    m.sku,
    coalesce(i.name, i.name_zh, m.sku) AS item_en,
    coalesce(i.name_zh, i.name, m.sku) AS item_zh,
    coalesce(i.category, '') AS category,
    coalesce(i.high_value, false) AS high_value,
    m.lot,
    m.bin,
    m.type,
    m.quantity,
    m.quantity * (
        SELECT s.unit_cost FROM inventory.stock_figures AS s
        WHERE s.warehouse = m.warehouse AND s.sku = m.sku) AS value,
    m.operator,
    m.device,
    coalesce(m.order_id, m.document) AS document,
    m.video_url
FROM inventory.movements AS m
LEFT JOIN inventory.items AS i USING (sku)
LEFT JOIN inventory.warehouses AS w USING (warehouse)
WHERE m.video_url IS NOT NULL;

-- Fragile goods that are to be picked: where, and how to handle them.
CREATE VIEW screen.fragile_picks WITH (security_invoker = off) AS
SELECT
    p.warehouse,
    coalesce(w.name, w.name_zh, p.warehouse) AS warehouse_en,
    coalesce(w.name_zh, w.name, p.warehouse) AS warehouse_zh,
    p.order_id AS document,
    p.due_at,
    p.sku,
    coalesce(p.name, p.name_zh, p.sku) AS item_en,
    coalesce(p.name_zh, p.name, p.sku) AS item_zh,
    p.zone,
    p.bin,
    p.lot,
    p.quantity,
    p.protection
FROM inventory.fragile_picks AS p
LEFT JOIN inventory.warehouses AS w USING (warehouse);
