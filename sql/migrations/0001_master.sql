-- Master data: warehouses, items, bins, policies; each row is the image of the latest event.

CREATE TABLE inventory.warehouses (
    warehouse   text PRIMARY KEY CHECK (warehouse <> ''),
    name        text,
    name_zh     text,
    region      text,
    timezone    text NOT NULL DEFAULT 'Asia/Shanghai',
    known       boolean NOT NULL DEFAULT true,
    occurred_at timestamptz,
    device_seq  bigint,
    event_id    text
);

CREATE TABLE inventory.items (
    sku             text PRIMARY KEY CHECK (sku <> ''),
    name            text,
    name_zh         text,
    category        text,
    barcode         text,
    unit_cost       numeric,
    unit_volume     numeric,
    unit_weight     numeric,
    shelf_life_days integer,
    fragile         boolean,
    high_value      boolean,
    bonded          boolean,
    protection      text,
    occurred_at     timestamptz NOT NULL,
    device_seq      bigint,
    event_id        text NOT NULL
);

CREATE TABLE inventory.bins (
    warehouse    text NOT NULL,
    bin          text NOT NULL CHECK (bin <> ''),
    zone         text,
    aisle        text,
    position     integer,
    x            numeric,
    y            numeric,
    max_quantity numeric(18, 4),
    max_volume   numeric,
    max_weight   numeric,
    active       boolean,
    occurred_at  timestamptz NOT NULL,
    device_seq   bigint,
    event_id     text NOT NULL,
    PRIMARY KEY (warehouse, bin)
);

-- One register per scope and field: a NULL value is a field that was unset, and remembers when.
CREATE TABLE inventory.policies (
    warehouse   text NOT NULL DEFAULT '',
    category    text NOT NULL DEFAULT '',
    sku         text NOT NULL DEFAULT '',
    field       text NOT NULL,
    value       numeric,
    occurred_at timestamptz NOT NULL,
    device_seq  bigint,
    event_id    text NOT NULL,
    PRIMARY KEY (warehouse, category, sku, field)
);
