"""The values of a change event: decimals, identifiers, times, positions, and what is refused."""

from __future__ import annotations

import base64
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest

from flows.domain.decode import debezium
from flows.domain.rejects import Reject
from tests.domain.decode.messages import (
    COMMITTED,
    LSN,
    MYSQL,
    ROW,
    SOURCE,
    envelope,
    line,
    reject,
    without,
)


def schema(**columns: dict[str, Any]) -> dict[str, Any]:
    """Return an envelope's schema with the named columns typed."""
    fields = [{"field": name} | kind for name, kind in columns.items()]
    rows = [{"type": "struct", "fields": fields, "field": name} for name in ("before", "after")]
    return {"type": "struct", "fields": rows}


DECIMAL = "org.apache.kafka.connect.data.Decimal"


def unscaled(value: int) -> str:
    """Return an integer as base64 of its two's complement bytes."""
    return base64.b64encode(value.to_bytes(8, "big", signed=True)).decode()


@pytest.mark.parametrize(
    ("value", "kind"),
    [
        (12.5, {"type": "double"}),
        ("12.5000", {"type": "string"}),
        (unscaled(125_000), {"type": "bytes", "name": DECIMAL, "parameters": {"scale": "4"}}),
        (base64.b64encode(b"}").decode(), {"name": DECIMAL, "parameters": {"scale": "1"}}),
        (12.5, {"type": "bytes", "name": DECIMAL, "parameters": {"scale": "4"}}),
        ({"scale": 1, "value": "fQ=="}, {"name": "io.debezium.data.VariableScaleDecimal"}),
    ],
)
def test_every_decimal_mode_is_read(value, kind):
    """double, string, precise with its scale, and variable scale give the exact quantity."""
    message = {"schema": schema(ordered=kind), "payload": envelope(after=ROW | {"ordered": value})}
    assert line(message).ordered == Decimal("12.5")


def test_a_variable_scale_needs_no_schema():
    """A value that brings its scale along is read from a bare message too."""
    assert line(envelope(after=ROW | {"ordered": {"scale": 1, "value": "fQ=="}})).ordered == 12.5


def test_a_base64_decimal_without_its_schema_is_refused_with_the_cure():
    """The scale of a precise decimal is only in the schema."""
    found = reject(envelope(after=ROW | {"ordered": "AehI"}))
    assert (found.code, found.field) == ("bad_value", "ordered")
    assert "decimal.handling.mode" in found.message


def test_numeric_identifiers_become_texts():
    """Whole numbers in any decimal mode name orders and SKUs by their digits."""
    kind = {"type": "bytes", "name": DECIMAL, "parameters": {"scale": "0"}}
    row = ROW | {"sku": base64.b64encode(b"\x03\xe9").decode(), "order_id": 77}
    found = line({"schema": schema(sku=kind), "payload": envelope(after=row)})
    assert (found.sku, found.order_id) == ("1001", "77")
    assert line(envelope(after=ROW | {"sku": {"scale": 0, "value": "A+k="}})).sku == "1001"


AT = datetime(2025, 9, 1, 2, 0, tzinfo=UTC)
SECONDS = 1_756_692_000


@pytest.mark.parametrize(
    ("value", "name"),
    [
        (SECONDS * 10**3, "io.debezium.time.Timestamp"),
        (SECONDS * 10**6, "io.debezium.time.MicroTimestamp"),
        (SECONDS * 10**9, "io.debezium.time.NanoTimestamp"),
        (SECONDS * 10**3, "org.apache.kafka.connect.data.Timestamp"),
        ("2025-09-01T02:00:00Z", "io.debezium.time.ZonedTimestamp"),
        ("2025-09-01T10:00:00+08:00", "io.debezium.time.ZonedTimestamp"),
        (SECONDS, None),
        (SECONDS * 10**3, None),
        (SECONDS * 10**6, None),
        (SECONDS * 10**9, None),
    ],
)
def test_every_unit_of_time_is_read(value, name):
    """The schema says the unit; without one the size of the number does."""
    row = ROW | {"updated_at": value, "due_at": value}
    named = schema(updated_at={"name": name}, due_at={"name": name}) if name else None
    found = line({"schema": named, "payload": envelope(after=row)})
    assert (found.occurred_at, found.due_at) == (AT, AT)


@pytest.mark.parametrize("name", ["io.debezium.time.Date", None])
def test_a_date_is_its_first_instant(name):
    """A promised day counts from its midnight in UTC, as days since 1970 or as text."""
    named = schema(due_at={"name": name}) if name else None
    for value in (20_332, "2025-09-01"):
        found = line({"schema": named, "payload": envelope(after=ROW | {"due_at": value})})
        assert found.due_at == datetime(2025, 9, 1, tzinfo=UTC)


def test_without_a_stamp_the_commit_says_when():
    """No `updated_at`: the source's time counts, the finest unit first, then the envelope's."""
    row = without(ROW, "updated_at")
    assert line(envelope(after=row)).occurred_at == COMMITTED
    assert line(envelope(after=row, source={"ts_ns": SECONDS * 10**9})).occurred_at == AT
    assert line(envelope(after=row, source=None, ts_ms=SECONDS * 1000)).occurred_at == AT


def test_a_local_time_from_the_future_gives_way_to_the_commit():
    """A row cannot be changed after the commit that changed it."""
    local = 1_756_692_000_123_456 + 8 * 3600 * 10**6
    assert line(envelope(after=ROW | {"updated_at": local})).occurred_at == COMMITTED


