-- Which numbers of which device have arrived: the proof that nothing is missing. One row per log
-- partition on which the device was heard; the view devices puts them together.
CREATE TABLE inventory.device_sequences (
    log_partition   integer NOT NULL,
    device          text NOT NULL,
    warehouse       text,
    seen            int8multirange NOT NULL DEFAULT '{}',
    last_seq        bigint,
    reused          bigint NOT NULL DEFAULT 0,
    unrecorded      bigint NOT NULL DEFAULT 0,
    last_seen_at    timestamptz,
    clock_offset_ms bigint,
    PRIMARY KEY (log_partition, device)
) WITH (fillfactor = 60, autovacuum_vacuum_scale_factor = 0.05);

-- Lag by stage, one row a minute, warehouse and kind. What was measured before has no stages: it
-- is dropped, the log can be measured again by nobody.
DROP TABLE inventory.lag;
CREATE TABLE inventory.lag (
    minute              timestamptz NOT NULL,
    warehouse           text NOT NULL,
    kind                text NOT NULL CHECK (kind IN ('live', 'offline', 'replay')),
    log_partition       integer NOT NULL,
    events              bigint NOT NULL,
    over_1s             bigint NOT NULL,
    over_3s             bigint NOT NULL,
    share_over_1s       double precision
        GENERATED ALWAYS AS (over_1s::double precision / nullif(events, 0)) STORED,
    share_over_3s       double precision
        GENERATED ALWAYS AS (over_3s::double precision / nullif(events, 0)) STORED,
    p50                 double precision,
    p95                 double precision,
    p99                 double precision,
    to_recorded_p50     double precision,
    to_recorded_p95     double precision,
    to_recorded_p99     double precision,
    to_sent_p50         double precision,
    to_sent_p95         double precision,
    to_sent_p99         double precision,
    to_broker_p50       double precision,
    to_broker_p95       double precision,
    to_broker_p99       double precision,
    to_committed_p50    double precision,
    to_committed_p95    double precision,
    to_committed_p99    double precision,
    total_counts        bigint[] NOT NULL,
    to_recorded_counts  bigint[] NOT NULL,
    to_sent_counts      bigint[] NOT NULL,
    to_broker_counts    bigint[] NOT NULL,
    to_committed_counts bigint[] NOT NULL,
    PRIMARY KEY (minute, warehouse, kind)
) WITH (fillfactor = 50, autovacuum_vacuum_scale_factor = 0.05);
CREATE INDEX lag_log_partition_minute_idx ON inventory.lag (log_partition, minute);
