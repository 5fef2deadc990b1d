"""Qimen (奇门, Taobao's and Cainiao's open protocol of warehouses): bytes → movements.

Enters: the value (and key) of a message that a WMS sends to an ERP, XML or JSON:
`taobao.qimen.stockchange.report` (库存异动通知) or `taobao.qimen.inventory.report` (库存盘点通知).
Leaves: for each line, or each batch of a line, one event, or one Reject for the whole line: a bad
line does not stop the good ones. A message that cannot be read is one Reject. Nothing is raised.

The fields are those of the open platform's API documentation (apiId 25996 and 27261) and of its
Java, PHP, C# and Go SDKs (StockchangeReportRequest, InventoryReportRequest):

    warehouseCode → warehouse    itemCode, else itemId → sku      batchCode → lot
    expireDate → expires_on      productDate → produced_on        quantity → signed quantity
    inventoryType → status       orderCode, checkOrderCode → document (and order_id of an order)
    changeTime, checkTime → occurred_at      orderType, adjustType, reason or remark → reason

A field may stand in the line or in the request around it. Without inventoryType stock is ZP.
Stock in transit (ZT) and a quantity of 0 move nothing: observations `in_transit`, `no_quantity`.
Dropped: ownerCode, produceCode, serial numbers (snCode, snList), prices, names, extendProps.

outBizCode is the protocol's key against repeats, so it is in every event_id: with the kind of the
message, warehouse, item, page, which of the message's lines of that item it is, and the batch. The
same message sent again gives the same ids; other content under an id is a `conflict`.
"""

from __future__ import annotations

import hashlib
import re
from collections import Counter
from decimal import Decimal
from typing import Any

import msgspec

from flows.domain.decode.markup import looks_xml
from flows.domain.decode.qimen_document import document
from flows.domain.decode.qimen_fields import ID, TEXT, Fields, row, rows
from flows.domain.decode.qimen_types import (
    FAR_END,
    IN_TRANSIT,
    STATUSES,
    USUAL,
    movement,
    role,
)
from flows.domain.decode.refusal import Refused, missing, not_json, shown
from flows.domain.events import AnyEvent, Observation
from flows.domain.rejects import CODES, Reject

STOCK, COUNT = "stockchange.report", "inventory.report"
BODY = 200_000
_REASON = 1000
_SHORT = {STOCK: "stock", COUNT: "count"}
_TIMES = {
    STOCK: ("changeTime", "orderConfirmTime", "orderCompleteTime", "operateTime", "checkTime"),
    COUNT: ("checkTime", "orderConfirmTime", "orderCompleteTime", "operateTime", "changeTime"),
}
_DOCUMENTS = {STOCK: ("orderCode",), COUNT: ("checkOrderCode", "checkOrderId", "orderCode")}
_METHOD = re.compile(r"(?:^|[^a-z.])(?:taobao\.)?qimen\.([a-z]+(?:\.[a-z]+)*)")
_OF_COUNT = ("checkOrderCode", "checkOrderId", "checkTime", "adjustType")
_MARKS = (b'"itemCode"', b'"item_code"', b'"outBizCode"', b'"out_biz_code"')
_write = msgspec.json.Encoder(decimal_format="number").encode


def looks(value: bytes) -> bool:
    """Tell whether a message without the header `format` is of this protocol, by its shape."""
    # the first sign first: every canonical message passes here
    if not value.startswith(b"{") and looks_xml(value):
        return b"EPCIS" not in value[:1000]
    return b'"event_id"' not in value and any(mark in value for mark in _MARKS)


def decode(value: bytes | None, key: bytes | None = None) -> list[AnyEvent | Reject]:
    """Return an event or a reject for each line of the message, or one reject for all of it."""
    if value is None or not value.strip():
        return [Reject("empty", "", f"A Qimen message needs a request, but {CODES['empty']}.")]
    try:
        request = Fields(document(value))
        method = _method(request, key)
        return _message(request, method)
    except Refused as refused:
        return [refused.reject()]
    except RecursionError as reason:
        return [not_json(reason).reject()]


def _method(request: Fields, key: bytes | None) -> str:
    """Return which of the two reports this is: by its name, else by its fields."""
    said = request.values.get("method")
    for name in (said, (key or b"").decode("utf-8", "replace")):
        found = _METHOD.search(name) if isinstance(name, str) else None
        if found and found[1] not in _SHORT:
            takes = f"{STOCK} and {COUNT}"
            sentence = f"`method` {shown(found[0])} is not taken here, which takes {takes}."
            raise Refused("unknown_type", "method", sentence)
        if found:
            return found[1]
    return COUNT if any(request.find(name) for name in _OF_COUNT) else STOCK


def _message(request: Fields, method: str) -> list[AnyEvent | Reject]:
    lines = rows(request, "items", "item")
    if not lines:
        raise missing("items") if request.values else _no_request()
    found: list[AnyEvent | Reject] = []
    seen: Counter[tuple[str, ...]] = Counter()
    for path, value in lines:
        found += _line(path, value, request, method, seen)
    return found


def _no_request() -> Refused:
    return Refused("unknown_format", "", "The message is no Qimen request: it has no fields.")


