"""Transfers between warehouses: what has left and has not arrived belongs to the destination.

Amounts are additive: shipped − received − lost is in transit, signed. The times of a transfer (due,
first shipped, last received) are worked out again when one of its events is taken back.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

from flows.domain.cancels import Cancels
from flows.domain.events import Movement, Scrap, TransferIn, TransferOut
from flows.domain.movements import lost_in_transit, movement_of
from flows.domain.recall import Recall
from flows.domain.rows import Key, TransferKey, TransferRow
from flows.domain.state import State


def key_of(event: Movement) -> TransferKey | None:
    """Return (document, sku, source, destination) of an event that belongs to a transfer."""
    if isinstance(event, TransferOut):
        ends = (event.warehouse, event.counterpart or "")
    elif isinstance(event, TransferIn) or lost_in_transit(event):
        ends = (event.counterpart or "", event.warehouse)
    else:
        return None
    return TransferKey(event.document or "", event.sku, *ends)


class Transfers:
    """The transfers towards one partition's warehouses."""

    def __init__(self, state: State, recall: Recall, cancels: Cancels) -> None:
        """`cancels` tells which of a transfer's events still take effect."""
        self._state = state
        self._recall = recall
        self._cancels = cancels

    def note(
        self,
        event: Movement,
        quantity: int,
        *,
        correction: bool,
        keep: Callable[[], None],
    ) -> None:
        """Let an event of a transfer take effect; `keep` journals what leaves no leg here."""
        key = key_of(event)
        if key is None or not self._state.owns(key[3]):
            return
        if not correction and (isinstance(event, Scrap) or not self._state.owns(event.warehouse)):
            keep()
        row = self._state.changes.transfers.setdefault(key, TransferRow(*key))
        account = self._state.account(Key(key[3], event.sku), event.occurred_at)
        whole = self._state.arriving(account, key)
        account.calm = None
        for part in (row, whole):
            _count(part, event, quantity)
        account.in_transit += quantity if isinstance(event, TransferOut) else -quantity
        if correction:
            self._retime(row, key)
            whole.due_at = row.due_at
        else:
            _time(row, event)
            _time(whole, event)

    def _retime(self, row: TransferRow, key: TransferKey) -> None:
        row.exact = True
        row.due_at = row.shipped_at = row.received_at = None
        for event in self._events(key):
            if key_of(event) == key and self._cancels.effective(event.event_id):
                _time(row, event)

    def _events(self, key: TransferKey) -> Iterable[Movement]:
        rows, events = self._recall.shipments(key[0], key[1])
        changes = self._state.changes
        for leg in [*rows, *changes.movements]:
            moves = leg.type in {"transfer_out", "transfer_in"} and not leg.correction
            if moves and leg.sku == key[1] and (leg.facts.document or "") == key[0]:
                yield movement_of([leg])
        for event in [*events, *(entry.event for entry in changes.journal)]:
            if isinstance(event, Movement):
                yield event


def _count(row: TransferRow, event: Movement, quantity: int) -> None:
    if isinstance(event, TransferOut):
        row.shipped += quantity
    elif isinstance(event, TransferIn):
        row.received += quantity
    else:
        row.lost += quantity


def _time(row: TransferRow, event: Movement) -> None:
    at = event.occurred_at
    if isinstance(event, TransferOut):
        row.due_at = max(filter(None, (row.due_at, event.due_at)), default=None)
        row.shipped_at = at if row.shipped_at is None else min(row.shipped_at, at)
    elif isinstance(event, TransferIn):
        row.received_at = at if row.received_at is None else max(row.received_at, at)
