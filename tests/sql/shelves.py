"""Rows of a small warehouse made by hand, for the tests of views; the clock is 2026-03-10 there."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any

import psycopg

CLOCK = datetime(2026, 3, 10, 4, tzinfo=UTC)
TODAY = date(2026, 3, 10)
_IMAGE = {"occurred_at": CLOCK, "event_id": "e"}


def day(days: int) -> date:
    """Return today and so many days."""
    return TODAY + timedelta(days=days)


def insert(conn: psycopg.Connection[Any], table: str, **row: object) -> None:
    """Insert one row."""
    names = ", ".join(f'"{name}"' for name in row)
    marks = ", ".join(["%s"] * len(row))
    statement = f"INSERT INTO inventory.{table} ({names}) VALUES ({marks})"
    conn.execute(statement.encode(), list(row.values()))


def warehouse(conn, name="W", partition=0, clock_at=CLOCK) -> None:
    """Insert a warehouse whose partition's clock is told."""
    insert(conn, "warehouses", warehouse=name)
    insert(conn, "partitions", warehouse=name, log_partition=partition)
    insert(conn, "offsets", log_partition=partition, topic="t", clock_at=clock_at)


def place(conn, bin_name, zone="A", warehouse="W", **more) -> None:
    """Insert the master data of a bin."""
    insert(conn, "bin_places", warehouse=warehouse, bin=bin_name, zone=zone, **_IMAGE, **more)


def item(conn, sku, **more) -> None:
    """Insert the master data of an item."""
    insert(conn, "items", sku=sku, **_IMAGE, **more)


def cell(conn, bin_name, sku, quantity, **more) -> None:
    """Insert a cell of stock."""
    row = {"warehouse": "W", "lot": "", "status": "sellable", **more}
    insert(conn, "stock_bins", bin=bin_name, sku=sku, quantity=quantity, **row)


def figures(conn, sku, on_hand, unit_cost=None, warehouse="W", **more) -> None:
    """Insert the figures of a (warehouse, SKU)."""
    value = None if unit_cost is None else on_hand * unit_cost
    insert(
        conn, "stock_figures", warehouse=warehouse, sku=sku, on_hand=on_hand, available=on_hand,
        projected=on_hand, unit_cost=unit_cost, value=value, **more,
    )  # fmt: skip


def policy(conn, field, value, **scope) -> None:
    """Insert a register of a policy."""
    insert(conn, "policies", field=field, value=value, **scope, **_IMAGE)


def rows(conn, query: str) -> list[Any]:
    """Return the rows of a query."""
    return conn.execute(query.encode()).fetchall()
