"""What Qimen's decoder refuses: the code, the field's path, and a sentence a person can act on."""

from __future__ import annotations

import json

import pytest

from flows.domain.decode import qimen
from flows.domain.rejects import CODES, Reject
from tests.domain.decode.test_qimen import COUNTED, LINE, message, one

BILLION = b"""<?xml version="1.0"?>
<!DOCTYPE request [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;&a;&a;">
<!ENTITY c "&b;&b;&b;&b;&b;&b;&b;&b;&b;&b;">]>
<request><items><item><itemCode>&c;</itemCode></item></items></request>"""
EXTERNAL = b"""<!DOCTYPE request [<!ENTITY x SYSTEM "file:///etc/passwd">]>
<request><items><item><itemCode>&x;</itemCode></item></items></request>"""


def refused(value: bytes | None, key: bytes | None = None) -> Reject:
    """Return the one reject of a message."""
    (reject,) = qimen.decode(value, key)
    assert isinstance(reject, Reject)
    assert reject.code in CODES
    assert reject.message.endswith(".")
    return reject


@pytest.mark.parametrize(
    ("value", "code", "says"),
    [
        (None, "empty", "no content"),
        (b"", "empty", "no content"),
        (b" \n", "empty", "no content"),
        (b"<", "not_json", "not one XML document: unclosed token"),
        (b"<request>", "not_json", "no element found"),
        (b"<request></items></request>", "not_json", "mismatched tag"),
        (b"<request/><request/>", "not_json", "junk after document element"),
        (b"<request>&nope;</request>", "not_json", "undefined entity"),
        (BILLION, "not_json", "DTD"),
        (EXTERNAL, "not_json", "DTD"),
        (b"<!DOCTYPE request SYSTEM 'http://example/x.dtd'><request/>", "not_json", "DTD"),
        (b"<request>\xff</request>", "not_json", "not in utf-8"),
        (b"<?xml version='1.0' encoding='gbk'?><request>\xff</request>", "not_json", "gb18030"),
        (b"<?xml version='1.0' encoding='punycode'?><request/>", "not_json", "punycode"),
        (b"<?xml version='1.0' encoding='utf-16'?><request/>", "not_json", "utf-16"),
        (b"<request>" * 100, "not_json", "deeper than 30 levels"),
        (b"<a>" * 100_000, "unknown_format", "root must be <request>"),
        (b"<html/>", "unknown_format", "root must be <request>"),
        (b"<Request/>", "unknown_format", "root must be <request>"),
        (b"<request/>", "unknown_format", "no fields"),
        (b"{}", "unknown_format", "no fields"),
        (b"{", "not_json", "truncated"),
        (b"[]", "not_an_object", "must be one JSON object"),
        (b'"<request/>"', "not_an_object", "must be one JSON object"),
        (b'{"a":' * 5000 + b"1" + b"}" * 5000, "not_json", "nested too deeply"),
    ],
)
def test_what_cannot_be_read_is_one_reject(value, code, says):
    """Neither XML nor JSON, another document, a DTD, a wrong encoding: refused, never expanded."""
    reject = refused(value)
    assert (reject.code, reject.field) == (code, "")
    assert says in reject.message


@pytest.mark.parametrize(
    ("value", "code", "field"),
    [
        (b'{"request":"x"}', "wrong_type", "request"),
        (b'{"request":{"warehouseCode":"W"}}', "missing_field", "items"),
        (b"<request><warehouseCode>W</warehouseCode></request>", "missing_field", "items"),
        (b"<request><items/><warehouseCode>W</warehouseCode></request>", "missing_field", "items"),
        (b'{"items":[],"warehouseCode":"W"}', "missing_field", "items"),
        (b'{"items":{"item":[]},"warehouseCode":"W"}', "missing_field", "items"),
        (b'{"items":["x"]}', "wrong_type", "items[0]"),
        (b'{"items":{"item":[null]}}', "wrong_type", "items.item[0]"),
        (b"<request><items>x</items></request>", "wrong_type", "items[0]"),
    ],
)
def test_a_request_without_lines_names_them(value, code, field):
    """A request needs lines, and a line is an object."""
    reject = refused(value)
    assert (reject.code, reject.field) == (code, field)


