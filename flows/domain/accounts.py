"""The state of one (warehouse, sku) in memory.

An account is loaded when a batch first needs it and may be forgotten when it has not been needed
for long: everything in it is in the tables.
"""

from __future__ import annotations

from collections.abc import Collection, Container, Iterable
from datetime import datetime
from itertools import islice

from flows.domain.days import Day
from flows.domain.demand import Demand, demand_of
from flows.domain.master import Limits
from flows.domain.prices import NONE, Images
from flows.domain.recall import AccountRows
from flows.domain.rows import (
    Cell,
    CellRow,
    CountRow,
    Key,
    LineRow,
    LotRow,
    Row,
    StockRow,
    TransferKey,
    TransferRow,
    WindowRow,
)
from flows.domain.windows import Windows, taken_up

SELLABLE = "sellable"


class Account:
    """Stock of one SKU at one warehouse."""

    __slots__ = (
        "_demand",
        "_window_row",
        "arriving",
        "booked_to",
        "cells",
        "counted_to",
        "counts",
        "day",
        "dirty",
        "first_on",
        "images",
        "in_transit",
        "issued_on",
        "key",
        "layers",
        "lead_count",
        "lead_seconds",
        "lead_squares",
        "limits",
        "lots",
        "moved_to",
        "moves",
        "purchases",
        "reserved",
        "shown",
        "updated_at",
        "version",
        "windows",
    )

    def __init__(self, key: Key) -> None:
        """Open an account that holds nothing."""
        self.key = key
        self.cells: dict[Cell, int] = {}
        self.lots: dict[str, LotRow] = {}
        self.purchases: dict[tuple[str, str], LineRow] = {}
        self.arriving: dict[TransferKey, TransferRow] | None = None
        self.counts: list[CountRow] | None = []
        self.dirty: set[Cell] | None = None
        self.in_transit = 0
        self.reserved = 0
        self.lead_count = self.lead_seconds = self.lead_squares = 0
        self.limits: Limits | None = None
        self.moved_to: datetime | None = None
        self.counted_to: datetime | None = None
        self.updated_at: datetime | None = None
        self.version = 0
        self.shown: tuple[int, int, int, str] | None = None
        self.moves: list[Row] | None = None
        """What the present batch moved."""
        self.booked_to: datetime | None = None
        """The time up to which the days hold everything."""
        self.day: Day | None = None
        """The last day on which something moved."""
        self.first_on: int | None = None
        self.issued_on: int | None = None
        self.layers: tuple[tuple[int, int], ...] = ()
        self.images: Images = NONE
        """The item as the days are priced and summed up by it."""
        self.windows: Windows | None = None
        self._window_row: WindowRow | None = None
        self._demand: tuple[int, Demand | None] | None = None

    def windows_changed(self, windows: Windows | None) -> None:
        """Set the windows, or say that they are others now."""
        self.windows, self._window_row, self._demand = windows, None, None

    def window_row(self) -> WindowRow | None:
        """Return the windows as they are written, which later batches do not change."""
        if self._window_row is None and self.windows is not None:
            self._window_row = self.windows.row()
            if self._window_row is None:
                self.windows = None
        return self._window_row

    def demand(self, today: int | None) -> Demand | None:
        """Return the demand of the last closed days."""
        if self.windows is None or today is None or self.first_on is None:
            return None
        if self._demand is None or self._demand[0] != today:
            self._demand = (today, demand_of(self.windows.demand, today, self.first_on))
        return self._demand[1]

    def take(self, row: StockRow) -> None:
        """Take over the stored figures that cannot be derived."""
        self.in_transit = row.in_transit
        self.reserved = row.reserved
        self.lead_count = row.lead_count
        self.lead_seconds = row.lead_seconds
        self.lead_squares = row.lead_squares
        self.moved_to = row.moved_to
        self.counted_to = row.counted_to
        self.counts = [] if row.counted_to is None else None
        self.updated_at = row.updated_at
        self.version = row.version
        self.shown = (row.on_hand, row.reserved, row.available, row.water_level)
        self.booked_to = row.moved_to
        self.first_on = row.first_on
        self.issued_on = row.issued_on
        self.layers = row.layers
        if row.windows is not None:
            self.windows = taken_up(row.windows)

    def lot(self, lot: str) -> LotRow:
        """Return the dates of a lot, opened when new."""
        row = self.lots.get(lot)
        if row is None:
            row = self.lots[lot] = LotRow(self.key.warehouse, self.key.sku, lot)
        return row

    def cell_row(self, cell: Cell) -> CellRow:
        """Return the row of a cell; quantity 0 means that it is gone."""
        lot = self.lots.get(cell.lot)
        return CellRow(
            *self.key,
            *cell,
            self.cells.get(cell, 0),
            None if lot is None else lot.expires_on,
            None if lot is None else lot.received_at,
        )

    def forget_arrived(self, written: Container[tuple[str, str, str, str]]) -> None:
        """Let go of transfers of which nothing is on its way.

        One that this batch has `written` stays: the next may need it before it is in the tables.
        """
        if self.arriving:
            kept = {k: r for k, r in self.arriving.items() if r.outstanding or k in written}
            self.arriving = kept or None

    def has_demand(self) -> bool:
        """Tell whether any of the last closed days had issues: they pass with every midnight."""
        return self.windows is not None and any(self.windows.demand)


