"""Transfers: a warehouse that runs short is helped by one that has plenty.

Out scans at the source name the document, the destination and the planned arrival; in scans at
the destination name lot and expiry date. Some trucks are late, and now and then a piece is lost.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from connectors.replay.clock import DAY, HOUR, SECOND, day_text, next_local
from connectors.replay.purchasing import Arrival
from connectors.replay.scans import amount
from connectors.replay.warehouse import Lot

if TYPE_CHECKING:
    from connectors.replay.purchasing import Purchasing
    from connectors.replay.scans import Device
    from connectors.replay.warehouse import House, Shelf
    from connectors.replay.world import World

_MOST_LINES = 15
_LATE = 0.02
_LOST = 0.01


class Truck:
    """One transfer document: what was loaded."""

    __slots__ = ("document", "due", "goal", "loaded", "source")

    def __init__(self, document: str, source: House, goal: House, due: int) -> None:
        """Begin empty."""
        self.document = document
        self.source = source
        self.goal = goal
        self.due = due
        self.loaded: list[tuple[Shelf, Lot]] = []


class Transfers:
    """Rebalancing between the warehouses, once a day for each."""

    def __init__(self, world: World, purchasing: Purchasing) -> None:
        """Put away what arrives as purchasing does."""
        self._world = world
        self._purchasing = purchasing
        self._documents = 0

    def review(self, house: House, at: int) -> None:
        """Look for shelves below safety stock that another warehouse can help."""
        plans: dict[House, list[tuple[Shelf, Shelf, int]]] = {}
        for shelf in house.shelves:
            low = shelf.level.safety * shelf.item.piece
            if shelf.held - shelf.promised - shelf.lacking() >= low or shelf.coming:
                continue
            giver, spare = self._giver(shelf)
            if giver and len(plans.get(giver.house, ())) < _MOST_LINES:
                plans.setdefault(giver.house, []).append((giver, shelf, spare))
        for source, rows in plans.items():
            self.send(at, source, house, rows, late=self._world.chance(_LATE))
        self._world.agenda.at(next_local(at, 14 + house.index * 0.1), partial(self.review, house))

    def _giver(self, shelf: Shelf) -> tuple[Shelf | None, int]:
        """Return who has most to spare, and how much the shelf should get of it."""
        best, most = None, 2 * shelf.item.piece
        for other in self._world.shelves[shelf.item.number]:
            if other is None or other is shelf:
                continue
            spare = other.free - other.lacking() - other.level.upto * other.item.piece * 3 // 4
            if spare >= most:
                best, most = other, spare
        piece = shelf.item.piece
        wanted = max(shelf.level.reorder * piece - shelf.free, piece)
        return best, min(most, wanted) // piece * piece

    def send(
        self, at: int, source: House, goal: House, rows: list[tuple[Shelf, Shelf, int]],
        *, late: bool = False, hours: float = 0, arrives: int = 0,
    ) -> None:  # fmt: skip
        """Load a truck; `hours` sets the planned time on the road, `arrives` when it comes."""
        world = self._world
        self._documents += 1
        day = day_text(world.clock.day(at))[2:].replace("-", "")
        planned = int(hours * HOUR) or world.between(20 * HOUR, 70 * HOUR)
        truck = Truck(
            f"TO{world.mark}-{source.code}-{goal.code}-{day}-{self._documents:04d}",
            source,
            goal,
            at + planned,
        )
        device = source.any(source.lifts)
        steps = [partial(self._load, device, truck, row) for row in rows]
        delay = world.between(DAY, 4 * DAY) if late else world.between(-4 * HOUR, -HOUR // 2)
        world.round(at, steps, 40 * SECOND)
        arrives = max(arrives or truck.due + delay, at + (len(rows) + 1) * 90 * SECOND)
        world.agenda.at(arrives, partial(self._arrive, truck))

    def _load(self, device: Device, truck: Truck, row: tuple[Shelf, Shelf, int], at: int) -> None:
        giver, taker, quantity = row
        quantity = min(quantity, max(giver.free, 0))
        fields = {
            "counterpart": truck.goal.code,
            "document": truck.document,
            "due_at": self._world.clock.text(self._world.clock.real(truck.due)),
        }
        for lot in truck.source.take(at, device, "transfer_out", giver, quantity, **fields):
            truck.loaded.append((taker, lot))
            taker.coming += lot.quantity

    def _arrive(self, truck: Truck, at: int) -> None:
        gate, landed = truck.goal.any(truck.goal.gates), list[Arrival]()
        steps = [partial(self._unload, gate, truck, row, landed) for row in truck.loaded]
        then = partial(self._purchasing.store, truck.goal, landed)
        self._world.round(at, steps, 30 * SECOND, then)

    def _unload(
        self, gate: Device, truck: Truck, row: tuple[Shelf, Lot], landed: list[Arrival], at: int
    ) -> None:
        shelf, sent = row
        goal, quantity = truck.goal, sent.quantity
        fields = {"counterpart": truck.source.code, "document": truck.document}
        shelf.coming -= quantity
        if self._world.chance(_LOST):
            lost = min(shelf.item.piece, quantity)
            quantity -= lost
            goal.scan(at, goal.desk, "scrap", shelf, {
                "sku": shelf.item.sku, "quantity": amount(lost), "lot": sent.name, **fields,
                "reason": "lost in transit / 运输途中丢失",
            })  # fmt: skip
        if quantity:
            place = goal.plan.dock[len(landed) % 4]
            lot = Lot(sent.name, sent.expires, place, quantity)
            goal.receive(at, gate, "transfer_in", shelf, lot, **fields)
            landed.append(Arrival(shelf, lot))
