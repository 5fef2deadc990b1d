"""Turnover of a SKU as table stock shows it, against the ledger integrated step by step."""

from __future__ import annotations

import random
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from fractions import Fraction
from zoneinfo import ZoneInfo

import psycopg
import pytest

from tests.builders import BASE, inbound, outbound, tick, transfer_out, warehouse
from tests.dataflow.test_analyst_story import END, SKUS, ZONES, events
from tests.dataflow.two_stores import both

pytestmark = pytest.mark.stack
WINDOWS = (7, 30, 90, 365)
ZERO = Fraction(0)


def start_of(day: date, zone: str) -> datetime:
    """Return the instant at which a local day begins."""
    return datetime.combine(day, time(), ZoneInfo(zone))


def expected(connection, warehouse_name, sku, clock, days, *, simple=False) -> Decimal | None:
    """Return turnover by integrating the level over the window."""
    zone = ZONES.get(warehouse_name, "Asia/Shanghai")
    today = clock.astimezone(ZoneInfo(zone)).date()
    start = start_of(today - timedelta(days=days - 1), zone)
    rows = connection.execute(
        "SELECT occurred_at, sum(quantity),"
        " sum(CASE WHEN type = 'outbound' THEN -quantity"
        " WHEN type = 'return' THEN -quantity ELSE 0 END)"
        " FROM inventory.movements WHERE (warehouse, sku) = (%s, %s)"
        " GROUP BY occurred_at ORDER BY occurred_at",
        (warehouse_name, sku),
    ).fetchall()
    tomorrow = start_of(today + timedelta(days=1), zone)
    known = [row for row in rows if row[0] < tomorrow]
    # where the ledger knows of a later day, the clock's own is over
    end = max([clock, *(row[0] for row in known)]) if known == rows else tomorrow
    rows = known
    opening = sum((Fraction(net) for at, net, _ in rows if at < start), ZERO)
    inside = [row for row in rows if row[0] >= start]
    level, area, since = opening, ZERO, start
    for at, net, _ in inside:
        area += level * Fraction((at - since) / timedelta(microseconds=1))
        level, since = level + Fraction(net), at
    area += level * Fraction((end - since) / timedelta(microseconds=1))
    mean = (
        (opening + level) / 2 if simple else area / Fraction((end - start) / timedelta.resolution)
    )
    issues = sum((Fraction(issued) for _, _, issued in inside), ZERO)
    return round(Decimal(float(issues / mean)), 6) if mean > 0 else None


def shown(connection, days, *, simple=False):
    """Return turnover of each (warehouse, sku) as table stock has it."""
    column = f"turnover_{days}d" + ("_simple" if simple else "")
    return connection.execute(
        f"SELECT warehouse, sku, {column} FROM inventory.stock ORDER BY 1, 2".encode()
    ).fetchall()


def agree(one: Decimal | None, two: Decimal | None) -> bool:
    """Return whether both are the same to the last shown digit."""
    if one is None or two is None:
        return one is two
    return abs(one - two) <= Decimal("0.000002")


@pytest.mark.parametrize("clock", [END, END + timedelta(hours=30), END - timedelta(days=2)])
def test_every_window_is_the_integral_of_the_ledger(new_database, clock):
    """Counts, cancels, late events, two zones; the clock at the end, a day on, two days behind."""
    head = [warehouse(name, timezone=zone) for name, zone in ZONES.items()]
    made = events(random.Random(11))
    with new_database() as dsn:
        batches = [head, made[:80], [tick(at=END - timedelta(days=5))], made[80:], [tick(at=clock)]]
        assert both(dsn, batches, {"A": 0, "B": 1}, cold=False) == []
        with psycopg.connect(dsn) as connection:
            for days in WINDOWS:
                for simple in (False, True):
                    found = shown(connection, days, simple=simple)
                    assert len(found) == len(ZONES) * len(SKUS)
                    for name, sku, value in found:
                        wanted = expected(connection, name, sku, clock, days, simple=simple)
                        assert agree(value, wanted), (name, sku, days, simple, value, wanted)


def test_the_example_of_the_definition(new_database):
    """100 for 10 days, then 40 for 20 days, 60 issued: turnover 1.0, simple 0.857."""
    zone = "Asia/Shanghai"
    first = BASE.date() - timedelta(days=35)
    story = [
        inbound("S1", 100, at=start_of(first - timedelta(days=1), zone)),
        outbound("S1", 60, at=start_of(first + timedelta(days=10), zone)),
        transfer_out("S2", 3, to="B", at=start_of(first, zone)),
        tick(at=start_of(first + timedelta(days=30), zone) - timedelta(seconds=1)),
    ]
    with new_database() as dsn:
        assert both(dsn, [story], {"A": 0, "B": 1}, cold=True) == []
        with psycopg.connect(dsn) as connection:
            row = connection.execute(
                "SELECT round(turnover_30d, 3), round(turnover_30d_simple, 3), turnover_7d"
                " FROM inventory.stock WHERE sku = 'S1'"
            ).fetchone()
            below = connection.execute(
                "SELECT turnover_30d FROM inventory.stock WHERE sku = 'S2' AND warehouse = 'A'"
            ).fetchone()
    assert row == (Decimal("1.000"), Decimal("0.857"), Decimal(0))
    assert below == (None,)


def test_before_the_first_tick_there_is_no_turnover(new_database):
    """Without a clock no window ends anywhere."""
    with new_database() as dsn:
        assert both(dsn, [[inbound("S1", 5), outbound("S1", 1)]], {"A": 0}, cold=False) == []
        with psycopg.connect(dsn) as connection:
            assert shown(connection, 30) == [("A", "S1", None)]
