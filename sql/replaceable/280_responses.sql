-- Alerts and actions for people who ask: what is open, and how long answers take.

-- What is not over yet, with the stock as it is now. Its sentence is the last one that has figures.
CREATE VIEW inventory.open_alerts WITH (security_invoker = off) AS
SELECT
    s.alert_id,
    s.rule,
    s.severity,
    s.state,
    s.warehouse,
    s.sku,
    i.name,
    i.name_zh,
    i.category,
    s.lot,
    s.bin,
    s.subject,
    s.opened_at,
    s.seen_at,
    s.acknowledged_at,
    s.acknowledged_by,
    s.threshold,
    s.observed,
    s.events,
    f.on_hand,
    f.available,
    f.in_transit,
    f.incoming,
    f.projected,
    f.safety_stock,
    f.water_level,
    (SELECT a.message_en FROM inventory.alerts AS a WHERE a.alert_id = s.alert_id
     AND a.transition <> 'acknowledged' ORDER BY a.at DESC, a.log_offset DESC LIMIT 1) AS message_en,
    (SELECT a.message_zh FROM inventory.alerts AS a WHERE a.alert_id = s.alert_id
     AND a.transition <> 'acknowledged' ORDER BY a.at DESC, a.log_offset DESC LIMIT 1) AS message_zh
FROM inventory.alert_state AS s
LEFT JOIN inventory.items AS i USING (sku)
LEFT JOIN inventory.stock_figures AS f ON f.warehouse = s.warehouse AND f.sku = s.sku
WHERE s.state <> 'resolved';

-- Actions whose reason still holds and whose work is not done.
CREATE VIEW inventory.open_actions WITH (security_invoker = off) AS
SELECT
    a.action_id,
    a.kind,
    a.state,
    a.warehouse,
    a.sku,
    i.name,
    i.name_zh,
    i.category,
    a.lot,
    a.subject,
    a.quantity,
    a.value,
    a.payload,
    a.approval,
    a.proposed_at,
    a.decided_at,
    a.decided_by,
    a.sent_at,
    a.alert_id,
    f.on_hand,
    f.available,
    f.in_transit,
    f.incoming,
    f.projected,
    f.reorder_point
FROM inventory.actions AS a
LEFT JOIN inventory.items AS i USING (sku)
LEFT JOIN inventory.stock_figures AS f ON f.warehouse = a.warehouse AND f.sku = a.sku
WHERE a.standing AND a.state IN ('proposed', 'approved', 'sent');

-- Which actions an alert led to: those that name it, and of a SKU that runs short the replenishment
-- that was under way or proposed while the alert lasted.
CREATE VIEW inventory.alert_actions WITH (security_invoker = off) AS
SELECT a.alert_id, a.action_id
FROM inventory.actions AS a
WHERE a.alert_id IS NOT NULL
UNION
SELECT o.alert_id, a.action_id
FROM inventory.alerts AS o
JOIN inventory.alert_times AS t USING (alert_id)
JOIN inventory.actions AS a
    ON a.warehouse = o.warehouse AND a.sku = o.sku AND a.kind = 'replenishment'
    AND a.created_at <= coalesce(t.resolved_at, now())
    AND (a.standing OR a.updated_at >= t.committed_at)
WHERE o.transition = 'opened' AND o.rule IN ('stock_out', 'below_safety', 'predicted_stock_out');

-- How long each episode took to be told, answered and over. An answer is a person's word about the
-- alert, or the decision about an action that it led to, by a person or by policy. A decision
-- taken before the alert answers it at once.
CREATE VIEW inventory.response_times WITH (security_invoker = off) AS
WITH acted AS (
    SELECT
        l.alert_id,
        -- What decides by itself does so in the transaction that proposes it.
        min(CASE WHEN a.approval = 'auto' THEN a.created_at
                 ELSE greatest(a.decided_at, a.created_at) END)
            FILTER (WHERE a.decided_at IS NOT NULL) AS decided_at,
        min(a.sent_at) FILTER (WHERE a.kind = 'replenishment') AS ordered_at,
        bool_or(a.kind = 'replenishment') AS replenished
    FROM inventory.alert_actions AS l
    JOIN inventory.actions AS a USING (action_id)
    GROUP BY l.alert_id
),
answered AS (
    SELECT
        t.*,
        o.sku,
        coalesce(c.replenished, false) AS replenished,
        CASE WHEN coalesce(o.spoken_at, t.acknowledged_at, c.decided_at) IS NOT NULL
             THEN greatest(least(o.spoken_at, t.acknowledged_at, c.decided_at), t.committed_at)
        END AS answered_at,
        CASE WHEN c.ordered_at IS NOT NULL THEN greatest(c.ordered_at, t.committed_at)
        END AS ordered_at
    FROM inventory.alert_times AS t
    LEFT JOIN acted AS c USING (alert_id)
    CROSS JOIN LATERAL (
        SELECT
            min(a.sku) AS sku,
            min(a.at) FILTER (WHERE a.actor IS NOT NULL
                              AND a.transition IN ('acknowledged', 'resolved')) AS spoken_at
        FROM inventory.alerts AS a
        WHERE a.alert_id = t.alert_id
          AND a.at BETWEEN t.committed_at AND coalesce(t.resolved_at, 'infinity')
    ) AS o
)
SELECT
    a.alert_id,
    a.rule,
    a.severity,
    a.warehouse,
    a.sku,
    a.occurred_at,
    a.committed_at,
    a.sent_at,
    a.answered_at,
    a.ordered_at,
    a.resolved_at,
    a.replenished,
    round(extract(epoch FROM a.committed_at - a.occurred_at), 3) AS to_alert_s,
    round(extract(epoch FROM a.sent_at - a.committed_at), 3) AS to_sent_s,
    round(extract(epoch FROM a.answered_at - a.committed_at), 3) AS to_answer_s,
    round(extract(epoch FROM a.ordered_at - a.committed_at), 3) AS to_order_s,
    round(extract(epoch FROM a.resolved_at - a.committed_at), 3) AS to_resolved_s
