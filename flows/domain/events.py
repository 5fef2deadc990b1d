"""The vocabulary: one struct per kind of canonical event (`inventory.event/1`).

A message of the log is one JSON object; its `type` selects the struct. Text fields that are
absent, null or empty are None; quantities are exact decimals in the item's base unit with four
fraction digits; times are aware and in UTC.
The structs say which fields a kind needs; `decode/canonical.py` says the rest (ranges, bins by
type, words of `status`). Nothing here does I/O or knows a clock.
"""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from typing import Annotated

import msgspec
from msgspec import UNSET, Meta, Struct, UnsetType

Id = Annotated[str, Meta(min_length=1, max_length=100)]
Text = Annotated[str, Meta(min_length=1, max_length=200)] | None
LongText = Annotated[str, Meta(min_length=1, max_length=2000)] | None
Time = Annotated[datetime, Meta(tz=True)]
Sequence = Annotated[int, Meta(ge=0, le=2**63 - 1)]
Threshold = Decimal | UnsetType | None
Days = Annotated[int, Meta(ge=0, le=36500)] | None


class Source(Struct, omit_defaults=True, frozen=True, gc=False):
    """Where intake read the message: system, topic, partition, offset."""

    system: str | None = None
    topic: str | None = None
    partition: int | None = None
    offset: int | None = None


class Event(Struct, omit_defaults=True, kw_only=True, tag_field="type", gc=False):
    """What every event carries. `occurred_at` is the device's clock."""

    event_id: Id
    occurred_at: Time
    device: Text = None
    device_seq: Sequence | None = None
    operator: Text = None
    reason: LongText = None
    recorded_at: Time | None = None
    sent_at: Time | None = None
    source: Source | None = None


class Movement(Event, kw_only=True):
    """Stock that moves at one warehouse; `quantity` in base units, > 0."""

    warehouse: Id
    sku: Id
    quantity: Decimal
    lot: Text = None
    expires_on: date | None = None
    produced_on: date | None = None
    from_bin: Text = None
    to_bin: Text = None
    status: Text = None
    order_id: Text = None
    line_id: Text = None
    document: Text = None
    counterpart: Text = None
    due_at: Time | None = None
    video_url: LongText = None
    unit_cost: Decimal | None = None


class Inbound(Movement, kw_only=True, tag="inbound"):
    """Received: + at `to_bin`; raises `received` of the purchase line it names."""


class Outbound(Movement, kw_only=True, tag="outbound"):
    """Issued: − at `from_bin`; lowers `reserved` of the order line it names."""


class TransferOut(Movement, kw_only=True, tag="transfer_out"):
    """Left for `counterpart`: − at `from_bin`, + in_transit of the counterpart."""


class TransferIn(Movement, kw_only=True, tag="transfer_in"):
    """Arrived from `counterpart`: − in_transit, + at `to_bin`."""


class Move(Movement, kw_only=True, tag="move"):
    """Bin to bin inside one warehouse, net 0."""


class Return(Movement, kw_only=True, tag="return"):
    """`direction` customer: + at `to_bin`, status returned; supplier: − at `from_bin`."""

    direction: Text = None


class Scrap(Movement, kw_only=True, tag="scrap"):
    """− at `from_bin`; with `document` and `counterpart` and no bin: lost in transit."""


class StatusChange(Movement, kw_only=True, tag="status"):
    """− of `from_status`, + of `status`, in `from_bin`; net 0."""

    from_status: Id


class Adjustment(Movement, kw_only=True, tag="adjustment"):
    """Found (`direction` gain: + at `to_bin`) or missing (loss: − at `from_bin`): a difference.

    For systems that report what a count changed; who knows what was counted sends a stocktake.
    """

    direction: Id


class CountLine(Struct, omit_defaults=True, kw_only=True, gc=False):
    """What was counted of one lot in one bin; `quantity` ≥ 0."""

    quantity: Decimal
    lot: Text = None
    bin: Text = None
    status: Text = None


class Stocktake(Event, kw_only=True, tag="stocktake"):
    """An absolute count at `occurred_at`; what `scope` covers and `lines` do not list is 0."""

    warehouse: Id
    sku: Id
    quantity: Decimal | None = None
    lines: list[CountLine] | None = None
    scope: Text = None
    lot: Text = None
    expires_on: date | None = None
    produced_on: date | None = None
    to_bin: Text = None
    status: Text = None
    document: Text = None
    video_url: LongText = None


class Line(Event, kw_only=True):
    """The image of an order's line: state, not a delta; the highest `version` wins."""

    warehouse: Id
    sku: Id
    order_id: Id
    line_id: Text = None
    ordered: Decimal
    shipped: Decimal | None = None
    cancelled: Decimal | None = None
    state: Text = None
    version: Annotated[int, Meta(ge=0, le=2**63 - 1)] | None = None
    due_at: Time | None = None
    document: Text = None


class OrderLine(Line, kw_only=True, tag="order_line"):
    """A customer's order line: open ones are `reserved`."""


class PurchaseLine(Line, kw_only=True, tag="purchase_line"):
    """A purchase line: open ones are `incoming`; `received` is a synonym of `shipped`."""

    received: Decimal | None = None
    counterpart: Text = None


