"""Debezium messages of an order-line table, in every shape that a connector can give them."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from decimal import Decimal

import pytest

from flows.domain.decode import canonical, debezium
from flows.domain.decode.order_row import UNAVAILABLE
from flows.domain.events import OrderLine
from tests.domain.decode.messages import (
    COMMITTED,
    LSN,
    ROW,
    SOURCE,
    changed,
    envelope,
    line,
    reject,
)


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
    old, new = changed(envelope("u", after=ROW | {"warehouse": "W2"}, before=ROW))
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
    assert changed(envelope("u", after=marked, before=ROW))[-1] == line(envelope("u"))


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
        "gmt_modified": "2025-09-01T10:00:00+08:00",
    }
    found = line(envelope(after=row))
    assert (found.order_id, found.line_id, found.warehouse, found.sku) == ("O1", "9", "W1", "5")
    assert (found.ordered, found.shipped, found.cancelled, found.state) == (4, 1, 0, "held")


def test_a_control_character_in_a_name_of_the_source_is_not_in_the_event_id():
    """The id can be kept by the log and by PostgreSQL, whatever the table is called."""
    assert line(envelope(source=SOURCE | {"table": "order\x01lines\x00"})).event_id.startswith(
        "oms:oms.public.order?lines?:"
    )
