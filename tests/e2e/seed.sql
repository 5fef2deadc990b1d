-- A small business by hand: what the look-ups are shown in tests (no flow wrote this).
insert into inventory.warehouses (warehouse, name, name_zh, region, timezone, occurred_at, event_id) values
  ('EAST', 'East China', '华东仓', 'Shanghai', 'Asia/Shanghai', '2025-01-01Z', 'w1'),
  ('WEST', 'West', '西部仓', 'Ürümqi', 'Asia/Urumqi', '2025-01-01Z', 'w2');
insert into inventory.items (sku, name, name_zh, category, unit_cost, occurred_at, event_id) values
  ('MILK-1', 'Milk powder, stage 1, 900 g', '奶粉一段 900 克', 'Baby', 12.5, '2025-01-01Z', 'i1'),
  ('TEA-9', 'Green tea, loose leaf', '绿茶（散装）', 'Drinks', 3, '2025-01-01Z', 'i2');
insert into inventory.stock (warehouse, sku, on_hand, on_hold, reserved, available, in_transit, incoming, projected,
  safety_stock, reorder_point, water_level, unit_cost, value, moved_to, updated_at, version) values
  ('EAST', 'MILK-1', 88.9927, 2, 30, 56.9927, 0, 0, 58.9927, 100, 100, 'red', 12.5, 1112.40875, now(), now(), 7),
  ('WEST', 'MILK-1', 500, 0, 0, 500, 40, 0, 540, 100, 100, 'green', 12.5, 6250, now(), now(), 3),
  ('WEST', 'TEA-9', 1234567, 0, 5, 1234562, 0, 0, 1234562, null, null, 'green', 3, 3703701, now(), now(), 1);
insert into inventory.stock_bins (warehouse, bin, sku, lot, status, quantity, expires_on, received_at) values
  ('EAST', 'A1-02', 'MILK-1', 'L1', 'sellable', 86.9927, current_date + 12, '2025-09-01T01:12Z'),
  ('EAST', 'R-01', 'MILK-1', 'L1', 'returned', 2, current_date + 12, '2025-09-01T01:12Z'),
  ('WEST', 'B3-01', 'MILK-1', 'L1', 'sellable', 500, null, '2025-09-03T01:12Z');
insert into inventory.lot_dates (warehouse, sku, lot, expires_on) values
  ('EAST', 'MILK-1', 'L1', current_date + 12);
insert into inventory.movements (occurred_at, warehouse, sku, lot, bin, status, type, quantity, variance, event_id,
  order_id, line_id, document, operator, device, counterpart, committed_at, log_partition, log_offset) values
  ('2025-09-01T01:12Z', 'EAST', 'MILK-1', 'L1', 'DOCK', 'sellable', 'inbound', 640, false, 'e1', null, null, 'PO-7', '张三', 'pda-1', null, '2025-09-01T01:12:01Z', 0, 1),
  ('2025-09-01T02:00Z', 'EAST', 'MILK-1', 'L1', 'DOCK', 'sellable', 'move', -640, false, 'e2', null, null, null, '张三', 'pda-1', null, '2025-09-01T02:00:01Z', 0, 2),
  ('2025-09-01T02:00Z', 'EAST', 'MILK-1', 'L1', 'A1-02', 'sellable', 'move', 640, false, 'e2', null, null, null, '张三', 'pda-1', null, '2025-09-01T02:00:01Z', 0, 2),
  ('2025-09-03T03:00Z', 'EAST', 'MILK-1', 'L1', 'A1-02', 'sellable', 'transfer_out', -500, false, 'e3', null, null, 'TR-1', '李四', 'pda-2', 'WEST', '2025-09-03T03:00:01Z', 0, 3),
  ('2025-09-04T03:00Z', 'WEST', 'MILK-1', 'L1', 'B3-01', 'sellable', 'transfer_in', 500, false, 'e4', null, null, 'TR-1', '李四', 'pda-9', 'EAST', '2025-09-04T03:00:01Z', 1, 1),
  ('2025-09-05T03:00Z', 'EAST', 'MILK-1', 'L1', 'A1-02', 'sellable', 'outbound', -51.0073, false, 'e5', 'O-1', '1', null, '王五', 'pda-1', null, '2025-09-05T03:00:01Z', 0, 4),
  ('2025-09-06T03:00Z', 'EAST', 'MILK-1', 'L1', 'A1-02', 'sellable', 'stocktake', -2, true, 'c1', null, null, 'CC-1', '王五', 'pda-1', null, '2025-09-06T03:00:01Z', 0, 5),
  ('2025-09-07T03:00Z', 'EAST', 'MILK-1', 'L1', 'R-01', 'returned', 'return', 2, false, 'e6', 'O-1', '1', null, '王五', 'pda-1', null, '2025-09-07T03:00:01Z', 0, 6),
  -- a late row: it happened on the 2nd and became known on the 8th
  ('2025-09-02T03:00Z', 'EAST', 'MILK-1', 'L1', 'A1-02', 'sellable', 'scrap', -1, false, 'e7', null, null, null, '李四', 'pda-2', null, '2025-09-08T03:00:01Z', 0, 7);
insert into inventory.journal (occurred_at, event_id, type, warehouse, sku, key, line_id, body, log_partition, log_offset) values
  ('2025-09-05T02:00Z', 'o1', 'order_line', 'EAST', 'MILK-1', 'O-1', '1', '{"type":"order_line","ordered":81.0073,"shipped":0,"state":"open","version":1}', 0, 8);
insert into inventory.orders (warehouse, order_id, line_id, sku, ordered, shipped, shipped_reported, shipped_scanned, cancelled, state, version, occurred_at, event_id) values
  ('EAST', 'O-1', '1', 'MILK-1', 81.0073, 51.0073, 0, 51.0073, 0, 'open', 1, '2025-09-05T02:00Z', 'o1');
insert into inventory.offsets (log_partition, topic, next_offset, consumed, applied, repeats, rejects) values
  (0, 'inventory.events', 12, 12, 9, 2, 1), (1, 'inventory.events', 2, 2, 2, 0, 0);
insert into inventory.rejects (topic, partition, "offset", code, field, message, event_id, payload, payload_size) values
  ('wms.scans', 0, 17, 'bad_value', 'quantity', 'quantity must be above 0, but is -3', 'x1', '{"quantity":-3}', 15);
insert into inventory.lag (minute, warehouse, kind, log_partition, events, over_1s, over_3s, total_counts,
  to_committed_counts, to_recorded_counts, to_sent_counts, to_broker_counts)
select date_trunc('minute', now()), 'EAST', 'live', 0, 100, 1, 0,
  array_fill(0::bigint, array[40]) || array[90::bigint, 9] || array_fill(0::bigint, array[37]) || array[1::bigint],
  array_fill(0::bigint, array[10]) || array[100::bigint], '{}', '{}', '{}';
