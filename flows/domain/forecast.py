"""What the next 28 local days will sell, which method says so, and how wrong it was lately.

Enters: the demand of many SKUs by day (see `smoothing`), and what fits the seasonal method, which
may leave SKUs out. Leaves: forecasts with a range and, per SKU, the method and its error on the
last 28 days, forecast from what came before them. A method is taken only where it was no worse
there than the plain one. At least 56 columns; nothing fails.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np

from flows.domain.smoothing import (
    HORIZON,
    WEEK,
    Flags,
    Floats,
    Ints,
    Said,
    history,
    intermittent,
    plain,
)

LONGEST = 364
"""Days of history that are looked at: 52 weeks."""
SEASONAL_FROM = 56
MEASURED_FROM = HORIZON + WEEK
"""Days of history from which on a week at least is left to forecast the last 28 days from."""
INTERMITTENT_ABOVE = 1.32
"""Mean days from demand to demand: the cut-off of Syntetos and Boylan."""
INNER = (0.1, 0.9)
"""Of the last 28 errors, the share that lies below `low` and below `high`."""

MEAN, WEEKDAY_MEAN, SEASONAL, INTERMITTENT = "mean", "weekday_mean", "ets", "tsb"
METHODS = (MEAN, WEEKDAY_MEAN, SEASONAL, INTERMITTENT)
OVER_BUDGET, UNFIT = "budget", "fit"
"""Why a method was not tried: no time was left for it, or it could not be fitted."""

Method: TypeAlias = Callable[[Floats, Ints], Said]


@dataclass(frozen=True)
class Forecasts:
    """Per SKU; NaN is unknown. Sums, not shares: `wape` and `bias` divide by `held`."""

    quantity: Floats
    low: Floats
    high: Floats
    method: list[str]
    rejected: list[str | None]
    skipped: list[str | None]
    days: Ints
    held: Floats
    missed: Floats
    missed_plain: Floats
    missed_rejected: Floats
    surplus: Floats
    scale: Floats

    @property
    def wape(self) -> Floats:
        """Σ |error| / Σ |demand| of the last 28 days."""
        return share(self.missed, self.held)

    @property
    def plain_wape(self) -> Floats:
        """The same of the plain method."""
        return share(self.missed_plain, self.held)

    @property
    def rejected_wape(self) -> Floats:
        """The same of the method that was tried and did worse."""
        return share(self.missed_rejected, self.held)

    @property
    def bias(self) -> Floats:
        """(Σ forecast − Σ demand) / Σ |demand|: above 0 it said too much."""
        return share(self.surplus, self.held)

    @property
    def mase(self) -> Floats:
        """Mean |error| / mean change from week to week before."""
        return share(self.missed / HORIZON, self.scale)

    @property
    def plain_mase(self) -> Floats:
        """The same of the plain method."""
        return share(self.missed_plain / HORIZON, self.scale)


def forecast(sold: Floats, days: Ints, seasonal: Method) -> Forecasts:
    """Return the forecasts of SKUs × days, yesterday last, of which `days` are history."""
    past, held, before = sold[:, :-HORIZON], sold[:, -HORIZON:], np.maximum(days - HORIZON, 0)
    measured = days >= MEASURED_FROM
    plain_then = plain(past, before)
    chosen = _Chosen(sold, days, plain_then)
    tried = candidates(sold, days)
    chosen.compare(SEASONAL, np.flatnonzero(tried == SEASONAL), seasonal)
    chosen.compare(INTERMITTENT, np.flatnonzero(tried == INTERMITTENT), _rarely)
    low, high = _range(chosen.quantity, held - chosen.then, measured)
    return Forecasts(
        chosen.quantity, low, high, list(chosen.method), list(chosen.rejected),
        list(chosen.skipped), days,
        held=_known(np.abs(held).sum(axis=1), measured),
        missed=_known(np.abs(chosen.then - held).sum(axis=1), measured),
        missed_plain=_known(np.abs(plain_then - held).sum(axis=1), measured),
        missed_rejected=chosen.missed_rejected,
        surplus=_known((chosen.then - held).sum(axis=1), measured),
        scale=_known(_naive_change(past, before), measured),
    )  # fmt: skip


class _Chosen:
    """What is taken per SKU, now and 28 days ago: the plain method until another is no worse."""

    def __init__(self, sold: Floats, days: Ints, plain_then: Floats) -> None:
        self._sold, self._days, self._plain_then = sold, days, plain_then
        self.then, self.quantity = plain_then.copy(), plain(sold, days)
        self.method = np.where(days >= HORIZON, WEEKDAY_MEAN, MEAN).astype(object)
        self.rejected = np.full(len(sold), None, dtype=object)
        self.skipped = np.full(len(sold), None, dtype=object)
        self.missed_rejected = np.full(len(sold), np.nan)

    def compare(self, name: str, rows: Ints, learned: Method) -> None:
        """Take a method for those of these SKUs that it forecast no worse 28 days ago."""
        past, held = self._sold[rows, :-HORIZON], self._sold[rows, -HORIZON:]
        there, then = self._sure(rows, learned(past, self._days[rows] - HORIZON))
        rows, held = rows[there], held[there]
        good = _no_worse(then, self._plain_then[rows], held)
        lost, kept = rows[~good], rows[good]
        self.rejected[lost] = name
        self.missed_rejected[lost] = np.abs(then - held).sum(axis=1)[~good]
        there, quantity = self._sure(kept, learned(self._sold[kept], self._days[kept]))
        kept = kept[there]
        self.method[kept], self.quantity[kept], self.then[kept] = name, quantity, then[good][there]

    def _sure(self, rows: Ints, said: Said) -> tuple[Flags, Floats]:
        """Return where there is a forecast, and those; note why the others have none."""
        there = np.asarray(np.isfinite(said.quantity).all(axis=1))
        self.skipped[rows[~there]] = np.where(said.reached[~there], UNFIT, OVER_BUDGET)
        return there, said.quantity[there]


def _rarely(sold: Floats, days: Ints) -> Said:
    return Said(intermittent(sold, days), np.full(len(sold), fill_value=True))


def candidates(sold: Floats, days: Ints) -> np.ndarray:
    """Return the name of the method to try on each SKU, "" for none but the plain one."""
    hits = ((sold > 0) & history(sold, days)).sum(axis=1)
    rare = days > INTERMITTENT_ABOVE * hits
    tried = np.full(len(sold), "", dtype=object)
    tried[(hits > 0) & rare & (days >= MEASURED_FROM)] = INTERMITTENT
    recent = (sold[:, -HORIZON:] > 0).any(axis=1)
    tried[recent & ~rare & (days >= SEASONAL_FROM)] = SEASONAL
    return tried


def share(part: Floats, whole: Floats) -> Floats:
    """Return part / whole, NaN where the whole is not above 0 or either is unknown."""
    shares = np.full(len(part), np.nan)
    np.divide(part, whole, out=shares, where=whole > 0)
    return shares


def _no_worse(said: Floats, plain_said: Floats, held: Floats) -> Flags:
    """Return where a method was no worse than the plain one, in absolute and in squared error.

    Of demand that comes rarely the least absolute error is that of saying 0: it needs the other.
    """
    error, plain_error = said - held, plain_said - held
    absolute = np.abs(error).sum(axis=1) <= np.abs(plain_error).sum(axis=1)
    good: Flags = absolute & ((error**2).sum(axis=1) <= (plain_error**2).sum(axis=1))
    return good


def _range(quantity: Floats, error: Floats, measured: Flags) -> tuple[Floats, Floats]:
    """Return between what eight of ten days lay, had the errors been those of the last 28 days."""
    under, over = np.quantile(error, INNER, axis=1)
    low = np.maximum(quantity + np.minimum(under, 0)[:, None], 0)
    high = quantity + np.maximum(over, 0)[:, None]
    unknown = ~measured[:, None]
    return np.where(unknown, np.nan, low), np.where(unknown, np.nan, high)


def _naive_change(past: Floats, before: Ints) -> Floats:
    """Return the mean |change| from the same weekday a week ago; from the day before if short."""
    weekly, daily = _change(past, before, WEEK), _change(past, before, 1)
    change: Floats = np.where(before >= 2 * WEEK, weekly, daily)
    return change


def _change(past: Floats, before: Ints, lag: int) -> Floats:
    known = history(past, before)[:, :-lag]
    change = np.where(known, np.abs(past[:, lag:] - past[:, :-lag]), 0)
    mean: Floats = change.sum(axis=1) / np.maximum(known.sum(axis=1), 1)
    return mean


def _known(values: Floats, measured: Flags) -> Floats:
    return np.where(measured, values, np.nan)
