"""Windows: the sums of closed days, how they roll at midnight, and the turnover they give."""

from __future__ import annotations

from datetime import date, timedelta
from fractions import Fraction
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flows.domain.days import Day, bounds
from flows.domain.events import Event
from flows.domain.windows import (
    DEMAND_DAYS,
    Windows,
    changed_ranges,
    sums_of,
    taken_up,
    windows_of,
)
from tests.builders import BASE, cancel, customer_return, inbound, item, outbound, tick, warehouse
from tests.folding import check, fold_tables, from_fold
from tests.reference import Tables

DAY = 1440
"""Minutes: `at=-DAY` is yesterday's midnight UTC."""
LAST = DAY - 1
"""23:59 of the base day."""
LENGTH = {7: 0, 30: 1, 90: 2, 365: 3}


def figures(*events: Event) -> dict[str, Any]:
    """Return what S1's figures at A, whose days are UTC's, say of time; as the model's do."""
    return folded(*events).figures["A", "S1"]


def folded(*events: Event) -> Tables:
    """Return the tables after one batch per event; the model's are the same."""
    log = [warehouse(timezone="UTC", at=-400 * DAY + 300), *events]
    tables = fold_tables([[event] for event in log])
    check(tables, log)
    return from_fold(tables)


def turnover(row: dict[str, Any], days: int, on_hand: int, *, simple: bool = False) -> Fraction:
    """Return the turnover of the window that ends with the base day, as `turnover_of` does."""
    start, _ = bounds(BASE.toordinal() - days + 1, "UTC")
    _, end = bounds(BASE.toordinal(), "UTC")
    net, moment, issues = row["windows"][LENGTH[days]]
    if row["day"] == BASE.date():
        net, moment = net + row["day_net"], moment + row["day_moment"]
        issues += row["day_issues"]
    area = on_hand * (end - start) - (moment - start * net)
    mean = on_hand - net / 2 if simple else area / (end - start)
    return issues / mean


def test_the_turnover_of_the_contract():
    """100 for 10 days, then 40 for 20, 60 issued: mean 60, turnover 1.0, simple 0.857."""
    events = inbound(quantity=100, at=-29 * DAY - 1), outbound(quantity=60, at=-19 * DAY)
    row = figures(*events, tick(at=LAST))
    assert turnover(row, 30, 40) == 1
    assert round(float(turnover(row, 30, 40, simple=True)), 3) == 0.857
    assert figures(tick(at=-40 * DAY), *events, tick(at=LAST)) == row


