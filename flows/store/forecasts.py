"""Forecasts and classes of a warehouse in the database: what they are made from, where they go.

Enters: a DSN. Leaves: per warehouse its SKUs and their demand of closed days; and, in one
transaction, the rows of `forecasts`, `forecast_quality`, `classes` and `forecast_runs`: readers
see the old ones or the new ones. One at a time per warehouse: `only_one`. May fail with psycopg's
errors.
"""

from __future__ import annotations

from contextlib import contextmanager
from datetime import date, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Self

import numpy as np
import psycopg
from msgspec import Struct
from psycopg.types.json import Jsonb

from connectors.session import DEAD_PEER

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from flows.domain.smoothing import Floats, Ints

FAMILY = 0x57415446
"""The first half of the advisory locks' key; the second is the warehouse's hash."""
APART_DAYS, KEPT_DAYS = 28, 400
OPTIONS = (
    "-c lock_timeout=10000 -c jit=off -c max_parallel_workers_per_gather=0 -c work_mem=64MB"
    " -c idle_in_transaction_session_timeout=30000 -c statement_timeout=120000"
)

_PLACES = """
SELECT p.warehouse, inventory.local_date(w.timezone, o.clock_at), r.made_on
FROM inventory.partitions AS p
JOIN inventory.offsets AS o USING (log_partition)
LEFT JOIN inventory.warehouses AS w USING (warehouse)
LEFT JOIN inventory.forecast_runs AS r USING (warehouse)
WHERE o.clock_at IS NOT NULL
ORDER BY p.warehouse
"""
_SKUS = """
SELECT s.sku, s.first_on, coalesce(d.issues, 0), s.unit_cost, coalesce(d.some, false)
FROM inventory.stock_figures AS s
LEFT JOIN (
    SELECT sku, sum(issues) AS issues, bool_or(issues > 0) AS some
    FROM inventory.demand_daily
    WHERE warehouse = %(warehouse)s AND day >= %(since)s AND day < %(upto)s
    GROUP BY sku
) AS d USING (sku)
WHERE s.warehouse = %(warehouse)s
ORDER BY s.sku COLLATE "C"
"""
_PART = """
SELECT count(*) FILTER (WHERE warehouse = %s)::double precision / greatest(count(*), 1)
FROM inventory.stock_figures
"""
_DEMAND = """
SELECT k.n - 1, d.day - %(since)s::date, d.issues::double precision
FROM unnest(%(skus)s::text[]) WITH ORDINALITY AS k (sku, n)
JOIN inventory.demand_daily AS d
    ON d.warehouse = %(warehouse)s AND d.sku = k.sku AND d.day >= %(since)s AND d.day < %(upto)s
"""
_COLUMNS = {
    "forecasts": ("warehouse", "sku", "day", "made_on", "quantity", "low", "high"),
    "forecast_quality": (
        *("warehouse", "sku", "made_on", "method", "history_days", "wape", "mase"),
        *("plain_wape", "plain_mase", "bias", "rejected", "rejected_wape", "skipped"),
    ),
    "classes": ("warehouse", "sku", "abc", "xyz", "issue_value", "variation", "day"),
}
_CLEAR = {
    "forecasts": "DELETE FROM inventory.forecasts WHERE warehouse = %(warehouse)s",
    "classes": "DELETE FROM inventory.classes WHERE warehouse = %(warehouse)s",
    # The one before stays if it is far enough from the one before that.
    "forecast_quality": """
        DELETE FROM inventory.forecast_quality AS q
        WHERE q.warehouse = %(warehouse)s AND (
            q.made_on >= %(today)s OR q.made_on < %(today)s - %(kept)s OR EXISTS (
                SELECT FROM inventory.forecast_quality AS p
                WHERE p.warehouse = q.warehouse AND p.sku = q.sku
                    AND p.made_on < q.made_on AND p.made_on > q.made_on - %(apart)s))
    """,
}
_RUN = (
    *("warehouse", "made_on", "series", "methods", "skipped", "wape", "plain_wape"),
    *("bias", "class_a", "class_b", "class_c", "unclassed", "duration_ms"),
)
_NOTE = f"""
INSERT INTO inventory.forecast_runs ({", ".join(_RUN)})
VALUES ({", ".join(f"%({name})s" for name in _RUN)})
ON CONFLICT (warehouse) DO UPDATE SET
    at = now(), {", ".join(f"{name} = excluded.{name}" for name in _RUN[1:])}
"""


