"""Fragile, high-value and bonded stock, what expires, on a few rows made by hand."""

from __future__ import annotations

from datetime import timedelta

import psycopg
import pytest

from tests.sql.shelves import CLOCK, cell, day, figures, insert, item, place, rows, warehouse

pytestmark = pytest.mark.stack
NOTE = "Two hands, foam on all sides"


@pytest.fixture
def conn(migrated):
    """Give a connection to a warehouse with glass, phones and wine; what is written is undone."""
    with psycopg.connect(migrated) as made:
        warehouse(made)
        item(made, "glass", name="Glass", name_zh="玻璃杯", fragile=True, protection=NOTE)
        item(made, "phone", high_value=True, category="phones")
        item(made, "wine", bonded=True, fragile=True, category="drinks")
        place(made, "A1")
        place(made, "D1", zone="D")
        yield made
        made.rollback()


def test_special_stock_is_listed_with_place_value_and_protection(conn):
    """Each kind has its view; an item of two kinds is in both."""
    cell(conn, "A1", "glass", 5, lot="G1")
    cell(conn, "D1", "phone", 2)
    cell(conn, "Z9", "wine", 3, status="hold")
    figures(conn, "glass", 5, 4)
    figures(conn, "phone", 2, 900)
    columns = "zone, bin, sku, name_zh, lot, status, quantity, value, protection"
    assert rows(conn, f"SELECT {columns} FROM fragile_stock ORDER BY bin") == [
        ("A", "A1", "glass", "玻璃杯", "G1", "sellable", 5, 20, NOTE),
        (None, "Z9", "wine", None, "", "hold", 3, None, None),
    ]
    assert rows(conn, "SELECT zone, bin, sku, value FROM high_value_stock") == [
        ("D", "D1", "phone", 1800)
    ]
    assert rows(conn, "SELECT bin, sku, quantity FROM bonded_stock") == [("Z9", "wine", 3)]


def order(conn, number, sku, ordered, **more) -> None:
    """Insert an order line."""
    row = {"warehouse": "W", "order_id": number, "sku": sku, "ordered": ordered, "state": "open"}
    insert(conn, "orders", **(row | more))


def test_fragile_picks_name_bins_what_expires_first_first(conn):
    """The line due first takes what expires first; expired and held stock is not picked."""
    cell(conn, "A1", "glass", 4, lot="old", expires_on=day(2))
    cell(conn, "D1", "glass", 6, lot="new", expires_on=day(9))
    cell(conn, "A1", "glass", 50, lot="gone", expires_on=day(-1))
    cell(conn, "A1", "glass", 50, lot="broken", status="damaged")
    order(conn, "late", "glass", 8, due_at=CLOCK + timedelta(days=2))
    order(conn, "soon", "glass", 5, shipped=2, due_at=CLOCK)
    order(conn, "closed", "glass", 9, state="closed")
    order(conn, "other", "phone", 9)
    found = rows(
        conn, "SELECT order_id, n, zone, bin, lot, quantity, protection FROM fragile_picks"
        " ORDER BY due_at, n NULLS LAST"
    )  # fmt: skip
    assert found == [
        ("soon", 1, "A", "A1", "old", 3, NOTE),
        ("late", 1, "A", "A1", "old", 1, NOTE),
        ("late", 2, "D", "D1", "new", 6, NOTE),
        ("late", None, None, None, None, 1, NOTE),
    ]


def test_fragile_picks_show_what_has_no_stock_at_all(conn):
    """A line that nothing covers is a row without a bin, whole."""
    order(conn, "o", "glass", 3)
    order(conn, "p", "glass", 2)
    assert rows(conn, "SELECT order_id, bin, quantity FROM fragile_picks ORDER BY 1") == [
        ("o", None, 3), ("p", None, 2)
    ]  # fmt: skip


