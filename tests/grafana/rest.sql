-- What the year of the bench (flows/bench/year.sql) has none of, so that every panel of every board
-- has rows to show: names that must be quoted, limits of bins, alerts, answers, deliveries, lag.
-- The database of the boards' tests is made of both; its content stands for no business.

UPDATE inventory.warehouses SET name = 'O''Brien "5in"', name_zh = '上海“一号”仓', region = '华东'
WHERE warehouse = 'W1';
UPDATE inventory.warehouses SET name = NULL, name_zh = NULL WHERE warehouse = 'W2';
UPDATE inventory.items SET
    category = CASE WHEN sku = 'S3' THEN NULL WHEN category = 'C1' THEN '母婴/O''Baby "5in"' ELSE category END,
    name = CASE WHEN sku = 'S2' THEN NULL ELSE name END,
    unit_volume = 0.01, unit_weight = 1.5, shelf_life_days = 180,
    fragile = sku < 'S2', high_value = sku < 'S3', bonded = sku < 'S3', protection = '防震';
UPDATE inventory.bin_places SET
    max_quantity = 40, max_volume = 0.5, max_weight = 30, active = position <> 7,
    aisle = CASE WHEN bin = 'B1' THEN NULL ELSE aisle END;
UPDATE inventory.lot_dates SET expires_on = current_date + (hashtext(lot) % 60);
UPDATE inventory.stock_bins SET expires_on = current_date + (hashtext(lot) % 60);
UPDATE inventory.stock_figures SET
    max_stock = 9 * safety_stock + 1, stock_out_on = current_date + (hashtext(sku) % 9 + 9),
    water_level = CASE hashtext(sku || warehouse) % 5
        WHEN 0 THEN 'red' WHEN 1 THEN 'yellow' WHEN 2 THEN 'over' ELSE 'green' END;
UPDATE inventory.movements SET
    video_url = 'https://example.com/v?id=' || log_offset, operator = '张三', device = 'PDA-"1"',
    document = coalesce(document, 'D-' || log_offset % 99),
    order_id = CASE WHEN type = 'outbound' THEN 'O-' || log_offset % 99 END
WHERE occurred_at > now() - interval '40 days';
UPDATE inventory.offsets SET consumed = 90, applied = 80, repeats = 6, rejects = 4, owner = 'a';

-- Today, so that boards of the last hours have something.
INSERT INTO inventory.movements (occurred_at, warehouse, sku, lot, bin, status, type, quantity, event_id,
    document, operator, device, video_url, log_partition, log_offset, unit_cost)
SELECT now() - n * interval '7 minutes', 'W' || 1 + n % 8, 'S' || 1 + n % 30, 'L' || 1 + n % 30 || '-1',
    'B' || n % 40, 'sellable',
    (ARRAY['inbound', 'outbound', 'transfer_out', 'transfer_in', 'return', 'scrap'])[1 + n % 6],
    CASE WHEN n % 6 IN (0, 3, 4) THEN 5 ELSE -3 END, 'today-' || n, 'T-' || n % 9, '李四', 'PDA-2',
    'https://example.com/v?id=' || n, 0, 1000000 + n, 7.5
FROM generate_series(1, 400) AS n;

INSERT INTO inventory.stock_history (at, warehouse, sku, on_hand, reserved, available, water_level,
    log_partition, log_offset)
SELECT now() - n * interval '3 hours', 'W' || 1 + n % 8, 'S' || 1 + n % 5, n, 0, n, 'yellow', 0, n
FROM generate_series(1, 200) AS n;

INSERT INTO inventory.forecasts (warehouse, sku, day, made_on, quantity, low, high)
SELECT 'W' || w, 'S' || s, current_date + d, current_date, 5, 3, 8
FROM generate_series(1, 8) AS w, generate_series(1, 5) AS s, generate_series(0, 13) AS d;
INSERT INTO inventory.forecast_quality (warehouse, sku, made_on, method, history_days, wape, mase, bias)
SELECT 'W' || w, 'S' || s, current_date, 'ets', 60, 0.4, 0.9, -0.1
FROM generate_series(1, 8) AS w, generate_series(1, 5) AS s;
INSERT INTO inventory.forecast_runs (warehouse, made_on, series, methods, wape, plain_wape, bias, class_a,
    class_b, class_c, unclassed, duration_ms)
SELECT 'W' || w, current_date, 5, '{"ets": 5}', 0.4, 0.5, -0.1, 1, 2, 2, 0, 700
FROM generate_series(1, 8) AS w;
INSERT INTO inventory.rebalancing (warehouse, n, kind, sku, quantity, from_zone, from_bin, to_zone, to_bin,
    issues, from_occupancy, from_afterwards, to_occupancy, to_afterwards, reason_en, reason_zh)
