CREATE TABLE inventory.actions (
    action_id text NOT NULL,
    kind text NOT NULL,
    warehouse text NOT NULL,
    sku text NOT NULL DEFAULT ''::text,
    lot text NOT NULL DEFAULT ''::text,
    subject text NOT NULL DEFAULT ''::text,
    state text NOT NULL,
    standing boolean NOT NULL,
    approval text NOT NULL,
    quantity numeric(18,4),
    value numeric,
    payload jsonb NOT NULL DEFAULT '{}'::jsonb,
    roles text[] NOT NULL DEFAULT '{}'::text[],
    rule text,
    alert_id text,
    events text[] NOT NULL DEFAULT '{}'::text[],
    proposed_at timestamp with time zone NOT NULL,
    decided_at timestamp with time zone,
    decided_by text,
    channel text,
    reason text,
    sent_at timestamp with time zone,
    finished_at timestamp with time zone,
    created_at timestamp with time zone NOT NULL DEFAULT now(),
    updated_at timestamp with time zone NOT NULL DEFAULT now(),
    log_partition integer NOT NULL,
    log_offset bigint NOT NULL
);
ALTER TABLE inventory.actions SET (fillfactor=80);
ALTER TABLE inventory.actions ADD CONSTRAINT actions_approval_check CHECK ((approval = ANY (ARRAY['manual'::text, 'auto'::text])));
ALTER TABLE inventory.actions ADD CONSTRAINT actions_kind_check CHECK ((kind = ANY (ARRAY['replenishment'::text, 'clearance'::text, 'expedite'::text, 'rebalance'::text])));
ALTER TABLE inventory.actions ADD CONSTRAINT actions_payload_check CHECK ((jsonb_typeof(payload) = 'object'::text));
ALTER TABLE inventory.actions ADD CONSTRAINT actions_pkey PRIMARY KEY (action_id);
ALTER TABLE inventory.actions ADD CONSTRAINT actions_state_check CHECK ((state = ANY (ARRAY['proposed'::text, 'approved'::text, 'rejected'::text, 'sent'::text, 'done'::text, 'failed'::text, 'withdrawn'::text])));
CREATE INDEX actions_account_idx ON inventory.actions USING btree (warehouse, sku) WHERE standing;
CREATE INDEX actions_alert_id_idx ON inventory.actions USING btree (alert_id);
CREATE INDEX actions_state_idx ON inventory.actions USING btree (state, proposed_at);
CREATE TABLE inventory.alert_state (
    rule text NOT NULL,
    warehouse text NOT NULL DEFAULT ''::text,
    sku text NOT NULL DEFAULT ''::text,
    lot text NOT NULL DEFAULT ''::text,
    bin text NOT NULL DEFAULT ''::text,
    subject text NOT NULL DEFAULT ''::text,
    alert_id text NOT NULL,
    version integer NOT NULL,
    severity text NOT NULL,
    state text NOT NULL,
    opened_at timestamp with time zone NOT NULL,
    seen_at timestamp with time zone NOT NULL,
    resolved_at timestamp with time zone,
    threshold numeric,
    observed jsonb NOT NULL DEFAULT '{}'::jsonb,
    events text[] NOT NULL DEFAULT '{}'::text[],
    roles text[] NOT NULL DEFAULT '{}'::text[],
    acknowledged_at timestamp with time zone,
    acknowledged_by text,
    next_reminder_at timestamp with time zone,
    log_partition integer,
    log_offset bigint
);
ALTER TABLE inventory.alert_state SET (fillfactor=70);
ALTER TABLE inventory.alert_state ADD CONSTRAINT alert_state_alert_id_key UNIQUE (alert_id);
ALTER TABLE inventory.alert_state ADD CONSTRAINT alert_state_observed_check CHECK ((jsonb_typeof(observed) = 'object'::text));
ALTER TABLE inventory.alert_state ADD CONSTRAINT alert_state_pkey PRIMARY KEY (rule, warehouse, sku, lot, bin, subject);
ALTER TABLE inventory.alert_state ADD CONSTRAINT alert_state_resolved_check CHECK (((state = 'resolved'::text) = (resolved_at IS NOT NULL)));
ALTER TABLE inventory.alert_state ADD CONSTRAINT alert_state_severity_check CHECK ((severity = ANY (ARRAY['info'::text, 'warning'::text, 'critical'::text])));
ALTER TABLE inventory.alert_state ADD CONSTRAINT alert_state_state_check CHECK ((state = ANY (ARRAY['open'::text, 'acknowledged'::text, 'resolved'::text])));
CREATE INDEX alert_state_account_idx ON inventory.alert_state USING btree (warehouse, sku) WHERE (state <> 'resolved'::text);
CREATE INDEX alert_state_open_idx ON inventory.alert_state USING btree (severity, opened_at) WHERE (state <> 'resolved'::text);
CREATE TABLE inventory.alert_times (
    alert_id text NOT NULL,
    rule text NOT NULL,
    warehouse text NOT NULL DEFAULT ''::text,
    severity text NOT NULL,
    occurred_at timestamp with time zone NOT NULL,
    committed_at timestamp with time zone NOT NULL DEFAULT now(),
    sent_at timestamp with time zone,
    acknowledged_at timestamp with time zone,
    resolved_at timestamp with time zone
);
ALTER TABLE inventory.alert_times SET (fillfactor=80);
ALTER TABLE inventory.alert_times ADD CONSTRAINT alert_times_pkey PRIMARY KEY (alert_id);
CREATE INDEX alert_times_committed_at_idx ON inventory.alert_times USING btree (committed_at);
CREATE TABLE inventory.alerts (
    at timestamp with time zone NOT NULL DEFAULT now(),
    occurred_at timestamp with time zone NOT NULL,
    alert_id text NOT NULL,
    rule text NOT NULL,
    version integer NOT NULL,
    severity text NOT NULL,
    state text NOT NULL,
    warehouse text NOT NULL DEFAULT ''::text,
    sku text NOT NULL DEFAULT ''::text,
    lot text NOT NULL DEFAULT ''::text,
    bin text NOT NULL DEFAULT ''::text,
    subject text NOT NULL DEFAULT ''::text,
    roles text[] NOT NULL DEFAULT '{}'::text[],
    threshold numeric,
    observed jsonb NOT NULL DEFAULT '{}'::jsonb,
    events text[] NOT NULL DEFAULT '{}'::text[],
    message_en text NOT NULL,
    message_zh text NOT NULL,
    transition text NOT NULL,
    actor text,
    note text,
    log_partition integer,
    log_offset bigint
);
-- hypertable on at, chunks of 30 days
ALTER TABLE inventory.alerts ADD CONSTRAINT alerts_observed_check CHECK ((jsonb_typeof(observed) = 'object'::text));
ALTER TABLE inventory.alerts ADD CONSTRAINT alerts_severity_check CHECK ((severity = ANY (ARRAY['info'::text, 'warning'::text, 'critical'::text])));
ALTER TABLE inventory.alerts ADD CONSTRAINT alerts_state_check CHECK ((state = ANY (ARRAY['open'::text, 'acknowledged'::text, 'resolved'::text])));
ALTER TABLE inventory.alerts ADD CONSTRAINT alerts_transition_check CHECK ((transition = ANY (ARRAY['opened'::text, 'escalated'::text, 'eased'::text, 'acknowledged'::text, 'reminded'::text, 'resolved'::text])));
CREATE INDEX alerts_alert_id_idx ON inventory.alerts USING btree (alert_id, at DESC);
CREATE INDEX alerts_at_idx ON inventory.alerts USING btree (at DESC);
CREATE INDEX alerts_rule_idx ON inventory.alerts USING btree (rule, warehouse, at DESC);
CREATE TRIGGER ts_insert_blocker BEFORE INSERT ON inventory.alerts FOR EACH ROW EXECUTE FUNCTION _timescaledb_functions.insert_blocker();
CREATE TABLE inventory.bin_places (
    warehouse text NOT NULL,
    bin text NOT NULL,
    zone text,
    aisle text,
    "position" integer,
    x numeric,
    y numeric,
    max_quantity numeric(18,4),
    max_volume numeric,
    max_weight numeric,
    active boolean,
    occurred_at timestamp with time zone NOT NULL,
    device_seq bigint,
    event_id text NOT NULL
);
ALTER TABLE inventory.bin_places ADD CONSTRAINT bin_places_bin_check CHECK ((bin <> ''::text));
ALTER TABLE inventory.bin_places ADD CONSTRAINT bin_places_pkey PRIMARY KEY (warehouse, bin);
CREATE TABLE inventory.cancels (
    log_partition integer NOT NULL,
    cancel_id text NOT NULL,
    target_id text NOT NULL,
    occurred_at timestamp with time zone NOT NULL,
    log_offset bigint NOT NULL
);
ALTER TABLE inventory.cancels ADD CONSTRAINT cancels_pkey PRIMARY KEY (log_partition, cancel_id);
CREATE INDEX cancels_target_id_idx ON inventory.cancels USING btree (target_id);
CREATE TABLE inventory.classes (
    warehouse text NOT NULL,
    sku text NOT NULL,
    abc text,
    xyz text,
    issue_value numeric NOT NULL,
    variation double precision,
    day date NOT NULL
);
ALTER TABLE inventory.classes ADD CONSTRAINT classes_abc_check CHECK ((abc = ANY (ARRAY['A'::text, 'B'::text, 'C'::text])));
ALTER TABLE inventory.classes ADD CONSTRAINT classes_pkey PRIMARY KEY (warehouse, sku);
ALTER TABLE inventory.classes ADD CONSTRAINT classes_xyz_check CHECK ((xyz = ANY (ARRAY['X'::text, 'Y'::text, 'Z'::text])));
CREATE TABLE inventory.counts (
    warehouse text NOT NULL,
    sku text NOT NULL,
    occurred_at timestamp with time zone NOT NULL,
    device_seq bigint NOT NULL DEFAULT 0,
    event_id text NOT NULL,
    scope text NOT NULL,
    bin text NOT NULL DEFAULT ''::text,
    lines jsonb NOT NULL,
    document text,
    operator text,
    device text,
    video_url text,
    cancelled boolean NOT NULL DEFAULT false
);
ALTER TABLE inventory.counts ADD CONSTRAINT counts_lines_check CHECK ((jsonb_typeof(lines) = 'array'::text));
ALTER TABLE inventory.counts ADD CONSTRAINT counts_pkey PRIMARY KEY (warehouse, sku, occurred_at, event_id);
ALTER TABLE inventory.counts ADD CONSTRAINT counts_scope_check CHECK ((scope = ANY (ARRAY['lot'::text, 'bin'::text, 'sku'::text])));
CREATE TABLE inventory.deliveries (
    at timestamp with time zone NOT NULL,
    message_id text NOT NULL,
    receiver text NOT NULL,
    channel text NOT NULL,
    attempt integer NOT NULL,
    outcome text NOT NULL,
    status integer,
    error text,
    latency_ms bigint NOT NULL,
    duration_ms integer NOT NULL
);
-- hypertable on at, chunks of 30 days
ALTER TABLE inventory.deliveries ADD CONSTRAINT deliveries_outcome_check CHECK ((outcome = ANY (ARRAY['delivered'::text, 'failed'::text, 'gone'::text])));
CREATE INDEX deliveries_at_idx ON inventory.deliveries USING btree (at DESC);
CREATE INDEX deliveries_message_id_idx ON inventory.deliveries USING btree (message_id, at);
CREATE TRIGGER ts_insert_blocker BEFORE INSERT ON inventory.deliveries FOR EACH ROW EXECUTE FUNCTION _timescaledb_functions.insert_blocker();
CREATE TABLE inventory.demand_daily (
    day date NOT NULL,
    warehouse text NOT NULL,
    sku text NOT NULL,
    issues numeric(18,4) NOT NULL
);
-- hypertable on day, chunks of 30 days
ALTER TABLE inventory.demand_daily ADD CONSTRAINT demand_daily_pkey PRIMARY KEY (warehouse, sku, day);
CREATE INDEX demand_daily_day_idx ON inventory.demand_daily USING btree (day DESC);
CREATE TRIGGER ts_insert_blocker BEFORE INSERT ON inventory.demand_daily FOR EACH ROW EXECUTE FUNCTION _timescaledb_functions.insert_blocker();
CREATE TABLE inventory.device_blocks (
    device text NOT NULL,
    span integer NOT NULL,
    first_seq bigint NOT NULL,
    log_partition integer NOT NULL,
    bits bit(1024) NOT NULL
);
ALTER TABLE inventory.device_blocks SET (autovacuum_vacuum_scale_factor=0.05, fillfactor=60);
ALTER TABLE inventory.device_blocks ADD CONSTRAINT device_blocks_pkey PRIMARY KEY (device, span, first_seq, log_partition);
ALTER TABLE inventory.device_blocks ADD CONSTRAINT device_blocks_span_check CHECK ((span = ANY (ARRAY[1, 1024])));
CREATE TABLE inventory.device_sequences (
    log_partition integer NOT NULL,
    device text NOT NULL,
    warehouse text,
    last_seq bigint,
    reused bigint NOT NULL DEFAULT 0,
    unrecorded bigint NOT NULL DEFAULT 0,
    last_seen_at timestamp with time zone,
    clock_offset_ms bigint,
    recorded bigint NOT NULL DEFAULT 0,
    open_blocks bigint NOT NULL DEFAULT 0
);
ALTER TABLE inventory.device_sequences SET (autovacuum_vacuum_scale_factor=0.05, fillfactor=60);
ALTER TABLE inventory.device_sequences ADD CONSTRAINT device_sequences_pkey PRIMARY KEY (log_partition, device);
CREATE TABLE inventory.dispatches (
    message_id text NOT NULL,
    receiver text NOT NULL,
    number bigint NOT NULL,
    topic text NOT NULL,
    created_at timestamp with time zone NOT NULL,
    state text NOT NULL DEFAULT 'waiting'::text,
    attempts integer NOT NULL DEFAULT 0,
    first_at timestamp with time zone NOT NULL DEFAULT now(),
    next_attempt_at timestamp with time zone NOT NULL DEFAULT now(),
    leased_until timestamp with time zone,
    delivered_at timestamp with time zone,
    given_up_at timestamp with time zone,
    last_error text
);
ALTER TABLE inventory.dispatches SET (fillfactor=70);
ALTER TABLE inventory.dispatches ADD CONSTRAINT dispatches_delivered_check CHECK (((state = 'delivered'::text) = (delivered_at IS NOT NULL)));
ALTER TABLE inventory.dispatches ADD CONSTRAINT dispatches_given_up_check CHECK (((state = 'given_up'::text) = (given_up_at IS NOT NULL)));
ALTER TABLE inventory.dispatches ADD CONSTRAINT dispatches_pkey PRIMARY KEY (message_id, receiver);
ALTER TABLE inventory.dispatches ADD CONSTRAINT dispatches_state_check CHECK ((state = ANY (ARRAY['waiting'::text, 'delivered'::text, 'given_up'::text])));
CREATE INDEX dispatches_created_at_idx ON inventory.dispatches USING btree (created_at);
CREATE INDEX dispatches_waiting_idx ON inventory.dispatches USING btree (receiver, next_attempt_at, number) WHERE (state = 'waiting'::text);
CREATE TABLE inventory.endpoint_secrets (
    name text NOT NULL,
    secret text NOT NULL
);
ALTER TABLE inventory.endpoint_secrets ADD CONSTRAINT endpoint_secrets_name_fkey FOREIGN KEY (name) REFERENCES inventory.endpoints(name) ON DELETE CASCADE;
ALTER TABLE inventory.endpoint_secrets ADD CONSTRAINT endpoint_secrets_pkey PRIMARY KEY (name);
ALTER TABLE inventory.endpoint_secrets ADD CONSTRAINT endpoint_secrets_secret_check CHECK ((secret ~~ 'whsec\_%'::text));
CREATE TABLE inventory.endpoints (
    name text NOT NULL,
    url text NOT NULL,
    names text[] NOT NULL,
    active boolean NOT NULL DEFAULT true,
    allow_private boolean NOT NULL DEFAULT false,
    created_at timestamp with time zone NOT NULL DEFAULT now(),
    failures integer NOT NULL DEFAULT 0,
    open_until timestamp with time zone
);
ALTER TABLE inventory.endpoints SET (fillfactor=70);
ALTER TABLE inventory.endpoints ADD CONSTRAINT endpoints_failures_check CHECK ((failures >= 0));
ALTER TABLE inventory.endpoints ADD CONSTRAINT endpoints_name_check CHECK (((name ~ '^[a-z0-9][a-z0-9_-]{0,49}$'::text) AND (name <> 'kafka'::text)));
ALTER TABLE inventory.endpoints ADD CONSTRAINT endpoints_names_check CHECK ((cardinality(names) > 0));
ALTER TABLE inventory.endpoints ADD CONSTRAINT endpoints_pkey PRIMARY KEY (name);
CREATE TABLE inventory.event_ids (
    log_partition integer NOT NULL,
    run bigint NOT NULL,
    count integer NOT NULL,
    newest timestamp with time zone,
    ids bytea NOT NULL STORAGE e,
    prints bytea NOT NULL STORAGE e,
    times bytea NOT NULL STORAGE e
);
ALTER TABLE inventory.event_ids SET (autovacuum_vacuum_scale_factor=0.2, autovacuum_vacuum_threshold=50);
ALTER TABLE inventory.event_ids SET (toast: autovacuum_vacuum_scale_factor=0.1, autovacuum_vacuum_threshold=1000);
ALTER TABLE inventory.event_ids ADD CONSTRAINT event_ids_count_check CHECK ((count >= 0));
ALTER TABLE inventory.event_ids ADD CONSTRAINT event_ids_pkey PRIMARY KEY (log_partition, run);
CREATE TABLE inventory.expiry_daily (
    day date NOT NULL,
    warehouse text NOT NULL,
    category text NOT NULL DEFAULT ''::text,
    expiry_window text NOT NULL,
    lots integer NOT NULL,
    quantity numeric NOT NULL,
    sellable_quantity numeric NOT NULL,
    value numeric
);
ALTER TABLE inventory.expiry_daily SET (autovacuum_vacuum_scale_factor=0.05);
-- hypertable on day, chunks of 180 days
ALTER TABLE inventory.expiry_daily ADD CONSTRAINT expiry_daily_lots_check CHECK ((lots > 0));
ALTER TABLE inventory.expiry_daily ADD CONSTRAINT expiry_daily_pkey PRIMARY KEY (warehouse, category, expiry_window, day);
CREATE INDEX expiry_daily_day_idx ON inventory.expiry_daily USING btree (day DESC);
CREATE TRIGGER ts_insert_blocker BEFORE INSERT ON inventory.expiry_daily FOR EACH ROW EXECUTE FUNCTION _timescaledb_functions.insert_blocker();
CREATE TABLE inventory.expiry_totals (
    warehouse text NOT NULL,
    category text NOT NULL DEFAULT ''::text,
    expiry_window text NOT NULL,
    made_at timestamp with time zone NOT NULL,
    lots integer NOT NULL,
    quantity numeric NOT NULL,
    sellable_quantity numeric NOT NULL,
    value numeric
);
ALTER TABLE inventory.expiry_totals SET (fillfactor=50);
ALTER TABLE inventory.expiry_totals ADD CONSTRAINT expiry_totals_pkey PRIMARY KEY (warehouse, category, expiry_window);
CREATE TABLE inventory.forecast_quality (
    warehouse text NOT NULL,
    sku text NOT NULL,
    made_on date NOT NULL,
    method text NOT NULL,
    history_days integer NOT NULL,
    wape double precision,
    mase double precision,
    plain_wape double precision,
    plain_mase double precision,
    bias double precision,
    rejected text,
    rejected_wape double precision,
    skipped text
);
ALTER TABLE inventory.forecast_quality ADD CONSTRAINT forecast_quality_history_days_check CHECK ((history_days > 0));
ALTER TABLE inventory.forecast_quality ADD CONSTRAINT forecast_quality_method_check CHECK ((method = ANY (ARRAY['mean'::text, 'weekday_mean'::text, 'ets'::text, 'tsb'::text])));
ALTER TABLE inventory.forecast_quality ADD CONSTRAINT forecast_quality_pkey PRIMARY KEY (warehouse, sku, made_on);
ALTER TABLE inventory.forecast_quality ADD CONSTRAINT forecast_quality_rejected_check CHECK ((rejected = ANY (ARRAY['ets'::text, 'tsb'::text])));
ALTER TABLE inventory.forecast_quality ADD CONSTRAINT forecast_quality_skipped_check CHECK ((skipped = ANY (ARRAY['budget'::text, 'fit'::text])));
CREATE TABLE inventory.forecast_runs (
    warehouse text NOT NULL,
    made_on date NOT NULL,
    at timestamp with time zone NOT NULL DEFAULT now(),
    series integer NOT NULL,
    methods jsonb NOT NULL,
    wape double precision,
    plain_wape double precision,
    bias double precision,
    class_a integer NOT NULL,
    class_b integer NOT NULL,
    class_c integer NOT NULL,
    unclassed integer NOT NULL,
    duration_ms integer NOT NULL,
    skipped integer NOT NULL DEFAULT 0
);
ALTER TABLE inventory.forecast_runs ADD CONSTRAINT forecast_runs_methods_check CHECK ((jsonb_typeof(methods) = 'object'::text));
ALTER TABLE inventory.forecast_runs ADD CONSTRAINT forecast_runs_pkey PRIMARY KEY (warehouse);
CREATE TABLE inventory.forecasts (
    warehouse text NOT NULL,
    sku text NOT NULL,
    day date NOT NULL,
    made_on date NOT NULL,
    quantity numeric(18,4) NOT NULL,
    low numeric(18,4),
    high numeric(18,4)
);
ALTER TABLE inventory.forecasts SET (autovacuum_vacuum_scale_factor=0.1);
ALTER TABLE inventory.forecasts ADD CONSTRAINT forecasts_check CHECK (((low >= (0)::numeric) AND (low <= quantity)));
ALTER TABLE inventory.forecasts ADD CONSTRAINT forecasts_check1 CHECK ((high >= quantity));
ALTER TABLE inventory.forecasts ADD CONSTRAINT forecasts_day_check CHECK ((day >= made_on));
ALTER TABLE inventory.forecasts ADD CONSTRAINT forecasts_pkey PRIMARY KEY (warehouse, sku, day);
ALTER TABLE inventory.forecasts ADD CONSTRAINT forecasts_quantity_check CHECK ((quantity >= (0)::numeric));
CREATE TABLE inventory.intake (
    topic text NOT NULL,
    partition integer NOT NULL,
    next_offset bigint NOT NULL DEFAULT 0,
    consumed bigint NOT NULL DEFAULT 0,
    events bigint NOT NULL DEFAULT 0,
    ignored bigint NOT NULL DEFAULT 0,
    rejects bigint NOT NULL DEFAULT 0,
    updated_at timestamp with time zone NOT NULL DEFAULT now(),
    topic_id text
);
ALTER TABLE inventory.intake SET (autovacuum_vacuum_scale_factor=0, autovacuum_vacuum_threshold=500, fillfactor=10);
ALTER TABLE inventory.intake ADD CONSTRAINT intake_pkey PRIMARY KEY (topic, partition);
CREATE TABLE inventory.invariants (
    name text NOT NULL,
    at timestamp with time zone NOT NULL DEFAULT now(),
    checked bigint NOT NULL,
    wrong bigint NOT NULL,
    drift numeric NOT NULL,
    worst jsonb NOT NULL DEFAULT '[]'::jsonb,
    duration_ms integer NOT NULL,
    upto text,
    began_at timestamp with time zone,
    whole_since timestamp with time zone
);
ALTER TABLE inventory.invariants ADD CONSTRAINT invariants_check CHECK (((wrong >= 0) AND (wrong <= checked)));
ALTER TABLE inventory.invariants ADD CONSTRAINT invariants_checked_check CHECK ((checked >= 0));
ALTER TABLE inventory.invariants ADD CONSTRAINT invariants_drift_check CHECK ((drift >= (0)::numeric));
ALTER TABLE inventory.invariants ADD CONSTRAINT invariants_pkey PRIMARY KEY (name, at);
ALTER TABLE inventory.invariants ADD CONSTRAINT invariants_worst_check CHECK ((jsonb_typeof(worst) = 'array'::text));
CREATE INDEX invariants_at_idx ON inventory.invariants USING btree (at);
CREATE TABLE inventory.items (
    sku text NOT NULL,
    name text,
    name_zh text,
    category text,
    barcode text,
    unit_cost numeric,
    unit_volume numeric,
    unit_weight numeric,
    shelf_life_days integer,
    fragile boolean,
    high_value boolean,
    bonded boolean,
    protection text,
    occurred_at timestamp with time zone NOT NULL,
    device_seq bigint,
    event_id text NOT NULL
);
ALTER TABLE inventory.items ADD CONSTRAINT items_pkey PRIMARY KEY (sku);
ALTER TABLE inventory.items ADD CONSTRAINT items_sku_check CHECK ((sku <> ''::text));
CREATE TABLE inventory.journal (
    committed_at timestamp with time zone NOT NULL DEFAULT now(),
    occurred_at timestamp with time zone NOT NULL,
    event_id text NOT NULL,
    type text NOT NULL,
    warehouse text NOT NULL DEFAULT ''::text,
    sku text NOT NULL DEFAULT ''::text,
    key text NOT NULL DEFAULT ''::text,
    line_id text NOT NULL DEFAULT ''::text,
    device_seq bigint,
    body jsonb NOT NULL,
    log_partition integer NOT NULL,
    log_offset bigint NOT NULL
);
-- hypertable on committed_at, chunks of 7 days
CREATE INDEX journal_cancel_idx ON inventory.journal USING btree (event_id) WHERE (type = 'cancel'::text);
CREATE INDEX journal_committed_at_idx ON inventory.journal USING btree (committed_at DESC);
CREATE INDEX journal_decision_idx ON inventory.journal USING btree (((body ->> 'alert_id'::text))) WHERE (type = 'decision'::text);
CREATE INDEX journal_line_idx ON inventory.journal USING btree (key, line_id) WHERE (type = ANY (ARRAY['order_line'::text, 'purchase_line'::text]));
CREATE INDEX journal_observation_idx ON inventory.journal USING btree (occurred_at DESC) WHERE (type = 'observation'::text);
CREATE INDEX journal_occurred_at_idx ON inventory.journal USING btree (occurred_at);
CREATE INDEX journal_type_sku_key_idx ON inventory.journal USING btree (type, sku, key) WHERE (type = ANY (ARRAY['item'::text, 'policy'::text, 'bin'::text, 'warehouse'::text, 'stocktake'::text, 'cancel'::text, 'transfer_out'::text, 'scrap'::text]));
CREATE TRIGGER ts_insert_blocker BEFORE INSERT ON inventory.journal FOR EACH ROW EXECUTE FUNCTION _timescaledb_functions.insert_blocker();
CREATE TABLE inventory.lag (
    minute timestamp with time zone NOT NULL,
    warehouse text NOT NULL,
    kind text NOT NULL,
    log_partition integer NOT NULL,
    events bigint NOT NULL,
    over_1s bigint NOT NULL,
    over_3s bigint NOT NULL,
    share_over_1s double precision GENERATED ALWAYS AS (((over_1s)::double precision / (NULLIF(events, 0))::double precision)) STORED,
    share_over_3s double precision GENERATED ALWAYS AS (((over_3s)::double precision / (NULLIF(events, 0))::double precision)) STORED,
    p50 double precision,
    p95 double precision,
    p99 double precision,
    to_recorded_p50 double precision,
    to_recorded_p95 double precision,
    to_recorded_p99 double precision,
    to_sent_p50 double precision,
    to_sent_p95 double precision,
    to_sent_p99 double precision,
    to_broker_p50 double precision,
    to_broker_p95 double precision,
    to_broker_p99 double precision,
    to_committed_p50 double precision,
    to_committed_p95 double precision,
    to_committed_p99 double precision,
    total_counts bigint[] NOT NULL,
    to_recorded_counts bigint[] NOT NULL,
    to_sent_counts bigint[] NOT NULL,
    to_broker_counts bigint[] NOT NULL,
    to_committed_counts bigint[] NOT NULL
);
ALTER TABLE inventory.lag SET (autovacuum_vacuum_scale_factor=0.05, fillfactor=50);
ALTER TABLE inventory.lag ADD CONSTRAINT lag_kind_check CHECK ((kind = ANY (ARRAY['live'::text, 'offline'::text, 'replay'::text])));
ALTER TABLE inventory.lag ADD CONSTRAINT lag_pkey PRIMARY KEY (minute, warehouse, kind);
CREATE INDEX lag_log_partition_minute_idx ON inventory.lag USING btree (log_partition, minute);
CREATE TABLE inventory.lot_dates (
    warehouse text NOT NULL,
    sku text NOT NULL,
    lot text NOT NULL,
    expires_on date,
    expires_occurred_at timestamp with time zone,
    expires_device_seq bigint,
    expires_event_id text,
    produced_on date,
    produced_occurred_at timestamp with time zone,
    produced_device_seq bigint,
    produced_event_id text,
    received_at timestamp with time zone
);
ALTER TABLE inventory.lot_dates ADD CONSTRAINT lot_dates_pkey PRIMARY KEY (warehouse, sku, lot);
CREATE INDEX lot_dates_lot_idx ON inventory.lot_dates USING btree (lot);
CREATE TABLE inventory.movement_balances (
    warehouse text NOT NULL,
    sku text NOT NULL,
    lot text NOT NULL,
    bin text NOT NULL,
    status text NOT NULL,
    quantity numeric(18,4) NOT NULL
);
ALTER TABLE inventory.movement_balances ADD CONSTRAINT movement_balances_pkey PRIMARY KEY (warehouse, sku, lot, bin, status);
CREATE INDEX movement_balances_sku_idx ON inventory.movement_balances USING btree (sku);
CREATE TABLE inventory.movements (
    occurred_at timestamp with time zone NOT NULL,
    warehouse text NOT NULL,
    sku text NOT NULL,
    lot text NOT NULL DEFAULT ''::text,
    bin text NOT NULL DEFAULT ''::text,
    status text NOT NULL,
    type text NOT NULL,
    quantity numeric(18,4) NOT NULL,
    variance boolean NOT NULL DEFAULT false,
    correction boolean NOT NULL DEFAULT false,
    event_id text NOT NULL,
    device_seq bigint,
    order_id text,
    line_id text,
    document text,
    operator text,
    device text,
    video_url text,
    counterpart text,
    reason text,
    recorded_at timestamp with time zone,
    expires_on date,
    produced_on date,
    due_at timestamp with time zone,
    committed_at timestamp with time zone NOT NULL DEFAULT now(),
    log_partition integer NOT NULL,
    log_offset bigint NOT NULL,
    unit_cost numeric
);
-- hypertable on occurred_at, chunks of 7 days
ALTER TABLE inventory.movements ADD CONSTRAINT movements_status_check CHECK ((status = ANY (ARRAY['sellable'::text, 'returned'::text, 'hold'::text, 'damaged'::text])));
ALTER TABLE inventory.movements ADD CONSTRAINT movements_type_check CHECK ((type = ANY (ARRAY['outbound'::text, 'inbound'::text, 'move'::text, 'stocktake'::text, 'transfer_out'::text, 'transfer_in'::text, 'return'::text, 'scrap'::text, 'status'::text, 'adjustment'::text])));
CREATE INDEX movements_committed_at_idx ON inventory.movements USING brin (committed_at) WITH (pages_per_range='32');
CREATE INDEX movements_document_idx ON inventory.movements USING btree (document) WHERE (document IS NOT NULL);
CREATE INDEX movements_losses_idx ON inventory.movements USING btree (occurred_at) WHERE (type = ANY (ARRAY['stocktake'::text, 'scrap'::text, 'adjustment'::text]));
CREATE INDEX movements_occurred_at_idx ON inventory.movements USING btree (occurred_at DESC);
CREATE INDEX movements_sku_warehouse_occurred_at_idx ON inventory.movements USING btree (sku, warehouse, occurred_at DESC);
CREATE INDEX movements_video_idx ON inventory.movements USING btree (occurred_at DESC) WHERE (video_url IS NOT NULL);
CREATE TRIGGER ts_insert_blocker BEFORE INSERT ON inventory.movements FOR EACH ROW EXECUTE FUNCTION _timescaledb_functions.insert_blocker();
CREATE TABLE inventory.occupancy_hourly (
    hour timestamp with time zone NOT NULL,
    warehouse text NOT NULL,
    zone text NOT NULL DEFAULT ''::text,
    bins integer NOT NULL,
    quantity numeric NOT NULL,
    volume numeric NOT NULL,
    weight numeric NOT NULL,
    max_quantity numeric,
    max_volume numeric,
    max_weight numeric,
    filled_quantity numeric NOT NULL,
    filled_volume numeric NOT NULL,
    filled_weight numeric NOT NULL,
    occupancy numeric
);
ALTER TABLE inventory.occupancy_hourly SET (autovacuum_vacuum_scale_factor=0.05);
-- hypertable on hour, chunks of 30 days
ALTER TABLE inventory.occupancy_hourly ADD CONSTRAINT occupancy_hourly_pkey PRIMARY KEY (warehouse, zone, hour);
CREATE INDEX occupancy_hourly_hour_idx ON inventory.occupancy_hourly USING btree (hour DESC);
CREATE TRIGGER ts_insert_blocker BEFORE INSERT ON inventory.occupancy_hourly FOR EACH ROW EXECUTE FUNCTION _timescaledb_functions.insert_blocker();
CREATE TABLE inventory.offsets (
    log_partition integer NOT NULL,
    topic text NOT NULL,
    next_offset bigint NOT NULL DEFAULT 0,
    generation bigint NOT NULL DEFAULT 0,
    owner text,
    clock_at timestamp with time zone,
    consumed bigint NOT NULL DEFAULT 0,
    applied bigint NOT NULL DEFAULT 0,
    repeats bigint NOT NULL DEFAULT 0,
    rejects bigint NOT NULL DEFAULT 0,
    updated_at timestamp with time zone NOT NULL DEFAULT now(),
    topic_id text
);
ALTER TABLE inventory.offsets SET (autovacuum_vacuum_scale_factor=0, autovacuum_vacuum_threshold=500, fillfactor=10);
ALTER TABLE inventory.offsets ADD CONSTRAINT offsets_consumed_check CHECK ((consumed = ((applied + repeats) + rejects)));
ALTER TABLE inventory.offsets ADD CONSTRAINT offsets_log_partition_check CHECK ((log_partition >= 0));
ALTER TABLE inventory.offsets ADD CONSTRAINT offsets_pkey PRIMARY KEY (log_partition);
CREATE TABLE inventory.orders (
    warehouse text NOT NULL,
    order_id text NOT NULL,
    line_id text NOT NULL DEFAULT ''::text,
    sku text NOT NULL,
    ordered numeric(18,4) NOT NULL DEFAULT 0,
    shipped numeric(18,4) NOT NULL DEFAULT 0,
    shipped_reported numeric(18,4) NOT NULL DEFAULT 0,
    shipped_scanned numeric(18,4) NOT NULL DEFAULT 0,
    cancelled numeric(18,4) NOT NULL DEFAULT 0,
    state text NOT NULL,
    version bigint,
    due_at timestamp with time zone,
    document text,
    occurred_at timestamp with time zone,
    event_id text
);
ALTER TABLE inventory.orders SET (autovacuum_vacuum_cost_delay=0, autovacuum_vacuum_scale_factor=0.05, fillfactor=70);
ALTER TABLE inventory.orders ADD CONSTRAINT orders_pkey PRIMARY KEY (warehouse, order_id, line_id, sku);
ALTER TABLE inventory.orders ADD CONSTRAINT orders_state_check CHECK ((state = ANY (ARRAY['open'::text, 'held'::text, 'closed'::text])));
CREATE INDEX orders_open_idx ON inventory.orders USING btree (sku, warehouse) WHERE (state = 'open'::text);
CREATE INDEX orders_order_id_idx ON inventory.orders USING btree (order_id);
CREATE TABLE inventory.outbox (
    number bigint NOT NULL,
    message_id text NOT NULL,
    topic text NOT NULL,
    warehouse text NOT NULL DEFAULT ''::text,
    name text NOT NULL,
    severity text NOT NULL,
    roles text[] NOT NULL DEFAULT '{}'::text[],
    occurred_at timestamp with time zone NOT NULL,
    created_at timestamp with time zone NOT NULL DEFAULT now(),
    about text[] NOT NULL DEFAULT '{}'::text[],
    body jsonb NOT NULL,
    spread boolean NOT NULL DEFAULT false,
    answered boolean NOT NULL DEFAULT false
);
ALTER TABLE inventory.outbox SET (fillfactor=80);
ALTER TABLE inventory.outbox ADD CONSTRAINT outbox_body_check CHECK ((jsonb_typeof(body) = 'object'::text));
ALTER TABLE inventory.outbox ADD CONSTRAINT outbox_message_id_key UNIQUE (message_id);
ALTER TABLE inventory.outbox ADD CONSTRAINT outbox_pkey PRIMARY KEY (number);
ALTER TABLE inventory.outbox ADD CONSTRAINT outbox_topic_check CHECK ((topic = ANY (ARRAY['inventory.alerts'::text, 'inventory.actions'::text])));
CREATE INDEX outbox_created_at_idx ON inventory.outbox USING btree (created_at);
CREATE INDEX outbox_unanswered_idx ON inventory.outbox USING btree (number) WHERE (spread AND (NOT answered));
CREATE INDEX outbox_waiting_idx ON inventory.outbox USING btree (number) WHERE (NOT spread);
CREATE TABLE inventory.partitions (
    warehouse text NOT NULL,
    log_partition integer NOT NULL
);
ALTER TABLE inventory.partitions ADD CONSTRAINT partitions_log_partition_check CHECK ((log_partition >= 0));
ALTER TABLE inventory.partitions ADD CONSTRAINT partitions_pkey PRIMARY KEY (warehouse);
CREATE TABLE inventory.policies (
    warehouse text NOT NULL DEFAULT ''::text,
    category text NOT NULL DEFAULT ''::text,
    sku text NOT NULL DEFAULT ''::text,
    field text NOT NULL,
    value numeric,
    occurred_at timestamp with time zone NOT NULL,
    device_seq bigint,
    event_id text NOT NULL
);
ALTER TABLE inventory.policies ADD CONSTRAINT policies_pkey PRIMARY KEY (warehouse, category, sku, field);
CREATE TABLE inventory.purchases (
    warehouse text NOT NULL,
    order_id text NOT NULL,
    line_id text NOT NULL DEFAULT ''::text,
    sku text NOT NULL,
    ordered numeric(18,4) NOT NULL DEFAULT 0,
    received numeric(18,4) NOT NULL DEFAULT 0,
    received_reported numeric(18,4) NOT NULL DEFAULT 0,
    received_scanned numeric(18,4) NOT NULL DEFAULT 0,
    cancelled numeric(18,4) NOT NULL DEFAULT 0,
    state text NOT NULL,
    version bigint,
    due_at timestamp with time zone,
    document text,
    counterpart text,
    occurred_at timestamp with time zone,
    event_id text,
    ordered_at timestamp with time zone,
    received_at timestamp with time zone,
    lead_seconds bigint,
    received_scanned_at timestamp with time zone,
    received_reported_most numeric(18,4),
    received_reported_at timestamp with time zone
);
ALTER TABLE inventory.purchases SET (autovacuum_vacuum_cost_delay=0, autovacuum_vacuum_scale_factor=0.05, fillfactor=70);
ALTER TABLE inventory.purchases ADD CONSTRAINT purchases_pkey PRIMARY KEY (warehouse, order_id, line_id, sku);
ALTER TABLE inventory.purchases ADD CONSTRAINT purchases_state_check CHECK ((state = ANY (ARRAY['open'::text, 'held'::text, 'closed'::text])));
CREATE INDEX purchases_open_idx ON inventory.purchases USING btree (sku, warehouse) WHERE (state = 'open'::text);
CREATE INDEX purchases_order_id_idx ON inventory.purchases USING btree (order_id);
CREATE TABLE inventory.rebalancing (
    warehouse text NOT NULL,
    n integer NOT NULL,
    made_at timestamp with time zone NOT NULL DEFAULT now(),
    kind text NOT NULL,
    sku text NOT NULL,
    lot text NOT NULL DEFAULT ''::text,
    quantity numeric(18,4) NOT NULL,
    from_zone text,
    from_bin text NOT NULL,
    to_zone text,
    to_bin text NOT NULL,
    issues numeric(18,4) NOT NULL,
    from_occupancy numeric,
    from_afterwards numeric,
    to_occupancy numeric,
    to_afterwards numeric,
    from_distance double precision,
    to_distance double precision,
    cautions text[] NOT NULL DEFAULT '{}'::text[],
    reason_en text NOT NULL,
    reason_zh text NOT NULL
);
ALTER TABLE inventory.rebalancing ADD CONSTRAINT rebalancing_check CHECK ((to_bin <> from_bin));
ALTER TABLE inventory.rebalancing ADD CONSTRAINT rebalancing_kind_check CHECK ((kind = ANY (ARRAY['slow_mover_out'::text, 'fast_mover_in'::text])));
ALTER TABLE inventory.rebalancing ADD CONSTRAINT rebalancing_n_check CHECK ((n > 0));
ALTER TABLE inventory.rebalancing ADD CONSTRAINT rebalancing_pkey PRIMARY KEY (warehouse, n);
ALTER TABLE inventory.rebalancing ADD CONSTRAINT rebalancing_quantity_check CHECK ((quantity > (0)::numeric));
CREATE TABLE inventory.rejects (
    topic text NOT NULL,
    partition integer NOT NULL,
    "offset" bigint NOT NULL,
    n integer NOT NULL DEFAULT 0,
    at timestamp with time zone NOT NULL DEFAULT now(),
    code text NOT NULL,
    field text,
    message text NOT NULL,
    event_id text,
    payload bytea,
    payload_size integer
);
ALTER TABLE inventory.rejects ADD CONSTRAINT rejects_payload_check CHECK ((octet_length(payload) <= 10240));
ALTER TABLE inventory.rejects ADD CONSTRAINT rejects_pkey PRIMARY KEY (topic, partition, "offset", n);
CREATE INDEX rejects_at_idx ON inventory.rejects USING btree (at);
CREATE TABLE inventory.response_totals (
    rule text NOT NULL,
    warehouse text NOT NULL DEFAULT ''::text,
    made_at timestamp with time zone NOT NULL,
    alerts integer NOT NULL,
    unanswered integer NOT NULL,
    to_sent_p50_s numeric,
    to_sent_p95_s numeric,
    to_answer_p50_s numeric,
    to_answer_p95_s numeric,
    to_order_p50_s numeric,
    to_order_p95_s numeric,
    to_resolved_p50_s numeric,
    to_resolved_p95_s numeric,
    answered_within_10_min numeric,
    ordered_within_1_h numeric
);
ALTER TABLE inventory.response_totals SET (fillfactor=50);
ALTER TABLE inventory.response_totals ADD CONSTRAINT response_totals_pkey PRIMARY KEY (rule, warehouse);
CREATE TABLE inventory.retention (
    relation text NOT NULL,
    time_column text NOT NULL,
    keep_days integer,
    needed boolean NOT NULL DEFAULT false,
    gone_before timestamp with time zone,
    done_at timestamp with time zone
);
ALTER TABLE inventory.retention ADD CONSTRAINT retention_fold_needs_all_of_it CHECK (((keep_days IS NULL) OR (relation <> ALL (ARRAY['journal'::text, 'stock_daily'::text, 'turnover_daily'::text]))));
ALTER TABLE inventory.retention ADD CONSTRAINT retention_keep_days_check CHECK ((keep_days > 0));
ALTER TABLE inventory.retention ADD CONSTRAINT retention_pkey PRIMARY KEY (relation);
CREATE TABLE inventory.schema_migrations (
    name text NOT NULL,
    sha256 text NOT NULL,
    applied_at timestamp with time zone NOT NULL DEFAULT now()
);
ALTER TABLE inventory.schema_migrations ADD CONSTRAINT schema_migrations_pkey PRIMARY KEY (name);
CREATE TABLE inventory.series_runs (
    series text NOT NULL,
    warehouse text NOT NULL,
    starts_at timestamp with time zone NOT NULL,
    ends_at timestamp with time zone NOT NULL,
    committed_to timestamp with time zone NOT NULL,
    fingerprint numeric NOT NULL
);
ALTER TABLE inventory.series_runs ADD CONSTRAINT series_runs_pkey PRIMARY KEY (series, warehouse);
ALTER TABLE inventory.series_runs ADD CONSTRAINT series_runs_series_check CHECK ((series = ANY (ARRAY['occupancy_hourly'::text, 'expiry_daily'::text])));
CREATE TABLE inventory.shortage_totals (
    warehouse text NOT NULL,
    place integer NOT NULL,
    made_at timestamp with time zone NOT NULL,
    sku text NOT NULL,
    on_hand numeric NOT NULL,
    reserved numeric NOT NULL,
    available numeric NOT NULL,
    safety_stock numeric,
    short numeric NOT NULL,
    in_transit numeric NOT NULL,
    incoming numeric NOT NULL,
    projected numeric NOT NULL,
    demand_per_day numeric,
    stock_out_on date,
    value_at_risk numeric
);
ALTER TABLE inventory.shortage_totals SET (fillfactor=50);
ALTER TABLE inventory.shortage_totals ADD CONSTRAINT shortage_totals_pkey PRIMARY KEY (warehouse, place);
CREATE TABLE inventory.special_totals (
    warehouse text NOT NULL,
    category text NOT NULL DEFAULT ''::text,
    kind text NOT NULL,
    made_at timestamp with time zone NOT NULL,
    skus integer NOT NULL,
    quantity numeric NOT NULL,
    value numeric
);
ALTER TABLE inventory.special_totals SET (fillfactor=50);
ALTER TABLE inventory.special_totals ADD CONSTRAINT special_totals_kind_check CHECK ((kind = ANY (ARRAY['fragile'::text, 'high_value'::text, 'bonded'::text, 'on_hold'::text, 'returned'::text, 'damaged'::text])));
ALTER TABLE inventory.special_totals ADD CONSTRAINT special_totals_pkey PRIMARY KEY (warehouse, category, kind);
CREATE TABLE inventory.stock_bins (
    warehouse text NOT NULL,
    bin text NOT NULL DEFAULT ''::text,
    sku text NOT NULL,
    lot text NOT NULL DEFAULT ''::text,
    status text NOT NULL,
    quantity numeric(18,4) NOT NULL,
    expires_on date,
    received_at timestamp with time zone
);
ALTER TABLE inventory.stock_bins SET (autovacuum_analyze_scale_factor=0.2, autovacuum_vacuum_cost_delay=0, autovacuum_vacuum_scale_factor=0.05, fillfactor=70);
ALTER TABLE inventory.stock_bins ADD CONSTRAINT stock_bins_pkey PRIMARY KEY (warehouse, sku, lot, bin, status);
ALTER TABLE inventory.stock_bins ADD CONSTRAINT stock_bins_status_check CHECK ((status = ANY (ARRAY['sellable'::text, 'returned'::text, 'hold'::text, 'damaged'::text])));
CREATE INDEX stock_bins_bin_idx ON inventory.stock_bins USING btree (warehouse, bin);
CREATE INDEX stock_bins_expires_on_idx ON inventory.stock_bins USING btree (warehouse, expires_on) WHERE (expires_on IS NOT NULL);
CREATE INDEX stock_bins_lot_idx ON inventory.stock_bins USING btree (lot) WHERE (lot <> ''::text);
CREATE INDEX stock_bins_unsellable_idx ON inventory.stock_bins USING btree (status) WHERE (status <> 'sellable'::text);
CREATE TABLE inventory.stock_daily (
    day date NOT NULL,
    warehouse text NOT NULL,
    sku text NOT NULL,
    opening numeric(18,4) NOT NULL,
    inbound numeric(18,4) NOT NULL,
    outbound numeric(18,4) NOT NULL,
    other numeric(18,4) NOT NULL,
    closing numeric(18,4) NOT NULL,
    area numeric NOT NULL,
    min numeric(18,4) NOT NULL,
    max numeric(18,4) NOT NULL,
    issues numeric(18,4) NOT NULL,
    received numeric(18,4) NOT NULL,
    moment numeric NOT NULL,
    unit_cost numeric,
    issue_cost numeric NOT NULL,
    value numeric NOT NULL,
    value_net numeric NOT NULL,
    value_moment numeric NOT NULL
);
ALTER TABLE inventory.stock_daily SET (autovacuum_vacuum_scale_factor=0.05, fillfactor=60);
-- hypertable on day, chunks of 30 days
ALTER TABLE inventory.stock_daily ADD CONSTRAINT stock_daily_closing_check CHECK ((closing = (((opening + inbound) - outbound) + other)));
ALTER TABLE inventory.stock_daily ADD CONSTRAINT stock_daily_pkey PRIMARY KEY (warehouse, sku, day);
CREATE INDEX stock_daily_day_idx ON inventory.stock_daily USING btree (day DESC);
CREATE TRIGGER ts_insert_blocker BEFORE INSERT ON inventory.stock_daily FOR EACH ROW EXECUTE FUNCTION _timescaledb_functions.insert_blocker();
CREATE TABLE inventory.stock_figures (
    warehouse text NOT NULL,
    sku text NOT NULL,
    on_hand numeric(18,4) NOT NULL DEFAULT 0,
    on_hold numeric(18,4) NOT NULL DEFAULT 0,
    reserved numeric(18,4) NOT NULL DEFAULT 0,
    available numeric(18,4) NOT NULL DEFAULT 0,
    in_transit numeric(18,4) NOT NULL DEFAULT 0,
    incoming numeric(18,4) NOT NULL DEFAULT 0,
    projected numeric(18,4) NOT NULL DEFAULT 0,
    safety_stock numeric(18,4),
    reorder_point numeric(18,4),
    max_stock numeric(18,4),
    water_level text NOT NULL DEFAULT 'green'::text,
    unit_cost numeric,
    value numeric,
    moved_to timestamp with time zone,
    counted_to timestamp with time zone,
    updated_at timestamp with time zone,
    next_change_at timestamp with time zone,
    version bigint NOT NULL DEFAULT 0,
    demand_per_day numeric,
    stock_out_on date,
    below_safety_on date,
    first_on date,
    issued_on date,
    day date,
    day_net numeric NOT NULL DEFAULT 0,
    day_moment numeric NOT NULL DEFAULT 0,
    day_issues numeric NOT NULL DEFAULT 0,
    window_net numeric[],
    window_moment numeric[],
    window_issues numeric[],
    demand numeric[],
    layer_days date[],
    layer_quantities numeric[],
    lead_count integer NOT NULL DEFAULT 0,
    lead_seconds numeric NOT NULL DEFAULT 0,
    lead_squares numeric NOT NULL DEFAULT 0,
    review_at timestamp with time zone,
    basis double precision[]
);
ALTER TABLE inventory.stock_figures SET (autovacuum_analyze_scale_factor=0.2, autovacuum_vacuum_cost_delay=0, autovacuum_vacuum_scale_factor=0.05, fillfactor=60);
ALTER TABLE inventory.stock_figures ADD CONSTRAINT stock_figures_available_check CHECK ((available = ((on_hand - on_hold) - reserved)));
ALTER TABLE inventory.stock_figures ADD CONSTRAINT stock_figures_pkey PRIMARY KEY (warehouse, sku);
ALTER TABLE inventory.stock_figures ADD CONSTRAINT stock_figures_projected_check CHECK ((projected = (((on_hand + in_transit) + incoming) - reserved)));
ALTER TABLE inventory.stock_figures ADD CONSTRAINT stock_figures_water_level_check CHECK ((water_level = ANY (ARRAY['red'::text, 'yellow'::text, 'green'::text, 'over'::text])));
CREATE INDEX stock_figures_alarm_idx ON inventory.stock_figures USING btree (water_level, warehouse, sku) WHERE (water_level <> 'green'::text);
CREATE INDEX stock_figures_next_change_at_idx ON inventory.stock_figures USING btree (warehouse, next_change_at) WHERE (next_change_at IS NOT NULL);
CREATE INDEX stock_figures_review_at_idx ON inventory.stock_figures USING btree (warehouse, review_at) WHERE (review_at IS NOT NULL);
CREATE INDEX stock_figures_sku_idx ON inventory.stock_figures USING btree (sku);
CREATE TABLE inventory.stock_history (
    at timestamp with time zone NOT NULL DEFAULT now(),
    warehouse text NOT NULL,
    sku text NOT NULL,
    on_hand numeric(18,4) NOT NULL,
    reserved numeric(18,4) NOT NULL,
    available numeric(18,4) NOT NULL,
    water_level text NOT NULL,
    log_partition integer NOT NULL,
    log_offset bigint NOT NULL
);
-- hypertable on at, chunks of 7 days
CREATE INDEX stock_history_at_idx ON inventory.stock_history USING btree (at DESC);
CREATE INDEX stock_history_sku_warehouse_at_idx ON inventory.stock_history USING btree (sku, warehouse, at DESC);
CREATE TRIGGER ts_insert_blocker BEFORE INSERT ON inventory.stock_history FOR EACH ROW EXECUTE FUNCTION _timescaledb_functions.insert_blocker();
CREATE TABLE inventory.stock_totals (
    warehouse text NOT NULL,
    category text NOT NULL DEFAULT ''::text,
    made_at timestamp with time zone NOT NULL,
    skus integer NOT NULL,
    red integer NOT NULL,
    yellow integer NOT NULL,
    green integer NOT NULL,
    over integer NOT NULL,
    sold_out integer NOT NULL,
    on_hand numeric NOT NULL,
    on_hold numeric NOT NULL,
    reserved numeric NOT NULL,
    available numeric NOT NULL,
    in_transit numeric NOT NULL,
    incoming numeric NOT NULL,
    short numeric NOT NULL,
    value numeric,
    demand_per_day numeric NOT NULL,
    demand_value numeric NOT NULL
);
ALTER TABLE inventory.stock_totals SET (fillfactor=50);
ALTER TABLE inventory.stock_totals ADD CONSTRAINT stock_totals_pkey PRIMARY KEY (warehouse, category);
CREATE TABLE inventory.throughput (
    at timestamp with time zone NOT NULL,
    warehouse text NOT NULL,
    type text NOT NULL,
    lines bigint NOT NULL,
    inbound numeric NOT NULL,
    outbound numeric NOT NULL
);
ALTER TABLE inventory.throughput SET (fillfactor=70);
-- hypertable on at, chunks of 7 days
ALTER TABLE inventory.throughput ADD CONSTRAINT throughput_pkey PRIMARY KEY (warehouse, type, at);
CREATE INDEX throughput_at_idx ON inventory.throughput USING btree (at DESC);
CREATE TRIGGER ts_insert_blocker BEFORE INSERT ON inventory.throughput FOR EACH ROW EXECUTE FUNCTION _timescaledb_functions.insert_blocker();
CREATE TABLE inventory.ticks (
    log_partition integer NOT NULL,
    at timestamp with time zone NOT NULL,
    log_offset bigint NOT NULL
);
ALTER TABLE inventory.ticks ADD CONSTRAINT ticks_pkey PRIMARY KEY (log_partition, at);
CREATE TABLE inventory.totals_made (
    relation text NOT NULL,
    made_at timestamp with time zone NOT NULL,
    changed integer NOT NULL,
    duration_ms integer NOT NULL
);
ALTER TABLE inventory.totals_made SET (fillfactor=50);
ALTER TABLE inventory.totals_made ADD CONSTRAINT totals_made_pkey PRIMARY KEY (relation);
CREATE TYPE inventory.trail AS (
    at timestamp with time zone,
    type text,
    warehouse text,
    counterpart text,
    sku text,
    lot text,
    from_bin text,
    to_bin text,
    from_status text,
    status text,
    quantity numeric,
    operator text,
    device text,
    order_id text,
    line_id text,
    document text,
    reason text,
    variance boolean,
    correction boolean,
    event_id text,
    device_seq bigint,
    video_url text,
    detail jsonb,
    recorded_at timestamp with time zone,
    committed_at timestamp with time zone
);
CREATE TABLE inventory.transfers (
    document text NOT NULL DEFAULT ''::text,
    sku text NOT NULL,
    "from" text NOT NULL,
    "to" text NOT NULL,
    shipped numeric(18,4) NOT NULL DEFAULT 0,
    received numeric(18,4) NOT NULL DEFAULT 0,
    lost numeric(18,4) NOT NULL DEFAULT 0,
    in_transit numeric(18,4) GENERATED ALWAYS AS (((shipped - received) - lost)) STORED,
    due_at timestamp with time zone,
    shipped_at timestamp with time zone,
    received_at timestamp with time zone,
    state text GENERATED ALWAYS AS (
CASE
    WHEN ((received + lost) > shipped) THEN 'over'::text
    WHEN ((received + lost) = shipped) THEN 'received'::text
    WHEN ((received + lost) > (0)::numeric) THEN 'partial'::text
    ELSE 'in_transit'::text
END) STORED
);
ALTER TABLE inventory.transfers SET (fillfactor=70);
ALTER TABLE inventory.transfers ADD CONSTRAINT transfers_pkey PRIMARY KEY (document, sku, "from", "to");
CREATE INDEX transfers_to_sku_idx ON inventory.transfers USING btree ("to", sku);
CREATE TABLE inventory.turnover_daily (
    day date NOT NULL,
    warehouse text NOT NULL,
    category text NOT NULL DEFAULT ''::text,
    issues numeric NOT NULL,
    issue_cost numeric NOT NULL,
    net numeric NOT NULL,
    moment numeric NOT NULL,
    value_net numeric NOT NULL,
    value_moment numeric NOT NULL
);
ALTER TABLE inventory.turnover_daily SET (autovacuum_vacuum_scale_factor=0.05, fillfactor=40);
-- hypertable on day, chunks of 180 days
ALTER TABLE inventory.turnover_daily ADD CONSTRAINT turnover_daily_pkey PRIMARY KEY (warehouse, category, day);
CREATE INDEX turnover_daily_day_idx ON inventory.turnover_daily USING btree (day DESC);
CREATE TRIGGER ts_insert_blocker BEFORE INSERT ON inventory.turnover_daily FOR EACH ROW EXECUTE FUNCTION _timescaledb_functions.insert_blocker();
CREATE TABLE inventory.turnover_totals (
    scope text NOT NULL,
    warehouse text NOT NULL DEFAULT ''::text,
    category text NOT NULL DEFAULT ''::text,
    days integer NOT NULL,
    made_at timestamp with time zone NOT NULL,
    issue_cost numeric,
    mean_value numeric,
    turnover numeric,
    annualised numeric,
    days_of_inventory numeric
);
ALTER TABLE inventory.turnover_totals SET (fillfactor=50);
ALTER TABLE inventory.turnover_totals ADD CONSTRAINT turnover_totals_pkey PRIMARY KEY (scope, warehouse, category, days);
CREATE TABLE inventory.warehouses (
    warehouse text NOT NULL,
    name text,
    name_zh text,
    region text,
    timezone text NOT NULL DEFAULT 'Asia/Shanghai'::text,
    known boolean NOT NULL DEFAULT true,
    occurred_at timestamp with time zone,
    device_seq bigint,
    event_id text
);
ALTER TABLE inventory.warehouses ADD CONSTRAINT warehouses_pkey PRIMARY KEY (warehouse);
ALTER TABLE inventory.warehouses ADD CONSTRAINT warehouses_warehouse_check CHECK ((warehouse <> ''::text));
CREATE TABLE inventory.zone_totals (
    warehouse text NOT NULL,
    zone text NOT NULL DEFAULT ''::text,
    made_at timestamp with time zone NOT NULL,
    bins integer NOT NULL,
    free_bins integer NOT NULL,
    closed_bins integer NOT NULL,
    unknown_bins integer NOT NULL,
    overweight_bins integer NOT NULL,
    skus integer NOT NULL,
    quantity numeric NOT NULL,
    volume numeric NOT NULL,
    weight numeric NOT NULL,
    max_quantity numeric,
    max_volume numeric,
    max_weight numeric,
    occupancy numeric
);
ALTER TABLE inventory.zone_totals SET (fillfactor=50);
ALTER TABLE inventory.zone_totals ADD CONSTRAINT zone_totals_pkey PRIMARY KEY (warehouse, zone);
CREATE VIEW inventory.alert_actions WITH (security_invoker=off) AS
 SELECT a.alert_id,
    a.action_id
   FROM inventory.actions a
  WHERE (a.alert_id IS NOT NULL)
