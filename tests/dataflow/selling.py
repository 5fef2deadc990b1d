"""Warehouses that sell, in tests of what is made of their demand: rows as the fold leaves them.

Enters: settings of a test, daily sales. Leaves: rows of the tables.
"""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal

import numpy as np
import psycopg

TODAY = date(2026, 3, 2)
PROFILE = np.array([0.6, 0.8, 0.9, 1.0, 1.2, 1.6, 0.9])


def place(settings, warehouse="SHA", zone="Asia/Shanghai", partition=0):
    """Make a warehouse."""
    with psycopg.connect(settings.dsn) as conn:
        conn.execute(
            "INSERT INTO inventory.warehouses (warehouse, timezone) VALUES (%s, %s)",
            (warehouse, zone),
        )
        conn.execute("INSERT INTO inventory.partitions VALUES (%s, %s)", (warehouse, partition))


def tick(settings, at):
    """Fold a tick on all of two partitions."""
    with psycopg.connect(settings.dsn) as conn:
        for partition in (0, 1):
            conn.execute(
                "INSERT INTO inventory.offsets (log_partition, topic, clock_at)"
                " VALUES (%s, 't', %s) ON CONFLICT (log_partition)"
                " DO UPDATE SET clock_at = excluded.clock_at",
                (partition, at),
            )


def sell(settings, sku, daily, warehouse="SHA", *, cost="2.5", today=TODAY):
    """Give a SKU demand on the days before `today`, and its figures."""
    begin = today - timedelta(days=len(daily))
    with psycopg.connect(settings.dsn) as conn:
        conn.execute(
            "INSERT INTO inventory.stock_figures (warehouse, sku, first_on, unit_cost)"
            " VALUES (%s, %s, %s, %s)",
            (warehouse, sku, begin, cost),
        )
        with (
            conn.cursor() as cursor,
            cursor.copy(
                "COPY inventory.demand_daily (day, warehouse, sku, issues) FROM STDIN"
            ) as copy,
        ):
            for day, quantity in enumerate(daily):
                if quantity:
                    row = (begin + timedelta(days=day), warehouse, sku, Decimal(str(quantity)))
                    copy.write_row(row)


def shop(days, level=20.0, seed=1, chance=1.0):
    """Return the daily sales of a shop."""
    random = np.random.default_rng(seed)
    values = random.poisson(level * np.resize(PROFILE, days))
    return (values * (random.random(days) < chance)).tolist()
