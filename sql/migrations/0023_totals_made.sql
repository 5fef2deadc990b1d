-- When each sum for screens was last worked out. Its rows change only where a figure does, so that
-- a quiet hour writes nothing; `made_at` there is the last change of the row.
CREATE TABLE inventory.totals_made (
    relation    text PRIMARY KEY,
    made_at     timestamptz NOT NULL,
    changed     integer NOT NULL,
    duration_ms integer NOT NULL
) WITH (fillfactor = 50);

-- From here on the stock flow writes throughput with the movements; what was there before is added
-- up once, as far back as it is kept.
TRUNCATE inventory.throughput;
UPDATE inventory.retention AS r SET gone_before = greatest(
    (SELECT m.gone_before FROM inventory.retention AS m WHERE m.relation = 'movements'),
    (SELECT max(c.range_end) FROM timescaledb_information.chunks AS c
     WHERE c.hypertable_schema = 'inventory' AND c.hypertable_name = 'movements'
       AND c.range_end < now() - make_interval(days => r.keep_days)))
WHERE r.relation = 'throughput';
INSERT INTO inventory.throughput (at, warehouse, type, lines, inbound, outbound)
SELECT
    public.time_bucket('10 minutes', m.occurred_at), m.warehouse, m.type, count(*),
    coalesce(sum(m.quantity) FILTER (WHERE m.quantity > 0), 0),
    coalesce(-sum(m.quantity) FILTER (WHERE m.quantity < 0), 0)
FROM inventory.movements AS m
WHERE m.occurred_at >= coalesce((
    SELECT r.gone_before FROM inventory.retention AS r WHERE r.relation = 'throughput'), '-infinity')
GROUP BY 1, 2, 3;
