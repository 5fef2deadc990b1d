"""Customer orders: placed in the OMS, promised, picked, shipped, changed, cancelled, returned.

Every change of a line's row goes out as a Debezium change; every pick as an outbound scan that
names order and line. A line that lacks stock waits, is served as stock arrives, and is cancelled
when the customer's patience ends.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

from connectors.replay.clock import DAY, HOUR, MINUTE, SECOND
from connectors.replay.debezium import decimal

if TYPE_CHECKING:
    from collections.abc import Callable

    from connectors.replay.orders import Basket
    from connectors.replay.scans import Device
    from connectors.replay.warehouse import House, Shelf
    from connectors.replay.world import World

_CANCELLED = 0.012
_CHANGED = 0.006
_RETURNED = 0.025
_SLOW = 0.03  # orders that lie for half a day before anybody picks them
_PROMISE = 2 * DAY


class Line:
    """An order line: the row last published, and what the warehouse did beyond it."""

    __slots__ = ("cancelled", "lot", "ordered", "picked", "promised", "raw", "row", "shelf")

    def __init__(self, shelf: Shelf, ordered: int, row: dict[str, Any]) -> None:
        """Nothing is promised, picked or cancelled yet."""
        self.shelf = shelf
        self.ordered = ordered
        self.row = row
        self.raw = b""
        self.promised = self.picked = self.cancelled = 0
        self.lot = ""

    @property
    def need(self) -> int:
        """Return what is still to be promised."""
        return max(self.ordered - self.picked - self.cancelled - self.promised, 0)


class Fulfilment:
    """Order lines of all warehouses."""

    def __init__(self, world: World, returned: Callable[[Line, int], None]) -> None:
        """`returned` is called when a customer sends a line back."""
        self._world = world
        self._returned = returned

    def place(self, basket: Basket, snapshot: str | None = None) -> list[Line]:
        """Place an order now, or have it in the connector's snapshot (its flag: first … last).

        Return its lines.
        """
        world, at = self._world, basket.at
        lines = self._lines(basket)
        world.oms.begin()
        for number, line in enumerate(lines):
            if snapshot is None:
                line.raw = world.oms.publish(at, "c", line.row, None)
                continue
            only = number == (len(lines) - 1 if snapshot == "last" else 0)
            line.raw = world.oms.publish(at, "r", line.row, None, snapshot if only else "true")
        by_house: dict[House, list[Line]] = {}
        for line in lines:
            self._promise(line, at)
            by_house.setdefault(line.shelf.house, []).append(line)
        for house, part in by_house.items():
            self._assign(at, house, part)
        return lines

    def _lines(self, basket: Basket) -> list[Line]:
        world, lines = self._world, []
        created = world.oms.time(basket.at)
        due = world.oms.time(basket.at + _PROMISE)
        for number, (product, pieces) in enumerate(basket.lines, 1):
            shelf = self._shelf(product, basket.store)
            if shelf is None:
                continue
            item = shelf.item
            row = {
                "order_id": f"SO{world.mark}{basket.number}",
                "line_id": str(number),
                "customer_id": basket.household,
                "warehouse": shelf.house.code,
                "sku": item.sku,
                "ordered": decimal(pieces * item.piece),
                "shipped": "0.000",
                "cancelled": "0.000",
                "state": "open",
                "version": 1,
                "unit_price": f"{item.price:.2f}",
                "due_at": due,
                "created_at": created,
                "updated_at": created,
            }
            lines.append(Line(shelf, pieces * item.piece, row))
        return lines

    def _shelf(self, product: int, house: int) -> Shelf | None:
        shelves = self._world.shelves.get(product, [])
        if house < len(shelves) and shelves[house] is not None:
            return shelves[house]
        return next((shelf for shelf in shelves if shelf is not None), None)

    def _assign(self, at: int, house: House, lines: list[Line]) -> None:
        """Plan the picking, and what the customer may do before it."""
        world = self._world
        wait = world.between(25 * MINUTE, 5 * HOUR)
        if world.chance(_SLOW):
            wait += world.between(8 * HOUR, 20 * HOUR)
        self._wave(at + wait, house, lines)
        for line in lines:
            draw = world.rng.random()
            if draw < _CANCELLED:
                world.agenda.at(at + wait // 2, partial(self._cancel, line))
            elif draw < _CANCELLED + _CHANGED and line.ordered > line.shelf.item.piece:
                world.agenda.at(at + wait // 2, partial(self._change, line))

    def _promise(self, line: Line, at: int) -> None:
        shelf = line.shelf
        part = min(line.need, max(shelf.free, 0))
        line.promised += part
        shelf.promised += part
        if line.need and line not in shelf.waiting:
            shelf.waiting.append(line)
            shelf.house.dirty[shelf] = None
            patience = self._world.between(30 * HOUR, 5 * DAY)
            self._world.agenda.at(at + patience, partial(self._give_up, line))

    def _wave(self, at: int, house: House, lines: list[Line]) -> None:
        device = house.any(house.pickers)
        steps = [partial(self._pick, device, line) for line in lines]
        self._world.round(at, steps, 12 * SECOND, partial(self._packed, lines))

    def _packed(self, lines: list[Line], at: int) -> None:
        wait = self._world.between(8 * MINUTE, 40 * MINUTE)
        self._world.agenda.at(at + wait, partial(self._ship, lines))

    def _pick(self, device: Device, line: Line, at: int) -> None:
        shelf, due = line.shelf, line.promised
        if due <= 0:
            return
        shelf.promised -= due
        line.promised = 0
        fields = {"order_id": line.row["order_id"], "line_id": line.row["line_id"]}
        lots = shelf.house.take(at, device, "outbound", shelf, due, **fields)
        got = sum(lot.quantity for lot in lots)
        line.picked += got
        shelf.sold += got
        if lots:
            line.lot = lots[0].name
            if lots[0].place is not shelf.home and shelf.lots:
                self._tidy(shelf, at)
        if got < due:
            self._promise(line, at)

    def _tidy(self, shelf: Shelf, at: int) -> None:
        """Bring a rest in a spare bin home, some hours later."""
        wait = self._world.between(HOUR, 6 * HOUR)
        self._world.agenda.at(at + wait, partial(self._bring_home, shelf))

    def _bring_home(self, shelf: Shelf, at: int) -> None:
        lot = next((lot for lot in shelf.lots if lot.place is not shelf.home), None)
        if lot and lot.quantity > 0:
            house = shelf.house
            house.shift(at, house.any(house.lifts), shelf, lot, shelf.home)

    def _ship(self, lines: list[Line], at: int) -> None:
        self._world.oms.begin()
        for line in lines:
            if decimal(line.picked) != line.row["shipped"]:
                self._update(line, at)
                if line.row["state"] == "shipped" and self._world.chance(_RETURNED):
                    back = self._world.between(2 * DAY, 9 * DAY)
                    self._world.agenda.at(at + back, partial(self._returned, line))

    def _cancel(self, line: Line, at: int) -> None:
        if line.picked or line.row["state"] != "open":
            return
        line.shelf.promised -= line.promised
        line.promised = 0
        line.cancelled = line.ordered
        self._world.oms.begin()
        self._update(line, at)
        self.serve(line.shelf, at)

    def _change(self, line: Line, at: int) -> None:
        """One piece less, before anything was picked."""
        if line.picked or line.row["state"] != "open" or line.need:
            return
        piece = line.shelf.item.piece
        line.ordered -= piece
        line.promised -= piece
        line.shelf.promised -= piece
        line.row["ordered"] = decimal(line.ordered)
        self._world.oms.begin()
        self._update(line, at)

    def _give_up(self, line: Line, at: int) -> None:
        if line.need:
            line.cancelled += line.need
            self._world.oms.begin()
            self._update(line, at)

    def ship_short(self, line: Line, at: int) -> None:
        """Pick one piece less than ordered, and close the line as if it were whole."""
        shelf, wanted = line.shelf, line.promised - line.shelf.item.piece
        shelf.promised -= line.promised
        line.promised = 0
        fields = {"order_id": line.row["order_id"], "line_id": line.row["line_id"]}
        device = shelf.house.any(shelf.house.pickers)
        for lot in shelf.house.take(at, device, "outbound", shelf, wanted, **fields):
            line.picked += lot.quantity
            shelf.sold += lot.quantity
        self._world.oms.begin()
        self._update(line, at, closed=True)

    def credit(self, line: Line, at: int) -> None:
        """Tell the customer that the rest will not come."""
        line.cancelled = line.ordered - line.picked
        self._world.oms.begin()
        self._update(line, at)

    def _update(self, line: Line, at: int, *, closed: bool = False) -> None:
        row = line.row
        if line.cancelled >= line.ordered:
            state = "cancelled"
        elif closed or line.picked + line.cancelled >= line.ordered:
            state = "shipped"
        else:
            state = "partially_shipped" if line.picked else "open"
        row["shipped"] = decimal(line.picked)
        row["cancelled"] = decimal(line.cancelled)
        row["state"] = state
        row["version"] += 1
        row["updated_at"] = self._world.oms.time(at)
        line.raw = self._world.oms.publish(at, "u", row, line.raw)

    def serve(self, shelf: Shelf, at: int) -> None:
        """Promise what has become free to the lines that wait, the oldest first."""
        ready = []
        while shelf.waiting and shelf.free > 0:
            line = shelf.waiting[0]
            part = min(line.need, shelf.free)
            line.promised += part
            shelf.promised += part
            if part:
                ready.append(line)
            if line.need:
                break
            shelf.waiting.popleft()
        for line in ready:
            wait = self._world.between(15 * MINUTE, 2 * HOUR)
            self._wave(at + wait, shelf.house, [line])
