"""Reports against hand-worked periods: value, turnover, flows by type, risks, expiry, occupancy."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

import psycopg
import pytest

from grafana.boards import reports
from grafana.language import languages
from tests.grafana.answering import answer
from tests.sql import shelves
from tests.sql.shelves import insert

pytestmark = pytest.mark.stack
BOARD = {say.lang: reports.build(say) for say in languages()}
SHANGHAI, NEW_YORK = ZoneInfo("Asia/Shanghai"), ZoneInfo("America/New_York")
CLOCK = datetime(2026, 3, 11, 4, tzinfo=UTC)
"""Wednesday noon in Shanghai, midnight in New York (summer time since Sunday)."""
SINCE = datetime(2026, 3, 9, 4, tzinfo=UTC)
LIMITS = {"volume": 0, "weight": 0, "filled_volume": 0, "filled_weight": 0}


@pytest.fixture
def conn(migrated):
    """Give a connection to warehouses in Shanghai, in New York and in no zone that is known."""
    with psycopg.connect(migrated) as made:
        zones = {"E": "Asia/Shanghai", "U": "America/New_York", "X": "Moon/Tycho"}
        for number, (code, zone) in enumerate(zones.items()):
            shelves.warehouse(made, code, number, CLOCK)
            made.execute(
                "UPDATE inventory.warehouses SET timezone = %s WHERE warehouse = %s", [zone, code]
            )
        yield made
        made.rollback()


def moved(conn, day, value, *, cost=0, warehouse="E", category="food", at=None) -> None:
    """Write a day of turnover_daily: the value changed at one moment, noon if none is told."""
    at = at or datetime(2026, 3, day, 12, tzinfo=SHANGHAI)
    seconds = Decimal(int(at.timestamp()))
    insert(conn, "turnover_daily", day=date(2026, 3, day), warehouse=warehouse, category=category,
           issues=cost / 10, issue_cost=cost, net=value / 10, moment=seconds * value / 10,
           value_net=value, value_moment=seconds * value)  # fmt: skip


def ask(conn, name, lang="en", **chosen):
    """Return the rows of a query from Monday noon to Wednesday noon in Shanghai."""
    return answer(conn, BOARD[lang], name, since=SINCE, until=CLOCK, **chosen)


@pytest.fixture
def days(conn):
    """Give 1,000 before; − 200 on Monday, nothing on Tuesday, + 400 − 100 on Wednesday."""
    moved(conn, 1, 1000)
    moved(conn, 9, -200, cost=200)
    moved(conn, 11, 300, cost=100, at=datetime(2026, 3, 11, 6, tzinfo=SHANGHAI))
    return conn


def test_value_bridges_from_opening_to_closing(days):
    """Opening + other − cost of issues = closing; on a day without movements nothing changes."""
    found = [
        (r["date"], r["opening"], r["other"], r["issue_cost"], r["closing"])
        for r in ask(days, "periods")
    ]
    assert found == [
        ("2026-03-11", 800, 400, 100, 1100),
        ("2026-03-10", 800, 0, 0, 800),
        ("2026-03-09", 1000, 0, 200, 800),
    ]


def test_turnover_is_cost_over_the_mean_of_the_time(days):
    """Monday: 1,000 for half a day, 800 for the other; Wednesday to noon: 800, then 1,100."""
    wednesday, tuesday, monday = (row["annual"] for row in ask(days, "periods"))
    assert tuesday == 0
    assert round(monday, 6) == round(Decimal(365 * 200) / 900, 6)
    assert round(wednesday, 6) == round(Decimal(365 * 100) / (Decimal(950) / 2), 6)


def test_a_period_that_is_none_is_the_day(days):
    """An address may say anything; nothing breaks and nothing is run."""
    odd = "decade'); DROP TABLE inventory.items; --"
    assert ask(days, "periods", period=odd) == ask(days, "periods")


@pytest.mark.parametrize(
    ("period", "first", "label", "opening", "closing"),
    [("week", "2026-03-09", "2026-W11", 1000, 1100), ("month", "2026-03-01", "2026-03", 0, 1100)],
)
def test_periods_are_whole(days, period, first, label, opening, closing):  # noqa: PLR0917
    """A month that began before the time shown is shown from its first day."""
    [row] = ask(days, "periods", period=period)
    assert (row["date"], row["period"]) == (first, label)
    assert (row["opening"], row["closing"], row["issue_cost"]) == (opening, closing, 300)


def test_chosen_warehouses_and_categories_are_summed(days):
    """All, one, several; a warehouse whose zone nobody knows is as one in UTC."""
    moved(days, 9, 50, warehouse="X")
    moved(days, 9, 7, warehouse="U", category="tools")
    for chosen, closing in [
        ({}, 857), ({"warehouse": "X"}, 50), ({"warehouse": ["E", "U"]}, 807),
        ({"category": "food"}, 850), ({"warehouse": "U", "category": "food"}, None),
    ]:  # fmt: skip
        rows = [row for row in ask(days, "periods", **chosen) if row["date"] == "2026-03-09"]
        assert [row["closing"] for row in rows] == ([] if closing is None else [closing])


def test_summary_spans_what_is_shown(days):
    """Opening of the first period, closing of the last, turnover over both, in yuan and 万元."""
    [row] = ask(days, "summary")
    assert (row["opening"], row["other"], row["issue_cost"], row["closing"]) == (
        1000, 400, 300, 1100,
    )  # fmt: skip
    mean = 900 + 800 + Decimal(950) / 2
    assert round(row["annual"], 6) == round(365 * 300 / mean, 6)
    assert ask(days, "summary", "zh-CN")[0]["closing"] == Decimal("0.11")


def test_lines_go_on_where_nothing_moved(days):
    """A warehouse without a row on a day keeps its level; before its first row it is 0."""
    moved(days, 10, 70, warehouse="U")
    rows = [(r["metric"], r["value"]) for r in ask(days, "value")]
    assert rows == [("E", 800), ("U", 0), ("E", 800), ("U", 70), ("E", 1100), ("U", 70)]
    times = [row["time"] for row in ask(days, "value")]
    assert times == sorted(times)
    assert times[0] == datetime(2026, 3, 9, tzinfo=SHANGHAI)
    assert [r["value"] for r in ask(days, "quantity", warehouse="E")] == [80, 80, 110]


def test_categories_are_the_seven_largest_and_the_rest(days):
    """What stock_totals does not hold among the first seven is one line."""
    nothing = dict.fromkeys(
        ("skus", "red", "yellow", "green", "over", "sold_out", "on_hand", "on_hold", "reserved",
         "available", "in_transit", "incoming", "short", "demand_per_day", "demand_value"), 0,
    )  # fmt: skip
    for n in range(9):
        moved(days, 9, 10 + n, category=f"c{n}")
        insert(
            days, "stock_totals", warehouse="E", category=f"c{n}", made_at=CLOCK, value=n, **nothing
        )
    last = {r["metric"]: r["value"] for r in ask(days, "category")[-8:]}
    rest = [value for name, value in last.items() if not name.startswith("c")]
    assert rest == [1100 + 10 + 11]
    assert {name for name in last if name.startswith("c")} == {f"c{n}" for n in range(2, 9)}


def flow(conn, kind, inbound, outbound, at, *, warehouse="E") -> None:
    """Write ten minutes of throughput."""
    insert(conn, "throughput", at=at, warehouse=warehouse, type=kind, lines=1, inbound=inbound,
           outbound=outbound)  # fmt: skip


def test_flows_have_a_side_and_a_local_day(conn):
    """Moves and status changes are neither; a night in Shanghai is the day before in New York."""
    night = datetime(2026, 3, 11, 0, 30, tzinfo=SHANGHAI)
    for kind, inbound, outbound in [
        ("inbound", 50, 0), ("return", 4, 3), ("transfer_in", 6, 0), ("outbound", 0, 20),
        ("transfer_out", 0, 8), ("scrap", 0, 1), ("move", 99, 99), ("status", 9, 9),
        ("stocktake", 7, 5), ("adjustment", 3, 2),
    ]:  # fmt: skip
        flow(conn, kind, inbound, outbound, night)
    flow(conn, "outbound", 0, 5, night, warehouse="U")
    wednesday, tuesday = ask(conn, "flow")
    assert (wednesday["inbound"], wednesday["outbound"]) == (60, 32)
    assert (wednesday["count_loss"], wednesday["count_gain"], wednesday["to_supplier"]) == (
        7,
        10,
        3,
    )
    assert (tuesday["date"], tuesday["outbound"], tuesday["received"]) == ("2026-03-10", 5, 0)
    [week] = ask(conn, "flow", period="week", warehouse=["E", "U"])
    assert (week["period"], week["outbound"]) == ("2026-W11", 37)


def test_risks_are_counted_by_the_day_on_which_they_began(conn):
    """Handled is acknowledged or over; the pipeline's own count whatever warehouse is chosen."""
    began = datetime(2026, 3, 10, 10, tzinfo=SHANGHAI)
    for number, (severity, acknowledged, minutes, warehouse) in enumerate(
        [("critical", 1, None, "E"), ("critical", 0, 10, "E"), ("info", 0, None, ""),
         ("warning", 0, None, "U")]
    ):  # fmt: skip
        insert(conn, "alert_times", alert_id=str(number), rule="stock_out", warehouse=warehouse,
               severity=severity, occurred_at=began, committed_at=began,
               acknowledged_at=began if acknowledged else None,
               resolved_at=began + timedelta(minutes=minutes) if minutes else None)  # fmt: skip
    [row] = ask(conn, "raised", warehouse="E")
    assert (row["date"], row["raised"], row["critical"], row["info"]) == ("2026-03-10", 3, 2, 1)
    assert (row["handled"], row["resolved"], row["p50"]) == (2, 1, 600)
    [_, abroad] = ask(conn, "raised")
    assert (abroad["date"], abroad["raised"]) == ("2026-03-09", 1)


