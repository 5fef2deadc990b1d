"""The slow, obvious model of days, windows, demand, cost and layers, a part of `reference.py`.

Enters: what one (warehouse, sku) did, instant by instant, from the whole set. Leaves: rows of
stock_daily and the figures that follow. Every number is a Fraction in base units, currency and µs;
only what the contract floors is floored: a cost at 10⁻¹², a demand per day at 10⁻⁸.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from fractions import Fraction
from math import ceil
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from flows.domain import events as ev
from tests.reference_leads import sums
from tests.reference_plans import (
    Demand,
    demand_of,
    first_short,
    floored,
    mean_lead,
    safety_of,
    spread_lead,
)

if TYPE_CHECKING:
    from collections.abc import Iterable

    from tests.reference import Reference

    Row = dict[str, Any]

NIL = Fraction(0)
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MICROSECOND = timedelta(microseconds=1)
WINDOWS = (7, 30, 90, 365)
ONE_DAY = timedelta(days=1)


@dataclass
class Instant:
    """What happened at one time, then how things stood after it."""

    at: datetime
    net: Fraction = NIL
    inbound: Fraction = NIL
    outbound: Fraction = NIL
    returned: Fraction = NIL
    receipts: list[tuple[Fraction, Fraction]] = field(default_factory=list)
    """Quantity and cost of what came in at a known cost of its own."""
    level: Fraction = NIL
    cost: Fraction | None = None
    value: Fraction = NIL
    value_net: Fraction = NIL

    @property
    def issues(self) -> Fraction:
        """What was sold, less what customers brought back."""
        return self.outbound - self.returned

    @property
    def micros(self) -> int:
        """The time in µs since 1970."""
        return (self.at - EPOCH) // MICROSECOND

    @property
    def happened(self) -> bool:
        """Tell whether anything is left of it."""
        return bool(self.net or self.inbound or self.outbound or self.issues or self.receipts)


def price(images: list[ev.Item], at: datetime) -> Fraction | None:
    """Return what the item cost at a time; `images` are in the order of effect."""
    costed = [image for image in images if image.unit_cost is not None]
    earlier = [image for image in costed if image.occurred_at <= at]
    for image in [*reversed(earlier), *costed]:
        return Fraction(image.unit_cost)
    return None


def instants(
    nets: dict[datetime, Fraction], moves: Iterable[ev.Movement], images: list[ev.Item]
) -> list[Instant]:
    """Return all instants at which something happened, in order, with what they led to."""
    found = {at: Instant(at, net) for at, net in nets.items()}
    for event in moves:
        now = found.setdefault(event.occurred_at, Instant(event.occurred_at))
        quantity = Fraction(event.quantity)
        if isinstance(event, ev.Inbound):
            now.inbound += quantity
        elif isinstance(event, ev.Outbound):
            now.outbound += quantity
        elif isinstance(event, ev.Return) and event.direction != "supplier":
            now.returned += quantity
        if isinstance(event, ev.Inbound | ev.TransferIn):
            cost = price(images, event.occurred_at)
            cost = cost if event.unit_cost is None else Fraction(event.unit_cost)
            if cost is not None:
                now.receipts.append((quantity, cost))
    level, value, average = NIL, NIL, None
    happened = [found[at] for at in sorted(found) if found[at].happened]
    for now in happened:
        average = moving_average(average, level, now, price(images, now.at))
        level += now.net
        now.level, now.cost, now.value = level, average, level * (average or NIL)
        now.value_net = now.value - value
        value = now.value
    return happened


def moving_average(
    known: Fraction | None, level: Fraction, now: Instant, listed: Fraction | None
) -> Fraction | None:
    """Return the cost of a base unit after an instant: what lay there and what came, mixed.

    Stock below zero has nothing to mix. Stock that never had a cost takes the item's when it grows.
    """
    if not now.receipts:
        return listed if known is None and now.net > 0 else known
    lying = [(level, known)] if known is not None and level > 0 else []
    mixed = [*lying, *now.receipts]
    paid = sum((quantity * cost for quantity, cost in mixed), NIL)
    return floored(paid / sum(quantity for quantity, _ in mixed), 12)


class History:
    """The days of one (warehouse, sku)."""

    def __init__(self, steps: list[Instant], zone: str) -> None:
        """Sort the instants into local days."""
        self.steps = steps
        self.zone = ZoneInfo(zone)
        self.by_day: dict[date, list[Instant]] = defaultdict(list)
        for step in steps:
            self.by_day[self.local(step.at)].append(step)

    def local(self, at: datetime) -> date:
        """Return the local day of a time."""
        return at.astimezone(self.zone).date()

    def begin(self, day: date) -> datetime:
        """Return when a local day begins."""
        return datetime.combine(day, time(), self.zone).astimezone(UTC)

    def rows(self) -> dict[date, Row]:
        """Return the rows of stock_daily by day."""
        rows = {}
        level = NIL
        for day in sorted(self.by_day):
            rows[day] = self._row(day, level)
            level = rows[day]["closing"]
        return rows

    def _row(self, day: date, opening: Fraction) -> Row:
        steps = self.by_day[day]
        levels = [opening, *(step.level for step in steps)]
        edges = [self.begin(day), *(step.at for step in steps), self.begin(day + ONE_DAY)]
        spans = zip(levels, edges, edges[1:], strict=False)
        sums = {
            name: sum((getattr(step, name) for step in steps), NIL)
            for name in ("inbound", "outbound", "issues", "value_net")
        }
        return {
            **sums,
            "opening": opening,
            "closing": levels[-1],
            "other": levels[-1] - opening - sums["inbound"] + sums["outbound"],
            "area": sum((level * ((b - a) // MICROSECOND) for level, a, b in spans), NIL),
            "moment": sum((step.net * step.micros for step in steps), NIL),
            "low": min(levels),
            "high": max(levels),
            "received": sum((max(step.net, NIL) for step in steps), NIL),
            "cost": steps[-1].cost,
            "value": steps[-1].value,
            "issue_cost": sum((step.issues * (step.cost or NIL) for step in steps), NIL),
            "value_moment": sum((step.value_net * step.micros for step in steps), NIL),
        }

    def window(self, days: int, today: date) -> tuple[Fraction, Fraction, Fraction]:
        """Return net, Σ quantity × time and issues of a window's closed days; it ends today."""
        inside = [
            step for step in self.steps if today - days * ONE_DAY < self.local(step.at) < today
        ]
        return (
            sum((step.net for step in inside), NIL),
            sum((step.net * step.micros for step in inside), NIL),
            sum((step.issues for step in inside), NIL),
        )

    def issues_on(self, day: date) -> Fraction:
        """Return the issues of one day."""
        return sum((step.issues for step in self.by_day.get(day, ())), NIL)

    def layers(self) -> list[tuple[date, Fraction]]:
        """Return what is left of each day's receipts when the oldest leaves first."""
        queue: list[tuple[date, Fraction]] = []
        owed = NIL
        for step in self.steps:
            if step.net > 0:
                queue.append((self.local(step.at), step.net))
            else:
                owed -= step.net
            while queue and owed > 0:
                day, quantity = queue.pop(0)
                taken = min(quantity, owed)
                owed -= taken
                if quantity > taken:
                    queue.insert(0, (day, quantity - taken))
        left: dict[date, Fraction] = defaultdict(Fraction)
        for day, quantity in queue:
            left[day] += quantity
        return sorted(left.items())


