-- Reports by day, week and month in each warehouse's own time zone. Every figure of these views adds
-- up over warehouses, categories and days, so that a board sums what is chosen and no view has to
-- know what that is. A row is where something moved; a level is the sum of all net figures up to it.

-- With the zone and the clock of the warehouse: the mean value of a period that lasts from S to E (at
-- most to the clock) is its closing value − (Σ value_moment − S × Σ value_net) / (E − S), exactly.
CREATE VIEW screen.turnover_days WITH (security_invoker = off) AS
SELECT
    d.day,
    d.warehouse,
    coalesce(w.name, w.name_zh, d.warehouse) AS warehouse_en,
    coalesce(w.name_zh, w.name, d.warehouse) AS warehouse_zh,
    coalesce(c.timezone, 'UTC') AS timezone,
    coalesce(c.clock_at, now()) AS clock_at,
    d.category,
    d.net,
    d.issues,
    d.issue_cost,
    d.value_net,
    d.value_moment
FROM inventory.turnover_daily AS d
LEFT JOIN inventory.clocks AS c USING (warehouse)
LEFT JOIN inventory.warehouses AS w USING (warehouse);

-- Throughput with its local day. Ten minutes that hold a midnight (zones at 15 or 45 minutes) count
-- as of the day in which they begin.
CREATE VIEW screen.throughput_days WITH (security_invoker = off) AS
SELECT
    t.at,
    (t.at AT TIME ZONE coalesce(c.timezone, 'UTC'))::date AS day,
    t.warehouse,
    t.type,
    t.lines,
    t.inbound::double precision AS inbound,
    t.outbound::double precision AS outbound
FROM inventory.throughput AS t
LEFT JOIN inventory.clocks AS c USING (warehouse);

-- Episodes with the local day on which they began. Nothing is committed before it occurred, so a
-- bound of committed_at, which has the index, bounds the days as well.
CREATE VIEW screen.alerts_raised WITH (security_invoker = off) AS
SELECT
    t.occurred_at,
    t.committed_at,
    (t.occurred_at AT TIME ZONE coalesce(c.timezone, 'UTC'))::date AS day,
    t.warehouse,
    t.rule,
    t.severity,
    t.acknowledged_at IS NOT NULL OR t.resolved_at IS NOT NULL AS handled,
    t.resolved_at IS NOT NULL AS resolved,
    extract(epoch FROM t.resolved_at - t.committed_at)::double precision AS seconds
FROM inventory.alert_times AS t
LEFT JOIN inventory.clocks AS c USING (warehouse);

CREATE VIEW screen.expiry_days WITH (security_invoker = off) AS
SELECT e.day, e.warehouse, e.category, e.expiry_window, e.lots, e.quantity, e.value
FROM inventory.expiry_daily AS e;

CREATE VIEW screen.occupancy_hours WITH (security_invoker = off) AS
SELECT
    o.hour,
    (o.hour AT TIME ZONE coalesce(c.timezone, 'UTC'))::date AS day,
    o.warehouse,
    coalesce(w.name, w.name_zh, o.warehouse) AS warehouse_en,
    coalesce(w.name_zh, w.name, o.warehouse) AS warehouse_zh,
    o.zone,
    o.filled_quantity::double precision AS filled_quantity,
    o.filled_volume::double precision AS filled_volume,
    o.filled_weight::double precision AS filled_weight,
    o.max_quantity::double precision AS max_quantity,
    o.max_volume::double precision AS max_volume,
    o.max_weight::double precision AS max_weight
FROM inventory.occupancy_hourly AS o
LEFT JOIN inventory.clocks AS c USING (warehouse)
LEFT JOIN inventory.warehouses AS w USING (warehouse);
