-- The latest forecast of each day to come, with what speaks for it.
CREATE VIEW inventory.forecast_now AS
SELECT
    f.warehouse, f.sku, f.day, f.quantity, f.low, f.high, f.made_on,
    q.method, q.history_days, q.wape, q.mase, q.plain_wape, q.plain_mase, q.bias,
    q.rejected, q.skipped
FROM inventory.forecasts AS f
JOIN inventory.forecast_quality AS q USING (warehouse, sku, made_on);
