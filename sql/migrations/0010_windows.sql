-- Windows over time: days of a SKU, turnover, demand, expiry, occupancy; cost; classes; forecasts.

-- What a receipt cost, per base unit, where its system says so.
ALTER TABLE inventory.movements ADD COLUMN unit_cost numeric;

-- The table of figures gets what the turnover windows are worked out from; `stock` is now a view
-- of it (sql/replaceable/150_stock.sql) that adds what time alone changes.
ALTER TABLE inventory.stock RENAME TO stock_figures;
ALTER INDEX inventory.stock_pkey RENAME TO stock_figures_pkey;
ALTER INDEX inventory.stock_sku_idx RENAME TO stock_figures_sku_idx;
ALTER INDEX inventory.stock_next_change_at_idx RENAME TO stock_figures_next_change_at_idx;
ALTER TABLE inventory.stock_figures RENAME CONSTRAINT stock_available_check
    TO stock_figures_available_check;
ALTER TABLE inventory.stock_figures RENAME CONSTRAINT stock_projected_check
    TO stock_figures_projected_check;
ALTER TABLE inventory.stock_figures RENAME CONSTRAINT stock_water_level_check
    TO stock_figures_water_level_check;
ALTER TABLE inventory.stock_figures
    DROP COLUMN days_of_cover,
    ADD COLUMN demand_per_day numeric,
    ADD COLUMN stock_out_on date,
    ADD COLUMN below_safety_on date,
    ADD COLUMN first_on date,
    ADD COLUMN issued_on date,
    ADD COLUMN day date,
    ADD COLUMN day_net numeric NOT NULL DEFAULT 0,
    ADD COLUMN day_moment numeric NOT NULL DEFAULT 0,
    ADD COLUMN day_issues numeric NOT NULL DEFAULT 0,
    ADD COLUMN window_net numeric[],
    ADD COLUMN window_moment numeric[],
    ADD COLUMN window_issues numeric[],
    ADD COLUMN demand numeric[],
    ADD COLUMN layer_days date[],
    ADD COLUMN layer_quantities numeric[];

-- One row per local day on which something moved: no row, nothing moved, the level holds.
CREATE TABLE inventory.stock_daily (
    day          date NOT NULL,
    warehouse    text NOT NULL,
    sku          text NOT NULL,
    opening      numeric(18, 4) NOT NULL,
    inbound      numeric(18, 4) NOT NULL,
    outbound     numeric(18, 4) NOT NULL,
    other        numeric(18, 4) NOT NULL,
    closing      numeric(18, 4) NOT NULL,
    area         numeric NOT NULL,
    min          numeric(18, 4) NOT NULL,
    max          numeric(18, 4) NOT NULL,
    issues       numeric(18, 4) NOT NULL,
    received     numeric(18, 4) NOT NULL,
    moment       numeric NOT NULL,
    unit_cost    numeric,
    issue_cost   numeric NOT NULL,
    value        numeric NOT NULL,
    value_net    numeric NOT NULL,
    value_moment numeric NOT NULL,
    PRIMARY KEY (warehouse, sku, day),
    CONSTRAINT stock_daily_closing_check CHECK (closing = opening + inbound - outbound + other)
) WITH (fillfactor = 60, autovacuum_vacuum_scale_factor = 0.05);
SELECT public.create_hypertable(
    'inventory.stock_daily', public.by_range('day', interval '30 days'));

-- The same by category: what turnover by cost is worked out from. Every column is a sum.
CREATE TABLE inventory.turnover_daily (
    day          date NOT NULL,
    warehouse    text NOT NULL,
    category     text NOT NULL DEFAULT '',
    issues       numeric NOT NULL,
    issue_cost   numeric NOT NULL,
    net          numeric NOT NULL,
    moment       numeric NOT NULL,
    value_net    numeric NOT NULL,
    value_moment numeric NOT NULL,
    PRIMARY KEY (warehouse, category, day)
) WITH (fillfactor = 40, autovacuum_vacuum_scale_factor = 0.05);
SELECT public.create_hypertable(
    'inventory.turnover_daily', public.by_range('day', interval '180 days'));

-- Demand of closed days; a day without demand has no row.
CREATE TABLE inventory.demand_daily (
    day       date NOT NULL,
    warehouse text NOT NULL,
    sku       text NOT NULL,
    issues    numeric(18, 4) NOT NULL,
    PRIMARY KEY (warehouse, sku, day)
);
SELECT public.create_hypertable(
    'inventory.demand_daily', public.by_range('day', interval '30 days'));

-- How a SKU sells at a warehouse: its share of the issue value and how steady it is.
CREATE TABLE inventory.classes (
    warehouse   text NOT NULL,
    sku         text NOT NULL,
    abc         text CHECK (abc IN ('A', 'B', 'C')),
    xyz         text CHECK (xyz IN ('X', 'Y', 'Z')),
    issue_value numeric NOT NULL,
    variation   double precision,
    day         date NOT NULL,
    PRIMARY KEY (warehouse, sku)
);
