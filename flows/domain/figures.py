"""The figures of one (warehouse, sku): what follows from its state, the policies and the clock."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

from flows.domain.accounts import SELLABLE, Account
from flows.domain.calendar import local_date, midnight
from flows.domain.days import begin_of
from flows.domain.demand import Demand
from flows.domain.fixed import COST_PLACES, PLACES, cost_units, decimal_of
from flows.domain.levels import water_level
from flows.domain.master import Limits
from flows.domain.planning import lead_time, reorder_point, safety_stock, stock_out_on
from flows.domain.prices import Images
from flows.domain.rows import StockRow

_CENTS = 10**COST_PLACES
NO_DEMAND = (0,) * 7
FIRST_TICK = datetime(1970, 1, 1, tzinfo=UTC)
"""Until the first tick nothing has expired and all that is dated is due with that tick."""


def figures_of(
    account: Account,
    images: Images,
    clock: datetime | None,
    zone_name: str,
    today: int | None,
) -> StockRow:
    """Return the row of table stock_figures as of `clock`, the latest tick, and its day."""
    limits = account.limits
    assert limits is not None  # noqa: S101 the state sets them before it asks
    expires_at = _expiring(account, clock or FIRST_TICK, zone_name)
    on_hand, on_hold = account.on_hand, account.on_hold
    coming, comes_at = incoming(account, clock, limits.incoming_days)
    available = on_hand - on_hold - account.reserved
    demand = None if account.windows is None else account.demand(today)
    spread = None if demand is None else (demand.mean, demand.sd)
    safety, reorder = thresholds(account, limits, spread)
    out_on = below_on = moves_on = None
    short = available < (safety or 0)
    if today is None:
        moves_on = FIRST_TICK if short else None
    else:
        if demand is not None or short:
            out_on, below_on = _shortages(
                account,
                today=today,
                available=available,
                safety=safety,
                demand=demand,
                zone_name=zone_name,
            )
        if demand or out_on or below_on or account.has_demand():
            moves_on = begin_of(today + 1, zone_name)
    cost, value = _worth(account, images, on_hand)
    changes = [at for at in (expires_at, comes_at, moves_on) if at is not None]
    assert account.updated_at is not None  # noqa: S101 an account is opened by an event
    day, day_net, day_moment, day_issues = _last_day(account)
    return StockRow(
        *account.key, on_hand, on_hold, account.reserved, available, account.in_transit, coming,
        on_hand + account.in_transit + coming - account.reserved, safety, reorder,
        limits.max_stock,
        water_level(available, on_hand, limits, safety or 0, reorder or 0), cost, value,
        account.moved_to, account.counted_to, account.updated_at,
        min(changes) if changes else None, account.version,
        None if demand is None else demand.per_day, out_on, below_on,
        account.first_on, account.issued_on, day, day_net, day_moment, day_issues,
        account.window_row(), account.layers,
        account.lead_count, account.lead_seconds, account.lead_squares,
    )  # fmt: skip


def _last_day(account: Account) -> tuple[int | None, int, int, int]:
    """Return the last day on which something moved, its net, moment and issues."""
    day = account.day
    if day is None:
        return None, 0, 0, 0
    return day.day, day.closing - day.opening, day.moment, day.issues


def _expiring(account: Account, clock: datetime, zone_name: str) -> datetime | None:
    """Count what has expired as held; return the instant at which more will be."""
    ends: date | None = None
    today: date | None = None
    for lot, row in account.lots.items():
        if row.expires_on is None:
            continue
        today = today or local_date(clock, zone_name)
        soonest = row.expires_on >= today and (ends is None or row.expires_on < ends)
        if soonest and any(
            n and c.lot == lot and c.status == SELLABLE for c, n in account.cells.items()
        ):
            ends = row.expires_on
    if today is not None or account.past:
        account.recount(today or local_date(clock, zone_name))
    if ends is None or ends == date.max:
        return None
    return midnight(ends + timedelta(days=1), zone_name)


def incoming(
    account: Account, clock: datetime | None, days: Decimal
) -> tuple[int, datetime | None]:
    """Return open purchase quantity due inside the horizon, and when more comes inside."""
    if not account.purchases:
        return 0, None
    horizon = timedelta(days=float(days))
    inside, later = 0, None
    for row in account.purchases.values():
        due_at = row.due_at
        if clock is None or due_at is None or due_at <= clock + horizon:
            inside += row.outstanding
        if due_at is not None and (clock is None or due_at > clock + horizon):
            later = due_at if later is None else min(later, due_at)
    if later is None:
        return inside, None
    return inside, FIRST_TICK if clock is None else later - horizon


def due_inside(account: Account, clock: datetime | None, days: Decimal) -> int:
    """Return how many open purchase lines are due inside the horizon."""
    if not account.purchases:
        return 0
    last = None if clock is None else clock + timedelta(days=float(days))
    lines = account.purchases.values()
    return sum([last is None or row.due_at is None or row.due_at <= last for row in lines])


def _worth(account: Account, images: Images, on_hand: int) -> tuple[Decimal | None, Decimal | None]:
    """Return the moving average cost and the stock's value at it.

    Until stock had a cost it is the item's own.
    """
    day = account.day
    if day is not None and day.cost is not None:
        return decimal_of(day.cost, COST_PLACES), value_of(day.cost, on_hand)
    cost = None if images.last is None else images.last.unit_cost
    units = cost_units(cost)
    return cost, None if units is None else value_of(units, on_hand)


def thresholds(
    account: Account, limits: Limits, demand: tuple[float, float] | None
) -> tuple[int | None, int | None]:
    """Return safety stock and reorder point: the policy's, else what demand asks for.

    `demand` is mean and deviation per day.
    """
    safety = limits.safety_stock
    if demand is None:
        return safety, safety
    lead = lead_time(
        limits.lead_time_days,
        limits.lead_time_sd_days,
        account.lead_count,
        account.lead_seconds,
        account.lead_squares,
    )
    if lead is None:
        return safety, safety
    if safety is None and limits.service_level is not None:
        safety = safety_stock(limits.service_level, *lead, *demand)
    return safety, reorder_point(demand[0], lead[0], safety or 0)


def _shortages(
    account: Account,
    *,
    today: int,
    available: int,
    safety: int | None,
    demand: Demand | None,
    zone_name: str,
) -> tuple[int | None, int | None]:
    """Return the first local days on which stock falls below 0 and below the safety stock.

    They are looked for from today on, or from the last movement's day if that is later.
    """
    day, issued = account.day, 0
    if day is not None and day.day >= today:  # the clock may be a moment behind at midnight
        today, issued = day.day, day.issues
    profile = NO_DEMAND if demand is None else demand.profile
    receipts = [
        (local_date(row.due_at, zone_name).toordinal(), row.outstanding)
        for row in account.purchases.values()
        if row.due_at is not None
    ]
    for transfer in (account.arriving or {}).values():
        if transfer.due_at is not None and transfer.outstanding > 0:
            due_on = local_date(transfer.due_at, zone_name).toordinal()
            receipts.append((due_on, transfer.outstanding))
    out_on = stock_out_on(today, available, profile, issued, receipts)
    if not safety:
        return out_on, None
    return out_on, stock_out_on(today, available, profile, issued, receipts, safety)


def value_of(cost: int, units: int) -> Decimal:
    """Return the value of stock, to four decimals, half to even; `cost` is in 10⁻¹²."""
    whole, rest = divmod(cost * units, _CENTS)
    if 2 * rest > _CENTS or (2 * rest == _CENTS and whole % 2):
        whole += 1
    return decimal_of(whole, PLACES)
