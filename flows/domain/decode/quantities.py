"""Exact decimals: what a quantity and what any other number may be.

A quantity enters as any Decimal and leaves with exactly four fraction digits, below 10^9, so that
equal quantities are equal bytes in the log and sums fit NUMERIC(18,4). Other numbers (cost, volume,
thresholds) keep up to twelve fraction digits and lose trailing zeros. Raises `Refused`.
"""

from __future__ import annotations

import decimal
from decimal import Decimal

from flows.domain.decode.refusal import Refused, shown

PLACES = 4
ZERO = Decimal("0.0000")
_STEP = Decimal("0.0001")
_FINE = Decimal("0.000000000001")
_ONE = Decimal(1)
_TRAPS = [decimal.Inexact, decimal.InvalidOperation]
# 13 digits, four of them after the point: a sum reaches NUMERIC(18,4)'s 10^14 after 100,000 such
_NARROW = decimal.Context(prec=13, traps=_TRAPS)
_WIDE = decimal.Context(prec=26, traps=_TRAPS)
_rounded = _NARROW.quantize


def positive(value: Decimal, field: str) -> Decimal:
    """Return a moved quantity (> 0) with four fraction digits."""
    try:
        exact = _rounded(value, _STEP)
        if exact > 0:
            return exact
    except ArithmeticError as reason:
        raise _refused(value, field, reason, digits=4) from None
    raise _below(value, field, "above 0")


def natural(value: Decimal, field: str) -> Decimal:
    """Return a counted or ordered quantity (≥ 0) with four fraction digits."""
    try:
        exact = _rounded(value, _STEP)
        if exact > 0:
            return exact
        if exact == 0:
            return ZERO
    except ArithmeticError as reason:
        raise _refused(value, field, reason, digits=4) from None
    raise _below(value, field, "0 or above")


def number(value: Decimal, field: str) -> Decimal:
    """Return any other number, of either sign, in its shortest plain form."""
    try:
        exact = _WIDE.quantize(value, _FINE)
        if not exact:
            return Decimal(0)
        if exact == exact:  # noqa: PLR0124 — NaN alone differs from itself
            short = exact.normalize(_WIDE)
            plain = short.as_tuple().exponent
            return short if isinstance(plain, int) and plain <= 0 else short.quantize(_ONE)
    except ArithmeticError as reason:
        raise _refused(value, field, reason, digits=12) from None
    raise _refused(value, field, decimal.InvalidOperation(), digits=12)


def amount(value: Decimal, field: str) -> Decimal:
    """Return a number ≥ 0 in its shortest plain form."""
    exact = number(value, field)
    if exact < 0:
        raise _below(value, field, "0 or above")
    return exact


def _refused(value: Decimal, field: str, reason: ArithmeticError, digits: int) -> Refused:
    if not value.is_finite():
        must = "a finite number"
    elif isinstance(reason, decimal.Inexact) and not isinstance(reason, decimal.InvalidOperation):
        must = f"a number of at most {digits} fraction digits"
    else:
        must = f"below 1{'0' * (9 if digits == PLACES else 14)} in size"
    return Refused("bad_value", field, f"`{field}` must be {must}, but it is {shown(value)}.")


def _below(value: Decimal, field: str, must: str) -> Refused:
    return Refused("bad_value", field, f"`{field}` must be {must}, but it is {shown(value)}.")
