"""The two series as they should be, counted anew for every period: slow and obvious.

Enters: a connection to a database with movements, layout, items, lots' dates. Leaves: rows by key.
"""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta
from decimal import ROUND_HALF_UP, Decimal
from zoneinfo import ZoneInfo

from tests.sql.shelves import rows

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
WINDOWS = ((0, "expired"), *((n + 1, f"≤{n}") for n in (7, 15, 30, 60, 90, 180)))
_SIZES = "SELECT sku, unit_volume, unit_weight FROM items"
_DAYS = "day, warehouse, category, expiry_window, lots, quantity, sellable_quantity, value"
KEPT = {"occupancy_hourly": (3, "*"), "expiry_daily": (4, _DAYS)}


def found(conn, table):
    """Return the rows of a series by key."""
    keys, columns = KEPT[table]
    return {row[:keys]: row[keys:] for row in rows(conn, f"SELECT {columns} FROM {table}")}


def settle(conn) -> None:
    """Make stock_bins and first_on what a fold of the movements gives; costs stay."""
    conn.execute("DELETE FROM inventory.stock_bins")
    conn.execute(
        "INSERT INTO inventory.stock_bins (warehouse, bin, sku, lot, status, quantity)"
        " SELECT warehouse, bin, sku, lot, status, sum(quantity) FROM inventory.movements"
        " GROUP BY 1, 2, 3, 4, 5"
    )
    conn.execute(
        "INSERT INTO inventory.stock_figures (warehouse, sku, first_on)"
        " SELECT m.warehouse, m.sku, min(inventory.local_date(w.timezone, m.occurred_at))"
        " FROM inventory.movements AS m JOIN inventory.warehouses AS w USING (warehouse)"
        " GROUP BY 1, 2"
        " ON CONFLICT (warehouse, sku) DO UPDATE SET first_on = excluded.first_on"
    )


def occupancy(conn):
    """Return the rows of occupancy_hourly, each from all movements before its end."""
    volumes = {
        sku: two for sku, *two in rows(conn, "SELECT sku, unit_volume, unit_weight FROM items")
    }
    moved = rows(conn, "SELECT warehouse, bin, sku, quantity, occurred_at FROM movements")
    wanted = {}
    for house, zone, clock, first in _houses(conn):
        bins = {
            name: (area or "", limits if active is not False else [None] * 3)
            for name, area, active, *limits in rows(
                conn, "SELECT bin, zone, active, max_quantity, max_volume, max_weight"
                f" FROM bin_places WHERE warehouse = '{house}'",
            )
        }  # fmt: skip
        hour = datetime.combine(first, time(), zone).astimezone(UTC).replace(minute=0)
        while hour + HOUR <= clock:
            cells = [
                (bins.get(name, ("", [None] * 3)), _sizes(quantity, volumes.get(sku)))
                for place, name, sku, quantity, at in moved
                if place == house and at < hour + HOUR
            ]
            for area in {"", *(area for area, _ in bins.values())}:
                row = _zone(area, list(bins.values()), cells)
                if row[0] or any(row[1:4]):
                    wanted[hour, house, area] = row
            hour += HOUR
    return wanted


def expiry(conn):
    """Return the rows of expiry_daily, each from all movements before the day's end."""
    lots = {
        (house, sku, lot): (expires, category or "", cost)
        for house, sku, lot, expires, category, cost in rows(
            conn, "SELECT l.warehouse, l.sku, l.lot, l.expires_on, i.category, s.unit_cost"
            " FROM lot_dates AS l LEFT JOIN items AS i USING (sku)"
            " LEFT JOIN stock_figures AS s USING (warehouse, sku) WHERE l.expires_on IS NOT NULL",
        )
    }  # fmt: skip
    moved = rows(conn, "SELECT warehouse, sku, lot, status, quantity, occurred_at FROM movements")
    wanted = {}
    for house, zone, clock, first in _houses(conn):
        day = first
        while (end := datetime.combine(day + DAY, time(), zone)) <= clock:
            held = {}
            for place, sku, lot, status, quantity, at in moved:
                if place == house and at < end and (place, sku, lot) in lots:
                    both = held.setdefault((place, sku, lot), [Decimal(0), Decimal(0)])
                    both[0] += quantity
                    both[1] += quantity if status == "sellable" else 0
            for key, (quantity, sellable) in held.items():
                expires, category, cost = lots[key]
                if quantity:
                    group = (day, house, category, _window((expires - day).days))
                    lot = (1, quantity, sellable, None if cost is None else quantity * cost)
                    wanted[group] = _both(wanted.get(group), lot)
            day += DAY
    return wanted


def _houses(conn):
    return [
        (house, ZoneInfo(zone), clock, first)
        for house, zone, clock, first in rows(
            conn,
            "SELECT c.warehouse, c.timezone, c.clock_at, min(s.first_on) FROM clocks AS c"
            " JOIN stock_figures AS s USING (warehouse) GROUP BY 1, 2, 3",
        )
    ]


def _sizes(quantity, two):
    volume, weight = two or (None, None)
    return [quantity, quantity * (volume or 0), quantity * (weight or 0)]


def _zone(area, bins, cells):
    mine = [limits for zone, limits in bins if zone == area]
    used = [
        sum((sizes[n] for (zone, _), sizes in cells if zone == area), Decimal(0)) for n in range(3)
    ]
    filled = [
        sum((sizes[n] for (zone, limits), sizes in cells if zone == area and limits[n]), Decimal(0))
        for n in range(3)
    ]
    most = [
        sum(known) if (known := [limits[n] for limits in mine if limits[n] is not None]) else None
        for n in range(3)
    ]
    shares = [100 * have / limit for have, limit in zip(filled, most, strict=True) if limit]
    share = max(shares).quantize(Decimal("0.01"), ROUND_HALF_UP) if shares else None
    return (len(mine), *used, *most, *filled, share)


def _window(days):
    return next((name for below, name in WINDOWS if days < below), "beyond")


def _both(one, other):
    if one is None:
        return other
    return tuple(
        b if a is None else a if b is None else a + b for a, b in zip(one, other, strict=True)
    )
