-- What every board needs: how old its data are, and the lists of its variables. A name that is not
-- known in one language is that of the other, else the code.

CREATE VIEW screen.freshness WITH (security_invoker = off) AS
SELECT
    max(o.updated_at) AS committed_at,
    extract(epoch FROM now() - max(o.updated_at))::double precision AS age_seconds,
    extract(epoch FROM now() - (
        SELECT t.made_at FROM inventory.totals_made AS t WHERE t.relation = 'stock_totals'))
        ::double precision AS totals_age_seconds,
    max(o.clock_at) AS clock_at
FROM inventory.offsets AS o;

CREATE VIEW screen.warehouse_list WITH (security_invoker = off) AS
SELECT
    w.warehouse,
    coalesce(w.name, w.name_zh, w.warehouse) AS warehouse_en,
    coalesce(w.name_zh, w.name, w.warehouse) AS warehouse_zh,
    w.region
FROM inventory.warehouses AS w;

CREATE VIEW screen.category_list WITH (security_invoker = off) AS
SELECT DISTINCT t.category
FROM inventory.stock_totals AS t
WHERE t.category <> '';

CREATE VIEW screen.zones_now WITH (security_invoker = off) AS
SELECT
    z.warehouse,
    coalesce(w.name, w.name_zh, z.warehouse) AS warehouse_en,
    coalesce(w.name_zh, w.name, z.warehouse) AS warehouse_zh,
    z.zone,
    z.bins,
    z.free_bins,
    z.closed_bins,
    z.unknown_bins,
    z.overweight_bins,
    z.skus,
    z.quantity,
    z.volume,
    z.weight,
    z.max_quantity,
    z.max_volume,
    z.max_weight,
    z.occupancy,
    z.made_at
FROM inventory.zone_totals AS z
LEFT JOIN inventory.warehouses AS w USING (warehouse);

CREATE VIEW screen.totals WITH (security_invoker = off) AS
SELECT
    t.warehouse,
    coalesce(w.name, w.name_zh, t.warehouse) AS warehouse_en,
    coalesce(w.name_zh, w.name, t.warehouse) AS warehouse_zh,
    w.region,
    t.category,
    t.skus,
    t.red,
    t.yellow,
    t.green,
    t."over",
    t.sold_out,
    t.on_hand,
    t.on_hold,
    t.reserved,
    t.available,
    t.in_transit,
    t.incoming,
    t.short,
    t.value,
    t.demand_per_day,
    t.demand_value,
    t.made_at
FROM inventory.stock_totals AS t
LEFT JOIN inventory.warehouses AS w USING (warehouse);
