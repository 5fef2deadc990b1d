"""Daily care of the stock: cycle counts, returns and their inspection, damage, expiry, scrap."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from connectors.replay.clock import DAY, HOUR, SECOND, day_text, next_local
from connectors.replay.warehouse import NEVER, House, Lot, Shelf

if TYPE_CHECKING:
    from collections.abc import Callable

    from connectors.replay.fulfilment import Line
    from connectors.replay.scans import Device
    from connectors.replay.world import World

_COUNTED = 0.004  # of the shelves, a day
_VARIANCE = 0.12
_WHOLE_BIN = 0.12
_SOUND = 0.8  # of returned goods
_FORGOTTEN = 0.1  # of the lots that are past their date
_DAMAGED = 0.0006  # of the shelves, a day


class Upkeep:
    """What quality and the counters do in all warehouses."""

    def __init__(self, world: World) -> None:
        """`served` is set by who knows the waiting orders."""
        self._world = world
        self.served: Callable[[Shelf, int], None]

    def day(self, house: House, at: int) -> None:
        """Plan the day of one warehouse: counts, damage found on the way, expired lots."""
        world = self._world
        self._expire(house, at)
        chosen = [shelf for shelf in house.shelves if world.rng.random() < _COUNTED]
        document = f"CC-{house.code}-{day_text(world.clock.day(at))[2:].replace('-', '')}"
        counter = house.any(house.pickers)
        steps = [partial(self._count, counter, shelf, document) for shelf in chosen]
        world.round(at + 4 * HOUR, steps, 70 * SECOND)
        for _ in range(len(house.shelves)):
            if world.rng.random() < _DAMAGED:
                shelf = house.shelves[world.between(0, len(house.shelves))]
                world.agenda.at(at + world.between(0, 10 * HOUR), partial(self._damage, shelf))
        world.agenda.at(next_local(at, 6 + house.index * 0.1), partial(self.day, house))

    def _count(self, counter: Device, shelf: Shelf, document: str, at: int) -> None:
        world, house = self._world, shelf.house
        if world.chance(_WHOLE_BIN):
            if shelf.lots:
                house.count_all(at, counter, shelf, shelf.lots[0].place, document)
            return
        if not shelf.lots:
            return
        lot = shelf.lots[world.between(0, len(shelf.lots))]
        counted, piece = lot.quantity, shelf.item.piece
        if counted < 0 or world.chance(_VARIANCE):
            counted += world.between(1, 3) * piece * (1 if world.chance(0.35) else -1)
        house.count(at, counter, shelf, lot, counted=max(counted, 0), document=document)
        house.dirty[shelf] = None

    def _damage(self, shelf: Shelf, at: int) -> None:
        """Somebody finds a broken piece: set apart, scrapped a day or two later."""
        house = shelf.house
        lot = next((lot for lot in shelf.lots if lot.quantity >= shelf.item.piece), None)
        if lot is None:
            return
        quantity, place = shelf.item.piece, lot.place.bin
        what = house.describe(shelf, quantity, lot.name)
        house.scan(at, house.desk, "status", shelf, {
            **what, "from_bin": place, "from_status": "sellable", "status": "damaged",
            "reason": "broken in the bin / 库内破损",
        })  # fmt: skip
        shelf.remove(lot, quantity)
        house.set_apart((shelf, lot.name, place, "damaged"), quantity)
        self._scrap_later(shelf, lot.name, place, quantity, at)

    def _scrap_later(self, shelf: Shelf, lot: str, place: str, quantity: int, at: int) -> None:
        wait = self._world.between(20 * HOUR, 3 * DAY)
        self._world.agenda.at(at + wait, partial(self._scrap, shelf, lot, place, quantity))

    def _scrap(self, shelf: Shelf, lot: str, place: str, quantity: int, at: int) -> None:
        house = shelf.house
        what = house.describe(shelf, quantity, lot)
        house.scan(at, house.desk, "scrap", shelf, {
            **what, "from_bin": place, "status": "damaged", "reason": "damaged / 破损",
        })  # fmt: skip
        house.set_apart((shelf, lot, place, "damaged"), -quantity)

    def returned(self, line: Line, at: int) -> None:
        """Take back one piece from a customer; inspected within the day."""
        shelf, house = line.shelf, line.shelf.house
        quantity, place = shelf.item.piece, house.quality
        what = house.describe(shelf, quantity, line.lot)
        house.scan(at, house.desk, "return", shelf, {
            **what, "to_bin": place, "status": "returned", "direction": "customer",
            "order_id": line.row["order_id"], "line_id": line.row["line_id"],
            "document": f"RMA-{line.row['order_id']}-{line.row['line_id']}",
        })  # fmt: skip
        house.set_apart((shelf, line.lot, place, "returned"), quantity)
        wait = self._world.between(3 * HOUR, 30 * HOUR)
        self._world.agenda.at(at + wait, partial(self._inspect, shelf, line.lot, place, quantity))

    def _inspect(self, shelf: Shelf, lot: str, place: str, quantity: int, at: int) -> None:
        house = shelf.house
        known = [other for other in shelf.lots if other.name == lot]
        kept = known[0].expires if known else 0 if shelf.item.shelf_life else NEVER
        sound = self._world.chance(_SOUND) and kept > 0
        status = "sellable" if sound else "damaged"
        what = house.describe(shelf, quantity, lot)
        house.scan(at, house.desk, "status", shelf, {
            **what, "from_bin": place, "from_status": "returned", "status": status,
            "reason": "inspected / 已质检",
        })  # fmt: skip
        house.set_apart((shelf, lot, place, "returned"), -quantity)
        if sound:
            house.set_apart((shelf, lot, place, "sellable"), quantity)
            wait = self._world.between(HOUR, 5 * HOUR)
            again = partial(self._restock, shelf, Lot(lot, kept, shelf.home, quantity), place)
            self._world.agenda.at(at + wait, again)
        else:
            house.set_apart((shelf, lot, place, "damaged"), quantity)
            self._scrap_later(shelf, lot, place, quantity, at)

    def _restock(self, shelf: Shelf, lot: Lot, place: str, at: int) -> None:
        house = shelf.house
        what = house.describe(shelf, lot.quantity, lot.name)
        route = {"from_bin": place, "to_bin": lot.place.bin}
        house.scan(at, house.any(house.lifts), "move", shelf, {**what, **route})
        house.set_apart((shelf, lot.name, place, "sellable"), -lot.quantity)
        shelf.add(lot)
        self.served(shelf, at)

    def _expire(self, house: House, at: int) -> None:
        """Bar what is past its date from picking; scrap it a day or so later."""
        today = self._world.clock.day(at)
        for shelf in house.shelves:
            while shelf.lots and shelf.lots[0].expires < today:
                lot = shelf.lots.pop(0)
                shelf.held -= lot.quantity
                shelf.expired.append(lot)
                house.dirty[shelf] = None
                forgotten = self._world.chance(_FORGOTTEN)
                wait = self._world.between(HOUR, (60 if forgotten else 4) * HOUR)
                self._world.agenda.at(at + wait, partial(self._clear, shelf, lot))

    def _clear(self, shelf: Shelf, lot: Lot, at: int) -> None:
        house = shelf.house
        shelf.expired.remove(lot)
        lot.place.used -= lot.quantity
        if lot.quantity > 0:
            what = house.describe(shelf, lot.quantity, lot.name)
            fields = {**what, "from_bin": lot.place.bin, "reason": "expired / 过期"}
            house.scan(at, house.desk, "scrap", shelf, fields)
        elif lot.quantity < 0:
            house.count(at, house.desk, shelf, lot, counted=0, document=f"CC-{house.code}-EXP")
