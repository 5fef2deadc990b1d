-- The trail of an item, a lot, an order or a document: one row per event and place, in the order
-- of effect. Each way in has a branch with an index of its own; what else is given filters it.

CREATE TYPE inventory.trail AS (
    at           timestamptz,
    type         text,
    warehouse    text,
    counterpart  text,
    sku          text,
    lot          text,
    from_bin     text,
    to_bin       text,
    from_status  text,
    status       text,
    quantity     numeric,
    operator     text,
    device       text,
    order_id     text,
    line_id      text,
    document     text,
    reason       text,
    variance     boolean,
    correction   boolean,
    event_id     text,
    device_seq   bigint,
    video_url    text,
    detail       jsonb,
    recorded_at  timestamptz,
    committed_at timestamptz
);

CREATE FUNCTION inventory.trace(
    sku text DEFAULT NULL, lot text DEFAULT NULL,
    order_id text DEFAULT NULL, document text DEFAULT NULL)
RETURNS SETOF inventory.trail
LANGUAGE sql STABLE PARALLEL SAFE
AS $$
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
$$;
