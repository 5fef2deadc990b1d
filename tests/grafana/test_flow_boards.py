"""Flow trace, special stock and SKU: what they show of a small story, in both languages."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any

import psycopg
import pytest

from connectors.queries import QUERIES
from flows.domain.events import Warehouse
from grafana.boards import flow_trace, sku, special_stock
from grafana.language import languages
from tests.builders import (
    cancel,
    customer_return,
    inbound,
    item,
    make,
    move,
    order_line,
    outbound,
    scrap,
    stocktake,
    transfer_in,
    transfer_out,
)
from tests.dataflow.two_stores import both
from tests.grafana.asking import ALL, expanded, panels
from tests.sql import shelves

pytestmark = pytest.mark.stack
SAY = {say.lang: say for say in languages()}
LOT = {"sku": "milk", "lot": "L1"}
ODD = ["'; DROP TABLE inventory.items; --", 'a "quoted" name', "100%", "_", "O''Brien", "鲜奶\\"]
VIDEO = "https://video.example/1"


def at(day: int, hour: int = 9) -> datetime:
    """Return an hour of a day of September 2025."""
    return datetime(2025, 9, day, hour, tzinfo=UTC)


def happened() -> list[Any]:
    """Return the mission's example: received, transferred to East China, shipped for an order."""
    return [
        make(Warehouse, warehouse="N", name="North China", name_zh="华北仓", at=at(1, 0)),
        make(Warehouse, warehouse="E", name="East China", name_zh="华东仓", at=at(1, 0)),
        item("milk", name="Milk powder", name_zh="奶粉", at=at(1, 0)),
        item('5" 折叠刀', name="Knife", at=at(1, 0)),
        inbound("milk", 100, warehouse="N", bin="A1", document="PO-1", counterpart="Dairy Ltd",
                operator="张三", device="PDA-1", at=at(1), expires_on=date(2026, 9, 1), lot="L1"),
        transfer_out("milk", 40, "E", warehouse="N", bin="A1", document="T-1",
                     operator="李四", device="PDA-2", at=at(3), lot="L1"),
        transfer_in("milk", 40, "N", warehouse="E", bin="B7", document="T-1",
                    operator="李四", device="PDA-3", at=at(4), lot="L1"),
        order_line("O-1", "milk", 10, line_id="1", warehouse="E", at=at(4, 20)),
        outbound("milk", 10, warehouse="E", bin="B7", order_id="O-1", line_id="1",
                 operator="王五", device="PDA-4", at=at(5), lot="L1", video_url=VIDEO),
        inbound("milk", 7, warehouse="N", bin="A2", lot="L2", at=at(2)),
    ]  # fmt: skip


@pytest.fixture(scope="module")
def story(new_database):
    """Give a database that the flow's own fold and writer filled."""
    with new_database() as dsn:
        assert both(dsn, [happened()], {"N": 0, "E": 1}, cold=True) == []
        yield dsn


@pytest.fixture
def shop(migrated):
    """Give a connection to a warehouse made by hand; what is written is undone."""
    with psycopg.connect(migrated) as conn:
        shelves.warehouse(conn)
        yield conn
        conn.rollback()


def rows(conn, module, name, ref="A", lang="en", **typed) -> list[dict[str, Any]]:
    """Return what the query of a panel gives the boards' role."""
    board = module.build(SAY[lang])
    [panel] = [one for one in panels(board.json()) if one["id"] == board.ids[name]]
    [target] = [one for one in panel["targets"] if one["refId"] == ref]
    chosen = {"sku": "", "lot": "", "document": "", "warehouse": ALL, "category": ALL} | typed
    values = {key: value if isinstance(value, list) else [value] for key, value in chosen.items()}
    now = datetime.now(UTC)
    statement = expanded(target["rawSql"], values, now - timedelta(days=7), now)
    conn.execute("SET ROLE waterline_screen")
    try:
        cursor = conn.execute(statement.encode())
        names = [column.name for column in cursor.description]
        return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]
    finally:
        if conn.info.transaction_status != psycopg.pq.TransactionStatus.INERROR:
            conn.execute("RESET ROLE")


def asked(dsn, module, name, ref="A", lang="en", **typed) -> list[dict[str, Any]]:
    """Return the same, over a connection of its own."""
    with psycopg.connect(dsn) as conn:
        return rows(conn, module, name, ref, lang, **typed)