UNION
 SELECT o.alert_id,
    a.action_id
   FROM ((inventory.alerts o
     JOIN inventory.alert_times t USING (alert_id))
     JOIN inventory.actions a ON (((a.warehouse = o.warehouse) AND (a.sku = o.sku) AND (a.kind = 'replenishment'::text) AND (a.created_at <= COALESCE(t.resolved_at, now())) AND (a.standing OR (a.updated_at >= t.committed_at)))))
  WHERE ((o.transition = 'opened'::text) AND (o.rule = ANY (ARRAY['stock_out'::text, 'below_safety'::text, 'predicted_stock_out'::text])));
CREATE VIEW inventory.bin_distances WITH (security_invoker=off) AS
 WITH docks AS (
         SELECT DISTINCT bin_places.warehouse,
            (bin_places.x)::double precision AS x,
            (bin_places.y)::double precision AS y
           FROM inventory.bin_places
          WHERE ((bin_places.zone ~* '(dispatch|shipping|outbound|出库|发货)'::text) AND (bin_places.x IS NOT NULL) AND (bin_places.y IS NOT NULL))
        ), places AS (
         SELECT bin_places.warehouse,
            bin_places.bin,
            (bin_places.x)::double precision AS x,
            (bin_places.y)::double precision AS y
           FROM inventory.bin_places
        )
 SELECT p.warehouse,
    p.bin,
    min(sqrt((((p.x - COALESCE(d.x, (0)::double precision)) ^ (2)::double precision) + ((p.y - COALESCE(d.y, (0)::double precision)) ^ (2)::double precision)))) AS distance
   FROM (places p
     LEFT JOIN docks d USING (warehouse))
  GROUP BY p.warehouse, p.bin;