def test_expiry_is_that_of_the_last_day_of_a_period(conn):
    """A week is what its last day that is known says, not a sum of days."""
    for day, value in ((9, 100), (10, 70)):
        for window in ("≤7", "beyond"):
            insert(conn, "expiry_daily", day=date(2026, 3, day), warehouse="E", lots=1, quantity=1,
                   category="food", expiry_window=window, sellable_quantity=1,
                   value=value)  # fmt: skip
    assert [row["d7"] for row in ask(conn, "expiry")] == [100, 70]
    [week] = ask(conn, "expiry", period="week")
    assert (week["d7"], week["expired"]) == (70, 0)


def test_occupancy_is_the_fullest_of_the_limits(conn):
    """Units 30 of 40, weight 9 of 10: 90 %; a zone without limits adds nothing."""
    noon = datetime(2026, 3, 10, 6, tzinfo=UTC)
    some = {"hour": noon, "warehouse": "E", "bins": 2, "quantity": 30} | LIMITS
    full = some | {"weight": 9, "filled_weight": 9}
    insert(conn, "occupancy_hourly", zone="A", filled_quantity=30, max_quantity=40, max_weight=10,
           **full)  # fmt: skip
    insert(conn, "occupancy_hourly", zone="B", filled_quantity=0, **some)
    [row] = ask(conn, "occupancy")
    assert (row["metric"], row["value"]) == ("E", 90)
