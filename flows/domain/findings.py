"""Findings: what is wrong with an event itself, whatever the stock.

Enters: an event that has just taken effect, with its account and order. Leaves: what was found, by
key. Pure.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from flows.domain.accounts import Account
from flows.domain.episodes import EpisodeKey
from flows.domain.events import (
    Adjustment,
    Item,
    Movement,
    Outbound,
    Scrap,
    StatusChange,
    Stocktake,
    type_of,
)
from flows.domain.fixed import fixed, number, worth
from flows.domain.judging import Judged
from flows.domain.movements import lost_in_transit
from flows.domain.orders import OrderState
from flows.domain.rows import CountRow, LineRow
from flows.domain.rules import Severity

TENTH = 10
Found = tuple[EpisodeKey, Judged]


_LEAVING = frozenset({Outbound, Scrap, Adjustment})
"""Kinds with which stock may leave without a word."""


def of_movement(event: Movement, account: Account, item: Item, limit: Decimal) -> list[Found]:
    """Return what is wrong with a movement; from the value `limit` on it is to be explained."""
    found: list[Found] = []
    if unexplained(event) and (item.high_value or _costs(event, item) >= limit):
        key = EpisodeKey("unexplained_move", *account.key, event.lot or "", event.from_bin or "")
        severity: Severity = "critical" if item.high_value else "warning"
        found.append(
            (key, Judged(severity, None, {**_moved(event, item), "reason": "no_document"}))
        )
    stays = type(event) is StatusChange or lost_in_transit(event)
    if item.high_value and event.video_url is None and not stays:
        key = EpisodeKey("high_value_unrecorded", *account.key)
        found.append((key, Judged("warning", None, _moved(event, item))))
    return found


def is_about(key: EpisodeKey, event: Movement | Stocktake) -> bool:
    """Tell whether a finding is about an event, and not only changed by it."""
    if key.rule == "shrinkage":
        return event.event_id == key.subject
    if isinstance(event, Movement) and key.rule == "unexplained_move":
        return unexplained(event)
    return key.rule == "high_value_unrecorded"


def unexplained(event: Movement) -> bool:
    """Tell whether stock leaves with it and it names neither order nor document nor reason."""
    if type(event) not in _LEAVING or event.order_id or event.document or event.reason:
        return False
    gained = type(event) is Adjustment and event.direction == "gain"
    return not gained


def _costs(event: Movement, item: Item) -> Decimal:
    """Return what was moved is worth, below 0 when nobody knows."""
    return Decimal(-1) if item.unit_cost is None else event.quantity * item.unit_cost


def _moved(event: Movement, item: Item) -> dict[str, Any]:
    quantity = fixed(event.quantity)
    return {
        "type": type_of(event),
        "quantity": number(quantity),
        "value": worth(quantity, item.unit_cost),
        "operator": event.operator,
        "device": event.device,
        "times": 1,
    }


def shrinkage(
    account: Account, count: CountRow, expected: int, tolerance: Decimal, cost: Decimal | None
) -> Found:
    """Return what a count that should have found `expected` says."""
    counted = sum(count.lines.values())
    lot, place = "", count.bin
    if count.scope == "lot" and len(count.lines) == 1:
        [(lot, place, _)] = count.lines
    key = EpisodeKey("shrinkage", *account.key, lot, place, count.event_id)
    observed = {"document": count.document, "operator": count.operator}
    return key, missing(expected, counted, tolerance, cost, observed)


def missing(
    expected: int, counted: int, tolerance: Decimal, cost: Decimal | None, more: dict[str, Any]
) -> Judged:
    """Judge how much less was found than expected."""
    less = expected - counted
    threshold = tolerance * max(expected, 0)
    severity: Severity | None = None
    if less > 0 and less > threshold:
        severity = "critical" if less * TENTH >= expected else "warning"
    observed = {
        **more,
        "expected": number(expected),
        "counted": number(counted),
        "missing": number(less),
        "value": worth(less, cost),
    }
    return Judged(severity, number_of(threshold), observed)


def number_of(units: Decimal) -> Decimal:
    """Return 1/10000 units as a Decimal without zeros at the end."""
    return Decimal(number(int(units)))


def mismatched(order: OrderState, sku: str) -> Judged:
    """Judge what was shipped of a SKU for an order against the order."""
    rows = [row for (_, other), row in order.lines.items() if other == sku]
    ordered = [row for row in rows if row.event_id is not None]
    shipped = sum([row.fulfilled for row in rows])
    if not ordered:
        wrong = bool(order.images) and any(row.scanned > 0 for row in rows)
        return _mismatch("critical" if wrong else None, "not_on_order", rows, shipped)
    wanted = sum([max(row.ordered - row.cancelled, 0) for row in ordered])
    closed = all(row.state == "closed" for row in ordered)
    # What was closed before anything was shipped was called off.
    wrong = closed and shipped > 0 and shipped != wanted
    return _mismatch("warning" if wrong else None, "quantity", ordered, shipped, wanted)


def _mismatch(
    severity: Severity | None, reason: str, rows: list[LineRow], shipped: int, wanted: int = 0
) -> Judged:
    observed = {
        "order_id": rows[0].order_id if rows else None,
        "reason": reason,
        "ordered": number(sum([row.ordered for row in rows])),
        "cancelled": number(sum([row.cancelled for row in rows])),
        "shipped": number(shipped),
        "difference": number(shipped - wanted),
    }
    stated = tuple(row.event_id for row in rows if row.event_id is not None)
    return Judged(severity, None, observed, stated)


def again(known: dict[str, Any], new: Judged) -> dict[str, Any]:
    """Return the numbers of an open finding that happened once more."""
    value = None
    if known.get("value") is not None and new.observed.get("value") is not None:
        value = known["value"] + new.observed["value"]
    return {
        **known,
        **new.observed,
        "quantity": (known.get("quantity") or 0) + new.observed["quantity"],
        "value": value,
        "times": (known.get("times") or 0) + 1,
    }
