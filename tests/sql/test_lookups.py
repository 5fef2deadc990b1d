"""stock_as_of, trace, lots, lag_quantile and the screen views, on a few rows made by hand."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import psycopg
import pytest
from psycopg.rows import dict_row
from psycopg.types.json import Jsonb

pytestmark = pytest.mark.stack
DAY = datetime(2025, 9, 1, 8, tzinfo=UTC)


def day(number: int, hour: int = 8) -> datetime:
    """Return an hour of a day of September 2025."""
    return DAY + timedelta(days=number - 1, hours=hour - 8)


@pytest.fixture
def conn(migrated):
    """Give a connection whose rows are dicts; what a test writes is taken back."""
    with psycopg.connect(migrated, row_factory=dict_row) as made:
        yield made
        made.rollback()


def insert(conn: psycopg.Connection, table: str, **row: object) -> None:
    """Insert one row."""
    names = ", ".join(f'"{name}"' for name in row)
    marks = ", ".join(["%s"] * len(row))
    statement = f"INSERT INTO {table} ({names}) VALUES ({marks})"
    conn.execute(statement.encode(), list(row.values()))


def leg(conn, at, kind, quantity, **more) -> None:
    """Insert one row of movements; warehouse N, SKU milk, lot L1, bin A1 unless told."""
    row = {
        "occurred_at": at,
        "warehouse": "N",
        "sku": "milk",
        "lot": "L1",
        "bin": "A1",
        "status": "sellable",
        "type": kind,
        "quantity": quantity,
        "event_id": f"{kind}-{at:%d%H}",
        "committed_at": at,
        "log_partition": 0,
        "log_offset": 0,
    }
    insert(conn, "movements", **(row | more))


def line(conn, at, order_id, **body) -> None:
    """Insert the image of an order line in the journal."""
    insert(
        conn,
        "journal",
        occurred_at=at,
        committed_at=at,
        event_id=f"line-{at:%d%H}",
        type="order_line",
        warehouse="E",
        sku="milk",
        key=order_id,
        line_id="1",
        body=Jsonb({"ordered": 10, "state": "open", **body}),
        log_partition=0,
        log_offset=0,
    )


@pytest.fixture
def trail(conn):
    """Give the mission's example: received by 张三, transferred by 李四, shipped by 王五."""
    leg(conn, day(1), "inbound", 100, operator="张三", document="PO-1")
    leg(conn, day(2), "move", -40, operator="赵六", event_id="m")
    leg(conn, day(2), "move", 40, operator="赵六", event_id="m", bin="B2")
    leg(conn, day(3), "transfer_out", -30, operator="李四", document="T-1", counterpart="E")
    leg(conn, day(4), "transfer_in", 30, warehouse="E", document="T-1", counterpart="N")
    line(conn, day(4, 20), "O-1", version=1)
    leg(conn, day(5), "outbound", -10, warehouse="E", operator="王五", order_id="O-1", line_id="1")
    leg(conn, day(5), "inbound", 7, sku="tea", lot="", document="PO-1")
    insert(conn, "orders", warehouse="E", order_id="O-1", line_id="1", sku="milk", state="open")
    return conn


def steps(conn, call: str) -> list[tuple]:
    """Return the trail of a call as (type, warehouse, quantity, from_bin, to_bin)."""
    query = f"SELECT * FROM trace({call})"
    rows = conn.execute(query.encode()).fetchall()
    return [
        (row["type"], row["warehouse"], row["quantity"], row["from_bin"], row["to_bin"])
        for row in rows
    ]


def test_trace_of_a_sku_is_one_trail(trail):
    """The legs of an event are one step; steps come in the order in which they happened."""
    assert steps(trail, "sku => 'milk'") == [
        ("inbound", "N", 100, None, "A1"),
        ("move", "N", 40, "A1", "B2"),
        ("transfer_out", "N", -30, "A1", None),
        ("transfer_in", "E", 30, None, "A1"),
        ("outbound", "E", -10, "A1", None),
    ]


def test_trace_names_who_did_it(trail):
    """The trail of a lot has the operators of the mission's example."""
    rows = trail.execute("SELECT operator FROM trace(lot => 'L1')").fetchall()
    assert [row["operator"] for row in rows] == ["张三", "赵六", "李四", None, "王五"]


def test_trace_of_an_order_has_its_line_and_its_scans(trail):
    """An order's trail begins with the image of its line, whatever its SKU moved for others."""
    rows = trail.execute("SELECT * FROM trace(order_id => 'O-1')").fetchall()
    assert [(row["type"], row["quantity"]) for row in rows] == [
        ("order_line", 10),
        ("outbound", -10),
    ]
    assert rows[0]["detail"] == {"ordered": 10, "state": "open", "version": 1}


