-- Movements by the hour, kept up to date by the server. The refresh looks back over the frozen
-- horizon, and does again only the hours that late events touched.
CREATE MATERIALIZED VIEW IF NOT EXISTS inventory.movements_hourly
WITH (timescaledb.continuous, timescaledb.materialized_only = false) AS
SELECT
    public.time_bucket(interval '1 hour', occurred_at) AS hour,
    warehouse,
    type,
    count(*) AS legs,
    coalesce(sum(quantity) FILTER (WHERE quantity > 0), 0) AS came,
    coalesce(-sum(quantity) FILTER (WHERE quantity < 0), 0) AS went
FROM inventory.movements
GROUP BY 1, 2, 3
WITH NO DATA;

COMMENT ON VIEW inventory.movements_hourly IS
    'Movements per warehouse, type and hour: legs, quantity that came and that went.';

SELECT public.add_continuous_aggregate_policy('inventory.movements_hourly',
    start_offset => interval '400 days', end_offset => interval '1 hour',
    schedule_interval => interval '30 minutes', if_not_exists => true);

-- Three years of hours: longer than the movements themselves. What the tables keep is said in
-- table retention and done by forget(), here too: movements must leave their sums behind.
SELECT public.add_retention_policy('inventory.movements_hourly', interval '1100 days',
    if_not_exists => true);
