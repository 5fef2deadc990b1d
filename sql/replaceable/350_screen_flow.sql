-- The trail of an item, a lot, an order or a document as boards read it: the latest 500 legs, each
-- way in by an index. Values are arguments, never parts of a statement. inventory.trace is the
-- whole of it, without a bound.

CREATE FUNCTION inventory.trail_legs(skus text[], lot text, number text)
RETURNS SETOF inventory.movements
LANGUAGE plpgsql STABLE
AS $$
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
$$;

-- The SKUs of a text: a code, a barcode or a name, exactly; without one those of the lot.
CREATE FUNCTION inventory.trail_skus(sku text, lot text, number text)
RETURNS text[]
LANGUAGE sql STABLE
AS $$
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
$$;

-- One row per event and place, numbered in the order of effect. `source` and `target` are where the
-- goods came from and went to: here (this warehouse), supplier, customer, transit, scrap or count;
-- `moved` is how many, negative where a correction takes it back or a count found more.
CREATE FUNCTION screen.trail(sku text, lot text, number text)
RETURNS TABLE (
    step bigint, "time" timestamptz, operation text, warehouse text,
    warehouse_en text, warehouse_zh text, other text, other_en text, other_zh text,
    sku text, item_en text, item_zh text, lot text, from_bin text, to_bin text,
    from_zone text, to_zone text, from_status text, status text, quantity numeric,
    operator text, device text, order_id text, document text, reason text, correction boolean,
    video_url text, source text, target text, moved numeric)
LANGUAGE sql STABLE SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
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
$$;
