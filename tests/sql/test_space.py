"""What bins, zones and warehouses hold: the arithmetic of the views, on a few rows made by hand."""

from __future__ import annotations

from decimal import Decimal

import psycopg
import pytest

from flows.domain.master import DEFAULTS
from tests.sql.shelves import cell, figures, insert, item, place, policy, rows, warehouse

pytestmark = pytest.mark.stack
USE = "used_quantity, used_volume, used_weight, used_unknown, occupancy, overweight, free"


@pytest.fixture
def conn(migrated):
    """Give a connection to a warehouse with two zones; what a test writes is taken back."""
    with psycopg.connect(migrated) as made:
        warehouse(made)
        item(made, "box", unit_volume="0.01", unit_weight=2, category="c")
        item(made, "bulk", unit_volume="0.5")
        place(made, "A1", max_quantity=100, max_volume=2, max_weight=50, x=3, y=4)
        place(made, "A2", max_quantity=100)
        place(made, "B1", zone="B", max_weight=100)
        place(made, "B2", zone="B")
        place(made, "B3", zone="B", max_quantity=10, active=False)
        yield made
        made.rollback()


def test_bin_holds_what_lies_in_it_in_every_status(conn):
    """Use is Σ of the cells × unit volume and weight; occupancy is the largest of the limits."""
    cell(conn, "A1", "box", 20)
    cell(conn, "A1", "box", 10, status="damaged")
    cell(conn, "A1", "bulk", 3)
    found = rows(conn, f"SELECT {USE} FROM bins WHERE bin = 'A1'")
    # quantity 33 %, volume (0.3 + 1.5) / 2 = 90 %, weight 60 of 50 kg = 120 %
    assert found == [(33, Decimal("1.8"), 60, 3, 120, 10, False)]


def test_bin_without_limits_has_no_occupancy(conn):
    """NULL is not 0 %: nobody said how much fits."""
    cell(conn, "B2", "box", 5)
    assert rows(conn, f"SELECT {USE} FROM bins WHERE bin = 'B2'") == [
        (5, Decimal("0.05"), 10, 0, None, None, False)
    ]


def test_bin_below_its_weight_is_not_overweight(conn):
    """Overweight is 0 where a limit holds and an empty bin is free."""
    found = rows(conn, "SELECT occupancy, overweight, free FROM bins WHERE bin = 'B1'")
    assert found == [(0, 0, True)]


def test_bins_and_bin_use_agree(conn):
    """One bin at a time or all at once: the same figures."""
    for n, name in enumerate(("A1", "A2", "B1", "B3")):
        cell(conn, name, "box", 7 * n + 1)
        cell(conn, name, "bulk", 2 * n - 1, lot="L")
        cell(conn, name, "nobody knows", n + 1)
    assert rows(conn, f"SELECT warehouse, bin, zone, {USE} FROM bins ORDER BY bin") == rows(
        conn, f"SELECT warehouse, bin, zone, {USE} FROM bin_use ORDER BY bin"
    )


def test_master_data_can_be_written_through_bins(conn):
    """The view takes what the table takes; what it adds is not written."""
    conn.execute("UPDATE bins SET zone = 'C' WHERE bin = 'A1'")
    conn.execute("DELETE FROM bins WHERE bin = 'A2'")
    with pytest.raises(psycopg.errors.Error), conn.transaction():
        conn.execute("UPDATE bins SET occupancy = 1")
    assert rows(conn, "SELECT bin, zone FROM bin_places WHERE zone IN ('A', 'C')") == [("A1", "C")]


def test_unknown_bins_are_shown_as_such(conn):
    """Stock in a bin without master data, and stock without a bin, are in no zone."""
    cell(conn, "Z9", "box", 4)
    cell(conn, "", "box", 6)
    assert rows(conn, "SELECT bin, used_quantity, used_weight FROM bins_unknown ORDER BY bin") == [
        ("", 6, 12), ("Z9", 4, 8)
    ]  # fmt: skip
    found = rows(conn, "SELECT bins, unknown_bins, used_quantity FROM zones WHERE zone IS NULL")
    assert found == [(0, 2, 10)]


def test_zone_is_a_quotient_of_sums(conn):
    """A zone is Σ used / Σ capacity, never a mean of percentages."""
    conn.execute("UPDATE bin_places SET max_quantity = 300 WHERE bin = 'A2'")
    cell(conn, "A1", "bulk", 100)
    found = rows(
        conn,
        "SELECT bins, free_bins, used_quantity, max_quantity, occupancy_quantity, occupancy_volume,"
        " occupancy_weight, occupancy FROM zones WHERE zone = 'A'",
    )
    assert found == [(2, 1, 100, 400, 25, 2500, 0, 2500)]