def transfer_key(row: TransferRow) -> TransferKey:
    """Return what a transfer is known by."""
    return TransferKey(row.document, row.sku, row.source, row.destination)


class Accounts:
    """The accounts in memory, least recently needed first, at most `limit` between batches."""

    def __init__(self, limit: int) -> None:
        """Start with none."""
        self._limit = limit
        self._known: dict[tuple[str, str], Account] = {}
        self._by_sku: dict[str, set[Key]] = {}

    def missing(self, keys: Iterable[tuple[str, str]]) -> set[Key]:
        """Return those that have to be loaded or opened; the others become recent."""
        missing = set()
        for key in keys:
            account = self._known.pop(key, None)
            if account is None:
                missing.add(Key(*key))
            else:
                self._known[key] = account
        return missing

    def open(self, missing: Collection[Key], rows: AccountRows) -> None:
        """Open the missing accounts with what is stored of them."""
        known = self._known
        for key in missing:
            known[key] = Account(key)
            self._by_sku.setdefault(key.sku, set()).add(key)
        for stock in rows.stock:
            known[Key(stock.warehouse, stock.sku)].take(stock)
        for transfer in rows.transfers:
            account = known[Key(transfer.destination, transfer.sku)]
            account.arriving = account.arriving or {}
            account.arriving[transfer_key(transfer)] = transfer
        for key, day in rows.days:
            known[key].day = day
        for cell in rows.cells:
            account = known[Key(cell.warehouse, cell.sku)]
            account.cells[Cell(cell.lot, cell.bin, cell.status)] = cell.quantity
        for lot in rows.lots:
            known[Key(lot.warehouse, lot.sku)].lots[lot.lot] = lot
        for line in rows.purchases:
            if line.outstanding:  # an open line may have got more than it asked for
                key = Key(line.warehouse, line.sku)
                known[key].purchases[line.order_id, line.line_id] = line

    def __getitem__(self, key: tuple[str, str]) -> Account:
        """Return an account that is in memory."""
        return self._known[key]

    def __contains__(self, key: tuple[str, str]) -> bool:
        """Tell whether the account is in memory."""
        return key in self._known

    def holders(self, sku: str) -> list[Key]:
        """Return the accounts of a SKU that are in memory, in a fixed order."""
        return sorted(self._by_sku.get(sku, ()))

    def evict(self) -> list[Account]:
        """Forget the accounts over the limit; return them."""
        over = len(self._known) - self._limit
        if over <= 0:
            return []
        evicted = [self._known.pop(key) for key in list(islice(self._known, over))]
        for account in evicted:
            keys = self._by_sku[account.key.sku]
            keys.discard(account.key)
            if not keys:
                del self._by_sku[account.key.sku]
        return evicted
