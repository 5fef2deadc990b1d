"""What a movement event does to cells, and a movement event from the legs it left.

Pure tables of semantics.md: which bins, which status, which sign.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from flows.domain.accounts import SELLABLE
from flows.domain.events import (
    TYPES,
    Adjustment,
    CountLine,
    Inbound,
    Move,
    Movement,
    Outbound,
    Return,
    Scrap,
    StatusChange,
    Stocktake,
    TransferIn,
    TransferOut,
)
from flows.domain.fixed import decimal, fixed
from flows.domain.rows import Cell, CountRow, Row

Leg = tuple[Cell, int]


def _arrive(event: Movement) -> list[Leg]:
    return [(Cell(event.lot or "", event.to_bin or "", event.status or SELLABLE), 1)]


def _leave(event: Movement) -> list[Leg]:
    return [(Cell(event.lot or "", event.from_bin or "", event.status or SELLABLE), -1)]


def _move(event: Movement) -> list[Leg]:
    return _leave(event) + _arrive(event)


def _return(event: Movement) -> list[Leg]:
    if getattr(event, "direction", None) == "supplier":
        return _leave(event)
    return [(Cell(event.lot or "", event.to_bin or "", event.status or "returned"), 1)]


def _status(event: Movement) -> list[Leg]:
    old = getattr(event, "from_status", SELLABLE)
    lot, place = event.lot or "", event.from_bin or ""
    return [(Cell(lot, place, old), -1), (Cell(lot, place, event.status or SELLABLE), 1)]


def _adjustment(event: Movement) -> list[Leg]:
    return _leave(event) if getattr(event, "direction", None) == "loss" else _arrive(event)


def _scrap(event: Movement) -> list[Leg]:
    return [] if lost_in_transit(event) else _leave(event)


LEGS: dict[type[Movement], Callable[[Movement], list[Leg]]] = {
    Inbound: _arrive,
    Outbound: _leave,
    TransferOut: _leave,
    TransferIn: _arrive,
    Move: _move,
    Return: _return,
    Scrap: _scrap,
    StatusChange: _status,
    Adjustment: _adjustment,
}
RECEIPTS = frozenset({"inbound", "transfer_in", "return"})


def lost_in_transit(event: Movement) -> bool:
    """Tell whether a scrap means goods of a transfer that will not arrive."""
    return (
        isinstance(event, Scrap)
        and event.counterpart is not None
        and event.document is not None
        and event.from_bin is None
    )


def row_of(event: Movement, cell: Cell, quantity: int, offset: int, kind: str) -> Row:
    """Return one leg of `event` as a row of the ledger."""
    return Row(
        event.occurred_at,
        event.device_seq,
        event.event_id,
        event.warehouse,
        event.sku,
        cell.lot,
        cell.bin,
        cell.status,
        kind,
        quantity,
        offset,
        event,
    )


def movement_of(legs: Iterable[Row]) -> Movement:
    """Return the event that left these legs, as far as its effects go."""
    rows = sorted(legs, key=lambda row: row.quantity)
    first, last = rows[0], rows[-1]
    facts = first.facts
    kind: Any = TYPES[first.type]
    leaves, arrives = first.quantity < 0, last.quantity > 0
    words = {}
    if kind is Return:
        words["direction"] = "supplier" if leaves else "customer"
    if kind is Adjustment:
        words["direction"] = "loss" if leaves else "gain"
    if kind is StatusChange:
        words["from_status"] = first.status
    event: Movement = kind(
        event_id=first.event_id,
        occurred_at=first.at,
        device_seq=first.seq,
        warehouse=first.warehouse,
        sku=first.sku,
        quantity=decimal(abs(first.quantity)),
        lot=first.lot or None,
        from_bin=(first.bin or None) if leaves else None,
        to_bin=(last.bin or None) if arrives else None,
        status=last.status,
        order_id=facts.order_id,
        line_id=facts.line_id,
        document=facts.document,
        operator=facts.operator,
        device=facts.device,
        video_url=facts.video_url,
        counterpart=facts.counterpart,
        reason=facts.reason,
        recorded_at=facts.recorded_at,
        expires_on=facts.expires_on,
        produced_on=facts.produced_on,
        due_at=facts.due_at,
        unit_cost=facts.unit_cost,
        **words,
    )
    return event


def count_of(event: Stocktake) -> CountRow:
    """Return the anchor that a stocktake sets: what was counted, by cell."""
    lines = event.lines
    if lines is None:
        assert event.quantity is not None  # noqa: S101 the decoder asks for one of the two
        lines = [CountLine(quantity=event.quantity, lot=event.lot)]
    scope = event.scope or "lot"
    place = event.to_bin or (next((x.bin for x in lines if x.bin), "") if scope == "bin" else "")
    counted: dict[Cell, int] = {}
    for line in lines:
        lot = line.lot if line.lot is not None else event.lot
        status = line.status or event.status or SELLABLE
        cell = Cell(lot or "", line.bin or place or "", status)
        counted[cell] = counted.get(cell, 0) + fixed(line.quantity)
    return CountRow(
        event.occurred_at,
        event.device_seq or 0,
        event.event_id,
        event.warehouse,
        event.sku,
        scope,
        place or "",
        counted,
        event.document,
        event.operator,
        event.device,
        event.video_url,
    )
