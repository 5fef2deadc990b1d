-- Reports by day, week and month: the kept days of turnover, expiry, space and alerts. A day is a
-- local day of its warehouse; `time` is its begin in UTC, which is the same date in China.

CREATE VIEW screen.turnover_days WITH (security_invoker = off) AS
SELECT
    d.day,
    d.warehouse,
    coalesce(w.name, w.name_zh, d.warehouse) AS warehouse_en,
    coalesce(w.name_zh, w.name, d.warehouse) AS warehouse_zh,
    d.category,
    d.issues,
    d.issue_cost,
    d.net,
    d.value_net
FROM inventory.turnover_daily AS d
LEFT JOIN inventory.warehouses AS w USING (warehouse);

CREATE VIEW screen.turnover_scopes WITH (security_invoker = off) AS
SELECT
    t.scope,
    t.warehouse,
    coalesce(w.name, w.name_zh, t.warehouse) AS warehouse_en,
    coalesce(w.name_zh, w.name, t.warehouse) AS warehouse_zh,
    t.category,
    t.days,
    t.issue_cost,
    t.mean_value,
    t.turnover,
    t.annualised,
    t.days_of_inventory
FROM inventory.turnover_totals AS t
LEFT JOIN inventory.warehouses AS w USING (warehouse);

CREATE VIEW screen.throughput_local WITH (security_invoker = off) AS
SELECT
    t.at AS time,
    coalesce(w.timezone, 'Asia/Shanghai') AS timezone,
    t.warehouse,
    t.type,
    t.lines,
    t.inbound,
    t.outbound
FROM inventory.throughput AS t
LEFT JOIN inventory.warehouses AS w USING (warehouse);

CREATE VIEW screen.expiry_days WITH (security_invoker = off) AS
SELECT
    d.day,
    d.day::timestamptz AS time,
    d.warehouse,
    d.category,
    d.expiry_window,
    d.lots,
    d.quantity,
    d.value
FROM inventory.expiry_daily AS d;

CREATE VIEW screen.occupancy_hours WITH (security_invoker = off) AS
SELECT
    o.hour AS time,
    o.warehouse,
    coalesce(w.name, w.name_zh, o.warehouse) AS warehouse_en,
    coalesce(w.name_zh, w.name, o.warehouse) AS warehouse_zh,
    o.zone,
    o.bins,
    o.occupancy
FROM inventory.occupancy_hourly AS o
LEFT JOIN inventory.warehouses AS w USING (warehouse)
WHERE o.zone <> '';

-- One row per episode, by the time when it was raised.
CREATE VIEW screen.alert_episodes WITH (security_invoker = off) AS
SELECT
    t.committed_at AS time,
    t.alert_id,
    t.rule,
    t.severity,
    t.warehouse,
    t.acknowledged_at,
    t.resolved_at
FROM inventory.alert_times AS t;
