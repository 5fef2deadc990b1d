"""No bytes make a decoder raise, and what it takes survives the log unchanged."""

from __future__ import annotations

import json
import string
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from flows.domain.decode import canonical, formats
from flows.domain.decode.order_row import COLUMNS, UNAVAILABLE
from flows.domain.events import TYPES, Event, Policy
from flows.domain.rejects import CODES, Reject
from tests.domain.decode.messages import ROW, SOURCE, envelope

TOPICS = (formats.decode_scan, formats.decode_master, formats.decode_order, formats.decode_log)
FIELDS = sorted({name for kind in TYPES.values() for name in kind.__struct_fields__})
COLUMN_NAMES = [name for names in COLUMNS.values() for name in names]
META = ["__op", "__deleted", "__lsn", "__table", "__source_ts_ms", "__ts_ms", "schema", "payload"]

odd = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.integers(min_value=-(10**30), max_value=10**30),
    st.floats(allow_nan=False, allow_infinity=False),
    st.text(max_size=20),
    st.sampled_from(
        [
            "",
            "\x00",
            "NaN",
            "sNaN",
            "-Infinity",
            "1e400",
            "0001-01-01T00:00:00+14:00",
            "open",
            "AehI",
            "9999-12-31T23:59:59-14:00",
            "2025-09-01T10:00:00Z",
            "2025-09-01",
            "W1",
            "5",
            "1.00001",
            "sellable",
            "hold",
            "bin",
            "sku",
            "c",
            "d",
            "true",
            "mysql-bin.000003",
            "16/B374D848",
            *UNAVAILABLE,
        ]
    ),
)
anything = st.recursive(
    odd,
    lambda inner: st.one_of(
        st.lists(inner, max_size=3),
        st.dictionaries(
            st.sampled_from(
                ["scale", "value", "quantity", "bin", "lot", "fields", "field", "name"]
            ),
            inner,
            max_size=4,
        ),
    ),
    max_leaves=8,
)
near_events = st.fixed_dictionaries(
    {
        "event_id": st.text(min_size=1, max_size=5),
        "type": st.sampled_from(sorted(TYPES)),
        "occurred_at": st.just("2025-09-01T10:00:00+08:00"),
    },
    optional=dict.fromkeys(sorted({*FIELDS} - {"event_id", "occurred_at"}), anything),
)
usual = st.sampled_from(["W1", "W2", "A1", "5", "12.3400", "2025-09-01T10:00:00+08:00", "hold"])
valid_like = st.fixed_dictionaries(
    {
        "event_id": st.text(alphabet=string.ascii_letters, min_size=1, max_size=5),
        "type": st.sampled_from(sorted(TYPES)),
        "occurred_at": st.datetimes().map(lambda at: at.isoformat() + "+05:30"),
        "warehouse": st.just("W1"),
        "counterpart": st.just("W3"),
        "from_status": st.just("damaged"),
        "order_id": st.just("O1"),
        "ordered": st.just("7"),
        "cancels": st.just("e-0"),
        "action_id": st.just("a1"),
        "decision": st.just("approve"),
        "bin": st.just("A1"),
        "from_bin": st.just("A1"),
        "to_bin": st.just("B1"),
        "sku": st.text(min_size=1, max_size=3),
        "quantity": st.decimals(min_value=1, max_value=10**9, places=4).map(str),
    },
    optional={
        **{name: st.text(max_size=5) for name in ("lot", "operator", "reason", "document")},
        **{name: st.none() | st.just("0.5") for name in ("red_below", "max_stock", "unit_cost")},
        "shipped": st.integers(min_value=0, max_value=99),
        "device_seq": st.integers(min_value=0, max_value=2**63 - 1),
        "expires_on": st.dates().map(str),
        "sent_at": usual,
        "state": st.sampled_from(["Picking", "on hold", "VOID"]),
    },
)
columns = st.sampled_from(COLUMN_NAMES)
rows = st.one_of(
    st.dictionaries(columns, anything, max_size=12),
    st.fixed_dictionaries(
        {"order_id": odd, "warehouse": odd, "sku": odd, "qty": anything},
        optional=dict.fromkeys(
            sorted({*COLUMN_NAMES, *META} - {"order_id", "warehouse", "sku", "qty"}), anything
        ),
    ),
)
sources = st.one_of(
    anything,
    st.fixed_dictionaries(
        {},
        optional=dict.fromkeys(
            ["db", "table", "lsn", "file", "pos", "row", "scn", "ts_ms", "ts_us", "ts_ns"], odd
        ),
    ),
)
changes = st.fixed_dictionaries(
    {"op": st.sampled_from("cudrtm") | odd, "after": rows | odd, "source": sources},
    optional={"before": rows | odd, "ts_ms": odd, "ts_us": odd},
)
wrapped = st.fixed_dictionaries({"schema": anything, "payload": changes | rows | anything})


