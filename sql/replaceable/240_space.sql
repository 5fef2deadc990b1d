-- Space: what a bin, a zone, a warehouse holds and could hold. Nothing of it is stored: it is Σ of
-- stock_bins × the items' unit volume and weight, hence right after each commit. `bins` asks for
-- one bin at a time and can be written to (master data); `bin_use` adds up all bins at once.

-- Percent of each limit that is set, the largest of them; NULL without a limit (0 is none).
CREATE FUNCTION inventory.occupancy(quantity numeric, max_quantity numeric, volume numeric,
    max_volume numeric, weight numeric, max_weight numeric)
RETURNS numeric
LANGUAGE sql IMMUTABLE PARALLEL SAFE
AS $$
    SELECT round(100 * greatest(
        quantity / nullif(max_quantity, 0),
        volume / nullif(max_volume, 0),
        weight / nullif(max_weight, 0)), 2)
$$;

-- The same, of each limit and of all.
CREATE FUNCTION inventory.occupancies(quantity numeric, max_quantity numeric, volume numeric,
    max_volume numeric, weight numeric, max_weight numeric)
RETURNS TABLE (
    occupancy_quantity numeric, occupancy_volume numeric, occupancy_weight numeric,
    occupancy numeric)
LANGUAGE sql IMMUTABLE PARALLEL SAFE
AS $$
    SELECT
        round(100 * quantity / nullif(max_quantity, 0), 2),
        round(100 * volume / nullif(max_volume, 0), 2),
        round(100 * weight / nullif(max_weight, 0), 2),
        inventory.occupancy(quantity, max_quantity, volume, max_volume, weight, max_weight)
$$;

CREATE VIEW inventory.bins WITH (security_invoker = off) AS
SELECT
    b.warehouse,
    b.bin,
    b.zone,
    b.aisle,
    b.position,
    b.x,
    b.y,
    b.max_quantity,
    b.max_volume,
    b.max_weight,
    b.active,
    (SELECT coalesce(sum(c.quantity), 0)
     FROM inventory.stock_bins AS c
     WHERE c.warehouse = b.warehouse AND c.bin = b.bin) AS used_quantity,
    (SELECT coalesce(sum(c.quantity * i.unit_volume), 0)
     FROM inventory.stock_bins AS c JOIN inventory.items AS i USING (sku)
     WHERE c.warehouse = b.warehouse AND c.bin = b.bin) AS used_volume,
    (SELECT coalesce(sum(c.quantity * i.unit_weight), 0)
     FROM inventory.stock_bins AS c JOIN inventory.items AS i USING (sku)
     WHERE c.warehouse = b.warehouse AND c.bin = b.bin) AS used_weight,
    (SELECT coalesce(sum(c.quantity), 0)
     FROM inventory.stock_bins AS c LEFT JOIN inventory.items AS i USING (sku)
     WHERE c.warehouse = b.warehouse AND c.bin = b.bin
       AND (i.unit_volume IS NULL OR i.unit_weight IS NULL)) AS used_unknown,
    (SELECT inventory.occupancy(
        coalesce(sum(c.quantity), 0), b.max_quantity,
        coalesce(sum(c.quantity * i.unit_volume), 0), b.max_volume,
        coalesce(sum(c.quantity * i.unit_weight), 0), b.max_weight)
     FROM inventory.stock_bins AS c LEFT JOIN inventory.items AS i USING (sku)
     WHERE c.warehouse = b.warehouse AND c.bin = b.bin) AS occupancy,
    (SELECT CASE WHEN b.max_weight IS NOT NULL
                 THEN greatest(coalesce(sum(c.quantity * i.unit_weight), 0) - b.max_weight, 0) END
     FROM inventory.stock_bins AS c JOIN inventory.items AS i USING (sku)
     WHERE c.warehouse = b.warehouse AND c.bin = b.bin) AS overweight,
    NOT EXISTS (
        SELECT FROM inventory.stock_bins AS c
        WHERE c.warehouse = b.warehouse AND c.bin = b.bin AND c.quantity <> 0) AS free,
    b.occurred_at,
    b.device_seq,
    b.event_id
FROM inventory.bin_places AS b;

