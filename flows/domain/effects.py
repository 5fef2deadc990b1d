"""What each kind of event does to the state, and how it is taken back.

Every effect has its inverse, so that a cancel leaves what the stream without both would have left:
movements are additive, counts are anchors that can be lifted, images and registers are worked out
again from the journal.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from copy import copy
from datetime import UTC, datetime
from typing import Any

from flows.domain import lots
from flows.domain.accounts import Account
from flows.domain.cancels import Cancels
from flows.domain.events import (
    Bin,
    Event,
    Inbound,
    Item,
    Line,
    Movement,
    OrderLine,
    Outbound,
    Policy,
    PurchaseLine,
    Stocktake,
    Tick,
    Warehouse,
    type_of,
)
from flows.domain.fixed import fixed
from flows.domain.master import image_key, order_of, registers
from flows.domain.movements import LEGS, RECEIPTS, count_of, movement_of, row_of
from flows.domain.postings import Postings
from flows.domain.prices import Images
from flows.domain.recall import Recall
from flows.domain.rows import CountRow, Entry, Key, LotRow, MasterRow, Order, PolicyRow, Row
from flows.domain.state import State
from flows.domain.transfers import Transfers

NEVER = Order(datetime.min.replace(tzinfo=UTC), 0, "")
"""Before every event: a register that holds nothing."""


class Effects:
    """The ways in which events change the state of one partition."""

    def __init__(self, state: State, recall: Recall, cancels: Cancels) -> None:
        """`recall` answers for what is no longer in memory, `cancels` for what is undone."""
        self._state = state
        self._recall = recall
        self._cancels = cancels
        self._postings = Postings(state, recall)
        self._transfers = Transfers(state, recall, cancels)
        self._lots: dict[tuple[Key, str], LotRow] = {}
        self.counted: tuple[CountRow, int] | None = None
        """The latest count, and what it should have found."""
        self._does: dict[type[Event], Callable[..., None]] = {
            Stocktake: self._count,
            OrderLine: self._line,
            PurchaseLine: self._line,
            Item: self._item,
            Bin: self._bin,
            Warehouse: self._warehouse,
            Policy: self._policy,
            Tick: self._tick,
            **dict.fromkeys(LEGS, self._move),
        }
        self._undoes: dict[type[Event], Callable[..., None]] = {
            Stocktake: self._uncount,
            OrderLine: self._unline,
            PurchaseLine: self._unline,
            Item: self._unimage,
            Bin: self._unimage,
            Warehouse: self._unimage,
            Policy: self._unpolicy,
            **dict.fromkeys(LEGS, self._unmove),
        }

    def apply(self, event: Event, offset: int) -> None:
        """Let a new event take effect."""
        kind = type(event)
        if kind not in LEGS and kind is not Tick:
            self.journal(event, offset)
        does = self._does.get(kind)
        if does is not None:
            does(event, offset)

    def redo(self, event: Event, offset: int) -> None:
        """Let an event take effect again whose cancel was cancelled."""
        if isinstance(event, Item | Policy) and event.sku:
            self._state.load((), [event.sku], (), (), switched=event.event_id)
        if isinstance(event, Movement):
            self._move(event, offset, correction=True)
        elif isinstance(event, Policy):  # registers that were read only now may have it already
            self._unpolicy(event, offset)
        elif type(event) in self._does:
            self._does[type(event)](event, offset)

    def undo(self, event: Event, offset: int) -> None:
        """Take an event's effect back."""
        undoes = self._undoes.get(type(event))
        if undoes is not None:
            undoes(event, offset)

    def find(self, event_id: str, at: datetime) -> Event | None:
        """Return an event of that id and time that this partition has seen."""
        rows, events = self._recall.find(event_id, at)
        changes = self._state.changes
        rows = [*rows, *(row for row in changes.movements if row.event_id == event_id)]
        events = [*events, *(x.event for x in changes.journal if x.event.event_id == event_id)]
        legs = [row for row in rows if not row.correction and not row.variance]
        if events:
            return events[0]
        return movement_of(legs) if legs else None

    def journal(self, event: Event, offset: int) -> None:
        """Keep an event whole."""
        key, line_id = "", ""
        if isinstance(event, Line):
            key, line_id = event.order_id, event.line_id or ""
        elif isinstance(event, Bin):
            key = event.bin
        elif isinstance(event, Policy):
            key = event.category or ""
        warehouse, sku = getattr(event, "warehouse", None), getattr(event, "sku", None)
        self._state.changes.journal.append(
            Entry(event, type_of(event), warehouse or "", sku or "", key, line_id, offset)
        )

    def lots(self) -> list[LotRow]:
        """Return the lots that this batch dated, and forget them."""
        rows, self._lots = [copy(row) for row in self._lots.values()], {}
        return rows

    def _move(
        self, event: Movement, offset: int, sign: int = 1, *, correction: bool = False
    ) -> None:
        quantity = sign * fixed(event.quantity)
        state = self._state
        if event.warehouse in state.home or state.owns(event.warehouse):
            account = state.account((event.warehouse, event.sku), event.occurred_at)
            kind = type_of(event)
            direction = 0
            for cell, direction in LEGS[type(event)](event):
                row = row_of(event, cell, direction * quantity, offset, kind)
                row.correction = correction
                self._postings.post(account, row, cell)
            if correction:
                self._redate(account, event.lot or "")
            else:
                self._date(account, event, receipt=direction > 0 and kind in RECEIPTS)
            if event.order_id is not None:
                self._scan(event, quantity)
        if event.counterpart is not None:
            self._transfers.note(
                event,
                quantity,
                correction=correction,
                keep=lambda: self.journal(event, offset),
            )

    def _unmove(self, event: Movement, offset: int) -> None:
        self._move(event, offset, -1, correction=True)

    def _scan(self, event: Movement, quantity: int) -> None:
        state = self._state
        order_id = event.order_id or ""
        line = (event.warehouse, order_id, event.line_id or "", event.sku)
        if isinstance(event, Outbound):
            state.order(state.orders, event.warehouse, order_id)
            state.orders.scan(*line, quantity)
        elif isinstance(event, Inbound):
            state.order(state.purchases, event.warehouse, order_id)
            state.purchases.receive(line, quantity, event.occurred_at, lambda: self._received(line))

    def _received(self, line: tuple[str, str, str, str]) -> datetime | None:
        """Return when the latest effective scan of a purchase line was."""
        warehouse, order_id, _, sku = line
        rows = self._recall.receipts(Key(warehouse, sku), order_id)
        rows += (row for row in self._state.changes.movements if row.type == "inbound")
        return max(
            (
                row.at
                for row in rows
                if (row.warehouse, row.facts.order_id, row.facts.line_id or "", row.sku) == line
                and self._states(row)
            ),
            default=None,
        )

    def _count(self, event: Stocktake, offset: int) -> None:
        count = count_of(event)
        account = self._state.account(Key(event.warehouse, event.sku), event.occurred_at)
        self._state.changes.counts.append(count)
        self.counted = (count, self._postings.count(account, count, offset))
        self._date(account, event, receipt=False)

    def _uncount(self, event: Stocktake, offset: int) -> None:
        count = count_of(event)
        account = self._state.account(Key(event.warehouse, event.sku), event.occurred_at)
        self._postings.uncount(account, count, offset)
        count.cancelled = True
        self._state.changes.counts.append(count)
        self._redate(account, event.lot or "")

    def _date(self, account: Account, event: Movement | Stocktake, *, receipt: bool) -> None:
        row = account.lots.get(event.lot or "")
        known = row is not None and row.received_at is not None
        news = receipt and not (known and row.received_at <= event.occurred_at)  # type: ignore[union-attr,operator]
        if not (news or event.expires_on or event.produced_on):
            return
        row = row or account.lot(event.lot or "")
        shown = (row.expires_on, row.received_at)
        if lots.note(row, order_of(event), event.expires_on, event.produced_on, receipt=receipt):
            self._dated(account, row, shown)

    def _redate(self, account: Account, lot: str) -> None:
        changes, key = self._state.changes, account.key
        statements: list[Row | Event] = list(self._recall.statements(key, lot))
        statements += (r for r in changes.movements if (r.warehouse, r.sku) == key and r.lot == lot)
        statements += (
            entry.event
            for entry in changes.journal
            if (entry.warehouse, entry.sku) == key
            and (getattr(entry.event, "lot", None) or "") == lot
        )
        row = account.lot(lot)
        lots.restate(row, (s for s in statements if self._states(s)))
        self._dated(account, row)

    def _states(self, statement: Row | Event) -> bool:
        if isinstance(statement, Row) and (statement.correction or statement.variance):
            return False
        return self._cancels.effective(statement.event_id)

    def _dated(self, account: Account, row: LotRow, shown: object = None) -> None:
        self._lots[account.key, row.lot] = row
        account.calm = None
        if account.dirty is not None and shown != (row.expires_on, row.received_at):
            account.dirty.update(cell for cell in account.cells if cell.lot == row.lot)

    def _line(self, event: Line, offset: int) -> None:  # noqa: ARG002 one form for all kinds
        state = self._state
        state.account(Key(event.warehouse, event.sku), event.occurred_at)
        if isinstance(event, OrderLine):
            state.order(state.orders, event.warehouse, event.order_id).image(event)
        else:
            state.order(state.purchases, event.warehouse, event.order_id)
            state.purchases.take(event, lambda: self._lines(event))

    def _unline(self, event: Line, offset: int) -> None:  # noqa: ARG002
        self._state.account(Key(event.warehouse, event.sku), event.occurred_at)
        book = self._state.orders if isinstance(event, OrderLine) else self._state.purchases
        book = self._state.order(book, event.warehouse, event.order_id)
        book.withdraw(event, self._lines(event))

    def _lines(self, event: Line) -> list[Line]:
        """Return the effective images of a line."""
        return [image for image in self._images(event) if isinstance(image, Line)]

    def _images(self, event: Event) -> Iterable[Event]:
        """Yield the effective images of what `event` is an image of."""
        kind, key = type(event), image_key(event)
        known = list(self._recall.images(type_of(event), key))
        known += (x.event for x in self._state.changes.journal if type(x.event) is kind)
        for image in known:
            if image_key(image) == key and self._cancels.effective(image.event_id):
                yield image

    def _item(self, event: Item, offset: int) -> None:  # noqa: ARG002
        state = self._state
        known = state.images(event.sku)
        if known.last is None or order_of(event) > order_of(known.last):
            state.set_images(event.sku, known.followed_by(event))
            _put(state.changes.items, event.sku, event)
        else:
            state.set_images(event.sku, self._images_of(event))

    def _images_of(self, event: Item) -> Images:
        """Return the effective images of an item, this batch's included."""
        return Images(image for image in self._images(event) if isinstance(image, Item))

    def _warehouse(self, event: Warehouse, offset: int) -> None:  # noqa: ARG002
        state = self._state
        known = state.warehouse(event.warehouse)
        if known is None or order_of(event) > order_of(known):
            state.set_warehouse(event.warehouse, event)
            _put(state.changes.warehouses, event.warehouse, event)

    def _bin(self, event: Bin, offset: int) -> None:  # noqa: ARG002
        _put(self._state.changes.bins, (event.warehouse, event.bin), event)
        self._state.weights.set_bin(event)

    def _unimage(self, event: Item | Bin | Warehouse, offset: int) -> None:  # noqa: ARG002
        state = self._state
        best = max(self._images(event), key=order_of, default=None)
        row = MasterRow(
            best if isinstance(best, Item | Bin | Warehouse) else event,
            forced=True,
            deleted=best is None,
        )
        if isinstance(event, Item):
            state.load((), [event.sku], (), (), switched=event.event_id)
            state.set_images(event.sku, self._images_of(event))
            state.changes.items[event.sku] = row
        elif isinstance(event, Warehouse):
            state.set_warehouse(event.warehouse, best if isinstance(best, Warehouse) else None)
            state.changes.warehouses[event.warehouse] = row
        else:
            state.changes.bins[event.warehouse, event.bin] = row
            if isinstance(row.event, Bin):
                state.weights.set_bin(row.event, forced=True, gone=row.deleted)

    def _policy(self, event: Policy, offset: int) -> None:  # noqa: ARG002
        for row in registers(event):
            self._register(row)
        self._state.policies_changed(event)

    def _unpolicy(self, event: Policy, offset: int) -> None:  # noqa: ARG002
        state = self._state
        if event.sku:
            state.load((), [event.sku], (), ())
        images = [image for image in self._images(event) if isinstance(image, Policy)]
        rows = [row for image in images for row in registers(image)]
        for gone in registers(event):
            same = [row for row in rows if row.field == gone.field]
            best = max(same, key=_register_order, default=None)
            row = best or PolicyRow(*gone.scope, gone.field, None, NEVER)
            row.forced = True
            self._register(row)
        state.policies_changed(event)

    def _register(self, row: PolicyRow) -> None:
        if self._state.policies.put(row):
            rows, key = self._state.changes.policies, (*row.scope, row.field)
            row.forced = row.forced or (key in rows and rows[key].forced)
            rows[key] = row

    def _tick(self, event: Tick, offset: int) -> None:
        self._state.changes.ticks.append((event.occurred_at, offset))
        self._state.tick(event.occurred_at)


def _put(
    rows: dict[Any, MasterRow], key: str | tuple[str, str], event: Item | Bin | Warehouse
) -> None:
    """Keep the higher image of a batch; what a cancel has forced stays forced."""
    known = rows.get(key)
    if known is None or known.deleted or order_of(event) > order_of(known.event):
        rows[key] = MasterRow(event, forced=known is not None and known.forced)


def _register_order(row: PolicyRow) -> Order:
    return row.order
