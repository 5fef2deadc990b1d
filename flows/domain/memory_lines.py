"""Lines of orders and purchases in the store in memory."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable
from copy import copy

from flows.domain.rows import Key, LineRow

Lines = dict[tuple[str, str], dict[tuple[str, str], LineRow]]
Written = dict[tuple[str, str, str, str], LineRow | None]


class LineTable:
    """One of the tables orders and purchases, by order, and what each account waits for."""

    def __init__(self) -> None:
        """Start empty."""
        self.orders: Lines = defaultdict(dict)
        self._open: dict[Key, dict[tuple[str, str], LineRow]] = defaultdict(dict)

    def apply(self, written: Written) -> None:
        """Take a batch's lines over."""
        for (warehouse, order_id, line_id, sku), row in written.items():
            order, line = self.orders[warehouse, order_id], (line_id, sku)
            waiting = self._open[Key(warehouse, sku)]
            if row is None:
                order.pop(line, None)
            else:
                order[line] = row
            if row is None or not row.outstanding:
                waiting.pop((order_id, line_id), None)
            else:
                waiting[order_id, line_id] = row

    def of(self, keys: Iterable[tuple[str, str]]) -> list[LineRow]:
        """Return the lines of orders."""
        return [
            copy(row) for key in keys if key in self.orders for row in self.orders[key].values()
        ]

    def open_of(self, keys: Collection[Key]) -> list[LineRow]:
        """Return the lines for which accounts wait."""
        return [copy(row) for key in keys if key in self._open for row in self._open[key].values()]

    def rows(self) -> dict[tuple[str, str, str, str], LineRow]:
        """Return all lines by the table's key."""
        return {
            (*key, *line): row for key, rows in self.orders.items() for line, row in rows.items()
        }
