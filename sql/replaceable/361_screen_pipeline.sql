-- The pipeline for boards: how late, how much, what was refused, what is missing, what waits. Each
-- view reads tables of the present, or a stretch of time that an index bounds.

-- Per minute, warehouse and kind, of the last day; without the histograms.
CREATE VIEW screen.lag_minutes WITH (security_invoker = off) AS
SELECT l.minute AS time, l.warehouse, l.kind, l.events, l.over_1s, l.over_3s, l.p50, l.p95, l.p99
FROM inventory.lag AS l
WHERE l.minute > now() - interval '1 day';

-- Lag of the last 15 minutes per warehouse and kind.
CREATE VIEW screen.lag_warehouses WITH (security_invoker = off) AS
WITH recent AS (
    SELECT * FROM inventory.lag AS l WHERE l.minute > now() - interval '15 minutes'
),
totals AS (
    SELECT r.warehouse, r.kind, sum(r.events)::bigint AS events, sum(r.over_1s)::bigint AS over_1s,
        sum(r.over_3s)::bigint AS over_3s
    FROM recent AS r
    GROUP BY r.warehouse, r.kind
),
buckets AS (
    SELECT r.warehouse, r.kind, b.i, sum(b.n)::bigint AS n
    FROM recent AS r
    CROSS JOIN LATERAL unnest(r.total_counts) WITH ORDINALITY AS b (n, i)
    GROUP BY r.warehouse, r.kind, b.i
),
histograms AS (
    SELECT b.warehouse, b.kind, array_agg(b.n ORDER BY b.i) AS counts
    FROM buckets AS b
    GROUP BY b.warehouse, b.kind
)
SELECT
    t.warehouse,
    coalesce(w.name, w.name_zh, t.warehouse) AS warehouse_en,
    coalesce(w.name_zh, w.name, t.warehouse) AS warehouse_zh,
    t.kind,
    t.events,
    inventory.lag_quantile(h.counts, 0.50) AS p50,
    inventory.lag_quantile(h.counts, 0.95) AS p95,
    inventory.lag_quantile(h.counts, 0.99) AS p99,
    t.over_1s::double precision / nullif(t.events, 0) AS share_over_1s,
    t.over_3s::double precision / nullif(t.events, 0) AS share_over_3s
FROM totals AS t
LEFT JOIN histograms AS h USING (warehouse, kind)
LEFT JOIN inventory.warehouses AS w USING (warehouse);

-- How far each log partition is. What is still on the log the database cannot know: a partition that
-- falls behind is seen by its clock, which lags by as much.
CREATE VIEW screen.partitions_now WITH (security_invoker = off) AS
SELECT
    o.log_partition,
    array_to_string(ARRAY(
        SELECT p.warehouse FROM inventory.partitions AS p
        WHERE p.log_partition = o.log_partition ORDER BY p.warehouse), ', ') AS warehouses,
    o.next_offset,
    extract(epoch FROM now() - o.clock_at)::double precision AS clock_age_seconds,
    extract(epoch FROM now() - o.updated_at)::double precision AS idle_seconds,
    coalesce(l.events, 0) / 300.0 AS per_second,
    o.consumed,
    o.applied,
    o.repeats,
    o.rejects
FROM inventory.offsets AS o
LEFT JOIN (
    SELECT g.log_partition, sum(g.events) AS events
    FROM inventory.lag AS g
    WHERE g.minute > now() - interval '5 minutes'
    GROUP BY g.log_partition
) AS l USING (log_partition);

-- What was refused in the last day, the latest 5,000; without the messages themselves.
CREATE VIEW screen.rejects_day WITH (security_invoker = off) AS
SELECT r.at, r.topic, r.partition, r."offset", r.code, r.field, r.message, r.event_id
FROM inventory.rejects AS r
WHERE r.at > now() - interval '1 day'
ORDER BY r.at DESC
LIMIT 5000;

-- The numbers of some devices that have not come, 200 devices at most. As owner: what the view
-- devices calls by name is out of a board's reach.
CREATE FUNCTION screen.missing_numbers(asked text[])
RETURNS TABLE (device text, missing bigint)
LANGUAGE sql STABLE SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
    SELECT d.device, greatest(d.missing - d.unrecorded, 0)::bigint
    FROM inventory.devices AS d
    WHERE d.device = ANY (asked[1:200])
$$;

