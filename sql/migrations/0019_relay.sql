-- The relay: who receives the messages of the outbox, how far each message is with each receiver,
-- and every try.

-- The circuit of an endpoint is here, so that several relays share it: after failures in a row
-- nothing is sent until `open_until`, then one message at a time until one is taken.
CREATE TABLE inventory.endpoints (
    name          text PRIMARY KEY CHECK (name ~ '^[a-z0-9][a-z0-9_-]{0,49}$' AND name <> 'kafka'),
    url           text NOT NULL,
    names         text[] NOT NULL CHECK (cardinality(names) > 0),
    active        boolean NOT NULL DEFAULT true,
    allow_private boolean NOT NULL DEFAULT false,
    created_at    timestamptz NOT NULL DEFAULT now(),
    failures      integer NOT NULL DEFAULT 0 CHECK (failures >= 0),
    open_until    timestamptz
) WITH (fillfactor = 70);

CREATE TABLE inventory.endpoint_secrets (
    name   text PRIMARY KEY REFERENCES inventory.endpoints ON DELETE CASCADE,
    secret text NOT NULL CHECK (secret LIKE 'whsec\_%')
);

CREATE TABLE inventory.dispatches (
    message_id      text NOT NULL,
    receiver        text NOT NULL,
    number          bigint NOT NULL,
    topic           text NOT NULL,
    created_at      timestamptz NOT NULL,
    state           text NOT NULL DEFAULT 'waiting'
                        CHECK (state IN ('waiting', 'delivered', 'given_up')),
    attempts        integer NOT NULL DEFAULT 0,
    first_at        timestamptz NOT NULL DEFAULT now(),
    next_attempt_at timestamptz NOT NULL DEFAULT now(),
    leased_until    timestamptz,
    delivered_at    timestamptz,
    given_up_at     timestamptz,
    last_error      text,
    PRIMARY KEY (message_id, receiver),
    CONSTRAINT dispatches_delivered_check CHECK ((state = 'delivered') = (delivered_at IS NOT NULL)),
    CONSTRAINT dispatches_given_up_check CHECK ((state = 'given_up') = (given_up_at IS NOT NULL))
) WITH (fillfactor = 70);
CREATE INDEX dispatches_waiting_idx ON inventory.dispatches (receiver, next_attempt_at, number)
    WHERE state = 'waiting';
CREATE INDEX dispatches_created_at_idx ON inventory.dispatches (created_at);

CREATE TABLE inventory.deliveries (
    at          timestamptz NOT NULL,
    message_id  text NOT NULL,
    receiver    text NOT NULL,
    channel     text NOT NULL,
    attempt     integer NOT NULL,
    outcome     text NOT NULL CHECK (outcome IN ('delivered', 'failed', 'gone')),
    status      integer,
    error       text,
    latency_ms  bigint NOT NULL,
    duration_ms integer NOT NULL
);
SELECT public.create_hypertable('inventory.deliveries', public.by_range('at', interval '30 days'));
CREATE INDEX deliveries_message_id_idx ON inventory.deliveries (message_id, at);

-- An approved action whose message every receiver has is answered by a decision on the log.
ALTER TABLE inventory.outbox ADD COLUMN answered boolean NOT NULL DEFAULT false;
CREATE INDEX outbox_unanswered_idx ON inventory.outbox (number) WHERE spread AND NOT answered;

INSERT INTO inventory.retention (relation, time_column, keep_days, needed) VALUES
    ('outbox', 'created_at', 400, false),
    ('dispatches', 'created_at', 400, false),
    ('deliveries', 'at', 400, false);
