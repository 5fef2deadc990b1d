"""The numbers of devices: which have arrived, which are missing."""

from __future__ import annotations

import random
from datetime import timedelta
from itertools import pairwise

from hypothesis import given, settings
from hypothesis import strategies as st

from flows.domain.changes import Changes
from flows.domain.devices import Devices
from flows.domain.memory import MemoryStore
from flows.domain.numbers import DENSE, HIGHEST, MOST_OPEN, WHOLE, WIDTH, Numbers
from flows.domain.rows import BlockKey, DeviceRow
from tests.builders import BROKER_TIME, inbound


class Partition:
    """One log partition on which devices are heard, and its store."""

    def __init__(self) -> None:
        """Start empty."""
        self.store = MemoryStore()
        self.heard: list[int] = []
        self.forget()

    def forget(self) -> None:
        """Go on with nothing in memory, as after a restart."""
        self.devices = Devices(self.store.devices, self.store.blocks)

    def hear(self, *numbers, new=True, **fields) -> DeviceRow:
        """Let a device be heard with these numbers, in one batch; return its row."""
        event = inbound(device="pda", at=BROKER_TIME, **fields)
        for number in numbers:
            event.device_seq = number
            self.devices.hear(event, BROKER_TIME, new=new)
        return self.commit(*numbers)

    def commit(self, *numbers) -> DeviceRow:
        """Store what was heard; return the device's row."""
        self.heard += numbers
        rows, blocks = self.devices.flush()
        self.store.apply(Changes(devices=rows, blocks=blocks))
        [row] = rows
        return row

    def kept(self) -> set[int]:
        """Return the numbers that the blocks hold, one by one."""
        return {
            key.first_seq + number
            for key, bits in self.store.device_blocks.items()
            for place in range(WIDTH)
            if bits >> (WIDTH - 1 - place) & 1
            for number in range(key.span * place, key.span * (place + 1))
        }


EDGES = (0, 1, WIDTH - 3, 2 * WIDTH, WIDTH * WIDTH - 5, 2**40)


@st.composite
def arrivals(draw) -> list[int]:
    """Draw numbers that come in runs, some of them over the edges of blocks, some out of order."""
    runs = st.builds(
        lambda first, offset, length, step: range(first + offset, first + offset + length, step),
        st.sampled_from(EDGES), st.integers(0, 40), st.integers(1, 2 * WIDTH),
        st.sampled_from([1, 1, 2, 7]),
    )  # fmt: skip
    found = [number for run in draw(st.lists(runs, min_size=1, max_size=4)) for number in run]
    if draw(st.booleans()):
        random.Random(len(found)).shuffle(found)
    return found


@settings(deadline=None)
@given(arrivals(), st.integers(1, 3), st.data())
def test_any_order_in_any_batches_on_any_partitions_gives_the_set_of_numbers(found, count, data):
    """What the partitions hold together is the set of what came, with memory warm or cold."""
    parts = [Partition() for _ in range(count)]
    arrived = set(found)
    cuts = data.draw(st.lists(st.integers(0, len(found)), max_size=6))
    for first, end in pairwise(sorted({0, *cuts, len(found)})):
        part = parts[data.draw(st.integers(0, count - 1))]
        part.hear(*found[first:end])
        if data.draw(st.booleans()):
            part.forget()
    assert set().union(*(part.kept() for part in parts)) == arrived
    for part in parts:
        assert part.kept() == set(part.heard)
        if part.heard:
            row = part.store.device_rows["pda"]
            assert row.last_seq == max(part.heard)
            assert row.recorded == len(set(part.heard))
            assert row.reused == len(part.heard) - len(set(part.heard))
            assert row.unrecorded == 0
            opened = [key for key in part.store.device_blocks if key.span == 1]
            assert row.open_blocks == len(opened)


