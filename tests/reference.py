"""The slow, obvious model of the fold, for tests only: it shares no code with `flows`' fold.

Enters: the set of distinct valid events, in any order. Leaves: `Tables`, each a dict of plain
dicts, computed from the definitions in the whole set (no state, no order of arrival). A count is
an anchor: on_hand at a time is the last count that covers the cell, plus the movements after it.
Nothing fails: events are as the decoder lets them pass.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal
from fractions import Fraction
from functools import cached_property
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from msgspec import UNSET, structs

from flows.domain import events as ev
from tests.reference_days import Books
from tests.reference_leads import sums, timed
from tests.reference_lines import line_rows, owed

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    Cell = tuple[str, str, str, str, str]  # warehouse, sku, lot, bin, status
    Row = dict[str, Any]

ZERO = Decimal(0)
LEGS = (ev.Movement, ev.Stocktake)
LINES = (ev.OrderLine, ev.PurchaseLine)


@dataclass
class Tables:
    """What the fold must leave; a row of nothing but zeros is the same as no row."""

    movements: dict[tuple[Any, ...], Decimal] = field(default_factory=dict)
    stock: dict[tuple[Any, ...], Row] = field(default_factory=dict)
    stock_bins: dict[tuple[Any, ...], Row] = field(default_factory=dict)
    orders: dict[tuple[Any, ...], Row] = field(default_factory=dict)
    purchases: dict[tuple[Any, ...], Row] = field(default_factory=dict)
    transfers: dict[tuple[Any, ...], Row] = field(default_factory=dict)
    items: dict[tuple[Any, ...], Row] = field(default_factory=dict)
    bins: dict[tuple[Any, ...], Row] = field(default_factory=dict)
    warehouses: dict[tuple[Any, ...], Row] = field(default_factory=dict)
    policies: dict[tuple[Any, ...], Row] = field(default_factory=dict)
    figures: dict[tuple[Any, ...], Row] = field(default_factory=dict)
    stock_daily: dict[tuple[Any, ...], Row] = field(default_factory=dict)
    turnover_daily: dict[tuple[Any, ...], Row] = field(default_factory=dict)
    demand_daily: dict[tuple[Any, ...], Any] = field(default_factory=dict)


def order_key(event: ev.Event) -> tuple[datetime, int, str]:
    """Return the place of an event in the order of effect."""
    return (event.occurred_at, event.device_seq or 0, event.event_id)


def is_lost(event: ev.Event) -> bool:
    """Tell whether a scrap happened between two warehouses, not in one."""
    return (
        isinstance(event, ev.Scrap)
        and bool(event.document)
        and bool(event.counterpart)
        and not event.from_bin
    )


def effects(event: ev.Event) -> list[tuple[Cell, Decimal]]:
    """Return what a movement adds to which cells."""
    if not isinstance(event, ev.Movement) or is_lost(event):
        return []

    def cell(place: str | None, status: str | None) -> Cell:
        return (event.warehouse, event.sku, event.lot or "", place or "", status or "sellable")

    plus, minus = event.quantity, -event.quantity
    match event:
        case ev.Inbound() | ev.TransferIn() | ev.Adjustment(direction="gain"):
            return [(cell(event.to_bin, event.status), plus)]
        case ev.Return() if event.direction != "supplier":
            return [(cell(event.to_bin, event.status or "returned"), plus)]
        case ev.Move():
            return [
                (cell(event.from_bin, event.status), minus),
                (cell(event.to_bin, event.status), plus),
            ]
        case ev.StatusChange():
            return [
                (cell(event.from_bin, event.from_status), minus),
                (cell(event.from_bin, event.status), plus),
            ]
    return [(cell(event.from_bin, event.status), minus)]


def listed(count: ev.Stocktake) -> dict[Cell, Decimal]:
    """Return what a count found in the cells that it lists; a cell listed twice adds up."""
    lines = count.lines
    if lines is None:
        lines = [ev.CountLine(quantity=count.quantity or ZERO)]
    found: dict[Cell, Decimal] = defaultdict(Decimal)
    for line in lines:
        lot = line.lot or count.lot or ""
        place = line.bin or count.to_bin or ""
        status = line.status or count.status or "sellable"
        found[count.warehouse, count.sku, lot, place, status] += line.quantity
    return found


def covers(count: ev.Stocktake, cell: Cell) -> bool:
    """Tell whether a count says how much is in the cell."""
    warehouse, sku, _, place, _ = cell
    if (count.warehouse, count.sku) != (warehouse, sku):
        return False
    if count.scope == "sku":
        return True
    if count.scope == "bin":
        return place == (count.to_bin or "")
    return cell in listed(count)


def winners(images: Iterable[ev.Event], key: Any, rank: Any = order_key) -> dict[Any, Any]:
    """Return for each key the image of the highest rank."""
    best: dict[Any, Any] = {}
    for image in sorted(images, key=rank):
        best[key(image)] = image
    return best


class Reference:
    """All tables of a set of events, by definition; `zone` is where no warehouse is known."""

    def __init__(self, events: Iterable[ev.Event], zone: str = "Asia/Shanghai") -> None:
        """Sort the set and leave out what is cancelled."""
        self.all = sorted({event.event_id: event for event in events}.values(), key=order_key)
        self.cancels = self.of(ev.Cancel, self.all)
        self.effective = [event for event in self.all if self.is_effective(event)]
        self.zone = zone
        self.clock = max((tick.occurred_at for tick in self.of(ev.Tick)), default=None)
        self.items = winners(self.of(ev.Item), lambda image: image.sku)
        self.houses = winners(self.of(ev.Warehouse), lambda image: image.warehouse)
        self.policies = dict(self._registers())
        self.dates = dict(self._lot_dates())
        self.orders = line_rows(self.of(ev.OrderLine), self.of(ev.Outbound))
        bought = self.of(ev.PurchaseLine), self.of(ev.Inbound)
        self.purchases = timed(line_rows(*bought), *bought)
        self.transfers = self._transfers()

    def of(self, kind: Any, events: list[ev.Event] | None = None) -> list[Any]:
        """Return the effective events of a kind, in the order of effect."""
        source = self.effective if events is None else events
        return [event for event in source if isinstance(event, kind)]

    def is_effective(self, event: ev.Event, path: tuple[str, ...] = ()) -> bool:
        """Tell whether no effective cancel names the event.

        Cancels in a circle name only each other: what they do to themselves changes no table.
        """
        path = (*path, event.event_id)
        return not any(
            cancel.cancels == event.event_id and self.is_effective(cancel, path)
            for cancel in self.cancels
            if cancel.event_id not in path
        )

    # --- stock of a cell ---------------------------------------------------------------------

    def cells(self) -> set[Cell]:
        """Return every cell that an effective event names."""
        named = {cell for event in self.effective for cell, _ in effects(event)}
        return named | {cell for count in self.of(ev.Stocktake) for cell in listed(count)}

    def on_hand(self, cell: Cell, at: datetime | None = None, *, before: bool = False) -> Decimal:
        """Return the last count of the cell up to `at` plus what moved after it."""
        total = ZERO
        for event in self.effective:
            if at and (event.occurred_at > at or (before and event.occurred_at == at)):
                break
            if isinstance(event, ev.Stocktake) and covers(event, cell):
                total = listed(event).get(cell, ZERO)
            total += sum((delta for where, delta in effects(event) if where == cell), ZERO)
        return total

    def movements(self) -> dict[tuple[Any, ...], Decimal]:
        """Return by (occurred_at, *cell) how much the instant changed the cell, zeros left out."""
        netted = {
            (at, *cell): self.on_hand(cell, at) - self.on_hand(cell, at, before=True)
            for at in sorted({event.occurred_at for event in self.of(LEGS)})
            for cell in self.cells()
        }
        return {key: quantity for key, quantity in netted.items() if quantity}

    def stock_bins(self) -> dict[Cell, Row]:
        """Return the cells that hold something, or less than nothing."""
        return {
            cell: {"quantity": quantity, "expires_on": self.dates.get(cell[:3])}
            for cell in self.cells()
            if (quantity := self.on_hand(cell))
        }

    def _lot_dates(self) -> Iterator[tuple[tuple[str, str, str], Any]]:
        """Yield the expiry date that the last event to state one gives a lot."""
        for event in self.of(LEGS):
            if event.expires_on is not None:
                yield (event.warehouse, event.sku, event.lot or ""), event.expires_on

    def is_held(self, cell: Cell) -> bool:
        """Tell whether stock of the cell may not be sold: status, or past its date."""
        if cell[4] != "sellable":
            return True
        expires_on = self.dates.get(cell[:3])
        if self.clock is None or expires_on is None:
            return False
        zone = ZoneInfo(self.zone_of(cell[0]))
        return bool(expires_on < self.clock.astimezone(zone).date())

    def zone_of(self, warehouse: str) -> str:
        """Return the time zone of a warehouse."""
        house = self.houses.get(warehouse)
        return (house and house.timezone) or self.zone

    @cached_property
    def books(self) -> Books:
        """The days of every account."""
        return Books(self)

    # --- orders, purchases, transfers --------------------------------------------------------

    def _transfers(self) -> dict[tuple[str, ...], Row]:
        """Return by (document, sku, from, to) what left, arrived and was lost."""
        rows: dict[tuple[str, ...], Row] = defaultdict(
            lambda: {"shipped": ZERO, "received": ZERO, "lost": ZERO}
        )
        for event in self.of(ev.Movement):
            here, there, name = event.warehouse, event.counterpart, (event.document or "")
            if isinstance(event, ev.TransferOut):
                rows[name, event.sku, here, there]["shipped"] += event.quantity
            elif isinstance(event, ev.TransferIn):
                rows[name, event.sku, there, here]["received"] += event.quantity
            elif is_lost(event):
                rows[name, event.sku, there, here]["lost"] += event.quantity
        return dict(rows)

    # --- policies ----------------------------------------------------------------------------

    def _registers(self) -> Iterator[tuple[tuple[str, ...], Row]]:
        """Yield the values of each field of each scope, the last one last."""
        for event in self.of(ev.Policy):
            scope = (event.warehouse or "", event.category or "", event.sku or "")
            for name in ev.POLICY_FIELDS:
                if (value := getattr(event, name)) is not UNSET:
                    yield (*scope, name), {"value": value}

    def policy(self, name: str, warehouse: str, sku: str) -> Decimal | None:
        """Return the field's value of the most specific scope that sets it."""
        image = self.items.get(sku)
        category = (image and image.category) or None
        scopes = [(warehouse, "", sku), ("", "", sku)]
        if category:
            scopes += [(warehouse, category, ""), ("", category, "")]
        for scope in [*scopes, (warehouse, "", ""), ("", "", "")]:
            value = self.policies.get((*scope, name), {"value": None})["value"]
            if value is not None:
                return Decimal(value)
        return None

    # --- stock of a SKU ----------------------------------------------------------------------

    def named(self) -> set[tuple[str, str]]:
        """Return every (warehouse, sku) that has a row, from cancelled events too."""
        pairs = {(event.warehouse, event.sku) for event in self.of((*LEGS, *LINES), self.all)}
        outs = self.of(ev.TransferOut, self.all)
        return pairs | {(event.counterpart, event.sku) for event in outs}

    def incoming(self, warehouse: str, sku: str) -> Decimal:
        """Return what open purchases still owe inside the horizon."""
        horizon = self.policy("stock_out_horizon_days", warehouse, sku)
        lead = self.policy("lead_time_days", warehouse, sku) or ZERO
        days = max(Decimal(7) if horizon is None else horizon, lead)
        if self.clock is None:
            return owed(self.purchases, warehouse, sku)
        limit = self.clock + timedelta(microseconds=int(days * 86_400_000_000))
        near = {
            key: row
            for key, row in self.purchases.items()
            if row["due_at"] is None or row["due_at"] <= limit
        }
        return owed(near, warehouse, sku)

    def quantities(self, warehouse: str, sku: str) -> Row:
        """Return what is there, promised and coming of one SKU in one warehouse."""
        cells = [cell for cell in self.cells() if cell[:2] == (warehouse, sku)]
        on_hand = sum((self.on_hand(cell) for cell in cells), ZERO)
        on_hold = sum((self.on_hand(cell) for cell in cells if self.is_held(cell)), ZERO)
        reserved = owed(self.orders, warehouse, sku)
        in_transit = sum(
            (
                row["shipped"] - row["received"] - row["lost"]
                for (_, moved, _, to), row in self.transfers.items()
                if (to, moved) == (warehouse, sku)
            ),
            ZERO,
        )
        incoming = self.incoming(warehouse, sku)
        return {
            "on_hand": on_hand,
            "on_hold": on_hold,
            "reserved": reserved,
            "available": on_hand - on_hold - reserved,
            "in_transit": in_transit,
            "incoming": incoming,
            "projected": on_hand + in_transit + incoming - reserved,
        }

    def stock_row(self, warehouse: str, sku: str) -> Row:
        """Return the figures of one SKU in one warehouse."""
        safety, reorder = map(number, self.books.thresholds((warehouse, sku)))
        max_stock = self.policy("max_stock", warehouse, sku)
        cost = number(self.books.unit_cost((warehouse, sku)))
        counts = [e for e in self.of(ev.Stocktake) if (e.warehouse, e.sku) == (warehouse, sku)]
        held = self.quantities(warehouse, sku)
        row = {
            **held,
            "safety_stock": safety or ZERO,
            "reorder_point": reorder or ZERO,
            "max_stock": max_stock,
            "unit_cost": cost,
            "value": None if cost is None else held["on_hand"] * cost,
            "counted_to": max((count.occurred_at for count in counts), default=None),
            **sums(self.purchases, warehouse, sku),
        }
        red_below = self.policy("red_below", warehouse, sku)
        return {**row, "water_level": water_level(row, red_below)}

    def tables(self) -> Tables:
        """Return everything."""
        bins = winners(self.of(ev.Bin), lambda image: (image.warehouse, image.bin))
        stock = {pair: self.stock_row(*pair) for pair in self.named()}
        books = self.books
        return Tables(
            movements=self.movements(),
            stock=stock,
            stock_bins=self.stock_bins(),
            orders=self.orders,
            purchases=self.purchases,
            transfers=self.transfers,
            items={(sku,): structs.asdict(image) for sku, image in self.items.items()},
            bins={key: structs.asdict(image) for key, image in bins.items()},
            warehouses={(name,): structs.asdict(image) for name, image in self.houses.items()},
            policies=self.policies,
            figures={pair: books.figures(pair, row["available"]) for pair, row in stock.items()},
            stock_daily=books.stock_daily(),
            turnover_daily=books.turnover_daily(),
            demand_daily=books.demand_daily(),
        )


def number(fraction: Fraction | None) -> Decimal | None:
    """Return a fraction that has an end as the decimal that it is."""
    return None if fraction is None else Decimal(fraction.numerator) / fraction.denominator


def water_level(row: Row, red_below: Decimal | None) -> str:
    """Return the colour of a stock row; the share below safety defaults to 10 %."""
    share = Decimal("0.10") if red_below is None else red_below
    if row["available"] < row["safety_stock"] * (1 - share):
        return "red"
    if row["available"] <= max(row["safety_stock"], row["reorder_point"]):
        return "yellow"
    if row["max_stock"] is not None and row["on_hand"] > row["max_stock"]:
        return "over"
    return "green"