FROM answered AS a;

-- The same per rule and warehouse, of the last 30 days. A share is that of the episodes whose time
-- to answer is known to be kept or missed: what was over by itself within it counts neither way.
CREATE VIEW inventory.response_summary WITH (security_invoker = off) AS
WITH known AS (
    SELECT
        r.*,
        coalesce(r.to_answer_s, r.to_resolved_s, extract(epoch FROM now() - r.committed_at))
            AS waited_s,
        coalesce(r.to_order_s, r.to_resolved_s, extract(epoch FROM now() - r.committed_at))
            AS unordered_s
    FROM inventory.response_times AS r
    WHERE r.committed_at > now() - interval '30 days'
),
summed AS (
    SELECT
        r.rule,
        r.warehouse,
        count(*) AS alerts,
        count(*) FILTER (WHERE r.answered_at IS NULL AND r.resolved_at IS NULL) AS unanswered,
        percentile_cont(ARRAY[0.5, 0.95]) WITHIN GROUP (ORDER BY r.to_alert_s::double precision)
            AS to_alert,
        percentile_cont(ARRAY[0.5, 0.95]) WITHIN GROUP (ORDER BY r.to_sent_s::double precision)
            AS to_sent,
        percentile_cont(ARRAY[0.5, 0.95]) WITHIN GROUP (ORDER BY r.to_answer_s::double precision)
            AS to_answer,
        percentile_cont(ARRAY[0.5, 0.95]) WITHIN GROUP (ORDER BY r.to_order_s::double precision)
            AS to_order,
        percentile_cont(ARRAY[0.5, 0.95]) WITHIN GROUP (ORDER BY r.to_resolved_s::double precision)
            AS to_resolved,
        count(*) FILTER (WHERE r.to_answer_s <= 600) AS in_10_min,
        count(*) FILTER (WHERE r.waited_s > 600) AS after_10_min,
        count(*) FILTER (WHERE r.replenished AND r.to_order_s <= 3600) AS in_1_h,
        count(*) FILTER (WHERE r.replenished AND r.unordered_s > 3600) AS after_1_h
    FROM known AS r
    GROUP BY r.rule, r.warehouse
)
SELECT
    s.rule,
    s.warehouse,
    s.alerts,
    s.unanswered,
    round(s.to_alert[1]::numeric, 3) AS to_alert_p50_s,
    round(s.to_alert[2]::numeric, 3) AS to_alert_p95_s,
    round(s.to_sent[1]::numeric, 3) AS to_sent_p50_s,
    round(s.to_sent[2]::numeric, 3) AS to_sent_p95_s,
    round(s.to_answer[1]::numeric, 3) AS to_answer_p50_s,
    round(s.to_answer[2]::numeric, 3) AS to_answer_p95_s,
    round(s.to_order[1]::numeric, 3) AS to_order_p50_s,
    round(s.to_order[2]::numeric, 3) AS to_order_p95_s,
    round(s.to_resolved[1]::numeric, 3) AS to_resolved_p50_s,
    round(s.to_resolved[2]::numeric, 3) AS to_resolved_p95_s,
    round(s.in_10_min::numeric / nullif(s.in_10_min + s.after_10_min, 0), 4)
        AS answered_within_10_min,
    round(s.in_1_h::numeric / nullif(s.in_1_h + s.after_1_h, 0), 4) AS ordered_within_1_h
FROM summed AS s;