def test_today_is_in_the_turnover_and_not_in_the_sums():
    """20 for 6 days and a half, then 5: what today did is in the day's own columns."""
    row = figures(
        inbound(quantity=20, at=-6 * DAY), outbound(quantity=15, at=DAY // 2), tick(at=LAST)
    )
    assert row["windows"][0][0] == 20
    assert (row["day"], row["day_net"], row["day_issues"]) == (BASE.date(), -15, 15)
    mean = (20 * Fraction(13, 2) + 5 * Fraction(1, 2)) / 7
    assert turnover(row, 7, 5) == 15 / mean


@pytest.mark.parametrize("days", LENGTH)
def test_a_window_holds_its_days_and_no_other(days):
    """With today it is so many local days: the first of them is in, the day before is out."""
    first = outbound(quantity=3, at=-(days - 1) * DAY)
    before = outbound(quantity=5, at=-(days - 1) * DAY - 1)
    assert figures(first, before, tick(at=LAST))["windows"][LENGTH[days]][2] == 3


@pytest.mark.parametrize("days", [7, 30, 90, 365])
def test_a_day_comes_in_at_midnight_and_drops_out_when_the_window_has_passed(days):
    """Day by day, by the ticks alone."""
    sold = outbound(quantity=3, at=-390 * DAY)
    for after, expected in ((0, 0), (1, 3), (days - 1, 3), (days, 0)):
        ticks = [tick(at=(-390 + n) * DAY) for n in range(max(after - 3, 0), after + 1)]
        row = figures(tick(at=-395 * DAY), sold, *ticks)
        issues = row["windows"][LENGTH[days]][2] if row["windows"] else 0
        assert issues == expected


def test_before_the_first_tick_there_is_no_window():
    """Without a clock no day is closed."""
    row = figures(outbound(quantity=3, at=-DAY))
    assert (row["windows"], row["day_issues"]) == (None, 3)


def test_a_late_event_changes_the_windows_that_its_day_is_in():
    """Ten days ago: in the window of 30, not in that of 7."""
    row = figures(outbound(quantity=1, at=0), tick(at=DAY), outbound(quantity=3, at=-10 * DAY))
    assert [issues for _, _, issues in row["windows"]] == [1, 4, 4, 4]
    assert row["recent"][-1] == 1
    assert row["recent"][-11] == 3


def test_returns_alone_pass_with_the_days_too():
    """Without any demand the last closed days still move on at midnight."""
    events = customer_return(quantity=3, at=-5 * DAY), tick(at=0)
    assert figures(*events)["recent"][-5] == -3
    assert figures(*events, tick(at=DAY))["recent"][-6] == -3
    assert figures(*events, tick(at=30 * DAY))["recent"] is None


def test_a_day_on_which_more_came_back_than_went_out_is_a_day_of_issues():
    """`issued_on` asks whether anything was sold, not how much stayed sold."""
    row = figures(customer_return(quantity=3, at=60), outbound(quantity=1, at=120))
    assert (row["day_issues"], row["issued_on"]) == (-2, BASE.date())


def test_a_cancel_takes_a_day_out_of_the_windows():
    """Nothing is left of it: no window, no first day."""
    sold = outbound(quantity=3, at=-10 * DAY)
    row = figures(sold, tick(at=DAY), cancel(sold, at=DAY))
    assert (row["windows"], row["first_on"], row["issued_on"], row["layers"]) == (*[None] * 3, [])


def test_another_time_zone_moves_what_is_today():
    """At 17:00 UTC it is tomorrow in Shanghai: the day has closed, and opens again when undone."""
    sold, now = outbound(quantity=3, at="12:00"), tick(at="17:00")
    moved = warehouse(timezone="Asia/Shanghai", at="01:00")
    assert figures(sold, now)["windows"] is None
    assert figures(sold, now, moved)["windows"][0][2] == 3
    assert figures(sold, now, moved, cancel(moved, at="02:00"))["windows"] is None


# --- demand of closed days -------------------------------------------------------------------


def demand(*events: Event) -> dict[date, Fraction]:
    """Return the rows of demand_daily of S1 at A, whose days are UTC's."""
    return {on: issues for (_, _, on), issues in folded(*events).demand_daily.items()}


def test_demand_is_of_closed_days_only():
    """Today's is written when a tick has closed it."""
    yesterday, today = BASE.date() - timedelta(days=1), BASE.date()
    events = outbound(quantity=3, at=-DAY), outbound(quantity=2, at="09:00")
    assert demand(*events, tick(at=LAST)) == {yesterday: 3}
    assert demand(*events, tick(at=LAST), tick(at=DAY)) == {yesterday: 3, today: 2}
    assert demand(*events) == {}


def test_a_day_whose_issues_came_back_has_no_demand():
    """3 sold and 3 brought back: the row goes."""
    events = outbound(quantity=3, at=-DAY), tick(at=0)
    assert demand(*events, customer_return(quantity=3, at=-DAY + 60)) == {}


@pytest.mark.parametrize("early", [False, True], ids=["a late first tick", "a leap of the clock"])
def test_a_clock_that_leaps_over_a_year_leaves_no_day_out(early):
    """What was sold long before has its row, though no window holds it any more."""
    events = [outbound(quantity=3, at=0), tick(at=900 * DAY)]
    first = [tick(at=-DAY)] if early else []
    assert demand(*first, *events) == {BASE.date(): 3}


def test_an_item_of_another_category_takes_its_days_along():
    """The sums of its old category lose them, those of the new one gain them."""
    log = [item(category="food"), inbound(quantity=5), item(category="toys", at=DAY)]
    sums = from_fold(fold_tables([[event] for event in log], cold=True)).turnover_daily
    assert [key[1] for key in sums] == ["toys"]
    back = [*log, cancel(log[2], at=DAY)]
    sums = from_fold(fold_tables([[event] for event in back], cold=True)).turnover_daily
    assert [(key[1], row["net"]) for key, row in sums.items()] == [("food", 5)]


# --- rolling, by the functions themselves ----------------------------------------------------


@given(
    st.dictionaries(
        st.integers(1_000, 1_800),
        st.tuples(st.integers(-9, 9), st.integers(-9, 9), st.integers(-99, 99)),
        max_size=12,
    ),
    st.lists(st.integers(1_000, 2_200), min_size=1, max_size=6, unique=True).map(sorted),
)
def test_windows_that_roll_are_those_of_all_days(known, clocks):
    """However far each leap is, looking at what closes and drops out is enough."""
    days = [
        Day(number, 0, other=net, issues=issues, moment=moment)
        for number, (net, issues, moment) in sorted(known.items())
    ]
    windows = Windows()
    for before, today in pairwise([None, *clocks]):
        ranges = changed_ranges(before, today)
        seen = [n for first, last in ranges for n in range(first, last + 1)] if before else []
        assert len(seen) == len(set(seen))
        moved = [
            (day.day, sums_of(day))
            for day in days
            if any(first <= day.day <= last for first, last in ranges)
        ]
        windows.roll(moved, before, today)
        assert windows.row() == windows_of(days, today).row()
        row = windows.row()
        windows = Windows() if row is None else taken_up(row)
        closed = {day.day for day in days if (before or 0) <= day.day < today}
        assert closed <= {number for number, _ in moved}
    assert len(windows.demand) == DEMAND_DAYS