-- Bins without master data that hold stock are here too, `known` false; bin '' is stock that no
-- event put into a bin.
CREATE VIEW inventory.bin_use WITH (security_invoker = off) AS
WITH held AS (
    SELECT
        c.warehouse,
        c.bin,
        sum(c.quantity) AS quantity,
        sum(c.quantity * i.unit_volume) AS volume,
        sum(c.quantity * i.unit_weight) AS weight,
        sum(c.quantity) FILTER (WHERE i.unit_volume IS NULL OR i.unit_weight IS NULL) AS unknown,
        count(*) FILTER (WHERE c.quantity <> 0) AS cells
    FROM inventory.stock_bins AS c
    LEFT JOIN inventory.items AS i USING (sku)
    GROUP BY c.warehouse, c.bin
)
SELECT
    warehouse,
    bin,
    b.zone,
    b.aisle,
    b.position,
    b.x,
    b.y,
    b.event_id IS NOT NULL AS known,
    coalesce(b.active, b.event_id IS NOT NULL) AS active,
    b.max_quantity,
    b.max_volume,
    b.max_weight,
    coalesce(h.cells, 0) AS cells,
    coalesce(h.quantity, 0) AS used_quantity,
    coalesce(h.volume, 0) AS used_volume,
    coalesce(h.weight, 0) AS used_weight,
    coalesce(h.unknown, 0) AS used_unknown,
    inventory.occupancy(
        coalesce(h.quantity, 0), b.max_quantity, coalesce(h.volume, 0), b.max_volume,
        coalesce(h.weight, 0), b.max_weight) AS occupancy,
    CASE WHEN b.max_weight IS NOT NULL
         THEN greatest(coalesce(h.weight, 0) - b.max_weight, 0) END AS overweight,
    coalesce(h.cells, 0) = 0 AS free
FROM inventory.bin_places AS b
FULL JOIN held AS h USING (warehouse, bin);

CREATE VIEW inventory.bins_unknown WITH (security_invoker = off) AS
SELECT
    u.warehouse,
    u.bin,
    u.cells,
    u.used_quantity,
    u.used_volume,
    u.used_weight,
    u.used_unknown
FROM inventory.bin_use AS u
WHERE NOT u.known AND NOT u.free;

-- Zone NULL: bins without a zone, unknown bins, stock without a bin. Capacity is that of active
-- bins; `filled_*` is what stands against it: the use of the active bins that have that limit.
CREATE VIEW inventory.zones WITH (security_invoker = off) AS
WITH sums AS (
    SELECT
        u.warehouse,
        u.zone,
        count(*) FILTER (WHERE u.known) AS bins,
        count(*) FILTER (WHERE u.free AND u.active) AS free_bins,
        count(*) FILTER (WHERE NOT u.active AND u.known) AS closed_bins,
        count(*) FILTER (WHERE NOT u.known AND NOT u.free) AS unknown_bins,
        count(*) FILTER (WHERE u.overweight > 0) AS overweight_bins,
        sum(u.used_quantity) AS used_quantity,
        sum(u.used_volume) AS used_volume,
        sum(u.used_weight) AS used_weight,
        sum(u.used_unknown) AS used_unknown,
        sum(u.max_quantity) FILTER (WHERE u.active) AS max_quantity,
        sum(u.max_volume) FILTER (WHERE u.active) AS max_volume,
        sum(u.max_weight) FILTER (WHERE u.active) AS max_weight,
        sum(u.used_quantity) FILTER (WHERE u.active AND u.max_quantity > 0) AS filled_quantity,
        sum(u.used_volume) FILTER (WHERE u.active AND u.max_volume > 0) AS filled_volume,
        sum(u.used_weight) FILTER (WHERE u.active AND u.max_weight > 0) AS filled_weight
    FROM inventory.bin_use AS u
    GROUP BY u.warehouse, u.zone
)
SELECT
    s.*,
    o.*
FROM sums AS s
CROSS JOIN LATERAL inventory.occupancies(s.filled_quantity, s.max_quantity, s.filled_volume,
    s.max_volume, s.filled_weight, s.max_weight) AS o;

