"""One struct per table: what a fold hands to the store, and what the store hands back.

Quantities are ints in 1/10000 units, times aware UTC datetimes, empty text "" in key columns and
None elsewhere.
"""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from typing import NamedTuple

from msgspec import Struct

from flows.domain.events import Bin, Event, Item, Movement, Warehouse
from flows.domain.fixed import cost_units
from flows.domain.leads import Times
from flows.domain.rejects import Reject


class Key(NamedTuple):
    """What an account is kept for."""

    warehouse: str
    sku: str


class Cell(NamedTuple):
    """Where stock of one account lies."""

    lot: str
    bin: str
    status: str


class Order(NamedTuple):
    """The effective order of events."""

    at: datetime
    seq: int
    event_id: str


class TransferKey(NamedTuple):
    """What a transfer is known by."""

    document: str
    sku: str
    source: str
    destination: str


class Facts(Struct, gc=False):
    """What a row of the ledger tells of its event besides what it moved."""

    order_id: str | None = None
    line_id: str | None = None
    document: str | None = None
    operator: str | None = None
    device: str | None = None
    video_url: str | None = None
    counterpart: str | None = None
    reason: str | None = None
    recorded_at: datetime | None = None
    expires_on: date | None = None
    produced_on: date | None = None
    due_at: datetime | None = None
    unit_cost: Decimal | None = None


class Row(Struct, gc=False):
    """One leg of the ledger (table movements): signed quantity on one cell.

    The facts are the event itself where it is at hand: copying them costs a tenth of the fold.
    """

    at: datetime
    seq: int | None
    event_id: str
    warehouse: str
    sku: str
    lot: str
    bin: str
    status: str
    type: str
    quantity: int
    offset: int
    facts: Movement | Facts
    variance: bool = False
    correction: bool = False

    @property
    def order(self) -> Order:
        """The place in the effective order."""
        return Order(self.at, self.seq or 0, self.event_id)

    @property
    def unit_cost(self) -> int | None:
        """What the receipt states that it cost, in 10⁻¹² of the currency a base unit."""
        return cost_units(self.facts.unit_cost)

    @property
    def cell(self) -> Cell:
        """The cell that it changes."""
        return Cell(self.lot, self.bin, self.status)


class Entry(Struct, gc=False):
    """An event that is not (only) legs, kept whole (table journal)."""

    event: Event
    type: str
    warehouse: str
    sku: str
    key: str
    line_id: str
    offset: int


class WindowRow(NamedTuple):
    """Sums over the closed days of the last 7, 30, 90, 365, and daily issues, yesterday last."""

    net: tuple[int, ...]
    moment: tuple[int, ...]
    issues: tuple[int, ...]
    demand: tuple[int, ...]


class StockRow(Struct, gc=False):
    """The figures of one (warehouse, sku) (table stock_figures).

    Dates are ordinals, `demand_per_day` is in 10⁻⁸ units, moments in 1/10000 units × µs.
    """

    warehouse: str
    sku: str
    on_hand: int
    on_hold: int
    reserved: int
    available: int
    in_transit: int
    incoming: int
    projected: int
    safety_stock: int | None
    reorder_point: int | None
    max_stock: int | None
    water_level: str
    unit_cost: Decimal | None
    value: Decimal | None
    moved_to: datetime | None
    counted_to: datetime | None
    updated_at: datetime
    next_change_at: datetime | None
    version: int
    demand_per_day: int | None = None
    stock_out_on: int | None = None
    below_safety_on: int | None = None
    first_on: int | None = None
    issued_on: int | None = None
    day: int | None = None
    day_net: int = 0
    day_moment: int = 0
    day_issues: int = 0
    windows: WindowRow | None = None
    layers: tuple[tuple[int, int], ...] = ()
    lead_count: int = 0
    lead_seconds: int = 0
    lead_squares: int = 0
    review_at: datetime | None = None
    """When time alone may change what the rules say of it."""
    basis: tuple[float, ...] | None = None
    """Demand per day, mean and deviation as known at the last tick, where they are others now."""


class CellRow(Struct, gc=False):
    """Stock of one cell (table stock_bins); quantity 0 is a delete."""

    warehouse: str
    sku: str
    lot: str
    bin: str
    status: str
    quantity: int
    expires_on: date | None
    received_at: datetime | None


