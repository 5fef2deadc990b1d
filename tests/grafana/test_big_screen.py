"""The big screen's figures against those worked out by hand: all, one and several warehouses."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import psycopg
import pytest

from grafana.boards import big_screen
from grafana.language import languages
from tests.grafana.answering import answer
from tests.sql import shelves
from tests.sql.shelves import insert

pytestmark = pytest.mark.stack
BOARD = {say.lang: big_screen.build(say) for say in languages()}
NOW = datetime.now(UTC)
TEN = NOW.replace(minute=NOW.minute // 10 * 10, second=0, microsecond=0) - timedelta(hours=1)
NAMES = {"N": ("North", "华北"), "E": ("East", None), "S": (None, None)}
ODD = "O'Brien"


@pytest.fixture
def conn(migrated):
    """Give a connection to three warehouses; what a test writes is taken back."""
    with psycopg.connect(migrated) as made:
        for number, (code, (name, name_zh)) in enumerate(NAMES.items()):
            shelves.warehouse(made, code, number, NOW)
            made.execute(
                "UPDATE inventory.warehouses SET name = %s, name_zh = %s WHERE warehouse = %s",
                [name, name_zh, code],
            )
        yield made
        made.rollback()


def stock(conn, warehouse, category, value, **more) -> None:
    """Write a row of stock_totals: all that is not said is nothing."""
    nothing = dict.fromkeys(
        ("skus", "red", "yellow", "green", "over", "sold_out", "on_hand", "on_hold", "reserved",
         "available", "in_transit", "incoming", "short", "demand_per_day", "demand_value"), 0,
    )  # fmt: skip
    row = nothing | {"warehouse": warehouse, "category": category, "value": value} | more
    insert(conn, "stock_totals", made_at=NOW, **row)


def ask(conn, name, lang="en", **chosen):
    """Return the rows of a query of the big screen."""
    return answer(conn, BOARD[lang], name, **chosen)


@pytest.fixture
def levels(conn):
    """Give stock of two warehouses and two categories."""
    stock(conn, "N", "food", 1_000_000, on_hand=100, red=1, yellow=2, green=3, over=4)
    stock(conn, "N", "tools", None, on_hand=20, red=10)
    stock(conn, "E", "food", 500_000, on_hand=7, red=100, over=1)
    stock(conn, "E", ODD, 250_000, on_hand=1, green=5)
    return conn


@pytest.mark.parametrize(
    ("warehouse", "category", "on_hand", "value", "red", "over"),
    [
        ("__all__", "__all__", 128, 1_750_000, 111, 5),
        ("N", "__all__", 120, 1_000_000, 11, 4),
        (["N", "E"], "food", 107, 1_500_000, 101, 5),
        ("E", ODD, 1, 250_000, 0, 0),
    ],
)
def test_totals_are_those_of_what_is_chosen(  # noqa: PLR0917
    levels, warehouse, category, on_hand, value, red, over
):
    """All, one or several; a value with a quote; what has no known cost is left out."""
    [row] = ask(levels, "stock", warehouse=warehouse, category=category)
    assert (row["on_hand"], row["value"], row["red"], row["over"]) == (on_hand, value, red, over)


def test_chinese_figures_are_in_ten_thousands(levels):
    """1,750,000 yuan are 175 万元 there; levels are counted, not divided."""
    [row] = ask(levels, "stock", "zh-CN")
    assert (row["value"], row["on_hand"], row["red"]) == (175, Decimal("0.0128"), 111)


def test_nothing_chosen_that_exists_is_nothing(levels):
    """A category of another warehouse gives one row without figures, which the tiles show as –."""
    [row] = ask(levels, "stock", warehouse="N", category=ODD)
    assert row["on_hand"] is None


@pytest.mark.parametrize(("lang", "other"), [("en", "Other"), ("zh-CN", "其他")])
def test_donut_is_the_seven_largest_and_the_rest(conn, lang, other):
    """Ten categories of 100, 90 … 10: the last three together; no category has a name."""
    for n in range(10):
        stock(conn, "N", "" if n == 0 else f"c{n}", 10_000 * (100 - 10 * n))
    rows = ask(conn, "category", lang)
    factor = 10_000 if lang == "en" else 1
    assert [row["value"] for row in rows] == [
        factor * v for v in (100, 90, 80, 70, 60, 50, 40, 30 + 20 + 10)
    ]
    assert [row["name"] for row in rows[1:7]] == [f"c{n}" for n in range(1, 7)]
    assert rows[7]["name"].startswith(other)
    assert rows[0]["name"]


def test_in_and_out_are_what_crosses_the_warehouse(conn):
    """Receipts, returns and transfers; moves inside, status changes and counts are neither."""
    for kind, inbound, outbound in [
        ("inbound", 50, 0), ("return", 4, 3), ("transfer_in", 6, 0), ("outbound", 0, 20),
        ("transfer_out", 0, 8), ("scrap", 0, 1), ("move", 99, 99), ("status", 9, 9),
        ("stocktake", 7, 5), ("adjustment", 3, 2),
    ]:  # fmt: skip
        for warehouse in "NE":
            insert(conn, "throughput", at=TEN, warehouse=warehouse, type=kind, lines=1,
                   inbound=inbound, outbound=outbound)  # fmt: skip
    insert(conn, "throughput", at=TEN + timedelta(minutes=10), warehouse="N", type="outbound",
           lines=1, inbound=0, outbound=2)  # fmt: skip
    day = NOW - timedelta(days=1)
    one = [tuple(row.values()) for row in ask(conn, "flow", warehouse="N", since=day)]
    assert one == [(TEN, 60, 32), (TEN + timedelta(minutes=10), 0, 2)]
    assert ask(conn, "flow", since=day)[0] == {"time": TEN, "inbound": 120, "outbound": 64}
    assert ask(conn, "flow", warehouse=["S"]) == []
    longer = ask(conn, "flow", since=NOW - timedelta(days=30))
    assert sum(row["outbound"] for row in longer) == 66
    assert all(row["time"].hour == 0 for row in longer)


def test_turnover_of_several_is_cost_over_value(conn):
    """10 a year of 100 and 1 a year of 300: 1,300 of 400 is 3.25, and lasts 365 / 3.25 days."""
    for warehouse, mean, annualised in (("N", 100, 10), ("E", 300, 1)):
        insert(conn, "turnover_totals", scope="warehouse_category", warehouse=warehouse,
               category="food", days=30, made_at=NOW, mean_value=mean,
               annualised=annualised)  # fmt: skip
    insert(conn, "turnover_totals", scope="all", days=30, made_at=NOW, mean_value=9, annualised=9)
    [row] = ask(conn, "turnover")
    assert row["annual"] == Decimal("3.25")
    assert round(row["days"], 4) == round(Decimal(365) / Decimal("3.25"), 4)
    assert ask(conn, "turnover", warehouse="E")[0]["annual"] == 1
    assert ask(conn, "turnover", warehouse="S")[0]["annual"] is None


def alert(conn, alert_id, severity, **more) -> None:
    """Write where an episode stands: an hour ago nothing lay in N any more."""
    row = {"rule": "stock_out", "warehouse": "N", "state": "open"} | more
    insert(conn, "alert_state", alert_id=alert_id, severity=severity, subject=alert_id, version=1,
           opened_at=NOW - timedelta(hours=1), seen_at=NOW, **row)  # fmt: skip


@pytest.fixture
def alarmed(conn):
    """Give four open episodes, one of them about no warehouse, and one that is over."""
    alert(conn, "a1", "warning")
    alert(conn, "a2", "critical", warehouse="E")
    alert(conn, "a3", "info", state="acknowledged", acknowledged_at=NOW, acknowledged_by="张三")
    alert(conn, "a4", "critical", rule="lag_high", warehouse="")
    alert(conn, "a5", "critical", state="resolved", resolved_at=NOW)
    return conn


def test_alerts_are_counted_by_severity_and_type(alarmed):
    """Open ones only; what is about no warehouse is about every one of them."""
    [row] = ask(alarmed, "severity")
    assert row == {"critical": 2, "warning": 1, "info": 1, "unanswered": 3}
    [row] = ask(alarmed, "severity", warehouse="N")
    assert row == {"critical": 1, "warning": 1, "info": 1, "unanswered": 2}
    assert [row["alerts"] for row in ask(alarmed, "type")] == [3, 1]


@pytest.mark.parametrize(("lang", "said"), [("en", "short"), ("zh-CN", "缺货")])
def test_open_alerts_begin_with_the_gravest(alarmed, lang, said):
    """Critical, warning, notice; with the latest sentence of the language and who answered."""
    insert(alarmed, "alerts", alert_id="a2", rule="stock_out", version=1, severity="critical",
           warehouse="E", roles=[], transition="opened", state="open", at=NOW,
           occurred_at=NOW, message_en="short", message_zh="缺货")  # fmt: skip
    rows = ask(alarmed, "alert", lang)
    assert [row["severity"] for row in rows] == ["critical", "critical", "warning", "info"]
    assert rows[-1]["who"] == "张三"
    assert [row["message"] for row in rows if row["alert_id"] == "a2"] == [said]


def test_shortages_begin_with_what_is_worth_most(conn):
    """By value at risk over all warehouses; unknown value comes last; items have names."""
    shelves.item(conn, "milk", name="Milk", name_zh="奶", category="food")
    for warehouse, sku, risk, short in (
        ("N", "milk", 5, 9),
        ("E", "x", 7, 1),
        ("E", "y", None, 99),
    ):
        insert(conn, "shortage_totals", warehouse=warehouse, place=short, made_at=NOW, sku=sku,
               on_hand=0, reserved=0, available=0, short=short, in_transit=0, incoming=0,
               projected=0, value_at_risk=risk)  # fmt: skip
    assert [row["sku"] for row in ask(conn, "shortage")] == ["x", "milk", "y"]
    [milk] = ask(conn, "shortage", "zh-CN", category="food")
    assert (milk["warehouse_name"], milk["item"], milk["short"]) == ("华北", "奶", 9)


def test_zones_begin_with_the_fullest(conn):
    """A zone without limits and the zone of no name are left out."""
    for zone, occupancy in (("A", 50), ("B", 101), ("C", None), ("", 200)):
        insert(conn, "zone_totals", warehouse="N", zone=zone, made_at=NOW, bins=1, free_bins=0,
               closed_bins=0, unknown_bins=0, overweight_bins=0, skus=1, quantity=1, volume=1,
               weight=1, occupancy=occupancy)  # fmt: skip
    assert [row["occupancy"] for row in ask(conn, "zone")] == [101, 50]
    assert ask(conn, "zone", warehouse="E") == []


def test_warehouses_are_compared_by_name(levels):
    """The language's name, else the other one, else the code; the largest value first."""
    shown = [(row["name"], row["value"], row["red"]) for row in ask(levels, "warehouse")]
    assert shown == [("North", 1_000_000, 11), ("East", 750_000, 100)]
    assert [row["name"] for row in ask(levels, "warehouse", "zh-CN")] == ["华北", "East"]
