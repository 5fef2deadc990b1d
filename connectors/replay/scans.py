"""What a warehouse's devices send: canonical events as bytes, numbered per device.

A device's clock is the event's `occurred_at`; its message reaches the broker `latency` later,
which is `sent_at` and the message's time. Numbers 1, 2, 3 … per device have no holes.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

from connectors.replay.catalogue import PIECE
from connectors.replay.clock import HOUR, moment
from connectors.replay.message import MASTER, SCANS, Message

if TYPE_CHECKING:
    from collections.abc import Callable

    from connectors.replay.clock import Clock

_encode = msgspec.json.Encoder().encode
_SHIFT = 8 * HOUR
CANONICAL = {"format": b"canonical"}


class Device:
    """A scanner of one warehouse and the people who carry it by shifts."""

    __slots__ = ("crew", "index", "key", "kind", "latency", "name", "sent", "warehouse")

    def __init__(self, warehouse: str, kind: str, index: int, crew: tuple[str, ...]) -> None:
        """Name it; nothing was sent yet."""
        self.warehouse = warehouse
        self.key = warehouse.encode()
        self.kind = kind
        self.index = index
        self.crew = crew
        self.latency = 15 + (index * 37 + len(kind) * 11) % 60
        self.rename("")

    def rename(self, mark: str) -> None:
        """Become another device, which has sent nothing yet."""
        self.name = f"{self.warehouse}-{self.kind}{mark}-{self.index + 1:02d}"
        self.sent = 0

    def operator(self, real: int) -> str:
        """Return who works with it at that time."""
        return self.crew[(self.index + real // _SHIFT) % len(self.crew)]


def amount(quantity: int) -> int | float:
    """Return 1/1000 base units as a JSON number with at most three decimals."""
    whole, rest = divmod(quantity, PIECE)
    return quantity / PIECE if rest else whole


class Desk:
    """Writes events of the warehouses and of the office that keeps master data."""

    def __init__(self, clock: Clock, run: str, send: Callable[[Message], None]) -> None:
        """Send through `send`; `run` tells this run's event ids from another run's."""
        self._clock = clock
        self._run = run
        self._send = send

    def scan(self, at: int, device: Device, kind: str, fields: dict[str, Any]) -> str:
        """Send one scan of a device and return its event_id."""
        clock = self._clock
        real = clock.real(at)
        device.sent += 1
        event_id = f"{device.name}-{self._run}-{device.sent:06d}"
        value = _encode(
            {
                "event_id": event_id,
                "type": kind,
                "occurred_at": clock.text(real - device.latency),
                "warehouse": device.warehouse,
                **fields,
                "operator": device.operator(real),
                "device": device.name,
                "device_seq": device.sent,
                "sent_at": clock.text(real),
            }
        )
        self._send(Message(SCANS, device.key, value, CANONICAL, moment(real)))
        return event_id

    def paper(
        self, at: int, event_id: str, kind: str, fields: dict[str, Any], topic: str = SCANS
    ) -> None:
        """Send an event that no device made: a purchase line of the buyers' system, a cancel."""
        real = self._clock.real(at)
        value = _encode(
            {
                "event_id": f"{event_id}-{self._run}",
                "type": kind,
                "occurred_at": self._clock.text(real),
                **fields,
            }
        )
        key = fields["warehouse"].encode()
        self._send(Message(topic, key, value, CANONICAL, moment(real)))

    def master(self, at: int, event_id: str, kind: str, fields: dict[str, Any]) -> None:
        """Send master data; keyed by warehouse, without a key when they are global."""
        real = self._clock.real(at)
        value = _encode(
            {
                "event_id": f"{event_id}-{self._run}",
                "type": kind,
                "occurred_at": self._clock.text(real),
                **fields,
            }
        )
        warehouse = fields.get("warehouse")
        key = warehouse.encode() if warehouse else None
        self._send(Message(MASTER, key, value, CANONICAL, moment(real)))
