"""What Qimen's two reports become, line by line."""

from __future__ import annotations

import json
import time
from datetime import UTC, datetime

import pytest

from flows.domain.decode import canonical, qimen
from flows.domain.decode.qimen_types import ORDER_TYPES
from flows.domain.events import (
    Adjustment,
    Inbound,
    Observation,
    Outbound,
    Return,
    TransferIn,
    TransferOut,
    type_of,
)
from flows.domain.rejects import Reject

LINE = {
    "ownerCode": "H1",
    "warehouseCode": "SHA",
    "orderCode": "OR1234",
    "outBizCode": "OZ1234",
    "itemCode": "I1234",
    "quantity": "3",
    "changeTime": "2026-11-22 10:00:00",
}
COUNTED = {
    "warehouseCode": "SHA",
    "checkOrderCode": "PD1",
    "checkTime": "2026-11-22 10:00:00",
    "outBizCode": "OZ1",
    "currentPage": "1",
}


def message(*lines: dict, **request) -> bytes:
    """Return a request of these lines as JSON."""
    return json.dumps({"request": request | {"items": {"item": [*lines]}}}).encode()


def one(**fields):
    """Return the one event of a line that differs in these fields; None leaves a field out."""
    line = {name: value for name, value in (LINE | fields).items() if value is not None}
    (event,) = qimen.decode(message(line))
    return event


def survives(event) -> bool:
    """Say whether the log gives an event back unchanged."""
    return canonical.decode(canonical.encode(event)) == [event]


@pytest.mark.parametrize(
    ("words", "quantity", "kind"),
    [
        ("JYCK HHCK BFCK PTCK B2BCK QTCK XNCK JITCK", "-3", Outbound),
        ("PTRK CGRK B2BRK QTRK SCRK LYRK CCRK XNRK", "3", Inbound),
        ("XTRK THRK HHRK", "3", Return),
        ("CGTH", "-3", Return),
        ("CNJG ZTTZ PD PDRK PDCK CHECK ADJUST", "3", Adjustment),
        ("CNJG ZTTZ PD PDRK PDCK CHECK ADJUST", "-3", Adjustment),
    ],
)
def test_every_order_type_has_its_movement(words, quantity, kind):
    """The order type tells what moved; the code is kept in the reason."""
    for word in words.split():
        event = one(orderType=word, quantity=quantity)
        assert type(event) is kind
        assert event.quantity == 3
        assert (event.reason, event.document) == (word, "OR1234")
        assert event.order_id == ("OR1234" if kind in (Inbound, Outbound) else None)
        assert survives(event)


def test_the_table_of_order_types_is_tested_whole():
    """Every order type of the table is in one of the tests here."""
    tested = """JYCK HHCK BFCK PTCK B2BCK QTCK XNCK JITCK PTRK CGRK B2BRK QTRK SCRK LYRK CCRK XNRK
        XTRK THRK HHRK CGTH CNJG ZTTZ PD PDRK PDCK CHECK ADJUST DBCK DBRK"""
    assert set(tested.split()) == set(ORDER_TYPES)


def test_returns_say_who_returns():
    """Goods back from a customer come in; goods back to a supplier go out."""
    assert one(orderType="XTRK", quantity=3, inventoryType="CC").direction == "customer"
    assert one(orderType="XTRK", quantity=3, inventoryType="CC").status == "damaged"
    assert one(orderType="XTRK", quantity=3).status == "sellable"
    assert one(orderType="CGTH", quantity=-3).direction == "supplier"


@pytest.mark.parametrize(
    ("order_type", "quantity", "extra", "kind", "note"),
    [
        ("DBCK", -3, {"extendProps": {"toWarehouseCode": "XMN"}}, TransferOut, ""),
        ("DBCK", -3, {"toWarehouseCode": "XMN"}, TransferOut, ""),
        ("DBCK", -3, {"extendProps": {"targetWarehouseCode": "XMN"}}, TransferOut, ""),
        ("DBRK", 3, {"extendProps": {"fromWarehouseCode": "XMN"}}, TransferIn, ""),
        ("DBCK", -3, {}, Outbound, "other warehouse unknown"),
        ("DBRK", 3, {}, Inbound, "other warehouse unknown"),
        ("DBCK", -3, {"toWarehouseCode": "SHA"}, Outbound, "other warehouse unknown"),
        ("DBCK", 3, {"toWarehouseCode": "XMN"}, Adjustment, "sign against the type"),
    ],
)
def test_a_transfer_needs_its_other_end(order_type, quantity, extra, kind, note):
    """A transfer whose other warehouse nobody names is goods that left or came, and says so."""
    event = one(orderType=order_type, quantity=quantity, **extra)
    assert type(event) is kind
    assert event.counterpart == ("XMN" if kind in (TransferIn, TransferOut) else None)
    assert (event.order_id, event.document) == (None, "OR1234")
    assert note in event.reason
    assert survives(event)


