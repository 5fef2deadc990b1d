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

-- Whether the pipeline lives: what waits for an endpoint says nothing of the relay. Where nothing was
-- ever committed the ages are those since 1970.
CREATE VIEW screen.heartbeats WITH (security_invoker = off) AS
SELECT
    extract(epoch FROM now() - coalesce(o.committed_at, 'epoch'))::double precision
        AS flow_age_seconds,
    extract(epoch FROM now() - coalesce(o.clock_at, 'epoch'))::double precision
        AS clock_age_seconds,
    coalesce(extract(epoch FROM now() - least(
        (SELECT min(d.created_at) FROM inventory.dispatches AS d
         WHERE d.state = 'waiting' AND d.receiver = 'kafka'),
        (SELECT b.created_at FROM inventory.outbox AS b WHERE NOT b.spread
         ORDER BY b.number LIMIT 1))), 0)::double precision AS relay_age_seconds,
    extract(epoch FROM now() - coalesce(
        (SELECT t.made_at FROM inventory.totals_made AS t WHERE t.relation = 'stock_totals'),
        'epoch'))::double precision
        AS totals_age_seconds
FROM (
    SELECT max(p.updated_at) AS committed_at, min(p.clock_at) AS clock_at
    FROM inventory.offsets AS p
) AS o;

-- Episodes that began and ended, per ten minutes of the last two days; the index on `at` bounds it.
CREATE VIEW screen.alert_flow WITH (security_invoker = off) AS
SELECT
    public.time_bucket('10 minutes', a.at) AS time,
    a.warehouse,
    a.rule,
    a.severity,
    a.roles,
    count(*) FILTER (WHERE a.transition = 'opened') AS opened,
    count(*) FILTER (WHERE a.transition = 'resolved') AS resolved
FROM inventory.alerts AS a
WHERE a.at > now() - interval '2 days' AND a.transition IN ('opened', 'resolved')
GROUP BY 1, a.warehouse, a.rule, a.severity, a.roles;

-- The events behind an episode, with the movement of each that moved stock of its SKU: found by
-- SKU, warehouse and time, for ids alone have no index; now() keeps older chunks out of the plan.
-- Asked for one episode at a time.
CREATE VIEW screen.alert_events WITH (security_invoker = off) AS
SELECT
    s.alert_id,
    e.place,
    e.event_id,
    s.warehouse,
    s.sku,
    m.occurred_at,
    m.type,
    m.quantity,
    m.lot,
    m.bin,
    coalesce(m.document, m.order_id) AS document,
    m.operator,
    m.device
FROM inventory.alert_state AS s
CROSS JOIN LATERAL unnest(s.events) WITH ORDINALITY AS e (event_id, place)
LEFT JOIN LATERAL (
    SELECT *
    FROM inventory.movements AS v
    WHERE v.sku = s.sku AND v.warehouse = s.warehouse AND v.event_id = e.event_id
      AND v.occurred_at BETWEEN s.opened_at - interval '2 days' AND s.seen_at + interval '1 hour'
      AND v.occurred_at > now() - interval '35 days'
    ORDER BY v.occurred_at DESC
    LIMIT 2
) AS m ON true;

-- How long alerts took to be told, answered and over, of the last 30 days.
CREATE VIEW screen.responses WITH (security_invoker = off) AS
SELECT
    r.rule,
    r.warehouse,
    coalesce(w.name, w.name_zh, r.warehouse) AS warehouse_en,
    coalesce(w.name_zh, w.name, r.warehouse) AS warehouse_zh,
    r.alerts,
    r.unanswered,
    r.to_sent_p50_s,
    r.to_sent_p95_s,
    r.to_answer_p50_s,
    r.to_answer_p95_s,
    r.to_order_p50_s,
    r.to_order_p95_s,
    r.to_resolved_p50_s,
    r.to_resolved_p95_s,
    r.answered_within_10_min,
    r.ordered_within_1_h,
    r.made_at
FROM inventory.response_totals AS r
LEFT JOIN inventory.warehouses AS w USING (warehouse)
WHERE r.rule <> '';

-- Messages of the last day per receiver, the latest 20,000 of them: what a screen can count.
CREATE VIEW screen.deliveries_day WITH (security_invoker = off) AS
WITH latest AS (
    SELECT d.receiver, d.state,
        extract(epoch FROM d.delivered_at - d.created_at)::double precision AS took
    FROM inventory.dispatches AS d
    WHERE d.created_at > now() - interval '1 day'
    ORDER BY d.created_at DESC
    LIMIT 20000
),
totals AS (
    SELECT l.receiver,
        count(*) AS messages,
        count(*) FILTER (WHERE l.state = 'delivered') AS delivered,
        count(*) FILTER (WHERE l.state = 'waiting') AS waiting,
        count(*) FILTER (WHERE l.state = 'given_up') AS given_up,
        percentile_cont(ARRAY[0.5, 0.95, 0.99]) WITHIN GROUP (ORDER BY l.took) AS took
    FROM latest AS l
    GROUP BY l.receiver
)
SELECT t.receiver, t.messages, t.delivered, t.waiting, t.given_up,
    t.delivered::double precision / t.messages AS share,
    t.took[1] AS p50, t.took[2] AS p95, t.took[3] AS p99