class Place(Struct, frozen=True):
    """A warehouse, its local day by the clock, and the local day of its latest forecast."""

    warehouse: str
    today: date
    made_on: date | None

    @property
    def due(self) -> bool:
        """Whether a local midnight has passed since the latest forecast."""
        return self.made_on is None or self.made_on < self.today


class Key(Struct, frozen=True):
    """A SKU of a warehouse: since when, issues and their value of 90 closed days, any demand."""

    sku: str
    first_on: date | None
    issues: Decimal
    unit_cost: Decimal | None
    sold: bool

    @property
    def value(self) -> Decimal | None:
        """Issues × unit cost; nothing issued is 0 whatever it costs."""
        if not self.issues:
            return Decimal(0)
        return None if self.unit_cost is None else self.issues * self.unit_cost


class Forecasting:
    """One connection that reads what forecasts are made from, and writes them."""

    def __init__(self, dsn: str) -> None:
        """Connect."""
        self.connection = psycopg.connect(
            dsn,
            autocommit=True,
            options=OPTIONS,
            application_name="waterline forecast",
            **DEAD_PEER,
        )

    def __enter__(self) -> Self:
        """Return itself."""
        return self

    def __exit__(self, *_: object) -> None:
        """Close the connection, and with it the locks."""
        self.connection.close()

    def places(self) -> list[Place]:
        """Return the warehouses that the clock has reached."""
        return [Place(*row) for row in self.connection.execute(_PLACES)]

    @contextmanager
    def only_one(self, warehouse: str) -> Iterator[bool]:
        """Give whether nobody else is at work on this warehouse, and keep others out."""
        row = self.connection.execute(
            "SELECT pg_try_advisory_lock(%s, hashtext(%s))", [FAMILY, warehouse]
        ).fetchone()
        got = bool(row and row[0])
        try:
            yield got
        finally:
            if got and not self.connection.closed:
                self.connection.execute(
                    "SELECT pg_advisory_unlock(%s, hashtext(%s))", [FAMILY, warehouse]
                )

    def keys(self, warehouse: str, today: date, days: int) -> list[Key]:
        """Return the SKUs of a warehouse, with what they issued on the last so many closed days."""
        values = {"warehouse": warehouse, "since": today - timedelta(days=days), "upto": today}
        return [Key(*row) for row in self.connection.execute(_SKUS, values)]

    def part(self, warehouse: str) -> float:
        """Return which part of all SKUs of all warehouses are this one's."""
        row = self.connection.execute(_PART, [warehouse]).fetchone()
        return float(row[0]) if row else 0.0

    def demand(self, place: Place, keys: Sequence[Key], longest: int) -> tuple[Floats, Ints]:
        """Return demand as SKUs × the last `longest` days, yesterday last, and days of history."""
        since = place.today - timedelta(days=longest)
        values = {
            "skus": [key.sku for key in keys],
            "warehouse": place.warehouse,
            "since": since,
            "upto": place.today,
        }
        rows = self.connection.execute(_DEMAND, values).fetchall()
        sold = np.zeros((len(keys), longest))
        if rows:
            number, day, issues = np.array(rows, dtype=float).T
            sold[number.astype(int), day.astype(int)] = issues
        some = sold != 0
        known = np.where(some.any(axis=1), longest - some.argmax(axis=1), 0)
        first = [longest if key.first_on is None else (key.first_on - since).days for key in keys]
        return sold, np.maximum(known, longest - np.clip(first, 0, longest))

    def save(
        self,
        place: Place,
        rows: dict[str, Iterable[Sequence[Any]]],
        run: dict[str, Any],
    ) -> None:
        """Replace the rows of a warehouse and note the run, in one transaction."""
        values = {
            "warehouse": place.warehouse,
            "today": place.today,
            "apart": APART_DAYS,
            "kept": KEPT_DAYS,
        }
        with self.connection.transaction():
            for table, columns in _COLUMNS.items():
                self.connection.execute(_CLEAR[table], values)
                target = f"COPY inventory.{table} ({', '.join(columns)}) FROM STDIN"
                with self.connection.cursor() as cursor, cursor.copy(target) as copy:
                    for row in rows[table]:
                        copy.write_row(row)
            note = {**run, "methods": Jsonb(run["methods"])}
            self.connection.execute(_NOTE, note)
