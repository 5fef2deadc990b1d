"""The slow, obvious model of planning, a part of `reference.py`: demand, safety, stock-out dates.

Enters: a history of days, in Fractions of base units. Leaves: what the plan of one (warehouse, sku)
is made of; quantities a day and rounded up are in whole 1/10000.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from fractions import Fraction
from math import ceil, floor, sqrt
from statistics import NormalDist
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tests.reference_days import History

NIL = Fraction(0)
ONE_DAY = timedelta(days=1)
DAY_SECONDS = 86_400


def mean_lead(measured: dict[str, Any]) -> Fraction | None:
    """Return the mean of measured lead times, in days."""
    count = measured["lead_count"]
    return Fraction(measured["lead_seconds"], count * DAY_SECONDS) if count else None


def spread_lead(measured: dict[str, Any]) -> Fraction:
    """Return the sample deviation of measured lead times, in days; 0 below two."""
    count = measured["lead_count"]
    if count < 2:
        return NIL
    mean = Fraction(measured["lead_seconds"], count)
    variance = (measured["lead_squares"] - count * mean**2) / (count - 1)
    return Fraction(sqrt(variance)) / DAY_SECONDS


def floored(number: Fraction, digits: int) -> Fraction:
    """Return the number without what is behind so many digits."""
    return Fraction(floor(number * 10**digits), 10**digits)


@dataclass
class Demand:
    """What goes out a day."""

    per_day: Fraction
    variance: Fraction
    weekdays: list[Fraction]
    """Of Monday … Sunday, in whole 1/10000."""


def demand_of(history: History, today: date) -> Demand | None:
    """Return the demand of the last 28 closed days, from the first movement on."""
    if not history.steps:
        return None
    first = min(history.by_day)
    days = [today - n * ONE_DAY for n in range(1, 29)]
    days = [day for day in days if day >= first]
    issues = [history.issues_on(day) for day in days]
    total = sum(issues, NIL)
    if total <= 0:
        return None
    mean = total / len(days)
    spread = sum(((one - mean) ** 2 for one in issues), NIL)
    weekdays = [floored(mean, 4)] * 7
    if len(days) == 28:
        by_weekday = [
            sum((history.issues_on(day) for day in days if day.weekday() == n), NIL) / 4
            for n in range(7)
        ]
        weekdays = [floored(max(one, NIL), 4) for one in by_weekday]
    return Demand(mean, spread / max(len(days) - 1, 1), weekdays)


def safety_of(level: Fraction, lead: Fraction, lead_sd: Fraction, demand: Demand) -> Fraction:
    """Return z·√(LT·σ_d² + d̄²·σ_LT²), up to the next 1/10000."""
    z = NormalDist().inv_cdf(float(level))
    spread = sqrt(lead * demand.variance + demand.per_day**2 * lead_sd**2)
    return Fraction(max(ceil(round(z * spread * 10_000, 6)), 0), 10_000)


def first_short(  # noqa: PLR0917 in the order of the definition
    today: date,
    available: Fraction,
    demand: Demand | None,
    issued: Fraction,
    receipts: dict[date, Fraction],
    floor: Fraction,
) -> date | None:
    """Return the first of the next days at whose end less than `floor` is left."""
    level = available
    if level < floor:
        return today
    for n in range(366):
        day = today + n * ONE_DAY
        need = NIL if demand is None else demand.weekdays[day.weekday()]
        level += receipts.get(day, NIL) - (max(need - issued, NIL) if n == 0 else need)
        if level < floor:
            return day
    return None