SELECT 'W' || w, n, 'slow_mover_out', 'S' || n, 4, 'Z0', 'B1', 'Z5', 'B' || 999 + n, 1, 91, 80, 40, 44,
    'moves seldom', '动得少'
FROM generate_series(1, 8) AS w, generate_series(1, 3) AS n;
INSERT INTO inventory.occupancy_hourly (hour, warehouse, zone, bins, quantity, volume, weight, max_quantity,
    max_volume, max_weight, filled_quantity, filled_volume, filled_weight, occupancy)
SELECT date_trunc('hour', now()) - h * interval '1 hour', 'W' || w, 'Z' || z, 200, 90, 1, 2, 100, 2, 9, 90, 1,
    2, 90 - h % 20
FROM generate_series(1, 72) AS h, generate_series(1, 8) AS w, generate_series(0, 2) AS z;
INSERT INTO inventory.expiry_daily (day, warehouse, category, expiry_window, lots, quantity,
    sellable_quantity, value)
SELECT current_date - d, 'W' || w, 'C2', x, 3, 9, 8, nullif(d, 3) * 100
FROM generate_series(0, 40) AS d, generate_series(1, 8) AS w,
    unnest(ARRAY['expired', 'days_7', 'days_30', 'beyond']) AS x;

-- Episodes of every rule that a board may show, in every state, with the texts of both languages.
CREATE TEMPORARY TABLE episode AS
SELECT n, r.rule || '-' || n AS alert_id, r.rule, 'W' || 1 + n % 8 AS warehouse,
    (ARRAY['critical', 'warning', 'info'])[1 + n % 3] AS severity,
    (ARRAY['open', 'acknowledged', 'resolved'])[1 + n / 3 % 3] AS state,
    now() - n * interval '17 minutes' AS at, 'S' || 1 + n % 30 AS sku,
    ARRAY[(ARRAY['purchasing', 'warehouse_supervisor'])[1 + n % 2]] AS roles
FROM generate_series(1, 300) AS n,
    LATERAL (SELECT (ARRAY['below_safety', 'stock_out', 'predicted_stock_out', 'overstock', 'near_expiry',
        'expired', 'zone_full', 'bin_overweight', 'shrinkage', 'lag_high', 'transfer_late',
        'negative_stock'])[1 + n % 12] AS rule) AS r;
INSERT INTO inventory.alert_times (alert_id, rule, warehouse, severity, occurred_at, committed_at, sent_at,
    acknowledged_at, resolved_at)
SELECT alert_id, rule, warehouse, severity, at, at + interval '1 second', at + interval '2 seconds',
    CASE WHEN state <> 'open' THEN at + interval '5 minutes' END,
    CASE WHEN state = 'resolved' THEN at + interval '9 minutes' END
FROM episode;
INSERT INTO inventory.alert_state (rule, warehouse, sku, lot, bin, subject, alert_id, version, severity,
    state, opened_at, seen_at, resolved_at, threshold, observed, events, roles, acknowledged_at,
    acknowledged_by)
SELECT rule, warehouse, sku, 'L' || n, 'B' || n, 'subject ''' || n || '"', alert_id, 1, severity, state, at,
    at, CASE WHEN state = 'resolved' THEN at + interval '9 minutes' END, nullif(n % 7, 0),
    jsonb_build_object('available', n, 'name', 'Item', 'name_zh', '商品'), ARRAY['today-' || n], roles,
    CASE WHEN state <> 'open' THEN at + interval '5 minutes' END, CASE WHEN state <> 'open' THEN '王五' END
FROM episode;
INSERT INTO inventory.alerts (at, occurred_at, alert_id, rule, version, severity, state, warehouse, sku, lot,
    bin, subject, roles, threshold, observed, events, message_en, message_zh, transition, actor)
SELECT e.at + t.after, e.at, e.alert_id, e.rule, 1, e.severity, t.state, e.warehouse, e.sku, 'L' || e.n,
    'B' || e.n, 'subject ''' || e.n || '"', e.roles, 4, jsonb_build_object('available', e.n),
    ARRAY['today-' || e.n], 'W: "Item" is short', '仓：“商品”不足', t.transition, t.actor
FROM episode AS e,
    (VALUES ('opened', 'open', interval '1 second', NULL),
        ('acknowledged', 'acknowledged', interval '5 minutes', '王五'),
        ('resolved', 'resolved', interval '9 minutes', NULL)) AS t (transition, state, after, actor)
