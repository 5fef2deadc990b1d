"""Master data as the fold sees it: items, warehouses and the policy that holds for a SKU.

Images (items, warehouses, bins): the highest effective order wins whole. Policies: each field of
a scope is a register of its own; the most specific scope that sets a field gives its value.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta
from decimal import Decimal

from msgspec import UNSET, Struct

from flows.domain.events import POLICY_FIELDS, Bin, Event, Item, Line, Policy
from flows.domain.rows import Order, PolicyRow

Scope = tuple[str, str, str]
ALWAYS = Decimal(10**12)
"""A value up to which an action is approved by itself that none reaches."""
DEFAULTS: dict[str, Decimal] = {
    "red_below": Decimal("0.10"),
    "near_expiry_days": Decimal(15),
    "overweight_warning_kg": Decimal(0),
    "overweight_critical_kg": Decimal(50),
    "transfer_grace_minutes": Decimal(0),
    "stock_out_horizon_days": Decimal(7),
    "frozen_after_days": Decimal(400),
    "carrying_rate": Decimal("0.20"),
    "dead_stock_days": Decimal(90),
    "shrinkage_tolerance": Decimal(0),
    "unexplained_value": Decimal(1000),
    "zone_full_percent": Decimal(95),
    "zone_idle_percent": Decimal(10),
    "device_silent_minutes": Decimal(60),
    "lag_high_seconds": Decimal(3),
    "auto_replenishment_value": Decimal(0),
    "auto_clearance_value": ALWAYS,
    "auto_expedite_value": ALWAYS,
    "auto_rebalance_value": Decimal(0),
}


class Limits(Struct, frozen=True):
    """The thresholds that hold for one (warehouse, sku), in 1/10000 units where quantities."""

    safety_stock: int | None = None
    max_stock: int | None = None
    red_share: Decimal = 1 - DEFAULTS["red_below"]
    """Available stock below this share of the safety stock is red."""
    incoming_days: Decimal = DEFAULTS["stock_out_horizon_days"]
    service_level: Decimal | None = None
    lead_time_days: Decimal | None = None
    lead_time_sd_days: Decimal | None = None
    reorder_qty: int = 0
    order_multiple: int = 0
    near_expiry_days: int = int(DEFAULTS["near_expiry_days"])
    grace: timedelta = timedelta()
    """How long after its planned arrival a transfer is late."""
    horizon_days: int = int(DEFAULTS["stock_out_horizon_days"])
    dead_days: int = int(DEFAULTS["dead_stock_days"])
    unexplained_value: Decimal = DEFAULTS["unexplained_value"]


def order_of(event: Event) -> Order:
    """Return the event's place in the effective order."""
    return Order(event.occurred_at, event.device_seq or 0, event.event_id)


def registers(event: Policy) -> list[PolicyRow]:
    """Return the registers that a policy event writes: the fields it names, null included."""
    scope = (event.warehouse or "", event.category or "", event.sku or "")
    order = order_of(event)
    values = ((name, getattr(event, name)) for name in POLICY_FIELDS)
    return [PolicyRow(*scope, name, value, order) for name, value in values if value is not UNSET]


class Policies:
    """The registers by scope."""

    def __init__(self, rows: Iterable[PolicyRow] = ()) -> None:
        """Take the stored registers."""
        self._scopes: dict[Scope, dict[str, PolicyRow]] = {}
        self._alike: dict[Limits, Limits] = {}
        self._limits: dict[tuple[Scope, ...], Limits] = {}
        """By the scopes that say something, as long as they say the same."""
        self.idle_days = {int(DEFAULTS["dead_stock_days"])}
        """After how many days without an issue stock may be dead, anywhere."""
        self.shortest_horizon = DEFAULTS["frozen_after_days"]
        """No policy so far lets movements be refused that are younger, in days."""
        for row in rows:
            self.put(row)

    def put(self, row: PolicyRow) -> bool:
        """Take a register if it is newer than the one known; tell whether it was."""
        fields = self._scopes.setdefault(row.scope, {})
        known = fields.get(row.field)
        if known is not None and not row.forced and known.order >= row.order:
            return False
        fields[row.field] = row
        self._limits.clear()
        if row.field == "dead_stock_days" and row.value is not None:
            self.idle_days.add(int(row.value))
        if row.field == "frozen_after_days" and row.value is not None:
            self.shortest_horizon = min(self.shortest_horizon, row.value)
        return True

    def value(self, name: str, warehouse: str, category: str, sku: str) -> Decimal | None:
        """Return a field's value by the most specific scope that sets it, else the default."""
        return _value(self._layers(warehouse, category, sku), name)

    def _layers(self, warehouse: str, category: str, sku: str) -> list[dict[str, PolicyRow]]:
        """Return the registers of the scopes that there are, the most specific first."""
        return [self._scopes[scope] for scope in self._known(warehouse, category, sku)]

    def _known(self, warehouse: str, category: str, sku: str) -> tuple[Scope, ...]:
        scopes: list[Scope] = [(warehouse, "", sku), ("", "", sku)]
        if category:
            scopes += [
                (warehouse, category, sku),
                ("", category, sku),
                (warehouse, category, ""),
                ("", category, ""),
            ]
        scopes += [(warehouse, "", ""), ("", "", "")]
        return tuple([scope for scope in scopes if scope in self._scopes])

    def limits(self, warehouse: str, category: str, sku: str) -> Limits:
        """Return the thresholds of one (warehouse, sku)."""
        scopes = self._known(warehouse, category, sku)
        limits = self._limits.get(scopes)
        if limits is None:
            limits = _limits([self._scopes[scope] for scope in scopes])
            # most accounts have the same: one of each
            limits = self._limits[scopes] = self._alike.setdefault(limits, limits)
        return limits

    def forget(self, sku: str, warehouses: Iterable[str]) -> None:
        """Drop the registers of a SKU that no account in memory needs."""
        for warehouse in ("", *warehouses):
            self._scopes.pop((warehouse, "", sku), None)


def _limits(layers: list[dict[str, PolicyRow]]) -> Limits:
    def value(name: str) -> Decimal | None:
        return _value(layers, name)

    horizon = value("stock_out_horizon_days") or Decimal(0)
    lead_time = value("lead_time_days")
    return Limits(
        _units(value("safety_stock")),
        _units(value("max_stock")),
        1 - (value("red_below") or Decimal(0)),
        max(horizon, lead_time or Decimal(0)),
        value("service_level"),
        lead_time,
        value("lead_time_sd_days"),
        _units(value("reorder_qty")) or 0,
        _units(value("order_multiple")) or 0,
        int(value("near_expiry_days") or 0),
        timedelta(minutes=float(value("transfer_grace_minutes") or 0)),
        int(horizon),
        int(value("dead_stock_days") or 0),
        value("unexplained_value") or Decimal(0),
    )


def _value(layers: list[dict[str, PolicyRow]], name: str) -> Decimal | None:
    for fields in layers:
        row = fields.get(name)
        if row is not None and row.value is not None:
            return row.value
    return DEFAULTS.get(name)


def _units(value: Decimal | None) -> int | None:
    return None if value is None else int(value * 10_000)


def image_key(event: Event) -> tuple[str, ...]:
    """Return what a state event is an image of: its key within its type."""
    if isinstance(event, Line):
        return (event.warehouse, event.order_id, event.line_id or "")
    if isinstance(event, Policy):
        return (event.warehouse or "", event.category or "", event.sku or "")
    if isinstance(event, Item):
        return (event.sku,)
    if isinstance(event, Bin):
        return (event.warehouse, event.bin)
    return (getattr(event, "warehouse", None) or "",)