def test_zone_counts_only_what_stands_against_a_limit(conn):
    """Bins without a limit and closed bins hold stock, and neither fill nor empty the zone."""
    cell(conn, "B1", "box", 25)
    cell(conn, "B2", "box", 400)
    cell(conn, "B3", "box", 10)
    found = rows(
        conn,
        "SELECT bins, free_bins, closed_bins, used_weight, filled_weight, max_weight, max_quantity,"
        " occupancy_weight, occupancy_quantity, occupancy FROM zones WHERE zone = 'B'",
    )
    assert found == [(3, 0, 1, 870, 50, 100, None, 50, None, 50)]


def test_warehouse_space_adds_the_zones_up(conn):
    """Per warehouse the sums of its zones, divided once."""
    cell(conn, "A1", "box", 10)
    cell(conn, "B1", "box", 65)
    cell(conn, "Z9", "box", 1)
    found = rows(
        conn,
        "SELECT zones, bins, free_bins, closed_bins, unknown_bins, overweight_bins, used_quantity,"
        " occupancy_weight, occupancy FROM warehouse_space",
    )
    # 20 + 130 kg of 50 + 100; quantity 10 of 200; volume 0.1 of 2
    assert found == [(2, 5, 2, 1, 1, 1, 76, 100, 100)]


def test_overweight_is_warned_by_the_warehouses_policy(conn):
    """The warehouse's threshold before everybody's, that before the default of 0 and 50 kg."""
    cell(conn, "A1", "box", 35)
    cell(conn, "B1", "box", 75)
    query = "SELECT bin, overweight, severity FROM bins_overweight ORDER BY bin"
    assert rows(conn, query) == [("A1", 20, "warning"), ("B1", 50, "critical")]
    policy(conn, "overweight_warning_kg", 20)
    policy(conn, "overweight_critical_kg", 40, warehouse="other")
    assert rows(conn, query) == [("B1", 50, "critical")]
    policy(conn, "overweight_critical_kg", 60, warehouse="W")
    policy(conn, "overweight_critical_kg", 10)
    assert rows(conn, query) == [("B1", 50, "warning")]


def test_most_specific_scope_wins(conn):
    """The order of scopes is that of the fold: SKU, then category, then warehouse, then all."""
    scopes = [
        {},
        {"warehouse": "W"},
        {"category": "c"},
        {"warehouse": "W", "category": "c"},
        {"sku": "box"},
        {"warehouse": "W", "sku": "box"},
    ]
    query = (
        "SELECT policy_in(policy_values('carrying_rate'), 9, warehouse, 'c', 'box')"
        " FROM (VALUES ('W'), ('V')) AS v (warehouse)"
    )
    assert rows(conn, query) == [(9,), (9,)]
    elsewhere = [0, 0, 2, 2, 4, 4]
    for n, scope in enumerate(scopes):
        policy(conn, "carrying_rate", n, **scope)
        assert rows(conn, query) == [(n,), (elsewhere[n],)]


def test_defaults_are_those_of_the_fold(conn):
    """A threshold's default is the same number in SQL as in the domain."""
    for field, value in DEFAULTS.items():
        assert conn.execute("SELECT policy_default(%s)", [field]).fetchone() == (value,)


def test_distance_is_to_the_origin_or_to_the_nearest_dispatch_bin(conn):
    """Where goods leave: a zone of that name, in either language, else x = y = 0."""
    query = "SELECT distance FROM bin_distances WHERE bin IN ('A1', 'A2') ORDER BY bin"
    assert rows(conn, query) == [(5.0,), (None,)]
    place(conn, "X1", zone="出库区", x=3, y=10)
    place(conn, "X2", zone="Dispatch 2", x=3, y=-20)
    assert rows(conn, query) == [(6.0,), (None,)]


def test_places_of_skus_tell_class_sales_and_distance(conn):
    """Each SKU's places with its issues of 28 days and how far they are."""
    cell(conn, "A1", "box", 4, lot="1")
    cell(conn, "A1", "box", 5, lot="2")
    cell(conn, "Z9", "box", 1)
    figures(conn, "box", 10, demand=[1, 2, 3])
    insert(conn, "classes", warehouse="W", sku="box", abc="A", issue_value=1, day="2026-03-10")
    assert rows(
        conn, "SELECT zone, bin, abc, quantity, issues, distance FROM sku_places ORDER BY bin"
    ) == [("A", "A1", "A", 9, 6, 5.0), (None, "Z9", "A", 1, 6, None)]
