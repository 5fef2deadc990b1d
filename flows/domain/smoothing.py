"""Three ways to say what the next days will sell, for many SKUs at once.

Enters: `sold`, an array of SKUs × days, at least 28 days, yesterday last, and `days`, how many of
the last of them are history of the SKU, all at most; what lies before is not looked at. Leaves:
SKUs × HORIZON, at least 0. The work is a loop over days; its steps are arrays of SKUs × parameters,
so a thousand SKUs of a year take some tenths of a second. Nothing fails.

`seasonal` is exponential smoothing with additive errors and a week's season, ETS(A,N,A): Hyndman
and Athanasopoulos, Forecasting: Principles and Practice, 3rd ed., chapter 8. `intermittent` is
TSB: Teunter, Syntetos and Babai, Intermittent demand, EJOR 214 (2011). The parameters of a SKU are
those of a small grid whose forecasts of each next day had the least squared error.
"""

from __future__ import annotations

from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

Floats: TypeAlias = NDArray[np.float64]
Ints: TypeAlias = NDArray[np.int64]
Flags: TypeAlias = NDArray[np.bool_]

HORIZON = 28
WEEK = 7
SEASONAL_GRID = [(a, g) for a in (0.02, 0.05, 0.1, 0.2, 0.35) for g in (0.0, 0.05, 0.15)]
INTERMITTENT_GRID = [(a, b) for a in (0.02, 0.05, 0.1, 0.2, 0.3) for b in (0.02, 0.05, 0.1, 0.2)]


def plain(sold: Floats, days: Ints) -> Floats:
    """Return the mean of the last 28 days' same weekdays; of fewer days the mean of what there is.

    The first is the average per day times the weekday's profile of the same 28 days.
    """
    recent = _only_history(sold, days)[:, -HORIZON:]
    mean = recent.sum(axis=1) / np.clip(days, 1, HORIZON)
    weekdays = recent.reshape(len(sold), -1, WEEK).mean(axis=1)
    weekdays = np.where((days >= HORIZON)[:, None], weekdays, mean[:, None])
    said: Floats = np.maximum(np.tile(weekdays, HORIZON // WEEK), 0)
    return said


def seasonal(sold: Floats, days: Ints) -> Floats:
    """Return a level that follows the demand plus what each weekday differs from it."""
    alpha, gamma = np.array(SEASONAL_GRID).T
    known = history(sold, days)
    level = np.repeat(_first_mean(sold, days)[:, None], len(alpha), axis=1)
    season = np.repeat(_weekday_differences(sold, days)[:, :, None], len(alpha), axis=2)
    squares = np.zeros_like(level)
    for day in range(sold.shape[1]):
        weekday = season[day % WEEK]
        error = np.where(known[:, day, None], sold[:, day, None] - level - weekday, 0)
        squares += error * error
        level += alpha * error
        weekday += gamma * (1 - alpha) * error
    best, every = squares.argmin(axis=1), np.arange(len(sold))
    ahead = (sold.shape[1] + np.arange(HORIZON)) % WEEK
    said: Floats = np.maximum(level[every, best][:, None] + season[:, every, best][ahead].T, 0)
    return said


def intermittent(sold: Floats, days: Ints) -> Floats:
    """Return size of a demand × chance of one; the chance sinks on each day without any."""
    alpha, beta = np.array(INTERMITTENT_GRID).T
    known = history(sold, days)
    some = known & (sold > 0)
    count = some.sum(axis=1)
    first = np.where(some, sold, 0).sum(axis=1) / np.maximum(count, 1)
    size = np.repeat(first[:, None], len(alpha), axis=1)
    chance = np.repeat((count / np.maximum(days, 1))[:, None], len(alpha), axis=1)
    squares = np.zeros_like(size)
    for day in range(sold.shape[1]):
        now, hit, counted = sold[:, day, None], some[:, day, None], known[:, day, None]
        error = np.where(counted, now - size * chance, 0)
        squares += error * error
        size += np.where(hit, alpha * (now - size), 0)
        chance += np.where(counted, beta * (hit - chance), 0)
    best, every = squares.argmin(axis=1), np.arange(len(sold))
    return np.repeat((size * chance)[every, best][:, None], HORIZON, axis=1)


def history(sold: Floats, days: Ints) -> Flags:
    """Return which cells of `sold` are history."""
    width = sold.shape[1]
    flags: Flags = np.arange(width) >= width - days[:, None]
    return flags


def _only_history(sold: Floats, days: Ints) -> Floats:
    return np.where(history(sold, days), sold, 0)


def _first_mean(sold: Floats, days: Ints) -> Floats:
    """Return the mean of the first 28 days of each history, or of what there is."""
    width = sold.shape[1]
    begin = width - days
    end = np.minimum(begin + HORIZON, width)
    upto = np.zeros((len(sold), width + 1))
    np.cumsum(_only_history(sold, days), axis=1, out=upto[:, 1:])
    every = np.arange(len(sold))
    mean: Floats = (upto[every, end] - upto[every, begin]) / np.maximum(end - begin, 1)
    return mean


def _weekday_differences(sold: Floats, days: Ints) -> Floats:
    """Return week × SKU: by how much a weekday of the history differs from the mean weekday."""
    known, counted = history(sold, days), _only_history(sold, days)
    means = np.stack([
        counted[:, day::WEEK].sum(axis=1) / np.maximum(known[:, day::WEEK].sum(axis=1), 1)
        for day in range(WEEK)
    ])  # fmt: skip
    difference: Floats = means - means.mean(axis=0)
    return difference
