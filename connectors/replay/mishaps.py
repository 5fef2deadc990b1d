"""What goes wrong in a real warehouse, and must be found: planned for the last day of history.

A wrong SKU picked for an order, a pick that nobody had received (negative stock), goods that
vanish from the cage, a bin loaded beyond its limit, a truck that is overdue.
"""

from __future__ import annotations

from collections import deque
from functools import partial
from typing import TYPE_CHECKING

from connectors.replay.clock import HOUR
from connectors.replay.places import bin_fields
from connectors.replay.scans import amount
from connectors.replay.warehouse import NEVER, Lot

if TYPE_CHECKING:
    from collections.abc import Sequence

    from connectors.replay.fulfilment import Line
    from connectors.replay.places import Place
    from connectors.replay.transfers import Transfers
    from connectors.replay.warehouse import House, Shelf
    from connectors.replay.world import World

_BEYOND = 70.0  # kg above the limit


class Mishaps:
    """One of each, spread over the warehouses."""

    def __init__(self, world: World, transfers: Transfers) -> None:
        """Plan them backwards from the end of the history."""
        houses, end = world.houses, world.end
        self._world = world
        self._transfers = transfers
        self.orders: dict[House, deque[Line]] = {house: deque(maxlen=60) for house in houses}
        self._described = 1
        for hours, act in (
            (30.0, partial(self._overdue, 1)), (26.5, partial(self._overdue, 40)),
            (9.0, self._vanish), (7.0, self.overload), (5.0, self.mispick), (3.5, self.mispick),
            (4.0, self._unreceived),
        ):  # fmt: skip
            house = houses[int(hours * 2) % len(houses)]
            world.agenda.at(max(world.start, end - int(hours * HOUR)), partial(act, house))

    def remember(self, lines: Sequence[Line]) -> None:
        """Keep the latest orders for the picker who mixes things up."""
        for line in lines:
            self.orders[line.shelf.house].append(line)

    def pick_one(self, shelves: Sequence[Shelf]) -> Shelf | None:
        """Return one of the shelves that hold more than a piece."""
        full = [shelf for shelf in shelves if shelf.lots and shelf.free >= 2 * shelf.item.piece]
        return full[self._world.between(0, len(full))] if full else None

    def mispick(self, house: House, at: int) -> bool:
        """Ship a SKU that is not on the order it is booked to; return whether there was one."""
        shelf, orders = self.pick_one(house.shelves), self.orders[house]
        if shelf and orders and shelf is not orders[-1].shelf:
            fields = {name: orders[-1].row[name] for name in ("order_id", "line_id")}
            house.take(at, house.any(house.pickers), "outbound", shelf, shelf.item.piece, **fields)
            return True
        return False

    def _unreceived(self, house: House, at: int) -> None:
        """Pick from a pallet that was never scanned in: the lot's stock falls below zero."""
        shelf = self.pick_one(house.shelves)
        if shelf is None:
            return
        quantity = shelf.held + 2 * shelf.item.piece
        lot = Lot(f"{shelf.lots[0].name}X", NEVER, shelf.home, -quantity)
        house.scan(at, house.any(house.pickers), "outbound", shelf, {
            "sku": shelf.item.sku, "quantity": amount(quantity), "lot": lot.name,
            "from_bin": shelf.home.bin, "reason": "pallet not received / 未登记托盘",
        })  # fmt: skip
        shelf.add(lot)

    def _vanish(self, house: House, at: int) -> None:
        """Count high-value goods and find less than half."""
        dear = [shelf for shelf in house.shelves if shelf.item.high_value and shelf.lots]
        dear.sort(key=lambda shelf: -shelf.item.unit_cost * shelf.lots[0].quantity)
        for shelf in dear[:2]:
            lot = max(shelf.lots, key=lambda lot: lot.quantity)
            left = lot.quantity // shelf.item.piece // 3 * shelf.item.piece
            if lot.quantity > 0:
                house.count(
                    at, house.desk, shelf, lot, counted=left, document=f"CC-{house.code}-CAGE"
                )

    def overload(self, house: House, at: int) -> Place | None:
        """Bring heavy goods into one small bin until it is well above its limit; return it."""
        room = house.plan.spare.get("B", [])
        if not room:
            return None
        place = min(room, key=lambda one: one.used)
        place.weight = 100.0
        self._describe(house, place, at)
        goal, load = place.weight + _BEYOND, 0.0
        heavy = [shelf for shelf in house.shelves if (shelf.item.kg or 0) >= 1]
        heavy.sort(key=lambda shelf: -(shelf.item.kg or 0) * max(shelf.held, 0))
        lift = house.any(house.lifts)
        for shelf in heavy:
            lot = max(shelf.lots, key=lambda lot: lot.quantity, default=None)
            if lot and lot.quantity > 0 and load < goal:
                load += lot.quantity / 1000 * (shelf.item.kg or 0)
                house.shift(at, lift, shelf, lot, place)
        return place

    def _describe(self, house: House, place: Place, at: int) -> None:
        self._described += 1
        event_id = f"bin-{house.code}-{place.bin}-{self._world.mark}{self._described}"
        self._world.desk.master(at, event_id, "bin", bin_fields(house.code, place))

    def _overdue(self, hours: int, house: House, at: int) -> None:
        """Send a truck that should have arrived some hours ago, and comes so long after now."""
        goal = self._world.houses[(house.index + 1) % len(self._world.houses)]
        rows = []
        for shelf in house.shelves:
            taker = self._world.shelves[shelf.item.number][goal.index]
            if taker and taker is not shelf and shelf.free >= 3 * shelf.item.piece:
                rows.append((shelf, taker, shelf.item.piece))
            if len(rows) == 5:  # noqa: PLR2004 - lines on the truck
                break
        if rows and goal is not house:
            arrives = self._world.end + hours * HOUR
            self._transfers.send(at, house, goal, rows, hours=18, arrives=arrives)
