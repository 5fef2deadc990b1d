"""Makers of canonical events with good defaults.

Enters: what a test cares about. Leaves: events on one base day (`at` is "HH:MM" or minutes from
its midnight UTC), with ids from a counter unless `id` is given. Quantities may be int or str.
"""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from itertools import count
from typing import Any

import msgspec

from flows.domain.events import (
    Adjustment,
    Bin,
    Cancel,
    CountLine,
    Decision,
    Event,
    Inbound,
    Item,
    Move,
    OrderLine,
    Outbound,
    Policy,
    PurchaseLine,
    Return,
    Scrap,
    StatusChange,
    Stocktake,
    Tick,
    TransferIn,
    TransferOut,
    Warehouse,
)

BASE = datetime(2026, 3, 2, tzinfo=UTC)
BROKER_TIME = BASE + timedelta(days=4)
"""Later than every event that is made here, so that none is from the future or too late."""

_ids = count(1)


def moment(at: str | int | datetime) -> datetime:
    """Return the instant: "HH:MM" or minutes on the base day, a datetime as it is."""
    if isinstance(at, datetime):
        return at
    if isinstance(at, str):
        hours, minutes = at.split(":")
        at = 60 * int(hours) + int(minutes)
    return BASE + timedelta(minutes=at)


def day(offset: int) -> date:
    """Return the base day plus `offset` days."""
    return BASE.date() + timedelta(days=offset)


def make(kind: type[Event], **fields: Any) -> Any:
    """Return an event of `kind`; numbers become decimals, times instants."""
    fields["event_id"] = fields.pop("id", None) or f"e{next(_ids)}"
    fields["occurred_at"] = moment(fields.pop("at", "08:00"))
    for one in msgspec.structs.fields(kind):
        if one.name in fields and "Decimal" in str(one.type):
            number = fields[one.name]
            fields[one.name] = Decimal(number) if isinstance(number, int | str) else number
    if "due_at" in fields and fields["due_at"] is not None:
        fields["due_at"] = moment(fields["due_at"])
    if kind not in (Item, Policy, Tick):
        fields.setdefault("warehouse", "A")
    return kind(**fields)


def _put(fields: dict[str, Any], name: str) -> dict[str, Any]:
    """Name the `bin` that a test gave as the event's kind names it."""
    if "bin" in fields:
        fields[name] = fields.pop("bin")
    return fields


def inbound(sku="S1", quantity=10, **fields) -> Inbound:
    """Received at `bin`."""
    return make(Inbound, sku=sku, quantity=quantity, **_put(fields, "to_bin"))


def outbound(sku="S1", quantity=1, **fields) -> Outbound:
    """Issued from `bin`."""
    return make(Outbound, sku=sku, quantity=quantity, **_put(fields, "from_bin"))


def transfer_out(sku="S1", quantity=1, to="B", **fields) -> TransferOut:
    """Left for the warehouse `to`."""
    fields = _put(fields, "from_bin")
    return make(TransferOut, sku=sku, quantity=quantity, counterpart=to, **fields)


def transfer_in(sku="S1", quantity=1, source_warehouse="A", **fields) -> TransferIn:
    """Arrived (at B unless said) from `source_warehouse`."""
    fields.setdefault("warehouse", "B")
    fields = _put(fields, "to_bin")
    return make(TransferIn, sku=sku, quantity=quantity, counterpart=source_warehouse, **fields)


def move(sku="S1", quantity=1, from_bin="P", to_bin="Q", **fields) -> Move:
    """From bin to bin."""
    return make(Move, sku=sku, quantity=quantity, from_bin=from_bin, to_bin=to_bin, **fields)


def customer_return(sku="S1", quantity=1, **fields) -> Return:
    """Came back from a customer to `bin`."""
    return make(Return, sku=sku, quantity=quantity, **_put(fields, "to_bin"))


def supplier_return(sku="S1", quantity=1, **fields) -> Return:
    """Went back to a supplier from `bin`."""
    fields = _put(fields, "from_bin")
    return make(Return, sku=sku, quantity=quantity, direction="supplier", **fields)


def scrap(sku="S1", quantity=1, **fields) -> Scrap:
    """Thrown away from `bin`."""
    return make(Scrap, sku=sku, quantity=quantity, **_put(fields, "from_bin"))


def adjustment(sku="S1", quantity=1, direction="gain", **fields) -> Adjustment:
    """Found or missing at `bin`."""
    fields = _put(fields, "to_bin" if direction == "gain" else "from_bin")
    return make(Adjustment, sku=sku, quantity=quantity, direction=direction, **fields)


def lost(sku="S1", quantity=1, source_warehouse="A", document="T1", **fields) -> Scrap:
    """Lost on the way from `source_warehouse` to the warehouse (B unless said)."""
    fields.setdefault("warehouse", "B")
    fields.update(counterpart=source_warehouse, document=document)
    return make(Scrap, sku=sku, quantity=quantity, **fields)


def status_change(sku="S1", quantity=1, from_status="returned", **fields) -> StatusChange:
    """From one status to another (sellable unless said) in `bin`."""
    fields = _put(fields, "from_bin")
    return make(StatusChange, sku=sku, quantity=quantity, from_status=from_status, **fields)


def counted(quantity, **fields) -> CountLine:
    """Return one line of a count: lot, bin, status."""
    return CountLine(quantity=Decimal(quantity), **fields)


def stocktake(sku="S1", quantity=None, lines=None, **fields) -> Stocktake:
    """Counted: a quantity in `bin`, or lines."""
    return make(Stocktake, sku=sku, quantity=quantity, lines=lines, **_put(fields, "to_bin"))


def order_line(order_id="O1", sku="S1", ordered=10, **fields) -> OrderLine:
    """Return the image of a customer's order line."""
    return make(OrderLine, order_id=order_id, sku=sku, ordered=ordered, **fields)


def purchase_line(order_id="P1", sku="S1", ordered=10, **fields) -> PurchaseLine:
    """Return the image of a purchase line."""
    return make(PurchaseLine, order_id=order_id, sku=sku, ordered=ordered, **fields)


def cancel(target: Event | str, **fields) -> Cancel:
    """Undo the event (or the id)."""
    name = target if isinstance(target, str) else target.event_id
    return make(Cancel, cancels=name, **fields)


def warehouse(name="A", **fields) -> Warehouse:
    """Master data of a warehouse."""
    return make(Warehouse, warehouse=name, **fields)


def item(sku="S1", **fields) -> Item:
    """Master data of a SKU."""
    return make(Item, sku=sku, **fields)


def bin_master(name="P", **fields) -> Bin:
    """Master data of a bin."""
    return make(Bin, bin=name, **fields)


def policy(**fields) -> Policy:
    """Thresholds of a scope (warehouse, category, sku; none is global)."""
    return make(Policy, **fields)


def decision(**fields) -> Decision:
    """A person's answer to a proposed action."""
    fields = {"action_id": "a1", "decision": "approve", **fields}
    return make(Decision, **fields)


def tick(at="12:00", **fields) -> Tick:
    """The clock."""
    return make(Tick, at=at, **fields)
