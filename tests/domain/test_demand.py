"""Demand: mean, spread and weekday profile of closed days; what is planned from it."""

from __future__ import annotations

from datetime import date, timedelta
from statistics import mean, stdev
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flows.domain.demand import demand_of
from flows.domain.events import Event
from tests.builders import (
    BASE,
    customer_return,
    day,
    inbound,
    lost,
    order_line,
    outbound,
    policy,
    purchase_line,
    tick,
    transfer_out,
    warehouse,
)
from tests.folding import check, fold_tables, from_fold

DAY = 1440
"""Minutes: `at=-DAY` is yesterday's midnight UTC."""
MONDAY = date(2026, 3, 2).toordinal()


def figures(*events: Event) -> dict[str, Any]:
    """Return the figures of S1 at A at noon of the base day, a Monday; the model's are the same."""
    log = [warehouse(timezone="UTC", at=-40 * DAY), *events, tick(at="12:00")]
    folded = fold_tables([[event] for event in log])
    check(folded, log)
    tables = from_fold(folded)
    return {**tables.stock["A", "S1"], **tables.figures["A", "S1"]}


def sold(quantity: int, days: int, *, every: int = 1) -> list[Event]:
    """Return issues of the closed days, the newest first."""
    return [outbound(quantity=quantity, at=-n * DAY + 480) for n in range(1, days + 1, every)]


def steady(left: int, *more: Event) -> dict[str, Any]:
    """Return the figures after 28 days of 2 a day, with so much left."""
    stock = inbound(quantity=56 + left, at=-28 * DAY)
    return figures(stock, *sold(2, 28), *more)


def test_demand_is_the_mean_of_the_last_28_closed_days():
    """56 in 28 days are 2 a day; what is older or of today does not count."""
    assert steady(10)["demand_per_day"] == 2
    others = outbound(quantity=99, at=-29 * DAY), outbound(quantity=99, at="08:00")
    assert steady(10, *others)["demand_per_day"] == 2


def test_days_before_the_first_movement_do_not_count():
    """A new SKU that sold 8 on one of 4 days sells 2 a day."""
    row = figures(inbound(quantity=20, at=-4 * DAY), outbound(quantity=8, at=-2 * DAY))
    assert (row["demand_per_day"], row["first_on"], row["issued_on"]) == (2, day(-4), day(-2))


@pytest.mark.parametrize(
    "events",
    [
        [inbound(at=-5 * DAY)],
        [outbound(quantity=3, at=-5 * DAY), customer_return(quantity=3, at=-2 * DAY)],
        [customer_return(quantity=3, at=-2 * DAY)],
        [outbound(quantity=3, at="08:00")],
    ],
    ids=["never", "all came back", "only returns", "today only"],
)
def test_without_issues_there_is_no_demand(events):
    """Unknown, not 0: nothing is planned from it."""
    assert figures(*events)["demand_per_day"] is None


@given(st.lists(st.integers(-50, 400), min_size=28, max_size=28), st.integers(1, 40))
def test_mean_and_deviation_are_those_of_the_sample(daily, known):
    """Of as many days as the SKU has been known, at most 28."""
    found = demand_of(daily, MONDAY, MONDAY - known)
    sample = daily[-min(known, 28) :]
    if sum(sample) <= 0:
        assert found is None
        return
    assert found is not None
    assert found.per_day == sum(sample) * 10_000 // len(sample)
    assert found.mean == pytest.approx(mean(sample))
    assert found.sd == pytest.approx(stdev(sample) if len(sample) > 1 else 0)


@pytest.mark.parametrize("today", range(MONDAY, MONDAY + 7))
def test_the_profile_is_the_mean_of_each_weekday(today):
    """Four Mondays of 10, four Tuesdays of 20 …, whatever day it is today."""
    days = [date.fromordinal(today - n) for n in range(28, 0, -1)]
    found = demand_of([10 * (on.weekday() + 1) for on in days], today, today - 28)
    assert found is not None
    assert found.profile == (10, 20, 30, 40, 50, 60, 70)
    younger = demand_of([28] * 28, today, today - 27)
    assert younger is not None
    assert younger.profile == (28,) * 7


