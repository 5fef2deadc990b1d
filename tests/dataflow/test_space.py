"""Space as the flow writes it: what a bin holds follows each commit, master data come and go."""

from __future__ import annotations

from decimal import Decimal

import pytest

from tests.builders import bin_master, cancel, inbound, item, move, outbound, policy, warehouse
from tests.dataflow.running import at, clean, drain, lay, rows

pytestmark = pytest.mark.stack
USE = "SELECT bin, used_quantity, used_volume, used_weight, occupancy, overweight, free FROM {}"
SUMS = (
    "SELECT c.bin, sum(c.quantity), sum(c.quantity * i.unit_volume),"
    " sum(c.quantity * i.unit_weight) FROM stock_bins c JOIN items i USING (sku)"
    " WHERE c.bin <> 'Z' GROUP BY c.bin ORDER BY 1"
)


def test_use_follows_each_commit(settings):
    """After receipts, moves and issues a bin's use is Σ of its stock × unit volume and weight."""
    lay(
        settings,
        [
            warehouse("A", at=at(0)),
            item("S1", unit_volume="0.02", unit_weight="1.5", unit_cost=4, at=at(0)),
            bin_master("P", zone="A", max_quantity=100, max_weight=100, at=at(0)),
            bin_master("Q", zone="B", max_volume=4, at=at(0), id="Q"),
            bin_master("R", zone="B", at=at(0)),
            policy(sku="S1", carrying_rate="0.365", at=at(0)),
            inbound("S1", 80, bin="P", lot="L", at=at(1)),
            move("S1", 30, "P", "Q", lot="L", at=at(2)),
            inbound("S1", 5, bin="Z", at=at(3)),
        ],
    )
    drain(settings)
    query = USE.format("bins") + " ORDER BY bin"
    assert rows(settings, query) == [
        ("P", 50, 1, 75, 75, 0, False),
        ("Q", 30, Decimal("0.6"), 45, 15, None, False),
        ("R", 0, 0, 0, None, None, True),
    ]
    assert rows(settings, SUMS) == [row[:4] for row in rows(settings, query) if not row[6]]
    assert rows(settings, "SELECT bin, used_quantity FROM bins_unknown") == [("Z", 5)]
    ages = "SELECT sum(quantity), count(*) FILTER (WHERE bucket = 'unknown') FROM stock_ages"
    assert rows(settings, ages) == [(85, 0)]
    cost = "SELECT carrying_rate, carrying_cost_per_year FROM stock_costs"
    assert rows(settings, cost) == [(Decimal("0.365"), Decimal("124.1"))]
    lay(settings, [outbound("S1", 50, bin="P", lot="L", at=at(4)), cancel("Q", at=at(5))])
    drain(settings)
    assert rows(settings, query) == [
        ("P", 0, 0, 0, 0, 0, True), ("R", 0, 0, 0, None, None, True)
    ]  # fmt: skip
    assert rows(settings, "SELECT bin, used_quantity FROM bins_unknown ORDER BY 1") == [
        ("Q", 30), ("Z", 5)
    ]  # fmt: skip
    clean(settings)