def test_trace_of_a_document_has_every_sku(trail):
    """A document's trail has what it moved, of any SKU, in any warehouse."""
    assert [step[:3] for step in steps(trail, "document => 'PO-1'")] == [
        ("inbound", "N", 100),
        ("inbound", "N", 7),
    ]
    assert len(steps(trail, "document => 'T-1'")) == 2


def test_trace_filters_by_all_that_is_given(trail):
    """Two names given: only what has both."""
    assert steps(trail, "sku => 'tea', document => 'PO-1'") == [("inbound", "N", 7, None, "A1")]
    assert steps(trail, "sku => 'tea', lot => 'L1'") == []
    assert len(steps(trail, "sku => 'milk', lot => 'L1'")) == 5


def test_trace_finds_a_lot_by_its_dates_and_an_order_without_lines(trail):
    """Lots that have dates and orders that the order system never sent are found as well."""
    insert(trail, "lot_dates", warehouse="N", sku="milk", lot="L1", expires_on="2026-01-01")
    assert len(steps(trail, "lot => 'L1'")) == 5
    leg(trail, day(6), "outbound", -1, order_id="O-9")
    assert steps(trail, "order_id => 'O-9'") == [("outbound", "N", -1, "A1", None)]


def test_trace_of_nothing_is_nothing(trail):
    """Without a name, and with one that nobody knows, there is no trail."""
    for call in (
        "",
        "sku => NULL",
        "sku => 'x'",
        "lot => 'x'",
        "order_id => 'x'",
        "document => 'x'",
    ):
        assert steps(trail, call) == []


def test_trace_shows_counts_variances_and_corrections(trail):
    """A count is a step with what was counted; its variance and a late correction follow."""
    body = {"quantity": "58", "lot": "L1", "to_bin": "A1", "operator": "钱七", "scope": "lot"}
    insert(
        trail,
        "journal",
        occurred_at=day(7),
        event_id="stocktake-0708",
        type="stocktake",
        warehouse="N",
        sku="milk",
        body=Jsonb(body),
        log_partition=0,
        log_offset=0,
    )
    leg(trail, day(7), "stocktake", -2, variance=True)
    leg(trail, day(7), "stocktake", 1, variance=True, correction=True)
    rows = trail.execute("SELECT * FROM trace(sku => 'milk') WHERE type = 'stocktake'").fetchall()
    assert [(row["quantity"], row["variance"], row["correction"]) for row in rows[:2]] == [
        (-2, True, False),
        (1, True, True),
    ]
    assert (rows[2]["quantity"], rows[2]["operator"]) == (58, "钱七")


def test_trace_shows_a_status_change_as_one_step(conn):
    """From sellable to damaged: one step with both statuses."""
    leg(conn, day(1), "status", -5, event_id="s")
    leg(conn, day(1), "status", 5, event_id="s", status="damaged")
    [row] = conn.execute("SELECT * FROM trace(sku => 'milk')").fetchall()
    assert (row["from_status"], row["status"], row["quantity"]) == ("sellable", "damaged", 5)


def as_of(conn, *times: datetime) -> dict[tuple[str, str], Decimal]:
    """Return (warehouse, bin) → on_hand of milk."""
    marks = ", ".join(["%s"] * len(times))
    query = f"SELECT * FROM stock_as_of({marks}) WHERE sku = 'milk'"
    rows = conn.execute(query.encode(), times).fetchall()
    return {(row["warehouse"], row["bin"]): row["on_hand"] for row in rows}


def test_stock_as_of_is_the_sum_until_then(trail):
    """Each moment has its own stock; cells that are empty are not there."""
    assert as_of(trail, day(1, 7)) == {}
    assert as_of(trail, day(2)) == {("N", "A1"): 60, ("N", "B2"): 40}
    assert as_of(trail, day(5)) == {("N", "A1"): 30, ("N", "B2"): 40, ("E", "A1"): 20}


def test_stock_as_of_knows_what_was_known(trail):
    """A late event changes what is known now of a past moment, not what was known then."""
    leg(trail, day(2, 9), "scrap", Decimal("-0.5"), committed_at=day(9))
    assert as_of(trail, day(3, 7), day(4)) == {("N", "A1"): 60, ("N", "B2"): 40}
    assert as_of(trail, day(3, 7)) == {("N", "A1"): Decimal("59.5"), ("N", "B2"): 40}


def test_stock_as_of_hands_filters_to_the_index(trail):
    """A filter on SKU and warehouse outside reaches the index inside, on every chunk."""
    trail.execute("SET enable_seqscan = off")
    plan = trail.execute(
        "EXPLAIN SELECT * FROM stock_as_of(now()) WHERE sku = 'milk' AND warehouse = 'N'"
    ).fetchall()
    text = "\n".join(row["QUERY PLAN"] for row in plan)
    assert "Function Scan" not in text
    assert "sku_warehouse_occurred_at_idx" in text
    assert "sku = 'milk'" in text


