-- Alert episodes of the fold, the actions that follow from them, and the messages that must be sent.

ALTER TABLE inventory.alerts
    ADD COLUMN transition text NOT NULL DEFAULT 'opened' CHECK (transition IN
        ('opened', 'escalated', 'eased', 'acknowledged', 'reminded', 'resolved')),
    ADD COLUMN actor text,
    ADD COLUMN note text,
    ADD COLUMN log_partition integer,
    ADD COLUMN log_offset bigint;
ALTER TABLE inventory.alerts ALTER COLUMN transition DROP DEFAULT;
CREATE INDEX alerts_rule_idx ON inventory.alerts (rule, warehouse, at DESC);

ALTER TABLE inventory.alert_state
    ADD COLUMN roles text[] NOT NULL DEFAULT '{}',
    ADD COLUMN acknowledged_at timestamptz,
    ADD COLUMN acknowledged_by text,
    ADD COLUMN next_reminder_at timestamptz,
    ADD COLUMN log_partition integer,
    ADD COLUMN log_offset bigint;
-- The fold takes up the episodes of an account with its stock; boards list what is open.
CREATE INDEX alert_state_account_idx ON inventory.alert_state (warehouse, sku)
    WHERE state <> 'resolved';
CREATE INDEX alert_state_open_idx ON inventory.alert_state (severity, opened_at)
    WHERE state <> 'resolved';

-- When each episode was raised, told and acted upon: the figures of response_times.
CREATE TABLE inventory.alert_times (
    alert_id        text PRIMARY KEY,
    rule            text NOT NULL,
    warehouse       text NOT NULL DEFAULT '',
    severity        text NOT NULL,
    occurred_at     timestamptz NOT NULL,
    committed_at    timestamptz NOT NULL DEFAULT now(),
    sent_at         timestamptz,
    acknowledged_at timestamptz,
    resolved_at     timestamptz
) WITH (fillfactor = 80);
CREATE INDEX alert_times_committed_at_idx ON inventory.alert_times (committed_at);

CREATE TABLE inventory.actions (
    action_id     text PRIMARY KEY,
    kind          text NOT NULL CHECK (kind IN
                      ('replenishment', 'clearance', 'expedite', 'rebalance')),
    warehouse     text NOT NULL,
    sku           text NOT NULL DEFAULT '',
    lot           text NOT NULL DEFAULT '',
    subject       text NOT NULL DEFAULT '',
    state         text NOT NULL CHECK (state IN
                      ('proposed', 'approved', 'rejected', 'sent', 'done', 'failed', 'withdrawn')),
    standing      boolean NOT NULL,
    approval      text NOT NULL CHECK (approval IN ('manual', 'auto')),
    quantity      numeric(18, 4),
    value         numeric,
    payload       jsonb NOT NULL DEFAULT '{}' CHECK (jsonb_typeof(payload) = 'object'),
    roles         text[] NOT NULL DEFAULT '{}',
    rule          text,
    alert_id      text,
    events        text[] NOT NULL DEFAULT '{}',
    proposed_at   timestamptz NOT NULL,
    decided_at    timestamptz,
    decided_by    text,
    channel       text,
    reason        text,
    sent_at       timestamptz,
    finished_at   timestamptz,
    created_at    timestamptz NOT NULL DEFAULT now(),
    updated_at    timestamptz NOT NULL DEFAULT now(),
    log_partition integer NOT NULL,
    log_offset    bigint NOT NULL
) WITH (fillfactor = 80);
CREATE INDEX actions_account_idx ON inventory.actions (warehouse, sku) WHERE standing;
CREATE INDEX actions_state_idx ON inventory.actions (state, proposed_at);
CREATE INDEX actions_alert_id_idx ON inventory.actions (alert_id);

-- What must be sent, written in the transaction of what it tells. The relay sends it.
CREATE TABLE inventory.outbox (
    number        bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    message_id    text NOT NULL UNIQUE,
    topic         text NOT NULL CHECK (topic IN ('inventory.alerts', 'inventory.actions')),
    warehouse     text NOT NULL DEFAULT '',
    name          text NOT NULL,
    severity      text NOT NULL,
    roles         text[] NOT NULL DEFAULT '{}',
    occurred_at   timestamptz NOT NULL,
    created_at    timestamptz NOT NULL DEFAULT now(),
    about         text[] NOT NULL DEFAULT '{}',
    body          jsonb NOT NULL CHECK (jsonb_typeof(body) = 'object'),
    spread        boolean NOT NULL DEFAULT false
) WITH (fillfactor = 80);
CREATE INDEX outbox_waiting_idx ON inventory.outbox (number) WHERE NOT spread;
CREATE INDEX outbox_created_at_idx ON inventory.outbox (created_at);

-- What the rules go by besides the stock itself: when time alone may change their verdict, and the
-- demand as it was known at the last tick where a late event has changed it since.
ALTER TABLE inventory.stock_figures
    ADD COLUMN review_at timestamptz,
    ADD COLUMN basis double precision[];
CREATE INDEX stock_figures_review_at_idx ON inventory.stock_figures (warehouse, review_at)
    WHERE review_at IS NOT NULL;
