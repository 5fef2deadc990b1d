-- Of a block of numbers, a bit for each `span` numbers from `first_seq` on: those that have come.
-- Most blocks are ones and then zeros: that the planner writes into the query that calls this.
CREATE FUNCTION inventory.arrived_runs(first_seq bigint, span integer, bits bit)
RETURNS int8multirange
LANGUAGE sql IMMUTABLE PARALLEL SAFE
AS $$
    SELECT range_agg(int8range(
        first_seq + span * (r.upto - length(r.run)), first_seq + span * r.upto))
    FROM (
        SELECT s.run, sum(length(s.run)) OVER (ORDER BY s.place) AS upto
        FROM string_to_table(
            replace(replace(bits::text, '01', '0 1'), '10', '1 0'), ' '
        ) WITH ORDINALITY AS s (run, place)
    ) AS r
    WHERE r.run LIKE '1%'
$$;

CREATE FUNCTION inventory.arrived_in(first_seq bigint, span integer, bits bit)
RETURNS int8multirange
LANGUAGE sql IMMUTABLE PARALLEL SAFE
AS $$
    SELECT CASE WHEN bit_count(bits << bit_count(bits)::integer) = 0
        THEN int8multirange(int8range(first_seq, first_seq + span * bit_count(bits)))
        ELSE inventory.arrived_runs(first_seq, span, bits)
    END
$$;

-- A device as a whole: the numbers that have come, on whichever partition, and those that have not.
CREATE VIEW inventory.devices AS
WITH whole AS (
    SELECT
        d.device,
        (array_agg(d.warehouse ORDER BY d.last_seen_at DESC NULLS LAST))[1] AS warehouse,
        max(d.last_seq) AS last_seq,
        sum(d.reused)::bigint AS reused,
        sum(d.unrecorded)::bigint AS unrecorded,
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
    s.seen,
    h.holes,
    (SELECT coalesce(sum(upper(r) - lower(r)), 0)::numeric FROM unnest(h.holes) AS r) AS missing,
    (SELECT coalesce(sum(upper(r) - lower(r)), 0)::numeric FROM unnest(s.seen) AS r) AS arrived,
    w.reused,
    w.unrecorded,
    w.last_seen_at,
    w.clock_offset_ms
FROM whole AS w
CROSS JOIN LATERAL (
    SELECT coalesce(range_agg(inventory.arrived_in(u.first_seq, u.span, u.bits)), '{}') AS seen
    FROM (
        SELECT b.span, b.first_seq, bit_or(b.bits) AS bits
        FROM inventory.device_blocks AS b
        WHERE b.device = w.device
        GROUP BY b.span, b.first_seq
    ) AS u
) AS s
CROSS JOIN LATERAL (
    SELECT CASE
        WHEN w.last_seq IS NULL THEN '{}'::int8multirange
        ELSE int8multirange(int8range(least(1, w.last_seq), w.last_seq, '[]')) - s.seen
    END AS holes
) AS h;
