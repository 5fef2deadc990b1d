-- Promises: customer order lines, purchase lines, transfers between warehouses.

CREATE TABLE inventory.orders (
    warehouse        text NOT NULL,
    order_id         text NOT NULL,
    line_id          text NOT NULL DEFAULT '',
    sku              text NOT NULL,
    ordered          numeric(18, 4) NOT NULL DEFAULT 0,
    shipped          numeric(18, 4) NOT NULL DEFAULT 0,
    shipped_reported numeric(18, 4) NOT NULL DEFAULT 0,
    shipped_scanned  numeric(18, 4) NOT NULL DEFAULT 0,
    cancelled        numeric(18, 4) NOT NULL DEFAULT 0,
    state            text NOT NULL CHECK (state IN ('open', 'held', 'closed')),
    version          bigint,
    due_at           timestamptz,
    document         text,
    occurred_at      timestamptz,
    event_id         text,
    PRIMARY KEY (warehouse, order_id, line_id, sku)
) WITH (
    fillfactor = 70,
    autovacuum_vacuum_scale_factor = 0.05,
    autovacuum_vacuum_cost_delay = 0
);
CREATE INDEX orders_open_idx ON inventory.orders (sku, warehouse) WHERE state = 'open';
CREATE INDEX orders_order_id_idx ON inventory.orders (order_id);

CREATE TABLE inventory.purchases (
    warehouse         text NOT NULL,
    order_id          text NOT NULL,
    line_id           text NOT NULL DEFAULT '',
    sku               text NOT NULL,
    ordered           numeric(18, 4) NOT NULL DEFAULT 0,
    received          numeric(18, 4) NOT NULL DEFAULT 0,
    received_reported numeric(18, 4) NOT NULL DEFAULT 0,
    received_scanned  numeric(18, 4) NOT NULL DEFAULT 0,
    cancelled         numeric(18, 4) NOT NULL DEFAULT 0,
    state             text NOT NULL CHECK (state IN ('open', 'held', 'closed')),
    version           bigint,
    due_at            timestamptz,
    document          text,
    counterpart       text,
    occurred_at       timestamptz,
    event_id          text,
    PRIMARY KEY (warehouse, order_id, line_id, sku)
) WITH (
    fillfactor = 70,
    autovacuum_vacuum_scale_factor = 0.05,
    autovacuum_vacuum_cost_delay = 0
);
CREATE INDEX purchases_open_idx ON inventory.purchases (sku, warehouse) WHERE state = 'open';
CREATE INDEX purchases_order_id_idx ON inventory.purchases (order_id);

-- The two derived columns are the database's own, so that no writer can say otherwise.
CREATE TABLE inventory.transfers (
    document    text NOT NULL DEFAULT '',
    sku         text NOT NULL,
    "from"      text NOT NULL,
    "to"        text NOT NULL,
    shipped     numeric(18, 4) NOT NULL DEFAULT 0,
    received    numeric(18, 4) NOT NULL DEFAULT 0,
    lost        numeric(18, 4) NOT NULL DEFAULT 0,
    in_transit  numeric(18, 4) GENERATED ALWAYS AS (shipped - received - lost) STORED,
    due_at      timestamptz,
    shipped_at  timestamptz,
    received_at timestamptz,
    state       text GENERATED ALWAYS AS (
        CASE
            WHEN received + lost > shipped THEN 'over'
            WHEN received + lost = shipped THEN 'received'
            WHEN received + lost > 0 THEN 'partial'
            ELSE 'in_transit'
        END
    ) STORED,
    PRIMARY KEY (document, sku, "from", "to")
) WITH (fillfactor = 70);
CREATE INDEX transfers_to_sku_idx ON inventory.transfers ("to", sku);
