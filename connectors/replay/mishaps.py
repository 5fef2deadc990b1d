"""What goes wrong in a real warehouse, and must be found: planned for the last day of history.

A wrong SKU picked for an order, a pick that nobody had received (negative stock), goods that
vanish from the cage, a bin loaded beyond its limit, a truck that is overdue.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from connectors.replay.clock import HOUR
from connectors.replay.places import bin_fields
from connectors.replay.scans import amount
from connectors.replay.warehouse import NEVER, Lot

if TYPE_CHECKING:
    from collections.abc import Sequence

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
        self._orders: dict[House, str] = {}
        for hours, act in (
            (30.0, self._overdue), (9.0, self._vanish), (7.0, self._overload),
            (5.0, self._mispick), (3.5, self._mispick), (4.0, self._unreceived),
        ):  # fmt: skip
            house = houses[int(hours * 2) % len(houses)]
            world.agenda.at(max(world.start, end - int(hours * HOUR)), partial(act, house))

    def remember(self, house: House, order_id: str) -> None:
        """Keep an order's number for the picker who mixes things up."""
        self._orders[house] = order_id

    def _pick_one(self, shelves: Sequence[Shelf]) -> Shelf | None:
        full = [shelf for shelf in shelves if shelf.lots and shelf.free >= 2 * shelf.item.piece]
        return full[self._world.between(0, len(full))] if full else None

    def _mispick(self, house: House, at: int) -> None:
        """Ship a SKU that is not on the order it is booked to."""
        shelf, order = self._pick_one(house.shelves), self._orders.get(house)
        if shelf and order:
            fields = {"order_id": order, "line_id": "1"}
            house.take(at, house.any(house.pickers), "outbound", shelf, shelf.item.piece, **fields)

    def _unreceived(self, house: House, at: int) -> None:
        """Pick from a pallet that was never scanned in: the lot's stock falls below zero."""
        shelf = self._pick_one(house.shelves)
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

    def _overload(self, house: House, at: int) -> None:
        """Bring heavy goods into one small bin until it is well above its limit."""
        room = [place for place in house.plan.spare.get("B", []) if place.used <= 0]
        if not room:
            return
        place: Place = room[0]
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

    def _describe(self, house: House, place: Place, at: int) -> None:
        event_id = f"bin-{house.code}-{place.bin}-2"
        self._world.desk.master(at, event_id, "bin", bin_fields(house.code, place))

    def _overdue(self, house: House, at: int) -> None:
        """Send a truck that should have arrived some hours ago, and has not."""
        goal = self._world.houses[(house.index + 1) % len(self._world.houses)]
        rows = []
        for shelf in house.shelves:
            taker = self._world.shelves[shelf.item.number][goal.index]
            if taker and taker is not shelf and shelf.free >= 3 * shelf.item.piece:
                rows.append((shelf, taker, shelf.item.piece))
            if len(rows) == 5:  # noqa: PLR2004 - lines on the truck
                break
        if rows and goal is not house:
            self._transfers.send(at, house, goal, rows, late=True, hours=18)
