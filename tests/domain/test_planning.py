"""Lead time, safety stock, reorder point and predicted stock-out, against independent figures."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from fractions import Fraction
from itertools import product
from math import comb, isclose, sqrt
from statistics import mean, stdev

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flows.domain.planning import (
    DAY_SECONDS,
    HORIZON_DAYS,
    lead_time,
    reorder_point,
    safety_stock,
    stock_out_on,
)

SCALE = 10_000
MONDAY = date(2026, 11, 23).toordinal()
ONE_A_DAY = (SCALE,) * 7

STOCKPYL = [
    (0.95, 50, 8, 1, 63.158829),
    (0.95, 50, 8, 5, 279.424036),
    (0.9, 2500, 500, 7, 19195.333367),
    (0.99, 12.5, 3.25, 14, 203.289289),
    (0.75, 3, 1.5, 2, 7.430809),
    (0.999, 1000, 333, 30, 35636.324507),
    (0.5, 40, 9, 3, 120.0),
    (0.6, 0.25, 0.5, 21, 5.830491),
]
"""Service level, mean, deviation, days, order-up-to level: stockpyl 1.0.2, newsvendor_normal
(holding cost 1 − level, stock-out cost level, its lead_time is days − 1). Frozen here: it needs
forty packages."""


@pytest.mark.parametrize(("level", "demand", "deviation", "days", "expected"), STOCKPYL)
def test_safety_stock_and_reorder_point_agree_with_stockpyl(
    level, demand, deviation, days, expected
):
    """With a lead time that does not vary, the reorder point is stockpyl's base-stock level."""
    safety = safety_stock(level, days, 0, demand * SCALE, deviation * SCALE)
    point = reorder_point(demand * SCALE, days, safety)
    assert 0 <= point - expected * SCALE < 1.01


@given(
    lead=st.lists(st.integers(1, 9), min_size=7, max_size=7).filter(any),
    chance=st.fractions(0, 1, max_denominator=8),
    batch=st.integers(1, 50),
)
def test_the_variance_is_that_of_a_sum_of_a_random_number_of_days(lead, chance, batch):
    """Lead times of 1 to 7 days, demand of 0 or `batch` a day: the exact distribution agrees."""
    total = sum(lead)
    outcomes: dict[int, Fraction] = {}
    for days, weight in enumerate(lead, start=1):
        for hits in range(days + 1):
            share = comb(days, hits) * chance**hits * (1 - chance) ** (days - hits)
            outcomes[hits] = outcomes.get(hits, Fraction(0)) + share * Fraction(weight, total)
    expected = sum(hits * batch * share for hits, share in outcomes.items())
    variance = sum((hits * batch - expected) ** 2 * share for hits, share in outcomes.items())
    days_mean = Fraction(sum(days * weight for days, weight in enumerate(lead, 1)), total)
    days_variance = sum(
        (days - days_mean) ** 2 * Fraction(weight, total) for days, weight in enumerate(lead, 1)
    )
    found = safety_stock(
        0.8413447460685429,  # z = 1
        float(days_mean),
        sqrt(days_variance),
        float(batch * chance) * SCALE,
        batch * sqrt(chance * (1 - chance)) * SCALE,
    )
    assert isclose(found, sqrt(variance) * SCALE, rel_tol=1e-9, abs_tol=1.01)


def test_a_service_level_may_be_in_percent_and_a_decimal():
    """95, 0.95 and Decimal("0.95") are one service level."""
    expected = safety_stock(0.95, 4, 1, SCALE, SCALE)
    assert safety_stock(95, 4, 1, SCALE, SCALE) == expected
    assert safety_stock(Decimal("0.95"), Decimal(4), Decimal(1), SCALE, SCALE) == expected


def test_a_low_service_level_needs_no_safety_stock():
    """Below 50 % the quantile is negative, and safety stock is 0."""
    assert safety_stock(0.3, 4, 1, SCALE, SCALE) == 0
    assert safety_stock(0.5, 4, 1, SCALE, SCALE) == 0


def test_negative_demand_does_not_lower_the_reorder_point():
    """More returns than sales: the reorder point is the safety stock."""
    assert reorder_point(-5 * SCALE, 10, 7 * SCALE) == 7 * SCALE


def test_reorder_point_is_rounded_up_but_not_by_the_noise_of_a_float():
    """0.1 + 0.2 is 0.30000000000000004; a third of a 1/10000 unit is one."""
    assert reorder_point(0.1 + 0.2, 10, 0) == 3
    assert reorder_point(1, Decimal("0.3333"), 0) == 1


def test_the_policy_says_the_lead_time_before_what_was_measured():
    """Each of the two figures is the policy's where it sets it."""
    measured = (3, (1 + 2 + 3) * DAY_SECONDS, (1 + 4 + 9) * DAY_SECONDS**2)
    assert lead_time(Decimal(9), Decimal("1.5"), *measured) == (9.0, 1.5)
    assert lead_time(9, None, *measured) == (9.0, 1.0)
    assert lead_time(None, 0, *measured) == (2.0, 0.0)


def test_nothing_known_is_no_lead_time():
    """Without a policy and without a complete line there is none, not 0."""
    assert lead_time(None, None, 0, 0, 0) is None
    assert lead_time(None, 2, 0, 0, 0) is None


