-- For the named queries of analysts. Both cost the hot path next to nothing: losses and counts are a
-- few of a hundred movements, and a BRIN of 32 pages a range is written once for thousands of rows.
CREATE INDEX movements_losses_idx ON inventory.movements (occurred_at)
    WHERE type IN ('stocktake', 'scrap', 'adjustment');

-- What became known after a time: rows are appended in the order of their commits.
CREATE INDEX movements_committed_at_idx ON inventory.movements
    USING brin (committed_at) WITH (pages_per_range = 32);
