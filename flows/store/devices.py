"""What a batch changes of devices: their rows, and the blocks of numbers that it touched."""

from __future__ import annotations

import psycopg

from flows.domain.changes import Changes
from flows.store.arrays import columns, upsert
from flows.store.statements import BLOCKS_GONE


def write(cursor: psycopg.Cursor, partition: int, changes: Changes) -> None:
    """Write rows and blocks; of a block without bits nothing is left."""
    upsert(
        cursor,
        "device_sequences",
        [
            (
                partition,
                row.device,
                row.warehouse,
                row.last_seq,
                row.recorded,
                row.open_blocks,
                row.reused,
                row.unrecorded,
                row.last_seen_at,
                row.clock_offset_ms,
            )
            for row in changes.devices
        ],
    )
    gone = [(*key, partition) for key, bits in changes.blocks.items() if not bits]
    if gone:
        cursor.execute(BLOCKS_GONE, columns(gone))
    kept = [(*k, partition, f"x{bits:0256x}") for k, bits in changes.blocks.items() if bits]
    upsert(cursor, "device_blocks", kept)
