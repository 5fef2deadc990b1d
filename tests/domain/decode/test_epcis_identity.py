"""Which event it is: the same event in another spelling is a repeat; an error undoes it."""

from __future__ import annotations

import json

import pytest

from flows.domain.decode import canonical
from flows.domain.decode.epcis.identity import BODY_LENGTH
from flows.domain.events import Cancel, Observation
from tests.domain.decode.epcis_events import CONTEXT, MILK, decoded, document, event, read
from tests.folding import fold_tables

OTHER = "urn:epc:idpat:sgtin:4012345.098765.*"
DECLARED = {"declarationTime": "2026-03-03T10:00:00Z", "reason": "did_not_occur"}
LISTS = {
    "quantityList": [{"epcClass": MILK, "quantity": 10}, {"epcClass": OTHER, "quantity": 2}],
    "bizTransactionList": [
        {"type": "po", "bizTransaction": "urn:x:1"},
        {"type": "inv", "bizTransaction": "urn:x:2"},
    ],
}


def respelled(found):
    """Return the event with keys, lists, times, words and numbers written in another way."""
    turned = {name: found[name] for name in reversed(found)}
    turned |= {
        "recordTime": "2026-03-09T00:00:00Z",
        "eventTime": "2026-03-02T02:00:00.000Z",
        "quantityList": [
            {"quantity": one["quantity"] + 0.0, "epcClass": one["epcClass"]}
            for one in reversed(found["quantityList"])
        ],
        "bizTransactionList": found["bizTransactionList"][::-1],
        "bizStep": f"https://ref.gs1.org/cbv/BizStep-{found['bizStep']}",
        "certificationInfo": ["urn:x:cert"],
        "@context": CONTEXT,
    }
    return turned


@pytest.mark.parametrize("step", ["receiving", "storing"])
@pytest.mark.parametrize("name", [None, "urn:uuid:1", "urn:x:" + "long" * 50])
def test_spelling_does_not_matter(step, name):
    """Ids and content are the same, so that the ledger sees a repeat."""
    first = event(bizStep=step, eventID=name, **LISTS)
    one, other = decoded(document(first)), decoded(respelled(first))
    assert [found.event_id for found in one] == [found.event_id for found in other]
    assert [*map(canonical.content, one)] == [*map(canonical.content, other)]
    assert all(len(found.event_id) <= 100 for found in one)
    assert all(found.recorded_at is not None for found in other)


@pytest.mark.parametrize(
    "changes",
    [
        {"quantityList": [{"epcClass": MILK, "quantity": 6}]},
        {"eventTime": "2026-03-02T10:00:01+08:00"},
        {"bizStep": "shipping"},
        {"ex:note": "x"},
    ],
)
def test_content_matters_where_there_is_no_event_id(changes):
    """Two events that differ have two ids."""
    [one] = read(eventID=None)
    [other] = read(eventID=None, **changes)
    assert one.event_id.startswith("epcis:")
    assert one.event_id != other.event_id


@pytest.mark.parametrize("name", [None, "urn:uuid:1", "urn:x:" + "long" * 50])
@pytest.mark.parametrize("step", ["receiving", "stock_taking", "storing"])
def test_a_declared_error_leaves_nothing(step, name):
    """In either order, and declared twice, the fold holds what it would hold without the event."""
    told = event(bizStep=step, eventID=name, **LISTS)
    first = decoded(document(told))
    undone = decoded(document(told | {"errorDeclaration": DECLARED}))
    again = decoded(document(told | {"errorDeclaration": DECLARED | {"reason": "incorrect_data"}}))
    assert [one.cancels for one in undone] == [one.event_id for one in first]
    assert all(isinstance(one, Cancel) for one in undone)
    ids = [one.event_id for one in (*first, *undone, *again)]
    assert len({*ids}) == len(ids) == 3 * len(first)
    for batches in (
        [first, undone],
        [undone, first],
        [[*first, *undone]],
        [first, undone, again, undone],
    ):
        tables = fold_tables(batches)
        assert not any(row.on_hand for row in tables["stock"].values())
        assert not any(row.quantity for row in tables["stock_bins"].values())
        assert sum(row.quantity for row in tables["movements"]) == 0


def test_urn_and_link_are_one_event():
    """Without an eventID the same event in the other spelling of its identifiers is a repeat."""
    link = "https://id.gs1.org/01/04012345123456/10/L7"
    site = {"id": "https://example.com/414/0614141008889"}
    [one] = read(eventID=None)
    [other] = read(eventID=None, bizLocation=site, quantityList=[{"epcClass": link, "quantity": 5}])
    assert one == other


def test_a_cancel_without_a_place_names_none():
    """It goes to every partition anyway."""
    [found] = read(bizLocation=None, errorDeclaration=DECLARED)
    assert (found.warehouse, found.reason) == ("-", "did_not_occur")


def test_numbers_of_the_body_are_exact():
    """No digit of an extension is lost."""
    told = json.dumps(document(event(bizStep="storing", **{"ex:n": "HERE"})))
    huge = "1" + "0" * 40
    [found] = decoded(told.replace('"HERE"', f"[0.1000000000000000055, {huge}]").encode())
    assert f'"ex:n":[0.1000000000000000055,{huge}]' in found.body


def test_a_long_event_is_cut_to_what_the_log_holds():
    """The lists of the body are shortened, and it says so; it is JSON still."""
    serials = [f"urn:epc:id:sgtin:4012345.012345.{n}" for n in range(9000)]
    [found] = read(bizStep="storing", quantityList=None, epcList=serials)
    assert isinstance(found, Observation)
    body = json.loads(found.body)
    assert len(found.body) <= BODY_LENGTH
    assert (body["waterline:cut"], len(body["epcList"])) == (1000, 1000)
    [found] = read(bizStep="storing", **{"ex:text": "x" * (BODY_LENGTH + 1)})
    assert json.loads(found.body)["eventID"] == "urn:uuid:1"
