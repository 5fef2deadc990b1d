"""Exact quantities inside the fold: integers in 1/10000 of the base unit.

Addition of ints is exact and ten times cheaper than of Decimals; SQL holds NUMERIC(18,4).
"""

from __future__ import annotations

from decimal import Context, Decimal
from functools import lru_cache

SCALE = 10_000
PLACES = 4
COST_PLACES = 12
VALUE_PLACES = PLACES + COST_PLACES
SECOND_PLACES = 6
_EXACT = Context(prec=100)


def fixed(quantity: Decimal | None) -> int:
    """Return `quantity` in 1/10000 units (None is 0); it has at most four decimals."""
    return 0 if quantity is None else int(quantity * SCALE)


def decimal(units: int) -> Decimal:
    """Return 1/10000 units as a Decimal with four decimals."""
    return Decimal(units).scaleb(-PLACES)


def number(units: int) -> int | Decimal:
    """Return 1/10000 units as people write them: no zeros at the end."""
    whole, rest = divmod(units, SCALE)
    return decimal(units).normalize() if rest else whole


def worth(units: int, cost: Decimal | None) -> Decimal | None:
    """Return what 1/10000 units at a cost of each base unit are worth; None: nobody knows."""
    return None if cost is None else number(units) * cost


@lru_cache(maxsize=1 << 16)
def text(units: int) -> str:
    """Return 1/10000 units in the form that COPY reads, such as -3.5000."""
    sign, rest = ("-", -units) if units < 0 else ("", units)
    return f"{sign}{rest // SCALE}.{rest % SCALE:04d}"


def scaled(units: int, places: int) -> str:
    """Return an int in units of 10^−places in the form that COPY reads."""
    sign, rest = ("-", -units) if units < 0 else ("", units)
    digits = f"{rest:0{places + 1}d}"
    return f"{sign}{digits[:-places]}.{digits[-places:]}"


def unscaled(value: Decimal, places: int) -> int:
    """Return a number in units of 10^−places, exactly; it has no more decimals."""
    return int(_EXACT.scaleb(value, places))


def cost_units(cost: Decimal | None) -> int | None:
    """Return a cost in 10⁻¹² of the currency; it has at most twelve decimals."""
    return None if cost is None else int(cost.scaleb(COST_PLACES))


@lru_cache(maxsize=1 << 14)
def decimal_of(units: int, places: int) -> Decimal:
    """Return an int in units of 10^−places as a Decimal, exactly."""
    return _EXACT.scaleb(Decimal(units), -places)