class LotRow(Struct, gc=False):
    """The dates of a lot (table lot_dates), each with the event that stated it."""

    warehouse: str
    sku: str
    lot: str
    expires_on: date | None = None
    expires_by: Order | None = None
    produced_on: date | None = None
    produced_by: Order | None = None
    received_at: datetime | None = None

    @property
    def empty(self) -> bool:
        """Tell whether nothing is known of the lot any more: its row goes."""
        return self.expires_by is None and self.produced_by is None and self.received_at is None


class LineRow(Struct, gc=False):
    """A line of an order or a purchase; `fulfilled` is shipped or received."""

    warehouse: str
    order_id: str
    line_id: str
    sku: str
    ordered: int = 0
    fulfilled: int = 0
    reported: int = 0
    scanned: int = 0
    cancelled: int = 0
    state: str = "closed"
    version: int | None = None
    due_at: datetime | None = None
    document: str | None = None
    counterpart: str | None = None
    at: datetime | None = None
    event_id: str | None = None
    times: Times | None = None
    """Of a purchase line."""

    @property
    def outstanding(self) -> int:
        """What an open line still waits for, never below 0."""
        if self.state != "open":
            return 0
        return max(self.ordered - self.fulfilled - self.cancelled, 0)


class TransferRow(Struct, gc=False):
    """What a batch adds to one transfer (table transfers); `exact` times replace the known."""

    document: str
    sku: str
    source: str
    destination: str
    shipped: int = 0
    received: int = 0
    lost: int = 0
    due_at: datetime | None = None
    shipped_at: datetime | None = None
    received_at: datetime | None = None
    exact: bool = False

    @property
    def outstanding(self) -> int:
        """What is still on its way, signed."""
        return self.shipped - self.received - self.lost


class CountRow(Struct, gc=False):
    """A stocktake (table counts): the anchor of what its scope covers."""

    at: datetime
    seq: int
    event_id: str
    warehouse: str
    sku: str
    scope: str
    bin: str
    lines: dict[Cell, int]
    document: str | None = None
    operator: str | None = None
    device: str | None = None
    video_url: str | None = None
    cancelled: bool = False

    @property
    def order(self) -> Order:
        """The place in the effective order."""
        return Order(self.at, self.seq, self.event_id)

    def covers(self, cell: Cell) -> bool:
        """Tell whether the count speaks for `cell`."""
        if self.scope == "sku":
            return True
        if self.scope == "bin":
            return cell.bin == self.bin
        return cell in self.lines


class CancelRow(Struct, gc=False):
    """A cancel event that this partition has seen (table cancels)."""

    cancel_id: str
    target_id: str
    at: datetime
    offset: int


class PolicyRow(Struct, gc=False):
    """One register of one scope (table policies)."""

    warehouse: str
    category: str
    sku: str
    field: str
    value: Decimal | None
    order: Order
    forced: bool = False

    @property
    def scope(self) -> tuple[str, str, str]:
        """Warehouse, category and SKU that the register holds for; "" is any."""
        return (self.warehouse, self.category, self.sku)


class MasterRow(Struct, gc=False):
    """The winning image of a warehouse, an item or a bin; `forced` after a cancel."""

    event: Warehouse | Item | Bin
    forced: bool = False
    deleted: bool = False


class HistoryRow(Struct, gc=False):
    """What was shown (table stock_history)."""

    warehouse: str
    sku: str
    on_hand: int
    reserved: int
    available: int
    water_level: str
    offset: int


class RejectRow(Struct, gc=False):
    """A refused message with its offset in the log."""

    offset: int
    reject: Reject


class IdRun(Struct):
    """Sorted 64-bit hashes of event ids, with content prints and times in µs (table event_ids)."""

    run: int
    ids: bytes
    prints: bytes
    times: bytes
    newest: datetime
    count: int


class DeviceRow(Struct):
    """What is known of a device on one partition (table device_sequences)."""

    device: str
    warehouse: str | None = None
    last_seq: int | None = None
    recorded: int = 0
    """Numbers that are kept."""
    open_blocks: int = 0
    """Blocks of numbers that are not whole."""
    reused: int = 0
    unrecorded: int = 0
    last_seen_at: datetime | None = None
    clock_offset_ms: int | None = None


class BlockKey(NamedTuple):
    """A block of a device's numbers (table device_blocks), a bit for each `span` numbers."""

    device: str
    span: int
    first_seq: int


class Counters(Struct):
    """consumed = applied + repeats + rejects, always."""

    consumed: int = 0
    applied: int = 0
    repeats: int = 0
    rejects: int = 0
