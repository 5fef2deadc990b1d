"""Canonical movements and counts, without their ids, from what an EPCIS event says of one cell.

Enters: what is told, where, and one cell with its quantity. Leaves: one event. Nothing fails here.
"""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Any, Final

from flows.domain import events as ev
from flows.domain.decode.epcis import words
from flows.domain.decode.epcis.goods import Cell
from flows.domain.decode.epcis.keys import Place
from flows.domain.decode.epcis.lots import Lot
from flows.domain.decode.epcis.told import Told, counterpart, named_place

Maker = Callable[[Told, Place, Cell, Decimal, Lot], ev.AnyEvent]


def inbound(
    told: Told, where: Place, cell: Cell, quantity: Decimal, lot: Lot, **more: str
) -> ev.AnyEvent:
    """Return what came to be: commissioned, or made of other things."""
    facts = _facts(told, where, cell, lot) | {"reason": told.step} | more
    return ev.Inbound(**facts, quantity=quantity, to_bin=where.bin)


def scrap(
    told: Told, where: Place, cell: Cell, quantity: Decimal, lot: Lot, **more: str
) -> ev.AnyEvent:
    """Return what ceased to be: destroyed, or made into other things."""
    facts = _facts(told, where, cell, lot) | {"reason": told.step} | more
    return ev.Scrap(**facts, quantity=quantity, from_bin=where.bin)


def _received(told: Told, where: Place, cell: Cell, quantity: Decimal, lot: Lot) -> ev.AnyEvent:
    facts = _facts(told, where, cell, lot) | {"quantity": quantity, "to_bin": where.bin}
    if told.status == "returned":
        return ev.Return(**facts, direction="customer")
    other = counterpart(told, "sourceList")
    return ev.TransferIn(**facts, counterpart=other) if other else ev.Inbound(**facts)


def _issued(told: Told, where: Place, cell: Cell, quantity: Decimal, lot: Lot) -> ev.AnyEvent:
    facts = _facts(told, where, cell, lot) | {"quantity": quantity, "from_bin": where.bin}
    other = counterpart(told, "destinationList")
    if other and told.step in words.LEAVING:
        return ev.TransferOut(**facts, counterpart=other)
    return ev.Outbound(**facts, reason=None if told.step == "shipping" else told.step)


def _counted(told: Told, where: Place, cell: Cell, quantity: Decimal, lot: Lot) -> ev.AnyEvent:
    read_at = named_place(told.event, "readPoint")
    spot = where.bin or (read_at.bin if read_at and read_at.code == where.code else None)
    facts = _facts(told, where, cell, lot)
    return ev.Stocktake(**facts, quantity=quantity, scope="lot", to_bin=spot)


MAKERS: Final[dict[str, Maker]] = {
    words.IN: _received,
    words.OUT: _issued,
    words.MADE: inbound,
    words.GONE: scrap,
    words.COUNT: _counted,
}
"""Who makes the event of each effect."""


def _facts(told: Told, where: Place, cell: Cell, lot: Lot) -> dict[str, Any]:
    """Return the fields that movements and counts have in common."""
    sku, number, _ = cell
    of_lot = lot.number in (None, number)
    return {
        "event_id": "",
        "occurred_at": told.at,
        "recorded_at": told.recorded,
        "warehouse": where.code,
        "sku": sku,
        "lot": number or None,
        "status": told.status,
        "document": told.document,
        "expires_on": lot.expires_on if of_lot else None,
        "produced_on": lot.produced_on if of_lot else None,
    }
