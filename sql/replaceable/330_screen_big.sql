-- What the big screen shows besides the totals: throughput, turnover, shortages, responses.

-- In is what warehouses received (purchases, customers' returns, transfers), out is what left them
-- (orders, transfers, scrap, returns to suppliers). What only moved inside, changed its status or
-- was counted is neither.
CREATE VIEW screen.throughput WITH (security_invoker = off) AS
SELECT
    t.at AS time,
    t.warehouse,
    coalesce(w.name, w.name_zh, t.warehouse) AS warehouse_en,
    coalesce(w.name_zh, w.name, t.warehouse) AS warehouse_zh,
    t.type,
    t.lines,
    t.inbound,
    t.outbound
FROM inventory.throughput AS t
LEFT JOIN inventory.warehouses AS w USING (warehouse)
WHERE t.type IN ('inbound', 'transfer_in', 'return', 'outbound', 'transfer_out', 'scrap');

-- A turnover of several rows: Σ annualised × mean_value / Σ mean_value, which is Σ cost per day × 365
-- over Σ mean value, exactly.
CREATE VIEW screen.turnover_now WITH (security_invoker = off) AS
SELECT
    t.warehouse,
    coalesce(w.name, w.name_zh, t.warehouse) AS warehouse_en,
    coalesce(w.name_zh, w.name, t.warehouse) AS warehouse_zh,
    t.category,
    t.days,
    t.issue_cost,
    t.mean_value,
    t.annualised * t.mean_value AS annual_cost,
    t.annualised,
    t.days_of_inventory,
    t.made_at
FROM inventory.turnover_totals AS t
LEFT JOIN inventory.warehouses AS w USING (warehouse)
WHERE t.scope = 'warehouse_category';

CREATE VIEW screen.top_shortages WITH (security_invoker = off) AS
SELECT
    t.warehouse,
    coalesce(w.name, w.name_zh, t.warehouse) AS warehouse_en,
    coalesce(w.name_zh, w.name, t.warehouse) AS warehouse_zh,
    t.place,
    t.sku,
    coalesce(i.name, i.name_zh, t.sku) AS item_en,
    coalesce(i.name_zh, i.name, t.sku) AS item_zh,
    coalesce(i.category, '') AS category,
    t.on_hand,
    t.reserved,
    t.available,
    t.safety_stock,
    t.short,
    t.in_transit,
    t.incoming,
    t.stock_out_on,
    t.value_at_risk,
    t.made_at
FROM inventory.shortage_totals AS t
LEFT JOIN inventory.items AS i USING (sku)
LEFT JOIN inventory.warehouses AS w USING (warehouse);

-- How fast people answered the alerts of the last 24 hours.
CREATE VIEW screen.responses_day WITH (security_invoker = off) AS
SELECT
    t.alerts,
    t.unanswered,
    t.to_sent_p50_s,
    t.to_sent_p95_s,
    t.to_answer_p50_s,
    t.to_answer_p95_s,
    t.to_order_p50_s,
    t.to_order_p95_s,
    t.to_resolved_p50_s,
    t.to_resolved_p95_s,
    t.answered_within_10_min,
    t.ordered_within_1_h,
    t.made_at
FROM inventory.response_totals AS t
WHERE t.rule = '';
