"""The one way in which stock changes: a posting on a cell, and counts as anchors between them.

A posting dated at or before a later count of its cell changes history and the variance that the
count booked, not the present; one dated after every count changes the present. The correction
reaches only as far as the next count. So the sum of an account's rows is its stock, at any time
and as known at any time.
"""

from __future__ import annotations

from bisect import insort
from collections.abc import Iterable

from flows.domain.accounts import Account
from flows.domain.recall import Recall
from flows.domain.rows import Cell, CountRow, Facts, Key, Order, Row
from flows.domain.state import State


class Postings:
    """Writes rows of the ledger for one partition."""

    def __init__(self, state: State, recall: Recall) -> None:
        """`recall` answers for what is no longer in memory."""
        self._state = state
        self._recall = recall

    def post(self, account: Account, row: Row, cell: Cell) -> None:
        """Write `row`, and its correction at the next count that covers its cell, if any."""
        self._write(account, row)
        at = row.at
        if account.moved_to is None:
            account.calm = None
            account.moved_to = at
        elif at > account.moved_to:
            account.moved_to = at
        if account.counted_to is not None and at <= account.counted_to:
            count = self._next_count(account, row.order, cell)
            if count is not None:
                self._write(account, variance(count, cell, -row.quantity, row.offset))
                self._state.explained.append((account, count, row.quantity))
                return
        account.shift(cell, row.quantity)
        account.dirty.add(cell)  # type: ignore[union-attr]
        if cell.bin and self._state.weights.active:
            self._state.weights.moved(account.key, cell.bin, row.quantity)

    def _write(self, account: Account, row: Row) -> None:
        self._state.changes.movements.append(row)
        account.moves.append(row)  # type: ignore[union-attr]

    def count(self, account: Account, count: CountRow, offset: int) -> int:
        """Anchor what `count` covers at what was counted; return what should have been there."""
        book = self._book(account, count)
        cells = set(count.lines) | {cell for cell in book if count.covers(cell)}
        expected = sum([book.get(cell, 0) for cell in cells])
        self._anchor(account, count)
        for cell in sorted(cells):
            difference = count.lines.get(cell, 0) - book.get(cell, 0)
            if difference:
                self.post(account, variance(count, cell, difference, offset), cell)
        if account.moved_to is None:
            account.calm = None
        if account.moved_to is None or count.at > account.moved_to:
            account.moved_to = count.at
        return expected

    def uncount(self, account: Account, count: CountRow, offset: int) -> None:
        """Take a count back: what it booked is negated, and no longer anchors anything."""
        net: dict[Cell, int] = {}
        for row in self._rows_of_count(account.key, count):
            net[row.cell] = net.get(row.cell, 0) + row.quantity
        counts = self.counts(account)
        counts[:] = [known for known in counts if known.event_id != count.event_id]
        for cell, quantity in sorted(net.items()):
            if quantity:
                row = variance(count, cell, -quantity, offset)
                row.correction = True
                self.post(account, row, cell)

    def counts(self, account: Account) -> list[CountRow]:
        """Return the account's counts in effective order, loaded when not in memory."""
        if account.counts is None:
            known = {count.event_id: count for count in self._recall.counts(account.key)}
            for count in self._state.changes.counts:
                if (count.warehouse, count.sku) == account.key:
                    known[count.event_id] = count
            live = (count for count in known.values() if not count.cancelled)
            account.counts = sorted(live, key=_order)
        return account.counts

    def _anchor(self, account: Account, count: CountRow) -> None:
        if account.counts is not None:
            insort(account.counts, count, key=_order)
        if account.counted_to is None or count.at > account.counted_to:
            account.counted_to = count.at

    def _next_count(self, account: Account, order: Order, cell: Cell) -> CountRow | None:
        for count in self.counts(account):
            if count.order > order and count.covers(cell):
                return count
        return None

    def _book(self, account: Account, count: CountRow) -> dict[Cell, int]:
        """Return the stock of each cell just before the count."""
        if account.moved_to is None or count.at > account.moved_to:
            return account.cells
        book = dict(account.cells)
        for row in self.rows(account.key, count):
            if row.order >= count.order:
                book[row.cell] = book.get(row.cell, 0) - row.quantity
        return book

    def rows(self, key: Key, count: CountRow) -> Iterable[Row]:
        """Yield the account's ledger from the count's time on, this batch included."""
        yield from self._recall.rows(key, count.at)
        for row in list(self._state.changes.movements):
            if row.at >= count.at and (row.warehouse, row.sku) == key:
                yield row

    def _rows_of_count(self, key: Key, count: CountRow) -> Iterable[Row]:
        yield from self._recall.count_rows(key, count.at, count.event_id)
        for row in list(self._state.changes.movements):
            if row.event_id == count.event_id and (row.warehouse, row.sku) == key:
                yield row


def _order(count: CountRow) -> Order:
    return count.order


def variance(count: CountRow, cell: Cell, quantity: int, offset: int) -> Row:
    """Return a row that books a difference at a count, found at log offset `offset`."""
    return Row(
        count.at,
        count.seq or None,
        count.event_id,
        count.warehouse,
        count.sku,
        *cell,
        "stocktake",
        quantity,
        offset,
        Facts(
            document=count.document,
            operator=count.operator,
            device=count.device,
            video_url=count.video_url,
        ),
        variance=True,
    )