class Cancel(Event, kw_only=True, tag="cancel"):
    """Undoes the event `cancels`, whether that came before or comes after."""

    warehouse: Id
    cancels: Id


class Warehouse(Event, kw_only=True, tag="warehouse"):
    """Master data of a warehouse; `timezone` is an IANA name."""

    warehouse: Id
    name: Text = None
    name_zh: Text = None
    region: Text = None
    timezone: Text = None


class Item(Event, kw_only=True, tag="item"):
    """Master data of a SKU: cost per base unit, m³ and kg per base unit."""

    sku: Id
    name: Text = None
    name_zh: Text = None
    category: Text = None
    barcode: Text = None
    unit_cost: Decimal | None = None
    unit_volume: Decimal | None = None
    unit_weight: Decimal | None = None
    shelf_life_days: Days = None
    fragile: bool | None = None
    high_value: bool | None = None
    bonded: bool | None = None
    protection: LongText = None


class Bin(Event, kw_only=True, tag="bin"):
    """Master data of a bin: place (m) and capacities (base units, m³, kg)."""

    warehouse: Id
    bin: Id
    zone: Text = None
    aisle: Text = None
    position: Annotated[int, Meta(ge=-(2**31), le=2**31 - 1)] | None = None
    x: Decimal | None = None
    y: Decimal | None = None
    max_quantity: Decimal | None = None
    max_volume: Decimal | None = None
    max_weight: Decimal | None = None
    active: bool | None = None


class Policy(Event, kw_only=True, tag="policy"):
    """Thresholds of one scope; a field that is absent is untouched, null unsets it."""

    warehouse: Text = None
    category: Text = None
    sku: Text = None
    safety_stock: Threshold = UNSET
    reorder_qty: Threshold = UNSET
    order_multiple: Threshold = UNSET
    max_stock: Threshold = UNSET
    lead_time_days: Threshold = UNSET
    lead_time_sd_days: Threshold = UNSET
    service_level: Threshold = UNSET
    red_below: Threshold = UNSET
    near_expiry_days: Threshold = UNSET
    overweight_warning_kg: Threshold = UNSET
    overweight_critical_kg: Threshold = UNSET
    transfer_grace_minutes: Threshold = UNSET
    stock_out_horizon_days: Threshold = UNSET
    frozen_after_days: Threshold = UNSET
    carrying_rate: Threshold = UNSET
    dead_stock_days: Threshold = UNSET
    shrinkage_tolerance: Threshold = UNSET
    unexplained_value: Threshold = UNSET
    zone_full_percent: Threshold = UNSET
    zone_idle_percent: Threshold = UNSET
    device_silent_minutes: Threshold = UNSET
    lag_high_seconds: Threshold = UNSET
    auto_replenishment_value: Threshold = UNSET
    auto_clearance_value: Threshold = UNSET
    auto_expedite_value: Threshold = UNSET
    auto_rebalance_value: Threshold = UNSET


class Observation(Event, kw_only=True, tag="observation"):
    """A valid message of another standard that moves no stock: kept whole, and counted.

    `step` is what happened in that standard's words, `why` the word for why it moves nothing,
    `body` the original as JSON text.
    """

    warehouse: Text = None
    sku: Text = None
    step: Text = None
    why: Text = None
    document: Text = None
    body: Annotated[str, Meta(max_length=200_000)] | None = None


class Decision(Event, kw_only=True, tag="decision"):
    """An answer to a proposed action (`action_id`) or to an alert (`alert_id`).

    Of an action: approve (perhaps another `quantity`), reject, withdraw; sent and failed are the
    relay's. Of an alert: acknowledge, resolve.
    """

    warehouse: Id
    action_id: Text = None
    alert_id: Text = None
    decision: Id
    quantity: Decimal | None = None
    decided_by: Text = None
    channel: Text = None


class Proposal(Event, kw_only=True, tag="proposal"):
    """An action that something outside the fold suggests: move goods to another bin."""

    warehouse: Id
    sku: Id
    quantity: Decimal
    lot: Text = None
    from_bin: Id
    to_bin: Id
    numbers: dict[str, str | None] | None = None


class Tick(Event, kw_only=True, tag="tick"):
    """The clock, once a minute on every partition; id `tick-<minute>`."""


AnyEvent = (
    Inbound
    | Outbound
    | TransferOut
    | TransferIn
    | Move
    | Return
    | Scrap
    | StatusChange
    | Adjustment
    | Stocktake
    | OrderLine
    | PurchaseLine
    | Cancel
    | Warehouse
    | Item
    | Bin
    | Policy
    | Observation
    | Decision
    | Proposal
    | Tick
)

TYPES: dict[str, type[Event]] = {
    str(kind.__struct_config__.tag): kind for kind in AnyEvent.__args__
}
POLICY_FIELDS: tuple[str, ...] = tuple(
    field.name for field in msgspec.structs.fields(Policy) if field.default is UNSET
)


_NAMES = {kind: name for name, kind in TYPES.items()}


def type_of(event: Event) -> str:
    """Return the word that the event has in `type`."""
    return _NAMES[type(event)]
