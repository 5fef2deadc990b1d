-- A small business by hand for the named queries. The clock: 04:00 of 12 November at E (Shanghai),
-- 15:00 of the 11th at N (New York).
insert into warehouses (warehouse, timezone) values ('E', 'Asia/Shanghai'), ('N', 'America/New_York');
insert into partitions values ('E', 0), ('N', 1);
insert into offsets (log_partition, topic, clock_at) values
  (0, 't', '2025-11-11T20:00Z'), (1, 't', '2025-11-11T20:00Z');
insert into items (sku, name, name_zh, category, unit_cost, occurred_at, event_id) values
  ('milk', 'Milk', '奶粉', 'food', 2, '2025-01-01Z', 'i1'),
  ('tea', 'Tea', '茶', 'food', 3, '2025-01-01Z', 'i2'),
  ('nail', 'Nails', '钉子', 'tools', 1, '2025-01-01Z', 'i3');
insert into bins (warehouse, bin, zone, x, y, occurred_at, event_id) values
  ('E', 'A1', 'Z1', 1, 2, '2025-01-01Z', 'b1');

-- Each day moves at its midnight; `returned` is part of other.
insert into stock_daily
select d.day, d.warehouse, d.sku, d.opening, d.inbound, d.outbound, d.returned, d.opening + n.net,
  (d.opening + n.net) * 1, d.opening, d.opening + d.inbound, d.outbound - d.returned, d.inbound,
  n.net * t.at, i.unit_cost, (d.outbound - d.returned) * i.unit_cost, (d.opening + n.net) * i.unit_cost,
  n.net * i.unit_cost, n.net * i.unit_cost * t.at
from (values
  (date '2025-05-01', 'E', 'nail', 0, 60, 0, 0), ('2025-09-20', 'E', 'nail', 60, 0, 6, 0),
  ('2025-06-01', 'E', 'tea', 0, 100, 0, 0), ('2025-07-01', 'E', 'tea', 100, 0, 5, 0),
  ('2025-08-01', 'E', 'milk', 0, 1000, 0, 0), ('2025-11-01', 'E', 'milk', 1000, 0, 30, 0),
  ('2025-11-10', 'E', 'milk', 970, 0, 20, 4), ('2025-11-12', 'E', 'milk', 954, 0, 10, 0),
  ('2025-10-01', 'N', 'milk', 0, 500, 0, 0), ('2025-10-12', 'N', 'milk', 500, 0, 7, 0),
  ('2025-10-13', 'N', 'milk', 493, 0, 50, 0)
) as d (day, warehouse, sku, opening, inbound, outbound, returned)
join items as i using (sku)
join warehouses as w using (warehouse)
cross join lateral (select d.inbound - d.outbound + d.returned as net) as n
cross join lateral (select extract(epoch from local_start(d.day, w.timezone)) as at) as t;
insert into turnover_daily
select d.day, d.warehouse, i.category, sum(d.issues), sum(d.issue_cost), sum(d.closing - d.opening),
  sum(d.moment), sum(d.value_net), sum(d.value_moment)
from stock_daily as d join items as i using (sku) group by 1, 2, 3;
insert into stock_figures (warehouse, sku, on_hand, available, projected, unit_cost, value,
  demand_per_day, first_on, issued_on, day, day_issues, window_issues, layer_days, layer_quantities) values
  ('E', 'milk', 944, 944, 944, 2, 1888, 2, '2025-08-01', '2025-11-12', '2025-11-12', 10, '{16,46,46,46}', null, null),
  ('N', 'milk', 443, 443, 443, 2, 886, 4, '2025-10-01', '2025-10-13', '2025-11-11', 0, '{0,50,57,57}', null, null),
  ('E', 'tea', 95, 95, 95, 3, 285, 0, '2025-06-01', '2025-07-01', '2025-11-12', 0, '{0,0,0,5}', '{2025-06-01}', '{95}'),
  ('E', 'nail', 54, 54, 54, 1, 54, 9, '2025-05-01', '2025-09-20', '2025-11-12', 0, '{0,0,6,6}', null, null),
  ('E', 'gone', 5, 5, 5, null, null, null, '2025-01-01', null, '2025-11-12', 0, null, null, null);
