"""Orders and purchases: lines are state, scans that name a line are facts about it.

A line's image is the one with the highest (version, time, id). What was shipped (or received) of a
line is the larger of what its image says and what scans say: two observations of one fact, never
added. A scan that names the order but no line is shared out over the order's lines of that SKU in
the order of their ids, each up to what it still needs.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import datetime

from flows.domain.events import Line
from flows.domain.fixed import fixed
from flows.domain.leads import restated
from flows.domain.rows import LineRow

ImageOrder = tuple[int, datetime, str]
LineKey = tuple[str, str, str, str]


def image_order(event: Line) -> ImageOrder:
    """Return what decides which image of a line wins."""
    return (-1 if event.version is None else event.version, event.occurred_at, event.event_id)


class OrderState:
    """The lines of one order, by (line_id, sku)."""

    __slots__ = ("images", "lines", "told")

    def __init__(self, rows: Iterable[LineRow] = ()) -> None:
        """Take the stored rows."""
        self.lines: dict[tuple[str, str], LineRow] = {}
        self.images: dict[str, LineRow] = {}
        self.told: dict[tuple[str, str], int] = {}
        for row in rows:
            self.lines[row.line_id, row.sku] = row
            self.told[row.line_id, row.sku] = row.outstanding
            if row.event_id is not None:
                self.images[row.line_id] = row


class OrderBook:
    """The orders (or purchases) of one partition that are in memory."""

    def __init__(self, changed: Callable[[LineRow, int], None], limit: int = 200_000) -> None:
        """`changed(row, difference)` is told how much more or less a line waits for."""
        self._changed = changed
        self._limit = limit
        self._orders: dict[tuple[str, str], OrderState] = {}
        self.written: dict[LineKey, LineRow | None] = {}
        self.relined: frozenset[str] = frozenset()
        """The SKUs of a line before and after the latest image."""
        self.turned = False
        """With it the order became known, or is no longer."""

    def missing(self, keys: Iterable[tuple[str, str]]) -> set[tuple[str, str]]:
        """Return the (warehouse, order_id) that have to be loaded; the others become recent."""
        missing = set()
        for key in keys:
            state = self._orders.pop(key, None)
            if state is None:
                missing.add(key)
            else:
                self._orders[key] = state
        return missing

    def open(self, missing: Iterable[tuple[str, str]], rows: Iterable[LineRow]) -> None:
        """Open the missing orders with what is stored of them."""
        found: dict[tuple[str, str], list[LineRow]] = {}
        for row in rows:
            found.setdefault((row.warehouse, row.order_id), []).append(row)
        for key in missing:
            self._orders[key] = OrderState(found.get(key, ()))

    def skus(self, key: tuple[str, str], line_id: str) -> str | None:
        """Return the SKU of a line's present image, whose account an image may change."""
        image = self._orders[key].images.get(line_id) if key in self._orders else None
        return None if image is None else image.sku

    def lines_of(self, warehouse: str, order_id: str) -> OrderState:
        """Return an order that is in memory."""
        return self._orders[warehouse, order_id]

    def image(self, event: Line) -> None:
        """Take an image of a line; an older one or a repeat has no effect."""
        state = self._orders[event.warehouse, event.order_id]
        line_id = event.line_id or ""
        known = state.images.get(line_id)
        self.relined, self.turned = frozenset(), not state.images
        if known is not None and row_order(known) >= image_order(event):
            return
        self.relined = frozenset({event.sku} if known is None else {event.sku, known.sku})
        self._settle(state, self._replace(state, event, line_id))

    def withdraw(self, event: Line, others: Iterable[Line]) -> None:
        """Take an image back: the highest of the `others` wins again, if there is one."""
        state = self._orders[event.warehouse, event.order_id]
        line_id = event.line_id or ""
        known = state.images.get(line_id)
        self.relined, self.turned = frozenset(), False
        if known is None or known.event_id != event.event_id:
            return
        winner = max(others, key=image_order, default=None)
        if winner is not None:
            self.relined = frozenset({known.sku, winner.sku})
            self._settle(state, self._replace(state, winner, line_id))
            return
        del state.images[line_id]
        self.turned = not state.images
        _clear(known)
        self._settle(state, known)

    def scan(self, warehouse: str, order_id: str, line_id: str, sku: str, quantity: int) -> None:
        """Note that `quantity` (signed: a cancelled scan is negative) was scanned for a line."""
        state = self._orders[warehouse, order_id]
        row = state.lines.get((line_id, sku))
        if row is None:
            row = state.lines[line_id, sku] = LineRow(warehouse, order_id, line_id, sku)
        row.scanned += quantity
        self._settle(state, row)

    def evict(self) -> None:
        """Forget the orders over the limit, the least recently needed first."""
        over = len(self._orders) - self._limit
        if over > 0:
            for key in [key for _, key in zip(range(over), self._orders, strict=False)]:
                del self._orders[key]

    def _replace(self, state: OrderState, event: Line, line_id: str) -> LineRow:
        """Let an image win; its row, which it returns, is still to be settled."""
        old = state.images.get(line_id)
        if old is not None and old.sku != event.sku:
            del state.images[line_id]
            _clear(old)
            self._settle(state, old)
        row = state.lines.get((line_id, event.sku))
        if row is None:
            row = LineRow(event.warehouse, event.order_id, line_id, event.sku)
            state.lines[line_id, event.sku] = row
        _fill(row, event)
        state.images[line_id] = row
        return row

    def _settle(self, state: OrderState, row: LineRow) -> None:
        """Work out again what was fulfilled of the order's lines of the row's SKU."""
        rows = [other for (_, sku), other in state.lines.items() if sku == row.sku]
        if len(rows) == 1:
            self._set(state, row, row.scanned, 0)
            return
        rows.sort(key=lambda other: other.line_id)
        nameless = state.lines.get(("", row.sku))
        pool = 0 if nameless is None else nameless.scanned
        scanned, shares = {}, {}
        for other in rows:
            named = 0 if other is nameless else other.scanned
            need = max(other.ordered - other.cancelled - named, 0)
            share = min(pool, need) if other.event_id is not None else 0
            pool -= share
            scanned[other.line_id] = named + share
            shares[other.line_id] = share
        if nameless is not None:
            scanned[""] += pool
        for other in rows:
            self._set(state, other, scanned[other.line_id], shares[other.line_id])

    def _set(self, state: OrderState, row: LineRow, scanned: int, share: int) -> None:  # noqa: ARG002 for purchases
        """Note what was scanned of a line, `share` of it by scans that name no line."""
        line = (row.line_id, row.sku)
        row.fulfilled = max(row.reported, scanned)
        gone = row.event_id is None and not row.scanned
        self.written[row.warehouse, row.order_id, *line] = None if gone else row
        told = state.told.get(line, 0)
        if gone:
            state.lines.pop(line, None)
            state.told.pop(line, None)
        else:
            state.told[line] = row.outstanding
        self._changed(row, row.outstanding - told)


def row_order(row: LineRow) -> ImageOrder:
    """Return the order of the image that a row has."""
    assert row.at is not None  # noqa: S101 a row with an image has its time
    assert row.event_id is not None  # noqa: S101
    return (-1 if row.version is None else row.version, row.at, row.event_id)


def _fill(row: LineRow, event: Line) -> None:
    row.ordered = fixed(event.ordered)
    row.reported = fixed(event.shipped)
    row.cancelled = fixed(event.cancelled)
    row.state = event.state or "open"
    row.version = event.version
    row.due_at = event.due_at
    row.document = event.document
    row.counterpart = getattr(event, "counterpart", None)
    row.at = event.occurred_at
    row.event_id = event.event_id


def _clear(row: LineRow) -> None:
    row.ordered = row.reported = row.cancelled = 0
    row.state = "closed"
    row.version = row.due_at = row.document = row.counterpart = row.at = row.event_id = None
    if row.times is not None:
        row.times = restated(row.times, ())
