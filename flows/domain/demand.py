"""How much of a SKU goes out a day: mean, spread and weekday profile of the last closed days."""

from __future__ import annotations

from collections.abc import Sequence
from math import sqrt
from typing import NamedTuple

from flows.domain.windows import DEMAND_DAYS

WEEK = 7


class Demand(NamedTuple):
    """Demand of one (warehouse, sku), in 1/10000 units a day; `per_day` in 10⁻⁸."""

    per_day: int
    mean: float
    sd: float
    profile: tuple[int, ...]
    """Of Monday … Sunday; all alike until there are four weeks to tell them apart."""


def demand_of(daily: Sequence[int], today: int, first_on: int) -> Demand | None:
    """Return the demand from daily issues (yesterday last), None when nothing went out.

    Days before the first movement do not count: a new SKU is not a slow one.
    """
    days = min(DEMAND_DAYS, today - first_on)
    if days <= 0:
        return None
    known = daily[-days:]
    total = sum(known)
    if total <= 0:
        return None
    mean = total / days
    squares = sum([issues * issues for issues in known])
    spread = (days * squares - total * total) / (days * (days - 1)) if days > 1 else 0.0
    profile = (total // days,) * WEEK
    if days == DEMAND_DAYS:
        weeks = DEMAND_DAYS // WEEK
        # Yesterday's ordinal is today − 1; Monday's leave 1 when divided by 7.
        start = (today - DEMAND_DAYS - 1) % WEEK
        by_place = [max(sum(known[place::WEEK]), 0) // weeks for place in range(WEEK)]
        profile = tuple(by_place[(weekday - start) % WEEK] for weekday in range(WEEK))
    return Demand(total * 10_000 // days, mean, sqrt(max(spread, 0.0)), profile)