@pytest.mark.parametrize(
    ("q", "seconds"), [(0.5, 0.001), (0.9, 0.001), (0.91, 0.0011), (1, 0.0011)]
)
def test_lag_quantile_is_the_upper_bound_of_its_bucket(conn, q, seconds):
    """Nine events within 1 ms, one within 1.1 ms."""
    row = conn.execute("SELECT lag_quantile(ARRAY[9, 1, 0]::bigint[], %s) AS s", [q]).fetchone()
    assert row["s"] == pytest.approx(seconds)


def test_lag_quantile_of_nothing_is_null(conn):
    """No events: no quantile."""
    row = conn.execute(
        "SELECT lag_quantile('{0,0}', 0.5) AS a, lag_quantile('{}', 0.5) AS b,"
        " lag_quantile(NULL, 0.5) AS c"
    ).fetchone()
    assert set(row.values()) == {None}


def test_lots_count_days_in_the_warehouses_own_zone(conn):
    """Days to expiry are signed and local; a zone that nobody knows breaks nothing."""
    zones = {"E": "Asia/Shanghai", "W": "America/Los_Angeles", "X": "No/Where"}
    for place, zone in zones.items():
        insert(conn, "warehouses", warehouse=place, timezone=zone)
        today = datetime.now(UTC).date()
        for lot, days in (("old", -3), ("soon", 6), ("far", 400)):
            insert(
                conn,
                "stock_bins",
                warehouse=place,
                sku="milk",
                lot=lot,
                status="sellable",
                quantity=1,
            )
            insert(
                conn,
                "lot_dates",
                warehouse=place,
                sku="milk",
                lot=lot,
                expires_on=today + timedelta(days=days),
            )
    insert(conn, "stock_bins", warehouse="X", sku="nail", status="hold", quantity=2)
    rows = conn.execute("SELECT * FROM lots ORDER BY warehouse, expires_on").fetchall()
    words = [row["expiry_window"] for row in rows]
    assert words == ["expired", "≤7", "beyond"] * 3 + ["none"]
    assert rows[-1]["sellable"] == 0
    assert rows[6]["days_to_expiry"] == -3


def test_screen_views_say_what_the_tables_say(conn):
    """Levels, the deepest shortage first, and lag over all partitions."""
    stock = {"warehouse": "E", "in_transit": 0}
    for sku, on_hand, safety, level in (
        ("a", 50, 100, "red"),
        ("b", 5, 10, "red"),
        ("c", 9, 1, "green"),
    ):
        insert(
            conn,
            "stock",
            **stock,
            sku=sku,
            on_hand=on_hand,
            available=on_hand,
            projected=on_hand,
            safety_stock=safety,
            water_level=level,
            value=on_hand,
        )
    for partition in (0, 1):
        insert(
            conn,
            "lag",
            minute=datetime.now(UTC),
            warehouse=f"E{partition}",
            kind="live",
            log_partition=partition,
            events=2,
            over_1s=1,
            over_3s=0,
            total_counts=[1, 1],
            to_committed_counts=[2],
            **{f"to_{stage}_counts": [] for stage in ("recorded", "sent", "broker")},
        )
    [levels] = conn.execute("SELECT * FROM screen.water_levels").fetchall()
    assert (levels["red"], levels["green"], levels["over"], levels["value"]) == (2, 1, 0, 64)
    short = conn.execute("SELECT sku, short FROM screen.shortages").fetchall()
    assert [tuple(row.values()) for row in short] == [("a", 50), ("b", 5)]
    [lag] = conn.execute("SELECT * FROM screen.lag_now").fetchall()
    assert (lag["events"], lag["share_over_1s"]) == (4, 0.5)
    assert (lag["p50"], lag["p99"], lag["broker_p99"]) == pytest.approx((0.001, 0.0011, 0.001))


def test_transfers_derive_what_is_on_its_way(conn):
    """in_transit and state are the database's own."""
    for document, shipped, received, lost in (
        ("a", 10, 0, 0),
        ("b", 10, 4, 0),
        ("c", 10, 9, 1),
        ("d", 10, 12, 0),
    ):
        insert(
            conn,
            "transfers",
            document=document,
            sku="s",
            **{"from": "N", "to": "E"},
            shipped=shipped,
            received=received,
            lost=lost,
        )
    rows = conn.execute("SELECT in_transit, state FROM transfers ORDER BY document").fetchall()
    assert [tuple(row.values()) for row in rows] == [
        (10, "in_transit"),
        (6, "partial"),
        (0, "received"),
        (-2, "over"),
    ]


def test_stock_cannot_contradict_itself(conn):
    """Available and projected are checked by the database on every write."""
    for wrong in ({"available": 1}, {"projected": 1}):
        with pytest.raises(psycopg.errors.CheckViolation), conn.transaction():
            insert(conn, "stock", warehouse="E", sku="s", **wrong)