@pytest.mark.parametrize(
    "key", [b"taobao.qimen.deliveryorder.confirm", b"method=taobao.qimen.entryorder.confirm"]
)
def test_another_method_is_refused(key):
    """A message of another method is not read as one of the two."""
    reject = refused(message(LINE), key)
    assert (reject.code, reject.field) == ("unknown_type", "method")
    assert "stockchange.report and inventory.report" in reject.message


@pytest.mark.parametrize(
    ("fields", "code", "field"),
    [
        ({"outBizCode": None}, "missing_field", "outBizCode"),
        ({"outBizCode": "  "}, "missing_field", "outBizCode"),
        ({"warehouseCode": None}, "missing_field", "warehouseCode"),
        ({"warehouseCode": "W" * 101}, "bad_text", "warehouseCode"),
        ({"warehouseCode": ["W"]}, "wrong_type", "warehouseCode"),
        ({"itemCode": None}, "missing_field", "itemCode"),
        ({"itemCode": True}, "wrong_type", "itemCode"),
        ({"itemCode": 1.5}, "wrong_type", "itemCode"),
        ({"itemCode": "a\0b"}, "bad_text", "itemCode"),
        ({"outBizCode": "a\x1bb"}, "bad_text", "outBizCode"),
        ({"outBizCode": "a" * 201}, "bad_text", "outBizCode"),
        ({"quantity": None}, "missing_field", "quantity"),
        ({"quantity": ""}, "missing_field", "quantity"),
        ({"quantity": "many"}, "bad_value", "quantity"),
        ({"quantity": "1e3"}, "bad_value", "quantity"),
        ({"quantity": "NaN"}, "bad_value", "quantity"),
        ({"quantity": "１２"}, "bad_value", "quantity"),
        ({"quantity": "1,000"}, "bad_value", "quantity"),
        ({"quantity": "-0.00001"}, "bad_value", "quantity"),
        ({"quantity": 10**9}, "bad_value", "quantity"),
        ({"quantity": "9" * 30}, "bad_value", "quantity"),
        ({"quantity": True}, "wrong_type", "quantity"),
        ({"quantity": [3]}, "wrong_type", "quantity"),
        ({"changeTime": None}, "missing_field", "changeTime"),
        ({"changeTime": "2026-11-22"}, "bad_time", "changeTime"),
        ({"changeTime": "2026-13-22 10:00:00"}, "bad_time", "changeTime"),
        ({"changeTime": "22/11/2026 10:00:00"}, "bad_time", "changeTime"),
        ({"changeTime": 1795000000000}, "bad_time", "changeTime"),
        ({"changeTime": "1969-01-01 00:00:00"}, "bad_time", "changeTime"),
        ({"changeTime": "0001-01-01 00:00:00"}, "bad_time", "changeTime"),
        ({"changeTime": "9999-12-31T23:59:59-12:00"}, "bad_time", "changeTime"),
        ({"expireDate": "2026-02-30"}, "bad_time", "expireDate"),
        ({"expireDate": "soon"}, "bad_time", "expireDate"),
        ({"productDate": "0000-00-00"}, "bad_time", "productDate"),
        ({"productDate": 20261122}, "bad_time", "productDate"),
        ({"inventoryType": "QQ"}, "bad_value", "inventoryType"),
        ({"inventoryType": {"a": 1}}, "wrong_type", "inventoryType"),
        ({"orderType": {"a": 1}}, "wrong_type", "orderType"),
        ({"batchCode": "B" * 201}, "bad_text", "batchCode"),
        ({"orderCode": "B" * 201}, "bad_text", "orderCode"),
        ({"remark": "B" * 1001}, "bad_text", "remark"),
        ({"toWarehouseCode": "B" * 101, "orderType": "DBCK"}, "bad_text", "toWarehouseCode"),
        (
            {"extendProps": {"toWarehouseCode": [1]}, "orderType": "DBCK", "quantity": -1},
            "wrong_type",
            "extendProps.toWarehouseCode",
        ),
        ({"batchs": {"batch": [{"quantity": 1}, {}]}}, "missing_field", "batchs.batch[1].quantity"),
        ({"batchs": [{"quantity": 1}, {"quantity": "x"}]}, "bad_value", "batchs[1].quantity"),
        ({"batchs": {"batch": ["x"]}}, "wrong_type", "batchs.batch[0]"),
        (
            {"batchs": {"batch": [{"quantity": 3, "inventoryType": "QQ"}]}},
            "bad_value",
            "batchs.batch[0].inventoryType",
        ),
        (
            {"batchs": {"batch": [{"quantity": 3, "expireDate": "x"}]}},
            "bad_time",
            "batchs.batch[0].expireDate",
        ),
        ({"inventoryType": "ZT", "remark": "x" * 200_001}, "too_large", ""),
    ],
)
def test_a_bad_field_is_named_with_its_path(fields, code, field):
    """One bad field refuses its line under the field's path in the message."""
    reject = one(**fields)
    assert isinstance(reject, Reject)
    assert (reject.code, reject.field) == (code, f"items.item[0].{field}".rstrip("."))
    assert reject.field in reject.message
    assert reject.message.endswith(".")
    assert reject.code in CODES