CREATE VIEW inventory.bin_use WITH (security_invoker=off) AS
 WITH held AS (
         SELECT c.warehouse,
            c.bin,
            sum(c.quantity) AS quantity,
            sum((c.quantity * i.unit_volume)) AS volume,
            sum((c.quantity * i.unit_weight)) AS weight,
            sum(c.quantity) FILTER (WHERE ((i.unit_volume IS NULL) OR (i.unit_weight IS NULL))) AS unknown,
            count(*) FILTER (WHERE (c.quantity <> (0)::numeric)) AS cells
           FROM (inventory.stock_bins c
             LEFT JOIN inventory.items i USING (sku))
          GROUP BY c.warehouse, c.bin
        )
 SELECT warehouse,
    bin,
    b.zone,
    b.aisle,
    b."position",
    b.x,
    b.y,
    (b.event_id IS NOT NULL) AS known,
    COALESCE(b.active, (b.event_id IS NOT NULL)) AS active,
    b.max_quantity,
    b.max_volume,
    b.max_weight,
    COALESCE(h.cells, (0)::bigint) AS cells,
    COALESCE(h.quantity, (0)::numeric) AS used_quantity,
    COALESCE(h.volume, (0)::numeric) AS used_volume,
    COALESCE(h.weight, (0)::numeric) AS used_weight,
    COALESCE(h.unknown, (0)::numeric) AS used_unknown,
    inventory.occupancy(COALESCE(h.quantity, (0)::numeric), b.max_quantity, COALESCE(h.volume, (0)::numeric), b.max_volume, COALESCE(h.weight, (0)::numeric), b.max_weight) AS occupancy,
        CASE
            WHEN (b.max_weight IS NOT NULL) THEN GREATEST((COALESCE(h.weight, (0)::numeric) - b.max_weight), (0)::numeric)
            ELSE NULL::numeric
        END AS overweight,
    (COALESCE(h.cells, (0)::bigint) = 0) AS free
   FROM (inventory.bin_places b
     FULL JOIN held h USING (warehouse, bin));
CREATE VIEW inventory.bins WITH (security_invoker=off) AS
 SELECT warehouse,
    bin,
    zone,
    aisle,
    "position",
    x,
    y,
    max_quantity,
    max_volume,
    max_weight,
    active,
    ( SELECT COALESCE(sum(c.quantity), (0)::numeric) AS "coalesce"
           FROM inventory.stock_bins c
          WHERE ((c.warehouse = b.warehouse) AND (c.bin = b.bin))) AS used_quantity,
    ( SELECT COALESCE(sum((c.quantity * i.unit_volume)), (0)::numeric) AS "coalesce"
           FROM (inventory.stock_bins c
             JOIN inventory.items i USING (sku))
          WHERE ((c.warehouse = b.warehouse) AND (c.bin = b.bin))) AS used_volume,
    ( SELECT COALESCE(sum((c.quantity * i.unit_weight)), (0)::numeric) AS "coalesce"
           FROM (inventory.stock_bins c
             JOIN inventory.items i USING (sku))
          WHERE ((c.warehouse = b.warehouse) AND (c.bin = b.bin))) AS used_weight,
    ( SELECT COALESCE(sum(c.quantity), (0)::numeric) AS "coalesce"
           FROM (inventory.stock_bins c
             LEFT JOIN inventory.items i USING (sku))
          WHERE ((c.warehouse = b.warehouse) AND (c.bin = b.bin) AND ((i.unit_volume IS NULL) OR (i.unit_weight IS NULL)))) AS used_unknown,
    ( SELECT inventory.occupancy(COALESCE(sum(c.quantity), (0)::numeric), b.max_quantity, COALESCE(sum((c.quantity * i.unit_volume)), (0)::numeric), b.max_volume, COALESCE(sum((c.quantity * i.unit_weight)), (0)::numeric), b.max_weight) AS occupancy
           FROM (inventory.stock_bins c
             LEFT JOIN inventory.items i USING (sku))
          WHERE ((c.warehouse = b.warehouse) AND (c.bin = b.bin))) AS occupancy,
    ( SELECT
                CASE
                    WHEN (b.max_weight IS NOT NULL) THEN GREATEST((COALESCE(sum((c.quantity * i.unit_weight)), (0)::numeric) - b.max_weight), (0)::numeric)
                    ELSE NULL::numeric
                END AS "case"
           FROM (inventory.stock_bins c
             JOIN inventory.items i USING (sku))
          WHERE ((c.warehouse = b.warehouse) AND (c.bin = b.bin))) AS overweight,
    (NOT (EXISTS ( SELECT
           FROM inventory.stock_bins c
          WHERE ((c.warehouse = b.warehouse) AND (c.bin = b.bin) AND (c.quantity <> (0)::numeric))))) AS free,
    occurred_at,
    device_seq,
    event_id
   FROM inventory.bin_places b;
CREATE VIEW inventory.bins_overweight WITH (security_invoker=off) AS
 WITH heavy AS (
         SELECT u.warehouse,
            u.bin,
            u.zone,
            u.aisle,
            u."position",
            u.x,
            u.y,
            u.known,
            u.active,
            u.max_quantity,
            u.max_volume,
            u.max_weight,
            u.cells,
            u.used_quantity,
            u.used_volume,
            u.used_weight,
            u.used_unknown,
            u.occupancy,
            u.overweight,
            u.free,
            inventory.policy_in(( SELECT inventory.policy_values('overweight_warning_kg'::text) AS policy_values), inventory.policy_default('overweight_warning_kg'::text), u.warehouse) AS warning_kg,
            inventory.policy_in(( SELECT inventory.policy_values('overweight_critical_kg'::text) AS policy_values), inventory.policy_default('overweight_critical_kg'::text), u.warehouse) AS critical_kg
           FROM inventory.bin_use u
          WHERE (u.overweight > (0)::numeric)
        )
 SELECT warehouse,
    zone,
    bin,
    used_weight,
    max_weight,
    overweight,
        CASE
            WHEN (overweight >= critical_kg) THEN 'critical'::text
            ELSE 'warning'::text
        END AS severity,
    warning_kg,
    critical_kg,
    used_unknown
   FROM heavy h
  WHERE ((overweight > warning_kg) OR (overweight >= critical_kg));
CREATE VIEW inventory.bins_unknown WITH (security_invoker=off) AS
 SELECT warehouse,
    bin,
    cells,
    used_quantity,
    used_volume,
    used_weight,
    used_unknown
   FROM inventory.bin_use u
  WHERE ((NOT known) AND (NOT free));
CREATE VIEW inventory.bonded_stock WITH (security_invoker=off) AS
 SELECT warehouse,
    zone,
    bin,
    sku,
    name,
    name_zh,
    lot,
    status,
    quantity,
    value,
    protection
   FROM inventory.stock_places p
  WHERE bonded;
CREATE VIEW inventory.category_costs WITH (security_invoker=off) AS
 SELECT warehouse,
    category,
    count(*) AS skus,
    count(*) FILTER (WHERE (value IS NULL)) AS skus_without_cost,
    sum(value) AS value,
    sum(carrying_cost_per_year) AS carrying_cost_per_year,
    round((sum(carrying_cost_per_year) / (365)::numeric), 4) AS carrying_cost_per_day
   FROM inventory.stock_costs c
  GROUP BY warehouse, category;
CREATE VIEW inventory.clocks WITH (security_invoker=off) AS
 WITH clocks AS MATERIALIZED (
         SELECT p.warehouse,
            inventory.known_zone(w.timezone) AS timezone,
            o.clock_at,
            inventory.local_date(w.timezone, o.clock_at) AS today
           FROM ((inventory.partitions p
             JOIN inventory.offsets o USING (log_partition))
             LEFT JOIN inventory.warehouses w USING (warehouse))
          WHERE (o.clock_at IS NOT NULL)
        )
 SELECT warehouse,
    timezone,
    clock_at,
    today
   FROM clocks c;
CREATE VIEW inventory.dead_stock WITH (security_invoker=off) AS
 SELECT warehouse,
    sku,
    name,
    name_zh,
    category,
    on_hand,
    first_on,
    issued_on,
    idle_days,
    value,
    carrying_cost_per_year,
    dead_stock_days
   FROM inventory.idle_stock i
  WHERE ((idle_days)::numeric >= dead_stock_days);
CREATE VIEW inventory.delivery_proof WITH () AS
 WITH sent AS (
         SELECT d.topic,
            d.receiver,
            d.state,
            (EXTRACT(epoch FROM (d.delivered_at - d.created_at)))::double precision AS latency
           FROM inventory.dispatches d
        UNION ALL
         SELECT o.topic,
            'kafka'::text,
            'waiting'::text,
            NULL::double precision
           FROM inventory.outbox o
          WHERE (NOT o.spread)
        ), totals AS (
         SELECT s.topic,
            s.receiver,
            count(*) AS messages,
            count(*) FILTER (WHERE (s.state = 'delivered'::text)) AS delivered,
            count(*) FILTER (WHERE (s.state = 'waiting'::text)) AS waiting,
            count(*) FILTER (WHERE (s.state = 'given_up'::text)) AS given_up,
            percentile_cont((ARRAY[0.5, 0.95, 0.99])::double precision[]) WITHIN GROUP (ORDER BY s.latency) AS latencies
           FROM sent s
          GROUP BY s.topic, s.receiver
        )
 SELECT topic,
    receiver,
    messages,
    delivered,
    waiting,
    given_up,
    ((delivered)::double precision / (messages)::double precision) AS share,
    latencies[1] AS p50,
    latencies[2] AS p95,
    latencies[3] AS p99
   FROM totals t;
CREATE VIEW inventory.devices WITH () AS
 WITH whole AS (
         SELECT d.device,
            (array_agg(d.warehouse ORDER BY d.last_seen_at DESC NULLS LAST))[1] AS warehouse,
            max(d.last_seq) AS last_seq,
            (sum(d.reused))::bigint AS reused,
            (sum(d.unrecorded))::bigint AS unrecorded,
            max(d.last_seen_at) AS last_seen_at,
            (array_agg(d.clock_offset_ms ORDER BY d.last_seen_at DESC NULLS LAST) FILTER (WHERE (d.clock_offset_ms IS NOT NULL)))[1] AS clock_offset_ms
           FROM inventory.device_sequences d
          GROUP BY d.device
        )
 SELECT w.device,
    w.warehouse,
    w.last_seq,
    s.seen,
    h.holes,
    ( SELECT COALESCE(sum((upper(r.r) - lower(r.r))), (0)::numeric) AS "coalesce"
           FROM unnest(h.holes) r(r)) AS missing,
    ( SELECT COALESCE(sum((upper(r.r) - lower(r.r))), (0)::numeric) AS "coalesce"
           FROM unnest(s.seen) r(r)) AS arrived,
    w.reused,
    w.unrecorded,
    w.last_seen_at,
    w.clock_offset_ms
   FROM ((whole w
     CROSS JOIN LATERAL ( SELECT COALESCE(range_agg(inventory.arrived_in(u.first_seq, u.span, u.bits)), '{}'::int8multirange) AS seen
           FROM ( SELECT b.span,
                    b.first_seq,
                    bit_or(b.bits) AS bits
                   FROM inventory.device_blocks b
                  WHERE (b.device = w.device)
                  GROUP BY b.span, b.first_seq) u) s)
     CROSS JOIN LATERAL ( SELECT
                CASE
                    WHEN (w.last_seq IS NULL) THEN '{}'::int8multirange
                    ELSE (int8multirange(int8range(LEAST((1)::bigint, w.last_seq), w.last_seq, '[]'::text)) - s.seen)
                END AS holes) h);
CREATE VIEW inventory.expiring WITH (security_invoker=off) AS
 SELECT l.warehouse,
    i.category,
    l.expiry_window,
    count(*) AS lots,
    sum(l.quantity) AS quantity,
    sum(l.value) AS value
   FROM (inventory.lots l
     LEFT JOIN inventory.items i USING (sku))
  WHERE (l.quantity <> (0)::numeric)
  GROUP BY l.warehouse, i.category, l.expiry_window;
CREATE VIEW inventory.forecast_now WITH () AS
 SELECT f.warehouse,
    f.sku,
    f.day,
    f.quantity,
    f.low,
    f.high,
    f.made_on,
    q.method,
    q.history_days,
    q.wape,
    q.mase,
    q.plain_wape,
    q.plain_mase,
    q.bias,
    q.rejected,
    q.skipped
   FROM (inventory.forecasts f
     JOIN inventory.forecast_quality q USING (warehouse, sku, made_on));
CREATE VIEW inventory.fragile_picks WITH (security_invoker=off) AS
 WITH lines AS (
         SELECT o.warehouse,
            o.sku,
            o.order_id,
            o.line_id,
            o.due_at,
            ((o.ordered - o.shipped) - o.cancelled) AS wanted,
            sum(((o.ordered - o.shipped) - o.cancelled)) OVER (PARTITION BY o.warehouse, o.sku ORDER BY o.due_at, o.order_id, o.line_id ROWS UNBOUNDED PRECEDING) AS upto
           FROM (inventory.orders o
             JOIN inventory.items i_1 ON (((i_1.sku = o.sku) AND i_1.fragile)))
          WHERE ((o.state = 'open'::text) AND (((o.ordered - o.shipped) - o.cancelled) > (0)::numeric))
        ), cells AS (
         SELECT c.warehouse,
            c.sku,
            c.bin,
            c.lot,
            c.expires_on,
            c.quantity,
            sum(c.quantity) OVER (PARTITION BY c.warehouse, c.sku ORDER BY c.expires_on, c.received_at, c.lot, c.bin ROWS UNBOUNDED PRECEDING) AS upto
           FROM ((inventory.stock_bins c
             JOIN inventory.items i_1 ON (((i_1.sku = c.sku) AND i_1.fragile)))
             LEFT JOIN inventory.local_days d ON ((d.warehouse = c.warehouse)))
          WHERE ((c.status = 'sellable'::text) AND (c.quantity > (0)::numeric) AND ((c.expires_on IS NULL) OR (d.today IS NULL) OR (c.expires_on >= d.today)))
        ), picks AS (
         SELECT l.warehouse,
            l.order_id,
            l.line_id,
            l.due_at,
            l.sku,
            c.bin,
            c.lot,
            c.expires_on,
            (LEAST(l.upto, c.upto) - GREATEST((l.upto - l.wanted), (c.upto - c.quantity))) AS quantity,
            row_number() OVER (PARTITION BY l.warehouse, l.sku, l.order_id, l.line_id ORDER BY c.upto) AS n
           FROM (lines l
             JOIN cells c ON (((c.warehouse = l.warehouse) AND (c.sku = l.sku) AND (c.upto > (l.upto - l.wanted)) AND ((c.upto - c.quantity) < l.upto))))
        UNION ALL
         SELECT l.warehouse,
            l.order_id,
            l.line_id,
            l.due_at,
            l.sku,
            NULL::text,
            NULL::text,
            NULL::date,
            (l.upto - GREATEST((l.upto - l.wanted), COALESCE(h.quantity, (0)::numeric))),
            NULL::bigint
           FROM (lines l
             LEFT JOIN ( SELECT cells.warehouse,
                    cells.sku,
                    sum(cells.quantity) AS quantity
                   FROM cells
                  GROUP BY cells.warehouse, cells.sku) h USING (warehouse, sku))
          WHERE (l.upto > COALESCE(h.quantity, (0)::numeric))
        )
 SELECT p.warehouse,
    p.order_id,
    p.line_id,
    p.due_at,
    p.sku,
    i.name,
    i.name_zh,
    p.n,
    b.zone,
    p.bin,
    p.lot,
    p.expires_on,
    p.quantity,
    i.protection
   FROM ((picks p
     JOIN inventory.items i USING (sku))
     LEFT JOIN inventory.bin_places b ON (((b.warehouse = p.warehouse) AND (b.bin = p.bin))));
CREATE VIEW inventory.fragile_stock WITH (security_invoker=off) AS
 SELECT warehouse,
    zone,
    bin,
    sku,
    name,
    name_zh,
    lot,
    status,
    quantity,
    value,
    protection
   FROM inventory.stock_places p
  WHERE fragile;
CREATE VIEW inventory.high_value_stock WITH (security_invoker=off) AS
 SELECT warehouse,
    zone,
    bin,
    sku,
    name,
    name_zh,
    lot,
    status,
    quantity,
    unit_cost,
    value,
    protection
   FROM inventory.stock_places p
  WHERE high_value;
CREATE VIEW inventory.high_value_unrecorded WITH (security_invoker=off) AS
 SELECT m.occurred_at,
    m.warehouse,
    m.sku,
    i.name,
    i.name_zh,
    m.lot,
    m.bin,
    m.type,
    sum(m.quantity) AS quantity,
    (sum(m.quantity) * min(s.unit_cost)) AS value,
    m.operator,
    m.device,
    m.order_id,
    m.document,
    m.event_id
   FROM ((inventory.items i
     JOIN inventory.movements m ON (((m.sku = i.sku) AND (m.occurred_at >= ( SELECT (COALESCE(max(o.clock_at), now()) - '90 days'::interval)
           FROM inventory.offsets o)))))
     LEFT JOIN inventory.stock_figures s ON (((s.warehouse = m.warehouse) AND (s.sku = m.sku))))
  WHERE (i.high_value AND (m.video_url IS NULL) AND (m.type <> 'status'::text))
  GROUP BY m.occurred_at, m.warehouse, m.sku, i.name, i.name_zh, m.lot, m.bin, m.status, m.type, m.operator, m.device, m.order_id, m.document, m.event_id
 HAVING (sum(m.quantity) <> (0)::numeric);
CREATE VIEW inventory.idle_stock WITH (security_invoker=off) AS
 WITH idle AS (
         SELECT c.warehouse,
            c.sku,
            c.name,
            c.name_zh,
            c.category,
            c.on_hand,
            c.first_on,
            c.issued_on,
            (d.today - COALESCE(c.issued_on, c.first_on)) AS idle_days,
            c.value,
            c.carrying_cost_per_year,
            inventory.policy_in(( SELECT inventory.policy_values('dead_stock_days'::text) AS policy_values), inventory.policy_default('dead_stock_days'::text), c.warehouse, c.category, c.sku) AS dead_stock_days
           FROM (inventory.stock_costs c
             JOIN inventory.local_days d USING (warehouse))
        )
 SELECT warehouse,
    sku,
    name,
    name_zh,
    category,
    on_hand,
    first_on,
    issued_on,
    idle_days,
    value,
    carrying_cost_per_year,
    dead_stock_days
   FROM idle i
  WHERE ((idle_days)::numeric >= LEAST((30)::numeric, dead_stock_days));
CREATE VIEW inventory.invariants_now WITH () AS
 WITH RECURSIVE names AS (
        ( SELECT i.name
           FROM inventory.invariants i
          ORDER BY i.name
         LIMIT 1)
        UNION ALL
         SELECT ( SELECT i.name
                   FROM inventory.invariants i
                  WHERE (i.name > n_1.name)
                  ORDER BY i.name
                 LIMIT 1) AS name
           FROM names n_1
          WHERE (n_1.name IS NOT NULL)
        )
 SELECT l.name,
    l.at,
    l.checked,
    l.wrong,
    l.drift,
    l.worst,
    l.duration_ms,
    l.whole_since,
    s.alert_id,
    s.opened_at AS drifting_since
   FROM ((names n
     CROSS JOIN LATERAL ( SELECT i.name,
            i.at,
            i.checked,
            i.wrong,
            i.drift,
            i.worst,
            i.duration_ms,
            i.upto,
            i.began_at,
            i.whole_since
           FROM inventory.invariants i
          WHERE (i.name = n.name)
          ORDER BY i.at DESC
         LIMIT 1) l)
     LEFT JOIN inventory.alert_state s ON (((s.rule = 'invariant_drift'::text) AND (s.subject = l.name) AND (s.state <> 'resolved'::text) AND (s.warehouse = ''::text) AND (s.sku = ''::text) AND (s.lot = ''::text) AND (s.bin = ''::text))));
CREATE VIEW inventory.local_days WITH (security_invoker=off) AS
 SELECT n.warehouse,
    COALESCE(o.clock_at, now()) AS clock_at,
    inventory.local_date(w.timezone, COALESCE(o.clock_at, now())) AS today
   FROM (((( SELECT warehouses.warehouse
           FROM inventory.warehouses
        UNION
         SELECT partitions.warehouse
           FROM inventory.partitions) n
     LEFT JOIN inventory.warehouses w USING (warehouse))
     LEFT JOIN inventory.partitions p USING (warehouse))
     LEFT JOIN inventory.offsets o USING (log_partition))
 OFFSET 0;
CREATE VIEW inventory.lots WITH (security_invoker=off) AS
 WITH held AS (
         SELECT stock_bins.warehouse,
            stock_bins.sku,
            stock_bins.lot,
            sum(stock_bins.quantity) AS quantity,
            COALESCE(sum(stock_bins.quantity) FILTER (WHERE (stock_bins.status = 'sellable'::text)), (0)::numeric) AS sellable,
            min(stock_bins.received_at) AS received_at
           FROM inventory.stock_bins
          GROUP BY stock_bins.warehouse, stock_bins.sku, stock_bins.lot
        ), dated AS (
         SELECT h.warehouse,
            h.sku,
            h.lot,
            h.quantity,
            h.sellable,
            h.received_at,
            l.produced_on,
            l.expires_on,
            (l.expires_on - d.today) AS days_to_expiry,
            ((h.sellable > (0)::numeric) AND COALESCE((l.expires_on >= d.today), true)) AS ready
           FROM ((held h
             LEFT JOIN inventory.lot_dates l USING (warehouse, sku, lot))
             LEFT JOIN inventory.local_days d USING (warehouse))
        )
 SELECT a.warehouse,
    a.sku,
    a.lot,
    a.quantity,
    a.sellable,
    a.received_at,
    a.produced_on,
    a.expires_on,
    a.days_to_expiry,
    inventory.expiry_window(a.days_to_expiry) AS expiry_window,
    (a.quantity * s.unit_cost) AS value,
        CASE
            WHEN a.ready THEN row_number() OVER (PARTITION BY a.warehouse, a.sku, a.ready ORDER BY a.expires_on, a.received_at, a.lot)
            ELSE NULL::bigint
        END AS fefo
   FROM (dated a
     LEFT JOIN inventory.stock_figures s USING (warehouse, sku));
CREATE VIEW inventory.observations WITH () AS
 SELECT occurred_at,
    NULLIF(warehouse, ''::text) AS warehouse,
    (body ->> 'step'::text) AS step,
    (body ->> 'why'::text) AS why,
    NULLIF(sku, ''::text) AS sku,
    (body ->> 'document'::text) AS document,
    event_id,
    ((body ->> 'body'::text))::jsonb AS original,
    committed_at,
    log_partition,
    log_offset
   FROM inventory.journal j
  WHERE (type = 'observation'::text);
CREATE VIEW inventory.open_actions WITH (security_invoker=off) AS
 SELECT a.action_id,
    a.kind,
    a.state,
    a.warehouse,
    a.sku,
    i.name,
    i.name_zh,
    i.category,
    a.lot,
    a.subject,
    a.quantity,
    a.value,
    a.payload,
    a.approval,
    a.proposed_at,
    a.decided_at,
    a.decided_by,
    a.sent_at,
    a.alert_id,
    f.on_hand,
    f.available,
    f.in_transit,
    f.incoming,
    f.projected,
    f.reorder_point
   FROM ((inventory.actions a
     LEFT JOIN inventory.items i USING (sku))
     LEFT JOIN inventory.stock_figures f ON (((f.warehouse = a.warehouse) AND (f.sku = a.sku))))
  WHERE (a.standing AND (a.state = ANY (ARRAY['proposed'::text, 'approved'::text, 'sent'::text])));
CREATE VIEW inventory.open_alerts WITH (security_invoker=off) AS
 SELECT s.alert_id,
    s.rule,
    s.severity,
    s.state,
    s.warehouse,
    s.sku,
    i.name,
    i.name_zh,
    i.category,
    s.lot,
    s.bin,
    s.subject,
    s.opened_at,
    s.seen_at,
    s.acknowledged_at,
    s.acknowledged_by,
    s.threshold,
    s.observed,
    s.events,
    f.on_hand,
    f.available,
    f.in_transit,
    f.incoming,
    f.projected,
    f.safety_stock,
    f.water_level,
    ( SELECT a.message_en
           FROM inventory.alerts a
          WHERE ((a.alert_id = s.alert_id) AND (a.transition <> 'acknowledged'::text))
          ORDER BY a.at DESC, a.log_offset DESC
         LIMIT 1) AS message_en,
    ( SELECT a.message_zh
           FROM inventory.alerts a
          WHERE ((a.alert_id = s.alert_id) AND (a.transition <> 'acknowledged'::text))
          ORDER BY a.at DESC, a.log_offset DESC
         LIMIT 1) AS message_zh
   FROM ((inventory.alert_state s
     LEFT JOIN inventory.items i USING (sku))
     LEFT JOIN inventory.stock_figures f ON (((f.warehouse = s.warehouse) AND (f.sku = s.sku))))
  WHERE (s.state <> 'resolved'::text);
