"""The numbers that have arrived, in blocks of 1,024: a batch rewrites only the blocks it touches.

Enters: the numbers of each device in log order. Leaves: the blocks that changed. A block is a
bitmap, its first number the highest bit. Of a block that is whole one bit is left, in the block
above it (`span` 1,024), so a device that counts in order costs two bitmaps a million numbers. What
is kept is a function of the set of numbers, however it was cut and whenever memory was cold.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from itertools import groupby

from flows.domain.rows import BlockKey, DeviceRow

SHIFT = 10
WIDTH = 1 << SHIFT
"""Bits of a block."""
WHOLE = (1 << WIDTH) - 1
BITS = tuple(1 << (WIDTH - 1 - place) for place in range(WIDTH))
LAST_BIT = WIDTH - 1
HIGHEST = 2**63 - 2
"""The last number whose range PostgreSQL can close."""
MOST_OPEN, DENSE = 10_000, 4
"""Open blocks of a device and partition: so many, and one for every DENSE numbers that are kept.

A device that counts, and of whose numbers a partition hears more than one in 256, never gets there.
"""
MOST_IN_MEMORY = 20_000
"""Blocks of a partition: about 8 MB at most."""

Blocks = dict[BlockKey, int]
Ask = Callable[[Collection[BlockKey]], Mapping[BlockKey, int]]


class Numbers:
    """The blocks of one log partition; the least recently touched are forgotten by memory."""

    def __init__(self, recall: Ask, most: int = MOST_IN_MEMORY) -> None:
        """`recall(keys)` gives the bits of blocks that are not in memory and not empty."""
        self._recall = recall
        self._most = most
        self._bits: Blocks = {}
        self._changed: Blocks = {}
        self._touched = 0

    def open(self, numbers: Mapping[str, Sequence[int]], rows: Mapping[str, DeviceRow]) -> None:
        """Bring the blocks of a batch's numbers into memory, with one question at most."""
        bits, unknown = self._bits, []
        for device, arrived in numbers.items():
            last = rows[device].last_seq
            for key in _keys(device, arrived):
                self._touched += 1
                known = bits.pop(key, None)
                bits[key] = known or 0  # now the last to be forgotten
                # Beyond the highest number there is nothing to be asked for.
                if known is None and last is not None and key.first_seq <= last:
                    unknown.append(key)
        if unknown:
            bits.update(self._recall(unknown))

    def add(self, row: DeviceRow, numbers: Iterable[int]) -> None:
        """Add numbers in the order of the log, which alone decides what is reused or not kept."""
        for block, run in groupby(numbers, _block):
            self._add(row, block, run)

    def flush(self) -> Blocks:
        """Return what changed since the last call; a block without bits is gone."""
        changed, self._changed = self._changed, {}
        bits = self._bits
        while len(bits) > max(self._most, self._touched):
            del bits[next(iter(bits))]
        self._touched = 0
        return changed

    def _add(self, row: DeviceRow, block: int, run: Iterable[int]) -> None:
        key, above = _key(row.device, block), _above(row.device, block)
        before = bits = self._bits[key]
        own = BITS[block & LAST_BIT]
        whole = bool(self._bits[above] & own)
        for number in run:
            bit = BITS[(number - 1) & LAST_BIT]
            if whole or bits & bit:
                row.reused += 1
            elif number > HIGHEST or not (bits or _room(row)):
                row.unrecorded += 1
            else:
                row.open_blocks += not bits
                bits |= bit
                row.recorded += 1
                row.last_seq = number if row.last_seq is None else max(row.last_seq, number)
                if bits == WHOLE:
                    whole, bits = True, 0
                    row.open_blocks -= 1
                    self._put(above, self._bits[above] | own)
        if bits != before:
            self._put(key, bits)

    def _put(self, key: BlockKey, bits: int) -> None:
        self._bits[key] = self._changed[key] = bits


def _room(row: DeviceRow) -> bool:
    """Tell whether a device may open one more block."""
    return row.open_blocks < MOST_OPEN + row.recorded // DENSE


def _block(number: int) -> int:
    """Return the place of a number's block: 0 has the numbers from 1 on."""
    return (number - 1) >> SHIFT


def _key(device: str, block: int) -> BlockKey:
    return BlockKey(device, 1, (block << SHIFT) + 1)


def _above(device: str, block: int) -> BlockKey:
    return BlockKey(device, WIDTH, (block >> SHIFT << 2 * SHIFT) + 1)


def _keys(device: str, numbers: Iterable[int]) -> Iterator[BlockKey]:
    """Yield the keys of the blocks of numbers, and of the blocks above these."""
    blocks = {_block(number) for number in numbers}
    yield from (_key(device, block) for block in blocks)
    yield from {_above(device, block) for block in blocks}