FROM totals AS t;

-- What a receiver does not have: all that waits, and what was given up among the latest 20,000.
CREATE VIEW screen.undelivered_now WITH (security_invoker = off) AS
WITH open AS (
    SELECT d.message_id, d.receiver, d.state, d.attempts, d.created_at, d.next_attempt_at,
        d.last_error
    FROM inventory.dispatches AS d
    WHERE d.state = 'waiting'
    UNION ALL
    SELECT l.message_id, l.receiver, l.state, l.attempts, l.created_at, NULL, l.last_error
    FROM (SELECT * FROM inventory.dispatches ORDER BY created_at DESC LIMIT 20000) AS l
    WHERE l.state = 'given_up'
    UNION ALL
    SELECT b.message_id, 'kafka', 'waiting', 0, b.created_at, b.created_at, NULL
    FROM inventory.outbox AS b
    WHERE NOT b.spread
)
SELECT o.message_id, o.receiver, o.state, o.attempts, o.created_at, o.next_attempt_at,
    o.last_error, b.topic, b.name, b.severity, b.warehouse
FROM (SELECT * FROM open ORDER BY open.created_at LIMIT 200) AS o
JOIN inventory.outbox AS b USING (message_id);

-- Actions that wait for a person's decision, with the figures behind them.
CREATE VIEW screen.actions_waiting WITH (security_invoker = off) AS
SELECT
    a.action_id,
    a.kind,
    a.warehouse,
    coalesce(w.name, w.name_zh, a.warehouse) AS warehouse_en,
    coalesce(w.name_zh, w.name, a.warehouse) AS warehouse_zh,
    a.sku,
    coalesce(i.name, i.name_zh, a.sku) AS item_en,
    coalesce(i.name_zh, i.name, a.sku) AS item_zh,
    a.lot,
    a.subject,
    a.quantity,
    a.value,
    a.roles,
    a.rule,
    a.alert_id,
    (a.payload ->> 'available')::numeric AS available,
    (a.payload ->> 'projected')::numeric AS projected,
    (a.payload ->> 'reorder_point')::numeric AS reorder_point,
    (a.payload ->> 'demand_per_day')::numeric AS demand_per_day,
    a.proposed_at
FROM inventory.actions AS a
LEFT JOIN inventory.items AS i USING (sku)
LEFT JOIN inventory.warehouses AS w USING (warehouse)
WHERE a.state = 'proposed' AND a.standing;

-- What became of the actions that were proposed in the last seven days.
CREATE VIEW screen.actions_week WITH (security_invoker = off) AS
SELECT a.kind, a.state, a.warehouse, count(*) AS actions, sum(a.value) AS value
FROM inventory.actions AS a
WHERE a.state IN ('proposed', 'approved', 'rejected', 'sent', 'done', 'failed', 'withdrawn')
  AND a.proposed_at > now() - interval '7 days'
GROUP BY a.kind, a.state, a.warehouse;

-- Lines that went out per ten minutes of the last two days.
CREATE VIEW screen.outbound_pace WITH (security_invoker = off) AS
SELECT t.at AS time, t.warehouse, sum(t.lines)::bigint AS lines, sum(t.outbound) AS outbound
FROM inventory.throughput AS t
WHERE t.type = 'outbound' AND t.at > now() - interval '2 days'
GROUP BY t.at, t.warehouse;

-- What is short, the deepest first: at most 20 of each warehouse (shortage_totals).
CREATE VIEW screen.red_now WITH (security_invoker = off) AS
SELECT
    t.warehouse,
    coalesce(w.name, w.name_zh, t.warehouse) AS warehouse_en,
    coalesce(w.name_zh, w.name, t.warehouse) AS warehouse_zh,
    t.sku,
    coalesce(i.name, i.name_zh, t.sku) AS item_en,
    coalesce(i.name_zh, i.name, t.sku) AS item_zh,
    t.place,
    t.available,
    t.safety_stock,
    t.short,
    round(100 * t.available / nullif(t.safety_stock, 0)) AS safety_percent,
    t.incoming + t.in_transit AS coming
FROM inventory.shortage_totals AS t
LEFT JOIN inventory.items AS i USING (sku)
LEFT JOIN inventory.warehouses AS w USING (warehouse);

-- What will be sold out next, of what is alerted as running short: bounded by what is open, with the
-- stock as it is now.
CREATE VIEW screen.selling_out WITH (security_invoker = off) AS
SELECT
    f.warehouse,
    f.sku,
    coalesce(i.name, i.name_zh, f.sku) AS item_en,
    coalesce(i.name_zh, i.name, f.sku) AS item_zh,
    f.available,
    f.demand_per_day,
    (24 * f.available / f.demand_per_day)::double precision AS hours_of_cover
FROM (
    SELECT DISTINCT s.warehouse, s.sku
    FROM inventory.alert_state AS s
    WHERE s.state <> 'resolved' AND s.rule IN ('predicted_stock_out', 'below_safety')
) AS s
JOIN inventory.stock_figures AS f USING (warehouse, sku)
LEFT JOIN inventory.items AS i USING (sku)
WHERE f.available > 0 AND f.demand_per_day > 0;
