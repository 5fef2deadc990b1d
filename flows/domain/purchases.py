"""Purchases: order lines that, besides, know when they were ordered and received.

Sales do without: a lead time is of interest to who buys.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import datetime

from msgspec.structs import replace

from flows.domain.events import Line
from flows.domain.leads import UNKNOWN, Times, lead, noted, restated
from flows.domain.orders import OrderBook, OrderState, image_order, row_order
from flows.domain.rows import LineRow

Led = Callable[[LineRow, int | None, int | None], None]


class PurchaseBook(OrderBook):
    """The purchases of one partition that are in memory."""

    def __init__(self, changed: Callable[[LineRow, int], None], led: Led) -> None:
        """`led(row, before, now)` is told when the lead time of a line becomes another."""
        super().__init__(changed)
        self._led = led

    def take(self, event: Line, images: Callable[[], Iterable[Line]]) -> None:
        """Take an image of a line; `images()` are all of it, asked for when its SKU changes."""
        state, line_id = self._orders[event.warehouse, event.order_id], event.line_id or ""
        known = state.images.get(line_id)
        if known is None or image_order(event) > row_order(known):
            row = self._replace(state, event, line_id)
        elif known.sku == event.sku and noted(times := known.times or UNKNOWN, event) is not times:
            row = known
        else:
            return
        if known is None or known.sku == event.sku:
            row.times = noted(row.times or UNKNOWN, event)
        else:
            self._restate(row, images())
        self._settle(state, row)

    def withdraw(self, event: Line, others: Iterable[Line]) -> None:
        """Take an image back: the `others` are what is known of the line."""
        others = list(others)
        super().withdraw(event, others)
        state = self._orders[event.warehouse, event.order_id]
        row = state.images.get(event.line_id or "")
        if row is not None:
            self._restate(row, others)
            self._settle(state, row)

    def receive(
        self,
        line: tuple[str, str, str, str],
        quantity: int,
        at: datetime,
        left: Callable[[], datetime | None],
    ) -> None:
        """Note a scan (negative: a cancelled one) of the line (warehouse, order_id, line_id, SKU).

        `left()` is the time of the latest scan that is not cancelled, asked for when that of the
        latest is taken back.
        """
        state = self._orders[line[:2]]
        row = state.lines.get(line[2:])
        if row is None:
            row = state.lines[line[2:]] = LineRow(*line)
        row.scanned += quantity
        times = row.times or UNKNOWN
        known = times.scanned_at
        if quantity < 0 and at == known:
            row.times = replace(times, scanned_at=left() if row.scanned else None)
        elif quantity > 0 and (known is None or at > known):
            row.times = replace(times, scanned_at=at)
        self._settle(state, row)

    def _restate(self, row: LineRow, images: Iterable[Line]) -> None:
        row.times = restated(row.times or UNKNOWN, (x for x in images if x.sku == row.sku))

    def _set(self, state: OrderState, row: LineRow, scanned: int, share: int) -> None:
        super()._set(state, row, scanned, share)
        times = row.times or UNKNOWN
        times = replace(times, received_at=_received_at(state, row, times, scanned, share))
        now = lead(times, row.ordered - row.cancelled, row.fulfilled)
        row.times = replace(times, lead=now)
        if now != times.lead:
            self._led(row, times.lead, now)


def _received_at(
    state: OrderState, row: LineRow, times: Times, scanned: int, share: int
) -> datetime | None:
    """Return when the last of it came, by the source that tells how much came: scans, images."""
    if not row.fulfilled:
        return None
    if scanned < row.reported:
        return times.most_at
    nameless = state.lines.get(("", row.sku)) if share else None
    pooled = None if nameless is None or nameless.times is None else nameless.times.scanned_at
    return max(filter(None, (times.scanned_at, pooled)), default=None)