def test_the_reorder_point_is_demand_in_the_lead_time_and_safety():
    """2 a day for 5 days and 7 of safety are 17; without a lead time it is the safety alone."""
    lead, safety = policy(lead_time_days=5), policy(safety_stock=7)
    assert steady(20, lead, safety)["reorder_point"] == 17
    assert steady(20, lead)["reorder_point"] == 10
    assert steady(20, safety)["reorder_point"] == 7
    assert steady(17, lead, safety)["water_level"] == "yellow"


def test_safety_follows_from_the_service_level_unless_a_policy_states_it():
    """Steady demand needs safety for the lead time's deviation: 1.6449 × 2 a day × 3 days."""
    limits = {"lead_time_days": 5, "lead_time_sd_days": 3, "service_level": "0.95"}
    row = steady(30, policy(**limits))
    assert float(row["safety_stock"]) == pytest.approx(9.8692, abs=0.0001)
    assert float(row["reorder_point"]) == pytest.approx(19.8692, abs=0.0001)
    assert steady(30, policy(**limits, safety_stock=1))["safety_stock"] == 1


def test_stock_runs_out_on_the_first_day_that_ends_below_nothing():
    """4 left of 2 a day last today and tomorrow; 4 promised are not there to be sold."""
    assert steady(4)["stock_out_on"] == day(2)
    assert steady(8, order_line(ordered=4))["stock_out_on"] == day(2)
    assert steady(4, policy(safety_stock=1))["below_safety_on"] == day(1)


def test_what_went_out_today_is_not_expected_again():
    """2 sold this morning, 4 left: they last until Wednesday. Returns raise no expectation."""
    assert steady(6, outbound(quantity=2, at="08:00"))["stock_out_on"] == day(3)
    back = customer_return(quantity=50, at="08:00")
    assert steady(4, back)["stock_out_on"] == day(2)


def test_a_sale_after_midnight_that_comes_before_its_tick_closes_today():
    """4 left after tomorrow's 2: nothing more is expected of today, nor of tomorrow."""
    assert steady(6, outbound(quantity=2, at=DAY + 1))["stock_out_on"] == day(4)


def test_purchases_that_are_due_put_the_stock_out_off():
    """6 more on Wednesday last three days longer; what is overdue is not counted on."""
    due = purchase_line(ordered=6, due_at=BASE + timedelta(days=2))
    assert steady(4, due)["stock_out_on"] == day(5)
    late = purchase_line(ordered=6, due_at=BASE - timedelta(days=1))
    assert steady(4, late)["stock_out_on"] == day(2)


def test_transfers_that_are_planned_put_the_stock_out_off():
    """6 on the way for Wednesday; 2 that were lost do not come."""
    planned = {"quantity": 6, "to": "A", "warehouse": "B", "document": "T1", "at": -DAY}
    coming = transfer_out(due_at=BASE + timedelta(days=2), **planned)
    assert steady(4, coming)["stock_out_on"] == day(5)
    gone = lost(quantity=2, source_warehouse="B", warehouse="A")
    assert steady(4, coming, gone)["stock_out_on"] == day(4)
    assert steady(4, transfer_out(**planned))["stock_out_on"] == day(2)


def test_lead_times_are_measured_where_no_policy_says_them():
    """Two purchases took 4 and 6 days: 2 a day for 5 days, with a deviation of √2 days."""
    bought = []
    for order, took in (("P1", 4), ("P2", 6)):
        ordered_at = -20 * DAY
        received = inbound(quantity=1, order_id=order, line_id="1", at=ordered_at + took * DAY)
        line = purchase_line(order, ordered=1, line_id="1", at=ordered_at)
        bought += [line, received]
    row = steady(28, *bought, policy(service_level="0.95"))
    assert float(row["safety_stock"]) == pytest.approx(1.64485 * 2 * 2**0.5, abs=0.0001)
    assert row["reorder_point"] == 10 + row["safety_stock"]


def test_what_is_short_before_the_first_tick_is_dated_by_it():
    """An order for what never was there runs out today, and today moves on with the ticks."""
    row = figures(order_line(ordered=4, at=-DAY))
    assert (row["stock_out_on"], row["below_safety_on"]) == (day(0), None)
    again = figures(order_line(ordered=4, at=-DAY), tick(at=-DAY))
    assert again == row
    unmoved = inbound(quantity=1, at=-390 * DAY)
    assert figures(unmoved, policy(safety_stock=5))["below_safety_on"] == day(0)
