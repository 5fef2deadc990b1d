-- The numbers of a device in blocks of 1,024, so that a batch rewrites what it touches and not all
-- that the device has ever sent. A block is a bitmap, its first number the leftmost bit; of a block
-- that is whole only one bit of the block above it is kept (span 1024). Each log partition has rows
-- of its own: no writer waits for another, the view devices puts them together.
CREATE TABLE inventory.device_blocks (
    device        text NOT NULL,
    span          integer NOT NULL CHECK (span IN (1, 1024)),
    first_seq     bigint NOT NULL,
    log_partition integer NOT NULL,
    bits          bit(1024) NOT NULL,
    PRIMARY KEY (device, span, first_seq, log_partition)
) WITH (fillfactor = 60, autovacuum_vacuum_scale_factor = 0.05);

-- What has been kept as ranges, cut at the blocks' ends.
WITH pieces AS (
    SELECT d.log_partition, d.device, b.block,
        greatest(lower(r) - 1 - (b.block << 10), 0) AS first,
        least(upper(r) - 1 - (b.block << 10), 1024) AS upto
    FROM inventory.device_sequences AS d
    CROSS JOIN unnest(d.seen) AS r
    CROSS JOIN generate_series((lower(r) - 1) >> 10, (upper(r) - 2) >> 10) AS b (block)
),
blocks AS (
    SELECT log_partition, device, block,
        bit_or((repeat('0', first::integer) || repeat('1', (upto - first)::integer)
                || repeat('0', (1024 - upto)::integer))::bit(1024)) AS bits
    FROM pieces
    GROUP BY log_partition, device, block
)
INSERT INTO inventory.device_blocks (device, span, first_seq, log_partition, bits)
SELECT device, 1, (block << 10) + 1, log_partition, bits
FROM blocks
WHERE bits <> repeat('1', 1024)::bit(1024)
UNION ALL
SELECT device, 1024, (block >> 10 << 20) + 1, log_partition,
    bit_or(set_bit(repeat('0', 1024)::bit(1024), (block & 1023)::integer, 1))
FROM blocks
WHERE bits = repeat('1', 1024)::bit(1024)
GROUP BY device, block >> 10, log_partition;

ALTER TABLE inventory.device_sequences
    ADD COLUMN recorded bigint NOT NULL DEFAULT 0,
    ADD COLUMN open_blocks bigint NOT NULL DEFAULT 0;
UPDATE inventory.device_sequences AS d
SET recorded = (SELECT coalesce(sum(upper(r) - lower(r)), 0) FROM unnest(d.seen) AS r),
    open_blocks = (SELECT count(*) FROM inventory.device_blocks AS b
                   WHERE (b.device, b.span, b.log_partition) = (d.device, 1, d.log_partition));
ALTER TABLE inventory.device_sequences DROP COLUMN seen;
