-- One SKU: what a text finds, its figures in each warehouse, where it lies, how it went, what is
-- open about it. Every read is bounded by the SKU; partitions names the warehouses, with which the
-- keys of the tables begin.

-- A code or barcode exactly, else what begins with the text, else what has it in code or name; no
-- text: the gravest shortages. At most 20; position, not LIKE: no character means anything else.
CREATE FUNCTION screen.sku_found(text text)
RETURNS TABLE (place bigint, sku text, item_en text, item_zh text, category text, barcode text)
LANGUAGE sql STABLE SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
    WITH found AS (
        SELECT i.sku, CASE
            WHEN sku_found.text IN (i.sku, i.barcode) THEN 1
            WHEN starts_with(lower(i.sku), lower(sku_found.text)) THEN 2
            ELSE 3 END AS kind
        FROM inventory.items AS i
        WHERE sku_found.text <> '' AND (
            i.barcode = sku_found.text
            OR position(lower(sku_found.text) IN lower(
                i.sku || chr(10) || coalesce(i.name, '') || chr(10) || coalesce(i.name_zh, ''))) > 0)
        UNION
        SELECT s.sku, 1 FROM inventory.stock_figures AS s WHERE s.sku = sku_found.text
    ),
    short AS (
        SELECT t.sku, max(t.short) AS short FROM inventory.shortage_totals AS t
        WHERE sku_found.text = '' GROUP BY t.sku
    ),
    ranked AS (
        (SELECT f.sku, row_number() OVER (ORDER BY f.kind, f.sku) AS place FROM found AS f
         WHERE f.kind = 1 OR NOT EXISTS (SELECT FROM found AS e WHERE e.kind = 1)
         ORDER BY 2 LIMIT 20)
        UNION ALL
        (SELECT s.sku, row_number() OVER (ORDER BY s.short DESC, s.sku) FROM short AS s
         ORDER BY 2 LIMIT 20)
    )
    SELECT r.place, r.sku, coalesce(i.name, i.name_zh, r.sku), coalesce(i.name_zh, i.name, r.sku),
        coalesce(i.category, ''), i.barcode
    FROM ranked AS r
    LEFT JOIN inventory.items AS i USING (sku)
    ORDER BY r.place
$$;

CREATE FUNCTION screen.sku_figures(sku text)
RETURNS TABLE (
    warehouse text, warehouse_en text, warehouse_zh text, level text,
    on_hand numeric, on_hold numeric, reserved numeric, available numeric, in_transit numeric,
    incoming numeric, projected numeric, safety_stock numeric, reorder_point numeric,
    max_stock numeric, demand_per_day numeric, days_of_cover numeric, stock_out_on text,
    turnover_7d numeric, turnover_30d numeric, turnover_90d numeric, abc text, xyz text,
    unit_cost numeric, value numeric, moved_to timestamptz)
LANGUAGE sql STABLE SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
    SELECT s.warehouse, coalesce(w.name, w.name_zh, s.warehouse),
        coalesce(w.name_zh, w.name, s.warehouse), s.water_level,
        s.on_hand, s.on_hold, s.reserved, s.available, s.in_transit, s.incoming, s.projected,
        s.safety_stock, s.reorder_point, s.max_stock, s.demand_per_day, s.days_of_cover,
        s.stock_out_on::text, s.turnover_7d, s.turnover_30d, s.turnover_90d, s.abc, s.xyz,
        s.unit_cost, s.value, s.moved_to
    FROM inventory.stock AS s
    LEFT JOIN inventory.warehouses AS w USING (warehouse)
    WHERE s.sku = sku_figures.sku
$$;

CREATE VIEW screen.item_cards WITH (security_invoker = off) AS
SELECT
    i.sku,
    coalesce(i.name, i.name_zh, i.sku) AS item_en,
    coalesce(i.name_zh, i.name, i.sku) AS item_zh,
    i.category,
    i.barcode,
    i.unit_cost,
    i.unit_volume,
    i.unit_weight,
    i.shelf_life_days,
    coalesce(i.fragile, false) AS fragile,
    coalesce(i.high_value, false) AS high_value,
    coalesce(i.bonded, false) AS bonded,
    i.protection
FROM inventory.items AS i;

-- Functions, because with the SKU as an argument each warehouse is one read of a key.
CREATE FUNCTION screen.sku_cells(sku text)
RETURNS TABLE (
    warehouse text, warehouse_en text, warehouse_zh text, zone text, bin text, lot text,
    status text, quantity numeric, expires_on text, days_to_expiry integer,
    received_at timestamptz)
LANGUAGE sql STABLE SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
    SELECT c.warehouse, coalesce(w.name, w.name_zh, c.warehouse),
        coalesce(w.name_zh, w.name, c.warehouse), b.zone, c.bin, c.lot, c.status, c.quantity,
        c.expires_on::text, c.expires_on - d.today, c.received_at
    FROM inventory.partitions AS p
    CROSS JOIN LATERAL (
        SELECT c.* FROM inventory.stock_bins AS c
        WHERE c.warehouse = p.warehouse AND c.sku = sku_cells.sku AND c.quantity <> 0
        ORDER BY c.lot LIMIT 200) AS c
    LEFT JOIN inventory.bin_places AS b ON b.warehouse = c.warehouse AND b.bin = c.bin
    LEFT JOIN inventory.local_days AS d ON d.warehouse = c.warehouse
    LEFT JOIN inventory.warehouses AS w ON w.warehouse = c.warehouse