@pytest.mark.parametrize(
    ("order_type", "quantity", "direction", "note"),
    [
        ("JYCK", 3, "gain", "JYCK; sign against the type"),
        ("CGRK", -3, "loss", "CGRK; sign against the type"),
        ("WHAT", 3, "gain", "WHAT; unknown order type"),
        ("WHAT", -3, "loss", "WHAT; unknown order type"),
        (None, 3, "gain", "no order type"),
        (None, -3, "loss", "no order type"),
    ],
)
def test_the_sign_is_always_kept(order_type, quantity, direction, note):
    """What no type explains is an adjustment by its sign, and the reason says why."""
    event = one(orderType=order_type, quantity=quantity)
    assert type(event) is Adjustment
    assert event.direction == direction
    assert event.reason.startswith(note)


@pytest.mark.parametrize(
    ("word", "status"),
    [
        ("ZP", "sellable"),
        (None, "sellable"),
        ("", "sellable"),
        ("zp", "sellable"),
        ("CC", "damaged"),
        ("JS", "damaged"),
        ("XS", "damaged"),
        ("DJ", "hold"),
    ],
)
def test_the_inventory_type_is_the_status(word, status):
    """Good stock is sellable, three kinds of defect are damaged, frozen stock is on hold."""
    assert one(inventoryType=word, orderType="QTRK").status == status


def test_a_receipt_of_defective_goods_is_damaged():
    """CCRK without an inventory type is not put up for sale."""
    assert one(orderType="CCRK").status == "damaged"
    assert one(orderType="CCRK", inventoryType="ZP").status == "sellable"


@pytest.mark.parametrize("quantity", ["0", 0, "0.00", "-0"])
def test_no_quantity_is_an_observation(quantity):
    """A line of 0 moves nothing and is kept."""
    event = one(quantity=quantity, orderType="JYCK")
    assert (type(event), event.why, event.document) == (Observation, "no_quantity", "OR1234")
    assert survives(event)


@pytest.mark.parametrize(
    ("written", "at"),
    [
        ("2026-11-22 10:00:00", datetime(2026, 11, 22, 2, tzinfo=UTC)),
        ("2026-11-22T10:00:00", datetime(2026, 11, 22, 2, tzinfo=UTC)),
        ("2026-11-22 10:00", datetime(2026, 11, 22, 2, tzinfo=UTC)),
        ("2026-11-22T10:00:00Z", datetime(2026, 11, 22, 10, tzinfo=UTC)),
        ("2026-11-22T10:00:00.250+09:00", datetime(2026, 11, 22, 1, 0, 0, 250000, tzinfo=UTC)),
        ("1988-07-01 10:00:00", datetime(1988, 7, 1, 2, tzinfo=UTC)),
    ],
)
def test_a_time_without_an_offset_is_of_china(written, at):
    """The protocol's times are UTC+8; an offset, if there is one, counts."""
    assert one(changeTime=written).occurred_at == at


def test_a_field_of_the_request_stands_for_its_lines():
    """Warehouse, time, order and id may be said once, around the lines."""
    line = {"itemId": "77", "quantity": "-1"}
    request = LINE | {"orderType": "PTCK", "orderConfirmTime": LINE["changeTime"]}
    del request["changeTime"], request["itemCode"], request["quantity"]
    (event,) = qimen.decode(message(line, **request))
    assert (type(event), event.sku, event.warehouse) == (Outbound, "77", "SHA")
    assert event.event_id == "qimen:stock:OZ1234:SHA:77:1"


@pytest.mark.parametrize(
    ("items", "path"),
    [
        ({"item": [LINE | {"quantity": "x"}]}, "items.item[0].quantity"),
        ({"item": LINE | {"quantity": "x"}}, "items.item[0].quantity"),
        ([LINE | {"quantity": "x"}], "items[0].quantity"),
        (LINE | {"quantity": "x"}, "items[0].quantity"),
        ({"inventory_item": [LINE | {"quantity": "x"}]}, "items.inventory_item[0].quantity"),
    ],
)
@pytest.mark.parametrize("wrapped", [True, False])
def test_a_list_may_be_written_in_any_of_its_ways(items, path, wrapped):
    """Platforms write a list of one in several ways; the path follows what they wrote."""
    body = {"items": items}
    (reject,) = qimen.decode(json.dumps({"request": body} if wrapped else body).encode())
    assert (reject.code, reject.field) == ("bad_value", path)


