-- Space on boards: bins, what lies in them, fast movers, moves proposed, and the work of a zone. Each
-- view is asked for one warehouse (most of them by a constant, which PostgreSQL takes down into the
-- sums), so that a read is bounded by that warehouse's bins or by its open work.

-- `aside` says why a bin has no place on the grid; `row_name` is the aisle, with its zone before it
-- where the aisle alone does not say it, so that no two rows of a grid have one name.
CREATE VIEW screen.bins_now WITH (security_invoker = off) AS
SELECT
    u.warehouse,
    u.bin,
    u.zone,
    u.aisle,
    CASE WHEN u.zone IS NULL OR starts_with(u.aisle, u.zone) THEN u.aisle
         ELSE u.zone || '-' || u.aisle END AS row_name,
    u.position,
    u.x,
    u.y,
    u.known,
    u.active,
    u.free,
    u.max_quantity,
    u.max_volume,
    u.max_weight,
    u.cells,
    u.used_quantity,
    u.used_volume,
    u.used_weight,
    u.used_unknown,
    u.occupancy,
    u.overweight,
    CASE WHEN u.bin = '' THEN 'no_bin'
         WHEN NOT u.known THEN 'unknown'
         WHEN NOT u.active THEN 'closed'
         WHEN u.aisle IS NULL OR u.position IS NULL THEN 'no_place'
         WHEN u.occupancy IS NULL THEN 'no_limit' END AS aside
FROM inventory.bin_use AS u;

-- The same for a few bins of an aisle, each added up by itself.
CREATE VIEW screen.aisle_bins WITH (security_invoker = off) AS
SELECT
    b.warehouse,
    b.bin,
    CASE WHEN b.zone IS NULL OR starts_with(b.aisle, b.zone) THEN b.aisle
         ELSE b.zone || '-' || b.aisle END AS row_name,
    b.position,
    b.free,
    b.used_quantity,
    b.max_quantity,
    b.occupancy
FROM inventory.bins AS b;

-- Of one warehouse at a time, and to be kept (MATERIALIZED) by a board that joins it.
CREATE VIEW screen.bin_distances WITH (security_invoker = off) AS
SELECT
    d.warehouse,
    d.bin,
    d.distance
FROM inventory.bin_distances AS d;

-- Day and hour of a warehouse: when its local day began, by the clock of its log.
CREATE VIEW screen.local_times WITH (security_invoker = off) AS
SELECT
    w.warehouse,
    coalesce(w.name, w.name_zh, w.warehouse) AS warehouse_en,
    coalesce(w.name_zh, w.name, w.warehouse) AS warehouse_zh,
    coalesce(o.clock_at, now()) AS clock_at,
    date_trunc('day', coalesce(o.clock_at, now()) AT TIME ZONE w.timezone)
        AT TIME ZONE w.timezone AS day_at,
    (coalesce(o.clock_at, now()) AT TIME ZONE w.timezone)::date AS today
FROM inventory.warehouses AS w
LEFT JOIN inventory.partitions AS p USING (warehouse)
LEFT JOIN inventory.offsets AS o USING (log_partition);

CREATE VIEW screen.bin_goods WITH (security_invoker = off) AS
SELECT
    c.warehouse,
    c.bin,
    c.sku,
    coalesce(i.name, i.name_zh, c.sku) AS item_en,
    coalesce(i.name_zh, i.name, c.sku) AS item_zh,
    c.lot,
    c.status,
    c.quantity,
    c.quantity * i.unit_volume AS volume,
    c.quantity * i.unit_weight AS weight,
    c.expires_on::text AS expires_on,
    c.expires_on - t.today AS days_left,
    c.received_at,
    i.fragile,
    i.protection
FROM inventory.stock_bins AS c
LEFT JOIN inventory.items AS i USING (sku)
LEFT JOIN screen.local_times AS t USING (warehouse);

-- There is no index on a bin's movements: this finds them by the SKUs that lie there now, the latest
-- 50 of each within 30 days. What has left for good is in the trail of its SKU.
CREATE VIEW screen.bin_moves WITH (security_invoker = off) AS
SELECT
    m.occurred_at,
    s.warehouse,
    s.bin,
    s.sku,
    coalesce(i.name, i.name_zh, s.sku) AS item_en,
    coalesce(i.name_zh, i.name, s.sku) AS item_zh,
    m.lot,
    m.type,
    m.status,
    m.quantity,
    m.operator,
    m.device,
    coalesce(m.document, m.order_id) AS document,
    m.video_url