@pytest.mark.parametrize(
    ("row", "source", "version"),
    [
        ({}, SOURCE, LSN),
        ({}, SOURCE | {"lsn": "0/16E9118"}, 0x16E9118),
        ({}, SOURCE | {"lsn": None}, 0),
        ({"version": 41}, SOURCE, 41),
        ({"lock_version": "42"}, SOURCE, 42),
        ({}, MYSQL, (3 << 44) | (484 << 10) | 1),
        ({}, MYSQL | {"file": "", "pos": 0}, 0),
        ({}, {"scn": "8812345", "table": "T"}, 8812345),
        ({}, {"ts_ms": 1_756_692_000_500}, 1_756_692_000_500_000),
        ({}, {"lsn": -5, "ts_ms": 1}, 0),
    ],
)
def test_the_version_grows_with_the_sources_log(row, source, version):
    """The row's own version, else the log position, else the time; a bare snapshot has 0."""
    assert line(envelope(after=ROW | row, source=source)).version == version


def test_mysql_positions_are_in_order():
    """A later row, position or file is a higher version."""
    places = [("000003", 484, 1), ("000003", 484, 2), ("000003", 500, 0), ("000010", 4, 0)]
    versions = [
        line(envelope(source=MYSQL | {"file": f"bin.{file}", "pos": pos, "row": row})).version
        for file, pos, row in places
    ]
    assert versions == sorted(versions)
    assert len(set(versions)) == 4


REFUSED: list[tuple[Any, str, str]] = [
    (envelope("x"), "bad_value", "op"),
    (envelope(7), "bad_value", "op"),
    (ROW | {"__op": "x"}, "bad_value", "__op"),
    (envelope(after=None), "missing_field", "after"),
    (envelope(after=[1]), "wrong_type", "after"),
    (envelope("d", before="x"), "wrong_type", "before"),
    (envelope(source="here"), "wrong_type", "source"),
    (envelope(after=without(ROW, "sku")), "missing_field", "sku"),
    (envelope(after=ROW | {"warehouse": ""}), "missing_field", "warehouse"),
    (envelope(after=without(ROW, "ordered")), "missing_field", "ordered"),
    (envelope(after=without(ROW, "updated_at"), source={}, ts_ms=0), "missing_field", "updated_at"),
    (envelope(after=ROW | {"ordered": -1}), "bad_value", "ordered"),
    (envelope(after=ROW | {"ordered": "NaN"}), "bad_value", "ordered"),
    (envelope(after=ROW | {"ordered": "twelve!"}), "bad_value", "ordered"),
    (envelope(after=ROW | {"ordered": True}), "wrong_type", "ordered"),
    (envelope(after=ROW | {"ordered": {"scale": 1}}), "wrong_type", "ordered"),
    (envelope(after=ROW | {"ordered": {"scale": 1, "value": "?"}}), "bad_value", "ordered"),
    (envelope(after=ROW | {"ordered": {"scale": 10**9, "value": "fQ=="}}), "wrong_type", "ordered"),
    (envelope(after=ROW | {"ordered": "1.00001"}), "bad_value", "ordered"),
    (envelope(after=ROW | {"ordered": int("9" * 4000)}), "bad_value", "ordered"),
    (
        envelope("d", before=without(ROW, "updated_at"), source={}, ts_ms=0),
        "missing_field",
        "source.ts_ms",
    ),
    (envelope("d", before=ROW | {"state": 1.5, "sku": 1.5}), "wrong_type", "sku"),
    (envelope(after=ROW | {"sku": 1.5}), "wrong_type", "sku"),
    (envelope(after=ROW | {"sku": True}), "wrong_type", "sku"),
    (envelope(after=ROW | {"sku": "x" * 101}), "bad_text", "sku"),
    (envelope(after=ROW | {"order_id": "a\0b"}), "bad_text", "order_id"),
    (envelope(after=ROW | {"state": "dreaming"}), "bad_value", "state"),
    (envelope(after=ROW | {"version": "v2"}), "bad_value", "version"),
    (envelope(after=ROW | {"version": -1}), "bad_value", "version"),
    (envelope(after=ROW | {"updated_at": "2025-09-01 10:00:00"}), "bad_time", "updated_at"),
    (envelope(after=ROW | {"updated_at": 10**40}), "bad_time", "updated_at"),
    (envelope(after=ROW | {"updated_at": -(10**12)}), "bad_time", "updated_at"),
    (envelope(after=ROW | {"due_at": True}), "bad_time", "due_at"),
    (envelope(after=ROW | {"due_at": 1.5}), "wrong_type", "due_at"),
    ({"hello": "world"}, "unknown_format", ""),
    ({"schema": {}, "payload": {"schema": {}, "payload": {}}}, "unknown_format", ""),
    ({"schema": {}, "payload": "text"}, "not_an_object", ""),
    ([], "not_an_object", ""),
]


@pytest.mark.parametrize(("message", "code", "field"), REFUSED)
def test_what_is_wrong_is_named(message, code, field):
    """A reject has its code and the column as the table calls it, in a short sentence."""
    found = reject(message)
    assert (found.code, found.field) == (code, field)
    assert f"`{field}`" in found.message or not field
    assert len(found.message) < 260
    assert "\0" not in found.message


@pytest.mark.parametrize(
    ("value", "code"),
    [
        (b"", "empty"),
        (b" ", "empty"),
        (b"{", "not_json"),
        (b'{"after":"\xff"}', "not_json"),
        (b'{"after":' + b"[" * 100_000, "not_json"),
        (b'{"op":"c","after":' + b'{"a":' * 900 + b"1" + b"}" * 900 + b"}", "missing_field"),
    ],
)
def test_broken_bytes_are_refused(value, code):
    """Whatever the bytes are, there is a code and no exception."""
    (found,) = debezium.decode(value)
    assert isinstance(found, Reject)
    assert found.code == code
