"""A look at a warehouse's space on the real tables: what is kept, what is printed."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor

import psycopg
import pytest

from flows.cli import main
from flows.rebalancing import rebalance
from tests.sql.shelves import cell, figures, insert, item, place, rows, warehouse

pytestmark = pytest.mark.stack


@pytest.fixture
def shop(settings):
    """Give settings whose database holds warehouse W: zone A at 90 %, zone B at 60 %."""
    with psycopg.connect(settings.dsn) as conn:
        warehouse(conn)
        warehouse(conn, "empty", partition=1)
        for n in (1, 2):
            place(conn, f"A{n}", max_quantity=100, x=n, y=0)
            place(conn, f"B{n}", zone="B", max_quantity=100, x=50 + n, y=0)
            for sku, name, quantity, abc, sold in (
                (f"fast{n}", f"A{n}", 60, "A", 9), (f"slow{n}", f"A{n}", 30, "C", n),
                (f"other{n}", f"B{n}", 60, "B", 5),
            ):  # fmt: skip
                item(conn, sku, name=sku.title(), category="food")
                cell(conn, name, sku, quantity, lot="L")
                figures(conn, sku, quantity, demand=[sold] * 28)
                insert(
                    conn, "classes", warehouse="W", sku=sku, abc=abc, issue_value=1,
                    day="2026-03-10",
                )  # fmt: skip
    return settings


def test_what_should_move_is_kept_in_place_of_the_last_look(shop):
    """A's slowest goes to B; when that is done, the next look finds nothing left to do."""
    assert rebalance(shop) == {"W": 1, "empty": 0}
    with psycopg.connect(shop.dsn) as conn:
        assert rows(
            conn, "SELECT n, kind, sku, lot, quantity, from_bin, to_bin, from_occupancy,"
            " from_afterwards, to_occupancy, to_afterwards, issues, cautions FROM rebalancing"
        ) == [
            (1, "slow_mover_out", "slow1", "L", 30, "A1", "B2", 90, 75, 60, 75, 28, [])
        ]  # fmt: skip
        assert rows(conn, "SELECT reason_en, reason_zh FROM rebalancing") == [
            ("zone A is 90 % full, zone B 60 %; sold 28 in 28 days",
             "库区 A 占用 90 %，库区 B 占用 60 %；28 天售出 28")
        ]  # fmt: skip
        conn.execute("UPDATE inventory.stock_bins SET bin = 'B2' WHERE sku = 'slow1'")
    assert rebalance(shop, "W") == {"W": 0}
    with psycopg.connect(shop.dsn) as conn:
        assert rows(conn, "SELECT * FROM rebalancing") == []


def test_looks_at_the_same_time_leave_one_result(shop):
    """Two processes that look at once wait for each other."""
    with ThreadPoolExecutor(4) as threads:
        assert list(threads.map(lambda _: rebalance(shop, "W"), range(4))) == [{"W": 1}] * 4
    with psycopg.connect(shop.dsn) as conn:
        assert rows(conn, "SELECT n FROM rebalancing") == [(1,)]


def test_command_prints_and_gives_json(shop, monkeypatch, capsys):
    """A table in the reader's language, one document for a program, a sentence for nothing."""
    monkeypatch.setenv("WATERLINE_DSN", shop.dsn)
    assert main(["rebalance", "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert [(row["sku"], row["name"], row["quantity"]) for row in found] == [
        ("slow1", "Slow1", "30")
    ]  # fmt: skip
    monkeypatch.setenv("WATERLINE_LANG", "zh-CN")
    assert main(["rebalance", "--warehouse", "W"]) == 0
    out = capsys.readouterr().out
    assert "slow1" in out
    assert "建议移库 1 项" in out
    monkeypatch.setenv("WATERLINE_LANG", "en")
    assert main(["rebalance", "--warehouse", "empty"]) == 0
    assert "nothing to move" in capsys.readouterr().out
    assert main(["rebalance", "--warehouse", "Q"]) == 1
    assert "known warehouses: W, empty" in capsys.readouterr().err