CREATE VIEW inventory.response_summary WITH (security_invoker=off) AS
 WITH known AS (
         SELECT r.alert_id,
            r.rule,
            r.severity,
            r.warehouse,
            r.sku,
            r.occurred_at,
            r.committed_at,
            r.sent_at,
            r.answered_at,
            r.ordered_at,
            r.resolved_at,
            r.replenished,
            r.to_alert_s,
            r.to_sent_s,
            r.to_answer_s,
            r.to_order_s,
            r.to_resolved_s,
            COALESCE(r.to_answer_s, r.to_resolved_s, EXTRACT(epoch FROM (now() - r.committed_at))) AS waited_s,
            COALESCE(r.to_order_s, r.to_resolved_s, EXTRACT(epoch FROM (now() - r.committed_at))) AS unordered_s
           FROM inventory.response_times r
          WHERE (r.committed_at > (now() - '30 days'::interval))
        ), summed AS (
         SELECT r.rule,
            r.warehouse,
            count(*) AS alerts,
            count(*) FILTER (WHERE ((r.answered_at IS NULL) AND (r.resolved_at IS NULL))) AS unanswered,
            percentile_cont((ARRAY[0.5, 0.95])::double precision[]) WITHIN GROUP (ORDER BY ((r.to_alert_s)::double precision)) AS to_alert,
            percentile_cont((ARRAY[0.5, 0.95])::double precision[]) WITHIN GROUP (ORDER BY ((r.to_sent_s)::double precision)) AS to_sent,
            percentile_cont((ARRAY[0.5, 0.95])::double precision[]) WITHIN GROUP (ORDER BY ((r.to_answer_s)::double precision)) AS to_answer,
            percentile_cont((ARRAY[0.5, 0.95])::double precision[]) WITHIN GROUP (ORDER BY ((r.to_order_s)::double precision)) AS to_order,
            percentile_cont((ARRAY[0.5, 0.95])::double precision[]) WITHIN GROUP (ORDER BY ((r.to_resolved_s)::double precision)) AS to_resolved,
            count(*) FILTER (WHERE (r.to_answer_s <= (600)::numeric)) AS in_10_min,
            count(*) FILTER (WHERE (r.waited_s > (600)::numeric)) AS after_10_min,
            count(*) FILTER (WHERE (r.replenished AND (r.to_order_s <= (3600)::numeric))) AS in_1_h,
            count(*) FILTER (WHERE (r.replenished AND (r.unordered_s > (3600)::numeric))) AS after_1_h
           FROM known r
          GROUP BY r.rule, r.warehouse
        )
 SELECT rule,
    warehouse,
    alerts,
    unanswered,
    round((to_alert[1])::numeric, 3) AS to_alert_p50_s,
    round((to_alert[2])::numeric, 3) AS to_alert_p95_s,
    round((to_sent[1])::numeric, 3) AS to_sent_p50_s,
    round((to_sent[2])::numeric, 3) AS to_sent_p95_s,
    round((to_answer[1])::numeric, 3) AS to_answer_p50_s,
    round((to_answer[2])::numeric, 3) AS to_answer_p95_s,
    round((to_order[1])::numeric, 3) AS to_order_p50_s,
    round((to_order[2])::numeric, 3) AS to_order_p95_s,
    round((to_resolved[1])::numeric, 3) AS to_resolved_p50_s,
    round((to_resolved[2])::numeric, 3) AS to_resolved_p95_s,
    round(((in_10_min)::numeric / (NULLIF((in_10_min + after_10_min), 0))::numeric), 4) AS answered_within_10_min,
    round(((in_1_h)::numeric / (NULLIF((in_1_h + after_1_h), 0))::numeric), 4) AS ordered_within_1_h
   FROM summed s;
CREATE VIEW inventory.response_times WITH (security_invoker=off) AS
 WITH acted AS (
         SELECT l.alert_id,
            min(
                CASE
                    WHEN (a_1.approval = 'auto'::text) THEN a_1.created_at
                    ELSE GREATEST(a_1.decided_at, a_1.created_at)
                END) FILTER (WHERE (a_1.decided_at IS NOT NULL)) AS decided_at,
            min(a_1.sent_at) FILTER (WHERE (a_1.kind = 'replenishment'::text)) AS ordered_at,
            bool_or((a_1.kind = 'replenishment'::text)) AS replenished
           FROM (inventory.alert_actions l
             JOIN inventory.actions a_1 USING (action_id))
          GROUP BY l.alert_id
        ), answered AS (
         SELECT t.alert_id,
            t.rule,
            t.warehouse,
            t.severity,
            t.occurred_at,
            t.committed_at,
            t.sent_at,
            t.acknowledged_at,
            t.resolved_at,
            o.sku,
            COALESCE(c.replenished, false) AS replenished,
                CASE
                    WHEN (COALESCE(o.spoken_at, t.acknowledged_at, c.decided_at) IS NOT NULL) THEN GREATEST(LEAST(o.spoken_at, t.acknowledged_at, c.decided_at), t.committed_at)
                    ELSE NULL::timestamp with time zone
                END AS answered_at,
                CASE
                    WHEN (c.ordered_at IS NOT NULL) THEN GREATEST(c.ordered_at, t.committed_at)
                    ELSE NULL::timestamp with time zone
                END AS ordered_at
           FROM ((inventory.alert_times t
             LEFT JOIN acted c USING (alert_id))
             CROSS JOIN LATERAL ( SELECT min(a_1.sku) AS sku,
                    min(a_1.at) FILTER (WHERE ((a_1.actor IS NOT NULL) AND (a_1.transition = ANY (ARRAY['acknowledged'::text, 'resolved'::text])))) AS spoken_at
                   FROM inventory.alerts a_1
                  WHERE ((a_1.alert_id = t.alert_id) AND ((a_1.at >= t.committed_at) AND (a_1.at <= COALESCE(t.resolved_at, 'infinity'::timestamp with time zone))))) o)
        )
 SELECT alert_id,
    rule,
    severity,
    warehouse,
    sku,
    occurred_at,
    committed_at,
    sent_at,
    answered_at,
    ordered_at,
    resolved_at,
    replenished,
    round(EXTRACT(epoch FROM (committed_at - occurred_at)), 3) AS to_alert_s,
    round(EXTRACT(epoch FROM (sent_at - committed_at)), 3) AS to_sent_s,
    round(EXTRACT(epoch FROM (answered_at - committed_at)), 3) AS to_answer_s,
    round(EXTRACT(epoch FROM (ordered_at - committed_at)), 3) AS to_order_s,
    round(EXTRACT(epoch FROM (resolved_at - committed_at)), 3) AS to_resolved_s
   FROM answered a;
CREATE VIEW inventory.sku_places WITH (security_invoker=off) AS
 SELECT c.warehouse,
    b.zone,
    c.bin,
    c.sku,
    i.name,
    i.name_zh,
    i.category,
    k.abc,
    c.quantity,
    COALESCE(( SELECT sum(n.n) AS sum
           FROM unnest(s.demand) n(n)), (0)::numeric) AS issues,
    d.distance
   FROM (((((( SELECT stock_bins.warehouse,
            stock_bins.bin,
            stock_bins.sku,
            sum(stock_bins.quantity) AS quantity
           FROM inventory.stock_bins
          GROUP BY stock_bins.warehouse, stock_bins.bin, stock_bins.sku) c
     LEFT JOIN inventory.stock_figures s USING (warehouse, sku))
     LEFT JOIN inventory.items i USING (sku))
     LEFT JOIN inventory.classes k USING (warehouse, sku))
     LEFT JOIN inventory.bin_places b ON (((b.warehouse = c.warehouse) AND (b.bin = c.bin))))
     LEFT JOIN inventory.bin_distances d ON (((d.warehouse = c.warehouse) AND (d.bin = c.bin))));
CREATE VIEW inventory.slow_stock WITH (security_invoker=off) AS
 SELECT warehouse,
    sku,
    name,
    name_zh,
    category,
    on_hand,
    first_on,
    issued_on,
    idle_days,
    value,
    carrying_cost_per_year,
    dead_stock_days
   FROM inventory.idle_stock i
  WHERE ((idle_days)::numeric < dead_stock_days);
CREATE VIEW inventory.stock WITH (security_invoker=off) AS
 SELECT warehouse,
    sku,
    on_hand,
    on_hold,
    reserved,
    available,
    in_transit,
    incoming,
    projected,
    safety_stock,
    reorder_point,
    max_stock,
    water_level,
    round((available / NULLIF(demand_per_day, (0)::numeric)), 2) AS days_of_cover,
    inventory.turnover_of(s.*, 7, ( SELECT inventory.window_clocks() AS window_clocks)) AS turnover_7d,
    inventory.turnover_of(s.*, 7, ( SELECT inventory.window_clocks() AS window_clocks), true) AS turnover_7d_simple,
    inventory.turnover_of(s.*, 30, ( SELECT inventory.window_clocks() AS window_clocks)) AS turnover_30d,
    inventory.turnover_of(s.*, 30, ( SELECT inventory.window_clocks() AS window_clocks), true) AS turnover_30d_simple,
    inventory.turnover_of(s.*, 90, ( SELECT inventory.window_clocks() AS window_clocks)) AS turnover_90d,
    inventory.turnover_of(s.*, 90, ( SELECT inventory.window_clocks() AS window_clocks), true) AS turnover_90d_simple,
    inventory.turnover_of(s.*, 365, ( SELECT inventory.window_clocks() AS window_clocks)) AS turnover_365d,
    inventory.turnover_of(s.*, 365, ( SELECT inventory.window_clocks() AS window_clocks), true) AS turnover_365d_simple,
    ( SELECT c.abc
           FROM inventory.classes c
          WHERE ((c.warehouse = s.warehouse) AND (c.sku = s.sku))) AS abc,
    ( SELECT c.xyz
           FROM inventory.classes c
          WHERE ((c.warehouse = s.warehouse) AND (c.sku = s.sku))) AS xyz,
    unit_cost,
    value,
    demand_per_day,
    stock_out_on,
    below_safety_on,
    first_on,
    issued_on,
    moved_to,
    counted_to,
    updated_at,
    next_change_at,
    version,
    day,
    day_net,
    day_moment,
    day_issues,
    window_net,
    window_moment,
    window_issues,
    demand,
    layer_days,
    layer_quantities,
    lead_count,
    lead_seconds,
    lead_squares
   FROM inventory.stock_figures s;
CREATE VIEW inventory.stock_ages WITH (security_invoker=off) AS
 SELECT s.warehouse,
    s.sku,
    i.name,
    i.name_zh,
    i.category,
    a.received_on,
    (d.today - a.received_on) AS age_days,
    inventory.age_bucket((d.today - a.received_on)) AS bucket,
    a.quantity,
    (a.quantity * s.unit_cost) AS value
   FROM (((inventory.stock_figures s
     CROSS JOIN LATERAL ( SELECT l.received_on,
            l.quantity
           FROM UNNEST(s.layer_days, s.layer_quantities) l(received_on, quantity)
        UNION ALL
         SELECT NULL::date,
            (s.on_hand - COALESCE(( SELECT sum(l.quantity) AS sum
                   FROM unnest(s.layer_quantities) l(quantity)), (0)::numeric))) a)
     LEFT JOIN inventory.items i USING (sku))
     LEFT JOIN inventory.local_days d USING (warehouse))
  WHERE ((s.on_hand > (0)::numeric) AND (a.quantity > (0)::numeric));
CREATE VIEW inventory.stock_costs WITH (security_invoker=off) AS
 WITH rated AS (
         SELECT s.warehouse,
            s.sku,
            i.name,
            i.name_zh,
            i.category,
            s.on_hand,
            s.unit_cost,
            s.value,
            s.first_on,
            s.issued_on,
            inventory.policy_in(( SELECT inventory.policy_values('carrying_rate'::text) AS policy_values), inventory.policy_default('carrying_rate'::text), s.warehouse, i.category, s.sku) AS carrying_rate
           FROM (inventory.stock_figures s
             LEFT JOIN inventory.items i USING (sku))
          WHERE (s.on_hand > (0)::numeric)
        )
 SELECT warehouse,
    sku,
    name,
    name_zh,
    category,
    on_hand,
    unit_cost,
    value,
    first_on,
    issued_on,
    carrying_rate,
    round((value * carrying_rate), 4) AS carrying_cost_per_year,
    round(((value * carrying_rate) / (365)::numeric), 4) AS carrying_cost_per_day
   FROM rated r;
CREATE VIEW inventory.stock_places WITH (security_invoker=off) AS
 SELECT c.warehouse,
    b.zone,
    c.bin,
    c.sku,
    i.name,
    i.name_zh,
    i.category,
    c.lot,
    c.status,
    c.quantity,
    s.unit_cost,
    (c.quantity * s.unit_cost) AS value,
    c.expires_on,
    c.received_at,
    COALESCE(i.fragile, false) AS fragile,
    COALESCE(i.high_value, false) AS high_value,
    COALESCE(i.bonded, false) AS bonded,
    i.protection
   FROM (((inventory.stock_bins c
     LEFT JOIN inventory.stock_figures s USING (warehouse, sku))
     LEFT JOIN inventory.items i USING (sku))
     LEFT JOIN inventory.bin_places b ON (((b.warehouse = c.warehouse) AND (b.bin = c.bin))));
CREATE VIEW inventory.turnover WITH (security_invoker=off) AS
 WITH ends AS MATERIALIZED (
         SELECT window_ends.warehouse,
            window_ends.timezone,
            window_ends.today,
            window_ends.ends
           FROM inventory.window_ends() window_ends(warehouse, timezone, today, ends)
        ), windows AS MATERIALIZED (
         SELECT e.warehouse,
            e.today,
            e.ends,
            n.days,
            (e.today - (n.days - 1)) AS first_day,
            EXTRACT(epoch FROM inventory.local_start((e.today - (n.days - 1)), e.timezone)) AS starts
           FROM (ends e
             CROSS JOIN ( VALUES (7), (30), (90), (365)) n(days))
        ), levels AS (
         SELECT t.warehouse,
            t.category,
            sum(t.net) AS closing,
            sum(t.value_net) AS closing_value
           FROM (inventory.turnover_daily t
             JOIN ends e ON (((e.warehouse = t.warehouse) AND (t.day <= e.today))))
          GROUP BY t.warehouse, t.category
        ), moved AS (
         SELECT w.warehouse,
            w.days,
            t.category,
            sum(t.issues) AS issues,
            sum(t.issue_cost) AS issue_cost,
            sum(t.net) AS net,
            sum(t.moment) AS moment,
            sum(t.value_net) AS value_net,
            sum(t.value_moment) AS value_moment
           FROM (windows w
             JOIN inventory.turnover_daily t ON (((t.warehouse = w.warehouse) AND ((t.day >= w.first_day) AND (t.day <= w.today)))))
          GROUP BY w.warehouse, w.days, t.category
        ), parts AS (
         SELECT w.warehouse,
            l.category,
            w.days,
            l.closing_value,
            COALESCE(m.issues, (0)::numeric) AS issues,
            COALESCE(m.issue_cost, (0)::numeric) AS issue_cost,
            ((COALESCE(m.issue_cost, (0)::numeric) / (w.ends - w.starts)) * (86400)::numeric) AS cost_per_day,
            (l.closing - (COALESCE((m.moment - (w.starts * m.net)), (0)::numeric) / (w.ends - w.starts))) AS mean_quantity,
            (l.closing_value - (COALESCE((m.value_moment - (w.starts * m.value_net)), (0)::numeric) / (w.ends - w.starts))) AS mean_value,
            (l.closing_value - (COALESCE(m.value_net, (0)::numeric) / (2)::numeric)) AS simple_value
           FROM ((windows w
             JOIN levels l ON ((l.warehouse = w.warehouse)))
             LEFT JOIN moved m ON (((m.warehouse = w.warehouse) AND (m.category = l.category) AND (m.days = w.days))))
          WHERE (w.ends > w.starts)
        ), sums AS (
         SELECT
                CASE GROUPING(p.warehouse, p.category)
                    WHEN 3 THEN 'all'::text
                    WHEN 2 THEN 'category'::text
                    WHEN 1 THEN 'warehouse'::text
                    ELSE 'warehouse_category'::text
                END AS scope,
            p.warehouse,
            p.category,
            p.days,
            sum(p.issues) AS issues,
            sum(p.issue_cost) AS issue_cost,
            sum(p.cost_per_day) AS cost_per_day,
            sum(p.mean_quantity) AS mean_quantity,
            sum(p.mean_value) AS mean_value,
            sum(p.simple_value) AS simple_value,
            sum(p.closing_value) AS closing_value
           FROM parts p
          GROUP BY p.days, GROUPING SETS ((), (p.warehouse), (p.category), (p.warehouse, p.category))
        )
 SELECT s.scope,
    s.warehouse,
    s.category,
    s.days,
    s.issues,
    s.issue_cost,
    round(s.mean_quantity, 6) AS mean_quantity,
    round(s.mean_value, 6) AS mean_value,
    s.closing_value,
    r.turnover,
    r.turnover_quantity,
    r.turnover_simple,
    r.annualised,
    r.days_of_inventory
   FROM (sums s
     CROSS JOIN LATERAL inventory.turnover_ratios(s.issues, s.issue_cost, s.cost_per_day, s.mean_quantity, s.mean_value, s.simple_value) r(turnover, turnover_quantity, turnover_simple, annualised, days_of_inventory));
CREATE VIEW inventory.turnover_skus WITH (security_invoker=off) AS
 WITH windows AS MATERIALIZED (
         SELECT e.warehouse,
            e.today,
            e.ends,
            n.days,
            (e.today - (n.days - 1)) AS first_day,
            EXTRACT(epoch FROM inventory.local_start((e.today - (n.days - 1)), e.timezone)) AS starts
           FROM (inventory.window_ends() e(warehouse, timezone, today, ends)
             CROSS JOIN ( VALUES (7), (30), (90), (365)) n(days))
        ), parts AS (
         SELECT s.warehouse,
            s.sku,
            w.days,
            m.issues,
            m.issue_cost,
            ((m.issue_cost / (w.ends - w.starts)) * (86400)::numeric) AS cost_per_day,
            ((s.on_hand - m.later) - ((m.moment - (w.starts * m.net)) / (w.ends - w.starts))) AS mean_quantity,
            ((v.value - m.later_value) - ((m.value_moment - (w.starts * m.value_net)) / (w.ends - w.starts))) AS mean_value,
            ((v.value - m.later_value) - (m.value_net / (2)::numeric)) AS simple_value,
            (v.value - m.later_value) AS closing_value
           FROM (((inventory.stock_figures s
             JOIN windows w ON (((w.warehouse = s.warehouse) AND (w.ends > w.starts))))
             CROSS JOIN LATERAL ( SELECT COALESCE(sum(d.issues) FILTER (WHERE (d.day <= w.today)), (0)::numeric) AS issues,
                    COALESCE(sum(d.issue_cost) FILTER (WHERE (d.day <= w.today)), (0)::numeric) AS issue_cost,
                    COALESCE(sum((d.closing - d.opening)) FILTER (WHERE (d.day <= w.today)), (0)::numeric) AS net,
                    COALESCE(sum(d.moment) FILTER (WHERE (d.day <= w.today)), (0)::numeric) AS moment,
                    COALESCE(sum(d.value_net) FILTER (WHERE (d.day <= w.today)), (0)::numeric) AS value_net,
                    COALESCE(sum(d.value_moment) FILTER (WHERE (d.day <= w.today)), (0)::numeric) AS value_moment,
                    COALESCE(sum((d.closing - d.opening)) FILTER (WHERE (d.day > w.today)), (0)::numeric) AS later,
                    COALESCE(sum(d.value_net) FILTER (WHERE (d.day > w.today)), (0)::numeric) AS later_value
                   FROM inventory.stock_daily d
                  WHERE ((d.warehouse = s.warehouse) AND (d.sku = s.sku) AND (d.day >= w.first_day))) m)
             CROSS JOIN LATERAL ( SELECT COALESCE(max(d.value), (0)::numeric) AS value
                   FROM inventory.stock_daily d
                  WHERE ((d.warehouse = s.warehouse) AND (d.sku = s.sku) AND (d.day = s.day))) v)
        )
 SELECT p.warehouse,
    p.sku,
    p.days,
    p.issues,
    p.issue_cost,
    round(p.mean_quantity, 6) AS mean_quantity,
    round(p.mean_value, 6) AS mean_value,
    p.closing_value,
    r.turnover,
    r.turnover_quantity,
    r.turnover_simple,
    r.annualised,
    r.days_of_inventory
   FROM (parts p
     CROSS JOIN LATERAL inventory.turnover_ratios(p.issues, p.issue_cost, p.cost_per_day, p.mean_quantity, p.mean_value, p.simple_value) r(turnover, turnover_quantity, turnover_simple, annualised, days_of_inventory));
CREATE VIEW inventory.undelivered WITH () AS
 SELECT o.message_id,
    o.topic,
    o.name,
    o.warehouse,
    o.severity,
    d.receiver,
    d.state,
    d.attempts,
    o.created_at,
    d.next_attempt_at,
    d.last_error
   FROM (inventory.dispatches d
     JOIN inventory.outbox o USING (message_id))
  WHERE (d.state <> 'delivered'::text)
UNION ALL
 SELECT o.message_id,
    o.topic,
    o.name,
    o.warehouse,
    o.severity,
    'kafka'::text AS receiver,
    'waiting'::text AS state,
    0 AS attempts,
    o.created_at,
    o.created_at AS next_attempt_at,
    NULL::text AS last_error
   FROM inventory.outbox o
  WHERE (NOT o.spread);
CREATE VIEW inventory.warehouse_space WITH (security_invoker=off) AS
 WITH sums AS (
         SELECT z.warehouse,
            count(z.zone) AS zones,
            sum(z.bins) AS bins,
            sum(z.free_bins) AS free_bins,
            sum(z.closed_bins) AS closed_bins,
            sum(z.unknown_bins) AS unknown_bins,
            sum(z.overweight_bins) AS overweight_bins,
            sum(z.used_quantity) AS used_quantity,
            sum(z.used_volume) AS used_volume,
            sum(z.used_weight) AS used_weight,
            sum(z.used_unknown) AS used_unknown,
            sum(z.max_quantity) AS max_quantity,
            sum(z.max_volume) AS max_volume,
            sum(z.max_weight) AS max_weight,
            sum(z.filled_quantity) AS filled_quantity,
            sum(z.filled_volume) AS filled_volume,
            sum(z.filled_weight) AS filled_weight
           FROM inventory.zones z
          GROUP BY z.warehouse
        )
 SELECT s.warehouse,
    s.zones,
    s.bins,
    s.free_bins,
    s.closed_bins,
    s.unknown_bins,
    s.overweight_bins,
    s.used_quantity,
    s.used_volume,
    s.used_weight,
    s.used_unknown,
    s.max_quantity,
    s.max_volume,
    s.max_weight,
    s.filled_quantity,
    s.filled_volume,
    s.filled_weight,
    o.occupancy_quantity,
    o.occupancy_volume,
    o.occupancy_weight,
    o.occupancy
   FROM (sums s
     CROSS JOIN LATERAL inventory.occupancies(s.filled_quantity, s.max_quantity, s.filled_volume, s.max_volume, s.filled_weight, s.max_weight) o(occupancy_quantity, occupancy_volume, occupancy_weight, occupancy));
CREATE VIEW inventory.zones WITH (security_invoker=off) AS
 WITH sums AS (
         SELECT u.warehouse,
            u.zone,
            count(*) FILTER (WHERE u.known) AS bins,
            count(*) FILTER (WHERE (u.free AND u.active)) AS free_bins,
            count(*) FILTER (WHERE ((NOT u.active) AND u.known)) AS closed_bins,
            count(*) FILTER (WHERE ((NOT u.known) AND (NOT u.free))) AS unknown_bins,
            count(*) FILTER (WHERE (u.overweight > (0)::numeric)) AS overweight_bins,
            sum(u.used_quantity) AS used_quantity,
            sum(u.used_volume) AS used_volume,
            sum(u.used_weight) AS used_weight,
            sum(u.used_unknown) AS used_unknown,
            sum(u.max_quantity) FILTER (WHERE u.active) AS max_quantity,
            sum(u.max_volume) FILTER (WHERE u.active) AS max_volume,
            sum(u.max_weight) FILTER (WHERE u.active) AS max_weight,
            sum(u.used_quantity) FILTER (WHERE (u.active AND (u.max_quantity > (0)::numeric))) AS filled_quantity,
            sum(u.used_volume) FILTER (WHERE (u.active AND (u.max_volume > (0)::numeric))) AS filled_volume,
            sum(u.used_weight) FILTER (WHERE (u.active AND (u.max_weight > (0)::numeric))) AS filled_weight
           FROM inventory.bin_use u
          GROUP BY u.warehouse, u.zone
        )
 SELECT s.warehouse,
    s.zone,
    s.bins,
    s.free_bins,
    s.closed_bins,
    s.unknown_bins,
    s.overweight_bins,
    s.used_quantity,
    s.used_volume,
    s.used_weight,
    s.used_unknown,
    s.max_quantity,
    s.max_volume,
    s.max_weight,
    s.filled_quantity,
    s.filled_volume,
    s.filled_weight,
    o.occupancy_quantity,
    o.occupancy_volume,
    o.occupancy_weight,
    o.occupancy
   FROM (sums s
     CROSS JOIN LATERAL inventory.occupancies(s.filled_quantity, s.max_quantity, s.filled_volume, s.max_volume, s.filled_weight, s.max_weight) o(occupancy_quantity, occupancy_volume, occupancy_weight, occupancy));
CREATE VIEW screen.actions_waiting WITH (security_invoker=off) AS
 SELECT a.action_id,
    a.kind,
    a.warehouse,
    COALESCE(w.name, w.name_zh, a.warehouse) AS warehouse_en,
    COALESCE(w.name_zh, w.name, a.warehouse) AS warehouse_zh,
    a.sku,
    COALESCE(i.name, i.name_zh, a.sku) AS item_en,
    COALESCE(i.name_zh, i.name, a.sku) AS item_zh,
    a.lot,
    a.subject,
    a.quantity,
    a.value,
    a.roles,
    a.rule,
    a.alert_id,
    ((a.payload ->> 'available'::text))::numeric AS available,
    ((a.payload ->> 'projected'::text))::numeric AS projected,
    ((a.payload ->> 'reorder_point'::text))::numeric AS reorder_point,
    ((a.payload ->> 'demand_per_day'::text))::numeric AS demand_per_day,
    a.proposed_at
   FROM ((inventory.actions a
     LEFT JOIN inventory.items i USING (sku))
     LEFT JOIN inventory.warehouses w USING (warehouse))
  WHERE ((a.state = 'proposed'::text) AND a.standing);
CREATE VIEW screen.actions_week WITH (security_invoker=off) AS
 SELECT kind,
    state,
    warehouse,
    count(*) AS actions,
    sum(value) AS value
   FROM inventory.actions a
  WHERE ((state = ANY (ARRAY['proposed'::text, 'approved'::text, 'rejected'::text, 'sent'::text, 'done'::text, 'failed'::text, 'withdrawn'::text])) AND (proposed_at > (now() - '7 days'::interval)))
  GROUP BY kind, state, warehouse;
CREATE VIEW screen.aisle_bins WITH (security_invoker=off) AS
 SELECT warehouse,
    bin,
        CASE
            WHEN ((zone IS NULL) OR starts_with(aisle, zone)) THEN aisle
            ELSE ((zone || '-'::text) || aisle)
        END AS row_name,
    "position",
    free,
    used_quantity,
    max_quantity,
    occupancy
   FROM inventory.bins b;
CREATE VIEW screen.alert_events WITH (security_invoker=off) AS
 SELECT s.alert_id,
    e.place,
    e.event_id,
    s.warehouse,
    s.sku,
    m.occurred_at,
    m.type,
    m.quantity,
    m.lot,
    m.bin,
    COALESCE(m.document, m.order_id) AS document,
    m.operator,
    m.device
   FROM ((inventory.alert_state s
     CROSS JOIN LATERAL unnest(s.events) WITH ORDINALITY e(event_id, place))
     LEFT JOIN LATERAL ( SELECT v.occurred_at,
            v.warehouse,
            v.sku,
            v.lot,
            v.bin,
            v.status,
            v.type,
            v.quantity,
            v.variance,
            v.correction,
            v.event_id,
            v.device_seq,
            v.order_id,
            v.line_id,
            v.document,
            v.operator,
            v.device,
            v.video_url,
            v.counterpart,
            v.reason,
            v.recorded_at,
            v.expires_on,
            v.produced_on,
            v.due_at,
            v.committed_at,
            v.log_partition,
            v.log_offset,
            v.unit_cost
           FROM inventory.movements v
          WHERE ((v.sku = s.sku) AND (v.warehouse = s.warehouse) AND (v.event_id = e.event_id) AND ((v.occurred_at >= (s.opened_at - '2 days'::interval)) AND (v.occurred_at <= (s.seen_at + '01:00:00'::interval))) AND (v.occurred_at > (now() - '35 days'::interval)))
          ORDER BY v.occurred_at DESC
         LIMIT 2) m ON (true));
CREATE VIEW screen.alert_flow WITH (security_invoker=off) AS
 SELECT public.time_bucket('00:10:00'::interval, at) AS "time",
    warehouse,
    rule,
    severity,
    roles,
    count(*) FILTER (WHERE (transition = 'opened'::text)) AS opened,
    count(*) FILTER (WHERE (transition = 'resolved'::text)) AS resolved
   FROM inventory.alerts a
  WHERE ((at > (now() - '2 days'::interval)) AND (transition = ANY (ARRAY['opened'::text, 'resolved'::text])))
  GROUP BY (public.time_bucket('00:10:00'::interval, at)), warehouse, rule, severity, roles;
CREATE VIEW screen.alert_steps WITH (security_invoker=off) AS
 SELECT alert_id,
    at,
    log_offset,
    occurred_at,
    transition,
    state,
    severity,
    threshold,
    observed,
    events,
    actor,
    note,
    message_en,
    message_zh
   FROM inventory.alerts a;
CREATE VIEW screen.alerts_raised WITH (security_invoker=off) AS
 SELECT t.occurred_at,
    t.committed_at,
    ((t.occurred_at AT TIME ZONE COALESCE(c.timezone, 'UTC'::text)))::date AS day,
    t.warehouse,
    t.rule,
    t.severity,
    ((t.acknowledged_at IS NOT NULL) OR (t.resolved_at IS NOT NULL)) AS handled,
    (t.resolved_at IS NOT NULL) AS resolved,
    (EXTRACT(epoch FROM (t.resolved_at - t.committed_at)))::double precision AS seconds
   FROM (inventory.alert_times t
     LEFT JOIN inventory.clocks c USING (warehouse));
CREATE VIEW screen.bin_distances WITH (security_invoker=off) AS
 SELECT warehouse,
    bin,
    distance
   FROM inventory.bin_distances d;
