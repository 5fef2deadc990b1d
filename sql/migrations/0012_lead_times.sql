-- Lead times: when a purchase line was ordered, when its last goods came, and per (warehouse, sku)
-- the sums from which mean and deviation follow.

ALTER TABLE inventory.purchases
    ADD COLUMN ordered_at             timestamptz,
    ADD COLUMN received_at            timestamptz,
    ADD COLUMN lead_seconds           bigint,
    ADD COLUMN received_scanned_at    timestamptz,
    ADD COLUMN received_reported_most numeric(18, 4),
    ADD COLUMN received_reported_at   timestamptz;

ALTER TABLE inventory.stock_figures
    ADD COLUMN lead_count   integer NOT NULL DEFAULT 0,
    ADD COLUMN lead_seconds numeric NOT NULL DEFAULT 0,
    ADD COLUMN lead_squares numeric NOT NULL DEFAULT 0;
