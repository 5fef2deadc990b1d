"""How old stock is, what lies idle, what it costs: the views on a few rows made by hand."""

from __future__ import annotations

from decimal import Decimal

import psycopg
import pytest

from tests.sql.shelves import day, figures, item, policy, rows, warehouse

pytestmark = pytest.mark.stack


@pytest.fixture
def conn(migrated):
    """Give a connection to a warehouse with two items; what a test writes is taken back."""
    with psycopg.connect(migrated) as made:
        warehouse(made)
        item(made, "tea", category="drinks")
        item(made, "cup", category="ware")
        yield made
        made.rollback()


def test_age_is_counted_from_the_layers(conn):
    """Each layer is a row with its age, range and value."""
    layers = {
        "layer_days": [day(-400), day(-31), day(0)],
        "layer_quantities": [Decimal("1.5"), Decimal(2), Decimal(3)],
    }
    figures(conn, "tea", Decimal("6.5"), 2, **layers)
    assert rows(
        conn, "SELECT received_on, age_days, bucket, quantity, value FROM stock_ages ORDER BY 1"
    ) == [
        (day(-400), 400, "365+", Decimal("1.5"), 3),
        (day(-31), 31, "31-60", 2, 4),
        (day(0), 0, "0-30", 3, 6),
    ]


def test_what_no_layer_explains_has_no_age(conn):
    """Stock without layers is shown as of unknown age; nothing on hand is not shown."""
    figures(conn, "tea", 5, layer_days=[day(-1)], layer_quantities=[Decimal(2)])
    figures(conn, "cup", -1)
    found = rows(conn, "SELECT sku, bucket, quantity FROM stock_ages ORDER BY bucket")
    assert found == [("tea", "0-30", 2), ("tea", "unknown", 3)]


@pytest.mark.parametrize(
    ("days", "bucket"),
    [(0, "0-30"), (30, "0-30"), (31, "31-60"), (60, "31-60"), (61, "61-90"), (91, "91-180"),
     (180, "91-180"), (181, "181-365"), (365, "181-365"), (366, "365+"), (None, "unknown")],
)  # fmt: skip
def test_age_ranges_include_their_last_day(conn, days, bucket):
    """Thirty days are still in the first range."""
    assert conn.execute("SELECT age_bucket(%s::int)", [days]).fetchone() == (bucket,)


def test_idle_stock_is_slow_from_30_days_and_dead_from_90(conn):
    """Counted from the last issue; what never sold, from its first movement."""
    for sku, issued, first in (
        ("sells", -29, -500), ("slow", -30, -500), ("slower", -89, -500), ("dead", -90, -500),
        ("never", None, -90), ("new", None, -5), ("unknown", None, None),
    ):  # fmt: skip
        figures(conn, sku, 10, 5, issued_on=issued and day(issued), first_on=first and day(first))
    figures(conn, "sold out", 0, 5, issued_on=day(-300))
    columns = "sku, idle_days, value, carrying_cost_per_year"
    assert rows(conn, f"SELECT {columns} FROM dead_stock ORDER BY sku") == [
        ("dead", 90, 50, 10), ("never", 90, 50, 10)
    ]  # fmt: skip
    assert rows(conn, "SELECT sku, idle_days FROM slow_stock ORDER BY sku") == [
        ("slow", 30), ("slower", 89)
    ]  # fmt: skip


def test_when_stock_is_dead_is_the_policy_of_its_most_specific_scope(conn):
    """Fourteen days for a category, two hundred for one SKU of it, ninety for the rest."""
    policy(conn, "dead_stock_days", "14", category="drinks")
    policy(conn, "dead_stock_days", "200", sku="mug")
    item(conn, "mug", category="drinks")
    for sku, idle in (("tea", 14), ("fresh", 13), ("mug", 199), ("cup", 89)):
        figures(conn, sku, 1, issued_on=day(-idle))
    columns = "sku, idle_days, dead_stock_days"
    assert rows(conn, f"SELECT {columns} FROM dead_stock ORDER BY sku") == [("tea", 14, 14)]
    assert rows(conn, f"SELECT {columns} FROM slow_stock ORDER BY sku") == [
        ("cup", 89, 90), ("mug", 199, 200)
    ]  # fmt: skip


def test_keeping_stock_costs_its_value_times_the_policys_rate(conn):
    """A fifth of the value a year unless a policy says otherwise; unknown cost is unknown."""
    figures(conn, "tea", 100, 73)
    figures(conn, "cup", 10, 73)
    figures(conn, "nameless", 10)
    policy(conn, "carrying_rate", "0.5", category="ware")
    columns = "sku, value, carrying_rate, carrying_cost_per_year, carrying_cost_per_day"
    assert rows(conn, f"SELECT {columns} FROM stock_costs ORDER BY sku") == [
        ("cup", 730, Decimal("0.5"), 365, 1),
        ("nameless", None, Decimal("0.2"), None, None),
        ("tea", 7300, Decimal("0.2"), 1460, 4),
    ]


def test_costs_are_summed_by_category(conn):
    """Per warehouse and category, saying how many SKUs have no cost."""
    figures(conn, "tea", 100, 73)
    figures(conn, "nameless", 10)
    columns = "category, skus, skus_without_cost, value, carrying_cost_per_day"
    assert rows(conn, f"SELECT {columns} FROM category_costs ORDER BY category NULLS LAST") == [
        ("drinks", 1, 0, 7300, 4), (None, 1, 1, None, None)
    ]  # fmt: skip
