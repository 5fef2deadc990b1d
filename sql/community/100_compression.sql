-- Columnar compression of what no late event can change any more (frozen horizon 400 days, and a
-- month). A policy that is there is left as it is: its interval may be an administrator's choice.

ALTER TABLE inventory.movements SET (
    timescaledb.compress,
    timescaledb.compress_segmentby = 'warehouse',
    timescaledb.compress_orderby = 'sku, occurred_at DESC, log_offset'
);

SELECT public.add_compression_policy('inventory.movements', interval '430 days',
    if_not_exists => true);

ALTER TABLE inventory.journal SET (
    timescaledb.compress,
    timescaledb.compress_segmentby = 'type',
    timescaledb.compress_orderby = 'key, committed_at DESC, log_offset'
);

SELECT public.add_compression_policy('inventory.journal', interval '430 days',
    if_not_exists => true);

ALTER TABLE inventory.stock_daily SET (
    timescaledb.compress,
    timescaledb.compress_segmentby = 'warehouse',
    timescaledb.compress_orderby = 'sku, day'
);

SELECT public.add_compression_policy('inventory.stock_daily', interval '430 days',
    if_not_exists => true);

-- Written once and never corrected.
ALTER TABLE inventory.stock_history SET (
    timescaledb.compress,
    timescaledb.compress_segmentby = 'warehouse',
    timescaledb.compress_orderby = 'sku, at DESC'
);

SELECT public.add_compression_policy('inventory.stock_history', interval '14 days',
    if_not_exists => true);
