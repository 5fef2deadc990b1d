-- A day is a day in the warehouse's own time zone; it is worked out once a warehouse, not once a row.
CREATE VIEW inventory.lots WITH (security_invoker = off) AS
WITH days AS MATERIALIZED (
    SELECT warehouse, inventory.local_date(timezone) AS today FROM inventory.warehouses
),
held AS (
    SELECT warehouse, sku, lot, sum(quantity) AS quantity,
        coalesce(sum(quantity) FILTER (WHERE status = 'sellable'), 0) AS sellable,
        min(received_at) AS received_at
    FROM inventory.stock_bins
    GROUP BY warehouse, sku, lot
)
SELECT
    h.warehouse,
    h.sku,
    h.lot,
    h.quantity,
    h.sellable,
    h.received_at,
    l.produced_on,
    l.expires_on,
    l.expires_on - d.today AS days_to_expiry,
    inventory.expiry_window(l.expires_on - d.today) AS expiry_window
FROM held AS h
LEFT JOIN inventory.lot_dates AS l USING (warehouse, sku, lot)
LEFT JOIN days AS d USING (warehouse);
