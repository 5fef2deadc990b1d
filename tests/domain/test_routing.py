"""On which partitions of the log an event belongs."""

from __future__ import annotations

from datetime import UTC, datetime

from flows.domain.events import Cancel, Item, Policy, Tick, TransferIn, TransferOut
from flows.domain.routing import ALL, HOMES, FirstPlaces, key, targets

AT = datetime(2026, 3, 2, tzinfo=UTC)
BASE = {"event_id": "e", "occurred_at": AT}
MOVED = {**BASE, "warehouse": "A", "sku": "S", "quantity": 1}


def test_a_transfer_that_leaves_is_told_to_both_ends():
    """Its own warehouse first, then its counterpart; once if they are the same or unknown."""
    assert targets(TransferOut(**MOVED, counterpart="B")) == ("A", "B")
    assert targets(TransferOut(**MOVED, counterpart="A")) == ("A",)
    assert targets(TransferOut(**MOVED)) == ("A",)
    assert targets(TransferIn(**MOVED, counterpart="B")) == ("A",)


def test_what_concerns_everybody_is_everywhere():
    """Cancels, ticks, items and policies without a warehouse go to all partitions."""
    everywhere = [
        Cancel(**BASE, warehouse="A", cancels="x"),
        Tick(**BASE),
        Item(**BASE, sku="S"),
        Policy(**BASE, sku="S"),
    ]
    assert all(targets(event) is ALL for event in everywhere)
    assert targets(Policy(**BASE, warehouse="A")) == ("A",)


def test_the_key_is_the_warehouse_or_none():
    """A global event has no key."""
    assert key(Cancel(**BASE, warehouse="华东", cancels="x")) == "华东".encode()
    assert key(Item(**BASE, sku="S")) is None


def test_an_id_that_comes_for_another_partition_goes_where_it_was_first():
    """There it is known and refused as a conflict; the latest ids are remembered, no more."""
    first = FirstPlaces(most=2)
    assert first.keep("x", [(3, None)]) == [(3, None)]
    assert first.keep("x", [(5, None)]) == [(3, None)]
    both = [(3, {HOMES: b"[]"}), (4, {HOMES: b"[]"})]
    assert first.keep("x", both) == both
    for name in "abcd":
        first.keep(name, [(1, None)])
    assert first.keep("x", [(5, None)]) == [(5, None)]