@pytest.mark.parametrize(
    ("lang", "north", "east"), [("en", "North China", "East China"), ("zh-CN", "华北仓", "华东仓")]
)
def test_the_example_reads_as_one_trail(story, lang, north, east):
    """Inbound 09-01 (张三), transfer to East China 09-03 (李四), order outbound 09-05 (王五)."""
    trail = asked(story, flow_trace, "trail", lang=lang, **LOT)
    words = SAY[lang].family("flow.operation")
    assert [
        (f"{one['time']:%m-%d}", words[one["operation"]], one["warehouse_name"], one["other"],
         one["quantity"], one["operator"], one["document"], one["place"])
        for one in trail
    ] == [
        ("09-01", words["inbound"], north, "Dairy Ltd", 100, "张三", "PO-1", "A1"),
        ("09-03", words["transfer_out"], north, east, -40, "李四", "T-1", "A1"),
        ("09-04", words["transfer_in"], east, north, 40, "李四", "T-1", "B7"),
        ("09-05", words["order_outbound"], east, None, -10, "王五", "O-1", "B7"),
    ]  # fmt: skip
    assert trail[-1]["video"] == VIDEO
    assert trail[0]["item"] == {"en": "Milk powder", "zh-CN": "奶粉"}[lang]


def test_each_way_in_finds_its_steps(story):
    """By SKU, lot, name, order or document; a warehouse keeps its own steps."""

    def steps(**typed) -> list[str]:
        return [one["operation"] for one in asked(story, flow_trace, "trail", **typed)]

    whole = ["inbound", "inbound", "transfer_out", "transfer_in", "order_outbound"]
    assert steps(sku="milk") == steps(sku="奶粉") == steps(sku=" milk ") == whole
    assert steps(lot="L1") == ["inbound", *whole[2:]]
    assert steps(document="T-1") == ["transfer_out", "transfer_in"]
    assert steps(document="O-1") == ["order_line", "order_outbound"]
    assert steps(document="PO-1", lot="L2") == []
    assert steps(sku="milk", warehouse=["E"]) == ["transfer_in", "order_outbound"]
    assert sorted(steps(sku="milk", warehouse=["E", "N"])) == sorted(whole)


def test_nothing_typed_shows_the_latest_first(story):
    """The board is of use before anything is typed."""
    found = [one["time"] for one in asked(story, flow_trace, "trail")]
    assert len(found) == 5
    assert found == sorted(found, reverse=True)


@pytest.mark.parametrize("text", ODD)
@pytest.mark.parametrize("name", ["sku", "lot", "document"])
def test_odd_texts_are_only_texts(story, text, name):
    """Quotes, percent signs, Chinese and statements find nothing and break nothing."""
    assert asked(story, flow_trace, "trail", **{name: text}) == []
    assert asked(story, flow_trace, "path", "nodes", **{name: text}) == []
    assert asked(story, sku, "matches", sku=text) == []
    assert asked(story, sku, "trail", sku=text) == []
    with psycopg.connect(story) as conn:
        assert conn.execute("SELECT count(*) FROM inventory.items").fetchone() == (2,)


def test_a_double_quote_is_found(story):
    """A code with a double quote is found by its part and traced by its whole."""
    [found] = asked(story, sku, "matches", sku='5" 折')
    assert found["sku"] == '5" 折叠刀'
    assert asked(story, sku, "card", sku='5" 折叠刀')[0]["item"] == "Knife"


def test_the_path_has_its_places_and_what_went_between(story):
    """Supplier → North → in transit → East → customer, in units, as texts."""
    edges = asked(story, flow_trace, "path", "edges", **LOT)
    assert {(one["source"], one["target"], one["mainstat"]) for one in edges} == {
        ("supplier", "=North China", "100"), ("=North China", "transit", "40"),
        ("transit", "=East China", "40"), ("=East China", "customer", "10"),
    }  # fmt: skip
    nodes = {one["id"]: one for one in asked(story, flow_trace, "path", "nodes", **LOT)}
    assert nodes["transit"]["title"] == "In transit"
    assert (nodes["=East China"]["mainstat"], nodes["=East China"]["secondarystat"]) == (
        "In 40", "Out 10"
    )  # fmt: skip
    ends = {one[side] for one in edges for side in ("source", "target")}
    assert ends == nodes.keys()


def test_the_timeline_ends_now_and_shows_what_is_on_its_way(story):
    """Each lane says what was last done there; the destination shows the goods on their way."""
    found = asked(story, flow_trace, "timeline", **LOT)
    numbers = {name: number for number, name in enumerate(flow_trace.STATES, 1)}
    names = {float(number): name for name, number in numbers.items()}
    lanes = {
        lane: [names.get(one["value"]) for one in found if one["metric"] == lane]
        for lane in ("North China", "East China")
    }
    assert lanes["North China"] == ["received", "sent", "sent", "sent", "sent"]
    assert lanes["East China"] == [None, "in_transit", "received", "shipped", "shipped"]
    assert found == sorted(found, key=lambda one: (one["time"], one["metric"]))
    assert datetime.now(UTC) - found[-1]["time"] < timedelta(minutes=1)
    assert asked(story, flow_trace, "timeline") == []


