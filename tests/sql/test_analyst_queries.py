"""Each named query on a small business whose answers are known (`data/analyst.sql`)."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path

import psycopg
import pytest

from connectors.named import read_named
from connectors.queries import Queries, text
from connectors.trouble import Trouble
from flows.commands.query import ANALYST

pytestmark = pytest.mark.stack
BUSINESS = Path(__file__).with_name("data") / "analyst.sql"
NAMED = {one.name: one for one in read_named(ANALYST)}
N12 = date(2025, 11, 12)


@pytest.fixture(scope="module")
def business(new_database):
    """Give the DSN of a database with the business in it."""
    with new_database() as dsn:
        with psycopg.connect(dsn) as conn:
            conn.execute("SET search_path = inventory, public")
            conn.execute(BUSINESS.read_text().encode())
        yield dsn


@pytest.fixture
def ask(business):
    """Give a function that runs a query and returns some of its columns as tuples."""

    def run(name: str, columns: str, **given: object) -> list[tuple]:
        query = NAMED[name]
        values = dict.fromkeys(one.name for one in query.parameters) | given
        with Queries(ANALYST, business) as queries:
            _, rows = queries.table(query.file, values)
        return [tuple(row[column] for column in columns.split()) for row in rows]

    return run


def number(text_: str) -> Decimal:
    """Return an exact number."""
    return Decimal(text_)


def day(text_: str) -> date:
    """Return a day."""
    return date.fromisoformat(text_)


def test_heads_name_exactly_the_parameters_of_their_query():
    """What the head says and what the SQL takes are the same names, in both languages."""
    assert len(NAMED) == 25
    for query in NAMED.values():
        used = set(re.findall(r"%\((\w+)\)s", text(ANALYST, query.file)))
        assert {one.name for one in query.parameters} == used, query.name
        sentences = [*query.says.items(), *query.columns.items()]
        sentences += [pair for one in query.parameters for pair in one.says.items()]
        for lang, sentence in sentences:
            assert bool(re.search("[\u4e00-\u9fff]", sentence)) == (lang == "zh-CN"), sentence


def test_columns_that_a_head_explains_exist(business):
    """A column's name in the head is a column of the answer."""
    with Queries(ANALYST, business) as queries:
        for query in NAMED.values():
            values = {one.name: "x" if one.required else None for one in query.parameters}
            columns, _ = queries.table(query.file, values)
            for said in query.columns.values():
                named = set(re.findall(r"\b[a-z]+(?:_[a-z0-9]+)+\b", said))
                assert named - set(columns) - {"in_full"} == set(), query.name


def test_a_head_that_lacks_a_language_is_trouble(tmp_path):
    """The file is named."""
    (tmp_path / "01_x.sql").write_text("-- en: What?\nselect 1")
    with pytest.raises(Trouble, match=r"01_x\.sql does not say in en"):
        read_named(tmp_path)


def test_top_movers(ask):
    """Each warehouse has its own last thirty days; returns are taken off."""
    assert ask("top_movers", "warehouse sku issues issue_cost share_percent on_hand") == [
        ("E", "milk", 56, 112, number("52.83"), 944),
        ("N", "milk", 50, 100, number("47.17"), 443),
    ]
    assert ask("top_movers", "sku issues", days=90, by="cost", category="tools") == [("nail", 6)]
    assert ask("top_movers", "issues", days=31, warehouse="N") == [(57,)]
    assert len(ask("top_movers", "sku", limit=1)) == 1


def test_slow_movers(ask):
    """What was there all along and sells, the longest lasting first."""
    assert ask("slow_movers", "warehouse sku issues days_of_stock issued_on") == [
        ("E", "milk", 56, number("1517.1"), N12),
        ("E", "nail", 6, number("810.0"), day("2025-09-20")),
    ]
    assert ask("slow_movers", "sku", days=30, category="tools") == []


def test_dead_stock(ask):
    """No sale for ninety days; what never sold counts from its first movement."""
    assert ask("dead_stock", "sku value idle_days issued_on oldest_on") == [
        ("tea", 285, 134, day("2025-07-01"), day("2025-06-01")),
        ("gone", None, 315, None, None),
    ]
    assert ask("dead_stock", "sku", days=50, category="tools") == [("nail",)]