insert into classes (warehouse, sku, abc, xyz, issue_value, day) values
  ('E', 'milk', 'A', 'X', 900, '2025-11-12'), ('N', 'milk', 'A', 'X', 100, '2025-11-11'),
  ('E', 'nail', 'B', 'Y', 250, '2025-11-12'), ('E', 'tea', 'C', null, 0, '2025-11-12');
insert into stock_bins (warehouse, bin, sku, lot, status, quantity, expires_on) values
  ('E', 'A1', 'milk', 'L1', 'sellable', 50, '2025-11-11'), ('N', 'N1', 'milk', 'L9', 'sellable', 20, '2025-11-11'),
  ('E', 'B2', 'tea', '', 'sellable', 95, null), ('E', 'B2', 'nail', 'L3', 'hold', 54, '2026-01-01'),
  ('E', 'B2', 'milk', 'L2', 'sellable', -3, '2025-12-01');

insert into movements (occurred_at, committed_at, warehouse, sku, lot, bin, status, type, quantity, event_id,
  order_id, line_id, document, operator, device, variance, correction, log_partition, log_offset)
select occurred_at::timestamptz, occurred_at::timestamptz + lag::interval, warehouse, sku, lot, bin, 'sellable',
  type, quantity, event_id, order_id, line_id, document, operator, device, type = 'stocktake', correction, 0, 0
from (values
  ('2025-09-01T01:00Z', '1 s', 'E', 'milk', 'L1', 'A1', 'inbound', 100, 'e1', null, null, 'P-1', '张三', 'd1', false),
  ('2025-11-01T01:10Z', '1 s', 'E', 'milk', 'L1', 'A1', 'move', -40, 'e2', null, null, null, '赵六', 'd1', false),
  ('2025-11-01T01:10Z', '1 s', 'E', 'milk', 'L1', 'B2', 'move', 40, 'e2', null, null, null, '赵六', 'd1', false),
  ('2025-11-01T02:10Z', '1 s', 'E', 'milk', 'L1', 'A1', 'outbound', -10, 'e3', 'O-1', '1', null, '王五', 'd2', false),
  ('2025-11-01T02:40Z', '3 s', 'E', 'milk', 'L1', 'A1', 'outbound', -20, 'e4', 'O-9', '1', null, '王五', 'd1', false),
  ('2025-11-02T02:50Z', '2 s', 'E', 'tea', '', 'B2', 'outbound', -2, 'e5', null, null, null, '王五', 'd2', false),
  ('2025-11-09T15:00Z', '1 s', 'N', 'milk', '', 'N1', 'outbound', -5, 'e7', null, null, null, '李四', 'd3', false),
  ('2025-11-09T16:00Z', '3 s', 'N', 'milk', '', 'N1', 'inbound', 9, 'e8', null, null, null, '李四', 'd3', false),
  -- a return that became known a day late
  ('2025-11-10T03:00Z', '1 day', 'E', 'milk', '', 'R1', 'return', 4, 'e6', null, null, null, '王五', 'd2', false),
  -- a count's difference that a late event explained in part; one that was cancelled; one that found more
  ('2025-11-03T02:00Z', '1 s', 'E', 'milk', 'L2', 'A1', 'stocktake', -3, 'C-1', null, null, null, '张三', null, false),
  ('2025-11-03T02:00Z', '1 day', 'E', 'milk', 'L2', 'A1', 'stocktake', 1, 'C-1', null, null, null, '张三', null, false),
  ('2025-11-05T02:00Z', '1 s', 'E', 'milk', 'L2', 'A1', 'stocktake', -9, 'C-3', null, null, null, '张三', null, false),
  ('2025-11-05T02:00Z', '1 day', 'E', 'milk', 'L2', 'A1', 'stocktake', 9, 'C-3', null, null, null, '张三', null, true),
  ('2025-10-31T23:00Z', '1 s', 'N', 'milk', 'L9', 'N1', 'stocktake', 5, 'C-4', null, null, null, '李四', null, false),
  ('2025-11-06T05:00Z', '1 s', 'E', 'tea', '', 'B2', 'scrap', -4, 's1', null, null, null, '张三', null, false),
  ('2025-11-06T06:00Z', '1 s', 'E', 'tea', '', 'B2', 'scrap', -7, 's2', null, null, null, '张三', null, false),
  ('2025-11-06T06:00Z', '1 h', 'E', 'tea', '', 'B2', 'scrap', 7, 's2', null, null, null, '张三', null, true),
  ('2025-11-07T05:00Z', '1 s', 'E', 'nail', '', 'B2', 'adjustment', -1, 'a1', null, null, null, '王五', null, false),
  ('2025-11-07T05:30Z', '1 s', 'E', 'nail', '', 'B2', 'adjustment', 2, 'a2', null, null, null, '王五', null, false),
  ('2025-07-01T05:30Z', '1 s', 'E', 'nail', '', 'B2', 'scrap', -8, 's0', null, null, null, '王五', null, false)
) as m (occurred_at, lag, warehouse, sku, lot, bin, type, quantity, event_id, order_id, line_id, document, operator,
  device, correction);
