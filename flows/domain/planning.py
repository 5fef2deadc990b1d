"""Planning of one (warehouse, SKU): lead time, safety stock, reorder point, predicted stock-out.

Numbers in, numbers out. Quantities are in 1/10000 units (per day where they are demand), lead times
in days, dates are ordinals (`date.toordinal`) of the warehouse's own calendar. Nothing here fails
on what the fold can hold.
"""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from math import ceil, sqrt
from statistics import NormalDist

DAY_SECONDS = 86_400
HORIZON_DAYS = 365
"""How far ahead a stock-out is looked for: today and the 365 days after it."""
_STANDARD = NormalDist()
_NOISE = 6
"""Digits kept before rounding up, so that the last bit of a float does not add a unit."""

Number = int | float | Decimal


def lead_time(
    policy_days: Number | None,
    policy_sd: Number | None,
    count: int,
    seconds: int,
    squares: int,
) -> tuple[float, float] | None:
    """Return (days, standard deviation in days) of the supply, None when nothing is known.

    Each is the policy's where it sets it, else measured: `count` complete purchase lines that took
    `seconds` together, `squares` being the sum of their squares. The deviation is the sample's
    (n − 1), 0 below two lines.
    """
    if policy_days is not None:
        days = float(policy_days)
    elif count > 0:
        days = seconds / count / DAY_SECONDS
    else:
        return None
    if policy_sd is not None:
        return days, float(policy_sd)
    if count < 2:  # noqa: PLR2004 a sample of one does not vary
        return days, 0.0
    spread = max(count * squares - seconds * seconds, 0)  # exact: no cancellation of floats
    return days, sqrt(spread / (count * (count - 1))) / DAY_SECONDS


def safety_stock(
    service_level: Number,
    lead_days: Number,
    lead_sd: Number,
    demand_mean: Number,
    demand_sd: Number,
) -> int:
    """Return z·√(LT·σ_d² + d̄²·σ_LT²), rounded up, never below 0.

    z is the normal quantile of `service_level`, the chance not to run out within a lead time, as a
    share (0.95) or in percent (95), both ends excluded. Under the root is the variance of a sum of
    days whose number varies, too (law of total variance).
    """
    share = float(service_level)
    z = _STANDARD.inv_cdf(share / 100 if share > 1 else share)
    if z <= 0:
        return 0
    demand = float(lead_days) * float(demand_sd) ** 2
    supply = (float(demand_mean) * float(lead_sd)) ** 2
    return _up(z * sqrt(demand + supply))


def reorder_point(demand_per_day: Number, lead_days: Number, safety: int) -> int:
    """Return demand per day × lead time, rounded up, + `safety`; negative demand counts as 0."""
    return max(_up(float(demand_per_day) * float(lead_days)), 0) + safety


def stock_out_on(  # noqa: PLR0917 in the order of the definition
    today: int,
    base: int,
    profile: Sequence[int],
    issued_today: int,
    receipts: Sequence[tuple[int, int]],
    floor: int = 0,
) -> int | None:
    """Return the first day at whose end stock is below `floor`, `today` when it already is.

    `base` is what is there and promised to nobody; `profile` the demand of Monday … Sunday, of
    which today `issued_today` is done already (below 0, more came back than went out: none is);
    `receipts` are (day, quantity), unsorted: those of past days are overdue and do not count. None
    when it stays up for `HORIZON_DAYS`.
    The time taken grows with the receipts, not with the days.
    """
    if base < floor:
        return today
    weekday, last = (today + 6) % 7, today + HORIZON_DAYS
    level = base - floor - max(profile[weekday] - max(issued_today, 0), 0)
    weekly, day = sum(profile), today
    arrivals = sorted(receipt for receipt in receipts if today <= receipt[0] <= last)
    for at, quantity in (*arrivals, (last + 1, 0)):
        if at > day:
            used = _used(profile, day)
            short = _first_short(level, used, weekly)
            if short is not None and day + short < at:
                return day + short
            weeks, rest = divmod(at - day, 7)
            level -= weeks * weekly + used[rest]
            day = at
        level += quantity
    return None


def _used(profile: Sequence[int], day: int) -> list[int]:
    """Return the demand of the 0 … 6 days after `day`."""
    used = [0]
    for step in range(6):
        used.append(
            used[-1] + profile[(day + step) % 7]
        )  # the day after `day` is weekday `day` % 7
    return used


def _first_short(level: int, used: list[int], weekly: int) -> int | None:
    """Return after how many days `level` is below 0 for the first time, without any receipt.

    Days that are whole weeks apart lose `weekly` each: a division finds the first week.
    """
    first = None
    for days, gone in enumerate(used):
        left = level - gone
        if left < 0:
            return days
        if weekly > 0:
            days += 7 * (left // weekly + 1)  # noqa: PLW2901 the same weekday, weeks later
            if first is None or days < first:
                first = days
    return first


def _up(units: float) -> int:
    return ceil(round(units, _NOISE))
