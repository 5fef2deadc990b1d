"""A database with something to show in every panel: a year of the bench, and what it has none of.

Enters: the DSN of an empty migrated database. Leaves: rows in it, the totals of the screens too.
"""

from __future__ import annotations

from pathlib import Path

import psycopg

from flows.bench.boards import total
from flows.bench.queries import fill

HERE = Path(__file__).parent
MOVEMENTS = 12_500


def make(dsn: str, movements: int = MOVEMENTS) -> None:
    """Fill a migrated database."""
    with psycopg.connect(dsn, autocommit=True) as conn:
        fill(conn, movements, lambda *_: None)
        conn.execute((HERE / "rest.sql").read_bytes())
        total(conn)
