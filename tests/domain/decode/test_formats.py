"""Which decoder reads a message of each topic."""

from __future__ import annotations

import json
from typing import Any

import pytest

from flows.domain.decode import formats
from flows.domain.events import Inbound, Item, OrderLine, Tick
from flows.domain.rejects import Reject

BASE = {"event_id": "e1", "occurred_at": "2025-09-01T10:00:00Z", "warehouse": "W1", "sku": "S1"}
SCAN = BASE | {"type": "inbound", "quantity": 5}
ITEM = BASE | {"type": "item"}
LINE = BASE | {"type": "order_line", "order_id": "O1", "ordered": 5}
TICK = BASE | {"type": "tick"}
ROW = {
    "order_id": "O1",
    "warehouse": "W1",
    "sku": "S1",
    "qty": 5,
    "updated_at": BASE["occurred_at"],
}
CHANGE = {"before": None, "after": ROW, "op": "c", "source": {"lsn": 5}}
CANONICAL = {"format": b"canonical"}
TOPICS = (formats.decode_scan, formats.decode_master, formats.decode_order, formats.decode_log)


def one(decode: Any, message: Any, headers: Any = None) -> Any:
    """Return the one thing that a message decodes to."""
    (found,) = decode(json.dumps(message).encode(), None, headers or {})
    return found


@pytest.mark.parametrize(
    ("decode", "message", "kind"),
    [
        (formats.decode_scan, SCAN, Inbound),
        (formats.decode_scan, LINE, OrderLine),
        (formats.decode_master, ITEM, Item),
        (formats.decode_order, CHANGE, OrderLine),
        (formats.decode_order, LINE, OrderLine),
        (formats.decode_order, ROW, OrderLine),
        (formats.decode_log, TICK, Tick),
        (formats.decode_log, ITEM, Item),
    ],
)
def test_each_topic_takes_its_own(decode, message, kind):
    """Without a header the shape decides what a message is."""
    assert isinstance(one(decode, message), kind)


@pytest.mark.parametrize(
    ("decode", "message"),
    [
        (formats.decode_scan, ITEM),
        (formats.decode_scan, TICK),
        (formats.decode_master, SCAN),
        (formats.decode_order, SCAN),
    ],
)
def test_each_topic_refuses_the_others(decode, message):
    """A type on the wrong topic is an unknown type there."""
    assert one(decode, message).code == "unknown_type"


def test_the_header_names_the_format():
    """The header wins over the shape, in any letter case."""
    assert isinstance(one(formats.decode_order, LINE, {"format": b" Canonical "}), OrderLine)
    assert one(formats.decode_order, CHANGE, CANONICAL).code == "missing_field"
    assert isinstance(one(formats.decode_order, CHANGE, {"format": b"debezium"}), OrderLine)


@pytest.mark.parametrize("name", [b"xml", b"\xff\xfe", b"a\0b"])
def test_an_unknown_format_is_refused(name):
    """The sentence says what the topic takes."""
    found = one(formats.decode_scan, SCAN, {"format": name})
    assert (found.code, found.field) == ("unknown_format", "format")
    assert "canonical" in found.message
    assert "\0" not in found.message


def test_no_value_is_empty_but_a_tombstone_on_the_order_topic():
    """Debezium's null after a delete is no fault; anywhere else a null message is."""
    assert formats.decode_order(None, b"{}", {}) == []
    for decode in (formats.decode_scan, formats.decode_master, formats.decode_log):
        (found,) = decode(None, None, {})
        assert isinstance(found, Reject)
        assert found.code == "empty"


@pytest.mark.parametrize("decode", TOPICS)
def test_a_message_above_the_limit_is_refused(decode):
    """More than a million bytes are not even parsed."""
    (found,) = decode(b"x" * 1_000_001, None, {})
    assert found.code == "too_large"
