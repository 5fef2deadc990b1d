-- The ledger: what happened, append-only. No unique index on the hot path, no foreign keys.

CREATE TABLE inventory.movements (
    occurred_at   timestamptz NOT NULL,
    warehouse     text NOT NULL,
    sku           text NOT NULL,
    lot           text NOT NULL DEFAULT '',
    bin           text NOT NULL DEFAULT '',
    status        text NOT NULL
                  CHECK (status IN ('sellable', 'returned', 'hold', 'damaged')),
    type          text NOT NULL
                  CHECK (type IN ('outbound', 'inbound', 'move', 'stocktake', 'transfer_out',
                                  'transfer_in', 'return', 'scrap', 'status')),
    quantity      numeric(18, 4) NOT NULL,
    variance      boolean NOT NULL DEFAULT false,
    correction    boolean NOT NULL DEFAULT false,
    event_id      text NOT NULL,
    device_seq    bigint,
    order_id      text,
    line_id       text,
    document      text,
    operator      text,
    device        text,
    video_url     text,
    counterpart   text,
    reason        text,
    recorded_at   timestamptz,
    expires_on    date,
    produced_on   date,
    due_at        timestamptz,
    committed_at  timestamptz NOT NULL DEFAULT now(),
    log_partition integer NOT NULL,
    log_offset    bigint NOT NULL
);
SELECT public.create_hypertable(
    'inventory.movements', public.by_range('occurred_at', interval '7 days'));
CREATE INDEX movements_sku_warehouse_occurred_at_idx
    ON inventory.movements (sku, warehouse, occurred_at DESC);
CREATE INDEX movements_document_idx
    ON inventory.movements (document) WHERE document IS NOT NULL;

-- Every event that is not the leg of a movement, whole: images, counts, cancels, master data.
CREATE TABLE inventory.journal (
    committed_at  timestamptz NOT NULL DEFAULT now(),
    occurred_at   timestamptz NOT NULL,
    event_id      text NOT NULL,
    type          text NOT NULL,
    warehouse     text NOT NULL DEFAULT '',
    sku           text NOT NULL DEFAULT '',
    key           text NOT NULL DEFAULT '',
    line_id       text NOT NULL DEFAULT '',
    device_seq    bigint,
    body          jsonb NOT NULL,
    log_partition integer NOT NULL,
    log_offset    bigint NOT NULL
);
SELECT public.create_hypertable(
    'inventory.journal', public.by_range('committed_at', interval '7 days'));
CREATE INDEX journal_line_idx ON inventory.journal (key, line_id)
    WHERE type IN ('order_line', 'purchase_line');
CREATE INDEX journal_type_sku_key_idx ON inventory.journal (type, sku, key)
    WHERE type IN ('item', 'policy', 'bin', 'warehouse', 'stocktake', 'cancel', 'transfer_out',
                   'scrap');
CREATE INDEX journal_cancel_idx ON inventory.journal (event_id) WHERE type = 'cancel';

-- Absolute counts: what anchors the ledger, and what a late movement is corrected against.
CREATE TABLE inventory.counts (
    warehouse   text NOT NULL,
    sku         text NOT NULL,
    occurred_at timestamptz NOT NULL,
    device_seq  bigint NOT NULL DEFAULT 0,
    event_id    text NOT NULL,
    scope       text NOT NULL CHECK (scope IN ('lot', 'bin', 'sku')),
    bin         text NOT NULL DEFAULT '',
    lines       jsonb NOT NULL CHECK (jsonb_typeof(lines) = 'array'),
    document    text,
    operator    text,
    device      text,
    video_url   text,
    cancelled   boolean NOT NULL DEFAULT false,
    PRIMARY KEY (warehouse, sku, occurred_at, event_id)
);

CREATE TABLE inventory.cancels (
    log_partition integer NOT NULL,
    cancel_id     text NOT NULL,
    target_id     text NOT NULL,
    occurred_at   timestamptz NOT NULL,
    log_offset    bigint NOT NULL,
    PRIMARY KEY (log_partition, cancel_id)
);
CREATE INDEX cancels_target_id_idx ON inventory.cancels (target_id);