CREATE VIEW screen.bin_goods WITH (security_invoker=off) AS
 SELECT c.warehouse,
    c.bin,
    c.sku,
    COALESCE(i.name, i.name_zh, c.sku) AS item_en,
    COALESCE(i.name_zh, i.name, c.sku) AS item_zh,
    c.lot,
    c.status,
    c.quantity,
    (c.quantity * i.unit_volume) AS volume,
    (c.quantity * i.unit_weight) AS weight,
    (c.expires_on)::text AS expires_on,
    (c.expires_on - t.today) AS days_left,
    c.received_at,
    i.fragile,
    i.protection
   FROM ((inventory.stock_bins c
     LEFT JOIN inventory.items i USING (sku))
     LEFT JOIN screen.local_times t USING (warehouse));
CREATE VIEW screen.bin_moves WITH (security_invoker=off) AS
 SELECT m.occurred_at,
    s.warehouse,
    s.bin,
    s.sku,
    COALESCE(i.name, i.name_zh, s.sku) AS item_en,
    COALESCE(i.name_zh, i.name, s.sku) AS item_zh,
    m.lot,
    m.type,
    m.status,
    m.quantity,
    m.operator,
    m.device,
    COALESCE(m.document, m.order_id) AS document,
    m.video_url
   FROM ((( SELECT DISTINCT stock_bins.warehouse,
            stock_bins.bin,
            stock_bins.sku
           FROM inventory.stock_bins) s
     CROSS JOIN LATERAL ( SELECT o.occurred_at,
            o.warehouse,
            o.sku,
            o.lot,
            o.bin,
            o.status,
            o.type,
            o.quantity,
            o.variance,
            o.correction,
            o.event_id,
            o.device_seq,
            o.order_id,
            o.line_id,
            o.document,
            o.operator,
            o.device,
            o.video_url,
            o.counterpart,
            o.reason,
            o.recorded_at,
            o.expires_on,
            o.produced_on,
            o.due_at,
            o.committed_at,
            o.log_partition,
            o.log_offset,
            o.unit_cost
           FROM inventory.movements o
          WHERE ((o.warehouse = s.warehouse) AND (o.sku = s.sku) AND (o.bin = s.bin) AND (o.occurred_at > (now() - '30 days'::interval)))
          ORDER BY o.occurred_at DESC
         LIMIT 50) m)
     LEFT JOIN inventory.items i ON ((i.sku = s.sku)));
CREATE VIEW screen.bins_now WITH (security_invoker=off) AS
 SELECT warehouse,
    bin,
    zone,
    aisle,
        CASE
            WHEN ((zone IS NULL) OR starts_with(aisle, zone)) THEN aisle
            ELSE ((zone || '-'::text) || aisle)
        END AS row_name,
    "position",
    x,
    y,
    known,
    active,
    free,
    max_quantity,
    max_volume,
    max_weight,
    cells,
    used_quantity,
    used_volume,
    used_weight,
    used_unknown,
    occupancy,
    overweight,
        CASE
            WHEN (bin = ''::text) THEN 'no_bin'::text
            WHEN (NOT known) THEN 'unknown'::text
            WHEN (NOT active) THEN 'closed'::text
            WHEN ((aisle IS NULL) OR ("position" IS NULL)) THEN 'no_place'::text
            WHEN (occupancy IS NULL) THEN 'no_limit'::text
            ELSE NULL::text
        END AS aside
   FROM inventory.bin_use u;
CREATE VIEW screen.category_list WITH (security_invoker=off) AS
 SELECT DISTINCT category
   FROM inventory.stock_totals t
  WHERE (category <> ''::text);
CREATE VIEW screen.clearances WITH (security_invoker=off) AS
 SELECT a.action_id,
    a.warehouse,
    COALESCE(w.name, w.name_zh, a.warehouse) AS warehouse_en,
    COALESCE(w.name_zh, w.name, a.warehouse) AS warehouse_zh,
    a.sku,
    COALESCE(i.name, i.name_zh, a.sku) AS item_en,
    COALESCE(i.name_zh, i.name, a.sku) AS item_zh,
    COALESCE(i.category, ''::text) AS category,
    a.lot,
    a.state,
    a.standing,
    a.quantity,
    a.value,
    (a.payload ->> 'expires_on'::text) AS expires_on,
    (((a.payload ->> 'expires_on'::text))::date - d.today) AS days_to_expiry,
    a.proposed_at,
    a.sent_at,
    a.finished_at
   FROM (((inventory.actions a
     LEFT JOIN inventory.local_days d USING (warehouse))
     LEFT JOIN inventory.items i USING (sku))
     LEFT JOIN inventory.warehouses w USING (warehouse))
  WHERE (a.kind = 'clearance'::text);
CREATE VIEW screen.closing_daily WITH (security_invoker=off) AS
 SELECT day,
    (day)::timestamp with time zone AS "time",
    warehouse,
    sku,
    closing
   FROM inventory.stock_daily d;
CREATE VIEW screen.deliveries_day WITH (security_invoker=off) AS
 WITH latest AS (
         SELECT d.receiver,
            d.state,
            (EXTRACT(epoch FROM (d.delivered_at - d.created_at)))::double precision AS took
           FROM inventory.dispatches d
          WHERE (d.created_at > (now() - '1 day'::interval))
          ORDER BY d.created_at DESC
         LIMIT 20000
        ), totals AS (
         SELECT l.receiver,
            count(*) AS messages,
            count(*) FILTER (WHERE (l.state = 'delivered'::text)) AS delivered,
            count(*) FILTER (WHERE (l.state = 'waiting'::text)) AS waiting,
            count(*) FILTER (WHERE (l.state = 'given_up'::text)) AS given_up,
            percentile_cont((ARRAY[0.5, 0.95, 0.99])::double precision[]) WITHIN GROUP (ORDER BY l.took) AS took
           FROM latest l
          GROUP BY l.receiver
        )
 SELECT receiver,
    messages,
    delivered,
    waiting,
    given_up,
    ((delivered)::double precision / (messages)::double precision) AS share,
    took[1] AS p50,
    took[2] AS p95,
    took[3] AS p99
   FROM totals t;
CREATE VIEW screen.devices_now WITH (security_invoker=off) AS
 WITH heard AS (
         SELECT d.device,
            (array_agg(d.warehouse ORDER BY d.last_seen_at DESC NULLS LAST))[1] AS warehouse,
            max(d.last_seen_at) AS last_seen_at,
            max(d.last_seq) AS last_seq,
            (sum(d.reused))::bigint AS reused,
            ((max(d.last_seq) IS NULL) OR ((count(*) = 1) AND (sum(d.recorded) = (max(d.last_seq))::numeric))) AS whole
           FROM inventory.device_sequences d
          GROUP BY d.device
        ), doubtful AS (
         SELECT h_1.device,
            h_1.last_seen_at
           FROM heard h_1
          WHERE (NOT h_1.whole)
          ORDER BY h_1.last_seen_at DESC NULLS LAST
         LIMIT 200
        )
 SELECT h.device,
    h.warehouse,
    COALESCE(w.name, w.name_zh, h.warehouse) AS warehouse_en,
    COALESCE(w.name_zh, w.name, h.warehouse) AS warehouse_zh,
    h.last_seen_at,
    (EXTRACT(epoch FROM (now() - h.last_seen_at)))::double precision AS silent_seconds,
    h.last_seq,
        CASE
            WHEN h.whole THEN (0)::bigint
            ELSE c.missing
        END AS missing,
    h.reused
   FROM ((heard h
     LEFT JOIN screen.missing_numbers(ARRAY( SELECT q.device
           FROM doubtful q)) c(device, missing) USING (device))
     LEFT JOIN inventory.warehouses w ON ((w.warehouse = h.warehouse)));
CREATE VIEW screen.expiry_days WITH (security_invoker=off) AS
 SELECT day,
    warehouse,
    category,
    expiry_window,
    lots,
    quantity,
    value
   FROM inventory.expiry_daily e;
CREATE VIEW screen.expiry_windows WITH (security_invoker=off) AS
 SELECT t.warehouse,
    COALESCE(w.name, w.name_zh, t.warehouse) AS warehouse_en,
    COALESCE(w.name_zh, w.name, t.warehouse) AS warehouse_zh,
    t.category,
    t.expiry_window,
    (array_position(ARRAY['expired'::text, '≤7'::text, '≤15'::text, '≤30'::text, '≤60'::text, '≤90'::text, '≤180'::text, 'beyond'::text, 'none'::text], t.expiry_window) - 1) AS place,
    t.lots,
    t.quantity,
    t.sellable_quantity,
    t.value,
    t.made_at
   FROM (inventory.expiry_totals t
     LEFT JOIN inventory.warehouses w USING (warehouse));
CREATE VIEW screen.fast_movers WITH (security_invoker=off) AS
 WITH best AS (
         SELECT k_1.warehouse,
            k_1.sku,
            k_1.abc,
            k_1.issue_value,
            row_number() OVER (PARTITION BY k_1.warehouse ORDER BY k_1.issue_value DESC, k_1.sku) AS place
           FROM inventory.classes k_1
          WHERE (k_1.abc = 'A'::text)
        )
 SELECT k.warehouse,
    k.place,
    k.sku,
    COALESCE(i.name, i.name_zh, k.sku) AS item_en,
    COALESCE(i.name_zh, i.name, k.sku) AS item_zh,
    k.abc,
    k.issue_value,
    ( SELECT sum(n.n) AS sum
           FROM inventory.stock_figures f,
            LATERAL unnest(f.demand) n(n)
          WHERE ((f.warehouse = k.warehouse) AND (f.sku = k.sku))) AS issues,
    c.bin,
    b.zone,
    c.quantity,
    d.distance
   FROM ((((best k
     CROSS JOIN LATERAL ( SELECT h.bin,
            sum(h.quantity) AS quantity
           FROM inventory.stock_bins h
          WHERE ((h.warehouse = k.warehouse) AND (h.sku = k.sku))
          GROUP BY h.bin) c)
     LEFT JOIN inventory.items i USING (sku))
     LEFT JOIN inventory.bin_places b ON (((b.warehouse = k.warehouse) AND (b.bin = c.bin))))
     LEFT JOIN inventory.bin_distances d ON (((d.warehouse = k.warehouse) AND (d.bin = c.bin))))
  WHERE (k.place <= 40);
CREATE VIEW screen.forecasts_now WITH (security_invoker=off) AS
 SELECT f.warehouse,
    COALESCE(w.name, w.name_zh, f.warehouse) AS warehouse_en,
    COALESCE(w.name_zh, w.name, f.warehouse) AS warehouse_zh,
    f.made_on,
    f.at,
    f.series,
    f.skipped,
    f.wape,
    f.plain_wape,
    f.bias,
    f.duration_ms
   FROM (inventory.forecast_runs f
     LEFT JOIN inventory.warehouses w USING (warehouse));
CREATE VIEW screen.fragile_picks WITH (security_invoker=off) AS
 SELECT p.warehouse,
    COALESCE(w.name, w.name_zh, p.warehouse) AS warehouse_en,
    COALESCE(w.name_zh, w.name, p.warehouse) AS warehouse_zh,
    p.order_id AS document,
    p.due_at,
    p.sku,
    COALESCE(p.name, p.name_zh, p.sku) AS item_en,
    COALESCE(p.name_zh, p.name, p.sku) AS item_zh,
    p.zone,
    p.bin,
    p.lot,
    p.quantity,
    p.protection
   FROM (inventory.fragile_picks p
     LEFT JOIN inventory.warehouses w USING (warehouse));
CREATE VIEW screen.freshness WITH (security_invoker=off) AS
 SELECT max(updated_at) AS committed_at,
    (EXTRACT(epoch FROM (now() - max(updated_at))))::double precision AS age_seconds,
    (EXTRACT(epoch FROM (now() - ( SELECT t.made_at
           FROM inventory.totals_made t
          WHERE (t.relation = 'stock_totals'::text)))))::double precision AS totals_age_seconds,
    max(clock_at) AS clock_at
   FROM inventory.offsets o;
CREATE VIEW screen.heartbeats WITH (security_invoker=off) AS
 SELECT (EXTRACT(epoch FROM (now() - COALESCE(committed_at, '1970-01-01 00:00:00+00'::timestamp with time zone))))::double precision AS flow_age_seconds,
    (EXTRACT(epoch FROM (now() - COALESCE(clock_at, '1970-01-01 00:00:00+00'::timestamp with time zone))))::double precision AS clock_age_seconds,
    (COALESCE(EXTRACT(epoch FROM (now() - LEAST(( SELECT min(d.created_at) AS min
           FROM inventory.dispatches d
          WHERE ((d.state = 'waiting'::text) AND (d.receiver = 'kafka'::text))), ( SELECT b.created_at
           FROM inventory.outbox b
          WHERE (NOT b.spread)
          ORDER BY b.number
         LIMIT 1)))), (0)::numeric))::double precision AS relay_age_seconds,
    (EXTRACT(epoch FROM (now() - COALESCE(( SELECT t.made_at
           FROM inventory.totals_made t
          WHERE (t.relation = 'stock_totals'::text)), '1970-01-01 00:00:00+00'::timestamp with time zone))))::double precision AS totals_age_seconds
   FROM ( SELECT max(p.updated_at) AS committed_at,
            min(p.clock_at) AS clock_at
           FROM inventory.offsets p) o;
CREATE VIEW screen.intake_now WITH (security_invoker=off) AS
 SELECT topic,
    count(*) AS partitions,
    (sum(consumed))::bigint AS consumed,
    (sum(events))::bigint AS events,
    (sum(ignored))::bigint AS ignored,
    (sum(rejects))::bigint AS rejects,
    max(updated_at) AS updated_at,
    (EXTRACT(epoch FROM (now() - max(updated_at))))::double precision AS idle_seconds
   FROM inventory.intake i
  GROUP BY topic;
CREATE VIEW screen.invariants WITH () AS
 SELECT name,
    at,
    checked,
    wrong,
    drift,
    duration_ms,
    whole_since,
    drifting_since
   FROM inventory.invariants_now i;
CREATE VIEW screen.item_cards WITH (security_invoker=off) AS
 SELECT sku,
    COALESCE(name, name_zh, sku) AS item_en,
    COALESCE(name_zh, name, sku) AS item_zh,
    category,
    barcode,
    unit_cost,
    unit_volume,
    unit_weight,
    shelf_life_days,
    COALESCE(fragile, false) AS fragile,
    COALESCE(high_value, false) AS high_value,
    COALESCE(bonded, false) AS bonded,
    protection
   FROM inventory.items i;
CREATE VIEW screen.jobs_today WITH (security_invoker=off) AS
 SELECT d.warehouse,
    d.day_at,
    o.orders_open,
    o.lines_open,
    o.units_open,
    o.lines_late,
    t.lines_picked,
    t.units_picked,
    round((((100)::numeric * t.units_picked) / NULLIF((t.units_picked + o.units_open), (0)::numeric)), 1) AS picked_percent,
    t.units_received,
    p.receipts_expected,
    p.receipts_late,
    x.transfers_expected
   FROM ((((screen.local_times d
     CROSS JOIN LATERAL ( SELECT count(DISTINCT o_1.order_id) AS orders_open,
            count(*) AS lines_open,
            COALESCE(sum(((o_1.ordered - o_1.shipped) - o_1.cancelled)), (0)::numeric) AS units_open,
            count(*) FILTER (WHERE (o_1.due_at < d.clock_at)) AS lines_late
           FROM inventory.orders o_1
          WHERE ((o_1.warehouse = d.warehouse) AND (o_1.state = 'open'::text) AND (((o_1.ordered - o_1.shipped) - o_1.cancelled) > (0)::numeric))) o)
     CROSS JOIN LATERAL ( SELECT COALESCE(sum(t_1.lines) FILTER (WHERE (t_1.type = 'outbound'::text)), (0)::numeric) AS lines_picked,
            COALESCE(sum(t_1.outbound) FILTER (WHERE (t_1.type = 'outbound'::text)), (0)::numeric) AS units_picked,
            COALESCE(sum(t_1.inbound) FILTER (WHERE (t_1.type <> 'outbound'::text)), (0)::numeric) AS units_received
           FROM inventory.throughput t_1
          WHERE ((t_1.warehouse = d.warehouse) AND (t_1.at >= d.day_at) AND (t_1.type = ANY (ARRAY['outbound'::text, 'inbound'::text, 'transfer_in'::text])))) t)
     CROSS JOIN LATERAL ( SELECT count(*) AS receipts_expected,
            count(*) FILTER (WHERE (p_1.due_at < d.clock_at)) AS receipts_late
           FROM inventory.purchases p_1
          WHERE ((p_1.warehouse = d.warehouse) AND (p_1.state = 'open'::text) AND (p_1.due_at < (d.day_at + '1 day'::interval)) AND (p_1.ordered > (p_1.received + p_1.cancelled)))) p)
     CROSS JOIN LATERAL ( SELECT count(*) AS transfers_expected
           FROM inventory.transfers x_1
          WHERE ((x_1."to" = d.warehouse) AND (x_1.state = ANY (ARRAY['in_transit'::text, 'partial'::text])))) x);
CREATE VIEW screen.lag_minutes WITH (security_invoker=off) AS
 SELECT minute AS "time",
    warehouse,
    kind,
    events,
    over_1s,
    over_3s,
    p50,
    p95,
    p99
   FROM inventory.lag l
  WHERE (minute > (now() - '1 day'::interval));
CREATE VIEW screen.lag_now WITH (security_invoker=off) AS
 WITH recent AS (
         SELECT lag.minute,
            lag.warehouse,
            lag.kind,
            lag.log_partition,
            lag.events,
            lag.over_1s,
            lag.over_3s,
            lag.share_over_1s,
            lag.share_over_3s,
            lag.p50,
            lag.p95,
            lag.p99,
            lag.to_recorded_p50,
            lag.to_recorded_p95,
            lag.to_recorded_p99,
            lag.to_sent_p50,
            lag.to_sent_p95,
            lag.to_sent_p99,
            lag.to_broker_p50,
            lag.to_broker_p95,
            lag.to_broker_p99,
            lag.to_committed_p50,
            lag.to_committed_p95,
            lag.to_committed_p99,
            lag.total_counts,
            lag.to_recorded_counts,
            lag.to_sent_counts,
            lag.to_broker_counts,
            lag.to_committed_counts
           FROM inventory.lag
          WHERE (lag.minute > (now() - '00:15:00'::interval))
        ), totals AS (
         SELECT recent.kind,
            (sum(recent.events))::bigint AS events,
            (sum(recent.over_1s))::bigint AS over_1s,
            (sum(recent.over_3s))::bigint AS over_3s
           FROM recent
          GROUP BY recent.kind
        ), buckets AS (
         SELECT r.kind,
            b.i,
            (sum(b.total))::bigint AS total,
            (sum(b.to_committed))::bigint AS to_committed
           FROM (recent r
             CROSS JOIN LATERAL UNNEST(r.total_counts, r.to_committed_counts) WITH ORDINALITY b(total, to_committed, i))
          GROUP BY r.kind, b.i
        ), histograms AS (
         SELECT buckets.kind,
            array_agg(COALESCE(buckets.total, (0)::bigint) ORDER BY buckets.i) AS total,
            array_agg(COALESCE(buckets.to_committed, (0)::bigint) ORDER BY buckets.i) AS to_committed
           FROM buckets
          GROUP BY buckets.kind
        )
 SELECT t.kind,
    t.events,
    inventory.lag_quantile(h.total, (0.50)::double precision) AS p50,
    inventory.lag_quantile(h.total, (0.95)::double precision) AS p95,
    inventory.lag_quantile(h.total, (0.99)::double precision) AS p99,
    inventory.lag_quantile(h.to_committed, (0.50)::double precision) AS broker_p50,
    inventory.lag_quantile(h.to_committed, (0.99)::double precision) AS broker_p99,
    ((t.over_1s)::double precision / (NULLIF(t.events, 0))::double precision) AS share_over_1s,
    ((t.over_3s)::double precision / (NULLIF(t.events, 0))::double precision) AS share_over_3s
   FROM (totals t
     LEFT JOIN histograms h USING (kind));
CREATE VIEW screen.lag_warehouses WITH (security_invoker=off) AS
 WITH recent AS (
         SELECT l.minute,
            l.warehouse,
            l.kind,
            l.log_partition,
            l.events,
            l.over_1s,
            l.over_3s,
            l.share_over_1s,
            l.share_over_3s,
            l.p50,
            l.p95,
            l.p99,
            l.to_recorded_p50,
            l.to_recorded_p95,
            l.to_recorded_p99,
            l.to_sent_p50,
            l.to_sent_p95,
            l.to_sent_p99,
            l.to_broker_p50,
            l.to_broker_p95,
            l.to_broker_p99,
            l.to_committed_p50,
            l.to_committed_p95,
            l.to_committed_p99,
            l.total_counts,
            l.to_recorded_counts,
            l.to_sent_counts,
            l.to_broker_counts,
            l.to_committed_counts
           FROM inventory.lag l
          WHERE (l.minute > (now() - '00:15:00'::interval))
        ), totals AS (
         SELECT r.warehouse,
            r.kind,
            (sum(r.events))::bigint AS events,
            (sum(r.over_1s))::bigint AS over_1s,
            (sum(r.over_3s))::bigint AS over_3s
           FROM recent r
          GROUP BY r.warehouse, r.kind
        ), buckets AS (
         SELECT r.warehouse,
            r.kind,
            b.i,
            (sum(b.n))::bigint AS n
           FROM (recent r
             CROSS JOIN LATERAL unnest(r.total_counts) WITH ORDINALITY b(n, i))
          GROUP BY r.warehouse, r.kind, b.i
        ), histograms AS (
         SELECT b.warehouse,
            b.kind,
            array_agg(b.n ORDER BY b.i) AS counts
           FROM buckets b
          GROUP BY b.warehouse, b.kind
        )
 SELECT t.warehouse,
    COALESCE(w.name, w.name_zh, t.warehouse) AS warehouse_en,
    COALESCE(w.name_zh, w.name, t.warehouse) AS warehouse_zh,
    t.kind,
    t.events,
    inventory.lag_quantile(h.counts, (0.50)::double precision) AS p50,
    inventory.lag_quantile(h.counts, (0.95)::double precision) AS p95,
    inventory.lag_quantile(h.counts, (0.99)::double precision) AS p99,
    ((t.over_1s)::double precision / (NULLIF(t.events, 0))::double precision) AS share_over_1s,
    ((t.over_3s)::double precision / (NULLIF(t.events, 0))::double precision) AS share_over_3s
   FROM ((totals t
     LEFT JOIN histograms h USING (warehouse, kind))
     LEFT JOIN inventory.warehouses w USING (warehouse));
CREATE VIEW screen.local_times WITH (security_invoker=off) AS
 SELECT w.warehouse,
    COALESCE(w.name, w.name_zh, w.warehouse) AS warehouse_en,
    COALESCE(w.name_zh, w.name, w.warehouse) AS warehouse_zh,
    COALESCE(o.clock_at, now()) AS clock_at,
    (date_trunc('day'::text, (COALESCE(o.clock_at, now()) AT TIME ZONE w.timezone)) AT TIME ZONE w.timezone) AS day_at,
    ((COALESCE(o.clock_at, now()) AT TIME ZONE w.timezone))::date AS today
   FROM ((inventory.warehouses w
     LEFT JOIN inventory.partitions p USING (warehouse))
     LEFT JOIN inventory.offsets o USING (log_partition));
CREATE VIEW screen.lots_expiring WITH (security_invoker=off) AS
 SELECT c.warehouse,
    COALESCE(w.name, w.name_zh, c.warehouse) AS warehouse_en,
    COALESCE(w.name_zh, w.name, c.warehouse) AS warehouse_zh,
    c.sku,
    COALESCE(i.name, i.name_zh, c.sku) AS item_en,
    COALESCE(i.name_zh, i.name, c.sku) AS item_zh,
    COALESCE(i.category, ''::text) AS category,
    c.lot,
    c.bins,
    c.quantity,
    c.sellable,
    c.expires_on,
    (c.expires_on - d.today) AS days_to_expiry,
    (c.quantity * ( SELECT s.unit_cost
           FROM inventory.stock_figures s
          WHERE ((s.warehouse = c.warehouse) AND (s.sku = c.sku)))) AS value
   FROM (((inventory.local_days d
     CROSS JOIN LATERAL ( SELECT b.warehouse,
            b.sku,
            b.lot,
            b.expires_on,
            string_agg(DISTINCT b.bin, ', '::text) FILTER (WHERE (b.bin <> ''::text)) AS bins,
            sum(b.quantity) AS quantity,
            COALESCE(sum(b.quantity) FILTER (WHERE (b.status = 'sellable'::text)), (0)::numeric) AS sellable
           FROM inventory.stock_bins b
          WHERE ((b.warehouse = d.warehouse) AND (b.expires_on <= (d.today + 90)) AND (b.quantity <> (0)::numeric))
          GROUP BY b.warehouse, b.sku, b.lot, b.expires_on) c)
     LEFT JOIN inventory.items i ON ((i.sku = c.sku)))
     LEFT JOIN inventory.warehouses w ON ((w.warehouse = c.warehouse)));
CREATE VIEW screen.moves_proposed WITH (security_invoker=off) AS
 SELECT r.warehouse,
    r.n,
    r.made_at,
    r.kind,
    r.sku,
    COALESCE(i.name, i.name_zh, r.sku) AS item_en,
    COALESCE(i.name_zh, i.name, r.sku) AS item_zh,
    r.lot,
    r.quantity,
    r.from_zone,
    r.from_bin,
    r.to_zone,
    r.to_bin,
    r.from_occupancy,
    r.from_afterwards,
    r.to_occupancy,
    r.to_afterwards,
    r.reason_en,
    r.reason_zh
   FROM (inventory.rebalancing r
     LEFT JOIN inventory.items i USING (sku));
CREATE VIEW screen.moves_recent WITH (security_invoker=off) AS
 SELECT m.occurred_at,
    m.warehouse,
    m.sku,
    i.name,
    i.name_zh,
    m.lot,
    m.bin,
    m.status,
    m.type,
    m.quantity,
    m.variance,
    m.correction,
    m.order_id,
    m.document,
    m.operator,
    m.device,
    m.counterpart,
    m.committed_at
   FROM (( SELECT movements.occurred_at,
            movements.warehouse,
            movements.sku,
            movements.lot,
            movements.bin,
            movements.status,
            movements.type,
            movements.quantity,
            movements.variance,
            movements.correction,
            movements.event_id,
            movements.device_seq,
            movements.order_id,
            movements.line_id,
            movements.document,
            movements.operator,
            movements.device,
            movements.video_url,
            movements.counterpart,
            movements.reason,
            movements.recorded_at,
            movements.expires_on,
            movements.produced_on,
            movements.due_at,
            movements.committed_at,
            movements.log_partition,
            movements.log_offset,
            movements.unit_cost
           FROM inventory.movements
          WHERE (movements.occurred_at > (now() - '1 day'::interval))
          ORDER BY movements.occurred_at DESC
         LIMIT 500) m
     LEFT JOIN inventory.items i USING (sku))
  ORDER BY m.occurred_at DESC;
CREATE VIEW screen.occupancy_hours WITH (security_invoker=off) AS
 SELECT o.hour,
    ((o.hour AT TIME ZONE COALESCE(c.timezone, 'UTC'::text)))::date AS day,
    o.warehouse,
    COALESCE(w.name, w.name_zh, o.warehouse) AS warehouse_en,
    COALESCE(w.name_zh, w.name, o.warehouse) AS warehouse_zh,
    o.zone,
    (o.filled_quantity)::double precision AS filled_quantity,
    (o.filled_volume)::double precision AS filled_volume,
    (o.filled_weight)::double precision AS filled_weight,
    (o.max_quantity)::double precision AS max_quantity,
    (o.max_volume)::double precision AS max_volume,
    (o.max_weight)::double precision AS max_weight
   FROM ((inventory.occupancy_hourly o
     LEFT JOIN inventory.clocks c USING (warehouse))
     LEFT JOIN inventory.warehouses w USING (warehouse));
CREATE VIEW screen.open_alerts WITH (security_invoker=off) AS
 SELECT s.alert_id,
    s.rule,
    s.severity,
    array_position(ARRAY['critical'::text, 'warning'::text, 'info'::text], s.severity) AS rank,
    s.state,
    s.roles,
    s.warehouse,
    COALESCE(w.name, w.name_zh, s.warehouse) AS warehouse_en,
    COALESCE(w.name_zh, w.name, s.warehouse) AS warehouse_zh,
    s.sku,
    COALESCE(i.name, i.name_zh, s.sku) AS item_en,
    COALESCE(i.name_zh, i.name, s.sku) AS item_zh,
    s.lot,
    s.bin,
    s.subject,
    s.threshold,
    (
        CASE
            WHEN (s.rule = ANY (ARRAY['stock_out'::text, 'below_safety'::text])) THEN (s.observed ->> 'available'::text)
            WHEN (s.rule = ANY (ARRAY['overstock'::text, 'negative_stock'::text])) THEN (s.observed ->> 'on_hand'::text)
            WHEN (s.rule = 'predicted_stock_out'::text) THEN (s.observed ->> 'days_of_cover'::text)
            WHEN (s.rule = ANY (ARRAY['near_expiry'::text, 'expired'::text])) THEN (s.observed ->> 'days_to_expiry'::text)
            WHEN (s.rule = 'transfer_late'::text) THEN (s.observed ->> 'minutes_late'::text)
            WHEN (s.rule = 'outbound_mismatch'::text) THEN (s.observed ->> 'difference'::text)
            WHEN (s.rule = 'bin_overweight'::text) THEN (s.observed ->> 'weight'::text)
            WHEN (s.rule = ANY (ARRAY['shrinkage'::text, 'sequence_gap'::text])) THEN (s.observed ->> 'missing'::text)
            WHEN (s.rule = ANY (ARRAY['unexplained_move'::text, 'high_value_unrecorded'::text])) THEN (s.observed ->> 'quantity'::text)
            WHEN (s.rule = 'dead_stock'::text) THEN (s.observed ->> 'idle_days'::text)
            WHEN (s.rule = ANY (ARRAY['zone_full'::text, 'zone_idle'::text])) THEN (s.observed ->> 'occupancy'::text)
            WHEN (s.rule = 'device_silent'::text) THEN (s.observed ->> 'minutes'::text)
            WHEN (s.rule = 'lag_high'::text) THEN (s.observed ->> 'p95'::text)
            WHEN (s.rule = 'invariant_drift'::text) THEN (s.observed ->> 'drift'::text)
            ELSE NULL::text
        END)::double precision AS value,
    s.observed,
    s.opened_at,
    s.seen_at,
    s.acknowledged_at,
    s.acknowledged_by,
    s.events
   FROM ((inventory.alert_state s
     LEFT JOIN inventory.items i USING (sku))
     LEFT JOIN inventory.warehouses w USING (warehouse))
  WHERE (s.state <> 'resolved'::text);