def test_corrections_net_out_of_the_path(new_database):
    """What was cancelled is a step of its own and leaves nothing between the places."""
    wrong = outbound("milk", 9, warehouse="N", bin="A1", at=at(3))
    back = customer_return("milk", 2, warehouse="N", bin="A1", at=at(4))
    made = [
        inbound("milk", 30, warehouse="N", bin="A1", at=at(1)),
        move("milk", 5, "A1", "B2", warehouse="N", at=at(2)),
        wrong, back,
        scrap("milk", 1, warehouse="N", bin="A1", reason="broken", at=at(5)),
        stocktake("milk", 26, scope="sku", warehouse="N", at=at(6)),
    ]  # fmt: skip
    undone = [cancel(one, warehouse="N", at=at(7)) for one in (wrong, back)]
    with new_database() as dsn:
        assert both(dsn, [made, undone], {"N": 0}, cold=True) == []
        edges = asked(dsn, flow_trace, "path", "edges", sku="milk")
        trail = asked(dsn, flow_trace, "trail", sku="milk")
    assert {(one["source"], one["target"]): one["mainstat"] for one in edges} == {
        ("supplier", "=N"): "30", ("=N", "scrap"): "1", ("=N", "count"): "3",
    }  # fmt: skip
    notes = [one["note"] for one in trail]
    assert sum(note.startswith("correction") for note in notes) >= 2
    assert "broken" in notes


def test_the_edges_of_expiry_windows(shop):
    """0 days is not expired; 7, 15 and 30 are the last of their window, 91 is not shown."""
    shelves.figures(shop, "wine", 9, 10)
    shelves.item(shop, "wine", category="drinks")
    for days in (-1, 0, 7, 8, 15, 16, 30, 31, 91):
        expires = shelves.day(days)
        shelves.cell(shop, "A1", "wine", 1, lot=f"L{days}", expires_on=expires)
        shelves.insert(
            shop, "lot_dates", warehouse="W", sku="wine", lot=f"L{days}", expires_on=expires
        )
    shop.execute(
        f"""INSERT INTO inventory.expiry_totals (warehouse, category, expiry_window, lots, quantity,
            sellable_quantity, value, made_at)
        SELECT t.*, now() FROM ({(QUERIES / "totals_expiry.sql").read_text()}) AS t""".encode()
    )
    bars = rows(shop, special_stock, "lots")
    assert [(one["place"], one["lots"]) for one in bars] == [(0, 1), (1, 2), (2, 2), (3, 2), (4, 1)]
    assert [one["value"] for one in rows(shop, special_stock, "value")] == [10, 20, 20, 20, 10]
    listed = rows(shop, special_stock, "days_left")
    assert [one["days_to_expiry"] for one in listed] == [-1, 0, 7, 8, 15, 16, 30, 31]
    assert listed[0]["risk"] == 10
    [risk] = rows(shop, special_stock, "risk", category=["drinks"])
    assert risk == {"expired": 10, "week": 20, "fortnight": 20, "month": 20}
    assert rows(shop, special_stock, "days_left", category=["O'B"]) == []


def test_special_goods_are_listed_by_kind(shop):
    """Fragile with its protection, bonded, and what is not for sale; recordings with their link."""
    shelves.item(shop, "glass", name="Glass", fragile=True, protection="Two hands")
    shelves.item(shop, "phone", high_value=True)
    shelves.item(shop, "tea", bonded=True)
    shelves.place(shop, "A1")
    shelves.cell(shop, "A1", "glass", 5)
    shelves.cell(shop, "A1", "tea", 3, status="hold")
    shelves.insert(
        shop, "movements", occurred_at=shelves.CLOCK, warehouse="W", sku="phone", bin="D1",
        status="sellable", type="outbound", quantity=-1, event_id="x", video_url=VIDEO,
        log_partition=0, log_offset=0,
    )  # fmt: skip
    [glass] = rows(shop, special_stock, "fragile")
    assert (glass["zone"], glass["bin"], glass["protection"]) == ("A", "A1", "Two hands")
    assert [one["sku"] for one in rows(shop, special_stock, "bonded")] == ["tea"]
    assert [one["status"] for one in rows(shop, special_stock, "unsellable")] == ["hold"]
    assert [one["video"] for one in rows(shop, special_stock, "recorded")] == [VIDEO]


def test_a_sku_shows_its_figures_and_bins(story):
    """An exact code wins over codes that contain it; warehouses narrow what is summed."""
    [sums] = asked(story, sku, "sums", sku="milk")
    assert sums["on_hand"] == 97
    assert asked(story, sku, "sums", sku="milk", warehouse=["E"])[0]["on_hand"] == 30
    cells = asked(story, sku, "cells", sku="Milk pow")
    assert {(one["bin"], one["lot"], one["quantity"]) for one in cells} == {
        ("A1", "L1", 60), ("A2", "L2", 7), ("B7", "L1", 30)
    }  # fmt: skip
    assert asked(story, sku, "days", sku="milk")[-1]["on_hand"] == 97
    assert asked(story, sku, "changes", sku="milk")[-1]["on_hand"] == 97
