-- A day is a day in the warehouse's own time zone, by the clock.
-- `fefo` is the order in which to take lots that may be sold: what expires first first.
CREATE VIEW inventory.lots WITH (security_invoker = off) AS
WITH held AS (
    SELECT warehouse, sku, lot, sum(quantity) AS quantity,
        coalesce(sum(quantity) FILTER (WHERE status = 'sellable'), 0) AS sellable,
        min(received_at) AS received_at
    FROM inventory.stock_bins
    GROUP BY warehouse, sku, lot
),
dated AS (
    SELECT h.*, l.produced_on, l.expires_on, l.expires_on - d.today AS days_to_expiry,
        h.sellable > 0 AND coalesce(l.expires_on >= d.today, true) AS ready
    FROM held AS h
    LEFT JOIN inventory.lot_dates AS l USING (warehouse, sku, lot)
    LEFT JOIN inventory.local_days AS d USING (warehouse)
)
SELECT
    a.warehouse,
    a.sku,
    a.lot,
    a.quantity,
    a.sellable,
    a.received_at,
    a.produced_on,
    a.expires_on,
    a.days_to_expiry,
    inventory.expiry_window(a.days_to_expiry) AS expiry_window,
    a.quantity * s.unit_cost AS value,
    CASE WHEN a.ready THEN row_number() OVER (
        PARTITION BY a.warehouse, a.sku, a.ready
        ORDER BY a.expires_on NULLS LAST, a.received_at NULLS LAST, a.lot) END AS fefo
FROM dated AS a
LEFT JOIN inventory.stock_figures AS s USING (warehouse, sku);

CREATE VIEW inventory.expiring WITH (security_invoker = off) AS
SELECT
    l.warehouse,
    i.category,
    l.expiry_window,
    count(*) AS lots,
    sum(l.quantity) AS quantity,
    sum(l.value) AS value
FROM inventory.lots AS l
LEFT JOIN inventory.items AS i USING (sku)
WHERE l.quantity <> 0
GROUP BY l.warehouse, i.category, l.expiry_window;
