"""The state of one (warehouse, sku) in memory, and the figures that follow from it.

An account is loaded when a batch first needs it and may be forgotten when it has not been needed
for long: everything in it is in the tables.
"""

from __future__ import annotations

from collections.abc import Collection, Container, Iterable
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from itertools import islice

from flows.domain.calendar import local_date, midnight
from flows.domain.days import Day, begin_of
from flows.domain.demand import Demand, demand_of
from flows.domain.fixed import COST_PLACES, PLACES, cost_units, decimal_of
from flows.domain.levels import water_level
from flows.domain.master import Limits
from flows.domain.planning import lead_time, reorder_point, safety_stock, stock_out_on
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
_CENTS = 10**COST_PLACES
NO_DEMAND = (0,) * 7
FIRST_TICK = datetime(1970, 1, 1, tzinfo=UTC)
"""Until the first tick nothing has expired and all that is dated is due with that tick."""


def value_of(cost: int, units: int) -> Decimal:
    """Return the value of stock, to four decimals, half to even; `cost` is in 10⁻¹²."""
    whole, rest = divmod(cost * units, _CENTS)
    if 2 * rest > _CENTS or (2 * rest == _CENTS and whole % 2):
        whole += 1
    return decimal_of(whole, PLACES)


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

    def expiring(self, clock: datetime, zone_name: str) -> tuple[int, datetime | None]:
        """Return sellable stock past its date, and the instant at which more will be."""
        if not self.lots:
            return 0, None
        today = None
        expired, ends = 0, None
        for cell, quantity in self.cells.items():
            lot = self.lots.get(cell.lot)
            if lot is None or lot.expires_on is None or cell.status != SELLABLE:
                continue
            today = today or local_date(clock, zone_name)
            if lot.expires_on < today:
                expired += quantity
            elif quantity and (ends is None or lot.expires_on < ends):
                ends = lot.expires_on
        if ends is None or ends == date.max:
            return expired, None
        return expired, midnight(ends + timedelta(days=1), zone_name)

    def incoming(self, clock: datetime | None, days: Decimal) -> tuple[int, datetime | None]:
        """Return open purchase quantity due inside the horizon, and when more comes inside."""
        if not self.purchases:
            return 0, None
        horizon = timedelta(days=float(days))
        inside, later = 0, None
        for row in self.purchases.values():
            due_at = row.due_at
            if clock is None or due_at is None or due_at <= clock + horizon:
                inside += row.outstanding
            if due_at is not None and (clock is None or due_at > clock + horizon):
                later = due_at if later is None else min(later, due_at)
        if later is None:
            return inside, None
        return inside, FIRST_TICK if clock is None else later - horizon

    def figures(
        self,
        limits: Limits,
        images: Images,
        clock: datetime | None,
        zone_name: str,
        today: int | None,
    ) -> StockRow:
        """Return the row of table stock_figures as of `clock`, the latest tick, and its day."""
        on_hand = on_hold = 0
        for cell, quantity in self.cells.items():
            on_hand += quantity
            if cell.status != SELLABLE:
                on_hold += quantity
        expired, expires_at = self.expiring(clock or FIRST_TICK, zone_name)
        on_hold += expired
        incoming, comes_at = self.incoming(clock, limits.incoming_days)
        available = on_hand - on_hold - self.reserved
        demand = None if self.windows is None else self.demand(today)
        safety, reorder = self.thresholds(limits, demand)
        out_on = below_on = None
        if today is not None and (demand is not None or available < (safety or 0)):
            out_on, below_on = self.shortages(today, available, safety, demand, zone_name)
        moves_on = None
        if today is None:
            moves_on = FIRST_TICK if available < (safety or 0) else None
        elif demand or out_on or below_on or self.has_demand():
            moves_on = begin_of(today + 1, zone_name)
        cost, value = self.worth(images, on_hand)
        changes = [at for at in (expires_at, comes_at, moves_on) if at is not None]
        day = self.day
        assert self.updated_at is not None  # noqa: S101 an account is opened by an event
        return StockRow(
            *self.key,
            on_hand,
            on_hold,
            self.reserved,
            available,
            self.in_transit,
            incoming,
            on_hand + self.in_transit + incoming - self.reserved,
            safety,
            reorder,
            limits.max_stock,
            water_level(available, on_hand, limits, safety or 0, reorder or 0),
            cost,
            value,
            self.moved_to,
            self.counted_to,
            self.updated_at,
            min(changes) if changes else None,
            self.version,
            None if demand is None else demand.per_day,
            out_on,
            below_on,
            self.first_on,
            self.issued_on,
            None if day is None else day.day,
            0 if day is None else day.closing - day.opening,
            0 if day is None else day.moment,
            0 if day is None else day.issues,
            self.window_row(),
            self.layers,
            self.lead_count,
            self.lead_seconds,
            self.lead_squares,
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

    def worth(self, images: Images, on_hand: int) -> tuple[Decimal | None, Decimal | None]:
        """Return the moving average cost and the stock's value at it.

        Until stock had a cost it is the item's own.
        """
        day = self.day
        if day is not None and day.cost is not None:
            return decimal_of(day.cost, COST_PLACES), value_of(day.cost, on_hand)
        cost = None if images.last is None else images.last.unit_cost
        units = cost_units(cost)
        return cost, None if units is None else value_of(units, on_hand)

    def thresholds(self, limits: Limits, demand: Demand | None) -> tuple[int | None, int | None]:
        """Return safety stock and reorder point: the policy's, else what demand asks for."""
        safety = limits.safety_stock
        if demand is None:
            return safety, safety
        lead = lead_time(
            limits.lead_time_days,
            limits.lead_time_sd_days,
            self.lead_count,
            self.lead_seconds,
            self.lead_squares,
        )
        if lead is None:
            return safety, safety
        if safety is None and limits.service_level is not None:
            safety = safety_stock(limits.service_level, *lead, demand.mean, demand.sd)
        return safety, reorder_point(demand.mean, lead[0], safety or 0)

    def shortages(
        self,
        today: int,
        available: int,
        safety: int | None,
        demand: Demand | None,
        zone_name: str,
    ) -> tuple[int | None, int | None]:
        """Return the first local days on which stock falls below 0 and below the safety stock."""
        day = self.day
        issued = day.issues if day is not None and day.day == today else 0
        profile = NO_DEMAND if demand is None else demand.profile
        receipts = [
            (local_date(row.due_at, zone_name).toordinal(), row.outstanding)
            for row in self.purchases.values()
            if row.due_at is not None
        ]
        for transfer in (self.arriving or {}).values():
            if transfer.due_at is not None and transfer.outstanding > 0:
                due_on = local_date(transfer.due_at, zone_name).toordinal()
                receipts.append((due_on, transfer.outstanding))
        out_on = stock_out_on(today, available, profile, issued, receipts)
        if not safety:
            return out_on, None
        return out_on, stock_out_on(today, available, profile, issued, receipts, safety)


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
