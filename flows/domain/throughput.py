"""What came in and went out per ten minutes, warehouse and type, of some legs of the ledger.

Enters: rows of movements. Leaves: summands by key; a sum over all batches is that of all rows,
whatever their order.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime

from flows.domain.rows import Row

SECONDS = 600
Key = tuple[str, str, float]
"""Warehouse, type, and the number of the ten minutes since 1970."""


def summands(rows: Iterable[Row]) -> dict[Key, list[int]]:
    """Return by key how many legs, and how much they added and took, both positive."""
    sums: dict[Key, list[int]] = {}
    for row in rows:
        key = (row.warehouse, row.type, row.at.timestamp() // SECONDS)
        known = sums.get(key)
        if known is None:
            known = sums[key] = [0, 0, 0]
        known[0] += 1
        quantity = row.quantity
        if quantity > 0:
            known[1] += quantity
        else:
            known[2] -= quantity
    return sums


def begin(number: float) -> datetime:
    """Return when the ten minutes of a key begin."""
    return datetime.fromtimestamp(number * SECONDS, UTC)
