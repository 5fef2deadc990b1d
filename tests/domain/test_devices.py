"""The numbers of devices: which have arrived, which are missing."""

from __future__ import annotations

from datetime import timedelta

from hypothesis import given
from hypothesis import strategies as st

from flows.domain.devices import HIGHEST, MOST_BOUNDS, Devices
from flows.domain.rows import DeviceRow
from tests.builders import BROKER_TIME, inbound


def hear(devices, *numbers, new=True, **fields):
    """Let a device be heard with these numbers; return its row."""
    for number in numbers:
        event = inbound(device="pda", device_seq=number, at=BROKER_TIME, **fields)
        devices.hear(event, BROKER_TIME, new=new)
    [row] = devices.flush()
    return row


def ranges(numbers):
    """Return the bounds of the ranges of a set of numbers, slowly."""
    bounds = []
    for number in sorted(numbers):
        if bounds and bounds[-1] == number:
            bounds[-1] = number + 1
        else:
            bounds += [number, number + 1]
    return bounds


@given(st.lists(st.integers(0, 40), min_size=1, max_size=60), st.data())
def test_any_order_in_any_batches_gives_the_set_of_numbers(numbers, data):
    """The ranges are those of the set; what came twice is counted; memory may be cold."""
    stored = {}
    devices = Devices(lambda names: [stored[name].copy() for name in names if name in stored])
    while numbers:
        size = data.draw(st.integers(1, len(numbers)))
        row = hear(devices, *numbers[:size])
        stored["pda"] = row
        stored.setdefault("all", []).extend(numbers[:size])
        numbers = numbers[size:]
        if data.draw(st.booleans()):
            devices = Devices(
                lambda names: [stored[name].copy() for name in names if name in stored]
            )
    arrived = stored["all"]
    assert row.bounds == ranges(set(arrived))
    assert row.last_seq == max(arrived)
    assert row.reused == len(arrived) - len(set(arrived))


def test_a_repeat_is_heard_but_its_number_is_not_counted_again():
    """A resend of an event that is known says that the device lives, no more."""
    devices = Devices(lambda _: ())
    hear(devices, 1, 2)
    row = hear(devices, 2, new=False)
    assert (row.bounds, row.reused, row.last_seen_at) == ([1, 3], 0, BROKER_TIME)


def test_a_device_that_counts_at_random_keeps_to_its_memory():
    """More holes than are kept, and a number that no range can close, are counted, not kept."""
    devices = Devices(lambda _: ())
    row = hear(devices, *range(0, 2 * MOST_BOUNDS, 2), HIGHEST + 1)
    assert len(row.bounds) == MOST_BOUNDS
    assert row.unrecorded == MOST_BOUNDS // 2 + 1
    assert row.last_seq == MOST_BOUNDS - 2


def test_the_clock_of_a_device_is_told_by_what_it_sends():
    """By sent_at; by occurred_at only when that is near; else what was known stays."""
    devices = Devices(lambda _: [DeviceRow("pda", clock_offset_ms=7)])
    assert hear(devices, 1, sent_at=BROKER_TIME - timedelta(seconds=90)).clock_offset_ms == -90_000
    devices.hear(inbound(device="pda", at="08:00"), BROKER_TIME, new=True)
    assert devices.flush()[0].clock_offset_ms == -90_000
    near = inbound(device="pda", at=BROKER_TIME + timedelta(seconds=2))
    devices.hear(near, BROKER_TIME, new=True)
    assert devices.flush()[0].clock_offset_ms == 2000