FROM (SELECT DISTINCT warehouse, bin, sku FROM inventory.stock_bins) AS s
CROSS JOIN LATERAL (
    SELECT *
    FROM inventory.movements AS o
    WHERE o.warehouse = s.warehouse AND o.sku = s.sku AND o.bin = s.bin
      AND o.occurred_at > now() - interval '30 days'
    ORDER BY o.occurred_at DESC
    LIMIT 50
) AS m
LEFT JOIN inventory.items AS i ON i.sku = s.sku;

-- The message is that of the latest transition that says what is wrong; it is looked up only for
-- the rows that a board keeps.
CREATE VIEW screen.place_alerts WITH (security_invoker = off) AS
SELECT
    s.warehouse,
    s.rule,
    s.severity,
    array_position(ARRAY['critical', 'warning', 'info'], s.severity) AS rank,
    s.state,
    s.sku,
    s.lot,
    s.bin,
    coalesce(b.zone, CASE WHEN s.rule IN ('zone_full', 'zone_idle') THEN s.subject END) AS zone,
    s.opened_at,
    s.resolved_at,
    (SELECT a.message_en FROM inventory.alerts AS a
     WHERE a.alert_id = s.alert_id AND a.transition <> 'acknowledged'
     ORDER BY a.at DESC LIMIT 1) AS message_en,
    (SELECT a.message_zh FROM inventory.alerts AS a
     WHERE a.alert_id = s.alert_id AND a.transition <> 'acknowledged'
     ORDER BY a.at DESC LIMIT 1) AS message_zh
FROM inventory.alert_state AS s
LEFT JOIN inventory.bin_places AS b ON b.warehouse = s.warehouse AND b.bin = s.bin;

-- The 40 of class A that earn most, and where they lie.
CREATE VIEW screen.fast_movers WITH (security_invoker = off) AS
WITH best AS (
    SELECT
        k.warehouse,
        k.sku,
        k.abc,
        k.issue_value,
        row_number() OVER (PARTITION BY k.warehouse ORDER BY k.issue_value DESC, k.sku) AS place
    FROM inventory.classes AS k
    WHERE k.abc = 'A'
)
SELECT
    k.warehouse,
    k.place,
    k.sku,
    coalesce(i.name, i.name_zh, k.sku) AS item_en,
    coalesce(i.name_zh, i.name, k.sku) AS item_zh,
    k.abc,
    k.issue_value,
    (SELECT sum(n) FROM inventory.stock_figures AS f, unnest(f.demand) AS n
     WHERE f.warehouse = k.warehouse AND f.sku = k.sku) AS issues,
    c.bin,
    b.zone,
    c.quantity,
    d.distance
FROM best AS k
CROSS JOIN LATERAL (
    SELECT h.bin, sum(h.quantity) AS quantity
    FROM inventory.stock_bins AS h
    WHERE h.warehouse = k.warehouse AND h.sku = k.sku
    GROUP BY h.bin
) AS c
LEFT JOIN inventory.items AS i USING (sku)
LEFT JOIN inventory.bin_places AS b ON b.warehouse = k.warehouse AND b.bin = c.bin
LEFT JOIN inventory.bin_distances AS d ON d.warehouse = k.warehouse AND d.bin = c.bin
WHERE k.place <= 40;

CREATE VIEW screen.moves_proposed WITH (security_invoker = off) AS
SELECT
    r.warehouse,
    r.n,
    r.made_at,
    r.kind,
    r.sku,
    coalesce(i.name, i.name_zh, r.sku) AS item_en,
    coalesce(i.name_zh, i.name, r.sku) AS item_zh,
    r.lot,
    r.quantity,
    r.from_zone,
    r.from_bin,
    r.to_zone,
    r.to_bin,
    r.from_occupancy,
    r.from_afterwards,
    r.to_occupancy,
    r.to_afterwards,
    r.reason_en,
    r.reason_zh
FROM inventory.rebalancing AS r
LEFT JOIN inventory.items AS i USING (sku);

-- What open orders want, a row per zone in which it lies: 1 not enough here while more lies
-- elsewhere, 2 not enough in the whole warehouse, 3 less than a day's demand is left after it, 4 rest.
CREATE VIEW screen.zone_picks WITH (security_invoker = off) AS
WITH wanted AS (
    SELECT
        o.warehouse,
        o.sku,
        count(*) AS lines,
        sum(o.ordered - o.shipped - o.cancelled) AS to_pick,
        min(o.due_at) AS due_at
    FROM inventory.orders AS o
    WHERE o.state = 'open' AND o.ordered - o.shipped - o.cancelled > 0
    GROUP BY o.warehouse, o.sku
)
SELECT
    w.warehouse,
    h.zone,
    w.sku,
    coalesce(i.name, i.name_zh, w.sku) AS item_en,
    coalesce(i.name_zh, i.name, w.sku) AS item_zh,
    h.bins,
    h.here,
    h.everywhere - h.here AS elsewhere,
    w.lines,
    w.to_pick,
    w.due_at,
    CASE WHEN w.to_pick > h.everywhere THEN 2
         WHEN w.to_pick > h.here THEN 1
         WHEN h.here - w.to_pick < f.demand_per_day THEN 3
         ELSE 4 END AS priority,
    coalesce(i.fragile, false) AS fragile,
    i.protection
