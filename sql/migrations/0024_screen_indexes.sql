-- What boards look up that nothing else does: rows with a recording, and stock that is not for sale.
-- Both are few, so that the fold hardly notices.
CREATE INDEX movements_video_idx ON inventory.movements (occurred_at DESC)
    WHERE video_url IS NOT NULL;
CREATE INDEX stock_bins_unsellable_idx ON inventory.stock_bins (status)
    WHERE status <> 'sellable';
