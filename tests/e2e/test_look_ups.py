"""`stock`, `trace`, `rejects` and `summary`: what they find, say and refuse."""

from __future__ import annotations

import json
import re

import psycopg
import pytest
from rich.cells import cell_len

from flows.commands.look import queries


def test_stock_is_a_table_of_at_most_100_columns(waterline, seeded):
    """Numbers keep their decimals; the level is in words."""
    code, out, _ = waterline("stock", DSN=seeded)
    assert code == 0
    assert all(cell_len(line) <= 100 for line in out.splitlines())
    assert re.search(r"EAST\s+MILK-1\s.*red\s+88\.9927\s+2\s+30\s+56\.9927", out)
    assert "1,234,567" in out


def test_stock_is_chinese_when_asked(waterline, seeded):
    """Headings, levels and names; columns still fit though characters are wide."""
    _, out, _ = waterline("stock", DSN=seeded, LANG="zh-CN")
    assert "仓库" in out
    assert "奶粉" in out
    assert all(cell_len(line) <= 100 for line in out.splitlines())


def test_stock_as_json_keeps_decimals_exact(waterline, seeded):
    """Quantities are strings, times are UTC."""
    rows = json.loads(waterline("stock --sku MILK-1 --level red --json", DSN=seeded)[1])
    assert [(row["warehouse"], row["on_hand"]) for row in rows] == [("EAST", "88.9927")]
    assert rows[0]["updated_at"].endswith("Z")
    assert rows[0]["max_stock"] is None


def test_stock_per_bin_shows_lots_and_days(waterline, seeded):
    """The finest grain, with its expiry date."""
    rows = json.loads(waterline("stock --bins --warehouse EAST --json", DSN=seeded)[1])
    assert [(row["bin"], row["status"], row["quantity"]) for row in rows] == [
        ("A1-02", "sellable", "86.9927"),
        ("R-01", "returned", "2"),
    ]
    assert rows[0]["days_to_expiry"] in {11, 12, 13}


@pytest.mark.parametrize(
    ("at", "known_at", "expected"),
    [
        ("2025-09-02T12:00", None, "639"),
        ("2025-09-02T12:00", "2025-09-03", "640"),
        ("2025-09-02T02:59:59Z", None, "640"),
        ("2025-08-31", None, None),
    ],
)
def test_stock_as_of_a_time_as_known_at_a_time(waterline, seeded, at, known_at, expected):
    """A late scrap of the 2nd is not yet known on the 3rd; a local day is its midnight."""
    line = f"stock --sku MILK-1 --warehouse EAST --at {at} --json"
    rows = json.loads(
        waterline(line + (f" --known-at {known_at}" if known_at else ""), DSN=seeded)[1]
    )
    assert [row["on_hand"] for row in rows] == ([expected] if expected else [])


@pytest.mark.parametrize(
    ("line", "sentence"),
    [
        ("stock --warehouse MOON", "no stock for warehouse MOON; known warehouses: EAST, WEST\n"),
        ("stock --sku milk", "no stock for SKU milk; SKUs like it: MILK-1\n"),
        ("stock --sku TEA-9 --level red", "no stock for SKU TEA-9, Level red; known"),
        ("stock --at 2020-01-01", "no stock as of 2020-01-01, as far as was known\n"),
        ("trace --sku nope --lot L7", "nothing is known of SKU nope, Lot L7\n"),
        ("rejects --code too_late", "no rejected messages\n"),
    ],
)
def test_nothing_found_is_a_helpful_line(waterline, seeded, line, sentence):
    """Exit code 0: that there is nothing is an answer."""
    code, out, _ = waterline(line, DSN=seeded)
    assert code == 0
    assert sentence in out


@pytest.mark.parametrize("line", ["stock --sku nope", "trace --lot L7", "rejects --code too_late"])
def test_nothing_found_is_an_empty_list_for_programs(waterline, seeded, line):
    """`[]`, exit code 0."""
    code, out, _ = waterline(f"{line} --json", DSN=seeded)
    assert (code, json.loads(out)) == (0, [])


def test_a_limit_says_what_it_leaves_out(waterline, seeded):
    """Nobody takes a part for the whole."""
    assert "1 of 3 rows; --limit N shows more" in waterline("stock --limit 1", DSN=seeded)[1]
    assert "the latest 2 of 8 steps" in waterline("trace --sku MILK-1 --limit 2", DSN=seeded)[1]


def test_a_trail_tells_the_whole_way_in_order(waterline, seeded):
    """Inbound by 张三 → transfer by 李四 → outbound by 王五, at the warehouse's own clock."""
    _, out, _ = waterline("trace --lot L1", DSN=seeded)
    told = [out.index(word) for word in ("inbound", "move", "scrap", "transfer out", "outbound")]
    assert told == sorted(told)
    assert re.search(r"2025-09-01 09:12\s+inbound\s+\+640\s.*EAST DOCK\s+张三 / pda-1\s+PO-7", out)
    assert re.search(r"2025-09-04 09:00\s+transfer in", out)  # Ürümqi is two hours behind
    assert "count variance" in out


def test_a_trail_of_an_order_has_its_line(waterline, seeded):
    """What was promised stands beside what was done."""
    rows = json.loads(waterline("trace --order O-1 --json", DSN=seeded)[1])
    assert [row["type"] for row in rows] == ["order_line", "outbound", "return"]
    assert rows[0]["detail"]["ordered"] == 81.0073
    assert "ordered 81.0073" in waterline("trace --order O-1", DSN=seeded)[1]


def test_rejects_say_what_was_wrong_and_where(waterline, seeded):
    """The sentence and the place of the message."""
    _, out, _ = waterline("rejects", DSN=seeded)
    assert "wms.scans 0@17" in out
    assert "quantity must be above 0, but is -3" in out
    rows = json.loads(waterline("rejects --json", DSN=seeded)[1])
    assert rows[0]["payload_start"] == '{"quantity":-3}'


@pytest.mark.parametrize("lang", ["en", "zh-CN"])
def test_the_summary_is_one_page_that_fits(waterline, seeded, lang):
    """Stock, shortages, lots, lag and the log's numbers, with how to look further."""
    code, out, _ = waterline("summary", DSN=seeded, LANG=lang)
    assert code == 0
    assert "45 ms" in out
    assert "1,235,156" in out
    assert "psql" in out
    tables = [line for line in out.splitlines() if "  " in line and "waterline " not in line]
    assert all(cell_len(line) <= 100 for line in tables)


def test_the_summary_as_json_has_the_same_figures(waterline, seeded):
    """Consumed = applied + repeats + rejects, exactly."""
    found = json.loads(waterline("summary --json", DSN=seeded)[1])
    counts = [int(found[name]) for name in ("consumed", "applied", "repeats", "rejects")]
    assert counts[0] == sum(counts[1:]) == 14
    assert found["units_to_ship"] == "30"
    assert found["shortages"][0]["sku"] == "MILK-1"


def test_a_password_of_another_database_is_not_shown(waterline, seeded):
    """The psql line names the variable, not the secret."""
    assert 'psql "$WATERLINE_DSN"' in waterline("summary", DSN=seeded)[1]


def test_look_ups_cannot_change_anything(settings):
    """The session is read-only."""
    with queries(settings) as database, pytest.raises(psycopg.errors.ReadOnlySqlTransaction):
        database.connection.execute("delete from stock")
