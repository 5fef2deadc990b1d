"""Debezium messages of an order-line table, in every shape that a connector can give them."""

from __future__ import annotations

import base64
import json
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest

from flows.domain.decode import canonical, debezium
from flows.domain.decode.order_row import UNAVAILABLE
from flows.domain.events import OrderLine
from flows.domain.rejects import Reject

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


def decoded(message: Any, key: Any = None) -> list[Any]:
    """Return what a message decodes to."""
    return debezium.decode(
        json.dumps(message).encode(), None if key is None else json.dumps(key).encode()
    )


def line(message: Any, key: Any = None) -> OrderLine:
    """Return the one image that a message decodes to."""
    (found,) = decoded(message, key)
    assert isinstance(found, OrderLine), found
    return found


def reject(message: Any, key: Any = None) -> Reject:
    """Return the one reject that a message decodes to."""
    (found,) = decoded(message, key)
    assert isinstance(found, Reject), found
    assert found.message.endswith(".")
    return found


@pytest.mark.parametrize("op", ["c", "u", "r"])
def test_a_row_is_an_image_of_its_line(op):
    """Insert, update and snapshot all state the line, with the log position as its version."""
    found = line(envelope(op))
    assert found == OrderLine(
        event_id=f"oms:oms.public.order_lines:O1:3:{LSN}{'r' if op == 'r' else ''}",
        occurred_at=datetime(2025, 9, 1, 2, 0, 0, 123_456, tzinfo=UTC),
        warehouse="W1",
        sku="S1",
        order_id="O1",
        line_id="3",
        ordered=Decimal("12.5"),
        shipped=Decimal(2),
        cancelled=Decimal(0),
        state="open",
        version=LSN,
    )
    assert canonical.decode(canonical.encode(found)) == [found]


def test_a_redelivery_is_the_same_event():
    """The connector's own clock is no part of the event: the same change twice is a repeat."""
    first, again = line(envelope()), line(envelope(ts_ms=1_756_692_999_999))
    assert canonical.content(first) == canonical.content(again)


def test_all_three_shapes_say_the_same():
    """Bare, schema-wrapped and flattened messages of one change give one event."""
    bare = line(envelope("u"))
    wrapped = line({"schema": {"type": "struct", "fields": []}, "payload": envelope("u")})
    turned = line({"payload": envelope("u"), "schema": None})
    flat = line(
        ROW
        | {"__op": "u", "__db": "oms", "__schema": "public", "__table": "order_lines"}
        | {"__lsn": LSN, "__source_ts_ms": 1_756_692_000_500, "__deleted": "false"}
    )
    assert bare == wrapped == turned == flat


def test_a_flattened_row_needs_no_metadata():
    """A flattened row alone is an image; without any position it has no version."""
    found = line(ROW)
    assert found.version is None
    assert found.event_id.startswith("oms::O1:3:0-")
    assert line(ROW | {"sku": "S2"}).event_id != found.event_id


@pytest.mark.parametrize(
    "value",
    [
        None,
        b"null",
        b'{"schema": null, "payload": null}',
        json.dumps(envelope("t", after=None)).encode(),
        json.dumps(envelope("m", after=None, message={"prefix": "p"})).encode(),
        b'{"ts_ms": 1756692000900}',
        b'{"schema": {"type": "struct"}, "payload": {"ts_ms": 1756692000900}}',
        b'{"status": "BEGIN", "id": "571", "event_count": null, "data_collections": null}',
        b'{"source": {"file": "f"}, "databaseName": "oms", "ddl": "ALTER TABLE t"}',
        b'{"__op": "t"}',
    ],
)
def test_what_changes_no_row_is_ignored(value):
    """Tombstones, truncates, logical messages, heartbeats and the like give nothing."""
    assert debezium.decode(value) == []


def test_a_delete_closes_the_line():
    """The row before a delete is closed at the time of the commit."""
    found = line(envelope("d", after=None, before=ROW))
    assert (found.state, found.version, found.occurred_at) == ("closed", LSN, COMMITTED)
    assert found.event_id.endswith(f":{LSN}:closed")
    assert found.ordered == Decimal("12.5")


def test_a_flattened_delete_closes_the_line():
    """`__deleted` marks a delete in a flattened message, as a text or as a boolean."""
    for mark in ("true", True):
        found = line(ROW | {"__deleted": mark, "__lsn": 9, "__source_ts_ms": 1_756_692_000_500})
        assert (found.state, found.version) == ("closed", 9)


