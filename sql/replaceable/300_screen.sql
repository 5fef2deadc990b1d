-- What boards read: few rows, aggregated here. The views read the tables with their owner's
-- rights (security_invoker off), so that a board's role needs none on schema inventory.

CREATE VIEW screen.water_levels WITH (security_invoker = off) AS
SELECT
    s.warehouse,
    w.name,
    w.name_zh,
    count(*) AS skus,
    count(*) FILTER (WHERE s.water_level = 'red') AS red,
    count(*) FILTER (WHERE s.water_level = 'yellow') AS yellow,
    count(*) FILTER (WHERE s.water_level = 'green') AS green,
    count(*) FILTER (WHERE s.water_level = 'over') AS "over",
    sum(s.on_hand) AS on_hand,
    sum(s.available) AS available,
    sum(greatest(s.available, 0)) AS sellable,
    sum(s.value) AS value
FROM inventory.stock AS s
LEFT JOIN inventory.warehouses AS w USING (warehouse)
GROUP BY s.warehouse, w.name, w.name_zh;

CREATE VIEW screen.shortages WITH (security_invoker = off) AS
SELECT
    s.warehouse,
    s.sku,
    i.name,
    i.name_zh,
    i.category,
    s.on_hand,
    s.reserved,
    s.available,
    s.safety_stock,
    coalesce(s.safety_stock, 0) - s.available AS short,
    s.in_transit,
    s.incoming,
    s.projected,
    s.updated_at
FROM inventory.stock AS s
LEFT JOIN inventory.items AS i USING (sku)
WHERE s.water_level = 'red'
ORDER BY coalesce(s.safety_stock, 0) - s.available DESC, s.warehouse, s.sku;

CREATE VIEW screen.lag_now WITH (security_invoker = off) AS
WITH recent AS (
    SELECT * FROM inventory.lag WHERE minute > now() - interval '15 minutes'
),
totals AS (
    SELECT kind, sum(events)::bigint AS events, sum(over_1s)::bigint AS over_1s,
        sum(over_3s)::bigint AS over_3s
    FROM recent
    GROUP BY kind
),
buckets AS (
    SELECT r.kind, b.i, sum(b.total)::bigint AS total,
        sum(b.to_committed)::bigint AS to_committed
    FROM recent AS r
    CROSS JOIN LATERAL unnest(r.total_counts, r.to_committed_counts) WITH ORDINALITY
        AS b (total, to_committed, i)
    GROUP BY r.kind, b.i
),
histograms AS (
    SELECT kind, array_agg(coalesce(total, 0) ORDER BY i) AS total,
        array_agg(coalesce(to_committed, 0) ORDER BY i) AS to_committed
    FROM buckets
    GROUP BY kind
)
SELECT
    t.kind,
    t.events,
    inventory.lag_quantile(h.total, 0.50) AS p50,
    inventory.lag_quantile(h.total, 0.95) AS p95,
    inventory.lag_quantile(h.total, 0.99) AS p99,
    inventory.lag_quantile(h.to_committed, 0.50) AS broker_p50,
    inventory.lag_quantile(h.to_committed, 0.99) AS broker_p99,
    t.over_1s::double precision / nullif(t.events, 0) AS share_over_1s,
    t.over_3s::double precision / nullif(t.events, 0) AS share_over_3s
FROM totals AS t
LEFT JOIN histograms AS h USING (kind);

CREATE VIEW screen.progress WITH (security_invoker = off) AS
SELECT
    o.log_partition,
    o.topic,
    o.next_offset,
    o.generation,
    o.consumed,
    o.applied,
    o.repeats,
    o.rejects,
    o.clock_at,
    o.updated_at,
    extract(epoch FROM now() - o.updated_at)::double precision AS idle_seconds,
    p.warehouses
FROM inventory.offsets AS o
LEFT JOIN (
    SELECT log_partition, array_agg(warehouse ORDER BY warehouse) AS warehouses
    FROM inventory.partitions
    GROUP BY log_partition
) AS p USING (log_partition);

CREATE VIEW screen.warehouses_now WITH (security_invoker = off) AS
SELECT
    w.warehouse,
    w.name,
    w.name_zh,
    w.region,
    w.timezone,
    w.known,
    count(s.sku) AS skus,
    coalesce(sum(s.on_hand), 0) AS on_hand,
    coalesce(sum(s.on_hold), 0) AS on_hold,
    coalesce(sum(s.reserved), 0) AS reserved,
    coalesce(sum(s.available), 0) AS available,
    coalesce(sum(s.in_transit), 0) AS in_transit,
    coalesce(sum(s.incoming), 0) AS incoming,
    sum(s.value) AS value,
    max(s.moved_to) AS moved_to
FROM inventory.warehouses AS w
LEFT JOIN inventory.stock AS s USING (warehouse)
GROUP BY w.warehouse;

CREATE VIEW screen.moves_recent WITH (security_invoker = off) AS
SELECT
    m.occurred_at,
    m.warehouse,
    m.sku,
    i.name,
    i.name_zh,
    m.lot,
    m.bin,
    m.status,
    m.type,
    m.quantity,
    m.variance,
    m.correction,
    m.order_id,
    m.document,
    m.operator,
    m.device,
    m.counterpart,
    m.committed_at
FROM (
    SELECT * FROM inventory.movements
    WHERE occurred_at > now() - interval '1 day'
    ORDER BY occurred_at DESC
    LIMIT 500
) AS m
LEFT JOIN inventory.items AS i USING (sku)
ORDER BY m.occurred_at DESC;
