"""What goes wrong while somebody watches: planned when the stream goes live, some of it put right.

Times are those of the wall, whatever the speed: the first minutes bring one of each kind, and each
half an hour another of each. Deterministic under the seed.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from connectors.replay.clock import MINUTE, SECOND
from connectors.replay.orders import Basket
from connectors.replay.warehouse import Lot

if TYPE_CHECKING:
    from collections.abc import Callable

    from connectors.replay.fulfilment import Fulfilment, Line
    from connectors.replay.mishaps import Mishaps
    from connectors.replay.places import Place
    from connectors.replay.warehouse import House, Shelf
    from connectors.replay.world import World

EVERY = 30 * MINUTE
RIGHT_AFTER = 40 * SECOND
"""After so long somebody has noticed and puts it right."""
_BULK = 6
"""Pieces from which a shelf is worth a bulk buyer's order."""


class Incidents:
    """One of each kind, again and again, in turn over the warehouses."""

    def __init__(self, world: World, mishaps: Mishaps, fulfilment: Fulfilment) -> None:
        """Plan nothing yet."""
        self._world, self._mishaps, self._fulfilment = world, mishaps, fulfilment
        self._speed = 0.0
        self._rounds = 0

    def plan(self, at: int, speed: float) -> None:
        """Plan the first round when the stream goes live; a later stop and start plans no more."""
        first, self._speed = not self._speed, speed
        if first:
            self._round(at)

    def _round(self, at: int) -> None:
        acts: tuple[tuple[int, Callable[[House, int], bool]], ...] = (
            (3, self._bulk), (6, self._mishaps.mispick), (9, self._short), (12, self._overload),
            (15, self._miscount), (18, self._unexplained), (21, self._unfilmed), (60, self._bulk),
        )  # fmt: skip
        houses = self._world.houses
        for number, (seconds, act) in enumerate(acts):
            first = (number + self._rounds) % len(houses)
            order = [*houses[first:], *houses[:first]]
            self._after(at, seconds * SECOND, partial(_somewhere, act, order))
        self._rounds += 1
        self._after(at, EVERY, self._round)

    def _after(self, at: int, wall: int, act: Callable[[int], object]) -> None:
        self._world.agenda.at(at + int(wall * self._speed), act)

    def _bulk(self, house: House, at: int) -> bool:
        """Sell all of a SKU to one customer, and a little more than there is."""
        full = [shelf for shelf in house.shelves if self._sells(shelf)]
        if not full:
            return False
        shelf = full[self._world.between(0, len(full))]
        pieces = shelf.free // shelf.item.piece + 1
        number = f"B{self._rounds}{house.code}{at % 1000:03d}"
        rows = [(shelf.item.number, pieces)]
        basket = Basket(at, number, 0, house.index, rows)
        self._mishaps.remember(self._fulfilment.place(basket))
        return True

    @staticmethod
    def _sells(shelf: Shelf) -> bool:
        lasts = not shelf.item.shelf_life and not shelf.item.high_value
        calm = not (shelf.on_order or shelf.coming or shelf.waiting)
        return lasts and calm and _BULK <= shelf.free // shelf.item.piece <= 10 * _BULK

    def _short(self, house: House, at: int) -> bool:
        """Close an order line although a piece is missing; it is credited later."""
        lines = [line for line in self._mishaps.orders[house] if _unpicked(line)]
        if lines:
            self._fulfilment.ship_short(lines[-1], at)
            self._after(at, RIGHT_AFTER, partial(self._fulfilment.credit, lines[-1]))
        return bool(lines)

    def _overload(self, house: House, at: int) -> bool:
        """Load a bin beyond its limit; it is relieved later."""
        place = self._mishaps.overload(house, at)
        if place is not None:
            self._after(at, RIGHT_AFTER, partial(self._relieve, house, place))
        return place is not None

    def _relieve(self, house: House, place: Place, at: int) -> None:
        lift = house.any(house.lifts)
        for shelf in house.shelves:
            for lot in [lot for lot in shelf.lots if lot.place is place and lot.quantity > 0]:
                house.shift(at, lift, shelf, lot, shelf.home)

    def _miscount(self, house: House, at: int) -> bool:
        """Count less than there is; the count is withdrawn later."""
        shelf = self._mishaps.pick_one(house.shelves)
        if shelf is None:
            return False
        lot = max(shelf.lots, key=lambda one: one.quantity)
        missing = min(shelf.item.piece, lot.quantity)
        found = Lot(lot.name, lot.expires, lot.place, missing)
        document = f"CC-{house.code}-SPOT{self._world.mark}"
        left = lot.quantity - missing
        event_id = house.count(at, house.desk, shelf, lot, counted=left, document=document)
        self._after(at, RIGHT_AFTER, partial(self._withdraw, shelf, found, event_id))
        return True

    def _withdraw(self, shelf: Shelf, found: Lot, event_id: str, at: int) -> None:
        fields = {"warehouse": shelf.house.code, "cancels": event_id,
                  "reason": "counted the wrong bin / 盘错库位"}  # fmt: skip
        self._world.desk.paper(at, f"cancel-{event_id}", "cancel", fields)
        shelf.add(found)

    def _unexplained(self, house: House, at: int) -> bool:
        """Take goods of high value without order, document or reason."""
        shelf = self._dear(house)
        if shelf:
            house.take(at, house.desk, "outbound", shelf, shelf.item.piece)
        return shelf is not None

    def _unfilmed(self, house: House, at: int) -> bool:
        """Move goods of high value while the camera is off."""
        shelf = self._dear(house)
        room = [place for place in house.plan.spare.get("D", []) if place.used <= 0]
        if shelf and room:
            lot = max(shelf.lots, key=lambda one: one.quantity)
            house.filmed = False
            house.shift(at, house.any(house.lifts), shelf, lot, room[0])
            house.filmed = True
            return True
        return False

    def _dear(self, house: House) -> Shelf | None:
        return self._mishaps.pick_one([one for one in house.shelves if one.item.high_value])


def _somewhere(act: Callable[[House, int], bool], houses: list[House], at: int) -> None:
    """Have it happen in the first warehouse where it can."""
    any(act(house, at) for house in houses)


def _unpicked(line: Line) -> bool:
    waits = line.row["state"] == "open" and not line.picked and line.promised == line.ordered
    return waits and line.ordered >= 2 * line.shelf.item.piece
