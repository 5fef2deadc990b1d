"""A database with something to show in every panel: a year of the bench, and what it has none of.

Enters: the DSN of an empty migrated database. Leaves: rows in it, the totals of the screens too.
"""

from __future__ import annotations

from pathlib import Path

import psycopg

from flows.bench.queries import fill

HERE = Path(__file__).parent
QUERIES = HERE.parents[1] / "sql" / "queries"
MOVEMENTS = 12_500
TOTALS = {
    "stock": "stock_totals", "shortages": "shortage_totals", "zones": "zone_totals",
    "expiry": "expiry_totals", "special": "special_totals", "turnover": "turnover_totals",
    "responses": "response_totals",
}  # fmt: skip
THROUGHPUT = """
    INSERT INTO inventory.throughput (at, warehouse, type, lines, inbound, outbound)
    SELECT public.time_bucket('10 minutes', occurred_at), warehouse, type, count(*),
        coalesce(sum(quantity) FILTER (WHERE quantity > 0), 0),
        coalesce(-sum(quantity) FILTER (WHERE quantity < 0), 0)
    FROM inventory.movements GROUP BY 1, 2, 3"""


def make(dsn: str, movements: int = MOVEMENTS) -> None:
    """Fill a migrated database."""
    with psycopg.connect(dsn, autocommit=True) as conn:
        fill(conn, movements, lambda *_: None)
        conn.execute((HERE / "rest.sql").read_bytes())
        for query, table in TOTALS.items():
            _total(conn, (QUERIES / f"totals_{query}.sql").read_text(), table)
        conn.execute(THROUGHPUT)
        conn.execute("VACUUM ANALYZE")


def _total(conn: psycopg.Connection, select: str, table: str) -> None:
    found = conn.execute(
        "SELECT string_agg(quote_ident(attname), ', ' ORDER BY attnum) FROM pg_attribute"
        " WHERE attrelid = %s::regclass AND attnum > 0 AND attname <> 'made_at'",
        [f"inventory.{table}"],
    ).fetchone()
    [columns] = found or [""]
    named = ", ".join(f"q.{one}" for one in columns.split(", "))
    into = f"INSERT INTO inventory.{table} ({columns}, made_at) SELECT {named}, now()"
    conn.execute(f"{into} FROM ({select}) AS q".encode())
