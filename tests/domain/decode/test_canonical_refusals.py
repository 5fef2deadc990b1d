"""Why a canonical message is refused: the code, the field, the sentence, the id."""

from __future__ import annotations

import json
from typing import Any

import pytest

from flows.domain.decode import canonical
from flows.domain.events import Item
from flows.domain.rejects import CODES, Reject
from tests.domain.decode.messages import decoded, message

REFUSED: list[tuple[str, dict[str, Any], str, str]] = [
    ("outbound", {"quantity": ...}, "missing_field", "quantity"),
    ("outbound", {"quantity": None}, "missing_field", "quantity"),
    ("outbound", {"sku": ""}, "missing_field", "sku"),
    ("outbound", {"event_id": ...}, "missing_field", "event_id"),
    ("outbound", {"warehouse": None}, "missing_field", "warehouse"),
    ("outbound", {"occurred_at": ""}, "missing_field", "occurred_at"),
    ("outbound", {"type": ...}, "missing_field", "type"),
    ("outbound", {"type": None}, "missing_field", "type"),
    ("outbound", {"type": ""}, "missing_field", "type"),
    ("outbound", {"type": 7}, "wrong_type", "type"),
    ("outbound", {"type": "sale"}, "unknown_type", "type"),
    ("outbound", {"quantity": 0}, "bad_value", "quantity"),
    ("outbound", {"quantity": -1}, "bad_value", "quantity"),
    ("outbound", {"quantity": "1.00001"}, "bad_value", "quantity"),
    ("outbound", {"quantity": "100000000000000"}, "bad_value", "quantity"),
    ("outbound", {"quantity": "NaN"}, "bad_value", "quantity"),
    ("outbound", {"quantity": "-sNaN"}, "bad_value", "quantity"),
    ("outbound", {"quantity": "Infinity"}, "bad_value", "quantity"),
    ("outbound", {"quantity": "1e400"}, "bad_value", "quantity"),
    ("outbound", {"quantity": "1e-400"}, "bad_value", "quantity"),
    ("outbound", {"quantity": "1e999999999999999999999"}, "bad_value", "quantity"),
    ("outbound", {"quantity": "abc"}, "bad_value", "quantity"),
    ("outbound", {"quantity": ""}, "bad_value", "quantity"),
    ("outbound", {"quantity": True}, "wrong_type", "quantity"),
    ("outbound", {"quantity": [5]}, "wrong_type", "quantity"),
    ("outbound", {"sku": 5}, "wrong_type", "sku"),
    ("outbound", {"lot": {"id": 1}}, "wrong_type", "lot"),
    ("outbound", {"lot": "x" * 201}, "bad_text", "lot"),
    ("outbound", {"event_id": "x" * 101}, "bad_text", "event_id"),
    ("outbound", {"lot": "a\0b"}, "bad_text", "lot"),
    ("outbound", {"source": {"system": "a\0"}}, "bad_text", "source.system"),
    ("outbound", {"source": {"offset": "x"}}, "wrong_type", "source.offset"),
    ("outbound", {"device_seq": True}, "wrong_type", "device_seq"),
    ("outbound", {"device_seq": "1.5"}, "wrong_type", "device_seq"),
    ("outbound", {"device_seq": -1}, "bad_value", "device_seq"),
    ("outbound", {"device_seq": 2**63}, "bad_value", "device_seq"),
    ("outbound", {"occurred_at": "2025-09-01T10:00:00"}, "bad_time", "occurred_at"),
    ("outbound", {"occurred_at": "2025-02-30T10:00:00Z"}, "bad_time", "occurred_at"),
    ("outbound", {"occurred_at": "0001-01-01T00:00:00+08:00"}, "bad_time", "occurred_at"),
    ("outbound", {"occurred_at": "9999-12-31T23:59:59-08:00"}, "bad_time", "occurred_at"),
    ("outbound", {"occurred_at": "1969-12-31T23:59:59Z"}, "bad_time", "occurred_at"),
    ("outbound", {"occurred_at": "2201-01-01T00:00:00Z"}, "bad_time", "occurred_at"),
    ("outbound", {"occurred_at": "yesterday"}, "bad_time", "occurred_at"),
    ("outbound", {"occurred_at": 1756692000}, "wrong_type", "occurred_at"),
    ("outbound", {"sent_at": "0001-01-01T00:00:00+08:00"}, "bad_time", "sent_at"),
    ("outbound", {"recorded_at": "9999-12-31T23:00:00-02:00"}, "bad_time", "recorded_at"),
    ("outbound", {"expires_on": "2025-02-30"}, "bad_time", "expires_on"),
    ("outbound", {"expires_on": "2025-02-28T00:00:00Z"}, "bad_time", "expires_on"),
    ("outbound", {"status": "lost"}, "bad_value", "status"),
    ("return", {"direction": "sideways"}, "bad_value", "direction"),
    ("transfer_out", {"counterpart": ...}, "missing_field", "counterpart"),
    ("transfer_in", {"counterpart": "W1"}, "bad_value", "counterpart"),
    ("move", {"from_bin": ""}, "missing_field", "from_bin"),
    ("move", {"to_bin": ...}, "missing_field", "to_bin"),
    ("move", {"to_bin": "A"}, "bad_value", "to_bin"),
    ("status", {"from_status": ...}, "missing_field", "from_status"),
    ("status", {"from_status": "sellable"}, "bad_value", "from_status"),
    ("status", {"from_status": "hold", "status": "hold"}, "bad_value", "from_status"),
    ("status", {"from_status": "gone"}, "bad_value", "from_status"),
    ("stocktake", {"quantity": ...}, "missing_field", "quantity"),
    ("stocktake", {"quantity": -1}, "bad_value", "quantity"),
    ("stocktake", {"quantity": ..., "lines": []}, "missing_field", "lines"),
    ("stocktake", {"lines": [{"quantity": 1}]}, "bad_value", "lines"),
    ("stocktake", {"scope": "aisle"}, "bad_value", "scope"),
    ("stocktake", {"scope": "bin"}, "missing_field", "to_bin"),
    (
        "stocktake",
        {"quantity": ..., "lines": [{"quantity": 1}, {"lot": "L"}]},
        "missing_field",
        "lines[1].quantity",
    ),
    (
        "stocktake",
        {"quantity": ..., "lines": [{"quantity": 1}, {"quantity": "x"}]},
        "bad_value",
        "lines[1].quantity",
    ),
    (
        "stocktake",
        {"quantity": ..., "lines": [{"quantity": 1, "lot": "\0"}]},
        "bad_text",
        "lines[0].lot",
    ),
    (
        "stocktake",
        {"quantity": ..., "lines": [{"quantity": 1, "status": "x"}]},
        "bad_value",
        "lines[0].status",
    ),
    ("stocktake", {"quantity": ..., "lines": [7]}, "wrong_type", "lines[0]"),
    (
        "stocktake",
        {"quantity": ..., "scope": "bin", "to_bin": "A", "lines": [{"quantity": 1, "bin": "B"}]},
        "bad_value",
        "lines[0].bin",
    ),
    (
        "stocktake",
        {
            "quantity": ...,
            "scope": "bin",
            "lines": [{"quantity": 1, "bin": "A"}, {"quantity": 1, "bin": "B"}],
        },
        "missing_field",
        "to_bin",
    ),
    ("order_line", {"order_id": ...}, "missing_field", "order_id"),
    ("order_line", {"ordered": -1}, "bad_value", "ordered"),
    ("order_line", {"shipped": "-0.1"}, "bad_value", "shipped"),
    ("order_line", {"cancelled": "Infinity"}, "bad_value", "cancelled"),
    ("order_line", {"state": "dreaming"}, "bad_value", "state"),
    ("order_line", {"version": 1.5}, "wrong_type", "version"),
    ("purchase_line", {"received": 1, "shipped": 2}, "bad_value", "received"),
    ("cancel", {"cancels": "e1"}, "bad_value", "cancels"),
    ("cancel", {"cancels": ""}, "missing_field", "cancels"),
    ("warehouse", {"timezone": "Asia/Atlantis"}, "bad_value", "timezone"),
    ("warehouse", {"timezone": "../etc/passwd"}, "bad_value", "timezone"),
    ("item", {"unit_cost": -1}, "bad_value", "unit_cost"),
    ("item", {"shelf_life_days": -1}, "bad_value", "shelf_life_days"),
    ("item", {"fragile": "yes"}, "wrong_type", "fragile"),
    ("bin", {"max_quantity": "-1"}, "bad_value", "max_quantity"),
    ("bin", {"x": "NaN"}, "bad_value", "x"),
    ("bin", {"max_weight": "-1"}, "bad_value", "max_weight"),
    ("policy", {"red_below": "1.1"}, "bad_value", "red_below"),
    ("policy", {"carrying_rate": 20}, "bad_value", "carrying_rate"),
    ("policy", {"service_level": 1}, "bad_value", "service_level"),
    ("policy", {"service_level": 0}, "bad_value", "service_level"),
    ("policy", {"safety_stock": -1}, "bad_value", "safety_stock"),
    ("policy", {"safety_stock": "NaN"}, "bad_value", "safety_stock"),
    ("decision", {"decision": "maybe"}, "bad_value", "decision"),
]


