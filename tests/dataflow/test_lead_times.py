"""Lead times in the database: what the writer stored, and what analysts ask of it."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import Any

import psycopg
import pytest

from connectors.queries import Queries
from flows.commands.query import ANALYST
from tests.builders import inbound, item, moment, purchase_line, tick
from tests.dataflow.two_stores import both

pytestmark = pytest.mark.stack
ASKED = {"warehouse": None, "supplier": None, "sku": None, "since": None, "limit": 100}


def at(day: float) -> datetime:
    """Return an instant so many days after the first order; day 40 is that of the broker's time."""
    return moment((day - 40) * 1440 + 480)


def bought(order: str, supplier: str, taken: float, *, due: float | None = None) -> list[Any]:
    """Return a purchase of 10 of S1 on day 0, and its receipt `taken` days later."""
    line = purchase_line(
        order, "S1", 10, line_id="1", at=at(0), counterpart=supplier,
        due_at=None if due is None else at(due),
    )  # fmt: skip
    return [line, inbound("S1", 10, order_id=order, line_id="1", at=at(taken))]


def asked(dsn: str, **more: Any) -> list[dict[str, Any]]:
    """Return what the named query finds."""
    with Queries(ANALYST, dsn) as database:
        return database.rows("22_supplier_lead_times", **{**ASKED, **more})


@pytest.fixture
def story(database):
    """Give a database with ten lines of one supplier, one of another, and two that are open."""
    events = [item("S1", name="Milk", name_zh="牛奶", at=at(0)), tick(at=at(30))]
    for day in range(1, 11):
        events += bought(f"P{day}", "acme", day, due=5 if day % 2 else None)
    events += bought("P11", "best", 2.5)
    late = purchase_line("P12", "S1", 10, line_id="1", at=at(0), counterpart="acme", due_at=at(20))
    coming = purchase_line("P13", "S1", 10, line_id="1", at=at(0), due_at=at(31))
    assert both(database, [[*events, late, coming]], {"A": 0}, cold=True) == []
    return database


def test_supplier_lead_times(story):
    """One to ten days: mean 5.5, deviation 3.03, the ninth decile 9.1; 7 and 9 of five late."""
    first, second = asked(story)
    assert first == {
        "supplier": "acme", "sku": "S1", "name": "Milk", "name_zh": "牛奶", "lines": 10,
        "mean_days": Decimal("5.50"), "sd_days": Decimal("3.03"), "p90_days": Decimal("9.10"),
        "late_share": Decimal("0.4000"), "overdue": 1,
    }  # fmt: skip
    assert (second["supplier"], second["lines"], second["mean_days"]) == (
        "best",
        1,
        Decimal("2.50"),
    )
    assert (second["sd_days"], second["late_share"], second["overdue"]) == (None, None, 0)


def test_supplier_lead_times_of_some(story):
    """By supplier and by the day of the receipt; who is nowhere has no row."""
    (found,) = asked(story, supplier="acme", since=at(8))
    assert (found["lines"], found["mean_days"]) == (3, Decimal("9.00"))
    assert asked(story, supplier="nobody") == []
    assert asked(story, warehouse="A", sku="S1", limit=1) == asked(story)[:1]


def test_the_figures_keep_the_sums_of_the_lines(story):
    """Count, seconds and squares of a SKU are those of its purchase lines."""
    with psycopg.connect(story) as connection:
        kept = connection.execute(
            "SELECT lead_count, lead_seconds, lead_squares FROM inventory.stock"
        )
        lines = connection.execute(
            "SELECT count(lead_seconds), sum(lead_seconds), sum(lead_seconds * lead_seconds)"
            " FROM inventory.purchases"
        )
        assert kept.fetchall() == lines.fetchall() != [(0, 0, 0)]