@settings(deadline=None)
@given(arrivals(), st.data())
def test_the_blocks_are_a_function_of_the_set_of_numbers(found, data):
    """However it was cut: the same rows, and of a whole block one bit of the block above."""
    cut = data.draw(st.integers(1, len(found)))
    one, other = Partition(), Partition()
    one.hear(*found)
    for batch in (found[cut:], found[:cut]):
        if batch:
            other.hear(*batch)
    assert one.store.device_blocks == other.store.device_blocks
    assert WHOLE not in [bits for key, bits in one.store.device_blocks.items() if key.span == 1]


def test_a_batch_changes_only_the_blocks_that_it_touches():
    """Every eighth number of a device that has sent half a million: one block, not five hundred."""
    part = Partition()
    part.hear(*range(8, 500_000, 8))
    assert part.store.device_rows["pda"].open_blocks == 500_000 // WIDTH + 1
    part.devices.hear(inbound(device="pda", device_seq=500_000), BROKER_TIME, new=True)
    _, blocks = part.devices.flush()
    assert list(blocks) == [BlockKey("pda", 1, 499_713)]


def test_an_orderly_device_costs_two_blocks_a_million_numbers():
    """The one that is being filled and the one that says which are whole."""
    part = Partition()
    for first in range(1, 100_000, 5000):
        part.hear(*range(first, first + 5000))
    assert [key.span for key in sorted(part.store.device_blocks)] == [1, WIDTH]


def test_what_memory_has_forgotten_is_asked_for_and_nothing_else():
    """Beyond the highest number there is nothing to ask; what is in memory is not asked again."""
    asked = []
    numbers = Numbers(lambda keys: asked.extend(keys) or {}, most=2)
    row = DeviceRow("pda")
    for number in (1, 2, 5000, 5001, 9000, 1):
        numbers.open({"pda": [number]}, {"pda": row})
        numbers.add(row, [number])
        numbers.flush()
    assert asked == [BlockKey("pda", 1, 1)]


def test_a_repeat_is_heard_but_its_number_is_not_counted_again():
    """A resend of an event that is known says that the device lives, no more."""
    part = Partition()
    part.hear(1, 2)
    row = part.hear(2, new=False)
    assert part.kept() == {1, 2}
    assert (row.recorded, row.reused, row.last_seen_at) == (2, 0, BROKER_TIME)


def test_a_device_that_counts_at_random_keeps_to_its_room():
    """A number a block, far apart: what has no room is counted, and what it has is still exact."""
    part = Partition()
    most = MOST_OPEN * DENSE // (DENSE - 1)
    row = part.hear(*(1 + WIDTH * n for n in range(2 * most)), HIGHEST + 1)
    assert row.open_blocks == row.recorded == most
    assert row.unrecorded == most + 1
    assert row.last_seq == 1 + WIDTH * (most - 1)
    assert part.hear(2, 1).open_blocks == most
    assert part.store.device_rows["pda"].reused == 1


def test_a_hundredth_of_the_numbers_of_a_busy_device_is_not_taken_for_random():
    """A partition that hears one number in a hundred keeps them all."""
    part = Partition()
    row = part.hear(*range(100, 12_000_000, 100))
    assert row.open_blocks > MOST_OPEN
    assert row.unrecorded == 0


def test_the_clock_of_a_device_is_told_by_what_it_sends():
    """By sent_at; by occurred_at only when that is near; else what was known stays."""
    part = Partition()
    part.store.device_rows["pda"] = DeviceRow("pda", clock_offset_ms=7)
    assert part.hear(1, sent_at=BROKER_TIME - timedelta(seconds=90)).clock_offset_ms == -90_000
    part.devices.hear(inbound(device="pda", at="08:00"), BROKER_TIME, new=True)
    assert part.commit().clock_offset_ms == -90_000
    near = inbound(device="pda", at=BROKER_TIME + timedelta(seconds=2))
    part.devices.hear(near, BROKER_TIME, new=True)
    assert part.commit().clock_offset_ms == 2000
