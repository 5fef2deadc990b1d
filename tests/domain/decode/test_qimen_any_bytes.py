"""No bytes make Qimen's decoder raise, and what it takes survives the log unchanged."""

from __future__ import annotations

import json
from xml.sax.saxutils import escape

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from flows.domain.decode import canonical, formats, qimen
from flows.domain.decode.qimen_types import ORDER_TYPES
from flows.domain.events import Event
from flows.domain.rejects import CODES, Reject
from tests.domain.decode.test_any_bytes import anything, odd
from tests.domain.decode.test_qimen import COUNTED, LINE
from tests.domain.decode.test_qimen_examples import DATA

SAMPLES = [path.read_bytes() for path in sorted(DATA.iterdir())]
NAMES = [
    *LINE,
    *COUNTED,
    *("itemId", "orderType", "adjustType", "inventoryType", "batchCode", "expireDate"),
    *("productDate", "remark", "orderLineNo", "extendProps", "batchs", "toWarehouseCode"),
    *("item_code", "out_biz_code", "method", "request", "items", "item", "batch", ""),
]
words = st.sampled_from(
    [*ORDER_TYPES, "ZP", "ZT", "CC", "DJ", "QQ", "0", "-3", "2.5", "2026-11-22 10:00:00", "SHA"]
)
fields = st.dictionaries(st.sampled_from(NAMES), words | anything, max_size=6)
good = st.fixed_dictionaries(
    {
        "warehouseCode": st.sampled_from(["SHA", "XMN"]),
        "outBizCode": st.text(min_size=1, max_size=120).filter(str.strip),
        "itemCode": st.sampled_from(["I1", "I2", "牛奶", "a:b"]),
        "quantity": st.decimals(-999, 999, places=4, allow_nan=False).map(str),
        "changeTime": st.datetimes().map(lambda at: str(at)[:19]),
    },
    optional={
        "orderType": st.sampled_from([*ORDER_TYPES, "WHAT", ""]),
        "inventoryType": st.sampled_from(["ZP", "CC", "JS", "XS", "ZT", "DJ", ""]),
        "toWarehouseCode": st.sampled_from(["SHA", "XMN", "PEK"]),
        "fromWarehouseCode": st.sampled_from(["SHA", "XMN", "PEK"]),
        "orderCode": st.text(max_size=5),
        "batchCode": st.text(max_size=5),
        "remark": st.text(max_size=5),
        "expireDate": st.dates().map(str),
        "orderLineNo": st.integers(0, 9),
    },
)


def check(value: bytes, key: bytes | None = None) -> list:
    """Decode a message directly and as intake would; look at what comes back."""
    found = qimen.decode(value, key)
    assert found
    for event in [*found, *formats.decode_scan(value, key, {"format": b"qimen"})]:
        if isinstance(event, Reject):
            assert event.code in CODES
            assert event.message.endswith(".")
            (event.message + event.field + event.event_id).encode()
            assert len(event.event_id) <= 100
            assert "\0" not in event.message + event.event_id
        else:
            assert isinstance(event, Event)
            assert canonical.decode(canonical.encode(event)) == [event]
    ids = [event.event_id for event in found if isinstance(event, Event)]
    assert len(set(ids)) == len(ids)
    assert qimen.decode(value, key) == found
    formats.decode_scan(value, key, {})
    return found


@given(st.binary(max_size=200), st.none() | st.binary(max_size=60))
@settings(deadline=None)
def test_any_bytes_are_decoded_or_refused(value, key):
    """Bytes of any kind, as value and key, give at least one event or reject."""
    check(value, key)
    check(b"<request>" + value + b"</request>")


@given(
    anything | fields | st.fixed_dictionaries({"items": st.lists(fields, max_size=3) | anything})
)
@settings(deadline=None, max_examples=300)
def test_any_json_is_decoded_or_refused(message):
    """JSON of any shape, wrapped or bare, gives at least one event or reject."""
    check(json.dumps(message).encode())
    check(json.dumps({"request": message}).encode())


@given(fields, fields, st.sampled_from(NAMES), odd)
@settings(deadline=None, max_examples=300)
def test_one_wrong_field_is_decoded_or_refused(changes, around, name, value):
    """Any value in any field of a good line, or around it, never raises."""
    line = LINE | changes | {name: value}
    check(json.dumps(around | {"items": {"item": [line, LINE]}}).encode())
    texts = "".join(
        f"<{tag}>{escape(str(text))}</{tag}>" for tag, text in line.items() if tag.isalpha()
    )
    value = f"<request><items><item>{texts}</item></items></request>"
    check(value.encode("utf-8", "replace"))


@given(st.sampled_from(SAMPLES), st.data())
@settings(deadline=None, max_examples=400)
def test_a_damaged_message_is_decoded_or_refused(sample, data):
    """Cut, flipped, doubled or dropped bytes of a good message never raise."""
    value = bytearray(sample)
    place = data.draw(st.integers(0, len(value) - 1))
    damage = data.draw(st.sampled_from(["cut", "flip", "double", "drop"]))
    if damage == "cut":
        del value[place:]
    elif damage == "flip":
        value[place] = data.draw(st.integers(0, 255))
    elif damage == "double":
        value[place:place] = value[place : place + 40]
    else:
        del value[place : place + data.draw(st.integers(1, 20))]
    check(bytes(value))


@given(st.lists(good, min_size=1, max_size=6))
@settings(deadline=None, max_examples=300)
def test_lines_have_ids_of_their_own_at_every_sending(lines):
    """Ids are stable, distinct, and the same whatever other lines are in the message."""
    whole = check(json.dumps({"request": {"items": {"item": lines}}}).encode())
    assert len(whole) == len(lines)
    other = LINE | {"outBizCode": "another", "itemCode": "I9"}
    among = qimen.decode(json.dumps({"items": [other, *lines, other]}).encode())
    assert [x for x in among[1:-1] if isinstance(x, Event)] == [
        x for x in whole if isinstance(x, Event)
    ]


@pytest.mark.parametrize("depth", [10, 100, 300, 500, 900, 1000, 1100, 5000, 100_000])
@pytest.mark.parametrize("tag", ["request", "item", "a"])
def test_nesting_of_any_depth_is_harmless(depth, tag):
    """Depth ends in a refusal, in XML and in JSON."""
    check(f"<{tag}>".encode() * depth)
    check(b"<request>" + f"<{tag}>".encode() * depth + f"</{tag}>".encode() * depth)
    nested = f'{{"{tag}":' * depth + "1" + "}" * depth
    check(nested.encode())
    check(json.dumps({"items": [LINE | {"quantity": 0, "x": "N"}]}).replace('"N"', nested).encode())
