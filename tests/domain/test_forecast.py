"""Forecasts: the arithmetic against loops, known answers, the choice of a method, its errors."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from flows.domain.forecast import LONGEST, forecast
from flows.domain.seasonal import seasonal
from flows.domain.smoothing import HORIZON, INTERMITTENT_GRID, WEEK, Said, intermittent, plain

PROFILE = np.array([0.6, 0.8, 0.9, 1.0, 1.2, 1.6, 0.9])


def one(values):
    """Return a series as SKUs × days: 364 days, the values last."""
    sold = np.zeros((1, LONGEST))
    sold[0, LONGEST - len(values) :] = values
    return sold, np.array([len(values)])


def shop(days, *, level=20.0, seed=1, chance=1.0):
    """Return a year's end of a shop's sales: a weekly profile, Poisson noise, days without."""
    random = np.random.default_rng(seed)
    values = random.poisson(level * np.resize(PROFILE, days)).astype(float)
    return values * (random.random(days) < chance)


@st.composite
def series(draw):
    """Draw some SKUs × days with histories of any length; returns may make a day negative."""
    count, width = draw(st.integers(1, 4)), draw(st.integers(56, 120))
    seed, rare = draw(st.integers(0, 2**32 - 1)), draw(st.sampled_from([0.03, 0.3, 0.9, 1.0]))
    random = np.random.default_rng(seed)
    sold = np.round(random.gamma(0.7, 9, (count, width)) - 0.5, 4)
    sold *= random.random((count, width)) < rare
    days = random.integers(0, width + 1, count)
    return sold, days


def slow_intermittent(values):
    """Return what TSB says of one history, with plain loops."""
    some = [value for value in values if value > 0]
    best = None
    for alpha, beta in INTERMITTENT_GRID:
        size = sum(some) / len(some) if some else 0.0
        chance = len(some) / len(values) if values else 0.0
        squares = 0.0
        for value in values:
            squares += (value - size * chance) ** 2
            if value > 0:
                size += alpha * (value - size)
            chance += beta * ((value > 0) - chance)
        if best is None or squares < best[0] - 1e-9 * abs(best[0]):
            best = (squares, size * chance)
    return [best[1]] * HORIZON


def slow_plain(values):
    """Return the mean of the last four of each weekday, or of all there is."""
    if len(values) < HORIZON:
        return [max(sum(values) / max(len(values), 1), 0)] * HORIZON
    week = [sum(values[len(values) - HORIZON + day :: WEEK][:4]) / 4 for day in range(WEEK)]
    return [max(week[day % WEEK], 0) for day in range(HORIZON)]


@given(series())
@settings(max_examples=60, deadline=None)
def test_arrays_say_what_loops_say(made):
    """Each method gives for every SKU what the same arithmetic gives one number at a time."""
    sold, days = made
    width = sold.shape[1]
    found = [method(sold, days) for method in (plain, intermittent)]
    for row, count in enumerate(days):
        values = sold[row, width - count :].tolist()
        slow = (slow_plain(values), slow_intermittent(values))
        for fast, expected in zip(found, slow, strict=True):
            assert fast[row] == pytest.approx(expected, rel=1e-6, abs=1e-6)


@given(series())
@settings(max_examples=40, deadline=None)
def test_forecasts_are_numbers_that_can_be_stored(made):
    """Never below 0, never infinite, low ≤ quantity ≤ high, no range without a measured error."""
    sold, days = made
    found = forecast(sold, days, seasonal)
    assert np.isfinite(found.quantity).all()
    assert (found.quantity >= 0).all()
    measured = days >= 35
    assert (np.isnan(found.low).any(axis=1) == ~measured).all()
    assert (found.low[measured] >= 0).all()
    assert (found.low[measured] <= found.quantity[measured]).all()
    assert (found.high[measured] >= found.quantity[measured]).all()
    for figure in (found.wape, found.mase, found.plain_wape, found.plain_mase):
        assert np.isnan(figure[~measured]).all()
        assert (np.isnan(figure) | (figure >= 0)).all()


@given(series(), st.integers(0, 2**32 - 1))
@settings(max_examples=30, deadline=None)
def test_a_forecast_depends_on_its_own_history_alone(made, seed):
    """Neither on the other SKUs of the chunk nor on what lies before the first day."""
    sold, days = made
    width = sold.shape[1]
    whole = forecast(sold, days, seasonal)
    noise = np.random.default_rng(seed).random(sold.shape) * 1000
    before = np.arange(width) < width - days[:, None]
    alone = [
        forecast(np.where(before, noise, sold)[row : row + 1], days[row : row + 1], seasonal)
        for row in range(len(sold))
    ]
    assert whole.method == [part.method[0] for part in alone]
    np.testing.assert_allclose(
        whole.quantity, np.concatenate([part.quantity for part in alone]), atol=1e-9
    )


@pytest.mark.parametrize(
    ("values", "method"),
    [
        (shop(20), "mean"),
        (shop(27), "mean"),
        (shop(28), "weekday_mean"),
        (shop(55), "weekday_mean"),
        (shop(200), "ets"),
        (np.zeros(20), "mean"),
        (np.zeros(200), "weekday_mean"),
        (np.concatenate([shop(300), np.zeros(28)]), "weekday_mean"),
        (shop(34, chance=0.2), "weekday_mean"),
        (np.resize([0, 0, 6.0, 0, 0, 0, 0, 0, 6, 0], 200), "tsb"),
    ],
)
def test_the_method_goes_by_the_history(values, method):
    """Short: means; eight weeks of regular demand: seasonal; demand that comes rarely: TSB."""
    assert forecast(*one(values), seasonal).method == [method]


def test_a_week_that_repeats_is_forecast_without_error():
    """The same week over and over: the next days are the same week, and nothing is wrong."""
    week = [5.0, 0.5, 7, 8, 12, 20, 3]
    found = forecast(*one(np.resize(week, 20 * WEEK)), seasonal)
    assert found.quantity[0] == pytest.approx(np.resize(week, HORIZON))
    assert (found.wape[0], found.plain_wape[0]) == pytest.approx((0, 0), abs=1e-9)
    assert found.low[0] == pytest.approx(found.high[0])


def test_a_method_that_did_worse_is_not_taken_and_named():
    """Demand doubles and halves by the month: the last 28 days are the better guess."""
    values = np.concatenate([shop(84, level=10), shop(28, level=80), shop(56, level=80, seed=3)])
    values[-56:] = np.resize(80 * PROFILE, 56)
    found = forecast(*one(values), seasonal)
    assert (found.method, found.rejected) == (["weekday_mean"], ["ets"])
    assert found.wape == found.plain_wape
    assert found.rejected_wape[0] > found.plain_wape[0]


def test_a_level_that_changed_is_known():
    """Twenty weeks at one level, ten at twice: the next days are the second level's week."""
    values = np.concatenate([np.resize(20 * PROFILE, 140), np.resize(40 * PROFILE, 70)])
    said = seasonal(*one(values))
    assert said.reached.all()
    assert said.quantity[0] == pytest.approx(np.resize(40 * PROFILE, HORIZON), rel=0.25)
    assert said.quantity[0].sum() == pytest.approx(4 * 40 * PROFILE.sum(), rel=0.01)


