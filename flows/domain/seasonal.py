"""What the next days will sell by a level and a week's season, fitted by statsmodels.

Enters: the demand of SKUs by day (see `smoothing`), at least 14 days of history each. Leaves:
SKUs × HORIZON, at least 0, NaN for a SKU whose fit did not converge or gave what is no number, or
that was not reached. Nothing fails, nothing is warned of. About 10 ms a SKU; importing this
takes seconds and a hundred megabytes: only `flows/fitting.py` does, in a process of its own.

Exponential smoothing with additive errors and season, ETS(A,N,A): Hyndman and Athanasopoulos,
Forecasting: Principles and Practice, 3rd ed., chapter 8. The smoothing parameters, the first level
and the first season are fitted by least squares.
"""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING

import numpy as np
from statsmodels.tsa.holtwinters import ExponentialSmoothing

from flows.domain.smoothing import HORIZON, WEEK, Floats, Ints, Said

if TYPE_CHECKING:
    from collections.abc import Callable


def seasonal(sold: Floats, days: Ints, over: Callable[[], bool] = lambda: False) -> Said:
    """Fit SKU after SKU until it is `over`."""
    said = Said.nothing(len(sold), reached=False)
    with warnings.catch_warnings(), np.errstate(all="ignore"):
        warnings.simplefilter("ignore")
        for row, count in enumerate(days.tolist()):
            if over():
                break
            said.reached[row] = True
            said.quantity[row] = _fitted(sold[row, sold.shape[1] - count :])
    return said


def _fitted(values: Floats) -> Floats:
    try:
        model = ExponentialSmoothing(
            values, seasonal="add", seasonal_periods=WEEK, initialization_method="estimated"
        )
        # Without the search for where to begin: two thirds of the time, and no more error.
        fit = model.fit(use_brute=False)
        ahead: Floats = np.maximum(fit.forecast(HORIZON), 0)
    except (ValueError, ArithmeticError):
        return np.full(HORIZON, np.nan)
    good = fit.mle_retvals.success and np.isfinite(ahead).all()
    return ahead if good else np.full(HORIZON, np.nan)