@pytest.mark.parametrize("left_out", ["warehouseCode", "outBizCode", "checkTime"])
def test_a_count_needs_place_time_and_id(left_out):
    """What the request around the lines does not say is missing in the line."""
    request = {name: value for name, value in COUNTED.items() if name != left_out}
    reject = refused(message({"itemCode": "I1", "quantity": 1}, **request))
    assert (reject.code, reject.field) == ("missing_field", f"items.item[0].{left_out}")


def test_batches_must_make_up_their_line():
    """Batches whose sum is another than the line's quantity refuse the line, naming both."""
    reject = one(quantity=-5, batchs={"batch": [{"quantity": -3}, {"quantity": "-1.5"}]})
    assert (reject.code, reject.field) == ("bad_value", "items.item[0].quantity")
    assert reject.message == (
        "`items.item[0].quantity` must be the sum of `items.item[0].batchs.batch[].quantity`, "
        "-4.5000, but it is -5.0000."
    )
    assert reject.event_id == "qimen:stock:OZ1234:SHA:I1234:1"


def test_a_bad_field_of_the_request_is_named_there():
    """A field that stands around the lines keeps its own path, for each line that needs it."""
    found = qimen.decode(
        message({"itemCode": "I1", "quantity": 1}, **(COUNTED | {"checkTime": "noon"}))
    )
    assert [(reject.code, reject.field) for reject in found] == [("bad_time", "checkTime")]


def test_a_field_that_is_there_twice_is_refused():
    """XML with two item codes in one line does not choose one."""
    body = "".join(f"<{name}>{value}</{name}>" for name, value in LINE.items())
    value = f"<request><items><item>{body}<itemCode>I2</itemCode></item></items></request>"
    reject = refused(value.encode())
    assert (reject.code, reject.field) == ("wrong_type", "items.item[0].itemCode")


def test_a_line_nested_too_deeply_is_refused_alone():
    """What is kept whole must be writable; the other lines are taken."""
    deep = json.loads('{"a":' * 200 + "1" + "}" * 200)
    found = qimen.decode(message(LINE | {"quantity": 0, "x": deep}, LINE))
    assert len(found) == 2
    assert not isinstance(found[1], Reject)
