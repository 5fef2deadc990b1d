-- Alerts for boards and for Grafana's rules: what is open, as one row each. The list is short, since
-- an episode is kept per thing it is about; the indices on what is not resolved carry it.

-- `value` is the observed figure that the rule compares with its threshold.
CREATE VIEW screen.open_alerts WITH (security_invoker = off) AS
SELECT
    s.alert_id,
    s.rule,
    s.severity,
    array_position(ARRAY['critical', 'warning', 'info'], s.severity) AS rank,
    s.state,
    s.roles,
    s.warehouse,
    coalesce(w.name, w.name_zh, s.warehouse) AS warehouse_en,
    coalesce(w.name_zh, w.name, s.warehouse) AS warehouse_zh,
    s.sku,
    coalesce(i.name, i.name_zh, s.sku) AS item_en,
    coalesce(i.name_zh, i.name, s.sku) AS item_zh,
    s.lot,
    s.bin,
    s.subject,
    s.threshold,
    (CASE
        WHEN s.rule IN ('stock_out', 'below_safety') THEN s.observed ->> 'available'
        WHEN s.rule IN ('overstock', 'negative_stock') THEN s.observed ->> 'on_hand'
        WHEN s.rule = 'predicted_stock_out' THEN s.observed ->> 'days_of_cover'
        WHEN s.rule IN ('near_expiry', 'expired') THEN s.observed ->> 'days_to_expiry'
        WHEN s.rule = 'transfer_late' THEN s.observed ->> 'minutes_late'
        WHEN s.rule = 'outbound_mismatch' THEN s.observed ->> 'difference'
        WHEN s.rule = 'bin_overweight' THEN s.observed ->> 'weight'
        WHEN s.rule IN ('shrinkage', 'sequence_gap') THEN s.observed ->> 'missing'
        WHEN s.rule IN ('unexplained_move', 'high_value_unrecorded') THEN s.observed ->> 'quantity'
        WHEN s.rule = 'dead_stock' THEN s.observed ->> 'idle_days'
        WHEN s.rule IN ('zone_full', 'zone_idle') THEN s.observed ->> 'occupancy'
        WHEN s.rule = 'device_silent' THEN s.observed ->> 'minutes'
        WHEN s.rule = 'lag_high' THEN s.observed ->> 'p95'
        WHEN s.rule = 'invariant_drift' THEN s.observed ->> 'drift'
    END)::double precision AS value,
    s.observed,
    s.opened_at,
    s.seen_at,
    s.acknowledged_at,
    s.acknowledged_by,
    s.events
FROM inventory.alert_state AS s
LEFT JOIN inventory.items AS i USING (sku)
LEFT JOIN inventory.warehouses AS w USING (warehouse)
WHERE s.state <> 'resolved';

-- What each transition said, newest first per episode; asked for one episode at a time.
CREATE VIEW screen.alert_steps WITH (security_invoker = off) AS
SELECT
    a.alert_id,
    a.at,
    a.log_offset,
    a.occurred_at,
    a.transition,
    a.state,
    a.severity,
    a.threshold,
    a.observed,
    a.events,
    a.actor,
    a.note,
    a.message_en,
    a.message_zh
FROM inventory.alerts AS a;

-- For Grafana's alert rules: one number, the rest text, nothing NULL; the caller adds a LIMIT.
CREATE VIEW screen.alert_rows WITH (security_invoker = off) AS
SELECT
    coalesce(s.value, 0) AS value,
    s.alert_id,
    s.rule,
    s.severity,
    array_to_string(ARRAY(SELECT r.role FROM unnest(s.roles) AS r (role) ORDER BY r.role), ',')
        AS roles,
    s.warehouse,
    s.warehouse_en,
    s.warehouse_zh,
    s.sku,
    s.item_en,
    s.item_zh,
    s.lot,
    s.bin,
    s.subject,
    coalesce(trim_scale(s.threshold)::text, '') AS threshold,
    coalesce(m.message_en, '') AS message_en,
    coalesce(m.message_zh, '') AS message_zh
FROM screen.open_alerts AS s
LEFT JOIN LATERAL (
    SELECT a.message_en, a.message_zh
    FROM inventory.alerts AS a
    WHERE a.alert_id = s.alert_id AND a.transition <> 'acknowledged'
    ORDER BY a.at DESC, a.log_offset DESC
    LIMIT 1
) AS m ON true
ORDER BY s.rank, s.alert_id;

-- Whether the pipeline lives. Where nothing was ever committed the ages are those since 1970.
CREATE VIEW screen.heartbeats WITH (security_invoker = off) AS
SELECT
    extract(epoch FROM now() - coalesce(o.committed_at, 'epoch'))::double precision
        AS flow_age_seconds,
    extract(epoch FROM now() - coalesce(o.clock_at, 'epoch'))::double precision
        AS clock_age_seconds,
    coalesce(extract(epoch FROM now() - least(
        (SELECT min(d.created_at) FROM inventory.dispatches AS d WHERE d.state = 'waiting'),
        (SELECT b.created_at FROM inventory.outbox AS b WHERE NOT b.spread
         ORDER BY b.number LIMIT 1))), 0)::double precision AS relay_age_seconds,
    extract(epoch FROM now() - coalesce(
        (SELECT min(t.made_at) FROM inventory.stock_totals AS t), 'epoch'))::double precision
        AS totals_age_seconds
FROM (
    SELECT max(p.updated_at) AS committed_at, min(p.clock_at) AS clock_at
    FROM inventory.offsets AS p
) AS o;
