-- The invariants as they were found, and alerts: every transition, and where each episode stands.

-- One row per invariant and round. A large table is checked in slices: `upto` is where this round's
-- slice ended, `began_at` when the present pass over all keys began, `whole_since` when the last
-- whole pass began: every key has been looked at since then.
CREATE TABLE inventory.invariants (
    name        text NOT NULL,
    at          timestamptz NOT NULL DEFAULT now(),
    checked     bigint NOT NULL CHECK (checked >= 0),
    wrong       bigint NOT NULL CHECK (wrong BETWEEN 0 AND checked),
    drift       numeric NOT NULL CHECK (drift >= 0),
    worst       jsonb NOT NULL DEFAULT '[]' CHECK (jsonb_typeof(worst) = 'array'),
    duration_ms integer NOT NULL,
    upto        text,
    began_at    timestamptz,
    whole_since timestamptz,
    PRIMARY KEY (name, at)
);
CREATE INDEX invariants_at_idx ON inventory.invariants (at);

-- An episode is kept per (rule, warehouse, sku, lot, bin, subject); the subject is what it is about
-- where that is no stock: an invariant's name, a device. Its transitions are appended, never changed.
CREATE TABLE inventory.alerts (
    at          timestamptz NOT NULL DEFAULT now(),
    occurred_at timestamptz NOT NULL,
    alert_id    text NOT NULL,
    rule        text NOT NULL,
    version     integer NOT NULL,
    severity    text NOT NULL CHECK (severity IN ('info', 'warning', 'critical')),
    state       text NOT NULL CHECK (state IN ('open', 'acknowledged', 'resolved')),
    warehouse   text NOT NULL DEFAULT '',
    sku         text NOT NULL DEFAULT '',
    lot         text NOT NULL DEFAULT '',
    bin         text NOT NULL DEFAULT '',
    subject     text NOT NULL DEFAULT '',
    roles       text[] NOT NULL DEFAULT '{}',
    threshold   numeric,
    observed    jsonb NOT NULL DEFAULT '{}' CHECK (jsonb_typeof(observed) = 'object'),
    events      text[] NOT NULL DEFAULT '{}',
    message_en  text NOT NULL,
    message_zh  text NOT NULL
);
SELECT public.create_hypertable('inventory.alerts', public.by_range('at', interval '30 days'));
CREATE INDEX alerts_alert_id_idx ON inventory.alerts (alert_id, at DESC);

CREATE TABLE inventory.alert_state (
    rule        text NOT NULL,
    warehouse   text NOT NULL DEFAULT '',
    sku         text NOT NULL DEFAULT '',
    lot         text NOT NULL DEFAULT '',
    bin         text NOT NULL DEFAULT '',
    subject     text NOT NULL DEFAULT '',
    alert_id    text NOT NULL UNIQUE,
    version     integer NOT NULL,
    severity    text NOT NULL CHECK (severity IN ('info', 'warning', 'critical')),
    state       text NOT NULL CHECK (state IN ('open', 'acknowledged', 'resolved')),
    opened_at   timestamptz NOT NULL,
    seen_at     timestamptz NOT NULL,
    resolved_at timestamptz,
    threshold   numeric,
    observed    jsonb NOT NULL DEFAULT '{}' CHECK (jsonb_typeof(observed) = 'object'),
    events      text[] NOT NULL DEFAULT '{}',
    PRIMARY KEY (rule, warehouse, sku, lot, bin, subject),
    CONSTRAINT alert_state_resolved_check CHECK ((state = 'resolved') = (resolved_at IS NOT NULL))
) WITH (fillfactor = 70);