WHERE t.state <= e.state AND (t.state = 'open' OR e.state <> 'open');
INSERT INTO inventory.actions (action_id, kind, warehouse, sku, lot, state, standing, approval, quantity,
    value, payload, roles, rule, alert_id, proposed_at, decided_at, decided_by, reason, log_partition,
    log_offset)
SELECT k.kind || '-' || n, k.kind, 'W' || 1 + n % 8, 'S' || 1 + n % 30, 'L' || n, k.state,
    k.state = 'proposed', 'manual', n, n * 10, jsonb_build_object('name', 'Item', 'on_hand', n),
    ARRAY['purchasing'], 'below_safety', 'below_safety-' || n, now() - n * interval '20 minutes',
    CASE WHEN k.state <> 'proposed' THEN now() END, CASE WHEN k.state <> 'proposed' THEN '吴敏' END, 'why',
    0, n
FROM generate_series(1, 60) AS n, LATERAL (
    SELECT (ARRAY['replenishment', 'clearance', 'expedite', 'rebalance'])[1 + n % 4] AS kind,
        (ARRAY['proposed', 'approved', 'rejected', 'sent', 'done', 'failed'])[1 + n / 4 % 6] AS state) AS k;
INSERT INTO inventory.outbox (number, message_id, topic, warehouse, name, severity, roles, occurred_at,
    created_at, about, body, spread) OVERRIDING SYSTEM VALUE
SELECT n, 'm-' || n, 'inventory.alerts', warehouse, rule, severity, roles, at, at, ARRAY[alert_id], '{}', true
FROM episode;
INSERT INTO inventory.endpoints (name, url, names) VALUES ('carrier', 'https://example.com/in', '{expedite}');
INSERT INTO inventory.dispatches (message_id, receiver, number, topic, created_at, state, attempts,
    delivered_at, given_up_at, last_error)
SELECT 'm-' || n, r.receiver, n, 'inventory.alerts', at, s.state, 1,
    CASE WHEN s.state = 'delivered' THEN at + interval '2 seconds' END,
    CASE WHEN s.state = 'given_up' THEN at + interval '1 hour' END,
    CASE WHEN s.state <> 'delivered' THEN 'HTTP 500' END
FROM episode, unnest(ARRAY['kafka', 'carrier']) AS r (receiver),
    LATERAL (SELECT CASE WHEN n % 9 = 0 THEN 'waiting' WHEN n % 9 = 1 THEN 'given_up' ELSE 'delivered' END
        AS state) AS s;
INSERT INTO inventory.deliveries (at, message_id, receiver, channel, attempt, outcome, status, latency_ms,
    duration_ms)
SELECT at + interval '2 seconds', 'm-' || n, r.receiver, r.channel, 1,
    CASE WHEN n % 9 = 1 THEN 'failed' ELSE 'delivered' END, 200, 300 + n, 40
FROM episode, (VALUES ('kafka', 'kafka'), ('carrier', 'webhook')) AS r (receiver, channel);

INSERT INTO inventory.rejects (topic, partition, "offset", at, code, field, message, event_id, payload,
    payload_size)
SELECT 'wms.scans', 0, n, now() - n * interval '5 minutes', 'bad_value', 'quantity',
    'quantity must be above 0, but is -3', 'x' || n, '\x7b7d', 2
FROM generate_series(1, 30) AS n;
INSERT INTO inventory.lag (minute, warehouse, kind, log_partition, events, over_1s, over_3s, p50, p95, p99,
    to_committed_p50, to_committed_p95, to_committed_p99, total_counts, to_recorded_counts, to_sent_counts,
    to_broker_counts, to_committed_counts)
SELECT date_trunc('minute', now()) - n * interval '1 minute', 'W' || w,
    CASE WHEN w = 8 THEN 'offline' ELSE 'live' END, w - 1, 60, 3, 1, 0.4, 0.9, 1.7, 0.2, 0.4, 0.8, c.counts,
    '{}', c.counts, c.counts, c.counts
FROM generate_series(0, 180) AS n, generate_series(1, 8) AS w,
    (SELECT array_fill(0::bigint, ARRAY[50]) || ARRAY[30, 27, 3]::bigint[] AS counts) AS c;
INSERT INTO inventory.intake (topic, partition, next_offset, consumed, events, rejects)
VALUES ('wms.scans', 0, 900, 900, 800, 100), ('wms.orders', 0, 90, 90, 90, 0);
INSERT INTO inventory.invariants (name, at, checked, wrong, drift, worst, duration_ms, whole_since)
SELECT name, now() - n * interval '1 minute', 900, n % 2, n % 2, '[]', 40, now() - interval '1 day'
FROM generate_series(1, 5) AS n, unnest(ARRAY['on_hand_bins', 'reserved']) AS name;
