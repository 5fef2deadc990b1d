-- What the next 28 local days will sell, which method says so, and how wrong it was lately.

-- The latest forecast only: a warehouse's rows are replaced as a whole once a local day, so they
-- are a plain table of one size that vacuum keeps in shape, not a history in chunks.
CREATE TABLE inventory.forecasts (
    warehouse text NOT NULL,
    sku       text NOT NULL,
    day       date NOT NULL,
    made_on   date NOT NULL,
    quantity  numeric(18, 4) NOT NULL CHECK (quantity >= 0),
    low       numeric(18, 4) CHECK (low BETWEEN 0 AND quantity),
    high      numeric(18, 4) CHECK (high >= quantity),
    PRIMARY KEY (warehouse, sku, day),
    CONSTRAINT forecasts_day_check CHECK (day >= made_on)
) WITH (autovacuum_vacuum_scale_factor = 0.1);

-- The latest, and of the older ones those at least 28 days apart: their 28 days do not overlap.
CREATE TABLE inventory.forecast_quality (
    warehouse     text NOT NULL,
    sku           text NOT NULL,
    made_on       date NOT NULL,
    method        text NOT NULL CHECK (method IN ('mean', 'weekday_mean', 'ets', 'tsb')),
    history_days  integer NOT NULL CHECK (history_days > 0),
    wape          double precision,
    mase          double precision,
    plain_wape    double precision,
    plain_mase    double precision,
    bias          double precision,
    rejected      text CHECK (rejected IN ('ets', 'tsb')),
    rejected_wape double precision,
    PRIMARY KEY (warehouse, sku, made_on)
);

-- What the nightly work of a warehouse did last; made_on is the local day on which it is not due.
CREATE TABLE inventory.forecast_runs (
    warehouse    text PRIMARY KEY,
    made_on      date NOT NULL,
    at           timestamptz NOT NULL DEFAULT now(),
    series       integer NOT NULL,
    methods      jsonb NOT NULL CHECK (jsonb_typeof(methods) = 'object'),
    wape         double precision,
    plain_wape   double precision,
    bias         double precision,
    class_a      integer NOT NULL,
    class_b      integer NOT NULL,
    class_c      integer NOT NULL,
    unclassed    integer NOT NULL,
    duration_ms  integer NOT NULL
);
