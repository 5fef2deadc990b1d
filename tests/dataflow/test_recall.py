"""The fold's questions: answered from a database as from memory, each of them asked."""

from __future__ import annotations

from collections import Counter
from typing import Any

import msgspec
import psycopg
import pytest

from flows.domain import state
from flows.domain.recall import Recall
from flows.domain.rows import BlockKey, CountRow, Key, Row
from flows.store import arrays
from flows.store.recall import DatabaseRecall
from tests.builders import (
    bin_master,
    cancel,
    counted,
    customer_return,
    day,
    decision,
    inbound,
    item,
    lost,
    moment,
    order_line,
    outbound,
    policy,
    purchase_line,
    stocktake,
    tick,
    transfer_in,
    transfer_out,
    warehouse,
)
from tests.dataflow.two_stores import Both, both

pytestmark = pytest.mark.stack
LEG = (
    *("at", "seq", "event_id", "warehouse", "sku", "lot", "bin", "status", "type", "quantity"),
    *("offset", "variance", "correction"),
)
FACTS = (
    *("order_id", "line_id", "document", "operator", "device", "video_url", "counterpart"),
    *("reason", "recorded_at", "expires_on", "produced_on", "due_at"),
)
QUESTIONS = {name for name in vars(Recall) if not name.startswith("_")}


def test_a_start_reads_no_policy_of_a_sku(database):
    """However many there are: each is read when its SKU is needed."""
    part = Both(database, 0, {"A": 0})
    part.fold([policy(safety_stock=1), *(policy(sku=f"S{n}", max_stock=n) for n in range(9))],
              cold=True)  # fmt: skip
    writer = part.open()
    recall = writer._ledger._state._recall
    assert [one.sku for one in recall.start().policies] == [None]
    assert [one.max_stock for one in recall.policies(["S3", "S4"])] == [3, 4]
    writer.close()


STORY: list[list[Any]] = [
    [
        warehouse("A", timezone="UTC", name_zh="上海一仓"),
        item("S1", id="i1", unit_cost="2.5", category="food"),
        item("S1", id="i2", unit_cost="3", category="toys", at="08:30"),
        bin_master("P", id="b1", zone="cold"),
        policy(id="p1", safety_stock=5),
        policy(id="p2", category="toys", max_stock=3),
        policy(id="p3", warehouse="A", sku="S1", safety_stock=9),
        inbound("S1", 10, id="in1", bin="P", lot="L1", expires_on=day(1), at="09:00"),
        transfer_out("S1", 4, id="t1", bin="P", lot="L1", document="T1", to="B", at="09:30"),
        order_line("O1", "S1", 6, id="o1", line_id="1", version=1),
        purchase_line("P1", "S1", 8, id="q1", line_id="1", due_at=moment(9 * 1440)),
    ],
    [
        stocktake(
            "S1", lines=[counted(3, lot="L1", bin="P"), counted(2, bin="Q")], scope="sku",
            id="c1", at="12:00",
        ),
        stocktake("S1", 7, id="c2", scope="bin", bin="P", at="13:00"),
        transfer_in("S1", 3, id="t2", document="T1", at="11:00"),
        lost("S1", 1, id="t3", document="T1", at="11:30"),
        inbound("S2", 1, id="other", at="09:10", device="pda-1", device_seq=4),
    ],
    [tick("23:59"), tick(at=moment(2 * 1440 + 5)), tick(at=moment(8 * 1440))],
    [customer_return("S1", 5, id="late", bin="P", at="10:00")],
    [
        outbound("S1", 2, id="out", bin="P", order_id="O1", line_id="1", at="11:00"),
        inbound("S2", 1, id="another", at="09:20", device="pda-1", device_seq=2),
    ],
    [order_line("O1", "S1", 9, id="o2", line_id="1", version=2), inbound("S1", 1, id="in1")],
    [
        policy(id="p4", warehouse="A", category="toys", red_below="0.5"),
        policy(id="p5", max_stock=4),
    ],
    [cancel("c1", id="x1"), cancel("in1", id="x2"), cancel("i2", id="x3"), cancel("b1", id="x4")],
    [cancel("t1", id="x5"), cancel("o2", id="x6"), cancel("q1", id="x7"), cancel("late", id="x8")],
    [cancel("p3", id="x9"), cancel("p1", id="x10"), cancel("p4", id="x11"), cancel("t3", id="x12")],
    [cancel("x2", id="y1"), cancel("x5", id="y2"), cancel("x9", id="y3"), cancel("x1", id="y4")],
    [item("S1", id="i3", unit_cost="4", at="08:45"), warehouse("A", timezone="Pacific/Kiritimati")],
    [purchase_line("P2", "S1", 8, id="q2", line_id="1", counterpart="supplier"),
     inbound("S1", 5, id="r1", order_id="P2", line_id="1", at="10:00"),
     inbound("S1", 3, id="r2", order_id="P2", line_id="1", at="12:00"),
     inbound("S1", 9, id="r3", order_id="P2", at="12:30")],
    [cancel("r2", id="z1")],
    [purchase_line("P2", "S2", 9, id="q3", line_id="1", version=2, received=9, at="13:00")],
    [purchase_line("P2", "S1", 4, id="q4", line_id="1", version=3, at="14:00")],
    [cancel("q2", id="z2"), cancel("z1", id="z3")],
    [item("S1", id="i4", unit_weight=2, at="08:50"), bin_master("P", id="b2", max_weight=3)],
    [inbound("S1", 7, id="in9", bin="P", at="14:00"), decision(id="d1", action_id="a-1")],
]  # fmt: skip


