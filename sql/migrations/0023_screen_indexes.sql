-- What boards look up that nothing else does: rows with a recording, and stock that is not for sale.
-- Both are few, so that the fold hardly notices.
CREATE INDEX movements_video_idx ON inventory.movements (occurred_at DESC)
    WHERE video_url IS NOT NULL;
CREATE INDEX stock_bins_unsellable_idx ON inventory.stock_bins (status)
    WHERE status <> 'sellable';
-- Lists of what is red, yellow or over. An update that leaves the level as it is stays a HOT one.
CREATE INDEX stock_figures_alarm_idx ON inventory.stock_figures (water_level, warehouse, sku)
    WHERE water_level <> 'green';
