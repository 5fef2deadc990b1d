-- What was sent and what was not. A message that the relay has not taken up yet waits for Kafka, so
-- that a relay that does not run is seen here, too.
CREATE VIEW inventory.undelivered AS
SELECT o.message_id, o.topic, o.name, o.warehouse, o.severity, d.receiver, d.state, d.attempts,
    o.created_at, d.next_attempt_at, d.last_error
FROM inventory.dispatches AS d
JOIN inventory.outbox AS o USING (message_id)
WHERE d.state <> 'delivered'
UNION ALL
SELECT o.message_id, o.topic, o.name, o.warehouse, o.severity, 'kafka', 'waiting', 0,
    o.created_at, o.created_at, NULL
FROM inventory.outbox AS o
WHERE NOT o.spread;

-- "Delivered 100 %" is: no row of this view has a share below 1.
CREATE VIEW inventory.delivery_proof AS
WITH sent AS (
    SELECT d.topic, d.receiver, d.state,
        extract(epoch FROM d.delivered_at - d.created_at)::double precision AS latency
    FROM inventory.dispatches AS d
    UNION ALL
    SELECT o.topic, 'kafka', 'waiting', NULL
    FROM inventory.outbox AS o
    WHERE NOT o.spread
),
totals AS (
    SELECT s.topic, s.receiver,
        count(*) AS messages,
        count(*) FILTER (WHERE s.state = 'delivered') AS delivered,
        count(*) FILTER (WHERE s.state = 'waiting') AS waiting,
        count(*) FILTER (WHERE s.state = 'given_up') AS given_up,
        percentile_cont(ARRAY[0.5, 0.95, 0.99]) WITHIN GROUP (ORDER BY s.latency) AS latencies
    FROM sent AS s
    GROUP BY s.topic, s.receiver
)
SELECT t.topic, t.receiver, t.messages, t.delivered, t.waiting, t.given_up,
    t.delivered::double precision / t.messages AS share,
    t.latencies[1] AS p50, t.latencies[2] AS p95, t.latencies[3] AS p99
FROM totals AS t;