CREATE VIEW inventory.warehouse_space WITH (security_invoker = off) AS
WITH sums AS (
    SELECT
        z.warehouse,
        count(z.zone) AS zones,
        sum(z.bins) AS bins,
        sum(z.free_bins) AS free_bins,
        sum(z.closed_bins) AS closed_bins,
        sum(z.unknown_bins) AS unknown_bins,
        sum(z.overweight_bins) AS overweight_bins,
        sum(z.used_quantity) AS used_quantity,
        sum(z.used_volume) AS used_volume,
        sum(z.used_weight) AS used_weight,
        sum(z.used_unknown) AS used_unknown,
        sum(z.max_quantity) AS max_quantity,
        sum(z.max_volume) AS max_volume,
        sum(z.max_weight) AS max_weight,
        sum(z.filled_quantity) AS filled_quantity,
        sum(z.filled_volume) AS filled_volume,
        sum(z.filled_weight) AS filled_weight
    FROM inventory.zones AS z
    GROUP BY z.warehouse
)
SELECT
    s.*,
    o.*
FROM sums AS s
CROSS JOIN LATERAL inventory.occupancies(s.filled_quantity, s.max_quantity, s.filled_volume,
    s.max_volume, s.filled_weight, s.max_weight) AS o;

-- A bin holds several SKUs, so that its thresholds are the warehouse's, else everybody's.
CREATE VIEW inventory.bins_overweight WITH (security_invoker = off) AS
WITH heavy AS (
    SELECT
        u.*,
        inventory.policy_in((SELECT inventory.policy_values('overweight_warning_kg')),
            inventory.policy_default('overweight_warning_kg'), u.warehouse) AS warning_kg,
        inventory.policy_in((SELECT inventory.policy_values('overweight_critical_kg')),
            inventory.policy_default('overweight_critical_kg'), u.warehouse) AS critical_kg
    FROM inventory.bin_use AS u
    WHERE u.overweight > 0
)
SELECT
    h.warehouse,
    h.zone,
    h.bin,
    h.used_weight,
    h.max_weight,
    h.overweight,
    CASE WHEN h.overweight >= h.critical_kg THEN 'critical' ELSE 'warning' END AS severity,
    h.warning_kg,
    h.critical_kg,
    h.used_unknown
FROM heavy AS h
WHERE h.overweight > h.warning_kg OR h.overweight >= h.critical_kg;

-- How far a bin is from where goods leave: straight to the nearest bin of a zone that is called
-- dispatch, shipping, outbound, 出库 or 发货, else to the origin of the warehouse's coordinates.
CREATE VIEW inventory.bin_distances WITH (security_invoker = off) AS
WITH docks AS (
    SELECT DISTINCT warehouse, x::double precision AS x, y::double precision AS y
    FROM inventory.bin_places
    WHERE zone ~* '(dispatch|shipping|outbound|出库|发货)' AND x IS NOT NULL AND y IS NOT NULL
),
places AS (
    SELECT warehouse, bin, x::double precision AS x, y::double precision AS y
    FROM inventory.bin_places
)
SELECT
    p.warehouse,
    p.bin,
    min(sqrt((p.x - coalesce(d.x, 0)) ^ 2 + (p.y - coalesce(d.y, 0)) ^ 2)) AS distance
FROM places AS p
LEFT JOIN docks AS d USING (warehouse)
GROUP BY p.warehouse, p.bin;

-- Where each SKU lies and how fast it sells: who walks far for what is wanted often.
CREATE VIEW inventory.sku_places WITH (security_invoker = off) AS
SELECT
    c.warehouse,
    b.zone,
    c.bin,
    c.sku,
    i.name,
    i.name_zh,
    i.category,
    k.abc,
    c.quantity,
    coalesce((SELECT sum(n) FROM unnest(s.demand) AS n), 0) AS issues,
    d.distance
FROM (
    SELECT warehouse, bin, sku, sum(quantity) AS quantity
    FROM inventory.stock_bins
    GROUP BY warehouse, bin, sku
) AS c
LEFT JOIN inventory.stock_figures AS s USING (warehouse, sku)
LEFT JOIN inventory.items AS i USING (sku)
LEFT JOIN inventory.classes AS k USING (warehouse, sku)
LEFT JOIN inventory.bin_places AS b ON b.warehouse = c.warehouse AND b.bin = c.bin
LEFT JOIN inventory.bin_distances AS d ON d.warehouse = c.warehouse AND d.bin = c.bin;