def test_every_question_of_the_fold_is_asked_and_answered(database, monkeypatch):
    """One story in which a cold writer has to ask each of its questions."""
    asked: Counter[str] = Counter()

    def noting(name: str) -> Any:
        answer = getattr(DatabaseRecall, name)

        def ask(self: DatabaseRecall, *arguments: Any) -> Any:
            asked[name] += 1
            return answer(self, *arguments)

        return ask

    for name in QUESTIONS:
        monkeypatch.setattr(DatabaseRecall, name, noting(name))
    assert both(database, STORY, {"A": 0, "B": 1}, cold=True) == []
    assert set(asked) == QUESTIONS


def test_however_much_is_read_and_written_at_once_the_tables_are_the_same(database, monkeypatch):
    """One account a query, one row a statement."""
    monkeypatch.setattr(state, "SLICE", 1)
    monkeypatch.setattr(arrays, "AT_ONCE", 1)
    assert both(database, STORY, {"A": 0, "B": 1}, cold=True) == []


def test_after_each_batch_of_the_story_the_answers_are_those_of_memory(database):
    """Each question by itself, for everything that the story names."""
    homes = {"A": 0, "B": 0}
    with psycopg.connect(database) as connection:
        connection.execute("INSERT INTO inventory.partitions VALUES ('A', 0), ('B', 0)")
    part = Both(database, 0, homes)
    for batch in STORY:
        part.fold(batch, cold=True)
        writer = part.open()
        for question, arguments in questions():
            live = getattr(writer._ledger._state._recall, question)(*arguments)
            expected = getattr(part.store, question)(*arguments)
            assert normal(live) == normal(expected), (question, arguments)
        writer.close()


def questions() -> list[tuple[str, tuple[Any, ...]]]:
    """Return questions about everything that the story names, with their arguments."""
    keys = [Key(house, sku) for house in "AB" for sku in ("S1", "S2")]
    events = {event.event_id: event for batch in STORY for event in batch}.values()
    counts = [event for event in events if event.event_id in ("c1", "c2")]
    images = [
        ("order_line", ("A", "O1", "1")), ("purchase_line", ("A", "P1", "1")), ("item", ("S1",)),
        ("purchase_line", ("A", "P2", "1")), ("bin", ("A", "P")), ("warehouse", ("A",)),
        ("policy", ("", "", "")), ("policy", ("A", "", "S1")), ("policy", ("A", "toys", "")),
    ]  # fmt: skip
    scopes = [("", "", ""), ("A", "", ""), ("", "toys", ""), ("B", "toys", ""), ("", "", "S1")]
    return [
        ("accounts", (keys,)),
        *(("orders", (table, [("A", "O1"), ("A", "P1")])) for table in ("orders", "purchases")),
        *((name, (["S1", "S2"],)) for name in ("items", "policies", "holders")),
        ("policies", ([""],)),
        *(("counts", (key,)) for key in keys),
        *(("rows", (key, moment("11:00"))) for key in keys),
        *(("find", (event.event_id, event.occurred_at)) for event in events),
        *(("receipts", (key, "P2")) for key in keys),
        *(("count_rows", (Key("A", "S1"), one.occurred_at, one.event_id)) for one in counts),
        *(("images", (kind, key)) for kind, key in images),
        *(("keys", scope) for scope in scopes),
        *(("due", (moment(days * 1440),)) for days in (0, 2, 9)),
        ("devices", (["pda-1", "pda-2"],)),
        ("blocks", ([BlockKey("pda-1", 1, 1), BlockKey("pda-1", 1024, 1)],)),
    ]


def normal(answer: Any) -> Any:
    """Return an answer without the order in which its rows came."""
    if isinstance(answer, tuple) and not isinstance(answer, Key):
        return tuple(map(normal, answer))
    if isinstance(answer, dict):
        return answer
    if hasattr(answer, "cells"):
        return [normal(getattr(answer, name)) for name in ("stock", "cells", "lots", "purchases")]
    return sorted(map(said, answer))


def said(row: Any) -> str:
    """Return a row as text; a leg's facts may be those of its event or of its columns."""
    if isinstance(row, Row):
        own = {name: getattr(row, name) for name in LEG}
        row = {**own, **{name: getattr(row.facts, name, None) for name in FACTS}}
    if isinstance(row, CountRow):
        row = msgspec.structs.replace(row, lines=dict(sorted(row.lines.items())))
    # a device_seq of 0 is the same place in the order as none
    return str(row).replace("device_seq=None", "device_seq=0")
