"""ABC and XYZ: examples, ties, unknown costs, and a slow model."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from flows.domain.classes import abc, xyz

MONEY = st.decimals(min_value=-1000, max_value=10**9, places=6)


def values(**given_values):
    """Return SKU → value as exact decimals."""
    return {sku: None if value is None else Decimal(value) for sku, value in given_values.items()}


def test_a_goes_up_to_and_with_the_sku_that_reaches_80_percent():
    """70 + 10 is 80: both are A; 12 more reach 92 and 3 more 95: B; the rest is C."""
    found = abc(values(a=70, b=10, c=9, d=6, e=3, f=2))
    assert found == {"a": "A", "b": "A", "c": "B", "d": "B", "e": "C", "f": "C"}
    assert abc(values(a=79, b=20, c=1)) == {"a": "A", "b": "A", "c": "C"}


def test_one_sku_that_sells_is_a():
    """It has all the value; the others, without issues or with more returns, are C."""
    assert abc(values(a=5, b=0, c=-7)) == {"a": "A", "b": "C", "c": "C"}


def test_equal_values_go_by_sku():
    """Five of the same: the first four by name reach 80 %."""
    found = abc(values(e=1, b=1, d=1, a=1, c=1))
    assert sorted(found.items()) == [("a", "A"), ("b", "A"), ("c", "A"), ("d", "A"), ("e", "B")]


def test_an_unknown_cost_is_no_class():
    """It is not worth nothing: nobody knows."""
    assert abc(values(a=5, b=None)) == {"a": "A", "b": None}
    assert abc({}) == {}


@given(st.dictionaries(st.text(max_size=3), MONEY | st.none(), max_size=30))
def test_classes_are_what_exact_fractions_give(given_values):
    """Whatever the values: sorted, cumulated, compared without any rounding."""
    found = abc(given_values)
    some = sorted(
        ((Fraction(v), sku) for sku, v in given_values.items() if v is not None and v > 0),
        key=lambda pair: (-pair[0], pair[1]),
    )
    total, before = sum(value for value, _ in some), Fraction(0)
    expected = {sku: None if v is None else "C" for sku, v in given_values.items()}
    for value, sku in some:
        reached = before / total
        if reached < Fraction(95, 100):
            expected[sku] = "A" if reached < Fraction(80, 100) else "B"
        before += value
    assert found == expected


def weekly(*weeks):
    """Return SKUs × days whose weeks sold so much, all on the third day of a week."""
    sold = np.zeros((1, 182))
    for number, quantity in enumerate(reversed(weeks)):
        sold[0, -5 - 7 * number] = quantity
    return sold


@pytest.mark.parametrize(
    ("weeks", "letter", "variation"),
    [
        ([10] * 13, "X", 0),
        ([5, 15] * 6, "Y", 0.5),
        ([0, 10] * 6, "Z", 1),
        ([0, 0, 0, 40], "Z", 3**0.5),
        ([4, 6, 4, 6], "X", 0.2),
        ([10, 10, 10], None, None),
        ([0] * 13, None, None),
        ([-5, -5, -5, -5], None, None),
    ],
)
def test_xyz_goes_by_the_variation_of_weeks(weeks, letter, variation):
    """Deviation / mean: below 0.5 X, below 1 Y, else Z; nothing sold or under 4 weeks: none."""
    letters, found = xyz(weekly(*weeks), np.array([7 * len(weeks)]))
    assert letters == [letter]
    assert found[0] == pytest.approx(variation if variation is not None else np.nan, nan_ok=True)


def test_xyz_looks_at_thirteen_weeks_and_whole_ones():
    """What is older does not count, nor does a week of which only a part is history."""
    old = weekly(900, *[10] * 13)
    assert xyz(old, np.array([14 * 7]))[0] == ["X"]
    part = weekly(900, *[10] * 5)
    assert xyz(part, np.array([5 * 7 + 6]))[0] == ["X"]
    assert xyz(part, np.array([6 * 7]))[0] == ["Z"]
