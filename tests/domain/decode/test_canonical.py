"""Canonical decoding: what is taken, how it is normalised, and why anything is refused."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest
from msgspec import UNSET

from flows.domain.decode import canonical
from flows.domain.events import (
    Inbound,
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
from tests.domain.decode.messages import NEEDED, decoded, message


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
        ("999999999.9999", "999999999.9999"),
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


def test_a_bin_may_lie_left_of_the_origin():
    """Coordinates have either sign; capacities keep their digits."""
    event = decoded("bin", x="-1.50", y=0, max_quantity=10)
    assert (str(event.x), str(event.y), str(event.max_quantity)) == ("-1.5", "0", "10.0000")


def test_a_number_too_long_for_python_in_an_ignored_field_is_harmless():
    """Nobody needs the value of a field that nobody reads."""
    value = json.dumps(message()).encode()[:-1] + b',"zz":' + b"9" * 5000 + b"}"
    assert canonical.decode(value) == [decoded()]


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
