-- Messages of other standards that moved no stock, one row each: what, where, and why not.
CREATE VIEW inventory.observations AS
SELECT
    j.occurred_at,
    nullif(j.warehouse, '') AS warehouse,
    j.body ->> 'step' AS step,
    j.body ->> 'why' AS why,
    nullif(j.sku, '') AS sku,
    j.body ->> 'document' AS document,
    j.event_id,
    (j.body ->> 'body')::jsonb AS original,
    j.committed_at,
    j.log_partition,
    j.log_offset
FROM inventory.journal AS j
WHERE j.type = 'observation';