@pytest.mark.parametrize(("kind", "fields", "code", "field"), REFUSED)
def test_what_is_wrong_is_named(kind, fields, code, field):
    """A reject has the code, the field's path, a short sentence with the field, and the id."""
    found = decoded(kind, **fields)
    assert isinstance(found, Reject), found
    assert (found.code, found.field) == (code, field)
    assert code in CODES
    assert f"`{field}`" in found.message
    assert found.message.endswith(".")
    assert len(found.message) < 260
    assert "\0" not in found.message + found.event_id
    given = message(kind, **fields).get("event_id", "")
    assert found.event_id == given[:100]


@pytest.mark.parametrize(
    ("value", "code"),
    [
        (None, "empty"),
        (b"", "empty"),
        (b" \n", "empty"),
        (b"{", "not_json"),
        (b"{} {}", "not_json"),
        (b"\xff\xfe", "not_json"),
        (b'{"event_id":"\xff"}', "not_json"),
        (b'{"event_id":"a","type":"tick","occurred_at":NaN}', "not_json"),
        (b'{"event_id":"\\ud800","type":"tick"}', "not_json"),
        (b'{"type":"tick","x":' + b"[" * 100_000 + b"]" * 100_000 + b"}", "not_json"),
        (b"[" * 100_000, "not_json"),
        (b"null", "not_an_object"),
        (b"[]", "not_an_object"),
        (b'[{"type":"tick"}]', "not_an_object"),
        (b'"text"', "not_an_object"),
        (b"12", "not_an_object"),
    ],
)
def test_what_is_no_object_is_refused(value, code):
    """Broken bytes, deep nesting and other JSON have their codes, and nothing is raised."""
    (found,) = canonical.decode(value)
    assert isinstance(found, Reject)
    assert found.code == code
    assert found.message.endswith(".")


def test_the_id_is_found_in_broken_json():
    """An event id that can still be seen helps to find the sender."""
    (found,) = canonical.decode(b'{"event_id": "e-77", "type": "outbound", ')
    assert isinstance(found, Reject)
    assert found.event_id == "e-77"


def test_a_long_offender_is_shortened():
    """The sentence shows at most 60 characters of the offending value."""
    found = decoded(status="x" * 150)
    assert "x" * 58 in found.message
    assert "x" * 60 not in found.message


def test_only_the_allowed_types_are_taken():
    """A topic takes its own types; another one is refused by name, also when it is malformed."""
    allowed = frozenset({"item", "bin"})
    for fields in ({}, {"quantity": "abc"}):
        value = json.dumps(message("outbound", **fields)).encode()
        (found,) = canonical.decode(value, allowed=allowed)
        assert isinstance(found, Reject)
        assert (found.code, found.field) == ("unknown_type", "type")
        assert "outbound" in found.message
        assert "bin, item" in found.message
    (item,) = canonical.decode(json.dumps(message("item")).encode(), allowed=allowed)
    assert isinstance(item, Item)
