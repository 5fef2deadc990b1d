"""Which numbers of which device have arrived, exactly: what proves that nothing is missing.

Enters: every event of the log that names a device. Leaves: one `DeviceRow` a device that was
heard. Numbers are kept as ranges, so an orderly device costs two ints however long it lives; a
hole is a number that has not come. A number seen with another event's id does not make that
event a repeat (a device may have been reset): it is counted as `reused`, for people to look at.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Collection, Iterable
from datetime import datetime, timedelta

from flows.domain.events import Event
from flows.domain.rows import DeviceRow

MOST_BOUNDS = 4_000
"""Ends of ranges kept of one device: who sends numbers at random must not fill the memory."""
HIGHEST = 2**63 - 2
"""The last number whose range PostgreSQL can close."""
MOST_DEVICES = 50_000
NEAR = timedelta(minutes=5)
"""Nearer to the broker's clock than this, an event without `sent_at` was sent as it happened."""
MILLISECOND = timedelta(milliseconds=1)

Heard = tuple[Event, datetime]


class Devices:
    """The devices of one log partition; the least recently heard are forgotten by memory."""

    def __init__(self, recall: Callable[[Collection[str]], Iterable[DeviceRow]]) -> None:
        """`recall(names)` gives the rows of devices that are not in memory."""
        self._recall = recall
        self._known: dict[str, DeviceRow] = {}
        self._numbers: dict[str, list[int]] = {}
        self._heard: dict[str, Heard] = {}

    def hear(self, event: Event, broker_time: datetime, *, new: bool) -> None:
        """Note an event that names a device; `new` unless its id was seen before."""
        device = event.device
        if device is None:
            return
        self._heard[device] = (event, broker_time)
        if new and event.device_seq is not None:
            numbers = self._numbers.get(device)
            if numbers is None:
                numbers = self._numbers[device] = []
            numbers.append(event.device_seq)

    def flush(self) -> list[DeviceRow]:
        """Return the rows of the devices heard since the last call."""
        if not self._heard:
            return []
        known = self._known
        unknown = [name for name in self._heard if name not in known]
        if unknown:
            known.update((name, DeviceRow(name)) for name in unknown)
            known.update((row.device, row) for row in self._recall(unknown))
        rows = []
        for name, heard in self._heard.items():
            row = known[name] = known.pop(name)  # now the last to be forgotten
            _count(row, self._numbers.get(name, ()))
            _notice(row, *heard)
            rows.append(row.copy())
        while len(known) > max(MOST_DEVICES, len(rows)):
            del known[next(iter(known))]
        self._numbers, self._heard = {}, {}
        return rows


def _count(row: DeviceRow, numbers: Iterable[int]) -> None:
    """Add numbers in the order of the log, which alone decides what is reused or not kept."""
    bounds = row.bounds
    for number in numbers:
        if bounds and number == bounds[-1]:
            bounds[-1] = number + 1
        elif number > HIGHEST:
            row.unrecorded += 1
        else:
            _insert(row, bounds, number)
    if bounds:
        row.last_seq = bounds[-1] - 1


def _insert(row: DeviceRow, bounds: list[int], number: int) -> None:
    """Add one number to ranges: bounds[0] ≤ x < bounds[1], bounds[2] ≤ x < bounds[3], …."""
    place = bisect_right(bounds, number)
    if place % 2:
        row.reused += 1
        return
    joins = place > 0 and bounds[place - 1] == number
    meets = place < len(bounds) and bounds[place] == number + 1
    if joins and meets:
        del bounds[place - 1 : place + 1]
    elif joins:
        bounds[place - 1] = number + 1
    elif meets:
        bounds[place] = number
    elif len(bounds) < MOST_BOUNDS:
        bounds[place:place] = (number, number + 1)
    else:
        row.unrecorded += 1


def _notice(row: DeviceRow, event: Event, broker_time: datetime) -> None:
    row.last_seen_at = broker_time
    row.warehouse = getattr(event, "warehouse", None) or row.warehouse
    stated = event.sent_at or event.recorded_at
    if stated is None and abs(event.occurred_at - broker_time) <= NEAR:
        stated = event.occurred_at
    if stated is not None:
        row.clock_offset_ms = (stated - broker_time) // MILLISECOND
