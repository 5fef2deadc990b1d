"""GS1 identifiers: URN and Digital Link of the same thing give the same answer."""

from __future__ import annotations

import pytest

from flows.domain.decode.epcis.keys import Item, Place, document, item, place

LONG = "https://example.com/" + "x" * 200


@pytest.mark.parametrize(
    ("uri", "expected"),
    [
        ("urn:epc:id:sgtin:0614141.107346.2017", Item("10614141073464", None, "2017")),
        ("https://id.gs1.org/01/10614141073464/21/2017", Item("10614141073464", None, "2017")),
        ("urn:epc:idpat:sgtin:4012345.012345.*", Item("04012345123456", None, None)),
        ("https://example.com/01/04012345123456", Item("04012345123456", None, None)),
        ("urn:epc:class:lgtin:4012345.012345.A%2FB", Item("04012345123456", "A/B", None)),
        ("https://id.gs1.org/01/04012345123456/10/A%2FB", Item("04012345123456", "A/B", None)),
        ("http://shop.cn/path/01/4012345123456/10/L7/21/S", Item("04012345123456", "L7", "S")),
        ("https://id.gs1.org/01/614141073467?17=261231", Item("00614141073467", None, None)),
        ("https://id.gs1.org/01/95050003/10/%E4%B8%AD/", Item("00000095050003", "中", None)),
        ("https://id.gs1.org/gtin/4012345123456/lot/a", Item("04012345123456", "a", None)),
        ("https://id.gs1.org/01/04012345123456/22/2A/10/x", Item("04012345123456", "x", None)),
        ("URN:EPC:ID:SGTIN:0614141.107346.2017", Item("10614141073464", None, "2017")),
        ("urn:epc:class:lgtin:4012345.012345.%FF", Item("04012345123456", "%FF", None)),
        ("urn:epc:id:sgtin:0614141.10734.2017", None),
        ("urn:epc:idpat:sgtin:4012345.*.*", None),
        ("urn:epc:id:sscc:0614141.1234567890", None),
        ("https://id.gs1.org/00/106141411234567897", None),
        ("urn:epc:id:grai:0614141.12345.400", None),
        ("https://id.gs1.org/8004/4000001111", None),
        ("https://id.gs1.org/01/0401234512345", Item("00401234512343", None, None)),
        ("https://id.gs1.org/01/x", None),
        ("https://id.gs1.org/01/04012345123456/10", None),
        ("urn:uuid:1", None),
    ],
)
def test_what_is_a_trade_item(uri, expected):
    """GTIN-14 with its check digit, lot and serial decoded; anything else is no item."""
    assert item(uri) == expected


@pytest.mark.parametrize(
    ("uri", "expected"),
    [
        ("urn:epc:id:sgln:0614141.00888.0", Place("0614141008889", None)),
        ("https://id.gs1.org/414/0614141008889", Place("0614141008889", None)),
        ("https://example.com/414/0614141008889/254/0", Place("0614141008889", None)),
        ("urn:epc:id:sgln:0614141.07346.12%2F4", Place("0614141073467", "12/4")),
        ("https://id.gs1.org/414/0614141073467/254/12%2F4", Place("0614141073467", "12/4")),
        ("urn:epc:id:sgln:061414100888..A1", Place("0614141008889", "A1")),
        ("urn:epc:id:pgln:4012345.00225", Place("4012345002256", None)),
        ("https://erp.example/site/EAST", Place("https://erp.example/site/EAST", None)),
        ("geo:22.300,-118.44", None),
    ],
)
def test_what_is_a_place(uri, expected):
    """GLN-13 and extension; a private URI is its own name; coordinates are no place."""
    assert place(uri) == expected


def test_long_names_keep_their_beginning_and_differ_by_a_hash():
    """A private place longer than an id may be is cut, and still one of its own."""
    one, other = place(LONG + "1"), place(LONG + "2")
    assert one is not None
    assert other is not None
    assert len(one.code) == 100
    assert one.code.startswith("https://example.com/xxx")
    assert one != other


@pytest.mark.parametrize(
    ("uri", "expected"),
    [
        ("urn:epcglobal:cbv:bt:0614141073467:1152", "1152"),
        ("urn:epcglobal:cbv:bt:0614141073467:A%2F7", "A/7"),
        ("http://transaction.acme.com/po/12345678", "http://transaction.acme.com/po/12345678"),
        ("urn:epc:id:gdti:0614141.00001.1618034", "urn:epc:id:gdti:0614141.00001.1618034"),
    ],
)
def test_a_document_is_its_number(uri, expected):
    """Of GS1's own form the last part; another URI as it is."""
    assert document(uri) == expected