insert into counts (warehouse, sku, occurred_at, event_id, scope, lines, operator, cancelled) values
  ('E', 'milk', '2025-11-03T02:00Z', 'C-1', 'lot', '[{"lot":"L2","bin":"A1","status":"sellable","quantity":"90"},
    {"lot":"L1","bin":"A1","status":"sellable","quantity":"10"}]', '张三', false),
  ('E', 'tea', '2025-11-04T02:00Z', 'C-2', 'sku', '[{"lot":"","bin":"B2","status":"sellable","quantity":"95"}]', '张三', false),
  ('E', 'milk', '2025-11-05T02:00Z', 'C-3', 'sku', '[]', '张三', true),
  ('N', 'milk', '2025-10-31T23:00Z', 'C-4', 'sku', '[{"lot":"L9","bin":"N1","status":"sellable","quantity":"50"}]', '李四', false);

insert into orders (warehouse, order_id, line_id, sku, ordered, shipped, cancelled, state, due_at, occurred_at) values
  ('E', 'O-1', '1', 'milk', 10, 10, 0, 'closed', '2025-11-05T02:00Z', '2025-11-01T02:00Z'),
  ('E', 'O-1', '2', 'tea', 10, 6, 2, 'closed', '2025-11-05T02:00Z', '2025-11-01T02:00Z'),
  ('E', 'O-2', '1', 'milk', 5, 0, 0, 'open', '2025-11-10T00:00Z', '2025-11-08T01:00Z'),
  ('E', 'O-3', '1', 'milk', 4, 0, 0, 'open', '2025-11-20T00:00Z', '2025-11-11T19:00Z'),
  ('E', 'O-4', '1', 'milk', 3, 0, 3, 'closed', '2025-11-05T02:00Z', '2025-11-01T02:00Z'),
  ('E', 'O-5', '1', 'nail', 1, 1, 0, 'closed', '2025-11-09T17:00Z', '2025-11-01T02:00Z'); -- Monday at E
insert into journal (occurred_at, event_id, type, warehouse, sku, key, line_id, body, log_partition, log_offset) values
  ('2025-11-01T02:00Z', 'o1', 'order_line', 'E', 'milk', 'O-1', '1', '{"ordered":10,"state":"open","version":1}', 0, 0);
insert into transfers (document, sku, "from", "to", shipped, received, lost, due_at, shipped_at, received_at) values
  ('T-1', 'milk', 'E', 'N', 10, 10, 0, '2025-10-10Z', '2025-10-05Z', '2025-10-09Z'),
  ('T-2', 'milk', 'E', 'N', 10, 7, 3, '2025-10-08Z', '2025-10-06Z', '2025-10-12Z'),
  ('T-3', 'tea', 'E', 'N', 5, 0, 0, '2025-11-10Z', '2025-11-05Z', null),
  ('T-4', 'nail', 'N', 'E', 2, 0, 0, '2025-11-20Z', '2025-11-10Z', null),
  ('T-0', 'nail', 'N', 'E', 9, 0, 9, '2025-06-20Z', '2025-06-10Z', null);
