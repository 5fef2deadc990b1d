-- The log's side: who reads what, how far, what was seen, what was refused, how late it was.
-- One writer per log partition; the rows of a partition are touched by that writer alone, so
-- eight writers never wait for each other here.

CREATE TABLE inventory.partitions (
    warehouse     text PRIMARY KEY,
    log_partition integer NOT NULL CHECK (log_partition >= 0)
);

CREATE TABLE inventory.offsets (
    log_partition integer PRIMARY KEY CHECK (log_partition >= 0),
    topic         text NOT NULL,
    next_offset   bigint NOT NULL DEFAULT 0,
    generation    bigint NOT NULL DEFAULT 0,
    owner         text,
    clock_at      timestamptz,
    consumed      bigint NOT NULL DEFAULT 0,
    applied       bigint NOT NULL DEFAULT 0,
    repeats       bigint NOT NULL DEFAULT 0,
    rejects       bigint NOT NULL DEFAULT 0,
    updated_at    timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT offsets_consumed_check CHECK (consumed = applied + repeats + rejects)
) WITH (fillfactor = 10, autovacuum_vacuum_threshold = 500, autovacuum_vacuum_scale_factor = 0);

-- Sorted runs of 64-bit hashes, written once and merged now and then: EXTERNAL, for hashes do
-- not compress and trying costs time.
CREATE TABLE inventory.event_ids (
    log_partition integer NOT NULL,
    run           bigint NOT NULL,
    count         integer NOT NULL CHECK (count >= 0),
    newest        timestamptz,
    ids           bytea NOT NULL,
    prints        bytea NOT NULL,
    times         bytea NOT NULL,
    PRIMARY KEY (log_partition, run)
) WITH (
    autovacuum_vacuum_threshold = 50,
    autovacuum_vacuum_scale_factor = 0.2,
    toast.autovacuum_vacuum_threshold = 1000,
    toast.autovacuum_vacuum_scale_factor = 0.1
);
ALTER TABLE inventory.event_ids
    ALTER COLUMN ids SET STORAGE EXTERNAL,
    ALTER COLUMN prints SET STORAGE EXTERNAL,
    ALTER COLUMN times SET STORAGE EXTERNAL;

CREATE TABLE inventory.ticks (
    log_partition integer NOT NULL,
    at            timestamptz NOT NULL,
    log_offset    bigint NOT NULL,
    PRIMARY KEY (log_partition, at)
);

CREATE TABLE inventory.intake (
    topic       text NOT NULL,
    partition   integer NOT NULL,
    next_offset bigint NOT NULL DEFAULT 0,
    consumed    bigint NOT NULL DEFAULT 0,
    events      bigint NOT NULL DEFAULT 0,
    ignored     bigint NOT NULL DEFAULT 0,
    rejects     bigint NOT NULL DEFAULT 0,
    updated_at  timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (topic, partition)
) WITH (fillfactor = 10, autovacuum_vacuum_threshold = 500, autovacuum_vacuum_scale_factor = 0);

CREATE TABLE inventory.rejects (
    topic        text NOT NULL,
    partition    integer NOT NULL,
    "offset"     bigint NOT NULL,
    n            integer NOT NULL DEFAULT 0,
    at           timestamptz NOT NULL DEFAULT now(),
    code         text NOT NULL,
    field        text,
    message      text NOT NULL,
    event_id     text,
    payload      bytea CHECK (octet_length(payload) <= 10240),
    payload_size integer,
    PRIMARY KEY (topic, partition, "offset", n)
);
CREATE INDEX rejects_at_idx ON inventory.rejects (at);

CREATE TABLE inventory.lag (
    minute        timestamptz NOT NULL,
    warehouse     text NOT NULL,
    kind          text NOT NULL CHECK (kind IN ('live', 'offline', 'replay')),
    log_partition integer NOT NULL,
    generation    bigint NOT NULL,
    events        bigint NOT NULL,
    over_1s       bigint NOT NULL,
    over_3s       bigint NOT NULL,
    event_lag     bigint[] NOT NULL,
    broker_lag    bigint[] NOT NULL,
    PRIMARY KEY (minute, warehouse, kind, log_partition, generation)
) WITH (fillfactor = 50, autovacuum_vacuum_scale_factor = 0.05);
