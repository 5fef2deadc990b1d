-- Space: the master data of bins become a table of their own name, so that `bins` can be a view that
-- adds what they hold (sql/replaceable/240_space.sql); what the stock flow writes does not change.
ALTER TABLE inventory.bins RENAME TO bin_places;
ALTER INDEX inventory.bins_pkey RENAME TO bin_places_pkey;
ALTER TABLE inventory.bin_places RENAME CONSTRAINT bins_bin_check TO bin_places_bin_check;

-- What the last look at a warehouse proposes to move, in the order in which to do it. Each look
-- replaces the warehouse's rows.
CREATE TABLE inventory.rebalancing (
    warehouse       text NOT NULL,
    n               integer NOT NULL CHECK (n > 0),
    made_at         timestamptz NOT NULL DEFAULT now(),
    kind            text NOT NULL CHECK (kind IN ('slow_mover_out', 'fast_mover_in')),
    sku             text NOT NULL,
    lot             text NOT NULL DEFAULT '',
    quantity        numeric(18, 4) NOT NULL CHECK (quantity > 0),
    from_zone       text,
    from_bin        text NOT NULL,
    to_zone         text,
    to_bin          text NOT NULL CHECK (to_bin <> from_bin),
    issues          numeric(18, 4) NOT NULL,
    from_occupancy  numeric,
    from_afterwards numeric,
    to_occupancy    numeric,
    to_afterwards   numeric,
    from_distance   double precision,
    to_distance     double precision,
    cautions        text[] NOT NULL DEFAULT '{}',
    reason_en       text NOT NULL,
    reason_zh       text NOT NULL,
    PRIMARY KEY (warehouse, n)
);

-- How long rows are kept; without days, for ever. `needed`: the fold may still ask for them, so that
-- never less is kept than the frozen horizon and a year (sql/replaceable/270_retention.sql).
CREATE TABLE inventory.retention (
    relation    text PRIMARY KEY,
    time_column text NOT NULL,
    keep_days   integer CHECK (keep_days > 0),
    needed      boolean NOT NULL DEFAULT false,
    gone_before timestamptz,
    done_at     timestamptz
);
INSERT INTO inventory.retention (relation, time_column, keep_days, needed) VALUES
    ('movements', 'occurred_at', 800, true),
    ('demand_daily', 'day', 800, true),
    ('stock_history', 'at', 90, false),
    ('alerts', 'at', 800, false),
    ('lag', 'minute', 90, false),
    ('rejects', 'at', 400, false),
    -- Images and policies are recalled from the journal, days and their sums begin at the first one.
    ('journal', 'committed_at', NULL, true),
    ('stock_daily', 'day', NULL, true),
    ('turnover_daily', 'day', NULL, true);

-- Σ of the movements that are no longer kept: with it on_hand is still Σ of all there ever were.
CREATE TABLE inventory.movement_balances (
    warehouse text NOT NULL,
    sku       text NOT NULL,
    lot       text NOT NULL,
    bin       text NOT NULL,
    status    text NOT NULL,
    quantity  numeric(18, 4) NOT NULL,
    PRIMARY KEY (warehouse, sku, lot, bin, status)
);
CREATE INDEX movement_balances_sku_idx ON inventory.movement_balances (sku);
