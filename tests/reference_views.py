"""What the slow model of alerts looks at: all figures of the log's beginning, from the definitions.

Enters: the distinct events up to a place in the log, and the demand per account as it was known at
the last tick before it. Leaves: quantities and thresholds as exact numbers in base units.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from fractions import Fraction
from functools import cached_property
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from flows.domain import events as ev
from tests.reference import ZERO, Reference, covers, effects, listed
from tests.reference_days import thresholds
from tests.reference_lines import owed

if TYPE_CHECKING:
    from tests.reference_plans import Demand

    Pair = tuple[str, str]

DEFAULTS = {
    "red_below": "0.10",
    "near_expiry_days": "15",
    "overweight_warning_kg": "0",
    "overweight_critical_kg": "50",
    "transfer_grace_minutes": "0",
    "stock_out_horizon_days": "7",
    "dead_stock_days": "90",
    "shrinkage_tolerance": "0",
    "unexplained_value": "1000",
    "auto_replenishment_value": "0",
    "auto_rebalance_value": "0",
}
"""What holds where no policy says anything; clearance and expedite have no limit."""


@dataclass
class Figures:
    """One (warehouse, sku) now; an unknown safety stock counts as 0."""

    on_hand: Decimal
    reserved: Decimal
    available: Decimal
    projected: Decimal
    safety: Fraction
    reorder: Fraction | None
    lives: bool
    """Something ever moved, or is asked for."""


class View:
    """The world after some events."""

    def __init__(self, events: list[ev.Event], demands: dict[Pair, Demand | None]) -> None:
        """Work out the tables; `demands` are those of the last tick."""
        self.model = Reference(events)
        self.demands = demands
        self.effective = {event.event_id: event for event in self.model.effective}
        self._figures: dict[Pair, Figures] = {}

    def policy(self, name: str, warehouse: str, sku: str = "") -> Decimal | None:
        """Return the field of the most specific scope that sets it, else its default."""
        value = self.model.policy(name, warehouse, sku)
        if value is None and name in DEFAULTS:
            return Decimal(DEFAULTS[name])
        return value

    def figures(self, pair: Pair) -> Figures:
        """Return the figures of an account."""
        if pair not in self._figures:
            row = self.model.quantities(*pair)
            safety, reorder = thresholds(self.model, pair, self.demands.get(pair))
            self._figures[pair] = Figures(
                row["on_hand"],
                row["reserved"],
                row["available"],
                row["projected"],
                safety or Fraction(0),
                reorder,
                row["reserved"] > 0 or self._moved(pair),
            )
        return self._figures[pair]

    def _moved(self, pair: Pair) -> bool:
        """Tell whether anything ever named a cell of the account, taken back or not."""
        return any(
            any(cell[:2] == pair for cell, _ in effects(event))
            or (isinstance(event, ev.Stocktake) and (event.warehouse, event.sku) == pair)
            for event in self.model.all
        )

    @cached_property
    def pairs(self) -> list[Pair]:
        """Every (warehouse, sku) that anything was said of."""
        proposed = self.model.of(ev.Proposal, self.model.all)
        return sorted({*self.model.named(), *((event.warehouse, event.sku) for event in proposed)})

    def zone(self, pair: Pair) -> str:
        """Return the time zone by which an account has its days."""
        return self.model.zone_of(pair[0])

    def reserved(self, pair: Pair) -> Decimal:
        """Return what open orders still ask for."""
        return owed(self.model.orders, *pair)

    @cached_property
    def cells(self) -> dict[tuple[str, ...], Decimal]:
        """What each cell holds."""
        return {cell: self.model.on_hand(cell) for cell in self.model.cells()}

    def lot(self, warehouse: str, sku: str, lot: str) -> Decimal:
        """Return what there is of a lot, in every bin and status."""
        here = (warehouse, sku, lot)
        return sum((held for cell, held in self.cells.items() if cell[:3] == here), ZERO)

    def is_short(self, warehouse: str, sku: str, lot: str, place: str) -> bool:
        """Tell whether a bin holds less than nothing of a lot though the warehouse has the SKU."""
        here = (warehouse, sku, lot, place)
        below = any(cell[:4] == here and held < 0 for cell, held in self.cells.items())
        return bool(place) and below and self.figures((warehouse, sku)).on_hand >= 0

    def today(self, warehouse: str) -> date | None:
        """Return the local day of the clock."""
        clock = self.model.clock
        zone = ZoneInfo(self.model.zone_of(warehouse))
        return None if clock is None else clock.astimezone(zone).date()

    def days_to_expiry(self, warehouse: str, sku: str, lot: str) -> int | None:
        """Return how many days a lot has left, below 0 when its date has passed."""
        expires_on, today = self.model.dates.get((warehouse, sku, lot)), self.today(warehouse)
        return None if expires_on is None or today is None else (expires_on - today).days

    def on_the_way(self, to: str, sku: str, document: str) -> list[datetime]:
        """Return when what is on its way under a document is due, an entry per transfer."""
        found = []
        for (name, moved, source, there), row in self.model.transfers.items():
            coming = row["shipped"] - row["received"] - row["lost"]
            if (name, moved, there) == (document, sku, to) and coming > 0:
                due = [
                    event.due_at
                    for event in self.model.of(ev.TransferOut)
                    if (event.document or "", event.sku) == (document, sku)
                    and (event.warehouse, event.counterpart) == (source, to)
                    and event.due_at is not None
                ]
                found += [max(due)] if due else []
        return found

    def overweight(self, warehouse: str, place: str) -> Decimal | None:
        """Return by how many kg a bin is above its limit, None without a limit."""
        images = self.model.of(ev.Bin)
        limits = [b.max_weight for b in images if (b.warehouse, b.bin) == (warehouse, place)]
        if not limits or not limits[-1]:
            return None
        used = ZERO
        for (house, sku, _, where, _), held in self.cells.items():
            image = self.model.items.get(sku)
            if (house, where) == (warehouse, place) and image is not None:
                used += held * (image.unit_weight or ZERO)
        return used - limits[-1]

    @cached_property
    def missing(self) -> dict[tuple[str, str, str, str, str], tuple[Decimal, Decimal]]:
        """What each count found less than the book, and the book.

        The key is (warehouse, sku, lot, bin, event_id of the count); what lies in several lots or
        bins is added up, and the key has neither where the count does not name one.
        """
        found = {}
        for count in self.model.of(ev.Stocktake):
            lines = listed(count)
            cells = [cell for cell in {*self.model.cells(), *lines} if covers(count, cell)]
            book = sum((self._book(count, cell) for cell in cells), ZERO)
            lot, place = "", count.to_bin or ""
            if count.scope in (None, "lot") and len(lines) == 1:
                [(_, _, lot, place, _)] = lines
            key = (count.warehouse, count.sku, lot, place, count.event_id)
            found[key] = (book - sum(lines.values()), book)
        return found

    def _book(self, count: ev.Stocktake, cell: Any) -> Decimal:
        """Return what the book said of a cell just before the count."""
        total = ZERO
        for event in self.model.effective:
            if event is count:
                break
            if isinstance(event, ev.Stocktake) and covers(event, cell):
                total = listed(event).get(cell, ZERO)
            total += sum((delta for where, delta in effects(event) if where == cell), ZERO)
        return total

    @cached_property
    def scanned(self) -> dict[tuple[str, str, str], Decimal]:
        """What the outbound scans of a (warehouse, order, sku) add up to."""
        sums: dict[Any, Decimal] = defaultdict(Decimal)
        for scan in self.model.of(ev.Outbound):
            if scan.order_id:
                sums[scan.warehouse, scan.order_id, scan.sku] += scan.quantity
        return sums

    def lines(self, warehouse: str, order_id: str) -> list[dict[str, Any]]:
        """Return the lines of an order."""
        rows = self.model.orders.values()
        return [row for row in rows if (row["warehouse"], row["order_id"]) == (warehouse, order_id)]

    def is_precious(self, sku: str) -> bool:
        """Tell whether goods are of high value."""
        image = self.model.items.get(sku)
        return bool(image and image.high_value)

    def unit_cost(self, sku: str) -> Decimal | None:
        """Return what the item costs."""
        image = self.model.items.get(sku)
        return image.unit_cost if image else None