def test_stock_on_date(ask):
    """Near and far days are found from either side; a late return was not known then."""
    columns = "warehouse sku on_hand"
    recent = [("E", "milk", 954), ("E", "nail", 54), ("E", "tea", 95), ("N", "milk", 443)]
    gone = [("E", "gone", 5)]
    assert ask("stock_on_date", columns, day=day("2025-11-10")) == gone + recent
    assert ask("stock_on_date", columns) == gone + recent
    known_at = datetime(2025, 11, 10, 12, tzinfo=UTC)
    then = ask("stock_on_date", columns, day=day("2025-11-10"), known_at=known_at, sku="milk")
    assert then == [("E", "milk", 950), ("N", "milk", 443)]
    early = ask("stock_on_date", "sku on_hand value", day=day("2025-06-15"))
    assert early == [("nail", 60, 60), ("tea", 100, 300)]
    assert ask("stock_on_date", "on_hand", day=day("2025-11-11"), warehouse="N") == [(443,)]


def test_changes_between(ask):
    """Opening and closing of the span, and what lies between."""
    span = {"from_day": day("2025-11-01"), "to_day": day("2025-11-10")}
    columns = "sku opening inbound outbound other closing issues value_change"
    assert ask("changes_between", columns, **span) == [("milk", 1000, 0, 50, 4, 954, 46, -92)]
    assert ask("changes_between", "warehouse closing") == [("E", 944)]
    assert ask("changes_between", "sku", **span, category="tools") == []


def test_lot_handlers(ask):
    """Everybody who touched the lot, in the order in which they first did."""
    assert ask("lot_handlers", "operator type steps quantity devices", lot="L1") == [
        ("张三", "inbound", 1, 100, "d1"),
        ("赵六", "move", 1, 40, "d1"),
        ("王五", "outbound", 2, -30, "d1, d2"),
    ]
    assert ask("lot_handlers", "type", lot="L1", sku="tea") == []
    assert ask("lot_handlers", "operator steps quantity", lot="L2", warehouse="E") == [
        ("张三", 4, -2)
    ]


def test_order_trail(ask):
    """The line's image, then what was scanned for it."""
    assert ask("order_trail", "type line_id quantity operator", order_id="O-1") == [
        ("order_line", "1", 10, None),
        ("outbound", "1", -10, "王五"),
    ]
    assert ask("order_trail", "type", order_id="none") == []


def test_fill_rate(ask):
    """Closed and overdue lines by the local week in which they were due."""
    columns = "week_on lines in_full line_fill_percent wanted shipped cancelled fill_percent"
    assert ask("fill_rate", columns) == [
        (day("2025-11-10"), 2, 1, 50, 6, 1, 0, number("16.67")),
        (day("2025-11-03"), 2, 1, 50, 18, 16, 2, number("88.89")),
    ]
    assert ask("fill_rate", "week_on", weeks=1) == [(day("2025-11-10"),)]
    assert ask("fill_rate", "week_on", warehouse="N") == []


def test_order_ageing(ask):
    """Open lines by age; what is past its date is overdue."""
    assert ask("order_ageing", "warehouse age_days lines orders units value overdue") == [
        ("E", "≤1", 1, 1, 4, 8, 0),
        ("E", "≤7", 1, 1, 5, 10, 1),
    ]


def test_count_accuracy(ask):
    """A difference that a late event explained is smaller; a cancelled count is no count."""
    columns = "warehouse month_on operator counts exact counted missing found accuracy_percent"
    assert ask("count_accuracy", columns) == [
        ("E", day("2025-11-01"), "张三", 2, 1, 195, 2, 0, number("98.97")),
        ("N", day("2025-10-01"), "李四", 1, 0, 50, 0, 5, 90),
    ]
    assert ask("count_accuracy", "operator", months=1) == [("张三",)]
    assert ask("count_accuracy", "operator", operator="李四") == [("李四",)]