def as_bytes(message: Any) -> bytes:
    """Return a message as JSON, lone surrogates escaped."""
    return json.dumps(message).encode()


def check(value: bytes | None, key: bytes | None = None) -> None:
    """Decode as each topic would, and look at what comes back."""
    for decode in TOPICS:
        found = decode(value, key, {})
        assert isinstance(found, list)
        for one in found:
            if isinstance(one, Reject):
                assert one.code in CODES
                assert one.message.endswith(".")
                assert "\0" not in one.message + one.event_id + one.field
                one.message.encode()
                one.event_id.encode()
            else:
                assert isinstance(one, Event)
                assert len(one.event_id) <= 100
                assert canonical.decode(canonical.encode(one)) == [one]


@given(st.binary(max_size=200))
@settings(deadline=None)
def test_any_bytes_are_decoded_or_refused(value):
    """Bytes of any kind give a list of events and rejects."""
    check(value)


@given(anything | near_events | changes | wrapped | rows)
@settings(deadline=None, max_examples=400)
def test_any_json_is_decoded_or_refused(message):
    """JSON of any shape gives a list of events and rejects, and events survive the log."""
    check(as_bytes(message))


@given(changes, rows | anything)
@settings(deadline=None)
def test_any_key_is_harmless(message, key):
    """The key of a message may be anything as well."""
    check(as_bytes(message), as_bytes(key))
    check(as_bytes(message | {"op": "d", "before": {}}), as_bytes(key))


@given(valid_like, st.data())
@settings(deadline=None, max_examples=300)
def test_a_damaged_message_is_decoded_or_refused(message, data):
    """Cut, flipped or doubled bytes of a good message never raise."""
    value = bytearray(as_bytes(message))
    place = data.draw(st.integers(0, len(value) - 1))
    damage = data.draw(st.sampled_from(["cut", "flip", "double", "drop"]))
    if damage == "cut":
        del value[place:]
    elif damage == "flip":
        value[place] = data.draw(st.integers(0, 255))
    elif damage == "double":
        value[place:place] = value[place : place + 9]
    else:
        del value[place]
    check(bytes(value))


@given(valid_like, st.sampled_from(FIELDS), anything)
@settings(deadline=None, max_examples=300)
def test_one_wrong_field_is_decoded_or_refused(message, field, value):
    """Any value in any one field of a good message never raises."""
    check(as_bytes(message | {field: value}))


@given(
    st.sampled_from("cudr"),
    st.tuples(st.sampled_from([*ROW]), anything),
    st.tuples(st.sampled_from([*SOURCE]), odd),
    st.booleans(),
)
@settings(deadline=None, max_examples=300)
def test_one_wrong_column_is_decoded_or_refused(op, column, place, flat):
    """Any value in any one column of a good change never raises, flattened or not."""
    row, source = ROW | dict([column]), SOURCE | dict([place])
    meta = {f"__source_{name}": value for name, value in source.items()}
    check(as_bytes(row | meta | {"__op": op} if flat else envelope(op, row, ROW, source)))


@given(valid_like)
@settings(deadline=None, max_examples=300)
def test_a_good_message_survives_the_log(message):
    """decode(encode(e)) is e, byte for byte, for every event that is taken."""
    (event,) = canonical.decode(as_bytes(message))
    if isinstance(event, Reject):
        return
    written = canonical.encode(event)
    (again,) = canonical.decode(written)
    assert again == event
    assert isinstance(again, Event)
    assert canonical.encode(again) == written
    assert canonical.content(again) == canonical.content(event)


@pytest.mark.parametrize("depth", [50, 300, 500, 900, 990, 1000, 1100, 5000])
@pytest.mark.parametrize(
    "form", ['{{"op":"u","after":{0},"source":{{}}}}', '{{"payload":{0},"schema":{0}}}', "{0}"]
)
def test_nesting_of_any_depth_is_harmless(depth, form):
    """Whether a reader's recursion ends in the parser or later, a list comes back."""
    nested = '{"sku":' * depth + "1" + "}" * depth
    check(form.format(nested).encode())
    check(('{"schema":{},"payload":' * depth + "1" + "}" * depth).encode())


def test_a_policy_is_kept_field_by_field():
    """Of a policy, absence and null are two things in the log as well."""
    value = (
        b'{"event_id":"p","type":"policy","occurred_at":"2025-09-01T10:00:00Z","max_stock":null}'
    )
    (event,) = canonical.decode(value)
    assert isinstance(event, Policy)
    assert b'"max_stock":null' in canonical.encode(event)
