"""Messages for the decoders' tests: valid ones of every kind, with fields set or taken away."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

from flows.domain.decode import canonical, debezium
from flows.domain.events import OrderLine
from flows.domain.rejects import Reject

NEEDED: dict[str, dict[str, Any]] = {
    "inbound": {"quantity": 5},
    "outbound": {"quantity": 5},
    "transfer_out": {"quantity": 5, "counterpart": "W2"},
    "transfer_in": {"quantity": 5, "counterpart": "W2"},
    "move": {"quantity": 5, "from_bin": "A", "to_bin": "B"},
    "return": {"quantity": 5},
    "scrap": {"quantity": 5},
    "status": {"quantity": 5, "from_status": "hold"},
    "stocktake": {"quantity": 5},
    "order_line": {"order_id": "O1", "ordered": 5},
    "purchase_line": {"order_id": "P1", "ordered": 5},
    "cancel": {"cancels": "e0"},
    "warehouse": {},
    "item": {},
    "bin": {"bin": "A1"},
    "policy": {},
    "decision": {"action_id": "a1", "decision": "approve"},
    "tick": {},
}


def message(kind: str = "outbound", **fields: Any) -> dict[str, Any]:
    """Return a valid message of a kind with some fields set; ... takes a field away."""
    base = {"event_id": "e1", "type": kind, "occurred_at": "2025-09-01T10:00:00Z"}
    if kind != "tick":
        base |= {"warehouse": "W1", "sku": "S1"}
    whole = base | NEEDED[kind] | fields
    return {name: value for name, value in whole.items() if value is not ...}


def decoded(kind: str = "outbound", **fields: Any) -> Any:
    """Return what decoding gives for one message."""
    (found,) = canonical.decode(json.dumps(message(kind, **fields)).encode())
    return found


LSN = 24023128
ROW: dict[str, Any] = {
    "order_id": "O1",
    "line_id": 3,
    "warehouse": "W1",
    "sku": "S1",
    "ordered": "12.5000",
    "shipped": "2",
    "cancelled": 0,
    "state": "placed",
    "updated_at": 1_756_692_000_123_456,
}
SOURCE: dict[str, Any] = {
    "connector": "postgresql",
    "db": "oms",
    "schema": "public",
    "table": "order_lines",
    "txId": 771,
    "lsn": LSN,
    "ts_ms": 1_756_692_000_500,
    "ts_us": 1_756_692_000_500_250,
}
MYSQL = {
    "connector": "mysql",
    "db": "oms",
    "table": "order_lines",
    "file": "mysql-bin.000003",
    "pos": 484,
    "row": 1,
    "ts_ms": 1_756_692_000_500,
}
COMMITTED = datetime(2025, 9, 1, 2, 0, 0, 500_250, tzinfo=UTC)


def envelope(
    op: str = "c", after: Any = ..., before: Any = None, source: Any = ..., **fields: Any
) -> dict[str, Any]:
    """Return a change event; the row and the source are the usual ones unless given."""
    return {
        "before": before,
        "after": ROW if after is ... else after,
        "source": SOURCE if source is ... else source,
        "op": op,
        "ts_ms": 1_756_692_000_900,
        "transaction": None,
    } | fields


def without(row: dict[str, Any], *names: str) -> dict[str, Any]:
    """Return a row without some columns."""
    return {name: value for name, value in row.items() if name not in names}


def changed(message: Any, key: Any = None) -> list[Any]:
    """Return what a message decodes to."""
    return debezium.decode(
        json.dumps(message).encode(), None if key is None else json.dumps(key).encode()
    )


def line(message: Any, key: Any = None) -> OrderLine:
    """Return the one image that a message decodes to."""
    (found,) = changed(message, key)
    assert isinstance(found, OrderLine), found
    return found


def reject(message: Any, key: Any = None) -> Reject:
    """Return the one reject that a message decodes to."""
    (found,) = changed(message, key)
    assert isinstance(found, Reject), found
    assert found.message.endswith(".")
    return found
