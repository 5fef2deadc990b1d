-- What screens read once a second: sums that are kept, so that no screen adds up all the stock.

-- What came in and went out per ten minutes, warehouse and type, by the time of occurrence. Written
-- in the transaction of the movements; a late event corrects it like everything else.
CREATE TABLE inventory.throughput (
    at        timestamptz NOT NULL,
    warehouse text NOT NULL,
    type      text NOT NULL,
    lines     bigint NOT NULL,
    inbound   numeric NOT NULL,
    outbound  numeric NOT NULL,
    PRIMARY KEY (warehouse, type, at)
) WITH (fillfactor = 70);
CREATE INDEX throughput_at_idx ON inventory.throughput (at DESC);
SELECT public.create_hypertable(
    'inventory.throughput', public.by_range('at', interval '7 days'), create_default_indexes => false);
INSERT INTO inventory.retention (relation, time_column, keep_days, needed) VALUES
    ('throughput', 'at', 90, false);

-- From here on the stock flow writes throughput with the movements; what was there before is added
-- up once, as far back as it is kept.
UPDATE inventory.retention AS r SET gone_before = greatest(
    (SELECT m.gone_before FROM inventory.retention AS m WHERE m.relation = 'movements'),
    (SELECT max(c.range_end) FROM timescaledb_information.chunks AS c
     WHERE c.hypertable_schema = 'inventory' AND c.hypertable_name = 'movements'
       AND c.range_end < now() - make_interval(days => r.keep_days)))
WHERE r.relation = 'throughput';
INSERT INTO inventory.throughput (at, warehouse, type, lines, inbound, outbound)
SELECT
    public.time_bucket('10 minutes', m.occurred_at), m.warehouse, m.type, count(*),
    coalesce(sum(m.quantity) FILTER (WHERE m.quantity > 0), 0),
    coalesce(-sum(m.quantity) FILTER (WHERE m.quantity < 0), 0)
FROM inventory.movements AS m
WHERE m.occurred_at >= coalesce((
    SELECT r.gone_before FROM inventory.retention AS r WHERE r.relation = 'throughput'), '-infinity')
GROUP BY 1, 2, 3;

-- The rest is worked out from the tables of the present every few seconds (flows/totals.py), whole:
-- such a sum cannot drift. `made_at` is when the row last changed; see totals_made below.
CREATE TABLE inventory.stock_totals (
    warehouse      text NOT NULL,
    category       text NOT NULL DEFAULT '',
    made_at        timestamptz NOT NULL,
    skus           integer NOT NULL,
    red            integer NOT NULL,
    yellow         integer NOT NULL,
    green          integer NOT NULL,
    "over"         integer NOT NULL,
    sold_out       integer NOT NULL,
    on_hand        numeric NOT NULL,
    on_hold        numeric NOT NULL,
    reserved       numeric NOT NULL,
    available      numeric NOT NULL,
    in_transit     numeric NOT NULL,
    incoming       numeric NOT NULL,
    short          numeric NOT NULL,
    value          numeric,
    demand_per_day numeric NOT NULL,
    demand_value   numeric NOT NULL,
    PRIMARY KEY (warehouse, category)
) WITH (fillfactor = 50);

CREATE TABLE inventory.shortage_totals (
    warehouse      text NOT NULL,
    place          integer NOT NULL,
    made_at        timestamptz NOT NULL,
    sku            text NOT NULL,
    on_hand        numeric NOT NULL,
    reserved       numeric NOT NULL,
    available      numeric NOT NULL,
    safety_stock   numeric,
    short          numeric NOT NULL,
    in_transit     numeric NOT NULL,
    incoming       numeric NOT NULL,
    projected      numeric NOT NULL,
    demand_per_day numeric,
    stock_out_on   date,
    value_at_risk  numeric,
    PRIMARY KEY (warehouse, place)
) WITH (fillfactor = 50);

CREATE TABLE inventory.zone_totals (
    warehouse       text NOT NULL,
    zone            text NOT NULL DEFAULT '',
    made_at         timestamptz NOT NULL,
    bins            integer NOT NULL,
    free_bins       integer NOT NULL,
    closed_bins     integer NOT NULL,
    unknown_bins    integer NOT NULL,
    overweight_bins integer NOT NULL,
    skus            integer NOT NULL,
    quantity        numeric NOT NULL,
    volume          numeric NOT NULL,
    weight          numeric NOT NULL,
    max_quantity    numeric,
    max_volume      numeric,
    max_weight      numeric,
    occupancy       numeric,
    PRIMARY KEY (warehouse, zone)
) WITH (fillfactor = 50);

CREATE TABLE inventory.expiry_totals (
    warehouse         text NOT NULL,
    category          text NOT NULL DEFAULT '',
    expiry_window     text NOT NULL,
    made_at           timestamptz NOT NULL,
    lots              integer NOT NULL,
    quantity          numeric NOT NULL,
    sellable_quantity numeric NOT NULL,
    value             numeric,
    PRIMARY KEY (warehouse, category, expiry_window)
) WITH (fillfactor = 50);

-- Kind: fragile, high_value, bonded, on_hold or returned goods.
CREATE TABLE inventory.special_totals (
    warehouse text NOT NULL,
    category  text NOT NULL DEFAULT '',
    kind      text NOT NULL CHECK (kind IN
                  ('fragile', 'high_value', 'bonded', 'on_hold', 'returned', 'damaged')),
    made_at   timestamptz NOT NULL,
    skus      integer NOT NULL,
    quantity  numeric NOT NULL,
    value     numeric,
    PRIMARY KEY (warehouse, category, kind)
) WITH (fillfactor = 50);

-- Scope as in the view turnover.
CREATE TABLE inventory.turnover_totals (
    scope             text NOT NULL,
    warehouse         text NOT NULL DEFAULT '',
    category          text NOT NULL DEFAULT '',
    days              integer NOT NULL,
    made_at           timestamptz NOT NULL,
    issue_cost        numeric,
    mean_value        numeric,
    turnover          numeric,
    annualised        numeric,
    days_of_inventory numeric,
    PRIMARY KEY (scope, warehouse, category, days)
) WITH (fillfactor = 50);

-- As in the view response_summary, of the last 30 days.
CREATE TABLE inventory.response_totals (
    rule            text NOT NULL,
    warehouse       text NOT NULL DEFAULT '',
    made_at         timestamptz NOT NULL,
    alerts          integer NOT NULL,
    unanswered      integer NOT NULL,
    to_sent_p50_s   numeric,
    to_sent_p95_s   numeric,
    to_answer_p50_s numeric,
    to_answer_p95_s numeric,
    to_order_p50_s  numeric,
    to_order_p95_s  numeric,
    to_resolved_p50_s numeric,
    to_resolved_p95_s numeric,
    answered_within_10_min numeric,
    ordered_within_1_h     numeric,
    PRIMARY KEY (rule, warehouse)
) WITH (fillfactor = 50);

-- When each sum for screens was last worked out. Its rows change only where a figure does, so that
-- a quiet hour writes nothing; `made_at` there is the last change of the row.
CREATE TABLE inventory.totals_made (
    relation    text PRIMARY KEY,
    made_at     timestamptz NOT NULL,
    changed     integer NOT NULL,
    duration_ms integer NOT NULL
) WITH (fillfactor = 50);