def test_noise_is_smoothed_away():
    """A year of a shop that does not change: each weekday comes near its true mean."""
    said = seasonal(*one(shop(LONGEST, level=100)))
    assert said.quantity[0] == pytest.approx(100 * np.resize(PROFILE, HORIZON), rel=0.12)
    assert said.quantity[0, :WEEK] == pytest.approx(said.quantity[0, -WEEK:])


def test_returns_do_not_make_a_forecast_negative():
    """More comes back than is sold: nothing is expected, not less than nothing."""
    assert (seasonal(*one(-shop(100))).quantity == 0).all()


@pytest.mark.parametrize("values", [np.full(60, 1e200), 1e200 * shop(100), np.full(60, np.nan)])
def test_what_cannot_be_fitted_is_said_in_silence(values):
    """Numbers beyond all arithmetic: no forecast, no warning, no exception."""
    said = seasonal(*one(values))
    assert np.isnan(said.quantity).all()
    assert said.reached.all()


def test_a_budget_ends_the_fitting():
    """After two SKUs it is over: the third was not reached."""
    sold = np.stack([shop(LONGEST, seed=seed) for seed in range(3)])
    asked = iter([False, False, True])
    said = seasonal(sold, np.full(3, LONGEST), lambda: next(asked))
    assert said.reached.tolist() == [True, True, False]
    assert np.isfinite(said.quantity).all(axis=1).tolist() == [True, True, False]


@pytest.mark.parametrize(("reached", "skipped"), [(False, "budget"), (True, "fit")])
@pytest.mark.parametrize("answers", [0, 1])
def test_what_has_no_seasonal_forecast_gets_the_plain_one(reached, skipped, answers):
    """Of 28 days ago or of now: the plain method with its own errors, and why."""
    sold, days = one(shop(200))
    left = [answers]

    def gives_up(sold, days):
        left[0] -= 1
        return seasonal(sold, days) if left[0] >= 0 else Said.nothing(len(sold), reached=reached)

    found = forecast(sold, days, gives_up)
    assert (found.method, found.rejected, found.skipped) == (["weekday_mean"], [None], [skipped])
    assert found.quantity == pytest.approx(plain(sold, days))
    assert found.wape == found.plain_wape


def test_saying_zero_does_not_win():
    """Demand on one day of five: a method must also be no worse in squared error to be taken."""
    values = np.zeros(200)
    values[4::5] = 10
    found = forecast(*one(values), seasonal)
    assert found.quantity[0].sum() == pytest.approx(HORIZON * 2, rel=0.25)


def test_errors_are_those_of_the_last_28_days():
    """200 days of 10, then 28 of 12: everybody says 10 (or nearly), 2 of 12 are missed."""
    found = forecast(*one(np.concatenate([np.full(200, 10.0), np.full(28, 12.0)])), seasonal)
    assert found.plain_wape[0] == pytest.approx(2 / 12)
    assert found.wape[0] == pytest.approx(2 / 12)
    assert found.bias[0] == pytest.approx(-2 / 12)
    assert np.isnan(found.mase[0])  # the weeks before never changed: there is no scale


def test_mase_is_against_repeating_the_last_week():
    """Weeks of 10 and 14 in turn change by 4; the mean of 12 misses by 2: MASE is a half."""
    values = np.repeat(np.resize([10.0, 14.0], 30), WEEK)
    found = forecast(*one(values), seasonal)
    assert found.plain_mase[0] == pytest.approx(0.5)


def test_a_seasonal_method_beats_the_plain_one_on_a_steady_shop():
    """Over many SKUs of a steady shop a long memory pays: less error than four weeks' means."""
    sold = np.stack([shop(LONGEST, seed=seed) for seed in range(60)])
    found = forecast(sold, np.full(60, LONGEST), seasonal)
    assert found.method.count("ets") > 42
    assert np.mean(found.wape) < np.mean(found.plain_wape) * 0.97
    inside = (sold[:, -HORIZON:] >= found.low) & (sold[:, -HORIZON:] <= found.high)
    assert 0.7 < inside.mean() < 0.95