CREATE VIEW screen.outbound_pace WITH (security_invoker=off) AS
 SELECT at AS "time",
    warehouse,
    (sum(lines))::bigint AS lines,
    sum(outbound) AS outbound
   FROM inventory.throughput t
  WHERE ((type = 'outbound'::text) AND (at > (now() - '2 days'::interval)))
  GROUP BY at, warehouse;
CREATE VIEW screen.partitions_now WITH (security_invoker=off) AS
 SELECT o.log_partition,
    array_to_string(ARRAY( SELECT p.warehouse
           FROM inventory.partitions p
          WHERE (p.log_partition = o.log_partition)
          ORDER BY p.warehouse), ', '::text) AS warehouses,
    o.next_offset,
    (EXTRACT(epoch FROM (now() - o.clock_at)))::double precision AS clock_age_seconds,
    (EXTRACT(epoch FROM (now() - o.updated_at)))::double precision AS idle_seconds,
    (COALESCE(l.events, (0)::numeric) / 300.0) AS per_second,
    o.consumed,
    o.applied,
    o.repeats,
    o.rejects
   FROM (inventory.offsets o
     LEFT JOIN ( SELECT g.log_partition,
            sum(g.events) AS events
           FROM inventory.lag g
          WHERE (g.minute > (now() - '00:05:00'::interval))
          GROUP BY g.log_partition) l USING (log_partition));
CREATE VIEW screen.place_alerts WITH (security_invoker=off) AS
 SELECT s.warehouse,
    s.rule,
    s.severity,
    array_position(ARRAY['critical'::text, 'warning'::text, 'info'::text], s.severity) AS rank,
    s.state,
    s.sku,
    s.lot,
    s.bin,
    COALESCE(b.zone,
        CASE
            WHEN (s.rule = ANY (ARRAY['zone_full'::text, 'zone_idle'::text])) THEN s.subject
            ELSE NULL::text
        END) AS zone,
    s.opened_at,
    s.resolved_at,
    ( SELECT a.message_en
           FROM inventory.alerts a
          WHERE ((a.alert_id = s.alert_id) AND (a.transition <> 'acknowledged'::text))
          ORDER BY a.at DESC
         LIMIT 1) AS message_en,
    ( SELECT a.message_zh
           FROM inventory.alerts a
          WHERE ((a.alert_id = s.alert_id) AND (a.transition <> 'acknowledged'::text))
          ORDER BY a.at DESC
         LIMIT 1) AS message_zh
   FROM (inventory.alert_state s
     LEFT JOIN inventory.bin_places b ON (((b.warehouse = s.warehouse) AND (b.bin = s.bin))));
CREATE VIEW screen.progress WITH (security_invoker=off) AS
 SELECT o.log_partition,
    o.topic,
    o.next_offset,
    o.generation,
    o.consumed,
    o.applied,
    o.repeats,
    o.rejects,
    o.clock_at,
    o.updated_at,
    (EXTRACT(epoch FROM (now() - o.updated_at)))::double precision AS idle_seconds,
    p.warehouses
   FROM (inventory.offsets o
     LEFT JOIN ( SELECT partitions.log_partition,
            array_agg(partitions.warehouse ORDER BY partitions.warehouse) AS warehouses
           FROM inventory.partitions
          GROUP BY partitions.log_partition) p USING (log_partition));
CREATE VIEW screen.recorded_moves WITH (security_invoker=off) AS
 SELECT m.occurred_at AS "time",
    m.warehouse,
    COALESCE(w.name, w.name_zh, m.warehouse) AS warehouse_en,
    COALESCE(w.name_zh, w.name, m.warehouse) AS warehouse_zh,
    m.sku,
    COALESCE(i.name, i.name_zh, m.sku) AS item_en,
    COALESCE(i.name_zh, i.name, m.sku) AS item_zh,
    COALESCE(i.category, ''::text) AS category,
    COALESCE(i.high_value, false) AS high_value,
    m.lot,
    m.bin,
    m.type,
    m.quantity,
    (m.quantity * ( SELECT s.unit_cost
           FROM inventory.stock_figures s
          WHERE ((s.warehouse = m.warehouse) AND (s.sku = m.sku)))) AS value,
    m.operator,
    m.device,
    COALESCE(m.order_id, m.document) AS document,
    m.video_url
   FROM ((inventory.movements m
     LEFT JOIN inventory.items i USING (sku))
     LEFT JOIN inventory.warehouses w USING (warehouse))
  WHERE (m.video_url IS NOT NULL);
CREATE VIEW screen.red_now WITH (security_invoker=off) AS
 SELECT t.warehouse,
    COALESCE(w.name, w.name_zh, t.warehouse) AS warehouse_en,
    COALESCE(w.name_zh, w.name, t.warehouse) AS warehouse_zh,
    t.sku,
    COALESCE(i.name, i.name_zh, t.sku) AS item_en,
    COALESCE(i.name_zh, i.name, t.sku) AS item_zh,
    t.place,
    t.available,
    t.safety_stock,
    t.short,
    round((((100)::numeric * t.available) / NULLIF(t.safety_stock, (0)::numeric))) AS safety_percent,
    (t.incoming + t.in_transit) AS coming
   FROM ((inventory.shortage_totals t
     LEFT JOIN inventory.items i USING (sku))
     LEFT JOIN inventory.warehouses w USING (warehouse));
CREATE VIEW screen.rejects_day WITH (security_invoker=off) AS
 SELECT at,
    topic,
    partition,
    "offset",
    code,
    field,
    message,
    event_id
   FROM inventory.rejects r
  WHERE (at > (now() - '1 day'::interval))
  ORDER BY at DESC
 LIMIT 5000;
CREATE VIEW screen.relay_queue WITH (security_invoker=off) AS
 WITH waiting AS (
         SELECT d.receiver,
            d.created_at
           FROM inventory.dispatches d
          WHERE (d.state = 'waiting'::text)
        UNION ALL
         SELECT 'kafka'::text,
            b.created_at
           FROM inventory.outbox b
          WHERE (NOT b.spread)
        ), queues AS (
         SELECT w.receiver,
            count(*) AS waiting,
            min(w.created_at) AS oldest
           FROM waiting w
          GROUP BY w.receiver
        ), receivers AS (
         SELECT 'kafka'::text AS receiver,
            true AS active,
            0 AS failures,
            NULL::timestamp with time zone AS open_until
        UNION ALL
         SELECT e.name,
            e.active,
            e.failures,
            e.open_until
           FROM inventory.endpoints e
        )
 SELECT receiver,
        CASE
            WHEN (NOT COALESCE(r.active, false)) THEN 'off'::text
            WHEN (r.open_until > now()) THEN 'open'::text
            ELSE 'closed'::text
        END AS circuit,
    COALESCE(q.waiting, (0)::bigint) AS waiting,
    (COALESCE(EXTRACT(epoch FROM (now() - q.oldest)), (0)::numeric))::double precision AS oldest_seconds,
    COALESCE(r.failures, 0) AS failures,
    r.open_until
   FROM (receivers r
     FULL JOIN queues q USING (receiver));
CREATE VIEW screen.responses WITH (security_invoker=off) AS
 SELECT r.rule,
    r.warehouse,
    COALESCE(w.name, w.name_zh, r.warehouse) AS warehouse_en,
    COALESCE(w.name_zh, w.name, r.warehouse) AS warehouse_zh,
    r.alerts,
    r.unanswered,
    r.to_sent_p50_s,
    r.to_sent_p95_s,
    r.to_answer_p50_s,
    r.to_answer_p95_s,
    r.to_order_p50_s,
    r.to_order_p95_s,
    r.to_resolved_p50_s,
    r.to_resolved_p95_s,
    r.answered_within_10_min,
    r.ordered_within_1_h,
    r.made_at
   FROM (inventory.response_totals r
     LEFT JOIN inventory.warehouses w USING (warehouse))
  WHERE (r.rule <> ''::text);
CREATE VIEW screen.responses_day WITH (security_invoker=off) AS
 SELECT alerts,
    unanswered,
    to_sent_p50_s,
    to_sent_p95_s,
    to_answer_p50_s,
    to_answer_p95_s,
    to_order_p50_s,
    to_order_p95_s,
    to_resolved_p50_s,
    to_resolved_p95_s,
    answered_within_10_min,
    ordered_within_1_h,
    made_at
   FROM inventory.response_totals t
  WHERE (rule = ''::text);
CREATE VIEW screen.retention_now WITH (security_invoker=off) AS
 SELECT relation,
    keep_days,
    gone_before,
    done_at
   FROM inventory.retention r;
CREATE VIEW screen.selling_out WITH (security_invoker=off) AS
 SELECT f.warehouse,
    f.sku,
    COALESCE(i.name, i.name_zh, f.sku) AS item_en,
    COALESCE(i.name_zh, i.name, f.sku) AS item_zh,
    f.available,
    f.demand_per_day,
    ((((24)::numeric * f.available) / f.demand_per_day))::double precision AS hours_of_cover
   FROM ((( SELECT DISTINCT s_1.warehouse,
            s_1.sku
           FROM inventory.alert_state s_1
          WHERE ((s_1.state <> 'resolved'::text) AND (s_1.rule = ANY (ARRAY['predicted_stock_out'::text, 'below_safety'::text])))) s
     JOIN inventory.stock_figures f USING (warehouse, sku))
     LEFT JOIN inventory.items i USING (sku))
  WHERE ((f.available > (0)::numeric) AND (f.demand_per_day > (0)::numeric));
CREATE VIEW screen.shortages WITH (security_invoker=off) AS
 SELECT s.warehouse,
    s.sku,
    i.name,
    i.name_zh,
    i.category,
    s.on_hand,
    s.reserved,
    s.available,
    s.safety_stock,
    (COALESCE(s.safety_stock, (0)::numeric) - s.available) AS short,
    s.in_transit,
    s.incoming,
    s.projected,
    s.updated_at
   FROM (inventory.stock s
     LEFT JOIN inventory.items i USING (sku))
  WHERE (s.water_level = 'red'::text)
  ORDER BY (COALESCE(s.safety_stock, (0)::numeric) - s.available) DESC, s.warehouse, s.sku;
CREATE VIEW screen.sku_actions WITH (security_invoker=off) AS
 SELECT a.proposed_at AS "time",
    a.action_id,
    a.kind,
    a.warehouse,
    COALESCE(w.name, w.name_zh, a.warehouse) AS warehouse_en,
    COALESCE(w.name_zh, w.name, a.warehouse) AS warehouse_zh,
    a.sku,
    a.lot,
    a.state,
    a.quantity,
    a.value
   FROM (inventory.actions a
     LEFT JOIN inventory.warehouses w USING (warehouse))
  WHERE a.standing;
CREATE VIEW screen.sku_alerts WITH (security_invoker=off) AS
 SELECT a.opened_at AS "time",
    a.alert_id,
    a.rule,
    a.warehouse,
    COALESCE(w.name, w.name_zh, a.warehouse) AS warehouse_en,
    COALESCE(w.name_zh, w.name, a.warehouse) AS warehouse_zh,
    a.sku,
    a.lot,
    a.bin,
    a.severity,
    a.state,
    a.threshold
   FROM (inventory.alert_state a
     LEFT JOIN inventory.warehouses w USING (warehouse))
  WHERE (a.state <> 'resolved'::text);
CREATE VIEW screen.sku_open WITH (security_invoker=off) AS
 WITH lines AS (
         SELECT 'order'::text AS kind,
            o_1.warehouse,
            o_1.sku,
            o_1.order_id AS document,
            NULL::text AS other,
            o_1.ordered,
            o_1.shipped AS done,
            ((o_1.ordered - o_1.shipped) - o_1.cancelled) AS remaining,
            o_1.due_at
           FROM inventory.orders o_1
          WHERE (o_1.state = 'open'::text)
        UNION ALL
         SELECT 'purchase'::text,
            p.warehouse,
            p.sku,
            p.order_id,
            p.counterpart,
            p.ordered,
            p.received,
            ((p.ordered - p.received) - p.cancelled),
            p.due_at
           FROM inventory.purchases p
          WHERE (p.state = 'open'::text)
        UNION ALL
         SELECT 'transfer'::text,
            t."to",
            t.sku,
            t.document,
            t."from",
            t.shipped,
            t.received,
            t.in_transit,
            t.due_at
           FROM inventory.transfers t
        )
 SELECT l.kind,
    l.warehouse,
    COALESCE(w.name, w.name_zh, l.warehouse) AS warehouse_en,
    COALESCE(w.name_zh, w.name, l.warehouse) AS warehouse_zh,
    l.sku,
    l.document,
    COALESCE(o.name, o.name_zh, l.other) AS other_en,
    COALESCE(o.name_zh, o.name, l.other) AS other_zh,
    l.ordered,
    l.done,
    l.remaining,
    l.due_at
   FROM ((lines l
     LEFT JOIN inventory.warehouses w ON ((w.warehouse = l.warehouse)))
     LEFT JOIN inventory.warehouses o ON ((o.warehouse = l.other)))
  WHERE (l.remaining > (0)::numeric);
CREATE VIEW screen.special_places WITH (security_invoker=off) AS
 WITH goods AS (
         SELECT 'fragile'::text AS kind,
            i_1.sku
           FROM inventory.items i_1
          WHERE i_1.fragile
        UNION ALL
         SELECT 'high_value'::text,
            i_1.sku
           FROM inventory.items i_1
          WHERE i_1.high_value
        UNION ALL
         SELECT 'bonded'::text,
            i_1.sku
           FROM inventory.items i_1
          WHERE i_1.bonded
        ), cells AS (
         SELECT g.kind,
            c_1.warehouse,
            c_1.bin,
            c_1.sku,
            c_1.lot,
            c_1.status,
            c_1.quantity,
            c_1.expires_on,
            c_1.received_at
           FROM ((goods g
             CROSS JOIN inventory.partitions p)
             JOIN inventory.stock_bins c_1 ON (((c_1.warehouse = p.warehouse) AND (c_1.sku = g.sku))))
        UNION ALL
         SELECT 'hold'::text,
            c_1.warehouse,
            c_1.bin,
            c_1.sku,
            c_1.lot,
            c_1.status,
            c_1.quantity,
            c_1.expires_on,
            c_1.received_at
           FROM inventory.stock_bins c_1
          WHERE (c_1.status = 'hold'::text)
        UNION ALL
         SELECT 'damaged'::text,
            c_1.warehouse,
            c_1.bin,
            c_1.sku,
            c_1.lot,
            c_1.status,
            c_1.quantity,
            c_1.expires_on,
            c_1.received_at
           FROM inventory.stock_bins c_1
          WHERE (c_1.status = 'damaged'::text)
        UNION ALL
         SELECT 'returned'::text,
            c_1.warehouse,
            c_1.bin,
            c_1.sku,
            c_1.lot,
            c_1.status,
            c_1.quantity,
            c_1.expires_on,
            c_1.received_at
           FROM inventory.stock_bins c_1
          WHERE (c_1.status = 'returned'::text)
        )
 SELECT c.kind,
    c.warehouse,
    COALESCE(w.name, w.name_zh, c.warehouse) AS warehouse_en,
    COALESCE(w.name_zh, w.name, c.warehouse) AS warehouse_zh,
    b.zone,
    c.bin,
    c.sku,
    COALESCE(i.name, i.name_zh, c.sku) AS item_en,
    COALESCE(i.name_zh, i.name, c.sku) AS item_zh,
    COALESCE(i.category, ''::text) AS category,
    c.lot,
    c.status,
    c.quantity,
    (c.quantity * ( SELECT s.unit_cost
           FROM inventory.stock_figures s
          WHERE ((s.warehouse = c.warehouse) AND (s.sku = c.sku)))) AS value,
    c.expires_on,
    c.received_at,
    i.protection
   FROM (((cells c
     LEFT JOIN inventory.items i ON ((i.sku = c.sku)))
     LEFT JOIN inventory.bin_places b ON (((b.warehouse = c.warehouse) AND (b.bin = c.bin))))
     LEFT JOIN inventory.warehouses w ON ((w.warehouse = c.warehouse)))
  WHERE (c.quantity <> (0)::numeric);
CREATE VIEW screen.special_sums WITH (security_invoker=off) AS
 SELECT t.warehouse,
    COALESCE(w.name, w.name_zh, t.warehouse) AS warehouse_en,
    COALESCE(w.name_zh, w.name, t.warehouse) AS warehouse_zh,
    t.category,
    t.kind,
    t.skus,
    t.quantity,
    t.value,
    t.made_at
   FROM (inventory.special_totals t
     LEFT JOIN inventory.warehouses w USING (warehouse));
CREATE VIEW screen.stock_changes WITH (security_invoker=off) AS
 SELECT at AS "time",
    warehouse,
    sku,
    on_hand,
    reserved,
    available
   FROM inventory.stock_history h;
CREATE VIEW screen.throughput WITH (security_invoker=off) AS
 SELECT t.at AS "time",
    t.warehouse,
    COALESCE(w.name, w.name_zh, t.warehouse) AS warehouse_en,
    COALESCE(w.name_zh, w.name, t.warehouse) AS warehouse_zh,
    t.type,
    t.lines,
    t.inbound,
    t.outbound
   FROM (inventory.throughput t
     LEFT JOIN inventory.warehouses w USING (warehouse))
  WHERE (t.type = ANY (ARRAY['inbound'::text, 'transfer_in'::text, 'return'::text, 'outbound'::text, 'transfer_out'::text, 'scrap'::text]));
CREATE VIEW screen.throughput_days WITH (security_invoker=off) AS
 SELECT t.at,
    ((t.at AT TIME ZONE COALESCE(c.timezone, 'UTC'::text)))::date AS day,
    t.warehouse,
    t.type,
    t.lines,
    (t.inbound)::double precision AS inbound,
    (t.outbound)::double precision AS outbound
   FROM (inventory.throughput t
     LEFT JOIN inventory.clocks c USING (warehouse));
CREATE VIEW screen.top_shortages WITH (security_invoker=off) AS
 SELECT t.warehouse,
    COALESCE(w.name, w.name_zh, t.warehouse) AS warehouse_en,
    COALESCE(w.name_zh, w.name, t.warehouse) AS warehouse_zh,
    t.place,
    t.sku,
    COALESCE(i.name, i.name_zh, t.sku) AS item_en,
    COALESCE(i.name_zh, i.name, t.sku) AS item_zh,
    COALESCE(i.category, ''::text) AS category,
    t.on_hand,
    t.reserved,
    t.available,
    t.safety_stock,
    t.short,
    t.in_transit,
    t.incoming,
    t.stock_out_on,
    t.value_at_risk,
    t.made_at
   FROM ((inventory.shortage_totals t
     LEFT JOIN inventory.items i USING (sku))
     LEFT JOIN inventory.warehouses w USING (warehouse));
CREATE VIEW screen.totals WITH (security_invoker=off) AS
 SELECT t.warehouse,
    COALESCE(w.name, w.name_zh, t.warehouse) AS warehouse_en,
    COALESCE(w.name_zh, w.name, t.warehouse) AS warehouse_zh,
    w.region,
    t.category,
    t.skus,
    t.red,
    t.yellow,
    t.green,
    t.over,
    t.sold_out,
    t.on_hand,
    t.on_hold,
    t.reserved,
    t.available,
    t.in_transit,
    t.incoming,
    t.short,
    t.value,
    t.demand_per_day,
    t.demand_value,
    t.made_at
   FROM (inventory.stock_totals t
     LEFT JOIN inventory.warehouses w USING (warehouse));
CREATE VIEW screen.turnover_days WITH (security_invoker=off) AS
 SELECT d.day,
    d.warehouse,
    COALESCE(w.name, w.name_zh, d.warehouse) AS warehouse_en,
    COALESCE(w.name_zh, w.name, d.warehouse) AS warehouse_zh,
    COALESCE(c.timezone, 'UTC'::text) AS timezone,
    COALESCE(c.clock_at, now()) AS clock_at,
    d.category,
    d.net,
    d.issues,
    d.issue_cost,
    d.value_net,
    d.value_moment
   FROM ((inventory.turnover_daily d
     LEFT JOIN inventory.clocks c USING (warehouse))
     LEFT JOIN inventory.warehouses w USING (warehouse));
CREATE VIEW screen.turnover_now WITH (security_invoker=off) AS
 SELECT t.warehouse,
    COALESCE(w.name, w.name_zh, t.warehouse) AS warehouse_en,
    COALESCE(w.name_zh, w.name, t.warehouse) AS warehouse_zh,
    t.category,
    t.days,
    t.issue_cost,
    t.mean_value,
    (t.annualised * t.mean_value) AS annual_cost,
    t.annualised,
    t.days_of_inventory,
    t.made_at
   FROM (inventory.turnover_totals t
     LEFT JOIN inventory.warehouses w USING (warehouse))
  WHERE (t.scope = 'warehouse_category'::text);
CREATE VIEW screen.undelivered_now WITH (security_invoker=off) AS
 WITH open AS (
         SELECT d.message_id,
            d.receiver,
            d.state,
            d.attempts,
            d.created_at,
            d.next_attempt_at,
            d.last_error
           FROM inventory.dispatches d
          WHERE (d.state = 'waiting'::text)
        UNION ALL
         SELECT l.message_id,
            l.receiver,
            l.state,
            l.attempts,
            l.created_at,
            NULL::timestamp with time zone,
            l.last_error
           FROM ( SELECT dispatches.message_id,
                    dispatches.receiver,
                    dispatches.number,
                    dispatches.topic,
                    dispatches.created_at,
                    dispatches.state,
                    dispatches.attempts,
                    dispatches.first_at,
                    dispatches.next_attempt_at,
                    dispatches.leased_until,
                    dispatches.delivered_at,
                    dispatches.given_up_at,
                    dispatches.last_error
                   FROM inventory.dispatches
                  ORDER BY dispatches.created_at DESC
                 LIMIT 20000) l
          WHERE (l.state = 'given_up'::text)
        UNION ALL
         SELECT b_1.message_id,
            'kafka'::text,
            'waiting'::text,
            0,
            b_1.created_at,
            b_1.created_at,
            NULL::text
           FROM inventory.outbox b_1
          WHERE (NOT b_1.spread)
        )
 SELECT o.message_id,
    o.receiver,
    o.state,
    o.attempts,
    o.created_at,
    o.next_attempt_at,
    o.last_error,
    b.topic,
    b.name,
    b.severity,
    b.warehouse
   FROM (( SELECT open.message_id,
            open.receiver,
            open.state,
            open.attempts,
            open.created_at,
            open.next_attempt_at,
            open.last_error
           FROM open
          ORDER BY open.created_at
         LIMIT 200) o
     JOIN inventory.outbox b USING (message_id));
CREATE VIEW screen.warehouse_list WITH (security_invoker=off) AS
 SELECT warehouse,
    COALESCE(name, name_zh, warehouse) AS warehouse_en,
    COALESCE(name_zh, name, warehouse) AS warehouse_zh,
    region
   FROM inventory.warehouses w;
CREATE VIEW screen.warehouses_now WITH (security_invoker=off) AS
 SELECT w.warehouse,
    w.name,
    w.name_zh,
    w.region,
    w.timezone,
    w.known,
    count(s.sku) AS skus,
    COALESCE(sum(s.on_hand), (0)::numeric) AS on_hand,
    COALESCE(sum(s.on_hold), (0)::numeric) AS on_hold,
    COALESCE(sum(s.reserved), (0)::numeric) AS reserved,
    COALESCE(sum(s.available), (0)::numeric) AS available,
    COALESCE(sum(s.in_transit), (0)::numeric) AS in_transit,
    COALESCE(sum(s.incoming), (0)::numeric) AS incoming,
    sum(s.value) AS value,
    max(s.moved_to) AS moved_to
   FROM (inventory.warehouses w
     LEFT JOIN inventory.stock s USING (warehouse))
  GROUP BY w.warehouse;
CREATE VIEW screen.water WITH (security_invoker=off) AS
 SELECT s.warehouse,
    COALESCE(w.name, w.name_zh, s.warehouse) AS warehouse_en,
    COALESCE(w.name_zh, w.name, s.warehouse) AS warehouse_zh,
    s.sku,
    COALESCE(i.name, i.name_zh, s.sku) AS item_en,
    COALESCE(i.name_zh, i.name, s.sku) AS item_zh,
    COALESCE(i.category, ''::text) AS category,
    s.water_level AS level,
    array_position(ARRAY['red'::text, 'yellow'::text, 'over'::text, 'green'::text], s.water_level) AS rank,
    s.on_hand,
    s.on_hold,
    s.reserved,
    s.available,
    s.in_transit,
    s.incoming,
    s.projected,
    s.safety_stock,
    s.reorder_point,
    s.max_stock,
    s.demand_per_day,
    round((s.available / NULLIF(s.demand_per_day, (0)::numeric)), 1) AS days_of_cover,
    round((((100)::numeric * s.available) / NULLIF(s.safety_stock, (0)::numeric))) AS safety_percent,
    s.stock_out_on,
    s.value,
    s.updated_at
   FROM ((inventory.stock_figures s
     LEFT JOIN inventory.items i USING (sku))
     LEFT JOIN inventory.warehouses w USING (warehouse));
CREATE VIEW screen.water_levels WITH (security_invoker=off) AS
 SELECT s.warehouse,
    w.name,
    w.name_zh,
    count(*) AS skus,
    count(*) FILTER (WHERE (s.water_level = 'red'::text)) AS red,
    count(*) FILTER (WHERE (s.water_level = 'yellow'::text)) AS yellow,
    count(*) FILTER (WHERE (s.water_level = 'green'::text)) AS green,
    count(*) FILTER (WHERE (s.water_level = 'over'::text)) AS over,
    sum(s.on_hand) AS on_hand,
    sum(s.available) AS available,
    sum(GREATEST(s.available, (0)::numeric)) AS sellable,
    sum(s.value) AS value
   FROM (inventory.stock s
     LEFT JOIN inventory.warehouses w USING (warehouse))
  GROUP BY s.warehouse, w.name, w.name_zh;
CREATE VIEW screen.zone_picks WITH (security_invoker=off) AS
 WITH wanted AS (
         SELECT o.warehouse,
            o.sku,
            count(*) AS lines,
            sum(((o.ordered - o.shipped) - o.cancelled)) AS to_pick,
            min(o.due_at) AS due_at
           FROM inventory.orders o
          WHERE ((o.state = 'open'::text) AND (((o.ordered - o.shipped) - o.cancelled) > (0)::numeric))
          GROUP BY o.warehouse, o.sku
        )
 SELECT w.warehouse,
    h.zone,
    w.sku,
    COALESCE(i.name, i.name_zh, w.sku) AS item_en,
    COALESCE(i.name_zh, i.name, w.sku) AS item_zh,
    h.bins,
    h.here,
    (h.everywhere - h.here) AS elsewhere,
    w.lines,
    w.to_pick,
    w.due_at,
        CASE
            WHEN (w.to_pick > h.everywhere) THEN 2
            WHEN (w.to_pick > h.here) THEN 1
            WHEN ((h.here - w.to_pick) < f.demand_per_day) THEN 3
            ELSE 4
        END AS priority,
    COALESCE(i.fragile, false) AS fragile,
    i.protection
   FROM (((wanted w
     CROSS JOIN LATERAL ( SELECT COALESCE(b.zone, ''::text) AS zone,
            string_agg(DISTINCT c.bin, ', '::text ORDER BY c.bin) AS bins,
            sum(c.quantity) AS here,
            sum(sum(c.quantity)) OVER () AS everywhere
           FROM (inventory.stock_bins c
             LEFT JOIN inventory.bin_places b ON (((b.warehouse = c.warehouse) AND (b.bin = c.bin))))
          WHERE ((c.warehouse = w.warehouse) AND (c.sku = w.sku) AND (c.status = 'sellable'::text) AND (c.quantity > (0)::numeric))
          GROUP BY COALESCE(b.zone, ''::text)) h)
     LEFT JOIN inventory.items i USING (sku))
     LEFT JOIN inventory.stock_figures f ON (((f.warehouse = w.warehouse) AND (f.sku = w.sku))));
CREATE VIEW screen.zone_shortages WITH (security_invoker=off) AS
 SELECT t.warehouse,
    h.zone,
    t.place,
    t.sku,
    COALESCE(i.name, i.name_zh, t.sku) AS item_en,
    COALESCE(i.name_zh, i.name, t.sku) AS item_zh,
    COALESCE(h.here, (0)::numeric) AS here,
    t.available,
    t.safety_stock,
    t.short,
    (t.in_transit + t.incoming) AS expected
   FROM ((inventory.shortage_totals t
     LEFT JOIN LATERAL ( SELECT COALESCE(b.zone, ''::text) AS zone,
            sum(c.quantity) AS here
           FROM (inventory.stock_bins c
             LEFT JOIN inventory.bin_places b ON (((b.warehouse = c.warehouse) AND (b.bin = c.bin))))
          WHERE ((c.warehouse = t.warehouse) AND (c.sku = t.sku) AND (c.quantity > (0)::numeric))
          GROUP BY COALESCE(b.zone, ''::text)) h ON (true))
     LEFT JOIN inventory.items i USING (sku));
