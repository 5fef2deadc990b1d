"""The state of one (warehouse, sku) in memory.

An account is loaded when a batch first needs it and may be forgotten when it has not been needed
for long: everything in it is in the tables.
"""

from __future__ import annotations

from collections.abc import Collection, Container, Iterable
from datetime import date, datetime
from itertools import islice
from typing import NamedTuple

from flows.domain.days import Day
from flows.domain.demand import Demand, demand_of
from flows.domain.episodes import ActionRow, EpisodeKey, EpisodeRow
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
Episodes = dict[EpisodeKey, EpisodeRow]


class Calm(NamedTuple):
    """Bounds inside which no verdict on an account's sums changes: from low to below high."""

    available_low: int
    available_high: int
    on_hand_low: int
    on_hand_high: int
    projected_low: int
    projected_high: int
    incoming: int
    """Open purchases inside the horizon, by which `projected` is reckoned."""


class Account:
    """Stock of one SKU at one warehouse."""

    __slots__ = (
        "_demand",
        "_window_row",
        "actions",
        "arriving",
        "basis",
        "below",
        "booked_to",
        "calm",
        "cells",
        "counted_to",
        "counts",
        "day",
        "dirty",
        "episodes",
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
        "lot_sums",
        "lots",
        "moved_to",
        "moves",
        "on_hand",
        "on_hold",
        "past",
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
        self.on_hand = self.on_hold = 0
        """Sums of the cells; what is held is what is not sellable, and sellable lots `past`."""
        self.past: frozenset[str] = frozenset()
        self.lot_sums: dict[str, int] = {}
        self.below = 0
        """How many cells hold less than nothing."""
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
        self.basis: tuple[float, ...] | None = None
        """Mean and deviation of demand as of the last tick, where a late event changed them since;
        empty for no demand."""
        self.episodes: Episodes | None = None
        self.actions: dict[tuple[str, str, str], ActionRow] | None = None
        self.calm: Calm | None = None
        """The bounds of its sums inside which no verdict changes; None: it is to be judged."""

    def shift(self, cell: Cell, quantity: int) -> None:
        """Change what a cell holds."""
        cells = self.cells
        before = cells.get(cell, 0)
        after = before + quantity
        if after:
            cells[cell] = after
        else:
            cells.pop(cell, None)
        self.on_hand += quantity
        if cell.status != SELLABLE or cell.lot in self.past:
            self.on_hold += quantity
        if (before < 0) != (after < 0):
            self.below += 1 if after < 0 else -1
            self.calm = None
        held = self.lot_sums.get(cell.lot, 0)
        self.lot_sums[cell.lot] = held + quantity
        if (held > 0) != (held + quantity > 0):
            self.calm = None

    def is_calm(self) -> bool:
        """Tell whether its sums are where no verdict changes."""
        calm = self.calm
        if calm is None:
            return False
        on_hand = self.on_hand
        promised = on_hand - self.reserved
        return (
            calm.available_low <= promised - self.on_hold < calm.available_high
            and calm.projected_low <= promised + self.in_transit + calm.incoming
            and promised + self.in_transit + calm.incoming < calm.projected_high
            and calm.on_hand_low <= on_hand < calm.on_hand_high
        )

    def quantity_of(self, lot: str) -> int:
        """Return what is held of a lot, in any bin and status."""
        return self.lot_sums.get(lot, 0)

    def recount(self, today: date) -> None:
        """Count what is held again, by the lots that have expired before `today`."""
        past = [lot for lot, row in self.lots.items() if row.expires_on and row.expires_on < today]
        if self.past == frozenset(past):
            return
        self.past = frozenset(past)
        self.on_hold = sum(
            [n for cell, n in self.cells.items() if cell.status != SELLABLE or cell.lot in past]
        )

    def settled_demand(self, today: int | None) -> tuple[float, float] | None:
        """Return mean and deviation of the demand per day as known at the last tick."""
        if self.basis is not None:
            return (self.basis[0], self.basis[1]) if self.basis else None
        demand = self.demand(today)
        return None if demand is None else (demand.mean, demand.sd)

    def keep_basis(self, today: int | None) -> None:
        """Remember the demand as of the last tick: a late event is about to change it."""
        if self.basis is None:
            self.basis = self.settled_demand(today) or ()

    def windows_changed(self, windows: Windows | None) -> None:
        """Set the windows, or say that they are others now."""
        self.calm = None
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
        self.basis = row.basis
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
            account.shift(Cell(cell.lot, cell.bin, cell.status), cell.quantity)
        for lot in rows.lots:
            known[Key(lot.warehouse, lot.sku)].lots[lot.lot] = lot
        for line in rows.purchases:
            if line.outstanding:  # an open line may have got more than it asked for
                key = Key(line.warehouse, line.sku)
                known[key].purchases[line.order_id, line.line_id] = line
        self._take_up(rows)

    def _take_up(self, rows: AccountRows) -> None:
        """Give accounts their open episodes and standing actions."""
        for episode in rows.episodes:
            account = self._known[Key(episode.key.warehouse, episode.key.sku)]
            account.episodes = account.episodes or {}
            account.episodes[episode.key] = episode
        for action in rows.actions:
            account = self._known[Key(action.warehouse, action.sku)]
            account.actions = account.actions or {}
            account.actions[action.key] = action

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