@pytest.mark.parametrize("codec", ["gbk", "GB2312", "gb18030", "utf-8", "utf-16", "big5"])
def test_xml_is_read_in_the_encoding_that_it_declares(codec):
    """A Chinese code reads the same in each encoding."""
    body = "".join(f"<{name}>{value}</{name}>" for name, value in LINE.items())
    text = f'<?xml version="1.0" encoding="{codec}"?>\n<request><items><item>{body}</item></items>'
    text = text.replace("I1234", "牛奶") + "</request>"
    (event,) = qimen.decode(text.encode(codec))
    assert event.sku == "牛奶"


@pytest.mark.parametrize(
    ("key", "kind"),
    [
        (b"taobao.qimen.inventory.report", "count"),
        (b"method=taobao.qimen.inventory.report&customerId=c1", "count"),
        (b"taobao.qimen.stockchange.report", "stock"),
        (b"qimen.stockchange.report", "stock"),
        (b"SHA", "count"),
        (None, "count"),
    ],
)
def test_the_method_may_be_in_the_key(key, kind):
    """The key names the report; without it the fields tell."""
    (event,) = qimen.decode(message({"itemCode": "I1", "quantity": 1}, **COUNTED), key)
    assert event.event_id.startswith(f"qimen:{kind}:OZ1:SHA:I1:")
    named = json.dumps({"method": "qimen.inventory.report", "request": {"items": [LINE]}})
    (event,) = qimen.decode(named.encode(), b"SHA")
    assert event.event_id.startswith("qimen:count:")


def test_a_resend_has_the_same_ids_and_content():
    """The same line gives the same event, whichever message it is sent in."""
    lines = [LINE | {"outBizCode": f"OZ{n}", "quantity": n} for n in (1, 2, 3)]
    whole = qimen.decode(message(*lines))
    assert whole == qimen.decode(message(*lines))
    assert [event for line in lines for event in qimen.decode(message(line))] == whole
    assert len({event.event_id for event in whole}) == 3


def test_different_lines_have_different_ids():
    """Same item twice, other item, warehouse, page, batch or report: each is its own event."""
    batches = {"batchs": {"batch": [{"quantity": 1}, {"quantity": 2}]}}
    lines = [
        LINE,
        LINE,
        LINE | {"itemCode": "I1234:1"},
        LINE | {"itemCode": "1", "warehouseCode": "SHA:I1234"},
        LINE | batches,
        LINE | {"warehouseCode": "XMN"},
        LINE | {"outBizCode": "OZ1234:SHA"},
        LINE | {"currentPage": 2},
    ]
    found = qimen.decode(message(*lines))
    found += qimen.decode(message(LINE, currentPage="1"))
    found += qimen.decode(message(LINE, checkTime="2026-11-22 10:00:00"))
    found += qimen.decode(message(LINE, checkTime="2026-11-22 10:00:00", currentPage="1"))
    assert not any(isinstance(event, Reject) for event in found)
    assert len({event.event_id for event in found}) == len(found) == 12


def test_a_long_id_is_cut_to_its_digest():
    """An id fits 100 characters whatever its parts; what differs at the end still differs."""
    first, second = (one(outBizCode="Z" * 150 + end, itemCode="I" * 90) for end in "ab")
    assert len(first.event_id) == len(second.event_id) == 100
    assert first.event_id != second.event_id
    assert one(outBizCode="Z" * 150 + "a", itemCode="I" * 90) == first
    assert survives(first)


def test_a_bad_line_does_not_stop_the_good_ones():
    """Each line is taken or refused on its own, in the order of the message."""
    found = qimen.decode(message(LINE, LINE | {"quantity": "many"}, LINE | {"itemCode": "I2"}))
    assert [type(one) for one in found] == [Adjustment, Reject, Adjustment]
    assert found[1].field == "items.item[1].quantity"
    assert found[1].event_id == "qimen:stock:OZ1234:SHA:I1234:2"


def test_a_thousand_lines_are_quick():
    """A message of 1,000 lines decodes in well under a second."""
    lines = [LINE | {"outBizCode": f"OZ{n}", "orderType": "CGRK"} for n in range(1000)]
    value = message(*lines)
    begun = time.perf_counter()
    found = qimen.decode(value)
    assert time.perf_counter() - begun < 0.8
    assert [type_of(event) for event in found] == ["inbound"] * 1000