def test_a_delete_with_only_the_key_is_refused_with_the_cure():
    """A line whose SKU is unknown cannot be closed; the sentence names the replica identity."""
    found = reject(envelope("d", after=None, before={"order_id": "O1", "line_id": 3, "sku": None}))
    assert found.code == "missing_field"
    assert "REPLICA IDENTITY FULL" in found.message


@pytest.mark.parametrize("wrap", [False, True])
def test_a_delete_is_completed_from_the_key(wrap):
    """What `before` lacks may stand in the message's key."""
    key = {"warehouse": "W1", "order_id": "O1", "line_id": 3}
    key = {"schema": {"type": "struct", "fields": []}, "payload": key} if wrap else key
    found = line(
        envelope("d", after=None, before={"sku": "S1", "warehouse": "", "ordered": 0}), key
    )
    assert (found.warehouse, found.order_id, found.line_id) == ("W1", "O1", "3")


def test_a_change_of_the_key_is_a_delete_a_tombstone_and_a_create():
    """The three messages close the old line and open the new one."""
    new = ROW | {"line_id": 4}
    first = line(envelope("d", after=None, before=ROW))
    assert debezium.decode(None, b'{"order_id":"O1","line_id":3}') == []
    second = line(envelope("c", after=new, source=SOURCE | {"lsn": LSN + 8}))
    assert (first.line_id, first.state, second.line_id, second.state) == (
        "3",
        "closed",
        "4",
        "open",
    )


def test_a_line_that_moves_to_another_warehouse_is_closed_in_the_old_one():
    """An update of the warehouse gives two images, the old place first."""
    old, new = decoded(envelope("u", after=ROW | {"warehouse": "W2"}, before=ROW))
    assert (old.warehouse, old.state) == ("W1", "closed")
    assert (new.warehouse, new.state) == ("W2", "open")
    assert old.event_id != new.event_id


def test_a_new_sku_in_the_same_warehouse_is_one_image():
    """The fold releases the old SKU by itself."""
    assert line(envelope("u", after=ROW | {"sku": "S2"}, before=ROW)).sku == "S2"


@pytest.mark.parametrize("before", [None, {"id": 7}, {"order_id": "O1", "warehouse": ""}, []])
def test_a_before_that_is_only_the_key_closes_nothing(before):
    """With the default replica identity an update is its new image."""
    assert line(envelope("u", before=before)).warehouse == "W1"


def test_an_unneeded_toast_column_is_ignored():
    """A long text that did not change, in a column nobody reads, does not matter."""
    marked = ROW | {"notes": UNAVAILABLE[0], "due_at": UNAVAILABLE[0], "blob": UNAVAILABLE[1]}
    assert line(envelope("u", after=marked)) == line(envelope("u"))


@pytest.mark.parametrize("column", ["sku", "state", "shipped", "order_id"])
def test_a_needed_toast_column_is_refused_or_read_from_before(column):
    """An unchanged value is the one before; where that is not sent either, the column is named."""
    marked = ROW | {column: UNAVAILABLE[0]}
    found = reject(envelope("u", after=marked))
    assert (found.code, found.field) == ("bad_value", column)
    assert "TOAST" in found.message
    assert decoded(envelope("u", after=marked, before=ROW))[-1] == line(envelope("u"))


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


def test_two_changes_in_one_millisecond_are_two_events():
    """Where only a time orders the changes, content keeps their ids apart."""
    source = {"ts_ms": 1_756_692_000_500}
    first = line(envelope(source=source))
    second = line(envelope(after=ROW | {"shipped": "3"}, source=source))
    assert first.event_id != second.event_id
    assert first.event_id == line(envelope(source=source)).event_id


def test_a_long_id_is_cut_with_a_digest():
    """Event ids have at most 100 characters and still tell changes apart."""
    first = line(envelope(after=ROW | {"order_id": "O" * 100}))
    second = line(envelope(after=ROW | {"order_id": "O" * 100, "line_id": 4}))
    assert len(first.event_id) == len(second.event_id) == 100
    assert first.event_id != second.event_id


def test_columns_go_by_their_usual_names():
    """Synonyms, capitals and camel case are understood; `id` is the line of a named order."""
    row = {
        "ID": 9,
        "orderNo": "O1",
        "WarehouseCode": "W1",
        "PRODUCT_ID": 5,
        "qty": 4,
        "qtyShipped": 1,
        "line_status": "On Hold",
        "gmt_modified": AT.isoformat(),
    }
    found = line(envelope(after=row))
    assert (found.order_id, found.line_id, found.warehouse, found.sku) == ("O1", "9", "W1", "5")
    assert (found.ordered, found.shipped, found.cancelled, found.state) == (4, 1, 0, "held")


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
