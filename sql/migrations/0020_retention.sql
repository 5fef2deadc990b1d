-- What the fold reads from its beginning is kept for ever, whatever an administrator wishes.
UPDATE inventory.retention SET keep_days = NULL
WHERE relation IN ('journal', 'stock_daily', 'turnover_daily');
ALTER TABLE inventory.retention ADD CONSTRAINT retention_fold_needs_all_of_it CHECK (
    keep_days IS NULL OR relation NOT IN ('journal', 'stock_daily', 'turnover_daily'));