def test_one_line_does_not_vary():
    """Below two lines the deviation is 0."""
    assert lead_time(None, None, 1, DAY_SECONDS, DAY_SECONDS**2) == (1.0, 0.0)


@given(st.lists(st.integers(0, 400 * DAY_SECONDS), min_size=2, max_size=50))
def test_measured_lead_time_is_the_samples_mean_and_deviation(lines):
    """The three sums give what Python's statistics give of the lines."""
    squares = sum(seconds * seconds for seconds in lines)
    found = lead_time(None, None, len(lines), sum(lines), squares)
    assert found is not None
    assert isclose(found[0] * DAY_SECONDS, mean(lines), rel_tol=1e-12)
    assert isclose(found[1] * DAY_SECONDS, stdev(lines), rel_tol=1e-9, abs_tol=1e-6)


def naive(  # noqa: PLR0917 the definition's inputs
    today: int,
    base: int,
    profile: Sequence[int],
    issued: int,
    receipts: Sequence[tuple[int, int]],
    floor: int,
) -> int | None:
    """The definition, day by day."""
    if base < floor:
        return today
    level = base
    for day in range(today, today + HORIZON_DAYS + 1):
        demand = profile[date.fromordinal(day).weekday()]
        if day == today:
            demand = max(demand - max(issued, 0), 0)
        level += sum(quantity for at, quantity in receipts if at == day) - demand
        if level < floor:
            return day
    return None


RECEIPTS = st.lists(
    st.tuples(st.integers(MONDAY - 20, MONDAY + 400), st.integers(-30, 400)), max_size=6
)


@given(
    today=st.integers(MONDAY, MONDAY + 6),
    base=st.integers(-5, 2000),
    profile=st.lists(st.integers(-3, 20) | st.just(0), min_size=7, max_size=7),
    issued=st.integers(-5, 30),
    receipts=RECEIPTS,
    floor=st.integers(-5, 100),
)
def test_the_closed_form_is_the_day_by_day_projection(  # noqa: PLR0917 the definition's inputs
    today, base, profile, issued, receipts, floor
):
    """Whatever the profile, the receipts and the floor, the day is that of the slow loop."""
    expected = naive(today, base, profile, issued, receipts, floor)
    assert stock_out_on(today, base, profile, issued, receipts, floor) == expected


@given(
    base=st.integers(0, 3000),
    profile=st.lists(st.integers(0, 9), min_size=7, max_size=7),
    receipts=RECEIPTS,
)
def test_a_higher_floor_is_never_reached_later(base, profile, receipts):
    """Below safety comes before, or with, the stock-out."""
    out = stock_out_on(MONDAY, base, profile, 0, receipts)
    below = stock_out_on(MONDAY, base, profile, 0, receipts, floor=50)
    if out is not None:
        assert below is not None
        assert below <= out


@pytest.mark.parametrize(
    ("base", "days"), [(0, 0), (1, 1), (6, 6), (7, 7), (30, 30), (365, 365), (366, None)]
)
def test_one_a_day_lasts_as_many_days_as_there_are(base, days):
    """Three units last for today and two days more; the day after them is the first below 0."""
    expected = None if days is None else MONDAY + days
    assert stock_out_on(MONDAY, base * SCALE, ONE_A_DAY, 0, ()) == expected


def test_what_was_issued_today_is_not_expected_again():
    """Selling today's demand early moves nothing; selling more than it does not give it back."""
    assert stock_out_on(MONDAY, 0, ONE_A_DAY, 0, ()) == MONDAY
    assert stock_out_on(MONDAY, 0, ONE_A_DAY, SCALE, ()) == MONDAY + 1
    assert stock_out_on(MONDAY, 0, ONE_A_DAY, 9 * SCALE, ()) == MONDAY + 1


def test_a_receipt_on_the_last_day_saves_it_and_one_the_day_after_does_not():
    """Receipts count from the day they are planned for."""
    three = 3 * SCALE
    assert stock_out_on(MONDAY, three, ONE_A_DAY, 0, [(MONDAY + 3, three)]) == MONDAY + 6
    assert stock_out_on(MONDAY, three, ONE_A_DAY, 0, [(MONDAY + 4, three)]) == MONDAY + 3


def test_overdue_supply_does_not_count():
    """What should have come yesterday is not trusted."""
    assert stock_out_on(MONDAY, 0, ONE_A_DAY, 0, [(MONDAY - 1, 99 * SCALE)]) == MONDAY


def test_who_is_short_already_is_short_today():
    """A receipt later today does not hide that there is nothing now."""
    assert stock_out_on(MONDAY, -1, ONE_A_DAY, 0, [(MONDAY, 99 * SCALE)]) == MONDAY


def test_sales_on_saturdays_run_out_on_a_saturday():
    """The profile is by weekday: two Saturdays' worth lasts to the third."""
    profile = (0, 0, 0, 0, 0, SCALE, 0)
    assert stock_out_on(MONDAY, 2 * SCALE, profile, 0, ()) == MONDAY + 5 + 14


def test_every_weekday_is_the_calendars():
    """On each weekday, demand on one weekday alone runs out on that weekday."""
    for start, weekday in product(range(7), range(7)):
        profile = [SCALE if day == weekday else 0 for day in range(7)]
        found = stock_out_on(MONDAY + start, 0, profile, 0, ())
        assert found is not None
        assert date.fromordinal(found).weekday() == weekday
