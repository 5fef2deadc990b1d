"""One warehouse: its shelves, lots and bins, and the scans that change them.

Every method that changes stock sends the scan that says so, and nothing else changes stock: the
sum of what was sent is the stock kept here (`House.book`). Quantities are 1/1000 base units.
"""

from __future__ import annotations

from bisect import insort
from collections import deque
from typing import TYPE_CHECKING, Any

from connectors.replay.clock import day_text
from connectors.replay.places import QUALITY
from connectors.replay.scans import Device, amount

if TYPE_CHECKING:
    from collections.abc import Iterator

    from connectors.replay.catalogue import Item
    from connectors.replay.fulfilment import Line
    from connectors.replay.places import Level, Place, Plan, Site
    from connectors.replay.world import World

NEVER = 1 << 30
_VIDEO_GAP = 25  # one high-value movement in so many has no video


class Lot:
    """A quantity of one lot in one bin; `expires` is a day, NEVER without a date."""

    __slots__ = ("expires", "name", "place", "quantity")

    def __init__(self, name: str, expires: int, place: Place, quantity: int) -> None:
        """Keep what it is."""
        self.name = name
        self.expires = expires
        self.place = place
        self.quantity = quantity


class Shelf:
    """One SKU in one warehouse.

    `held` is what may be picked, `promised` what open picks will take of it; `dock` waits for
    put-away, `expired` for scrapping; `waiting` are order lines that lack stock.
    """

    __slots__ = (
        "coming", "day", "dock", "expired", "held", "home", "house", "item", "level", "lots",
        "on_order", "promised", "rate", "sold", "waiting",
    )  # fmt: skip

    def __init__(self, house: House, item: Item, rate: float, level: Level) -> None:
        """Start empty; the home bin is given when the warehouse is laid out."""
        self.house = house
        self.item = item
        self.rate = rate
        self.level = level
        self.home: Place = house.plan.dock[0]
        self.lots: list[Lot] = []
        self.dock: list[Lot] = []
        self.expired: list[Lot] = []
        self.waiting: deque[Line] = deque()
        self.held = self.promised = self.on_order = self.coming = self.sold = self.day = 0

    @property
    def free(self) -> int:
        """Return what can still be promised."""
        return self.held - self.promised

    def lacking(self) -> int:
        """Return what waiting order lines need."""
        return sum(line.need for line in self.waiting)

    def add(self, lot: Lot) -> None:
        """Put a lot on the shelf, into the same lot of the same bin when there is one."""
        lot.place.used += lot.quantity
        self.held += lot.quantity
        for other in self.lots:
            if other.name == lot.name and other.place is lot.place:
                other.quantity += lot.quantity
                return
        insort(self.lots, lot, key=self._turn)

    def remove(self, lot: Lot, quantity: int) -> None:
        """Take a quantity of a lot off the shelf."""
        lot.place.used -= quantity
        lot.quantity -= quantity
        self.held -= quantity
        if not lot.quantity:
            self.lots.remove(lot)

    def _turn(self, lot: Lot) -> tuple[int, bool]:
        return lot.expires, lot.place is not self.home