insert into device_sequences (log_partition, device, warehouse, last_seq, last_seen_at, recorded) values
  (0, 'd1', 'E', 5, '2025-11-01T02:40Z', 3), (0, 'd2', 'E', 10, '2025-11-11T03:00Z', 10),
  (1, 'd3', 'N', 2, '2025-11-09T16:00Z', 2);
insert into device_blocks (device, span, first_seq, log_partition, bits) values
  ('d1', 1, 1, 0, rpad('11001', 1024, '0')::bit(1024)),
  ('d2', 1, 1, 0, rpad('1111111111', 1024, '0')::bit(1024)), ('d3', 1, 1, 1, rpad('11', 1024, '0')::bit(1024));

-- Two alerts of this week and one of the last; committed now, for response times are the wall clock's.
insert into alerts (at, occurred_at, alert_id, rule, version, severity, state, transition, actor, warehouse, sku,
  message_en, message_zh)
select now() + after::interval, occurred_at::timestamptz, alert_id, rule, 1, severity, state, transition, actor,
  warehouse, case alert_id when 'below_safety-2' then 'tea' else 'milk' end, transition, transition
from (values
  ('0 s', '2025-11-10T01:00Z', 'below_safety-1', 'below_safety', 'warning', 'open', 'opened', null, 'E'),
  ('60 s', '2025-11-10T02:00Z', 'below_safety-1', 'below_safety', 'critical', 'open', 'escalated', null, 'E'),
  ('300 s', '2025-11-10T04:00Z', 'below_safety-1', 'below_safety', 'critical', 'acknowledged', 'acknowledged', '张三', 'E'),
  ('900 s', '2025-11-10T07:00Z', 'below_safety-1', 'below_safety', 'critical', 'resolved', 'resolved', null, 'E'),
  ('0 s', '2025-11-11T01:00Z', 'below_safety-2', 'below_safety', 'warning', 'open', 'opened', null, 'E'),
  ('0 s', '2025-11-09T16:30Z', 'lag_high-3', 'lag_high', 'warning', 'open', 'opened', null, ''),
  ('0 s', '2025-11-08T01:00Z', 'shrinkage-4', 'shrinkage', 'warning', 'open', 'opened', null, 'N'),
  ('0 s', '2025-07-08T01:00Z', 'shrinkage-0', 'shrinkage', 'warning', 'open', 'opened', null, 'N')
) as a (after, occurred_at, alert_id, rule, severity, state, transition, actor, warehouse);
insert into alert_times (alert_id, rule, warehouse, severity, occurred_at, committed_at, sent_at, acknowledged_at,
  resolved_at) values
  ('below_safety-1', 'below_safety', 'E', 'warning', now() - interval '2 s', now(), now() + interval '1 s',
    now() + interval '300 s', now() + interval '900 s'),
  ('below_safety-2', 'below_safety', 'E', 'warning', now() - interval '4 s', now(), now() + interval '3 s', null, null);
insert into actions (action_id, kind, warehouse, sku, state, standing, approval, quantity, value, alert_id,
  proposed_at, decided_at, decided_by, sent_at, finished_at, log_partition, log_offset) values
  ('replenishment-1', 'replenishment', 'E', 'gone', 'done', false, 'manual', 50, 100, null,
    '2025-11-10T01:00Z', '2025-11-10T03:00Z', '李四', '2025-11-10T03:00:10Z', '2025-11-10T07:00Z', 0, 1),
  ('replenishment-2', 'replenishment', 'E', 'tea', 'proposed', true, 'manual', 5, 15, null,
    '2025-11-11T01:00Z', null, null, null, null, 0, 2),
  ('replenishment-3', 'replenishment', 'E', 'nail', 'rejected', true, 'manual', 5, 5, null,
    '2025-11-11T01:00Z', '2025-11-11T02:00Z', '李四', null, '2025-11-11T02:00Z', 0, 3),
  ('clearance-4', 'clearance', 'N', 'milk', 'sent', true, 'auto', 20, 40, null,
    '2025-11-11T01:00Z', '2025-11-11T01:00Z', null, '2025-11-11T01:00:02Z', null, 1, 4),
  ('clearance-0', 'clearance', 'N', 'milk', 'done', false, 'auto', 20, 40, null,
    '2025-07-11T01:00Z', '2025-07-11T01:00Z', null, null, null, 1, 4);
