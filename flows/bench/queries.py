"""The scenario of the named queries: a year of a business, and how long each question takes on it.

The year is made by the server (`year.sql`), then vacuumed. Each query runs once with its default
parameters, by EXPLAIN (ANALYZE, TIMING OFF), so that what is measured is planning and execution,
not the sending of rows. Fails with the server's error when one takes longer than 30 s.
"""

from __future__ import annotations

import time
from pathlib import Path
from typing import TYPE_CHECKING, Any, LiteralString

from psycopg import sql

from connectors.named import NamedQuery, read_named
from connectors.queries import Queries, text
from flows.bench.scenarios import Plan, Run, measured
from flows.commands.query import ANALYST

if TYPE_CHECKING:
    import psycopg

    from flows.bench.scenarios import Tell
    from flows.settings import Settings

YEAR = Path(__file__).with_name("year.sql")
MOVEMENTS = 5_000_000
SKUS = 20_000
SETTINGS: LiteralString = (
    "SET search_path = inventory, screen, public; SET synchronous_commit = off;"
    " SET work_mem = '256MB'"
)
# A lot and an order that have much to tell, where a query needs one.
EXAMPLES: dict[str, LiteralString] = {
    "lot": "SELECT lot FROM lot_dates WHERE sku = 'S' || (SELECT count(*) / 100 + 1 FROM items)"
    " ORDER BY lot LIMIT 1",
    "order_id": "SELECT order_id FROM orders ORDER BY occurred_at DESC, order_id LIMIT 1",
}


def queries(settings: Settings, plan: Plan, tell: Tell) -> Run:
    """Fill a database with a year and ask everything once."""
    count = plan.count(MOVEMENTS)
    with measured(settings) as (place, looking, meter):
        began = time.monotonic()
        fill(looking, count, tell)
        filled = time.monotonic() - began
        with meter:
            took = ask(place.dsn, tell)
        details = {"fill_s": round(filled, 1), "ms": took}
        work = sum(took.values()) / 1000
        return Run(count, work, None, meter.cpu_s(), meter.rss_mib(), meter.others, details)


def fill(conn: psycopg.Connection, movements: int, tell: Tell) -> None:
    """Make the year in an empty migrated database."""
    conn.execute(SETTINGS)
    sizes = {"movements": movements, "skus": max(min(movements // 250, SKUS), 50)}
    for name, size in sizes.items():
        conn.execute("SELECT set_config(%s, %s, false)", [f"waterline.{name}", str(size)])
    statements = YEAR.read_text(encoding="utf-8").split(";\n")
    for done, statement in enumerate(statements):
        tell("fill", done, len(statements))
        conn.execute(statement.encode())
    conn.execute(sql.SQL("VACUUM ANALYZE"))
    tell("fill", len(statements), len(statements))


def ask(dsn: str, tell: Tell) -> dict[str, float]:
    """Return name → milliseconds of planning and execution."""
    took: dict[str, float] = {}
    known = read_named(ANALYST)
    with Queries(ANALYST, dsn) as session:
        for query in known:
            tell("ask", len(took), len(known))
            took[query.name] = _milliseconds(session, query)
    return took


def _milliseconds(session: Queries, query: NamedQuery) -> float:
    values: dict[str, Any] = dict.fromkeys(one.name for one in query.parameters)
    for name in values.keys() & EXAMPLES.keys():
        row = session.connection.execute(EXAMPLES[name]).fetchone()
        values[name] = next(iter(row.values())) if row else ""
    explain: LiteralString = "EXPLAIN (ANALYZE, TIMING OFF, FORMAT JSON) "
    told = session.connection.execute(explain + text(ANALYST, query.file), values).fetchone()
    [plan] = told["QUERY PLAN"] if told else [{}]
    return round(float(plan["Planning Time"] + plan["Execution Time"]), 1)
