"""The fold: one log partition's events in, the changes of every table out.

What enters is a batch of (offset, broker time, event or reject) in log order; what leaves is one
`Changes`, to be committed as a whole. Tables of stock are a function of the set of events: any
order, repeats and any cut into batches give the same. The only clock is the log's: the broker's
time judges what is too early or too late, the latest tick judges what has expired.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from copy import copy
from datetime import UTC, datetime

from flows.domain.accounts import Account
from flows.domain.alerts import Cause
from flows.domain.cancels import Cancels
from flows.domain.changes import Changes
from flows.domain.daybook import Daybook
from flows.domain.decode.canonical import content
from flows.domain.devices import Devices
from flows.domain.effects import Effects
from flows.domain.events import (
    AnyEvent,
    Bin,
    Cancel,
    Decision,
    Event,
    Inbound,
    Item,
    Line,
    Movement,
    OrderLine,
    Outbound,
    Policy,
    Proposal,
    PurchaseLine,
    Stocktake,
    Tick,
    TransferOut,
    Warehouse,
    type_of,
)
from flows.domain.identity import Seen, Sighting, content_print, digest
from flows.domain.movements import LEGS
from flows.domain.recall import Recall
from flows.domain.rejects import AHEAD, Reject, clock_future
from flows.domain.routing import ALL, EVERYWHERE, targets
from flows.domain.rows import CancelRow, CellRow, HistoryRow, Key, RejectRow, TransferKey
from flows.domain.state import State
from flows.domain.transfers import key_of
from flows.domain.watch import Watch

Message = tuple[int, datetime, AnyEvent | Reject]
DATED: frozenset[type] = frozenset({*LEGS, Stocktake})
"""Kinds that are refused when they are older than the frozen horizon."""
Stated = (Movement, Stocktake, Line)
"""What concerns one account and has its lag measured."""
Sold, Bought = (OrderLine, Outbound), (PurchaseLine, Inbound)
ENDS = frozenset({Tick, Warehouse})
"""Kinds with which a batch ends."""
NEVER = datetime.min.replace(tzinfo=UTC)


class Ledger:
    """The owner of one partition's state; `owns(warehouse)` tells which are its own."""

    def __init__(
        self,
        partition: int,
        recall: Recall,
        zone: str,
        owns: Callable[[str], bool],
        accounts: int = 400_000,
    ) -> None:
        """Take the partition up where its store left off; `zone` is for warehouses without one."""
        start = recall.start()
        self.partition = partition
        self.next_offset = start.next_offset
        self._counters = start.counters
        self._seen = Seen(start.runs)
        self._cancels = Cancels(start.cancels)
        self._devices = Devices(recall.devices, recall.blocks)
        self._tick: Cause | None = None
        """The tick with which the batch ends, if it moves the clock on."""
        self._judged_by = self._ahead = self._old = NEVER
        self._state = State(
            recall,
            start,
            owns,
            zone=zone,
            accounts=accounts,
            effective=self._cancels.effective,
        )
        self._effects = Effects(self._state, recall, self._cancels)
        self._daybook = Daybook(self._state, recall)
        self._watch = Watch(self._state, recall)

    def fold(self, batch: Sequence[Message]) -> Changes:
        """Return what the batch changes; messages before `next_offset` are skipped.

        A batch ends with its tick and with its warehouse event: see `cut`.
        """
        batch = [message for message in batch if message[0] >= self.next_offset]
        changes = self._state.begin()
        limits = any(isinstance(event, Bin | Cancel) for _, _, event in batch)
        self._watch.begin(changes, new_limits=limits)
        self._counters = copy(self._counters)
        self._tick = None
        if batch:
            keys = [0 if type(e) is Reject else digest(e.event_id) for _, _, e in batch]
            older = self._seen.older(keys)
            self._preload(batch)
            for (offset, broker_time, event), key in zip(batch, keys, strict=True):
                if isinstance(event, Reject):
                    self._reject(changes, offset, event)
                else:
                    if broker_time is not self._judged_by:
                        self._judge_by(broker_time)
                    self._one(offset, event, key, older, changes)
            if self._state.ticked:
                offset, _, event = batch[-1]
                assert isinstance(event, Tick)  # noqa: S101 that is what `cut` is for
                self._tick = Cause(event.event_id, event.occurred_at, offset, self._state.clock)
            self._counters.consumed += len(batch)
            changes.last_offset = batch[-1][0]
            self.next_offset = changes.last_offset + 1
        return self._finish(changes)

    def _one(
        self,
        offset: int,
        event: AnyEvent,
        key: int,
        older: dict[int, Sighting],
        changes: Changes,
    ) -> None:
        mark = content_print(content(event))
        known = self._seen.get(key) or older.get(key)
        if event.device is not None and not self._is_copy(event):
            self._devices.hear(event, self._judged_by, new=known is None)
        if known is not None:
            if known[0] == mark:
                self._counters.repeats += 1
            else:
                self._reject(changes, offset, self._conflict(event, known))
            return
        at = event.occurred_at
        home = self._at_home(event)
        refusal = None
        if at > self._ahead or at < self._old or not home:
            refusal = self._refusal(event)
        if type(event) is Decision and refusal is None:
            refusal = self._watch.decide(event, offset)
        if refusal is not None:
            self._reject(changes, offset, refusal)
            return
        self._counters.applied += 1
        self._seen.add(key, (mark, at))
        if home and isinstance(event, Stated):
            changes.timings.append(
                (event.warehouse, at, event.recorded_at, event.sent_at, self._judged_by)
            )
        if isinstance(event, Cancel):
            self._cancel(event, offset, changes)
        else:
            self._take(event, offset)

    def _take(self, event: Event, offset: int) -> None:
        """Let an event take effect, and judge what it moved."""
        self._effects.apply(event, offset)
        stands = not self._cancels.any or self._cancels.effective(event.event_id)
        if not stands:
            self._effects.undo(event, offset)
        elif isinstance(event, Stocktake) and self._effects.counted is not None:
            self._watch.counted(event, self._effects.counted, event, offset)
        elif isinstance(event, Proposal):
            self._watch.proposed(event, offset)
        self._watch.look(event, offset, stands=stands)

    def _at_home(self, event: AnyEvent) -> bool:
        warehouse = getattr(event, "warehouse", None)
        return warehouse in self._state.home or warehouse is None or self._state.owns(warehouse)

    def _is_copy(self, event: AnyEvent) -> bool:
        """Tell whether another partition has the event too, and counts it for its device."""
        if isinstance(event, TransferOut):
            owns = self._state.owns
            return not owns(event.warehouse) and owns(event.counterpart or "")
        return self.partition != 0 and targets(event) is ALL

    def _judge_by(self, broker_time: datetime) -> None:
        """Set the bounds inside which a time needs no closer look."""
        self._judged_by = broker_time
        self._ahead = broker_time + AHEAD
        self._old = broker_time - self._state.shortest_horizon

    def _cancel(self, event: Cancel, offset: int, changes: Changes) -> None:
        changes.cancels.append(CancelRow(event.event_id, event.cancels, event.occurred_at, offset))
        self._effects.journal(event, offset)
        for target, on in self._cancels.add(event.event_id, event.cancels):
            found = self._find(target)
            if found is not None and on:
                self._effects.redo(found, offset)
                self._watch.redone(found, event, offset)
                if isinstance(found, Stocktake) and self._effects.counted is not None:
                    self._watch.counted(found, self._effects.counted, event, offset)
            elif found is not None:
                self._effects.undo(found, offset)
                self._watch.undone(found, event, offset)
        self._watch.look(event, offset)

    def _find(self, event_id: str) -> Event | None:
        key = digest(event_id)
        sighting = self._seen.get(key) or self._seen.older([key]).get(key)
        return None if sighting is None else self._effects.find(event_id, sighting[1])

    def _conflict(self, event: Event, known: Sighting) -> Reject:
        first = self._effects.find(event.event_id, known[1])
        return Reject(
            "conflict",
            "event_id",
            f"event_id {event.event_id!r} was seen before with other content: "
            f"first {_describe(first) or f'an event of {known[1].isoformat()}'}, "
            f"now {_describe(event)}; the first one stands",
            event.event_id,
        )

    def _refusal(self, event: AnyEvent) -> Reject | None:
        kind, state = type(event), self._state
        # A tick is made by the clock flow or by a person who wants to see a later day.
        if event.occurred_at > self._ahead and kind is not Tick:
            return clock_future(event.event_id, event.occurred_at, self._judged_by)
        warehouse: str | None = getattr(event, "warehouse", None)
        if kind in DATED and event.occurred_at < self._old and warehouse is not None:
            # A transfer is judged alike on both of its partitions: by what both know.
            horizon = state.frozen_after("" if kind is TransferOut else warehouse)
            if event.occurred_at < self._judged_by - horizon:
                return Reject(
                    "too_late",
                    "occurred_at",
                    f"occurred_at {event.occurred_at.isoformat()} is older than the frozen "
                    f"horizon of {horizon.days} days",
                    event.event_id,
                )
        if warehouse is None or kind in EVERYWHERE or state.owns(warehouse):
            return None
        if isinstance(event, TransferOut) and state.owns(event.counterpart or ""):
            return None
        return Reject(
            "wrong_partition",
            "warehouse",
            f"warehouse {warehouse!r} does not live on partition {self.partition} of the log",
            event.event_id,
        )

    def _reject(self, changes: Changes, offset: int, reject: Reject) -> None:
        self._state.stirred.clear()
        self._counters.rejects += 1
        changes.rejects.append(RejectRow(offset, reject))

    def _preload(self, batch: Iterable[Message]) -> None:
        """Load in few queries what the batch will need."""
        owns = self._state.owns
        accounts: set[tuple[str, str]] = set()
        skus: set[str] = set()
        orders: set[tuple[str, str]] = set()
        purchases: set[tuple[str, str]] = set()
        transfers: set[TransferKey] = set()
        for _, _, event in batch:
            if not isinstance(event, Stated):
                if isinstance(event, Item | Policy) and event.sku:
                    skus.add(event.sku)
                continue
            if isinstance(event, Movement) and event.counterpart is not None:
                key = key_of(event)
                if key is not None and owns(key.destination):
                    accounts.add((key.destination, key.sku))
                    transfers.add(key)
            if not owns(event.warehouse):  # another partition's: never to be written from here
                continue
            accounts.add((event.warehouse, event.sku))
            if isinstance(event, Sold):
                if event.order_id is not None:
                    orders.add((event.warehouse, event.order_id))
            elif isinstance(event, Bought) and event.order_id is not None:
                purchases.add((event.warehouse, event.order_id))
        self._state.load(accounts, skus, orders, purchases)
        self._state.load_transfers(transfers)

    def _finish(self, changes: Changes) -> Changes:
        state = self._state
        self._daybook.close()
        touched: Iterable[Account] = state.touched()
        if self._tick is not None:  # decided in a fixed order, whatever order they were touched in
            touched = sorted(touched, key=_account_key)
            self._watch.tick(self._tick)
        for account in touched:
            self._show(account, changes)
        changes.orders = {k: copy(v) for k, v in state.orders.written.items()}
        changes.purchases = {k: copy(v) for k, v in state.purchases.written.items()}
        changes.lots = self._effects.lots()
        changes.runs, changes.dropped_runs = self._seen.flush()
        changes.devices, changes.blocks = self._devices.flush()
        changes.counters = self._counters
        changes.next_offset = self.next_offset
        changes.clock_at = state.clock
        state.end()
        return changes

    def _show(self, account: Account, changes: Changes) -> None:
        cells, account.dirty = account.dirty, None
        rows: list[CellRow] = changes.cells
        rows.extend(account.cell_row(cell) for cell in cells or ())
        account.version += 1
        row = self._state.figures(account)
        self._watch.close(account, row, self._tick)
        changes.stock.append(row)
        shown = (row.on_hand, row.reserved, row.available, row.water_level)
        if shown != account.shown:
            account.shown = shown
            warehouse, sku = account.key
            offset = changes.last_offset
            changes.history.append(HistoryRow(warehouse, sku, *shown, offset))


def cut(batch: Sequence[Message]) -> list[Sequence[Message]]:
    """Cut messages into batches that end with each tick and each warehouse event.

    What a tick decides goes by closed days, so it is the last that its batch hears of; and a
    warehouse may bring another calendar.
    """
    pieces, start = [], 0
    for number, (_, _, event) in enumerate(batch, 1):
        if type(event) in ENDS:
            pieces.append(batch[start:number])
            start = number
    if start < len(batch) or not pieces:
        pieces.append(batch[start:])
    return pieces


def _account_key(account: Account) -> Key:
    return account.key


def _describe(event: Event | None) -> str:
    """Say in a few words what an event is, for the sentence of a conflict."""
    if event is None:
        return ""
    words = [type_of(event)]
    for name in ("quantity", "sku", "warehouse", "order_id", "line_id", "version"):
        value = getattr(event, name, None)
        if value is not None:
            words.append(f"{name} {value}")
    return f"{' '.join(words)} at {event.occurred_at.isoformat()}"