FROM wanted AS w
CROSS JOIN LATERAL (
    SELECT
        coalesce(b.zone, '') AS zone,
        string_agg(DISTINCT c.bin, ', ' ORDER BY c.bin) AS bins,
        sum(c.quantity) AS here,
        sum(sum(c.quantity)) OVER () AS everywhere
    FROM inventory.stock_bins AS c
    LEFT JOIN inventory.bin_places AS b ON b.warehouse = c.warehouse AND b.bin = c.bin
    WHERE c.warehouse = w.warehouse AND c.sku = w.sku
      AND c.status = 'sellable' AND c.quantity > 0
    GROUP BY coalesce(b.zone, '')
) AS h
LEFT JOIN inventory.items AS i USING (sku)
LEFT JOIN inventory.stock_figures AS f ON f.warehouse = w.warehouse AND f.sku = w.sku;

-- The worst shortages of a warehouse, a row per zone in which some of it lies; zone NULL: nowhere.
CREATE VIEW screen.zone_shortages WITH (security_invoker = off) AS
SELECT
    t.warehouse,
    h.zone,
    t.place,
    t.sku,
    coalesce(i.name, i.name_zh, t.sku) AS item_en,
    coalesce(i.name_zh, i.name, t.sku) AS item_zh,
    coalesce(h.here, 0) AS here,
    t.available,
    t.safety_stock,
    t.short,
    t.in_transit + t.incoming AS expected
FROM inventory.shortage_totals AS t
LEFT JOIN LATERAL (
    SELECT coalesce(b.zone, '') AS zone, sum(c.quantity) AS here
    FROM inventory.stock_bins AS c
    LEFT JOIN inventory.bin_places AS b ON b.warehouse = c.warehouse AND b.bin = c.bin
    WHERE c.warehouse = t.warehouse AND c.sku = t.sku AND c.quantity > 0
    GROUP BY coalesce(b.zone, '')
) AS h ON true
LEFT JOIN inventory.items AS i USING (sku);

-- The day's work of a warehouse: what is still open, and what has gone since local midnight.
CREATE VIEW screen.jobs_today WITH (security_invoker = off) AS
SELECT
    d.warehouse,
    d.day_at,
    o.orders_open,
    o.lines_open,
    o.units_open,
    o.lines_late,
    t.lines_picked,
    t.units_picked,
    round(100 * t.units_picked / nullif(t.units_picked + o.units_open, 0), 1) AS picked_percent,
    t.units_received,
    p.receipts_expected,
    p.receipts_late,
    x.transfers_expected
FROM screen.local_times AS d
CROSS JOIN LATERAL (
    SELECT
        count(DISTINCT o.order_id) AS orders_open,
        count(*) AS lines_open,
        coalesce(sum(o.ordered - o.shipped - o.cancelled), 0) AS units_open,
        count(*) FILTER (WHERE o.due_at < d.clock_at) AS lines_late
    FROM inventory.orders AS o
    WHERE o.warehouse = d.warehouse AND o.state = 'open'
      AND o.ordered - o.shipped - o.cancelled > 0
) AS o
CROSS JOIN LATERAL (
    SELECT
        coalesce(sum(t.lines) FILTER (WHERE t.type = 'outbound'), 0) AS lines_picked,
        coalesce(sum(t.outbound) FILTER (WHERE t.type = 'outbound'), 0) AS units_picked,
        coalesce(sum(t.inbound) FILTER (WHERE t.type <> 'outbound'), 0) AS units_received
    FROM inventory.throughput AS t
    WHERE t.warehouse = d.warehouse AND t.at >= d.day_at
      AND t.type IN ('outbound', 'inbound', 'transfer_in')
) AS t
CROSS JOIN LATERAL (
    SELECT
        count(*) AS receipts_expected,
        count(*) FILTER (WHERE p.due_at < d.clock_at) AS receipts_late
    FROM inventory.purchases AS p
    WHERE p.warehouse = d.warehouse AND p.state = 'open'
      AND p.due_at < d.day_at + interval '1 day' AND p.ordered > p.received + p.cancelled
) AS p
CROSS JOIN LATERAL (
    SELECT count(*) AS transfers_expected
    FROM inventory.transfers AS x
    WHERE x."to" = d.warehouse AND x.state IN ('in_transit', 'partial')
) AS x;