def _line(
    path: str, value: Any, request: Fields, method: str, seen: Counter[tuple[str, ...]]
) -> list[AnyEvent | Reject]:
    """Return the events of one line, or its one reject."""
    event_id = ""
    try:
        line = row(path, value, request)
        event_id = _event_id(line, method, seen)
        return [*_events(line, method, event_id)]
    except Refused as refused:
        return [refused.reject(_short(event_id))]
    except RecursionError:
        sentence = f"`{path}` is nested too deeply to be kept."
        return [Reject("bad_value", path, sentence, _short(event_id))]


def _event_id(line: Fields, method: str, seen: Counter[tuple[str, ...]]) -> str:
    """Return what names a line at every sending, whatever else is in the message."""
    sent = line.text("outBizCode", longest=TEXT)
    if sent is None:
        raise missing(line.place("outBizCode"))
    page = line.text("currentPage") or ""
    name = (_SHORT[method], sent, line.needed("warehouseCode"), line.needed("itemCode", "itemId"))
    seen[*name, page] += 1
    tail = f"{'p' if page else ''}{page}.{seen[*name, page]}".lstrip(".")
    return ":".join(_escaped(part) for part in ("qimen", *name, tail))


def _escaped(part: str) -> str:
    return part.replace("%", "%25").replace(":", "%3A")


def _events(line: Fields, method: str, event_id: str) -> list[AnyEvent]:
    total = line.quantity("quantity")
    batches = rows(line, "batchs", "batch") or rows(line, "batches", "batch")
    if not batches:
        return [_event(line, total, method, event_id)]
    parts = [row(path, value, line, *line.around) for path, value in batches]
    quantities = [part.quantity("quantity") for part in parts]
    if sum(quantities) != total:
        raise _not_the_sum(line, parts[0], total, sum(quantities, Decimal()))
    return [
        _event(part, quantity, method, f"{event_id}.b{place}")
        for place, (part, quantity) in enumerate(zip(parts, quantities, strict=True), 1)
    ]


def _not_the_sum(line: Fields, part: Fields, total: Decimal, found: Decimal) -> Refused:
    path = line.place("quantity")
    batches = part.path.rpartition("[")[0]
    sentence = f"`{path}` must be the sum of `{batches}[].quantity`, {found}, but it is {total}."
    return Refused("bad_value", path, sentence)


def _event(part: Fields, quantity: Decimal, method: str, event_id: str) -> AnyEvent:
    """Return the event of one line, or of one batch of a line."""
    order_type = (part.text("orderType", "adjustType") or "").upper()
    if method == COUNT and not order_type:
        order_type = "CHECK"
    stock, where = _stock(part, USUAL.get(order_type, "ZP"))
    facts: dict[str, Any] = {
        "event_id": _short(event_id),
        "occurred_at": part.time(*_TIMES[method]),
        "warehouse": part.needed("warehouseCode"),
        "sku": part.needed("itemCode", "itemId"),
        "document": part.text(*_DOCUMENTS[method], longest=TEXT),
    }
    if stock == IN_TRANSIT or not quantity:
        why = "no_quantity" if not quantity else "in_transit"
        return _observation(part, why, order_type or method, facts)
    if stock not in STATUSES:
        must = ", ".join((*STATUSES, IN_TRANSIT))
        sentence = f"`{where}` must be one of {must}, but it is {shown(stock)}."
        raise Refused("bad_value", where, sentence)
    facts["status"] = STATUSES[stock]
    facts |= {
        "lot": part.own.text("batchCode", longest=TEXT),
        "expires_on": part.date("expireDate"),
        "produced_on": part.date("productDate"),
        "line_id": part.text("orderLineNo", longest=TEXT),
        "reason": part.text("reason", "remark", longest=_REASON),
    }
    other = _far_end(part, order_type, facts["warehouse"])
    return movement(order_type, quantity, facts, other=other, counted=method == COUNT)


def _stock(part: Fields, usual: str) -> tuple[str, str]:
    found = part.find("inventoryType")
    word = part.text("inventoryType")
    return (word.upper(), found[1]) if found and word else (usual, "")


def _far_end(part: Fields, order_type: str, warehouse: str) -> str | None:
    """Return the other warehouse of a transfer, if the message names one."""
    names = FAR_END.get(role(order_type))
    if names is None:
        return None
    found = None
    for fields in (part, *part.around):
        extended = fields.values.get("extendProps")
        if found is None and isinstance(extended, dict):
            found = Fields(extended, fields.place("extendProps")).text(*names)
    found = found or part.text(*names)
    return None if found == warehouse else found


def _observation(part: Fields, why: str, step: str, facts: dict[str, Any]) -> Observation:
    body = _write(part.values).decode()
    if len(body) > BODY:
        sentence = f"`{part.path}` is kept whole, so it must be at most {BODY} characters long."
        raise Refused("too_large", part.path, sentence)
    return Observation(**facts, why=why, step=step, body=body)


def _short(event_id: str) -> str:
    """Return the id in at most 100 characters; a longer one ends in its digest."""
    if len(event_id) <= ID:
        return event_id
    digest = hashlib.blake2b(event_id.encode(), digest_size=8).hexdigest()
    return f"{event_id[:83]}~{digest}"
