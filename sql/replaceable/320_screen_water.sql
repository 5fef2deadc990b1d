-- Water levels: a row per warehouse and SKU. Boards ask for the worst of what is chosen, so that
-- each read is bounded by their LIMIT after one pass over the figures of the present.

CREATE VIEW screen.water WITH (security_invoker = off) AS
SELECT
    s.warehouse,
    coalesce(w.name, w.name_zh, s.warehouse) AS warehouse_en,
    coalesce(w.name_zh, w.name, s.warehouse) AS warehouse_zh,
    s.sku,
    coalesce(i.name, i.name_zh, s.sku) AS item_en,
    coalesce(i.name_zh, i.name, s.sku) AS item_zh,
    coalesce(i.category, '') AS category,
    s.water_level AS level,
    array_position(ARRAY['red', 'yellow', 'over', 'green'], s.water_level) AS rank,
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
    s.demand_per_day,
    round(s.available / nullif(s.demand_per_day, 0), 1) AS days_of_cover,
    round(100 * s.available / nullif(s.safety_stock, 0)) AS safety_percent,
    s.stock_out_on,
    s.value,
    s.updated_at
FROM inventory.stock_figures AS s
LEFT JOIN inventory.items AS i USING (sku)
LEFT JOIN inventory.warehouses AS w USING (warehouse);

-- What lay there at the end of each closed local day, for the lines beside the list.
CREATE VIEW screen.closing_daily WITH (security_invoker = off) AS
SELECT
    d.day,
    d.day::timestamptz AS time,
    d.warehouse,
    d.sku,
    d.closing
FROM inventory.stock_daily AS d;
