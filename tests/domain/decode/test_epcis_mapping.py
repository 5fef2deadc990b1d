"""What each business step does to stock."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal

import pytest

from flows.domain import events as ev
from tests.domain.decode.epcis_events import (
    FAR,
    FAR_GLN,
    GLN,
    MILK,
    MILK_SKU,
    SITE,
    decoded,
    document,
    event,
    only,
    read,
)

AT = datetime(2026, 3, 2, 2, tzinfo=UTC)
BASE = {
    "event_id": "urn:uuid:1/1",
    "occurred_at": AT,
    "warehouse": GLN,
    "sku": MILK_SKU,
    "lot": "L7",
    "quantity": Decimal("5.0000"),
}
BOTH = {
    "sourceList": [{"type": "location", "source": FAR}],
    "destinationList": [{"type": "location", "destination": SITE}],
}
AWAY = {
    "sourceList": [{"type": "location", "source": SITE}],
    "destinationList": [{"type": "location", "destination": FAR}],
}
SOLD = {
    "sourceList": [*AWAY["sourceList"], {"type": "owning_party", "source": "urn:x:me"}],
    "destinationList": [
        *AWAY["destinationList"],
        {"type": "owning_party", "destination": "urn:x:you"},
    ],
}


@pytest.mark.parametrize(
    ("changes", "kind", "more"),
    [
        ({}, ev.Inbound, {}),
        ({"bizStep": "https://ref.gs1.org/cbv/BizStep-receiving"}, ev.Inbound, {}),
        ({"bizStep": "cbv:BizStep-receiving"}, ev.Inbound, {}),
        (BOTH, ev.TransferIn, {"counterpart": FAR_GLN}),
        ({"disposition": "returned"}, ev.Return, {"status": "returned", "direction": "customer"}),
        ({"disposition": "damaged"}, ev.Inbound, {"status": "damaged"}),
        ({"disposition": "expired"}, ev.Inbound, {"status": "hold"}),
        ({"disposition": "in_progress"}, ev.Inbound, {}),
        ({"bizStep": "shipping"}, ev.Outbound, {}),
        ({"bizStep": "shipping", **AWAY}, ev.TransferOut, {"counterpart": FAR_GLN}),
        ({"bizStep": "shipping", **SOLD}, ev.Outbound, {}),
        (
            {"bizStep": "shipping", "destinationList": AWAY["destinationList"]},
            ev.Outbound,
            {},
        ),
        ({"bizStep": "consigning"}, ev.Outbound, {"reason": "consigning"}),
        ({"bizStep": "retail_selling"}, ev.Outbound, {"reason": "retail_selling"}),
        ({"bizStep": "dispensing"}, ev.Outbound, {"reason": "dispensing"}),
        (
            {"bizStep": "commissioning", "action": "ADD"},
            ev.Inbound,
            {"reason": "commissioning"},
        ),
        (
            {"bizStep": "creating_class_instance", "action": "ADD"},
            ev.Inbound,
            {"reason": "creating_class_instance"},
        ),
        ({"bizStep": "destroying", "action": "DELETE"}, ev.Scrap, {"reason": "destroying"}),
        (
            {"bizStep": "decommissioning", "action": "DELETE"},
            ev.Scrap,
            {"reason": "decommissioning"},
        ),
        ({"bizStep": "stock_taking"}, ev.Stocktake, {"scope": "lot"}),
        ({"bizStep": "cycle_counting"}, ev.Stocktake, {"scope": "lot"}),
    ],
)
def test_a_step_moves_stock(changes, kind, more):
    """The canonical event is exactly this one."""
    assert only(**changes) == kind(**BASE | more)


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"bizStep": "arriving"}, "counted_at_receiving"),
        ({"bizStep": "accepting"}, "counted_at_receiving"),
        ({"bizStep": "unloading"}, "counted_at_receiving"),
        ({"bizStep": "departing"}, "counted_at_shipping"),
        ({"bizStep": "staging_outbound"}, "counted_at_shipping"),
        ({"bizStep": "picking"}, "counted_at_shipping"),
        ({"bizStep": "void_shipping"}, "void"),
        ({"bizStep": "inspecting"}, "no_stock_effect"),
        ({"bizStep": "storing"}, "no_stock_effect"),
        ({"bizStep": "commissioning"}, "no_stock_effect"),
        ({"bizStep": "destroying"}, "no_stock_effect"),
        ({"bizStep": "https://my.example/step/blending"}, "unknown_step"),
        ({"bizStep": None}, "unknown_step"),
        ({"type": "ex:Recall"}, "unknown_step"),
        ({"bizLocation": None}, "no_place"),
        ({"bizLocation": {"id": "geo:1,2"}}, "no_place"),
        ({"quantityList": [{"epcClass": MILK}]}, "no_quantity"),
        ({"quantityList": None, "epcList": []}, "no_items"),
        ({"quantityList": None, "epcList": ["urn:epc:id:sscc:0614141.1234567890"]}, "no_items"),
        ({"quantityList": [{"epcClass": "urn:x:own", "quantity": 3}]}, "no_items"),
        (
            {
                "quantityList": None,
                "readPoint": {"id": SITE},
                "sensorElementList": [{"sensorReport": [{"type": "Temperature", "value": 4}]}],
            },
            "no_items",
        ),
    ],
)
def test_what_moves_nothing_is_kept_as_an_observation(changes, why):
    """It says why, and carries the event."""
    found = only(**changes)
    assert isinstance(found, ev.Observation)
    assert (found.why, found.event_id, found.occurred_at) == (why, "urn:uuid:1/1", AT)
    assert '"eventID":"urn:uuid:1"' in (found.body or "")
    assert found.warehouse == (None if why == "no_place" else GLN)


def test_serials_are_counted_per_item_and_lot():
    """Each serial is one, in whichever spelling, once; quantities of the same lot are added."""
    found = read(
        epcList=[
            "urn:epc:id:sgtin:4012345.012345.1",
            "https://id.gs1.org/01/04012345123456/21/1",
            "https://id.gs1.org/01/04012345123456/21/2",
            "https://id.gs1.org/01/04012345123456/10/L7/21/3",
            "urn:epc:id:sscc:0614141.1234567890",
        ],
        quantityList=[
            {"epcClass": MILK, "quantity": 5},
            {"epcClass": "https://id.gs1.org/01/04012345123456/10/L7", "quantity": 1.5},
            {"epcClass": MILK, "quantity": 2.25, "uom": "KGM"},
        ],
    )
    assert [(one.event_id, one.lot, str(one.quantity)) for one in found] == [
        ("urn:uuid:1/1", None, "2.0000"),
        ("urn:uuid:1/2", "L7", "7.5000"),
        ("urn:uuid:1/3", "L7", "2.2500"),
    ]


def test_what_cannot_be_counted_is_told_beside_what_can():
    """An item without a quantity gives an observation after the movements."""
    first, second = read(
        quantityList=[
            {"epcClass": "urn:epc:idpat:sgtin:4012345.098765.*"},
            {"epcClass": MILK, "quantity": 5},
        ]
    )
    assert (type(first), first.sku) == (ev.Inbound, MILK_SKU)
    assert (type(second), second.why) == (ev.Observation, "no_quantity")


@pytest.mark.parametrize("kind", ["AggregationEvent", "AssociationEvent"])
def test_children_move_with_their_parent(kind):
    """Receiving an aggregation receives its children; packing moves nothing."""
    children = {
        "type": kind,
        "parentID": "urn:epc:id:sscc:0614141.1234567890",
        "quantityList": None,
        "childQuantityList": [{"epcClass": MILK, "quantity": 5}],
    }
    assert only(**children) == ev.Inbound(**BASE)
    assert only(**children, bizStep="shipping") == ev.Outbound(**BASE)
    packed = only(**children | {"bizStep": "packing", "action": "ADD"})
    assert (packed.why, packed.step, packed.sku) == ("no_stock_effect", "packing", MILK_SKU)
    removed = only(**children | {"bizStep": "destroying", "action": "DELETE"})
    assert removed.why == "no_stock_effect"


def test_a_transaction_names_the_document():
    """Of several business transactions the order is the document, wherever it stands."""
    bills = [
        {"type": "desadv", "bizTransaction": "urn:epcglobal:cbv:bt:0614141073467:D1"},
        {"type": "po", "bizTransaction": "urn:epcglobal:cbv:bt:0614141073467:PO%2F7"},
    ]
    for listed in (bills, bills[::-1]):
        found = only(type="TransactionEvent", bizTransactionList=listed)
        assert found == ev.Inbound(**BASE, document="PO/7")
    undone = only(type="TransactionEvent", bizTransactionList=bills, action="DELETE")
    assert (undone.why, undone.document) == ("no_stock_effect", "PO/7")


def test_a_transformation_uses_up_and_makes():
    """Inputs are scrapped and outputs come in, of one document; ilmd is of the outputs."""
    found = read(
        type="TransformationEvent",
        action=None,
        bizStep=None,
        quantityList=None,
        transformationID="urn:x:batch:9",
        inputQuantityList=[{"epcClass": MILK, "quantity": 5}],
        outputQuantityList=[{"epcClass": "urn:epc:idpat:sgtin:4012345.098765.*", "quantity": 2}],
        ilmd={
            "cbvmda:lotNumber": "C1",
            "cbvmda:itemExpirationDate": "2026-12-31",
            "https://ref.gs1.org/cbv/mda/productionDate": "2026-03-01T08:00:00Z",
        },
    )
    shared = {"document": "urn:x:batch:9", "reason": "transformation"}
    made = {
        "event_id": "urn:uuid:1/2",
        "sku": "04012345987652",
        "lot": "C1",
        "quantity": Decimal("2.0000"),
        "expires_on": date(2026, 12, 31),
        "produced_on": date(2026, 3, 1),
    }
    assert found == [ev.Scrap(**BASE | shared), ev.Inbound(**BASE | shared | made)]


@pytest.mark.parametrize(
    ("ilmd", "expires"),
    [
        ({"cbvmda:bestBeforeDate": "2026-06-01"}, date(2026, 6, 1)),
        ({"urn:epcglobal:cbv:mda:sellByDate": "2026-05-01"}, date(2026, 5, 1)),
        ({"gs1:expirationDate": {"@value": "2026-07-01"}}, date(2026, 7, 1)),
        ({"cbvmda:itemExpirationDate": "soon"}, None),
        ({"cbvmda:itemExpirationDate": ["2026-08-02", "2026-08-01"]}, date(2026, 8, 1)),
        ({"cbvmda:bestBeforeDate": "2026-06-01", "cbvmda:lotNumber": "other"}, None),
    ],
)
def test_dates_of_a_lot(ilmd, expires):
    """Each spelling of the date counts; a date of another lot does not."""
    found = only(action="ADD", bizStep="commissioning", ilmd=ilmd)
    assert (found.expires_on, found.lot) == (expires, "L7")


def test_bins_come_from_the_extension():
    """A movement's bin is that of its place; a count also takes that of the read point."""
    shelf = {"id": "urn:epc:id:sgln:0614141.00888.A1"}
    assert only(bizLocation=shelf).to_bin == "A1"
    assert only(bizLocation=shelf, bizStep="shipping").from_bin == "A1"
    assert only(readPoint=shelf).to_bin is None
    assert only(bizLocation=None, readPoint=shelf).to_bin == "A1"
    assert only(readPoint=shelf, bizStep="stock_taking").to_bin == "A1"
    assert only(bizStep="stock_taking", quantityList=[{"epcClass": MILK, "quantity": 0}]) == (
        ev.Stocktake(**BASE | {"quantity": Decimal("0.0000")}, scope="lot")
    )


def test_shapes_of_a_message():
    """A document, a query's answer, a bare event and a list of events say the same."""
    expected = [ev.Inbound(**BASE)]
    query = document(
        type="EPCISQueryDocument",
        epcisBody={
            "queryResults": {"queryName": "q", "resultsBody": {"eventList": [event()]}},
        },
    )
    bare = event(**{"@context": "https://ref.gs1.org/standards/epcis/epcis-context.jsonld"})
    for message in (document(event()), query, bare, [bare], [event()]):
        assert decoded(message) == expected


def test_master_data_alone_is_an_observation():
    """A document without events is kept if it says when it was made."""
    header = {"epcisMasterData": {"vocabularyList": [{"type": "urn:epcglobal:epcis:vtype:x"}]}}
    [found] = decoded(document(epcisHeader=header))
    assert (type(found), found.why) == (ev.Observation, "master_data")
    assert "vtype:x" in found.body
