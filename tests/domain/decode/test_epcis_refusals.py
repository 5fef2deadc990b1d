"""What breaks the standard, or what no stock can hold, is refused with the field named."""

from __future__ import annotations

import json

import pytest

from flows.domain.decode import epcis
from flows.domain.events import Inbound
from flows.domain.rejects import Reject
from tests.domain.decode.epcis_events import MILK, decoded, document, event, only

AT = "epcisBody.eventList[0]"
QUANTITY = f"{AT}.quantityList[0].quantity"


@pytest.mark.parametrize(
    ("changes", "code", "field", "says"),
    [
        ({"action": "CREATE"}, "bad_value", "action", "OBSERVE, ADD, DELETE"),
        ({"action": None}, "missing_field", "action", "absent"),
        ({"action": 5}, "wrong_type", "action", "a text"),
        ({"type": None}, "missing_field", "type", "needed"),
        ({"type": "Shipment"}, "unknown_type", "type", "ObjectEvent"),
        ({"type": 7}, "wrong_type", "type", "a text"),
        ({"eventTime": None}, "missing_field", "eventTime", "absent"),
        ({"eventTime": "22-07-2026"}, "bad_time", "eventTime", "22-07-2026"),
        ({"eventTime": "2026-07-22T10:00:00"}, "bad_time", "eventTime", "offset"),
        ({"eventTime": "1066-10-14T10:00:00Z"}, "bad_time", "eventTime", "1970 to 2200"),
        ({"eventTimeZoneOffset": None}, "missing_field", "eventTimeZoneOffset", "absent"),
        ({"eventTimeZoneOffset": "8"}, "bad_value", "eventTimeZoneOffset", "+08:00"),
        ({"bizStep": "transforming"}, "bad_value", "bizStep", "transforming"),
        ({"bizStep": "urn:epcglobal:cbv:bizstep:shipping"}, "bad_value", "bizStep", "URI"),
        ({"disposition": "in_transport"}, "bad_value", "disposition", "in_transport"),
        ({"bizLocation": "EAST"}, "wrong_type", "bizLocation", "an object"),
        ({"bizLocation": {}}, "missing_field", "bizLocation.id", "absent"),
        ({"readPoint": {"id": "no uri"}}, "bad_value", "readPoint.id", "a URI"),
        ({"epcList": "urn:x:1"}, "wrong_type", "epcList", "a list"),
        ({"epcList": ["x y"]}, "bad_value", "epcList[0]", "a URI"),
        ({"epcList": ["urn:x:1", "urn:x:1"]}, "bad_value", "epcList", "twice"),
        ({"quantityList": None}, "missing_field", "epcList", "quantityList"),
        ({"quantityList": []}, "bad_value", "quantityList", "at least one"),
        ({"colour": "red"}, "bad_value", "colour", "prefix"),
        ({"eventID": "scan 5"}, "bad_value", "eventID", "a URI"),
        ({"certificationInfo": 42}, "wrong_type", "certificationInfo", "a list"),
        ({"ilmd": {"ex:a": 1}}, "bad_value", "ilmd", "ADD"),
        ({"ilmd": {"soil": 1}, "action": "ADD"}, "bad_value", "ilmd.soil", "prefix"),
        ({"errorDeclaration": {}}, "missing_field", "errorDeclaration.declarationTime", "absent"),
        (
            {"sourceList": [{"type": "place", "source": "urn:x:1"}]},
            "bad_value",
            "sourceList[0].type",
            "owning_party, possessing_party, location",
        ),
        (
            {"bizTransactionList": [{"type": "po"}]},
            "missing_field",
            "bizTransactionList[0].bizTransaction",
            "absent",
        ),
        (
            {"type": "TransactionEvent"},
            "missing_field",
            "bizTransactionList",
            "absent",
        ),
        (
            {"persistentDisposition": {}},
            "missing_field",
            "persistentDisposition.set",
            "unset",
        ),
        (
            {"sensorElementList": [{"sensorReport": []}]},
            "bad_value",
            "sensorElementList[0].sensorReport",
            "at least one",
        ),
    ],
)
def test_a_wrong_field_is_named(changes, code, field, says):
    """Code, path and a sentence with what was wrong."""
    found = only(**changes)
    assert isinstance(found, Reject)
    assert (found.code, found.field) == (code, f"{AT}.{field}")
    assert f"`{AT}.{field}`" in found.message
    assert says in found.message