class Books:
    """The tables of days, and the figures that follow from them, of a whole set of events."""

    def __init__(self, model: Reference) -> None:
        """Work out the history of every account."""
        self.model = model
        self.clock = model.clock
        nets: dict[Any, Any] = defaultdict(lambda: defaultdict(Fraction))
        for (at, *cell), quantity in model.movements().items():
            nets[cell[0], cell[1]][at] += Fraction(quantity)
        moves = defaultdict(list)
        for event in model.of(ev.Movement):
            moves[event.warehouse, event.sku].append(event)
        self.images = defaultdict(list)
        for image in model.of(ev.Item):
            self.images[image.sku].append(image)
        self.histories = {
            pair: History(
                instants(nets[pair], moves[pair], self.images[pair[1]]), model.zone_of(pair[0])
            )
            for pair in sorted(model.named())
        }

    def today(self, warehouse: str) -> date | None:
        """Return the clock's local day."""
        if self.clock is None:
            return None
        return self.clock.astimezone(ZoneInfo(self.model.zone_of(warehouse))).date()

    def stock_daily(self) -> dict[tuple[Any, ...], Row]:
        """Return a row for each local day on which something moved."""
        return {
            (*pair, day): row
            for pair, history in self.histories.items()
            for day, row in history.rows().items()
        }

    def turnover_daily(self) -> dict[tuple[Any, ...], Row]:
        """Return the sums of each category's days."""
        names = ("issues", "issue_cost", "net", "moment", "value_net", "value_moment")
        sums: dict[tuple[Any, ...], Row] = defaultdict(lambda: dict.fromkeys(names, NIL))
        for (warehouse, sku, day), row in self.stock_daily().items():
            image = self.model.items.get(sku)
            total = sums[warehouse, (image and image.category) or "", day]
            for name, more in {**row, "net": row["closing"] - row["opening"]}.items():
                if name in total:
                    total[name] += more
        return dict(sums)

    def demand_daily(self) -> dict[tuple[Any, ...], Fraction]:
        """Return the issues of closed days."""
        return {
            (*pair, day): issues
            for pair, history in self.histories.items()
            for day in history.by_day
            if (today := self.today(pair[0])) and day < today
            if (issues := history.issues_on(day))
        }

    def demand(self, pair: tuple[str, str]) -> Demand | None:
        """Return the demand of an account."""
        today = self.today(pair[0])
        return None if today is None else demand_of(self.histories[pair], today)

    def unit_cost(self, pair: tuple[str, str]) -> Fraction | None:
        """Return the moving average cost, the item's as long as stock never had one."""
        steps = self.histories[pair].steps
        if steps and steps[-1].cost is not None:
            return steps[-1].cost
        image = self.model.items.get(pair[1])
        return None if image is None or image.unit_cost is None else Fraction(image.unit_cost)

    def thresholds(self, pair: tuple[str, str]) -> tuple[Fraction | None, Fraction | None]:
        """Return safety stock and reorder point."""
        return thresholds(self.model, pair, self.demand(pair))

    def receipts(self, pair: tuple[str, str]) -> dict[date, Fraction]:
        """Return by local day what purchases and transfers plan to bring."""
        local = self.histories[pair].local
        found: dict[date, Fraction] = defaultdict(Fraction)
        for (warehouse, _, _, sku), row in self.model.purchases.items():
            if (warehouse, sku) == pair and row["due_at"] is not None and row["state"] == "open":
                owed = max(row["ordered"] - row["shipped"] - row["cancelled"], 0)
                found[local(row["due_at"])] += Fraction(owed)
        for (name, sku, here, there), row in self.model.transfers.items():
            coming = row["shipped"] - row["received"] - row["lost"]
            due = [
                event.due_at
                for event in self.model.of(ev.TransferOut)
                if (event.document or "", event.sku) == (name, sku)
                and (event.warehouse, event.counterpart) == (here, there)
                and event.due_at is not None
            ]
            if (there, sku) == pair and due and coming > 0:
                found[local(max(due))] += Fraction(coming)
        return found

    def shortages(self, pair: tuple[str, str], available: Any) -> tuple[date | None, date | None]:
        """Return the days on which stock falls below 0 and below the safety stock."""
        today = self.today(pair[0])
        if today is None:
            return None, None
        history = self.histories[pair]
        # stock was heard of last on a later day when the clock is behind
        today = max([today, *history.by_day])
        issued = max(history.issues_on(today), NIL)
        plan = (today, Fraction(available), self.demand(pair), issued, self.receipts(pair))
        safety, _ = self.thresholds(pair)
        return first_short(*plan, NIL), first_short(*plan, safety) if safety else None

    def figures(self, pair: tuple[str, str], available: Any) -> Row:
        """Return what table stock_figures says of time."""
        history, today, demand = self.histories[pair], self.today(pair[0]), self.demand(pair)
        last = max(history.by_day, default=None)
        row = history.rows()[last] if last else defaultdict(Fraction)
        windows = [history.window(n, today) for n in WINDOWS] if today else []
        recent = [history.issues_on(today - n * ONE_DAY) for n in range(28, 0, -1)] if today else []
        out_on, below_on = self.shortages(pair, available)
        return {
            "demand_per_day": None if demand is None else floored(demand.per_day, 8),
            "stock_out_on": out_on,
            "below_safety_on": below_on,
            "first_on": min(history.by_day, default=None),
            "issued_on": max((d for d, r in history.rows().items() if r["outbound"]), default=None),
            "day": last,
            "day_net": row["closing"] - row["opening"],
            "day_moment": row["moment"],
            "day_issues": row["issues"],
            "windows": windows if any(map(any, windows)) else None,
            "recent": recent if any(recent) else None,
            "layers": history.layers(),
        }


def thresholds(
    model: Reference, pair: tuple[str, str], demand: Demand | None
) -> tuple[Fraction | None, Fraction | None]:
    """Return safety stock and reorder point of an account with that demand."""
    names = ("safety_stock", "service_level", "lead_time_days", "lead_time_sd_days")
    values = [model.policy(name, *pair) for name in names]
    safety, level, lead, lead_sd = [None if v is None else Fraction(v) for v in values]
    measured = sums(model.purchases, *pair)
    lead = mean_lead(measured) if lead is None else lead
    lead_sd = spread_lead(measured) if lead_sd is None else lead_sd
    if demand is None or lead is None:
        return safety, safety
    if safety is None and level is not None:
        safety = safety_of(level, lead, lead_sd, demand)
    needed = Fraction(ceil(round(demand.per_day * lead * 10_000, 6)), 10_000)
    return safety, needed + (safety or NIL)
