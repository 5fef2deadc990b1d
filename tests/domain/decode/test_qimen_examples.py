"""Qimen messages as systems send them: every field of every event that they become."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path

import pytest

from flows.domain.decode import formats, qimen
from flows.domain.events import (
    Adjustment,
    Inbound,
    Observation,
    Outbound,
    TransferOut,
)
from tests.domain.decode.test_qimen import survives

DATA = Path(__file__).parent / "data" / "qimen"


STOCK = [
    Outbound(
        event_id="qimen:stock:OZ-20261122-0001:SHA:MILK-1:1",
        occurred_at=datetime(2026, 11, 22, 2, tzinfo=UTC),
        reason="JYCK",
        warehouse="SHA",
        sku="MILK-1",
        quantity=Decimal("12.0000"),
        lot="L261101",
        expires_on=date(2027, 5, 1),
        produced_on=date(2026, 11, 1),
        status="sellable",
        order_id="SO40533868082",
        line_id="2",
        document="SO40533868082",
    ),
    Inbound(
        event_id="qimen:stock:OZ-20261122-0002:SHA:苹果&梨:1.b1",
        occurred_at=datetime(2026, 11, 22, 2, 5, tzinfo=UTC),
        reason="CGRK; 第一车",
        warehouse="SHA",
        sku="苹果&梨",
        quantity=Decimal("5.0000"),
        lot="A",
        expires_on=date(2026, 12, 1),
        status="sellable",
        order_id="PO-7",
        document="PO-7",
    ),
    Inbound(
        event_id="qimen:stock:OZ-20261122-0002:SHA:苹果&梨:1.b2",
        occurred_at=datetime(2026, 11, 22, 2, 5, tzinfo=UTC),
        reason="CGRK; 第一车",
        warehouse="SHA",
        sku="苹果&梨",
        quantity=Decimal("2.5000"),
        lot="B",
        status="damaged",
        order_id="PO-7",
        document="PO-7",
    ),
    TransferOut(
        event_id="qimen:stock:OZ-20261122-0003:SHA:MILK-1:1",
        occurred_at=datetime(2026, 11, 22, 2, 10, tzinfo=UTC),
        reason="DBCK",
        warehouse="SHA",
        sku="MILK-1",
        quantity=Decimal("4.0000"),
        status="sellable",
        document="DB-9",
        counterpart="XMN",
    ),
]
COUNT = [
    Adjustment(
        event_id="qimen:count:OZ-PD-1:SHA:MILK-1:p1.1",
        occurred_at=datetime(2026, 11, 22, 14, 30, tzinfo=UTC),
        reason="CHECK; 夜盘",
        warehouse="SHA",
        sku="MILK-1",
        quantity=Decimal("3.0000"),
        lot="L261101",
        status="sellable",
        document="PD-261122",
        direction="gain",
    ),
    Adjustment(
        event_id="qimen:count:OZ-PD-1:SHA:MILK-1:p1.2",
        occurred_at=datetime(2026, 11, 22, 14, 30, tzinfo=UTC),
        reason="CHECK; 破损",
        warehouse="SHA",
        sku="MILK-1",
        quantity=Decimal("2.0000"),
        status="hold",
        document="PD-261122",
        direction="loss",
    ),
]


@pytest.mark.parametrize("form", ["xml", "json"])
def test_a_stock_change_is_a_movement_per_line_and_batch(form):
    """XML and JSON of the same report give the same movements, and stock in transit moves none."""
    *moved, transit = qimen.decode((DATA / f"stockchange.{form}").read_bytes())
    assert moved == STOCK
    assert isinstance(transit, Observation)
    assert (transit.why, transit.step, transit.warehouse) == ("in_transit", "QTRK", "SHA")
    assert transit.event_id == "qimen:stock:OZ-20261122-0004:SHA:MILK-1:1"
    assert json.loads(transit.body)["inventoryType"] == "ZT"
    assert all(survives(event) for event in [*moved, transit])


@pytest.mark.parametrize("form", ["xml", "json"])
def test_a_count_is_an_adjustment_per_line(form):
    """A count reports differences: gains and losses under the count's document, page by page."""
    found = qimen.decode((DATA / f"inventory.{form}").read_bytes())
    assert found == COUNT
    assert all(survives(event) for event in found)


@pytest.mark.parametrize("name", ["stockchange.xml", "stockchange.json", "inventory.xml"])
@pytest.mark.parametrize("headers", [{}, {"format": b"qimen"}])
def test_the_scans_topic_takes_it_by_header_and_by_shape(name, headers):
    """With the header `format` or without it, intake reads the same events."""
    value = (DATA / name).read_bytes()
    assert formats.decode_scan(value, None, headers) == qimen.decode(value)


def test_a_canonical_event_is_not_taken_for_qimen():
    """A canonical event stays one, even if a text of it has Qimen's words."""
    value = b'{"event_id":"e","type":"tick","note":"itemCode","outBizCode":"1"}'
    (reject,) = formats.decode_scan(value, None, {})
    assert reject.field == "type"
    assert not qimen.looks(b"<epcis:EPCISDocument xmlns:epcis='urn:epcglobal:epcis:xsd:1'/>")
