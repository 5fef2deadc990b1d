"""The days of one (warehouse, sku): what moved on each local day, what lay there, what it cost.

Enters: the day before and rows of the ledger in any order, all rows of each instant among them.
Leaves: one `Day` for each local day on which something moved. Rows are netted by instant first, so
days are a function of the set of events: what a cancel takes back leaves no trace, a bin move none
either. Between two instants the stock holds, so areas are exact.

Units: quantities 1/10000, costs 10⁻¹² of the currency per base unit, values 10⁻¹⁶, times µs since
1970; `moment` is Σ quantity × time, from which the area under the stock of any window follows.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from copy import copy
from datetime import date, datetime
from functools import lru_cache
from typing import NamedTuple, Protocol

from msgspec import Struct

from flows.domain.calendar import local_date, midnight

RECEIVED = frozenset({"inbound", "transfer_in"})
"""What brings goods at a cost of their own; a gain or a return comes in at the average."""


class Posted(Protocol):
    """A row of the ledger, as far as days need it; `unit_cost` is what the receipt states."""

    @property
    def at(self) -> datetime:
        """When it happened."""
        ...

    @property
    def event_id(self) -> str:
        """The event that it belongs to."""
        ...

    @property
    def type(self) -> str:
        """The kind of movement."""
        ...

    @property
    def quantity(self) -> int:
        """In 1/10000 units, signed."""
        ...

    @property
    def correction(self) -> bool:
        """Whether it undoes or corrects an earlier row."""
        ...

    @property
    def unit_cost(self) -> int | None:
        """What the receipt states that it cost."""
        ...


class Booked(NamedTuple):
    """A row of the ledger that comes back from the store."""

    at: datetime
    event_id: str
    type: str
    quantity: int
    correction: bool
    unit_cost: int | None


Price = Callable[[datetime], int | None]
"""What the item cost at a time, where a receipt does not say."""


class Day(Struct, gc=False):
    """One local day (table stock_daily); `cost` and `value` as it ended."""

    day: int
    opening: int
    inbound: int = 0
    outbound: int = 0
    issues: int = 0
    other: int = 0
    moment: int = 0
    low: int = 0
    high: int = 0
    received: int = 0
    cost: int | None = None
    issue_cost: int = 0
    value: int = 0
    value_net: int = 0
    value_moment: int = 0
    area: int = 0
    """∫ stock dt over the whole day, in 1/10000 units × µs; after the last movement it holds."""

    @property
    def closing(self) -> int:
        """Stock when the day ended."""
        return self.opening + self.inbound - self.outbound + self.other


@lru_cache(maxsize=16_384)
def bounds(ordinal: int, zone: str) -> tuple[int, int]:
    """Return the instants at which a local day begins and ends, in µs since 1970."""
    start = midnight(date.fromordinal(ordinal), zone)
    end = midnight(date.fromordinal(ordinal + 1), zone)
    return micros(start), micros(end)


def begin_of(ordinal: int, zone: str) -> datetime:
    """Return the instant at which a local day begins."""
    return midnight(date.fromordinal(ordinal), zone)


def micros(at: datetime) -> int:
    """Return an instant in µs since 1970; a double holds those of these centuries exactly."""
    return round(at.timestamp() * 1_000_000)


class Instant:
    """What all rows of one instant come to."""

    __slots__ = ("at", "inbound", "issues", "net", "outbound", "paid", "received")

    def __init__(self, at: datetime) -> None:
        """Begin with nothing."""
        self.at = at
        self.net = self.inbound = self.outbound = self.issues = self.received = self.paid = 0

    def add(self, row: Posted, price: Price, customers: dict[str, bool]) -> None:
        """Take a row in; `customers` tells which returns came from a customer."""
        quantity, kind = row.quantity, row.type
        self.net += quantity
        if kind == "outbound":
            self.outbound -= quantity
            self.issues -= quantity
        elif kind in RECEIVED:
            if kind == "inbound":
                self.inbound += quantity
            cost = row.unit_cost
            if cost is None:
                cost = price(row.at)
            if cost is not None:
                self.received += quantity
                self.paid += quantity * cost
        elif kind == "return" and customers.get(row.event_id, quantity > 0):
            self.issues -= quantity

    @property
    def empty(self) -> bool:
        """Tell whether nothing is left of it."""
        return not (self.net or self.inbound or self.outbound or self.issues or self.received)


def instants(rows: Sequence[Posted], price: Price) -> list[Instant]:
    """Return what each instant comes to, in order."""
    if len(rows) == 1:  # as most of them are
        instant = Instant(rows[0].at)
        instant.add(rows[0], price, {})
        return [] if instant.empty else [instant]
    customers = {
        row.event_id: row.quantity > 0
        for row in rows
        if row.type == "return" and not row.correction
    }
    found: list[Instant] = []
    now: Instant | None = None
    for row in sorted(rows, key=_at):
        if now is None or row.at != now.at:
            now = Instant(row.at)
            found.append(now)
        now.add(row, price, customers)
    return [instant for instant in found if not instant.empty]


def _at(row: Posted) -> datetime:
    return row.at


def advance(base: Day | None, rows: Sequence[Posted], zone: str, price: Price) -> list[Day]:
    """Return the days that `rows`, all after the last instant of `base`, change or add.

    The first of them is `base` gone on with, where rows fall on it; `base` itself is not changed.
    """
    days: list[Day] = []
    day = base
    start = end = 0
    if day is not None:
        start, end = bounds(day.day, zone)
    for instant in instants(rows, price):
        at = micros(instant.at)
        if day is None or at >= end:
            if days:
                measure(days[-1], start, end)
            ordinal = local_date(instant.at, zone).toordinal()
            start, end = bounds(ordinal, zone)
            day = _next(ordinal, day)
            days.append(day)
        elif not days:
            day = copy(day)
            days.append(day)
        _step(day, instant, at, price)
    if days:
        measure(days[-1], start, end)
    return days


def measure(day: Day, start: int, end: int) -> None:
    """Set the area of a day that begins and ends at these instants, in µs since 1970."""
    closing = day.closing
    day.area = closing * (end - start) - (day.moment - start * (closing - day.opening))


def _next(ordinal: int, before: Day | None) -> Day:
    if before is None:
        return Day(ordinal, 0)
    closing = before.closing
    return Day(ordinal, closing, low=closing, high=closing, cost=before.cost, value=before.value)


def _step(day: Day, instant: Instant, at: int, price: Price) -> None:
    net = instant.net
    before = day.closing
    after = before + net
    cost = day.cost
    if instant.received > 0:
        kept = before if before > 0 and cost is not None else 0
        cost = (kept * (cost or 0) + instant.paid) // (kept + instant.received)
    elif cost is None and net > 0:
        cost = price(instant.at)
    day.inbound += instant.inbound
    day.outbound += instant.outbound
    day.issues += instant.issues
    day.other += net - instant.inbound + instant.outbound
    day.moment += net * at
    if after < day.low:
        day.low = after
    elif after > day.high:
        day.high = after
    if net > 0:
        day.received += net
    if cost is not None:
        value = after * cost
        change = value - day.value
        day.cost, day.value = cost, value
        day.issue_cost += instant.issues * cost
        day.value_net += change
        day.value_moment += change * at