def test_shrinkage(ask):
    """Net of corrections and cancels, by who booked it."""
    columns = "warehouse operator missing scrapped lost found lost_value net_value"
    assert ask("shrinkage", columns) == [
        ("E", "张三", 2, 4, 0, 0, 16, 16),
        ("E", "王五", 0, 0, 1, 2, 1, -1),
        ("N", "李四", 0, 0, 0, 5, 0, -10),
    ]
    assert ask("shrinkage", "scrapped", days=200, operator="王五") == [(8,)]


def test_cover_by_category(ask):
    """Sums over sums; without demand there is no cover."""
    assert ask(
        "cover_by_category", "category skus available demand_per_day days_of_cover short"
    ) == [
        ("tools", 1, 54, 9, 6, 1),
        ("food", 3, 1482, 6, 247, 0),
        ("", 1, 5, None, None, 0),
    ]
    assert ask("cover_by_category", "category short", days=6, warehouse="N") == [("food", 0)]


def test_expiry_exposure(ask):
    """Yesterday at one warehouse is today at another; cells below zero expose nothing."""
    assert ask("expiry_exposure", "expiry_window cells quantity value share_percent") == [
        ("expired", 1, 50, 100, number("20.88")),
        ("≤7", 1, 20, 40, number("8.35")),
        ("≤60", 1, 54, 54, number("11.27")),
        ("none", 1, 95, 285, number("59.50")),
    ]
    assert ask("expiry_exposure", "expiry_window", category="tools") == [("≤60",)]


def test_turnover(ask):
    """60 for 36 days, 54 since; what the view says is passed on by scope and window."""
    length = Decimal(89 * 24 + 4) / 24
    mean = (60 * 36 + 54 * (length - 36)) / length
    [row] = ask("turnover", "issue_cost mean_value turnover annualised", days=90, category="tools")
    assert row == (6, round(mean, 6), round(6 / mean, 6), round(6 / mean * 365 / length, 6))
    assert [one for (one,) in ask("turnover", "warehouse", scope="warehouse")] == ["N", "E"]
    assert len(ask("turnover", "turnover", scope="all", days=7)) == 1
    assert ask("turnover", "category", scope="warehouse_category", warehouse="N") == [("food",)]


def test_value_by_month(ask):
    """The level at each month's end goes on from what was before."""
    columns = "month_on on_hand value change issue_cost"
    assert ask("value_by_month", columns, months=3, warehouse="E") == [
        (day("2025-11-01"), 1093, 2227, -112, 112),
        (day("2025-10-01"), 1149, 2339, 0, 0),
        (day("2025-09-01"), 1149, 2339, -6, 6),
    ]
    assert ask("value_by_month", "value", months=2, warehouse="N") == [(886,), (886,)]
    assert ask("value_by_month", "value", months=1, category="tools", warehouse="E") == [(54,)]


def test_transfer_delays(ask):
    """On time of what arrived; what is past its plan and not whole is late now."""
    columns = "from to transfers arrived on_time_percent late_now waiting days_on_way lost"
    assert ask("transfer_delays", f"{columns} lost_value") == [
        ("E", "N", 3, 2, 50, 1, 5, 5, 3, 6),
        ("N", "E", 1, 0, None, 0, 2, None, 0, 0),
    ]
    assert ask("transfer_delays", "lost lost_value", days=200, to="E") == [(9, 9)]


def test_returns(ask):
    """What came back of what went out."""
    columns = "category sku shipped returned return_percent returned_value"
    assert ask("returns", columns) == [("food", None, 110, 4, number("3.64"), 8)]
    assert ask("returns", columns, by="sku", warehouse="E") == [
        ("food", "milk", 60, 4, number("6.67"), 8)
    ]
    assert ask("returns", columns, category="tools", days=60) == [("tools", None, 6, 0, 0, 0)]