class House:
    """A warehouse with its devices."""

    def __init__(self, world: World, index: int, site: Site, plan: Plan) -> None:
        """Hand out devices; more of them where more is done."""
        crew = len(site.crew)
        self.world = world
        self.index = index
        self.site = site
        self.plan = plan
        self.code = site.code
        self.shelves: list[Shelf] = []
        self.dirty: dict[Shelf, None] = {}
        self.apart: dict[tuple[Shelf, str, str, str], int] = {}
        self.pickers = self._devices("PDA", crew)
        self.lifts = self._devices("LIFT", max(2, crew // 3))
        self.gates = self._devices("GATE", 2)
        self.desk = self._devices("QC", 1)[0]
        self.filmed = True

    def _devices(self, kind: str, count: int) -> list[Device]:
        devices = [Device(self.code, kind, n, self.site.crew) for n in range(count)]
        for device in devices:
            device.rename(self.world.mark)
        return devices

    def renew(self) -> None:
        """Have all devices replaced by new ones, named after the world's new mark."""
        for device in (*self.pickers, *self.lifts, *self.gates, self.desk):
            device.rename(self.world.mark)

    def any(self, devices: list[Device]) -> Device:
        """Return one of the devices."""
        return devices[int(self.world.rng.random() * len(devices))]

    def describe(self, shelf: Shelf, quantity: int, lot: str, expires: int = 0) -> dict[str, Any]:
        """Return the fields that say what is moved; with a date where one is stated."""
        fields: dict[str, Any] = {"sku": shelf.item.sku, "quantity": amount(quantity), "lot": lot}
        if expires and expires != NEVER:
            fields["expires_on"] = day_text(expires)
            if shelf.item.shelf_life:
                fields["produced_on"] = day_text(expires - shelf.item.shelf_life)
        return fields

    def scan(self, at: int, device: Device, kind: str, shelf: Shelf, fields: dict[str, Any]) -> str:
        """Send a scan; high-value goods are filmed, mostly."""
        if shelf.item.high_value and self.filmed and (device.sent + device.index) % _VIDEO_GAP:
            fields["video_url"] = (
                f"https://video.waterline.example/{self.code}/{device.name}/{device.sent + 1}.mp4"
            )
        return self.world.desk.scan(at, device, kind, fields)

    def receive(
        self, at: int, device: Device, kind: str, shelf: Shelf, lot: Lot, **fields: Any
    ) -> None:
        """Receive a lot on the dock: an inbound or a transfer_in."""
        what = self.describe(shelf, lot.quantity, lot.name, lot.expires)
        self.scan(at, device, kind, shelf, {**what, "to_bin": lot.place.bin, **fields})
        shelf.dock.append(lot)

    def put_away(self, at: int, device: Device, shelf: Shelf, lot: Lot) -> None:
        """Bring a lot from the dock to its home bin, or to a spare one when that is full."""
        place = self._room(shelf, lot.quantity)
        what = self.describe(shelf, lot.quantity, lot.name)
        self.scan(at, device, "move", shelf,
                  {**what, "from_bin": lot.place.bin, "to_bin": place.bin})  # fmt: skip
        shelf.dock.remove(lot)
        shelf.add(Lot(lot.name, lot.expires, place, lot.quantity))

    def _room(self, shelf: Shelf, quantity: int) -> Place:
        home = shelf.home
        if home.quantity is None or home.used + quantity <= home.quantity * 1000:
            return home
        spares = self.plan.spare.get(home.zone, [])
        return next((place for place in spares if place.used <= 0), home)

    def take(
        self, at: int, device: Device, kind: str, shelf: Shelf, wanted: int, **fields: Any
    ) -> list[Lot]:
        """Take up to `wanted` off the shelf, first to expire first; one scan a lot and bin."""
        taken = []
        for lot in list(shelf.lots):
            if wanted <= 0:
                break
            if lot.quantity <= 0:
                continue
            quantity = min(wanted, lot.quantity)
            what = self.describe(shelf, quantity, lot.name)
            self.scan(at, device, kind, shelf, {**what, "from_bin": lot.place.bin, **fields})
            taken.append(Lot(lot.name, lot.expires, lot.place, quantity))
            shelf.remove(lot, quantity)
            wanted -= quantity
        self.dirty[shelf] = None
        return taken

    def shift(self, at: int, device: Device, shelf: Shelf, lot: Lot, place: Place) -> None:
        """Move a lot to another bin."""
        quantity = lot.quantity
        what = self.describe(shelf, quantity, lot.name)
        self.scan(at, device, "move", shelf,
                  {**what, "from_bin": lot.place.bin, "to_bin": place.bin})  # fmt: skip
        shelf.remove(lot, quantity)
        shelf.add(Lot(lot.name, lot.expires, place, quantity))

    def count(
        self, at: int, device: Device, shelf: Shelf, lot: Lot, *, counted: int, document: str
    ) -> str:
        """Count one lot in one bin; return the event's id."""
        what = self.describe(shelf, counted, lot.name, lot.expires)
        fields = {**what, "scope": "lot", "to_bin": lot.place.bin, "document": document}
        event_id = self.scan(at, device, "stocktake", shelf, fields)
        shelf.remove(lot, lot.quantity - counted)
        return event_id

    def count_all(self, at: int, device: Device, shelf: Shelf, place: Place, document: str) -> None:
        """Count every lot of a SKU in one bin; all is found as it should be."""
        lots = [lot for lot in (*shelf.lots, *shelf.expired) if lot.place is place]
        if any(lot.quantity < 0 for lot in lots):
            return
        lines = [
            {"lot": lot.name, "bin": place.bin, "quantity": amount(lot.quantity)} for lot in lots
        ] + [
            {"lot": lot, "bin": where, "status": status, "quantity": amount(quantity)}
            for (whose, lot, where, status), quantity in self.apart.items()
            if whose is shelf and where == place.bin
        ]
        fields = {"sku": shelf.item.sku, "scope": "bin", "to_bin": place.bin, "lines": lines,
                  "document": document}  # fmt: skip
        self.scan(at, device, "stocktake", shelf, fields)

    def set_apart(self, key: tuple[Shelf, str, str, str], change: int) -> None:
        """Change what is kept apart: (shelf, lot, bin, status)."""
        left = self.apart.get(key, 0) + change
        if left:
            self.apart[key] = left
        else:
            self.apart.pop(key, None)

    @property
    def quality(self) -> str:
        """Return a bin of the quality area."""
        area = [place for place in self.plan.dock + self.plan.quality if place.zone == QUALITY]
        return area[int(self.world.rng.random() * len(area))].bin

    def book(self) -> Iterator[tuple[str, str, str, str, int]]:
        """Yield (sku, lot, bin, status, quantity) of everything in the warehouse."""
        for shelf in self.shelves:
            for lot in (*shelf.lots, *shelf.dock, *shelf.expired):
                yield shelf.item.sku, lot.name, lot.place.bin, "sellable", lot.quantity
        for (shelf, lot_name, place, status), quantity in self.apart.items():
            yield shelf.item.sku, lot_name, place, status, quantity