def moved(conn, sku, event_id, quantity=-1, days=0, **more) -> None:
    """Insert a leg."""
    row = {
        "occurred_at": CLOCK - timedelta(days=days), "warehouse": "W", "sku": sku, "bin": "D1",
        "status": "sellable", "type": "outbound", "quantity": quantity, "event_id": event_id,
        "log_partition": 0, "log_offset": 0,
    }  # fmt: skip
    insert(conn, "movements", **(row | more))


def test_high_value_goods_moved_unseen_are_listed(conn):
    """No video, high value, within 90 days of the clock, and not undone since."""
    figures(conn, "phone", 5, 900)
    moved(conn, "phone", "unseen", quantity=-2, operator="李四")
    moved(conn, "phone", "filmed", video_url="https://example.com/v")
    moved(conn, "glass", "cheap")
    moved(conn, "phone", "long ago", days=91)
    moved(conn, "phone", "undone")
    moved(conn, "phone", "undone", quantity=1, correction=True)
    moved(conn, "phone", "checked", type="status")
    assert rows(conn, "SELECT event_id, quantity, value, operator FROM high_value_unrecorded") == [
        ("unseen", -2, -1800, "李四")
    ]


def lot(conn, name, sku, quantity, expires_on=None, **more) -> None:
    """Insert a lot that lies in one bin."""
    row = {"lot": name, "expires_on": expires_on, "received_at": CLOCK, **more}
    cell(conn, "A1", sku, quantity, **row)
    if expires_on is not None:
        insert(conn, "lot_dates", warehouse="W", sku=sku, lot=name, expires_on=expires_on)


def at(hours):
    """Return the clock and so many hours."""
    return CLOCK + timedelta(hours=hours)


def test_lots_are_ranked_first_expired_first_out(conn):
    """By expiry, then receipt, then lot; undated lots last, expired and unsellable ones not."""
    lot(conn, "undated", "wine", 1, received_at=at(-9))
    lot(conn, "b", "wine", 1, day(5), received_at=at(2))
    lot(conn, "a", "wine", 1, day(5), received_at=at(2))
    lot(conn, "early", "wine", 1, day(5), received_at=at(1))
    lot(conn, "first", "wine", 1, day(0))
    lot(conn, "expired", "wine", 1, day(-1))
    lot(conn, "held", "wine", 1, day(1), status="hold")
    assert rows(conn, "SELECT lot FROM lots WHERE fefo IS NOT NULL ORDER BY fefo") == [
        ("first",), ("early",), ("a",), ("b",), ("undated",)
    ]  # fmt: skip


def test_lots_tell_their_value_at_risk(conn):
    """Quantity × the moving average cost; unknown cost, unknown value."""
    figures(conn, "wine", 3, 20)
    lot(conn, "x", "wine", 3, day(3))
    lot(conn, "y", "glass", 3, day(3))
    assert rows(conn, "SELECT lot, value FROM lots ORDER BY lot") == [("x", 60), ("y", None)]


def test_expiring_sums_lots_by_category_and_window(conn):
    """Units, lots and value per warehouse, category and window of the warehouse's own day."""
    figures(conn, "wine", 9, 10)
    lot(conn, "x", "wine", 3, day(7))
    lot(conn, "y", "wine", 2, day(1))
    lot(conn, "z", "wine", 4, day(-1))
    columns = "category, expiry_window, lots, quantity, value"
    assert rows(conn, f"SELECT {columns} FROM expiring ORDER BY expiry_window DESC") == [
        ("drinks", "≤7", 2, 5, 50), ("drinks", "expired", 1, 4, 40)
    ]  # fmt: skip


def test_days_go_by_the_clock_not_by_the_wall(conn):
    """The local day is that of the latest tick in the warehouse's own zone; without one, today."""
    insert(conn, "warehouses", warehouse="E", timezone="America/Los_Angeles")
    insert(conn, "partitions", warehouse="E", log_partition=0)
    insert(conn, "warehouses", warehouse="new")
    found = rows(conn, 'SELECT warehouse, today FROM local_days ORDER BY warehouse COLLATE "C"')
    assert found[:2] == [("E", day(-1)), ("W", day(0))]
    assert found[2][1] > day(0)