def test_busiest_hours(ask):
    """Hours are local; both rows of a move are one piece of work, a count is one."""
    columns = "warehouse hour inbound outbound moves returns counts others total"
    assert ask("busiest_hours", columns) == [
        ("E", 9, 0, 0, 1, 0, 0, 0, 1),
        ("E", 10, 0, 3, 0, 0, 2, 0, 5),
        ("E", 11, 0, 0, 0, 1, 0, 0, 1),
        ("E", 13, 0, 0, 0, 0, 0, 3, 3),
        ("E", 14, 0, 0, 0, 0, 0, 1, 1),
        ("N", 10, 0, 1, 0, 0, 0, 0, 1),
        ("N", 11, 1, 0, 0, 0, 0, 0, 1),
        ("N", 19, 0, 0, 0, 0, 1, 0, 1),
    ]
    assert ask("busiest_hours", "hour per_day", days=2, warehouse="E") == [(11, number("0.5"))]


def test_busy_bins(ask):
    """Picks per bin with its place on the floor; an unknown bin is shown as well."""
    assert ask("busy_bins", "warehouse zone bin x y picks units skus share_percent") == [
        ("E", "Z1", "A1", 1, 2, 2, 30, 1, number("66.67")),
        ("N", None, "N1", None, None, 1, 5, 1, 100),
        ("E", None, "B2", None, None, 1, 2, 1, number("33.33")),
    ]


def test_abc_xyz(ask):
    """A row per class with its shares."""
    columns = "abc xyz skus issue_value issue_percent value value_percent days_of_cover"
    assert ask("abc_xyz", columns) == [
        ("A", "X", 2, 1000, 80, 2774, number("89.11"), number("231.2")),
        ("B", "Y", 1, 250, 20, 54, number("1.73"), 6),
        ("C", None, 1, 0, 0, 285, number("9.16"), None),
    ]
    assert ask("abc_xyz", "abc", category="tools") == [("B",)]


def test_device_lag(ask):
    """The device that lacks numbers comes first; lag is that of the window."""
    columns = "device arrived missing complete_percent movements p50_s p95_s"
    assert ask("device_lag", columns) == [
        ("d1", 3, 2, 60, 0, None, None),
        ("d2", 10, 0, 100, 1, 86400, 86400),
        ("d3", 2, 0, 100, 2, 2, number("2.9")),
    ]
    assert ask("device_lag", "device movements", warehouse="E", days=30) == [("d1", 3), ("d2", 3)]


def test_alerts_by_week(ask):
    """Weeks are the warehouse's own; an alert of no warehouse is shown as well."""
    columns = "week_on rule warehouse alerts critical escalated acknowledged resolved still_open"
    assert ask("alerts_by_week", f"{columns} open_hours") == [
        (day("2025-11-10"), "below_safety", "E", 2, 1, 1, 1, 1, 1, 6),
        (day("2025-11-10"), "lag_high", "", 1, 0, 0, 0, 0, 1, None),
        (day("2025-11-03"), "shrinkage", "N", 1, 0, 0, 0, 0, 1, None),
    ]
    assert ask("alerts_by_week", "rule", weeks=1, warehouse="N") == []
    assert ask("alerts_by_week", "week_on", rule="shrinkage", weeks=20)[1] == (day("2025-07-07"),)


def test_response_times(ask):
    """What was answered after 300 s is in time; the other's ten minutes are not over."""
    columns = "rule alerts unanswered to_alert_p50_s to_sent_p50_s to_answer_p50_s"
    assert ask("response_times", f"{columns} to_resolved_p95_s answered_percent") == [
        ("below_safety", 2, 1, 3, 2, 300, 900, 100)
    ]
    assert ask("response_times", "rule", warehouse="N") == []


def test_actions_outcome(ask):
    """What decided by itself is not a person's decision."""
    columns = "kind warehouse proposed by_policy approved rejected waiting sent done"
    assert ask("actions_outcome", f"{columns} value_approved decide_hours done_hours") == [
        ("replenishment", "E", 3, 0, 1, 1, 1, 1, 1, 100, number("1.5"), 6),
        ("clearance", "N", 1, 1, 0, 0, 0, 1, 0, 40, None, None),
    ]
    assert ask("actions_outcome", "proposed", kind="clearance", days=200) == [(2,)]