CREATE VIEW screen.zones_now WITH (security_invoker=off) AS
 SELECT z.warehouse,
    COALESCE(w.name, w.name_zh, z.warehouse) AS warehouse_en,
    COALESCE(w.name_zh, w.name, z.warehouse) AS warehouse_zh,
    z.zone,
    z.bins,
    z.free_bins,
    z.closed_bins,
    z.unknown_bins,
    z.overweight_bins,
    z.skus,
    z.quantity,
    z.volume,
    z.weight,
    z.max_quantity,
    z.max_volume,
    z.max_weight,
    z.occupancy,
    z.made_at
   FROM (inventory.zone_totals z
     LEFT JOIN inventory.warehouses w USING (warehouse));
CREATE OR REPLACE FUNCTION inventory.age_bucket(days integer)
 RETURNS text
 LANGUAGE sql
 IMMUTABLE PARALLEL SAFE
AS $function$
    SELECT CASE
        WHEN days IS NULL THEN 'unknown'
        WHEN days <= 30 THEN '0-30'
        WHEN days <= 60 THEN '31-60'
        WHEN days <= 90 THEN '61-90'
        WHEN days <= 180 THEN '91-180'
        WHEN days <= 365 THEN '181-365'
        ELSE '365+'
    END
$function$;
CREATE OR REPLACE FUNCTION inventory.arrived_in(first_seq bigint, span integer, bits bit)
 RETURNS int8multirange
 LANGUAGE sql
 IMMUTABLE PARALLEL SAFE
AS $function$
    SELECT CASE WHEN bit_count(bits << bit_count(bits)::integer) = 0
        THEN int8multirange(int8range(first_seq, first_seq + span * bit_count(bits)))
        ELSE inventory.arrived_runs(first_seq, span, bits)
    END
$function$;
CREATE OR REPLACE FUNCTION inventory.arrived_runs(first_seq bigint, span integer, bits bit)
 RETURNS int8multirange
 LANGUAGE sql
 IMMUTABLE PARALLEL SAFE
AS $function$
    SELECT range_agg(int8range(
        first_seq + span * (r.upto - length(r.run)), first_seq + span * r.upto))
    FROM (
        SELECT s.run, sum(length(s.run)) OVER (ORDER BY s.place) AS upto
        FROM string_to_table(
            replace(replace(bits::text, '01', '0 1'), '10', '1 0'), ' '
        ) WITH ORDINALITY AS s (run, place)
    ) AS r
    WHERE r.run LIKE '1%'
$function$;
CREATE OR REPLACE FUNCTION inventory.balance_movements(before timestamp with time zone)
 RETURNS void
 LANGUAGE sql
AS $function$
    INSERT INTO inventory.movement_balances AS kept (warehouse, sku, lot, bin, status, quantity)
    SELECT m.warehouse, m.sku, m.lot, m.bin, m.status, sum(m.quantity)
    FROM inventory.movements AS m
    WHERE m.occurred_at < balance_movements.before
    GROUP BY m.warehouse, m.sku, m.lot, m.bin, m.status
    HAVING sum(m.quantity) <> 0
    ON CONFLICT (warehouse, sku, lot, bin, status)
    DO UPDATE SET quantity = kept.quantity + excluded.quantity;
    DELETE FROM inventory.movement_balances WHERE quantity = 0;
$function$;
CREATE OR REPLACE FUNCTION inventory.expiry_window(days_to_expiry integer)
 RETURNS text
 LANGUAGE sql
 IMMUTABLE PARALLEL SAFE
AS $function$
    SELECT CASE
        WHEN days_to_expiry IS NULL THEN 'none'
        WHEN days_to_expiry < 0 THEN 'expired'
        WHEN days_to_expiry <= 7 THEN '≤7'
        WHEN days_to_expiry <= 15 THEN '≤15'
        WHEN days_to_expiry <= 30 THEN '≤30'
        WHEN days_to_expiry <= 60 THEN '≤60'
        WHEN days_to_expiry <= 90 THEN '≤90'
        WHEN days_to_expiry <= 180 THEN '≤180'
        ELSE 'beyond'
    END
$function$;
CREATE OR REPLACE FUNCTION inventory.forget(relation text, dry_run boolean DEFAULT false, at timestamp with time zone DEFAULT now())
 RETURNS TABLE(before timestamp with time zone, chunks bigint, rows bigint)
 LANGUAGE plpgsql
 SECURITY DEFINER
 SET search_path TO 'pg_catalog', 'pg_temp'
 SET lock_timeout TO '2s'
AS $function$
DECLARE
    rule inventory.retention;
    kind regtype;
    chunk regclass;
BEGIN
    SELECT * INTO STRICT rule FROM inventory.retention AS r WHERE r.relation = forget.relation;
    IF NOT dry_run THEN
        PERFORM pg_advisory_xact_lock(x'57415445524C5254'::bigint);
    END IF;
    SELECT least(forget.at, now(), min(o.clock_at)) - make_interval(days => CASE
            WHEN rule.needed THEN greatest(rule.keep_days, 365 + (
                SELECT greatest(inventory.policy_default('frozen_after_days'), max(p.value))
                FROM inventory.policies AS p WHERE p.field = 'frozen_after_days'))
            ELSE rule.keep_days END::integer)
    INTO before FROM inventory.offsets AS o;
    IF rule.keep_days IS NULL THEN
        RETURN;
    END IF;
    SELECT d.column_type INTO kind FROM timescaledb_information.dimensions AS d
    WHERE d.hypertable_schema = 'inventory' AND d.hypertable_name = rule.relation;
    IF kind IS NULL THEN
        EXECUTE format(
            CASE WHEN dry_run THEN 'SELECT count(*) FROM inventory.%I WHERE %I < $1'
            ELSE 'WITH gone AS (DELETE FROM inventory.%I WHERE %I < $1 RETURNING 1)'
                 ' SELECT count(*) FROM gone' END, rule.relation, rule.time_column)
        INTO rows USING before;
    ELSE
        SELECT count(*), max(c.range_end) INTO chunks, before
        FROM timescaledb_information.chunks AS c
        WHERE c.hypertable_schema = 'inventory' AND c.hypertable_name = rule.relation
          AND c.range_end <= forget.before;
    END IF;
    IF dry_run OR coalesce(chunks, rows) = 0 THEN
        before := coalesce(before, rule.gone_before);
        RETURN NEXT;
        RETURN;
    END IF;
    IF chunks > 0 THEN
        FOR chunk IN
            SELECT format('%I.%I', c.chunk_schema, c.chunk_name)::regclass
            FROM timescaledb_information.chunks AS c
            WHERE c.hypertable_schema = 'inventory' AND c.hypertable_name = rule.relation
              AND c.range_end <= forget.before
            ORDER BY c.range_end
        LOOP
            EXECUTE format('LOCK TABLE %s IN ACCESS EXCLUSIVE MODE', chunk);
        END LOOP;
        IF rule.relation = 'movements' THEN
            PERFORM inventory.balance_movements(before);
        END IF;
        EXECUTE format(
            CASE kind WHEN 'date'::regtype
                THEN 'SELECT count(*) FROM public.drop_chunks(%L::regclass,'
                     ' ($1 AT TIME ZONE ''UTC'')::date)'
                ELSE 'SELECT count(*) FROM public.drop_chunks(%L::regclass, $1)' END,
            'inventory.' || quote_ident(rule.relation))
        USING before;
    END IF;
    UPDATE inventory.retention AS r SET gone_before = forget.before, done_at = now()
    WHERE r.relation = rule.relation;
    RETURN NEXT;
END
$function$;
CREATE OR REPLACE FUNCTION inventory.known_zone(zone text)
 RETURNS text
 LANGUAGE plpgsql
 STABLE PARALLEL RESTRICTED
AS $function$
BEGIN
    PERFORM now() AT TIME ZONE zone;
    RETURN coalesce(zone, 'Asia/Shanghai');
EXCEPTION WHEN invalid_parameter_value THEN
    RETURN 'UTC';
END
$function$;
CREATE OR REPLACE FUNCTION inventory.lag_quantile(counts bigint[], q double precision)
 RETURNS double precision
 LANGUAGE sql
 IMMUTABLE PARALLEL SAFE
AS $function$
    SELECT 0.001 * 1.1::double precision ^ (c.i - 1)
    FROM (
        SELECT b.i, sum(b.n) OVER (ORDER BY b.i) AS upto, sum(b.n) OVER () AS total
        FROM unnest(counts) WITH ORDINALITY AS b (n, i)
    ) AS c
    WHERE c.total > 0 AND c.upto >= greatest(q * c.total::double precision, 1)
    ORDER BY c.i
    LIMIT 1
$function$;
CREATE OR REPLACE FUNCTION inventory.local_date(zone text, at timestamp with time zone DEFAULT now())
 RETURNS date
 LANGUAGE plpgsql
 STABLE PARALLEL RESTRICTED
AS $function$
BEGIN
    RETURN (local_date.at AT TIME ZONE coalesce(zone, 'Asia/Shanghai'))::date;
EXCEPTION WHEN invalid_parameter_value THEN
    RETURN (local_date.at AT TIME ZONE 'UTC')::date;
END
$function$;
CREATE OR REPLACE FUNCTION inventory.local_start(day date, zone text)
 RETURNS timestamp with time zone
 LANGUAGE plpgsql
 STABLE PARALLEL RESTRICTED
AS $function$
BEGIN
    RETURN day::timestamp AT TIME ZONE coalesce(zone, 'Asia/Shanghai');
EXCEPTION WHEN invalid_parameter_value THEN
    RETURN day::timestamp AT TIME ZONE 'UTC';
END
$function$;
CREATE OR REPLACE FUNCTION inventory.occupancies(quantity numeric, max_quantity numeric, volume numeric, max_volume numeric, weight numeric, max_weight numeric)
 RETURNS TABLE(occupancy_quantity numeric, occupancy_volume numeric, occupancy_weight numeric, occupancy numeric)
 LANGUAGE sql
 IMMUTABLE PARALLEL SAFE
AS $function$
    SELECT
        round(100 * quantity / nullif(max_quantity, 0), 2),
        round(100 * volume / nullif(max_volume, 0), 2),
        round(100 * weight / nullif(max_weight, 0), 2),
        inventory.occupancy(quantity, max_quantity, volume, max_volume, weight, max_weight)
$function$;
CREATE OR REPLACE FUNCTION inventory.occupancy(quantity numeric, max_quantity numeric, volume numeric, max_volume numeric, weight numeric, max_weight numeric)
 RETURNS numeric
 LANGUAGE sql
 IMMUTABLE PARALLEL SAFE
AS $function$
    SELECT round(100 * greatest(
        quantity / nullif(max_quantity, 0),
        volume / nullif(max_volume, 0),
        weight / nullif(max_weight, 0)), 2)
$function$;
CREATE OR REPLACE FUNCTION inventory.policy_default(field text)
 RETURNS numeric
 LANGUAGE sql
 IMMUTABLE PARALLEL SAFE
AS $function$
    SELECT CASE policy_default.field
        WHEN 'red_below' THEN 0.10
        WHEN 'near_expiry_days' THEN 15
        WHEN 'overweight_warning_kg' THEN 0
        WHEN 'overweight_critical_kg' THEN 50
        WHEN 'transfer_grace_minutes' THEN 0
        WHEN 'stock_out_horizon_days' THEN 7
        WHEN 'frozen_after_days' THEN 400
        WHEN 'carrying_rate' THEN 0.20
        WHEN 'dead_stock_days' THEN 90
        WHEN 'shrinkage_tolerance' THEN 0
        WHEN 'unexplained_value' THEN 1000
        WHEN 'zone_full_percent' THEN 95
        WHEN 'zone_idle_percent' THEN 10
        WHEN 'device_silent_minutes' THEN 60
        WHEN 'lag_high_seconds' THEN 3
        WHEN 'auto_replenishment_value' THEN 0
        WHEN 'auto_clearance_value' THEN 1000000000000
        WHEN 'auto_expedite_value' THEN 1000000000000
        WHEN 'auto_rebalance_value' THEN 0
    END
$function$;
CREATE OR REPLACE FUNCTION inventory.policy_in(known jsonb, otherwise numeric, warehouse text, category text DEFAULT ''::text, sku text DEFAULT ''::text)
 RETURNS numeric
 LANGUAGE plpgsql
 IMMUTABLE PARALLEL SAFE
AS $function$
DECLARE
    c text := chr(31) || coalesce(category, '') || chr(31);
    none text := chr(31) || chr(31);
BEGIN
    IF known IS NULL THEN
        RETURN otherwise;
    END IF;
    RETURN coalesce(
        (known ->> (warehouse || none || sku))::numeric, (known ->> (none || sku))::numeric,
        (known ->> (warehouse || c || sku))::numeric, (known ->> (c || sku))::numeric,
        (known ->> (warehouse || c))::numeric, (known ->> c)::numeric,
        (known ->> (warehouse || none))::numeric, (known ->> none)::numeric,
        otherwise);
END
$function$;
CREATE OR REPLACE FUNCTION inventory.policy_values(field text)
 RETURNS jsonb
 LANGUAGE sql
 STABLE PARALLEL SAFE
AS $function$
    SELECT jsonb_object_agg(concat_ws(chr(31), p.warehouse, p.category, p.sku), p.value)
    FROM inventory.policies AS p
    WHERE p.field = policy_values.field AND p.value IS NOT NULL
$function$;
CREATE OR REPLACE FUNCTION inventory.stock_as_of(at timestamp with time zone, known_at timestamp with time zone DEFAULT now())
 RETURNS TABLE(warehouse text, sku text, lot text, bin text, status text, on_hand numeric)
 LANGUAGE sql
 STABLE PARALLEL SAFE
AS $function$
    SELECT m.warehouse, m.sku, m.lot, m.bin, m.status, sum(m.quantity)
    FROM (
        SELECT warehouse, sku, lot, bin, status, quantity
        FROM inventory.movements
        WHERE occurred_at <= stock_as_of.at AND committed_at <= stock_as_of.known_at
        UNION ALL
        SELECT warehouse, sku, lot, bin, status, quantity
        FROM inventory.movement_balances
        WHERE stock_as_of.at >= (
            SELECT r.gone_before FROM inventory.retention AS r WHERE r.relation = 'movements')
    ) AS m
    GROUP BY m.warehouse, m.sku, m.lot, m.bin, m.status
    HAVING sum(m.quantity) <> 0
$function$;
CREATE OR REPLACE FUNCTION inventory.trace(sku text DEFAULT NULL::text, lot text DEFAULT NULL::text, order_id text DEFAULT NULL::text, document text DEFAULT NULL::text)
 RETURNS SETOF inventory.trail
 LANGUAGE sql
 STABLE PARALLEL SAFE
AS $function$
    WITH places AS (
        SELECT o.warehouse, o.sku FROM inventory.orders AS o WHERE o.order_id = trace.order_id
        UNION
        SELECT p.warehouse, p.sku FROM inventory.purchases AS p WHERE p.order_id = trace.order_id
    ),
    holders AS (
        SELECT d.sku FROM inventory.lot_dates AS d
        WHERE trace.sku IS NULL AND d.lot = trace.lot
        UNION
        SELECT b.sku FROM inventory.stock_bins AS b
        WHERE trace.sku IS NULL AND b.lot = trace.lot AND b.lot <> ''
    ),
    found AS (
        SELECT m.* FROM inventory.movements AS m
        WHERE m.document = trace.document
        UNION ALL
        SELECT m.* FROM places AS p
        JOIN inventory.movements AS m ON m.sku = p.sku AND m.warehouse = p.warehouse
        WHERE trace.document IS NULL AND m.order_id = trace.order_id
        UNION ALL
        -- An order without lines: its scans are found the long way.
        SELECT m.* FROM inventory.movements AS m
        WHERE trace.document IS NULL AND m.order_id = trace.order_id
          AND NOT EXISTS (SELECT FROM places)
        UNION ALL
        SELECT m.* FROM inventory.movements AS m
        WHERE trace.document IS NULL AND trace.order_id IS NULL AND m.sku = trace.sku
        UNION ALL
        SELECT m.* FROM holders AS h
        JOIN inventory.movements AS m ON m.sku = h.sku
        WHERE trace.document IS NULL AND trace.order_id IS NULL AND trace.sku IS NULL
          AND m.lot = trace.lot
        UNION ALL
        -- A lot that is gone and never had a date: the long way too.
        SELECT m.* FROM inventory.movements AS m
        WHERE trace.document IS NULL AND trace.order_id IS NULL AND trace.sku IS NULL
          AND m.lot = trace.lot AND NOT EXISTS (SELECT FROM holders)
    ),
    legs AS (
        SELECT f.*, f.type IN ('move', 'status') AS paired
        FROM found AS f
        WHERE (trace.sku IS NULL OR f.sku = trace.sku)
          AND (trace.lot IS NULL OR f.lot = trace.lot)
          AND (trace.order_id IS NULL OR f.order_id = trace.order_id)
    ),
    moved AS (
        SELECT l.occurred_at, l.type, l.warehouse, l.counterpart, l.sku, l.lot,
            string_agg(DISTINCT l.bin, ', ') FILTER (WHERE l.quantity < 0 AND l.bin <> ''),
            string_agg(DISTINCT l.bin, ', ') FILTER (WHERE l.quantity > 0 AND l.bin <> ''),
            max(l.status) FILTER (WHERE l.quantity < 0 AND l.type = 'status'),
            coalesce(max(l.status) FILTER (WHERE l.quantity > 0), max(l.status)),
            CASE WHEN l.paired THEN sum(l.quantity) FILTER (WHERE l.quantity > 0)
                 ELSE sum(l.quantity) END,
            l.operator, l.device, l.order_id, l.line_id, l.document, l.reason, l.variance,
            l.correction, l.event_id, l.device_seq, l.video_url, NULL::jsonb,
            l.recorded_at, l.committed_at
        FROM legs AS l
        GROUP BY l.occurred_at, l.type, l.warehouse, l.counterpart, l.sku, l.lot, l.paired,
            CASE WHEN l.paired THEN '' ELSE l.bin END,
            CASE WHEN l.paired THEN '' ELSE l.status END,
            l.operator, l.device, l.order_id, l.line_id, l.document, l.reason, l.variance,
            l.correction, l.event_id, l.device_seq, l.video_url, l.recorded_at, l.committed_at
    ),
    counted AS (
        SELECT j.occurred_at, j.type, j.warehouse, NULL::text, j.sku, coalesce(j.body->>'lot', ''),
            NULL::text, j.body->>'to_bin', NULL::text, j.body->>'status',
            coalesce(
                (j.body->>'quantity')::numeric,
                (SELECT sum((l.line->>'quantity')::numeric)
                 FROM jsonb_path_query(j.body, '$.lines[*]') AS l (line))),
            j.body->>'operator', j.body->>'device', NULL::text, NULL::text, j.body->>'document',
            j.body->>'reason', false, false, j.event_id, j.device_seq, j.body->>'video_url',
            jsonb_strip_nulls(jsonb_build_object(
                'scope', coalesce(j.body->>'scope', 'lot'), 'lines', j.body->'lines')),
            (j.body->>'recorded_at')::timestamptz, j.committed_at
        FROM inventory.journal AS j
        WHERE j.type = 'stocktake' AND j.sku = trace.sku
          AND trace.order_id IS NULL
          AND (trace.document IS NULL OR j.body->>'document' = trace.document)
          AND (trace.lot IS NULL OR coalesce(j.body->>'lot', '') = trace.lot
               OR j.body @> jsonb_build_object(
                   'lines', jsonb_build_array(jsonb_build_object('lot', trace.lot))))
    ),
    promised AS (
        SELECT j.occurred_at, j.type, j.warehouse, j.body->>'counterpart', j.sku, '',
            NULL::text, NULL::text, NULL::text, NULL::text, (j.body->>'ordered')::numeric,
            j.body->>'operator', j.body->>'device', j.key, j.line_id, j.body->>'document',
            j.body->>'reason', false, false, j.event_id, j.device_seq, NULL::text,
            jsonb_strip_nulls(jsonb_build_object(
                'ordered', j.body->'ordered', 'shipped', j.body->'shipped',
                'received', j.body->'received', 'cancelled', j.body->'cancelled',
                'state', j.body->'state', 'version', j.body->'version',
                'due_at', j.body->'due_at')),
            (j.body->>'recorded_at')::timestamptz, j.committed_at
        FROM inventory.journal AS j
        WHERE j.type IN ('order_line', 'purchase_line') AND j.key = trace.order_id
          AND trace.lot IS NULL
          AND (trace.sku IS NULL OR j.sku = trace.sku)
          AND (trace.document IS NULL OR j.body->>'document' = trace.document)
    )
    SELECT * FROM moved
    UNION ALL
    SELECT * FROM counted
    UNION ALL
    SELECT * FROM promised
    ORDER BY 1, 21 NULLS FIRST, 20, 25, 19, 6, 7, 8
$function$;
CREATE OR REPLACE FUNCTION inventory.trail_legs(skus text[], lot text, number text)
 RETURNS SETOF inventory.movements
 LANGUAGE plpgsql
 STABLE
AS $function$
#variable_conflict use_column
BEGIN
    IF number <> '' THEN
        RETURN QUERY
        SELECT m.* FROM (
            (SELECT m.* FROM inventory.movements AS m
             WHERE m.document = number
             ORDER BY m.occurred_at DESC LIMIT 500)
            UNION ALL
            (SELECT m.* FROM (
                SELECT o.warehouse, o.sku FROM inventory.orders AS o WHERE o.order_id = number
                UNION
                SELECT p.warehouse, p.sku FROM inventory.purchases AS p WHERE p.order_id = number
                LIMIT 100) AS p
             JOIN inventory.movements AS m
                 ON m.sku = p.sku AND m.warehouse = p.warehouse AND m.order_id = number
             WHERE m.document IS DISTINCT FROM number
             ORDER BY m.occurred_at DESC LIMIT 500)) AS m
        WHERE (trail_legs.skus IS NULL OR m.sku = ANY (trail_legs.skus))
          AND (trail_legs.lot = '' OR m.lot = trail_legs.lot);
    ELSIF trail_legs.skus IS NOT NULL THEN
        RETURN QUERY
        SELECT m.* FROM unnest(trail_legs.skus) AS s (sku)
        CROSS JOIN inventory.partitions AS p
        CROSS JOIN LATERAL (
            SELECT m.* FROM inventory.movements AS m
            WHERE m.sku = s.sku AND m.warehouse = p.warehouse
              AND (trail_legs.lot = '' OR m.lot = trail_legs.lot)
            ORDER BY m.occurred_at DESC LIMIT 500) AS m
        ORDER BY m.occurred_at DESC LIMIT 500;
    ELSE
        RETURN QUERY
        SELECT m.* FROM inventory.movements AS m ORDER BY m.occurred_at DESC LIMIT 100;
    END IF;
END
$function$;
CREATE OR REPLACE FUNCTION inventory.trail_skus(sku text, lot text, number text)
 RETURNS text[]
 LANGUAGE sql
 STABLE
AS $function$
    SELECT CASE
        WHEN trail_skus.sku <> '' THEN (
            SELECT array_agg(f.sku) FROM (
                SELECT trail_skus.sku
                UNION
                SELECT i.sku FROM inventory.items AS i
                WHERE trail_skus.sku IN (i.barcode, i.name, i.name_zh)
                LIMIT 10) AS f (sku))
        WHEN trail_skus.lot <> '' AND trail_skus.number = '' THEN (
            SELECT coalesce(array_agg(f.sku), '{}') FROM (
                SELECT d.sku FROM inventory.lot_dates AS d WHERE d.lot = trail_skus.lot
                UNION
                SELECT b.sku FROM inventory.stock_bins AS b
                WHERE b.lot = trail_skus.lot AND b.lot <> ''
                LIMIT 20) AS f (sku))
        END
$function$;
CREATE OR REPLACE FUNCTION inventory.turnover_of(s inventory.stock_figures, days integer, clocks jsonb, simple boolean DEFAULT false)
 RETURNS numeric
 LANGUAGE plpgsql
 STABLE PARALLEL SAFE SECURITY DEFINER
 SET search_path TO 'pg_catalog', 'pg_temp'
AS $function$
DECLARE
    clock jsonb := clocks -> s.warehouse;
    i integer := CASE days WHEN 7 THEN 1 WHEN 30 THEN 2 WHEN 90 THEN 3 WHEN 365 THEN 4 END;
    today date := (clock ->> 'today')::date;
    starts numeric := clock -> 'starts' ->> (i - 1);
    ends numeric := clock ->> 'at';
    level numeric := s.on_hand;
    moved numeric := coalesce(s.window_net[i], 0);
    weighed numeric := coalesce(s.window_moment[i], 0);
    issued numeric := coalesce(s.window_issues[i], 0);
    mean numeric;
BEGIN
    IF clock IS NULL OR ends <= starts THEN
        RETURN NULL;
    END IF;
    IF s.day > today THEN -- the clock is behind: its day is over, what came later is not in it
        ends := clock ->> 'midnight';
        SELECT level - coalesce(sum(d.closing - d.opening) FILTER (WHERE d.day > today), 0),
            moved + coalesce(sum(d.closing - d.opening) FILTER (WHERE d.day = today), 0),
            weighed + coalesce(sum(d.moment) FILTER (WHERE d.day = today), 0),
            issued + coalesce(sum(d.issues) FILTER (WHERE d.day = today), 0)
        INTO level, moved, weighed, issued
        FROM inventory.stock_daily AS d
        WHERE d.warehouse = s.warehouse AND d.sku = s.sku AND d.day >= today;
    ELSIF s.day = today THEN
        moved := moved + s.day_net;
        weighed := weighed + s.day_moment;
        issued := issued + s.day_issues;
        ends := greatest(ends, extract(epoch FROM s.moved_to));
    END IF;
    mean := CASE WHEN simple THEN level - moved / 2
                 ELSE level - (weighed - starts * moved) / (ends - starts) END;
    RETURN CASE WHEN mean > 0 THEN round(issued / mean, 6) END;
END
$function$;
CREATE OR REPLACE FUNCTION inventory.turnover_ratios(issues numeric, issue_cost numeric, cost_per_day numeric, mean_quantity numeric, mean_value numeric, simple_value numeric)
 RETURNS TABLE(turnover numeric, turnover_quantity numeric, turnover_simple numeric, annualised numeric, days_of_inventory numeric)
 LANGUAGE sql
 IMMUTABLE PARALLEL SAFE
AS $function$
    SELECT
        CASE WHEN mean_value > 0 THEN round(issue_cost / mean_value, 6) END,
        CASE WHEN mean_quantity > 0 THEN round(issues / mean_quantity, 6) END,
        CASE WHEN simple_value > 0 THEN round(issue_cost / simple_value, 6) END,
        CASE WHEN mean_value > 0 THEN round(365 * cost_per_day / mean_value, 6) END,
        CASE WHEN mean_value > 0 AND cost_per_day > 0
            THEN round(mean_value / cost_per_day, 2) END
$function$;
CREATE OR REPLACE FUNCTION inventory.turnover_series(days integer, from_day date, to_day date, category text DEFAULT NULL::text)
 RETURNS TABLE(day date, warehouse text, issues numeric, issue_cost numeric, mean_quantity numeric, mean_value numeric, closing_value numeric, turnover numeric, turnover_quantity numeric, turnover_simple numeric, annualised numeric, days_of_inventory numeric)
 LANGUAGE sql
 STABLE PARALLEL RESTRICTED
AS $function$
    WITH spans AS MATERIALIZED (
        SELECT e.*, from_day - (turnover_series.days - 1) AS first_day, least(to_day, e.today) AS last_day
        FROM inventory.window_ends() AS e
    ),
    sums AS (
        SELECT t.warehouse, greatest(t.day, s.first_day - 1) AS day, sum(t.issues) AS issues,
            sum(t.issue_cost) AS issue_cost, sum(t.net) AS net, sum(t.moment) AS moment,
            sum(t.value_net) AS value_net, sum(t.value_moment) AS value_moment
        FROM spans AS s
        JOIN inventory.turnover_daily AS t ON t.warehouse = s.warehouse AND t.day <= s.last_day
        WHERE turnover_series.category IS NULL OR t.category = turnover_series.category
        GROUP BY 1, 2
    ),
    -- One row more in front, with all that was before the first window.
    grid AS (
        SELECT s.warehouse, g.day,
            extract(epoch FROM inventory.local_start(g.day - (turnover_series.days - 1), s.timezone)) AS starts,
            CASE WHEN g.day = s.today THEN s.ends
                 ELSE extract(epoch FROM inventory.local_start(g.day + 1, s.timezone)) END AS ends
        FROM spans AS s
        CROSS JOIN LATERAL (
            SELECT s.first_day - 1 + n AS day
            FROM generate_series(0, s.last_day - s.first_day + 1) AS n
        ) AS g
    ),
    rolled AS (
        SELECT g.*,
            coalesce(sum(t.net) OVER upto, 0) AS closing,
            coalesce(sum(t.value_net) OVER upto, 0) AS closing_value,
            coalesce(sum(t.issues) OVER inside, 0) AS issues,
            coalesce(sum(t.issue_cost) OVER inside, 0) AS issue_cost,
            coalesce(sum(t.net) OVER inside, 0) AS net,
            coalesce(sum(t.moment) OVER inside, 0) AS moment,
            coalesce(sum(t.value_net) OVER inside, 0) AS value_net,
            coalesce(sum(t.value_moment) OVER inside, 0) AS value_moment
        FROM grid AS g
        LEFT JOIN sums AS t ON t.warehouse = g.warehouse AND t.day = g.day
        WINDOW upto AS (PARTITION BY g.warehouse ORDER BY g.day),
            inside AS (PARTITION BY g.warehouse ORDER BY g.day
                       ROWS BETWEEN turnover_series.days - 1 PRECEDING AND CURRENT ROW)
    ),
    means AS (
        SELECT r.*,
            r.closing - (r.moment - r.starts * r.net) / (r.ends - r.starts) AS mean_quantity,
            r.closing_value - (r.value_moment - r.starts * r.value_net) / (r.ends - r.starts)
                AS mean_value,
            r.closing_value - r.value_net / 2 AS simple_value,
            r.issue_cost / (r.ends - r.starts) * 86400 AS cost_per_day
        FROM rolled AS r
        WHERE r.day >= from_day AND r.ends > r.starts
    )
    SELECT m.day, m.warehouse, m.issues, m.issue_cost, round(m.mean_quantity, 6),
        round(m.mean_value, 6), m.closing_value,
        r.*
    FROM means AS m
    CROSS JOIN LATERAL inventory.turnover_ratios(m.issues, m.issue_cost, m.cost_per_day,
        m.mean_quantity, m.mean_value, m.simple_value) AS r
    ORDER BY m.day, m.warehouse
