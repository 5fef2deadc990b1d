"""Canonical decoding: what is taken, how it is normalised, and why anything is refused."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from msgspec import UNSET

from flows.domain.decode import canonical
from flows.domain.events import (
    Inbound,
    Item,
    Move,
    OrderLine,
    Outbound,
    Policy,
    PurchaseLine,
    Stocktake,
    Tick,
    Warehouse,
)
from flows.domain.rejects import CODES, CODES_ZH, Reject

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


@pytest.mark.parametrize("kind", sorted(NEEDED))
def test_every_type_is_read_with_its_needed_fields_only(kind):
    """Each of the types has a smallest message, and it survives a trip through the log."""
    event = decoded(kind)
    assert not isinstance(event, Reject), event
    assert canonical.decode(canonical.encode(event)) == [event]


def test_every_code_has_a_chinese_text():
    """The codes people see in English are the codes they see in Chinese."""
    assert list(CODES) == list(CODES_ZH)


@pytest.mark.parametrize(
    "given",
    ["2025-09-01T18:00:00+08:00", "2025-09-01T10:00:00Z", "2025-09-01T05:30:00-04:30"],
)
def test_times_become_utc(given):
    """One instant is one value, whatever offset the device wrote."""
    event = decoded(occurred_at=given, recorded_at=given, sent_at=given, due_at=given)
    for at in (event.occurred_at, event.recorded_at, event.sent_at, event.due_at):
        assert at == datetime(2025, 9, 1, 10, tzinfo=UTC)
        assert at.tzinfo is UTC


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        (5, "5.0000"),
        ("5", "5.0000"),
        (0.1, "0.1000"),
        ("0.10000000", "0.1000"),
        ("1e2", "100.0000"),
        ("99999999999999.9999", "99999999999999.9999"),
    ],
)
def test_quantities_are_exact_with_four_digits(given, kept):
    """Numbers and texts become the same exact decimal, written one way."""
    assert str(decoded(quantity=given).quantity) == kept


def test_null_and_empty_texts_are_absent():
    """Null and empty optional fields are as good as not there, and leave no trace in the log."""
    event = decoded(lot="", from_bin=None, operator="", expires_on=None, due_at=None)
    assert event == decoded()
    assert b"lot" not in canonical.encode(event)


def test_texts_are_not_stripped():
    """Only the empty text is absent: a blank is somebody's data."""
    assert decoded(lot=" L1 ").lot == " L1 "


def test_whole_numbers_may_be_digit_texts():
    """`device_seq` and `version` may come as digits in a text."""
    assert decoded(device_seq="17").device_seq == 17
    assert decoded("order_line", version="24023128").version == 24023128


def test_unknown_fields_are_ignored():
    """A sender may add fields of its own, whatever is in them."""
    assert decoded(colour="red", nested={"a": [1, None, "\0"]}) == decoded()


def test_received_is_a_synonym_of_shipped():
    """A purchase line's `received` is kept as `shipped`."""
    event = decoded("purchase_line", received="3")
    assert isinstance(event, PurchaseLine)
    assert (event.shipped, event.received) == (Decimal(3), None)
    assert decoded("purchase_line", received=3, shipped="3.0") == event


@pytest.mark.parametrize(
    ("word", "state"),
    [("Open", "open"), ("partially-shipped", "open"), ("ON HOLD", "held"), ("Canceled", "closed")],
)
def test_states_are_normalised(word, state):
    """An order system's words become open, held or closed."""
    assert decoded("order_line", state=word).state == state


def test_a_policy_tells_null_from_absent():
    """Null unsets a threshold, absence leaves it alone; both survive the log."""
    event = decoded("policy", safety_stock=None, red_below="0.10")
    assert isinstance(event, Policy)
    assert (event.safety_stock, event.max_stock, event.red_below) == (None, UNSET, Decimal("0.1"))
    assert canonical.decode(canonical.encode(event)) == [event]


def test_a_policy_without_a_scope_is_global():
    """A policy needs no warehouse, category or SKU."""
    event = decoded("policy", warehouse="", sku=None, max_stock=7)
    assert (event.warehouse, event.category, event.sku) == (None, None, None)


def test_a_count_of_a_bin_names_the_bin_once():
    """The bin that all lines share becomes the bin of the count."""
    event = decoded("stocktake", quantity=..., scope="bin", lines=[{"quantity": 1, "bin": "A1"}])
    assert isinstance(event, Stocktake)
    assert event.to_bin == "A1"


def test_a_counted_zero_is_plain_zero():
    """Minus zero is zero: equal counts are equal bytes."""
    assert canonical.encode(decoded("stocktake", quantity="-0.0")) == canonical.encode(
        decoded("stocktake", quantity=0)
    )


def test_master_numbers_lose_trailing_zeros():
    """A volume may be finer than a quantity; it is kept in its shortest form."""
    event = decoded("item", unit_volume="0.0000200", unit_cost="1200.00", unit_weight=None)
    assert (str(event.unit_volume), str(event.unit_cost)) == ("0.00002", "1200")


def test_a_number_too_long_for_python_in_an_ignored_field_is_harmless():
    """Nobody needs the value of a field that nobody reads."""
    value = json.dumps(message()).encode()[:-1] + b',"zz":' + b"9" * 5000 + b"}"
    assert canonical.decode(value) == [decoded()]


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
    ("bin", {"max_weight": "-1"}, "bad_value", "max_weight"),
    ("policy", {"red_below": "1.1"}, "bad_value", "red_below"),
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


def test_content_leaves_out_what_a_resend_changes():
    """Two sendings of one event have one content, and asking for it changes nothing."""
    first = decoded(sent_at="2025-09-01T10:00:01Z", recorded_at="2025-09-01T10:00:00Z")
    again = decoded(sent_at="2025-09-01T13:00:01Z", source={"topic": "t", "offset": 4})
    kept = canonical.encode(first)
    assert canonical.content(first) == canonical.content(again) == canonical.encode(decoded())
    assert canonical.encode(first) == kept
    assert canonical.content(first) != canonical.content(decoded(quantity=6))


def test_the_normal_form_is_one_line_of_plain_json():
    """The log's form has the type first, exact texts for decimals, and UTC."""
    event = decoded("inbound", to_bin="A1", operator="张三", expires_on="2026-01-31")
    assert isinstance(event, Inbound)
    assert event.expires_on == date(2026, 1, 31)
    assert canonical.encode(event).decode() == (
        '{"type":"inbound","event_id":"e1","occurred_at":"2025-09-01T10:00:00Z","operator":"张三",'
        '"warehouse":"W1","sku":"S1","quantity":"5.0000","expires_on":"2026-01-31","to_bin":"A1"}'
    )


def test_fields_that_other_types_have_do_not_matter():
    """A movement may carry fields of another type's vocabulary: they are ignored."""
    assert isinstance(decoded("outbound", state="?", scope="?"), Outbound)
    assert isinstance(decoded("move", direction="?"), Move)
    assert isinstance(decoded("tick", warehouse="", quantity="?"), Tick)
    assert isinstance(decoded("order_line", quantity="?"), OrderLine)
    assert isinstance(decoded("warehouse", timezone="Asia/Shanghai", bin="?"), Warehouse)


def test_microseconds_are_kept():
    """Times are exact to the microsecond; a finer one is rounded."""
    event = decoded(occurred_at="2025-09-01T10:00:00.1234565Z")
    assert event.occurred_at - datetime(2025, 9, 1, 10, tzinfo=UTC) in (
        timedelta(microseconds=123456),
        timedelta(microseconds=123457),
    )
