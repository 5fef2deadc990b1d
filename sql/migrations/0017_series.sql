-- Two series: what zones held at the end of each hour, and what was due to expire at the end of each
-- local day. A job beside the clock flow works them out from the tables (flows/series.py).

CREATE TABLE inventory.occupancy_hourly (
    hour            timestamptz NOT NULL,
    warehouse       text NOT NULL,
    zone            text NOT NULL DEFAULT '',
    bins            integer NOT NULL,
    quantity        numeric NOT NULL,
    volume          numeric NOT NULL,
    weight          numeric NOT NULL,
    max_quantity    numeric,
    max_volume      numeric,
    max_weight      numeric,
    filled_quantity numeric NOT NULL,
    filled_volume   numeric NOT NULL,
    filled_weight   numeric NOT NULL,
    occupancy       numeric,
    PRIMARY KEY (warehouse, zone, hour)
) WITH (autovacuum_vacuum_scale_factor = 0.05);
SELECT public.create_hypertable(
    'inventory.occupancy_hourly', public.by_range('hour', interval '30 days'));

CREATE TABLE inventory.expiry_daily (
    day               date NOT NULL,
    warehouse         text NOT NULL,
    category          text NOT NULL DEFAULT '',
    expiry_window     text NOT NULL,
    lots              integer NOT NULL CHECK (lots > 0),
    quantity          numeric NOT NULL,
    sellable_quantity numeric NOT NULL,
    value             numeric,
    PRIMARY KEY (warehouse, category, expiry_window, day)
) WITH (autovacuum_vacuum_scale_factor = 0.05);
SELECT public.create_hypertable(
    'inventory.expiry_daily', public.by_range('day', interval '180 days'));

-- How far a series of a warehouse goes, what was committed when it was made, and a sum of hashes of
-- what all its rows depend on besides movements.
CREATE TABLE inventory.series_runs (
    series       text NOT NULL CHECK (series IN ('occupancy_hourly', 'expiry_daily')),
    warehouse    text NOT NULL,
    starts_at    timestamptz NOT NULL,
    ends_at      timestamptz NOT NULL,
    committed_to timestamptz NOT NULL,
    fingerprint  numeric NOT NULL,
    PRIMARY KEY (series, warehouse)
);

INSERT INTO inventory.retention (relation, time_column, keep_days, needed) VALUES
    ('occupancy_hourly', 'hour', 400, false),
    ('expiry_daily', 'day', 800, false);
