"""What the next days will sell, for many SKUs at once: means, and what sells rarely.

Enters: `sold`, an array of SKUs × days, at least 28 days, yesterday last, and `days`, how many of
the last of them are history of the SKU, all at most; what lies before is not looked at. Leaves:
SKUs × HORIZON, at least 0. The work is a loop over days; its steps are arrays of SKUs × parameters,
so a thousand SKUs of a year take some tenths of a second. Nothing fails.

`intermittent` is TSB: Teunter, Syntetos and Babai, Intermittent demand, EJOR 214 (2011). The
parameters of a SKU are those of a small grid whose forecasts of each next day had the least squared
error. It is our own because statsmodels 0.15 has no method for demand that comes rarely: its whole
source was searched for Croston, SBA, TSB, ADIDA, IMAPA and "intermittent". statsforecast has them,
and needs a pandas below 3.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self, TypeAlias

import numpy as np
from numpy.typing import NDArray

Floats: TypeAlias = NDArray[np.float64]
Ints: TypeAlias = NDArray[np.int64]
Flags: TypeAlias = NDArray[np.bool_]

HORIZON = 28
WEEK = 7
INTERMITTENT_GRID = [(a, b) for a in (0.02, 0.05, 0.1, 0.2, 0.3) for b in (0.02, 0.05, 0.1, 0.2)]


@dataclass(frozen=True)
class Said:
    """Forecasts of SKUs that may be NaN, and which SKUs were reached."""

    quantity: Floats
    reached: Flags

    @classmethod
    def nothing(cls, count: int, *, reached: bool) -> Self:
        """Return no forecast of so many SKUs."""
        return cls(np.full((count, HORIZON), np.nan), np.full(count, reached))


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