@pytest.mark.parametrize(
    ("element", "code", "field"),
    [
        ('{"epcClass":"%s","quantity":"5"}', "wrong_type", QUANTITY),
        ('{"epcClass":"%s","quantity":0}', "bad_value", QUANTITY),
        ('{"epcClass":"%s","quantity":-3}', "bad_value", QUANTITY),
        ('{"epcClass":"%s","quantity":1e400}', "bad_value", QUANTITY),
        ('{"epcClass":"%s","quantity":1e99999999999999999999}', "wrong_type", QUANTITY),
        ('{"epcClass":"%s","quantity":1.00001}', "bad_value", QUANTITY),
        ('{"epcClass":"%s","quantity":1e9}', "bad_value", QUANTITY),
        ('{"epcClass":"%s","quantity":5,"uom":"kilo"}', "bad_value", f"{AT}.quantityList[0].uom"),
        ('{"epcClass":"%s","amount":5}', "bad_value", f"{AT}.quantityList[0].amount"),
        ('{"quantity":5}', "missing_field", f"{AT}.quantityList[0].epcClass"),
    ],
)
def test_a_wrong_quantity_is_named(element, code, field):
    """What the schema forbids, and what a table of stock cannot hold."""
    text = json.dumps(document(event(quantityList="HERE")))
    text = text.replace('"HERE"', "[" + element.replace("%s", MILK) + "]")
    [found] = decoded(text.encode())
    assert (found.code, found.field) == (code, field)


def test_several_wrong_fields_are_one_reject_that_names_them():
    """The first is told in full, the others by name."""
    found = only(eventTime="yesterday", action="CREATE", bizStep="transforming")
    assert found.field == f"{AT}.eventTime"
    assert f"`{AT}.action`" in found.message
    assert f"`{AT}.bizStep`" in found.message


def test_a_bad_event_leaves_the_others():
    """Each good event of a document counts; the bad one is told with its id and place."""
    good, other = event(), event(eventID="urn:uuid:3")
    first, bad, last = decoded(document(good, event(eventID="urn:uuid:2", action="X"), other))
    assert (type(first), type(last)) == (Inbound, Inbound)
    assert (bad.field, bad.event_id) == ("epcisBody.eventList[1].action", "urn:uuid:2")
    assert [type(one) for one in decoded(document(5, good))] == [Reject, Inbound]


@pytest.mark.parametrize(
    ("changes", "code", "field"),
    [
        ({"@context": None}, "missing_field", "@context"),
        ({"schemaVersion": None}, "missing_field", "schemaVersion"),
        ({"schemaVersion": 2.0}, "wrong_type", "schemaVersion"),
        ({"creationDate": "today"}, "bad_time", "creationDate"),
        ({"epcisBody": None}, "missing_field", "epcisBody"),
        ({"epcisBody": {}}, "missing_field", "epcisBody.eventList"),
        ({"epcisBody": {"eventList": {}}}, "wrong_type", "epcisBody.eventList"),
        ({"type": None}, "missing_field", "type"),
        ({"extra": 1}, "bad_value", "extra"),
        ({"type": "EPCISQueryDocument"}, "missing_field", "epcisBody.queryResults"),
    ],
)
def test_a_wrong_document_is_one_reject(changes, code, field):
    """A document that is wrong as a whole takes its events with it."""
    [found] = decoded(document(event(), event(eventID="urn:uuid:2"), **changes))
    assert (found.code, found.field) == (code, field)


def test_a_bare_event_needs_its_context():
    """As the standard's schema says."""
    [found] = decoded(event())
    assert (found.code, found.field) == ("missing_field", "@context")


@pytest.mark.parametrize(
    ("value", "code"),
    [
        (None, "empty"),
        (b" \n", "empty"),
        (b"{", "not_json"),
        (b"\xff\xfe", "not_json"),
        (b'"text"', "not_an_object"),
        (b"5", "not_an_object"),
        (b'{"type":"\\ud800"}', "not_json"),
        (b"[" * 100_000, "not_json"),
        (b'{"a":' * 100_000, "not_json"),
        (b'{"x":' + b"9" * 9000 + b"}", "bad_value"),
        (b"<a/>", "unknown_format"),
        (b"<a>", "not_json"),
        (b"<a" + b"><a" * 5000 + b">", "not_json"),
        (b'<!DOCTYPE a [<!ENTITY b "c">]><a>&b;</a>', "not_json"),
        (b'<!DOCTYPE a SYSTEM "file:///etc/passwd"><a/>', "not_json"),
        (b'<?xml version="1.0" encoding="nonsense"?><a/>', "not_json"),
    ],
)
def test_what_is_no_document_at_all(value, code):
    """One reject, no traceback, nothing expanded or fetched."""
    [found] = epcis.decode(value)
    assert isinstance(found, Reject)
    assert found.code == code


def test_a_hostile_message_costs_little():
    """Tens of thousands of wrong fields are one reject, of little time and memory."""
    wide = {f"x{place}": 1 for place in range(60_000)}
    [found] = decoded(document(event(**wide)))
    assert found.code == "bad_value"
    [found] = decoded(document(event(), **wide))
    assert found.code == "bad_value"
    for name in ("certificationInfo", "@context"):
        [found] = decoded(document(event(**{name: [1] * 200_000})))
        assert found.field == f"{AT}.{name}"


def test_a_control_character_is_refused():
    """A lot that no database text can hold is a reject that says so."""
    found = only(quantityList=[{"epcClass": MILK[:-2] + "%00", "quantity": 5}])
    assert (found.code, found.field) == ("bad_text", AT)