$function$;
CREATE OR REPLACE FUNCTION inventory.window_clocks()
 RETURNS jsonb
 LANGUAGE sql
 STABLE PARALLEL RESTRICTED SECURITY DEFINER
 SET search_path TO 'pg_catalog', 'pg_temp'
AS $function$
    SELECT jsonb_object_agg(c.warehouse, jsonb_build_object(
        'at', extract(epoch FROM c.clock_at),
        'today', c.today,
        'midnight', extract(epoch FROM inventory.local_start(c.today + 1, c.timezone)),
        'starts', (
            SELECT jsonb_agg(
                extract(epoch FROM inventory.local_start(c.today - (n.days - 1), c.timezone))
                ORDER BY n.days)
            FROM (VALUES (7), (30), (90), (365)) AS n (days))))
    FROM (
        SELECT p.warehouse, o.clock_at, w.timezone,
            inventory.local_date(w.timezone, o.clock_at) AS today
        FROM inventory.partitions AS p
        JOIN inventory.offsets AS o USING (log_partition)
        LEFT JOIN inventory.warehouses AS w USING (warehouse)
        WHERE o.clock_at IS NOT NULL
    ) AS c
$function$;
CREATE OR REPLACE FUNCTION inventory.window_ends()
 RETURNS TABLE(warehouse text, timezone text, today date, ends numeric)
 LANGUAGE sql
 STABLE PARALLEL RESTRICTED
AS $function$
    SELECT c.warehouse, c.timezone, c.today, extract(epoch FROM greatest(c.clock_at, (
        SELECT max(m.occurred_at) FROM inventory.movements AS m
        WHERE m.warehouse = c.warehouse AND m.occurred_at > c.clock_at
          AND m.occurred_at < inventory.local_start(c.today + 1, c.timezone))))
    FROM inventory.clocks AS c
$function$;
CREATE OR REPLACE FUNCTION screen.missing_numbers(asked text[])
 RETURNS TABLE(device text, missing bigint)
 LANGUAGE sql
 STABLE SECURITY DEFINER
 SET search_path TO 'pg_catalog', 'pg_temp'
AS $function$
    SELECT d.device, greatest(d.missing - d.unrecorded, 0)::bigint
    FROM inventory.devices AS d
    WHERE d.device = ANY (asked[1:200])
$function$;
CREATE OR REPLACE FUNCTION screen.sku_cells(sku text)
 RETURNS TABLE(warehouse text, warehouse_en text, warehouse_zh text, zone text, bin text, lot text, status text, quantity numeric, expires_on text, days_to_expiry integer, received_at timestamp with time zone)
 LANGUAGE sql
 STABLE SECURITY DEFINER
 SET search_path TO 'pg_catalog', 'pg_temp'
AS $function$
    SELECT c.warehouse, coalesce(w.name, w.name_zh, c.warehouse),
        coalesce(w.name_zh, w.name, c.warehouse), b.zone, c.bin, c.lot, c.status, c.quantity,
        c.expires_on::text, c.expires_on - d.today, c.received_at
    FROM inventory.partitions AS p
    CROSS JOIN LATERAL (
        SELECT c.* FROM inventory.stock_bins AS c
        WHERE c.warehouse = p.warehouse AND c.sku = sku_cells.sku AND c.quantity <> 0
        ORDER BY c.lot LIMIT 200) AS c
    LEFT JOIN inventory.bin_places AS b ON b.warehouse = c.warehouse AND b.bin = c.bin
    LEFT JOIN inventory.local_days AS d ON d.warehouse = c.warehouse
    LEFT JOIN inventory.warehouses AS w ON w.warehouse = c.warehouse
$function$;
CREATE OR REPLACE FUNCTION screen.sku_days(sku text)
 RETURNS TABLE("time" timestamp with time zone, warehouse text, opening numeric, inbound numeric, outbound numeric, other numeric, closing numeric)
 LANGUAGE sql
 STABLE SECURITY DEFINER
 SET search_path TO 'pg_catalog', 'pg_temp'
AS $function$
    SELECT d.day::timestamptz, p.warehouse, d.opening, d.inbound, d.outbound, d.other, d.closing
    FROM inventory.partitions AS p
    CROSS JOIN LATERAL (
        SELECT d.* FROM inventory.stock_daily AS d
        WHERE d.warehouse = p.warehouse AND d.sku = sku_days.sku
        ORDER BY d.day DESC LIMIT 100) AS d
$function$;
CREATE OR REPLACE FUNCTION screen.sku_demand(sku text)
 RETURNS TABLE("time" timestamp with time zone, warehouse text, sold numeric, expected numeric, low numeric, high numeric)
 LANGUAGE sql
 STABLE SECURITY DEFINER
 SET search_path TO 'pg_catalog', 'pg_temp'
AS $function$
    SELECT d.day::timestamptz, p.warehouse, d.issues, NULL, NULL, NULL
    FROM inventory.partitions AS p
    CROSS JOIN LATERAL (
        SELECT d.* FROM inventory.demand_daily AS d
        WHERE d.warehouse = p.warehouse AND d.sku = sku_demand.sku
        ORDER BY d.day DESC LIMIT 60) AS d
    UNION ALL
    SELECT f.day::timestamptz, p.warehouse, NULL, f.quantity, f.low, f.high
    FROM inventory.partitions AS p
    CROSS JOIN LATERAL (
        SELECT f.* FROM inventory.forecasts AS f
        WHERE f.warehouse = p.warehouse AND f.sku = sku_demand.sku
        ORDER BY f.day LIMIT 60) AS f
$function$;
CREATE OR REPLACE FUNCTION screen.sku_figures(sku text)
 RETURNS TABLE(warehouse text, warehouse_en text, warehouse_zh text, level text, on_hand numeric, on_hold numeric, reserved numeric, available numeric, in_transit numeric, incoming numeric, projected numeric, safety_stock numeric, reorder_point numeric, max_stock numeric, demand_per_day numeric, days_of_cover numeric, stock_out_on text, turnover_7d numeric, turnover_30d numeric, turnover_90d numeric, abc text, xyz text, unit_cost numeric, value numeric, moved_to timestamp with time zone)
 LANGUAGE sql
 STABLE SECURITY DEFINER
 SET search_path TO 'pg_catalog', 'pg_temp'
AS $function$
    SELECT s.warehouse, coalesce(w.name, w.name_zh, s.warehouse),
        coalesce(w.name_zh, w.name, s.warehouse), s.water_level,
        s.on_hand, s.on_hold, s.reserved, s.available, s.in_transit, s.incoming, s.projected,
        s.safety_stock, s.reorder_point, s.max_stock, s.demand_per_day, s.days_of_cover,
        s.stock_out_on::text, s.turnover_7d, s.turnover_30d, s.turnover_90d, s.abc, s.xyz,
        s.unit_cost, s.value, s.moved_to
    FROM inventory.stock AS s
    LEFT JOIN inventory.warehouses AS w USING (warehouse)
    WHERE s.sku = sku_figures.sku
$function$;
CREATE OR REPLACE FUNCTION screen.sku_found(text text)
 RETURNS TABLE(place bigint, sku text, item_en text, item_zh text, category text, barcode text)
 LANGUAGE sql
 STABLE SECURITY DEFINER
 SET search_path TO 'pg_catalog', 'pg_temp'
AS $function$
    WITH found AS (
        SELECT i.sku, CASE
            WHEN sku_found.text IN (i.sku, i.barcode) THEN 1
            WHEN starts_with(lower(i.sku), lower(sku_found.text)) THEN 2
            ELSE 3 END AS kind
        FROM inventory.items AS i
        WHERE sku_found.text <> '' AND (
            i.barcode = sku_found.text
            OR position(lower(sku_found.text) IN lower(
                i.sku || chr(10) || coalesce(i.name, '') || chr(10) || coalesce(i.name_zh, ''))) > 0)
        UNION
        SELECT s.sku, 1 FROM inventory.stock_figures AS s WHERE s.sku = sku_found.text
    ),
    short AS (
        SELECT t.sku, max(t.short) AS short FROM inventory.shortage_totals AS t
        WHERE sku_found.text = '' GROUP BY t.sku
    ),
    ranked AS (
        (SELECT f.sku, row_number() OVER (ORDER BY f.kind, f.sku) AS place FROM found AS f
         WHERE f.kind = 1 OR NOT EXISTS (SELECT FROM found AS e WHERE e.kind = 1)
         ORDER BY 2 LIMIT 20)
        UNION ALL
        (SELECT s.sku, row_number() OVER (ORDER BY s.short DESC, s.sku) FROM short AS s
         ORDER BY 2 LIMIT 20)
    )
    SELECT r.place, r.sku, coalesce(i.name, i.name_zh, r.sku), coalesce(i.name_zh, i.name, r.sku),
        coalesce(i.category, ''), i.barcode
    FROM ranked AS r
    LEFT JOIN inventory.items AS i USING (sku)
    ORDER BY r.place
$function$;
CREATE OR REPLACE FUNCTION screen.trail(sku text, lot text, number text)
 RETURNS TABLE(step bigint, "time" timestamp with time zone, operation text, warehouse text, warehouse_en text, warehouse_zh text, other text, other_en text, other_zh text, sku text, item_en text, item_zh text, lot text, from_bin text, to_bin text, from_zone text, to_zone text, from_status text, status text, quantity numeric, operator text, device text, order_id text, document text, reason text, correction boolean, video_url text, source text, target text, moved numeric)
 LANGUAGE sql
 STABLE SECURITY DEFINER
 SET search_path TO 'pg_catalog', 'pg_temp'
AS $function$
    WITH asked AS MATERIALIZED (
        SELECT inventory.trail_skus(trail.sku, trail.lot, trail.number) AS skus
    ),
    legs AS (
        SELECT m.*, b.zone, m.type IN ('move', 'status') AS paired
        FROM inventory.trail_legs((SELECT a.skus FROM asked AS a), trail.lot, trail.number) AS m
        LEFT JOIN inventory.bin_places AS b USING (warehouse, bin)
    ),
    moved AS (
        SELECT l.occurred_at AS at, CASE
                WHEN l.variance THEN 'variance'
                WHEN l.type = 'outbound' AND l.order_id IS NOT NULL THEN 'order_outbound'
                WHEN l.type = 'return' AND (min(l.quantity) < 0) <> l.correction
                    THEN 'return_supplier'
                ELSE l.type END AS operation,
            l.warehouse, l.counterpart, l.sku, l.lot,
            string_agg(DISTINCT l.bin, ', ') FILTER (WHERE l.quantity < 0 AND l.bin <> '')
                AS from_bin,
            string_agg(DISTINCT l.bin, ', ') FILTER (WHERE l.quantity > 0 AND l.bin <> '')
                AS to_bin,
            min(l.zone) FILTER (WHERE l.quantity < 0) AS from_zone,
            min(l.zone) FILTER (WHERE l.quantity > 0) AS to_zone,
            max(l.status) FILTER (WHERE l.quantity < 0 AND l.type = 'status') AS from_status,
            coalesce(max(l.status) FILTER (WHERE l.quantity > 0), max(l.status)) AS status,
            CASE WHEN l.paired THEN sum(l.quantity) FILTER (WHERE l.quantity > 0)
                 ELSE sum(l.quantity) END AS quantity,
            l.operator, l.device, l.order_id, l.document, l.reason, l.correction,
            l.device_seq, l.event_id, l.video_url
        FROM legs AS l
        GROUP BY l.occurred_at, l.type, l.variance, l.warehouse, l.counterpart, l.sku, l.lot,
            l.paired, CASE WHEN l.paired THEN '' ELSE l.bin END,
            CASE WHEN l.paired THEN '' ELSE l.status END,
            l.operator, l.device, l.order_id, l.document, l.reason, l.correction, l.device_seq,
            l.event_id, l.video_url, l.committed_at
    ),
    -- What no leg tells: what a count found, and goods that were lost on the way.
    noted AS (
        SELECT j.occurred_at, CASE j.type WHEN 'scrap' THEN 'lost' ELSE 'stocktake' END,
            j.warehouse, j.body->>'counterpart', j.sku, coalesce(j.body->>'lot', ''),
            NULL::text, j.body->>'to_bin', NULL::text, NULL::text, NULL::text, j.body->>'status',
            coalesce((j.body->>'quantity')::numeric, (
                SELECT sum((l.line->>'quantity')::numeric)
                FROM jsonb_path_query(j.body, '$.lines[*]') AS l (line))),
            j.body->>'operator', j.body->>'device', NULL::text, j.body->>'document',
            j.body->>'reason', false, j.device_seq, j.event_id, j.body->>'video_url'
        FROM asked AS a
        CROSS JOIN inventory.journal AS j
        WHERE j.type IN ('stocktake', 'scrap') AND j.sku = ANY (a.skus)
          AND (j.type = 'stocktake'
               OR j.body->>'counterpart' <> '' AND j.body->>'from_bin' IS NULL)
          AND (trail.number = '' OR j.body->>'document' = trail.number)
          AND (trail.lot = '' OR coalesce(j.body->>'lot', '') = trail.lot
               OR j.body @> jsonb_build_object(
                   'lines', jsonb_build_array(jsonb_build_object('lot', trail.lot))))
        ORDER BY j.occurred_at DESC LIMIT 100
    ),
    promised AS (
        SELECT j.occurred_at, j.type, j.warehouse, j.body->>'counterpart', j.sku, '',
            NULL::text, NULL::text, NULL::text, NULL::text, NULL::text, NULL::text,
            (j.body->>'ordered')::numeric, j.body->>'operator', j.body->>'device', j.key,
            j.body->>'document', j.body->>'reason', false, j.device_seq, j.event_id, NULL::text
        FROM asked AS a
        CROSS JOIN inventory.journal AS j
        WHERE trail.number <> '' AND trail.lot = ''
          AND j.type IN ('order_line', 'purchase_line') AND j.key = trail.number
          AND (a.skus IS NULL OR j.sku = ANY (a.skus))
        ORDER BY j.occurred_at DESC LIMIT 100
    ),
    steps AS (
        SELECT * FROM moved UNION ALL SELECT * FROM noted UNION ALL SELECT * FROM promised
    )
    SELECT
        row_number() OVER (
            ORDER BY s.at, s.device_seq NULLS FIRST, s.event_id, s.operation = 'variance',
                s.correction, s.sku, s.lot, s.from_bin),
        s.at, s.operation, s.warehouse,
        coalesce(w.name, w.name_zh, s.warehouse), coalesce(w.name_zh, w.name, s.warehouse),
        s.counterpart,
        coalesce(o.name, o.name_zh, s.counterpart), coalesce(o.name_zh, o.name, s.counterpart),
        s.sku, coalesce(i.name, i.name_zh, s.sku), coalesce(i.name_zh, i.name, s.sku),
        s.lot, s.from_bin, s.to_bin, s.from_zone, s.to_zone, s.from_status, s.status, s.quantity,
        s.operator, s.device, s.order_id, s.document, s.reason, s.correction, s.video_url,
        CASE s.operation
            WHEN 'inbound' THEN 'supplier' WHEN 'return' THEN 'customer'
            WHEN 'transfer_in' THEN 'transit' WHEN 'lost' THEN 'transit'
            WHEN 'stocktake' THEN NULL WHEN 'status' THEN NULL
            WHEN 'order_line' THEN NULL WHEN 'purchase_line' THEN NULL
            ELSE 'here' END,
        CASE s.operation
            WHEN 'outbound' THEN 'customer' WHEN 'order_outbound' THEN 'customer'
            WHEN 'return_supplier' THEN 'supplier' WHEN 'transfer_out' THEN 'transit'
            WHEN 'scrap' THEN 'scrap' WHEN 'lost' THEN 'scrap'
            WHEN 'stocktake' THEN NULL WHEN 'status' THEN NULL
            WHEN 'order_line' THEN NULL WHEN 'purchase_line' THEN NULL
            WHEN 'variance' THEN 'count' WHEN 'adjustment' THEN 'count'
            ELSE 'here' END,
        CASE
            WHEN s.operation IN ('outbound', 'order_outbound', 'return_supplier', 'transfer_out',
                'scrap', 'variance', 'adjustment') THEN -s.quantity
            ELSE s.quantity END
    FROM steps AS s
    LEFT JOIN inventory.items AS i ON i.sku = s.sku
    LEFT JOIN inventory.warehouses AS w ON w.warehouse = s.warehouse
    LEFT JOIN inventory.warehouses AS o ON o.warehouse = s.counterpart
    ORDER BY 1
$function$;
ALTER TABLE inventory.actions OWNER TO waterline_owner;
ALTER TABLE inventory.alert_actions OWNER TO waterline_owner;
ALTER TABLE inventory.alert_state OWNER TO waterline_owner;
ALTER TABLE inventory.alert_times OWNER TO waterline_owner;
ALTER TABLE inventory.alerts OWNER TO waterline_owner;
ALTER TABLE inventory.bin_distances OWNER TO waterline_owner;
ALTER TABLE inventory.bin_places OWNER TO waterline_owner;
ALTER TABLE inventory.bin_use OWNER TO waterline_owner;
ALTER TABLE inventory.bins OWNER TO waterline_owner;
ALTER TABLE inventory.bins_overweight OWNER TO waterline_owner;
ALTER TABLE inventory.bins_unknown OWNER TO waterline_owner;
ALTER TABLE inventory.bonded_stock OWNER TO waterline_owner;
ALTER TABLE inventory.cancels OWNER TO waterline_owner;
ALTER TABLE inventory.category_costs OWNER TO waterline_owner;
ALTER TABLE inventory.classes OWNER TO waterline_owner;
ALTER TABLE inventory.clocks OWNER TO waterline_owner;
ALTER TABLE inventory.counts OWNER TO waterline_owner;
ALTER TABLE inventory.dead_stock OWNER TO waterline_owner;
ALTER TABLE inventory.deliveries OWNER TO waterline_owner;
ALTER TABLE inventory.delivery_proof OWNER TO waterline_owner;
ALTER TABLE inventory.demand_daily OWNER TO waterline_owner;
ALTER TABLE inventory.device_blocks OWNER TO waterline_owner;
ALTER TABLE inventory.device_sequences OWNER TO waterline_owner;
ALTER TABLE inventory.devices OWNER TO waterline_owner;
ALTER TABLE inventory.dispatches OWNER TO waterline_owner;
ALTER TABLE inventory.endpoint_secrets OWNER TO waterline_owner;
ALTER TABLE inventory.endpoints OWNER TO waterline_owner;
ALTER TABLE inventory.event_ids OWNER TO waterline_owner;
ALTER TABLE inventory.expiring OWNER TO waterline_owner;
ALTER TABLE inventory.expiry_daily OWNER TO waterline_owner;
ALTER TABLE inventory.expiry_totals OWNER TO waterline_owner;
ALTER TABLE inventory.forecast_now OWNER TO waterline_owner;
ALTER TABLE inventory.forecast_quality OWNER TO waterline_owner;
ALTER TABLE inventory.forecast_runs OWNER TO waterline_owner;
ALTER TABLE inventory.forecasts OWNER TO waterline_owner;
ALTER TABLE inventory.fragile_picks OWNER TO waterline_owner;
ALTER TABLE inventory.fragile_stock OWNER TO waterline_owner;
ALTER TABLE inventory.high_value_stock OWNER TO waterline_owner;
ALTER TABLE inventory.high_value_unrecorded OWNER TO waterline_owner;
ALTER TABLE inventory.idle_stock OWNER TO waterline_owner;
ALTER TABLE inventory.intake OWNER TO waterline_owner;
ALTER TABLE inventory.invariants OWNER TO waterline_owner;
ALTER TABLE inventory.invariants_now OWNER TO waterline_owner;
ALTER TABLE inventory.items OWNER TO waterline_owner;
ALTER TABLE inventory.journal OWNER TO waterline_owner;
ALTER TABLE inventory.lag OWNER TO waterline_owner;
ALTER TABLE inventory.local_days OWNER TO waterline_owner;
ALTER TABLE inventory.lot_dates OWNER TO waterline_owner;
ALTER TABLE inventory.lots OWNER TO waterline_owner;
ALTER TABLE inventory.movement_balances OWNER TO waterline_owner;
ALTER TABLE inventory.movements OWNER TO waterline_owner;
ALTER TABLE inventory.observations OWNER TO waterline_owner;
ALTER TABLE inventory.occupancy_hourly OWNER TO waterline_owner;
ALTER TABLE inventory.offsets OWNER TO waterline_owner;
ALTER TABLE inventory.open_actions OWNER TO waterline_owner;
ALTER TABLE inventory.open_alerts OWNER TO waterline_owner;
ALTER TABLE inventory.orders OWNER TO waterline_owner;
ALTER TABLE inventory.outbox OWNER TO waterline_owner;
ALTER TABLE inventory.partitions OWNER TO waterline_owner;
ALTER TABLE inventory.policies OWNER TO waterline_owner;
ALTER TABLE inventory.purchases OWNER TO waterline_owner;
ALTER TABLE inventory.rebalancing OWNER TO waterline_owner;
ALTER TABLE inventory.rejects OWNER TO waterline_owner;
ALTER TABLE inventory.response_summary OWNER TO waterline_owner;
ALTER TABLE inventory.response_times OWNER TO waterline_owner;
ALTER TABLE inventory.response_totals OWNER TO waterline_owner;
ALTER TABLE inventory.retention OWNER TO waterline_owner;
ALTER TABLE inventory.schema_migrations OWNER TO waterline_owner;
ALTER TABLE inventory.series_runs OWNER TO waterline_owner;
ALTER TABLE inventory.shortage_totals OWNER TO waterline_owner;
ALTER TABLE inventory.sku_places OWNER TO waterline_owner;
ALTER TABLE inventory.slow_stock OWNER TO waterline_owner;
ALTER TABLE inventory.special_totals OWNER TO waterline_owner;
ALTER TABLE inventory.stock OWNER TO waterline_owner;
ALTER TABLE inventory.stock_ages OWNER TO waterline_owner;
ALTER TABLE inventory.stock_bins OWNER TO waterline_owner;
ALTER TABLE inventory.stock_costs OWNER TO waterline_owner;
ALTER TABLE inventory.stock_daily OWNER TO waterline_owner;
ALTER TABLE inventory.stock_figures OWNER TO waterline_owner;
ALTER TABLE inventory.stock_history OWNER TO waterline_owner;
ALTER TABLE inventory.stock_places OWNER TO waterline_owner;
ALTER TABLE inventory.stock_totals OWNER TO waterline_owner;
ALTER TABLE inventory.throughput OWNER TO waterline_owner;
ALTER TABLE inventory.ticks OWNER TO waterline_owner;
ALTER TABLE inventory.totals_made OWNER TO waterline_owner;
ALTER TABLE inventory.transfers OWNER TO waterline_owner;
ALTER TABLE inventory.turnover OWNER TO waterline_owner;
ALTER TABLE inventory.turnover_daily OWNER TO waterline_owner;
ALTER TABLE inventory.turnover_skus OWNER TO waterline_owner;
ALTER TABLE inventory.turnover_totals OWNER TO waterline_owner;
ALTER TABLE inventory.undelivered OWNER TO waterline_owner;
ALTER TABLE inventory.warehouse_space OWNER TO waterline_owner;
ALTER TABLE inventory.warehouses OWNER TO waterline_owner;
ALTER TABLE inventory.zone_totals OWNER TO waterline_owner;
ALTER TABLE inventory.zones OWNER TO waterline_owner;
ALTER TABLE screen.actions_waiting OWNER TO waterline_owner;
ALTER TABLE screen.actions_week OWNER TO waterline_owner;
ALTER TABLE screen.aisle_bins OWNER TO waterline_owner;
ALTER TABLE screen.alert_events OWNER TO waterline_owner;
ALTER TABLE screen.alert_flow OWNER TO waterline_owner;
ALTER TABLE screen.alert_steps OWNER TO waterline_owner;
ALTER TABLE screen.alerts_raised OWNER TO waterline_owner;
ALTER TABLE screen.bin_distances OWNER TO waterline_owner;
ALTER TABLE screen.bin_goods OWNER TO waterline_owner;
ALTER TABLE screen.bin_moves OWNER TO waterline_owner;
ALTER TABLE screen.bins_now OWNER TO waterline_owner;
ALTER TABLE screen.category_list OWNER TO waterline_owner;
ALTER TABLE screen.clearances OWNER TO waterline_owner;
ALTER TABLE screen.closing_daily OWNER TO waterline_owner;
ALTER TABLE screen.deliveries_day OWNER TO waterline_owner;
ALTER TABLE screen.devices_now OWNER TO waterline_owner;
ALTER TABLE screen.expiry_days OWNER TO waterline_owner;
ALTER TABLE screen.expiry_windows OWNER TO waterline_owner;
ALTER TABLE screen.fast_movers OWNER TO waterline_owner;
ALTER TABLE screen.forecasts_now OWNER TO waterline_owner;
ALTER TABLE screen.fragile_picks OWNER TO waterline_owner;
ALTER TABLE screen.freshness OWNER TO waterline_owner;
ALTER TABLE screen.heartbeats OWNER TO waterline_owner;
ALTER TABLE screen.intake_now OWNER TO waterline_owner;
ALTER TABLE screen.invariants OWNER TO waterline_owner;
ALTER TABLE screen.item_cards OWNER TO waterline_owner;
ALTER TABLE screen.jobs_today OWNER TO waterline_owner;
ALTER TABLE screen.lag_minutes OWNER TO waterline_owner;
ALTER TABLE screen.lag_now OWNER TO waterline_owner;
ALTER TABLE screen.lag_warehouses OWNER TO waterline_owner;
ALTER TABLE screen.local_times OWNER TO waterline_owner;
ALTER TABLE screen.lots_expiring OWNER TO waterline_owner;
ALTER TABLE screen.moves_proposed OWNER TO waterline_owner;
ALTER TABLE screen.moves_recent OWNER TO waterline_owner;
ALTER TABLE screen.occupancy_hours OWNER TO waterline_owner;
ALTER TABLE screen.open_alerts OWNER TO waterline_owner;
ALTER TABLE screen.outbound_pace OWNER TO waterline_owner;
ALTER TABLE screen.partitions_now OWNER TO waterline_owner;
ALTER TABLE screen.place_alerts OWNER TO waterline_owner;
ALTER TABLE screen.progress OWNER TO waterline_owner;
ALTER TABLE screen.recorded_moves OWNER TO waterline_owner;
ALTER TABLE screen.red_now OWNER TO waterline_owner;
ALTER TABLE screen.rejects_day OWNER TO waterline_owner;
ALTER TABLE screen.relay_queue OWNER TO waterline_owner;
ALTER TABLE screen.responses OWNER TO waterline_owner;
ALTER TABLE screen.responses_day OWNER TO waterline_owner;
ALTER TABLE screen.retention_now OWNER TO waterline_owner;
ALTER TABLE screen.selling_out OWNER TO waterline_owner;
ALTER TABLE screen.shortages OWNER TO waterline_owner;
ALTER TABLE screen.sku_actions OWNER TO waterline_owner;
ALTER TABLE screen.sku_alerts OWNER TO waterline_owner;
ALTER TABLE screen.sku_open OWNER TO waterline_owner;
ALTER TABLE screen.special_places OWNER TO waterline_owner;
ALTER TABLE screen.special_sums OWNER TO waterline_owner;
ALTER TABLE screen.stock_changes OWNER TO waterline_owner;
ALTER TABLE screen.throughput OWNER TO waterline_owner;
ALTER TABLE screen.throughput_days OWNER TO waterline_owner;
ALTER TABLE screen.top_shortages OWNER TO waterline_owner;
ALTER TABLE screen.totals OWNER TO waterline_owner;
ALTER TABLE screen.turnover_days OWNER TO waterline_owner;
ALTER TABLE screen.turnover_now OWNER TO waterline_owner;
ALTER TABLE screen.undelivered_now OWNER TO waterline_owner;
ALTER TABLE screen.warehouse_list OWNER TO waterline_owner;
ALTER TABLE screen.warehouses_now OWNER TO waterline_owner;
ALTER TABLE screen.water OWNER TO waterline_owner;
ALTER TABLE screen.water_levels OWNER TO waterline_owner;
ALTER TABLE screen.zone_picks OWNER TO waterline_owner;
ALTER TABLE screen.zone_shortages OWNER TO waterline_owner;
ALTER TABLE screen.zones_now OWNER TO waterline_owner;
