"""How a SKU sells at a warehouse: ABC by its share of the issue value, XYZ by how steady it is.

Enters: exact values, and demand by day as in `smoothing`. Leaves: classes. Nothing fails.
"""

from __future__ import annotations

from decimal import Decimal, localcontext
from typing import TYPE_CHECKING

import numpy as np

from flows.domain.smoothing import WEEK, Floats, Ints

if TYPE_CHECKING:
    from collections.abc import Mapping

VALUE_DAYS = 90
WEEKS, FEWEST_WEEKS = 13, 4
A_UPTO, B_UPTO = 80, 95
X_BELOW, Y_BELOW = 0.5, 1.0
DIGITS = 60
"""Enough for sums of products of two stored numbers to be exact."""


def abc(values: Mapping[str, Decimal | None]) -> dict[str, str | None]:
    """Return SKU → class: A up to and with the SKU whose value reaches 80 % of all, B to 95 %.

    The largest value first, equal ones by SKU. Nothing issued, or more returned, is C; an unknown
    value is no class.
    """
    classes: dict[str, str | None] = {
        sku: None if value is None else "C" for sku, value in values.items()
    }
    some = {sku: value for sku, value in values.items() if value is not None and value > 0}
    with localcontext(prec=DIGITS):
        total, before = sum(some.values(), Decimal(0)), Decimal(0)
        for sku, value in sorted(some.items(), key=lambda one: (-one[1], one[0])):
            reached = 100 * before
            if reached < A_UPTO * total:
                classes[sku] = "A"
            elif reached < B_UPTO * total:
                classes[sku] = "B"
            before += value
    return classes


def xyz(sold: Floats, days: Ints) -> tuple[list[str | None], Floats]:
    """Return the classes of SKUs × days and their coefficients of variation, NaN for none.

    The coefficient is population deviation / mean of the last 13 blocks of seven days, or of as
    many as there are, four at least.
    """
    weeks = np.minimum(days // WEEK, WEEKS)
    blocks = sold[:, -WEEKS * WEEK :].reshape(len(sold), WEEKS, WEEK).sum(axis=2)
    known = np.arange(WEEKS) >= WEEKS - weeks[:, None]
    count = np.maximum(weeks, 1)
    mean = np.where(known, blocks, 0).sum(axis=1) / count
    squares = np.where(known, blocks - mean[:, None], 0) ** 2
    counted = (weeks >= FEWEST_WEEKS) & (mean > 0)
    variation = np.full(len(sold), np.nan)
    deviation = np.sqrt(squares.sum(axis=1) / count)
    np.divide(deviation, mean, out=variation, where=counted)
    variation = np.round(variation, 9)
    return [_steadiness(one) for one in variation], variation


def _steadiness(variation: float) -> str | None:
    if np.isnan(variation):
        return None
    return "X" if variation < X_BELOW else "Y" if variation < Y_BELOW else "Z"
