-- The present: what a fold of the ledger gives. Rows are updated in place all the time, so
-- pages keep room for HOT updates (fillfactor) and vacuum comes early.

CREATE TABLE inventory.stock (
    warehouse      text NOT NULL,
    sku            text NOT NULL,
    on_hand        numeric(18, 4) NOT NULL DEFAULT 0,
    on_hold        numeric(18, 4) NOT NULL DEFAULT 0,
    reserved       numeric(18, 4) NOT NULL DEFAULT 0,
    available      numeric(18, 4) NOT NULL DEFAULT 0,
    in_transit     numeric(18, 4) NOT NULL DEFAULT 0,
    incoming       numeric(18, 4) NOT NULL DEFAULT 0,
    projected      numeric(18, 4) NOT NULL DEFAULT 0,
    safety_stock   numeric(18, 4),
    reorder_point  numeric(18, 4),
    max_stock      numeric(18, 4),
    water_level    text NOT NULL DEFAULT 'green'
                   CHECK (water_level IN ('red', 'yellow', 'green', 'over')),
    days_of_cover  numeric,
    unit_cost      numeric,
    value          numeric,
    moved_to       timestamptz,
    counted_to     timestamptz,
    updated_at     timestamptz,
    next_change_at timestamptz,
    version        bigint NOT NULL DEFAULT 0,
    PRIMARY KEY (warehouse, sku),
    CONSTRAINT stock_available_check CHECK (available = on_hand - on_hold - reserved),
    CONSTRAINT stock_projected_check CHECK (projected = on_hand + in_transit + incoming - reserved)
) WITH (
    fillfactor = 60,
    autovacuum_vacuum_scale_factor = 0.05,
    autovacuum_vacuum_cost_delay = 0,
    autovacuum_analyze_scale_factor = 0.2
);
CREATE INDEX stock_sku_idx ON inventory.stock (sku);
CREATE INDEX stock_next_change_at_idx ON inventory.stock (warehouse, next_change_at)
    WHERE next_change_at IS NOT NULL;

CREATE TABLE inventory.stock_bins (
    warehouse   text NOT NULL,
    bin         text NOT NULL DEFAULT '',
    sku         text NOT NULL,
    lot         text NOT NULL DEFAULT '',
    status      text NOT NULL
                CHECK (status IN ('sellable', 'returned', 'hold', 'damaged')),
    quantity    numeric(18, 4) NOT NULL,
    expires_on  date,
    received_at timestamptz,
    PRIMARY KEY (warehouse, sku, lot, bin, status)
) WITH (
    fillfactor = 70,
    autovacuum_vacuum_scale_factor = 0.05,
    autovacuum_vacuum_cost_delay = 0,
    autovacuum_analyze_scale_factor = 0.2
);
CREATE INDEX stock_bins_expires_on_idx ON inventory.stock_bins (warehouse, expires_on)
    WHERE expires_on IS NOT NULL;
CREATE INDEX stock_bins_bin_idx ON inventory.stock_bins (warehouse, bin);
CREATE INDEX stock_bins_lot_idx ON inventory.stock_bins (lot) WHERE lot <> '';

-- Each date is a register of its own: an event that states one of them says nothing of the other.
CREATE TABLE inventory.lot_dates (
    warehouse            text NOT NULL,
    sku                  text NOT NULL,
    lot                  text NOT NULL,
    expires_on           date,
    expires_occurred_at  timestamptz,
    expires_device_seq   bigint,
    expires_event_id     text,
    produced_on          date,
    produced_occurred_at timestamptz,
    produced_device_seq  bigint,
    produced_event_id    text,
    received_at          timestamptz,
    PRIMARY KEY (warehouse, sku, lot)
);
CREATE INDEX lot_dates_lot_idx ON inventory.lot_dates (lot);

-- What was shown when: one row per change and batch, never corrected.
CREATE TABLE inventory.stock_history (
    at            timestamptz NOT NULL DEFAULT now(),
    warehouse     text NOT NULL,
    sku           text NOT NULL,
    on_hand       numeric(18, 4) NOT NULL,
    reserved      numeric(18, 4) NOT NULL,
    available     numeric(18, 4) NOT NULL,
    water_level   text NOT NULL,
    log_partition integer NOT NULL,
    log_offset    bigint NOT NULL
);
SELECT public.create_hypertable(
    'inventory.stock_history', public.by_range('at', interval '7 days'));
CREATE INDEX stock_history_sku_warehouse_at_idx
    ON inventory.stock_history (sku, warehouse, at DESC);