-- Devices: when each was heard, and how many of its numbers have not come. Where as many numbers
-- were kept as the last one says none is missing; the others are worked out, the latest 200.
CREATE VIEW screen.devices_now WITH (security_invoker = off) AS
WITH heard AS (
    SELECT
        d.device,
        (array_agg(d.warehouse ORDER BY d.last_seen_at DESC NULLS LAST))[1] AS warehouse,
        max(d.last_seen_at) AS last_seen_at,
        max(d.last_seq) AS last_seq,
        sum(d.reused)::bigint AS reused,
        max(d.last_seq) IS NULL OR (count(*) = 1 AND sum(d.recorded) = max(d.last_seq)) AS whole
    FROM inventory.device_sequences AS d
    GROUP BY d.device
),
doubtful AS (
    SELECT h.device, h.last_seen_at FROM heard AS h WHERE NOT h.whole
    ORDER BY h.last_seen_at DESC NULLS LAST
    LIMIT 200
)
SELECT
    h.device,
    h.warehouse,
    coalesce(w.name, w.name_zh, h.warehouse) AS warehouse_en,
    coalesce(w.name_zh, w.name, h.warehouse) AS warehouse_zh,
    h.last_seen_at,
    extract(epoch FROM now() - h.last_seen_at)::double precision AS silent_seconds,
    h.last_seq,
    CASE WHEN h.whole THEN 0 ELSE c.missing END AS missing,
    h.reused
FROM heard AS h
LEFT JOIN screen.missing_numbers(ARRAY(SELECT q.device FROM doubtful AS q)) AS c USING (device)
LEFT JOIN inventory.warehouses AS w ON w.warehouse = h.warehouse;

-- What waits for each receiver, and whether its circuit is closed (messages flow), open (none is
-- sent until `open_until`) or it is switched off.
CREATE VIEW screen.relay_queue WITH (security_invoker = off) AS
WITH waiting AS (
    SELECT d.receiver, d.created_at FROM inventory.dispatches AS d WHERE d.state = 'waiting'
    UNION ALL
    SELECT 'kafka', b.created_at FROM inventory.outbox AS b WHERE NOT b.spread
),
queues AS (
    SELECT w.receiver, count(*) AS waiting, min(w.created_at) AS oldest
    FROM waiting AS w
    GROUP BY w.receiver
),
receivers AS (
    SELECT 'kafka' AS receiver, true AS active, 0 AS failures, NULL::timestamptz AS open_until
    UNION ALL
    SELECT e.name, e.active, e.failures, e.open_until FROM inventory.endpoints AS e
)
SELECT
    receiver,
    CASE
        WHEN NOT coalesce(r.active, false) THEN 'off'
        WHEN r.open_until > now() THEN 'open'
        ELSE 'closed'
    END AS circuit,
    coalesce(q.waiting, 0) AS waiting,
    coalesce(extract(epoch FROM now() - q.oldest), 0)::double precision AS oldest_seconds,
    coalesce(r.failures, 0) AS failures,
    r.open_until
FROM receivers AS r
FULL JOIN queues AS q USING (receiver);

-- Per topic that is taken in: how much, and when last.
CREATE VIEW screen.intake_now WITH (security_invoker = off) AS
SELECT
    i.topic,
    count(*) AS partitions,
    sum(i.consumed)::bigint AS consumed,
    sum(i.events)::bigint AS events,
    sum(i.ignored)::bigint AS ignored,
    sum(i.rejects)::bigint AS rejects,
    max(i.updated_at) AS updated_at,
    extract(epoch FROM now() - max(i.updated_at))::double precision AS idle_seconds
FROM inventory.intake AS i
GROUP BY i.topic;

-- The work that is done now and then: the latest forecast of each warehouse, and letting go of rows.
CREATE VIEW screen.forecasts_now WITH (security_invoker = off) AS
SELECT
    f.warehouse,
    coalesce(w.name, w.name_zh, f.warehouse) AS warehouse_en,
    coalesce(w.name_zh, w.name, f.warehouse) AS warehouse_zh,
    f.made_on,
    f.at,
    f.series,
    f.skipped,
    f.wape,
    f.plain_wape,
    f.bias,
    f.duration_ms
FROM inventory.forecast_runs AS f
LEFT JOIN inventory.warehouses AS w USING (warehouse);

CREATE VIEW screen.retention_now WITH (security_invoker = off) AS
SELECT r.relation, r.keep_days, r.gone_before, r.done_at
FROM inventory.retention AS r;
