"""Which numbers of which device have arrived, exactly: what proves that nothing is missing.

Enters: every event of the log that names a device. Leaves: one `DeviceRow` a device that was
heard, and the blocks of numbers that changed (flows/domain/numbers.py). A hole is a number that
has not come on any partition. A number seen with another event's id does not make that event a
repeat (a device may have been reset): it is counted as `reused`, for people to look at.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable
from copy import copy
from datetime import datetime, timedelta

from flows.domain.events import Event
from flows.domain.numbers import Ask, Blocks, Numbers
from flows.domain.rows import DeviceRow

MOST_DEVICES = 50_000
NEAR = timedelta(minutes=5)
"""Nearer to the broker's clock than this, an event without `sent_at` was sent as it happened."""
MILLISECOND = timedelta(milliseconds=1)

Heard = tuple[Event, datetime]


class Devices:
    """The devices of one log partition; the least recently heard are forgotten by memory."""

    def __init__(
        self, recall: Callable[[Collection[str]], Iterable[DeviceRow]], blocks: Ask
    ) -> None:
        """`recall(names)` and `blocks(keys)` give what is not in memory."""
        self._recall = recall
        self._known: dict[str, DeviceRow] = {}
        self._numbers = Numbers(blocks)
        self._arrived: dict[str, list[int]] = {}
        self._heard: dict[str, Heard] = {}

    def hear(self, event: Event, broker_time: datetime, *, new: bool) -> None:
        """Note an event that names a device; `new` unless its id was seen before."""
        device = event.device
        if device is None:
            return
        self._heard[device] = (event, broker_time)
        if new and event.device_seq is not None:
            arrived = self._arrived.get(device)
            if arrived is None:
                arrived = self._arrived[device] = []
            arrived.append(event.device_seq)

    def flush(self) -> tuple[list[DeviceRow], Blocks]:
        """Return the rows of the devices heard since the last call, and the changed blocks."""
        if not self._heard:
            return [], {}
        known = self._known
        unknown = [name for name in self._heard if name not in known]
        if unknown:
            known.update((name, DeviceRow(name)) for name in unknown)
            known.update((row.device, row) for row in self._recall(unknown))
        self._numbers.open(self._arrived, known)
        rows = []
        for name, heard in self._heard.items():
            row = known[name] = known.pop(name)  # now the last to be forgotten
            self._numbers.add(row, self._arrived.get(name, ()))
            _notice(row, *heard)
            rows.append(copy(row))
        while len(known) > max(MOST_DEVICES, len(rows)):
            del known[next(iter(known))]
        self._arrived, self._heard = {}, {}
        return rows, self._numbers.flush()


def _notice(row: DeviceRow, event: Event, broker_time: datetime) -> None:
    row.last_seen_at = broker_time
    row.warehouse = getattr(event, "warehouse", None) or row.warehouse
    stated = event.sent_at or event.recorded_at
    if stated is None and abs(event.occurred_at - broker_time) <= NEAR:
        stated = event.occurred_at
    if stated is not None:
        row.clock_offset_ms = (stated - broker_time) // MILLISECOND
