-- A device as a whole: the numbers that have come, on whichever partition, and those that have not.
CREATE VIEW inventory.devices AS
WITH whole AS (
    SELECT
        d.device,
        (array_agg(d.warehouse ORDER BY d.last_seen_at DESC NULLS LAST))[1] AS warehouse,
        range_agg(d.seen) AS seen,
        max(d.last_seq) AS last_seq,
        max(d.reused) AS reused,
        max(d.unrecorded) AS unrecorded,
        max(d.last_seen_at) AS last_seen_at,
        (array_agg(d.clock_offset_ms ORDER BY d.last_seen_at DESC NULLS LAST)
            FILTER (WHERE d.clock_offset_ms IS NOT NULL))[1] AS clock_offset_ms
    FROM inventory.device_sequences AS d
    GROUP BY d.device
)
SELECT
    w.device,
    w.warehouse,
    w.last_seq,
    w.seen,
    h.holes,
    (SELECT coalesce(sum(upper(r) - lower(r)), 0)::numeric FROM unnest(h.holes) AS r) AS missing,
    (SELECT coalesce(sum(upper(r) - lower(r)), 0)::numeric FROM unnest(w.seen) AS r) AS arrived,
    w.reused,
    w.unrecorded,
    w.last_seen_at,
    w.clock_offset_ms
FROM whole AS w
CROSS JOIN LATERAL (
    SELECT CASE
        WHEN w.last_seq IS NULL THEN '{}'::int8multirange
        ELSE int8multirange(int8range(least(1, w.last_seq), w.last_seq, '[]')) - w.seen
    END AS holes
) AS h;
