"""Rows as the audit compares them, whether a fold expects them or the database has them."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from decimal import Decimal
from typing import Any

Values = tuple[Any, ...]
Expected = Iterable[tuple[Values, Values]]
"""Key and values of each row."""


def plain(value: Any) -> Any:
    """Return a value as it is shown and hashed: no trailing zeros, lists as tuples."""
    shaped = _SHAPED.get(type(value))
    return value if shaped is None else shaped(value)


def hashed(row: Values) -> Values:
    """Return a row whose lists are tuples; equal decimals are equal as they are."""
    return tuple([plain(value) if type(value) in UNHASHED else value for value in row])


_SHAPED: dict[type, Callable[[Any], Any]] = {
    Decimal: lambda value: value.normalize() + 0,
    list: lambda value: tuple(map(plain, value)),
    dict: lambda value: tuple(sorted((name, plain(part)) for name, part in value.items())),
}
UNHASHED = _SHAPED.keys() - {Decimal}
