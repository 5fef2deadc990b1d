"""The scenario of the boards: every query of every board on a year of a business.

The year is that of the named queries; the totals that screens read are made once. Each query runs
as the boards' role with All chosen and its board's own span of time, by EXPLAIN (ANALYZE, TIMING
OFF). Fails with the server's error when one takes longer than the role's 2 s.
"""

from __future__ import annotations

import json
import time
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, LiteralString

import psycopg

from connectors.queries import QUERIES
from flows.bench.queries import MOVEMENTS, fill
from flows.bench.scenarios import Plan, Run, measured
from grafana.asking import ALL, BOARDS, expanded, queries, span

if TYPE_CHECKING:
    from collections.abc import Iterator

    from flows.bench.scenarios import Tell
    from flows.settings import Settings

TOTALS = {
    "stock": "stock_totals",
    "shortages": "shortage_totals",
    "zones": "zone_totals",
    "expiry": "expiry_totals",
    "special": "special_totals",
    "turnover": "turnover_totals",
    "responses": "response_totals",
}
"""Query of sql/queries/totals_*.sql → the table that it fills."""
_COLUMNS: LiteralString = """
    SELECT string_agg(quote_ident(attname), ', ' ORDER BY attnum) FROM pg_attribute
    WHERE attrelid = ('inventory.' || %s::text)::regclass AND attnum > 0 AND attname <> 'made_at'"""
_THROUGHPUT: LiteralString = """
    INSERT INTO inventory.throughput (at, warehouse, type, lines, inbound, outbound)
    SELECT public.time_bucket('10 minutes', occurred_at), warehouse, type, count(*),
        coalesce(sum(quantity) FILTER (WHERE quantity > 0), 0),
        coalesce(-sum(quantity) FILTER (WHERE quantity < 0), 0)
    FROM inventory.movements GROUP BY 1, 2, 3"""
_AS_SCREENS: LiteralString = """
    SET ROLE waterline_screen; SET search_path = screen, public; SET statement_timeout = '2s';
    SET default_transaction_read_only = on"""


def boards(settings: Settings, plan: Plan, tell: Tell) -> Run:
    """Fill a database with a year and its totals, and open every board once."""
    count = plan.count(MOVEMENTS)
    with measured(settings) as (place, looking, meter):
        began = time.monotonic()
        fill(looking, count, tell)
        total(looking)
        filled = time.monotonic() - began
        with meter, psycopg.connect(place.dsn, autocommit=True) as screen:
            took = ask(screen, tell)
        work = sum(took.values()) / 1000
        details = {"fill_s": round(filled, 1), "ms": took}
        return Run(count, work, None, meter.cpu_s(), meter.rss_mib(), meter.others, details)


def total(conn: psycopg.Connection[Any]) -> None:
    """Make the totals of the screens, as the stock flow keeps them."""
    for query, table in TOTALS.items():
        found = conn.execute(_COLUMNS, [table]).fetchone()
        [columns] = found or [""]
        named = ", ".join(f"q.{one}" for one in columns.split(", "))
        select = (QUERIES / f"totals_{query}.sql").read_text(encoding="utf-8")
        into = f"INSERT INTO inventory.{table} ({columns}, made_at) SELECT {named}, now()"
        conn.execute(f"{into} FROM ({select}) AS q".encode())
    conn.execute(_THROUGHPUT)
    conn.execute("VACUUM ANALYZE")


def ask(conn: psycopg.Connection[Any], tell: Tell) -> dict[str, float]:
    """Return board → milliseconds of its slowest query, planning and execution."""
    took: dict[str, float] = {}
    conn.execute(_AS_SCREENS)
    known = sorted((BOARDS / "en").glob("*.json"))
    for number, file in enumerate(known):
        tell("ask", number, len(known))
        board = json.loads(file.read_text(encoding="utf-8"))
        took[file.stem] = max(_milliseconds(conn, sql) for sql in statements(board, conn))
    return took


def statements(board: dict[str, Any], conn: psycopg.Connection[Any]) -> Iterator[str]:
    """Yield the statements of a board that is opened: All, or the first value, or an empty box."""
    now = datetime.now(UTC)
    chosen = opened(board, conn, now)
    for panel, target in queries(board):
        yield expanded(target["rawSql"], chosen, span(board, panel, now), now)


def opened(
    board: dict[str, Any], conn: psycopg.Connection[Any], now: datetime
) -> dict[str, list[str]]:
    """Return variable → its values when the board opens."""
    chosen: dict[str, list[str]] = {}
    for one in board["templating"]["list"]:
        if one.get("includeAll"):
            chosen[one["name"]] = [ALL]
        elif one["type"] == "query":
            rows = conn.execute(expanded(one["query"], chosen, now, now).encode()).fetchall()
            chosen[one["name"]] = [str(rows[0][-1])] if rows else [""]
        elif one["type"] == "textbox":
            chosen[one["name"]] = [one["query"]]
        else:
            chosen[one["name"]] = [str(one["current"]["value"])]
    return chosen


def _milliseconds(conn: psycopg.Connection[Any], statement: str) -> float:
    told = conn.execute(f"EXPLAIN (ANALYZE, TIMING OFF, FORMAT JSON) {statement}".encode())
    [[plan]] = [row[0] for row in told.fetchall()]
    return round(float(plan["Planning Time"] + plan["Execution Time"]), 1)
