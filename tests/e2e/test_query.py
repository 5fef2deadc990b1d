"""`waterline query` at a terminal and for programs."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import psycopg
import pytest

SQL = Path(__file__).parents[1] / "sql" / "data" / "analyst.sql"
TOP = "query top_movers"


@pytest.fixture(scope="module")
def business(new_database):
    """Give the DSN of a database with the small business of the named queries."""
    with new_database() as dsn:
        with psycopg.connect(dsn) as conn:
            conn.execute("SET search_path = inventory, public")
            conn.execute(SQL.read_text().encode())
        yield dsn


def test_the_list_needs_no_database(waterline):
    """Names, sentences and parameters, in the language of the settings."""
    code, out, _ = waterline("query")
    assert code == 0
    assert "top_movers" in out
    assert "What sold most in the last local days" in " ".join(out.split())
    assert "lot *" in out
    assert "谁经手过某批次" in waterline("query", LANG="zh-CN")[1]


def test_the_list_as_json_says_what_columns_and_parameters_mean(waterline):
    """A program finds all it needs to ask."""
    found = {one["name"]: one for one in json.loads(waterline("query --json")[1])}
    assert len(found) == 25
    lot = found["lot_handlers"]["parameters"]["lot"]
    assert lot == {"kind": "text", "required": True, "says": "the lot"}
    assert found["fill_rate"]["columns"].startswith("closed and overdue lines")
    rows = list(csv.DictReader(waterline("query --csv")[1].splitlines()))
    assert [one["name"] for one in rows] == list(found)


@pytest.mark.stack
def test_a_query_is_a_table_for_people(waterline, business):
    """The sentence, then names in the reader's language; no line beyond 100 columns."""
    code, out, _ = waterline(f"{TOP} --param days=90 by=cost", DSN=business, LANG="zh-CN")
    assert code == 0
    assert out.startswith("最近若干个当地日")
    assert "奶粉" in out
    assert "Milk" not in out
    assert max(map(len, out.splitlines())) <= 100


@pytest.mark.stack
def test_a_query_is_json_and_csv_for_programs(waterline, business):
    """Exact numbers as text, every column, in the order of the query."""
    rows = json.loads(waterline(f"{TOP} --param warehouse=N --json", DSN=business)[1])
    assert [(row["sku"], row["issues"], row["name_zh"]) for row in rows] == [("milk", "50", "奶粉")]
    lines = waterline(f"{TOP} --param warehouse=N --param limit=3 --csv")[1].splitlines()
    assert lines[0].startswith("warehouse,sku,name,name_zh,category,issues")
    assert lines[1].startswith("N,milk,Milk,奶粉,food,50")
    trail = waterline("query order_trail --param order_id=O-1 --csv")[1]
    first, second = csv.DictReader(trail.splitlines())
    assert json.loads(first["detail"]) == {"ordered": 10, "state": "open", "version": 1}
    assert (second["at"], second["detail"]) == ("2025-11-01T02:10:00Z", "")


@pytest.mark.stack
def test_times_and_days_are_read_as_people_type_them(waterline, business):
    """A time without an offset is the zone's own clock."""
    line = "query stock_on_date --param day=2025-11-10 known_at=2025-11-11T12:00 sku=milk --csv"
    rows = list(csv.DictReader(waterline(line, DSN=business)[1].splitlines()))
    assert [row["on_hand"] for row in rows] == ["954", "443"]
    earlier = line.replace("2025-11-11T12:00", "2025-11-11T10:59")
    rows = list(csv.DictReader(waterline(earlier)[1].splitlines()))
    assert [row["on_hand"] for row in rows] == ["950", "443"]


@pytest.mark.stack
def test_nothing_found_is_said(waterline, business):
    """A sentence for people, an empty document for programs, the heads in CSV."""
    line = "query lot_handlers --param lot=none"
    assert waterline(line, DSN=business)[1].splitlines()[-1] == "nothing found"
    assert waterline(f"{line} --json")[1] == "[]\n"
    assert waterline(f"{line} --csv")[1].startswith("operator,warehouse,")


@pytest.mark.stack
def test_a_long_answer_is_cut_for_people_only(waterline, business):
    """Sixty rows at a terminal, all of them in CSV."""
    with psycopg.connect(business) as conn:
        conn.execute(
            "INSERT INTO inventory.stock_figures (warehouse, sku, on_hand, available, projected,"
            " first_on) SELECT 'N', 'x' || n, 1, 1, 1, '2025-01-01'"
            " FROM generate_series(1, 70) AS n"
        )
    out = waterline("query dead_stock", DSN=business)[1]
    assert "60 of 72 rows" in out
    assert len(waterline("query dead_stock --csv")[1].splitlines()) == 73


@pytest.mark.parametrize(
    ("line", "sentence"),
    [
        ("query top_mover", "there is no query 'top_mover' (did you mean `top_movers`?)"),
        ("query 42", "there is no query '42' (top_movers, slow_movers, "),
        ("query --param days=7", "parameters belong to a query"),
        (f"{TOP} --param days", "--param takes name=value, not 'days'"),
        (f"{TOP} --param days=", "--param takes name=value, not 'days='"),
        (f"{TOP} --param day=7", "top_movers has no parameter 'day'; it has days, by, warehouse"),
        (f"{TOP} --param days=0", "days: '0' is not a whole number above 0"),
        (f"{TOP} --param by=weight", "by: 'weight' is not one of quantity, cost"),
        ("query slow_movers --param days=8", "days: '8' is not one of 7, 30, 90, 365"),
        ("query stock_on_date --param day=soon", "day: 'soon' is not a day such as 2025-09-30"),
        ("query stock_on_date --param known_at=soon", "known_at: 'soon' is not a time"),
        ("query lot_handlers", "lot_handlers needs --param lot=…: the lot"),
    ],
)
def test_a_wrong_name_or_value_is_one_sentence(waterline, line, sentence):
    """Exit code 2, before any database is asked."""
    code, out, err = waterline(line)
    assert (code, out) == (2, "")
    assert sentence in err
    assert err.count("\n") == 1


def test_without_a_database_it_says_how_to_get_one(waterline):
    """One sentence, exit code 1."""
    code, _, err = waterline(TOP)
    assert (code, err) == (
        1,
        "waterline: no database: run `waterline up` or set WATERLINE_DSN\n",
    )


@pytest.mark.stack
def test_a_query_changes_nothing(business):
    """The session is read-only and ends a statement that takes too long."""
    from connectors.queries import connect  # noqa: PLC0415 - what the command uses

    with connect(business) as conn:
        with pytest.raises(psycopg.errors.ReadOnlySqlTransaction):
            conn.execute("DELETE FROM inventory.counts")
        assert conn.execute("SHOW statement_timeout").fetchone() == {"statement_timeout": "30s"}
