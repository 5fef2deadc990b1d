"""Buying: (s, S) review once a day, purchase lines, deliveries that come early, late or short.

A purchase line is sent when it is ordered, again when goods arrive, and when it is given up.
What arrives is scanned at a gate with lot and expiry date, and put away an hour or so later.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, NamedTuple

from connectors.replay.clock import DAY, HOUR, MINUTE, SECOND, day_text, next_local
from connectors.replay.message import ORDERS, SCANS
from connectors.replay.places import level
from connectors.replay.scans import amount
from connectors.replay.warehouse import NEVER, Lot

if TYPE_CHECKING:
    from collections.abc import Callable

    from connectors.replay.catalogue import Item
    from connectors.replay.scans import Device
    from connectors.replay.warehouse import House, Shelf
    from connectors.replay.world import World

_BUYERS = ("采购 吴敏", "采购 郭涛", "采购 许晴")
_LATE = 0.05
_UNRELIABLE = 40  # one supplier in so many is often a week or two late
_NEVER_COMES = 0.003
_SHORT = 0.05
_TWO_LOTS = 0.15
_SHORT_DATED = 0.001
LASTING = 60  # days of shelf life from which goods are not fresh food
_DOUBLED = 0.001  # a buyer's slip
_ON_LEAVE = 139  # the buyer of one supplier in so many is away when the history ends
_AWAY = 9 * DAY
_MEMORY = 0.97  # a day's weight loss of the sales rate


class PurchaseLine:
    """A line of a purchase order, in 1/1000 base units."""

    __slots__ = (
        "document", "due", "line_id", "order_id", "ordered", "received", "shelf", "version",
    )  # fmt: skip

    def __init__(self, shelf: Shelf, order_id: str, line_id: str, ordered: int, due: int) -> None:
        """Nothing has been received."""
        self.shelf = shelf
        self.order_id = order_id
        self.line_id = line_id
        self.ordered = ordered
        self.due = due
        self.received = self.version = 0
        self.document: str | None = None


class Arrival(NamedTuple):
    """What stands on the dock after receiving: shelf and lot."""

    shelf: Shelf
    lot: Lot


def fresh_lot(world: World, item: Item, today: int) -> tuple[str, int]:
    """Return the name and expiry day of a lot that arrives today."""
    letter = "ABCDE"[world.between(0, 5)]
    if not item.shelf_life:
        return lot_name(item, today, letter), NEVER
    age = world.between(0, item.shelf_life * 0.2 + 1)
    if item.shelf_life > LASTING and world.chance(_SHORT_DATED):
        age = item.shelf_life - world.between(12, 50)
    return lot_name(item, today - age, letter), today - age + item.shelf_life


def lot_name(item: Item, made: int, letter: str) -> str:
    """Return the name of a lot made that day; one name has one expiry date."""
    return f"L{day_text(made)[2:].replace('-', '')}-{item.supplier % 1000:03d}{letter}"


class Purchasing:
    """The buyers of all warehouses."""

    def __init__(self, world: World, served: Callable[[Shelf, int], None]) -> None:
        """`served` is called when a shelf has got stock."""
        self._world = world
        self._served = served
        self._orders = 0

    def review(self, house: House, at: int) -> None:
        """Order whatever has fallen to its reorder point, one order a supplier."""
        world, today = self._world, self._world.clock.day(at)
        orders: dict[int, list[tuple[Shelf, int]]] = {}
        dirty, house.dirty = house.dirty, {}
        for shelf in dirty:
            self._learn(shelf, at)
            item, levels = shelf.item, shelf.level
            if self._nobody_buys(item.supplier, at):
                continue
            position = shelf.free + shelf.on_order + shelf.coming - shelf.lacking()
            if position > levels.reorder * item.piece:
                continue
            wanted = levels.upto * item.piece - position
            wanted = -(-wanted // item.piece) * item.piece
            if world.chance(_DOUBLED):
                wanted *= 3
            orders.setdefault(item.supplier, []).append((shelf, wanted))
        for supplier, lines in orders.items():
            self._order(house, supplier, lines, at, today)
        world.agenda.at(next_local(at, 9 + house.index * 0.1), partial(self.review, house))

    def _nobody_buys(self, supplier: int, at: int) -> bool:
        return supplier % _ON_LEAVE == 0 and at >= self._world.end - _AWAY

    def order(self, shelf: Shelf, wanted: int, document: str, at: int) -> None:
        """Order what somebody else asks for, under their document."""
        self._orders += 1
        order_id = f"ERP{self._world.mark}-{shelf.house.code}-{self._orders:05d}"
        due = at + self._world.between(20 * HOUR, 44 * HOUR)
        line = PurchaseLine(shelf, order_id, "1", wanted, due)
        line.document = document
        shelf.on_order += wanted
        self._send(line, at, "open")
        self._world.agenda.at(due, partial(self._arrive, shelf.house, [line]))

    def _learn(self, shelf: Shelf, at: int) -> None:
        day = at // DAY
        days = day - shelf.day
        if shelf.day and days > 0:
            keep = _MEMORY**days
            sold = shelf.sold / shelf.item.piece / days
            shelf.rate = shelf.rate * keep + sold * (1 - keep)
            given, lead = shelf.level, shelf.level.lead_days
            learned = level(shelf.rate, lead, shelf.item.shelf_life)
            # The safety stock is the policy that was sent; the quantities follow the demand.
            reorder = learned.reorder - learned.safety + given.safety
            most = max(reorder + 1, given.most - 1)
            upto = min(reorder + learned.upto - learned.reorder, most)
            shelf.level = type(given)(given.safety, reorder, upto, given.most, lead)
        if days > 0:
            shelf.day, shelf.sold = day, 0

    def _order(
        self, house: House, supplier: int, rows: list[tuple[Shelf, int]], at: int, today: int
    ) -> None:
        world = self._world
        self._orders += 1
        order_id = (
            f"PO{world.mark}-{house.code}-{day_text(today)[2:].replace('-', '')}-{self._orders:05d}"
        )
        lead = rows[0][0].level.lead_days
        due = next_local(at + (lead - 1) * DAY, 9 + world.rng.random() * 7)
        lines = []
        for number, (shelf, wanted) in enumerate(rows, 1):
            line = PurchaseLine(shelf, order_id, str(number), wanted, due)
            shelf.on_order += wanted
            self._send(line, at, "open")
            lines.append(line)
        if world.chance(_NEVER_COMES):
            world.agenda.at(due + 12 * DAY, partial(self._give_up, lines))
            return
        come = due + world.between(-2 * HOUR, 2 * HOUR)
        unreliable = supplier % _UNRELIABLE == 1
        if world.chance(0.4 if unreliable else _LATE):
            come += world.between(1, 12 if unreliable else 3) * DAY
        world.agenda.at(come, partial(self._arrive, house, lines))

    def _send(self, line: PurchaseLine, at: int, state: str) -> None:
        line.version += 1
        shelf = line.shelf
        fields = {
            "warehouse": shelf.house.code,
            "sku": shelf.item.sku,
            "order_id": line.order_id,
            "line_id": line.line_id,
            "ordered": amount(line.ordered),
            "received": amount(line.received),
            "state": state,
            "version": line.version,
            "due_at": self._world.clock.text(self._world.clock.real(line.due)),
            "counterpart": f"SUP-{shelf.item.supplier}",
            "operator": _BUYERS[shelf.house.index % len(_BUYERS)],
        }
        topic = SCANS
        if line.document:  # the ERP's own, which come the way of the OMS
            fields["document"], topic = line.document, ORDERS
        event_id = f"{line.order_id}-{line.line_id}-v{line.version}"
        self._world.desk.paper(at, event_id, "purchase_line", fields, topic)

    def _arrive(self, house: House, lines: list[PurchaseLine], at: int) -> None:
        gate, landed = house.any(house.gates), list[Arrival]()
        steps = [partial(self._receive, gate, line, landed) for line in lines]
        self._world.round(at, steps, 25 * SECOND, partial(self.store, house, landed))

    def _receive(self, gate: Device, line: PurchaseLine, landed: list[Arrival], at: int) -> None:
        world, shelf = self._world, line.shelf
        item, left = shelf.item, line.ordered - line.received
        first = not line.received
        if first and left > 2 * item.piece and world.chance(_SHORT):
            left = left // item.piece // 2 * item.piece
        parts = [left]
        if left >= 4 * item.piece and world.chance(_TWO_LOTS):
            third = left // item.piece // 3 * item.piece
            parts = [left - third, third]
        for part in parts:
            name, expires = fresh_lot(world, item, world.clock.day(at))
            place = shelf.house.plan.dock[item.supplier % 4]
            lot = Lot(name, expires, place, part)
            order = {"order_id": line.order_id, "line_id": line.line_id}
            shelf.house.receive(at, gate, "inbound", shelf, lot, **order)
            landed.append(Arrival(shelf, lot))
            line.received += part
            shelf.on_order -= part
        self._send(line, at, "received" if line.received == line.ordered else "partial")
        if line.received < line.ordered:
            again = at + world.between(2, 6) * DAY
            world.agenda.at(again, partial(self._arrive, shelf.house, [line]))

    def _give_up(self, lines: list[PurchaseLine], at: int) -> None:
        for line in lines:
            line.shelf.on_order -= line.ordered - line.received
            line.shelf.house.dirty[line.shelf] = None
            self._send(line, at, "cancelled")

    def store(self, house: House, landed: list[Arrival], at: int) -> None:
        """Put away what has landed, after a while, and serve the orders that wait for it."""
        lift = house.any(house.lifts)
        steps = [partial(self._put_away, lift, arrival) for arrival in landed]
        wait = self._world.between(20 * MINUTE, 150 * MINUTE)
        self._world.round(at + wait, steps, 45 * SECOND)

    def _put_away(self, lift: Device, arrival: Arrival, at: int) -> None:
        shelf, lot = arrival
        if any(lot is other for other in shelf.dock):
            shelf.house.put_away(at, lift, shelf, lot)
            self._served(shelf, at)