$$;

-- The latest 100 days on which something moved, per warehouse.
CREATE FUNCTION screen.sku_days(sku text)
RETURNS TABLE (
    "time" timestamptz, warehouse text, opening numeric, inbound numeric, outbound numeric,
    other numeric, closing numeric)
LANGUAGE sql STABLE SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
    SELECT d.day::timestamptz, p.warehouse, d.opening, d.inbound, d.outbound, d.other, d.closing
    FROM inventory.partitions AS p
    CROSS JOIN LATERAL (
        SELECT d.* FROM inventory.stock_daily AS d
        WHERE d.warehouse = p.warehouse AND d.sku = sku_days.sku
        ORDER BY d.day DESC LIMIT 100) AS d
$$;

-- What was sold on each of the latest 60 days with demand, and what the latest forecast expects.
CREATE FUNCTION screen.sku_demand(sku text)
RETURNS TABLE (
    "time" timestamptz, warehouse text, sold numeric, expected numeric, low numeric, high numeric)
LANGUAGE sql STABLE SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
    SELECT d.day::timestamptz, p.warehouse, d.issues, NULL, NULL, NULL
    FROM inventory.partitions AS p
    CROSS JOIN LATERAL (
        SELECT d.* FROM inventory.demand_daily AS d
        WHERE d.warehouse = p.warehouse AND d.sku = sku_demand.sku
        ORDER BY d.day DESC LIMIT 60) AS d
    UNION ALL
    SELECT f.day::timestamptz, p.warehouse, NULL, f.quantity, f.low, f.high
    FROM inventory.partitions AS p
    CROSS JOIN LATERAL (
        SELECT f.* FROM inventory.forecasts AS f
        WHERE f.warehouse = p.warehouse AND f.sku = sku_demand.sku
        ORDER BY f.day LIMIT 60) AS f
$$;

CREATE VIEW screen.stock_changes WITH (security_invoker = off) AS
SELECT h.at AS time, h.warehouse, h.sku, h.on_hand, h.reserved, h.available
FROM inventory.stock_history AS h;

CREATE VIEW screen.sku_alerts WITH (security_invoker = off) AS
SELECT
    a.opened_at AS time,
    a.alert_id,
    a.rule,
    a.warehouse,
    coalesce(w.name, w.name_zh, a.warehouse) AS warehouse_en,
    coalesce(w.name_zh, w.name, a.warehouse) AS warehouse_zh,
    a.sku,
    a.lot,
    a.bin,
    a.severity,
    a.state,
    a.threshold
FROM inventory.alert_state AS a
LEFT JOIN inventory.warehouses AS w USING (warehouse)
WHERE a.state <> 'resolved';

CREATE VIEW screen.sku_actions WITH (security_invoker = off) AS
SELECT
    a.proposed_at AS time,
    a.action_id,
    a.kind,
    a.warehouse,
    coalesce(w.name, w.name_zh, a.warehouse) AS warehouse_en,
    coalesce(w.name_zh, w.name, a.warehouse) AS warehouse_zh,
    a.sku,
    a.lot,
    a.state,
    a.quantity,
    a.value
FROM inventory.actions AS a
LEFT JOIN inventory.warehouses AS w USING (warehouse)
WHERE a.standing;

-- What is promised and not done: order lines, purchase lines and transfers on their way.
CREATE VIEW screen.sku_open WITH (security_invoker = off) AS
WITH lines AS (
    SELECT 'order' AS kind, o.warehouse, o.sku, o.order_id AS document, NULL::text AS other,
        o.ordered, o.shipped AS done, o.ordered - o.shipped - o.cancelled AS remaining, o.due_at
    FROM inventory.orders AS o
    WHERE o.state = 'open'
    UNION ALL
    SELECT 'purchase', p.warehouse, p.sku, p.order_id, p.counterpart, p.ordered, p.received,
        p.ordered - p.received - p.cancelled, p.due_at
    FROM inventory.purchases AS p
    WHERE p.state = 'open'
    UNION ALL
    SELECT 'transfer', t."to", t.sku, t.document, t."from", t.shipped, t.received, t.in_transit,
        t.due_at
    FROM inventory.transfers AS t
)
SELECT
    l.kind,
    l.warehouse,
    coalesce(w.name, w.name_zh, l.warehouse) AS warehouse_en,
    coalesce(w.name_zh, w.name, l.warehouse) AS warehouse_zh,
    l.sku,
    l.document,
    coalesce(o.name, o.name_zh, l.other) AS other_en,
    coalesce(o.name_zh, o.name, l.other) AS other_zh,
    l.ordered,
    l.done,
    l.remaining,
    l.due_at
FROM lines AS l
LEFT JOIN inventory.warehouses AS w ON w.warehouse = l.warehouse
LEFT JOIN inventory.warehouses AS o ON o.warehouse = l.other
WHERE l.remaining > 0;
