"""The store on a real database against the store in memory: same batches, same tables."""

from __future__ import annotations

from collections import Counter
from itertools import pairwise
from typing import Any

import msgspec
import psycopg
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from connectors.timescale import claim
from flows.audit import Report, compare
from flows.audit_tables import TABLES
from flows.domain import routing
from flows.domain.ledger import Ledger, cut
from flows.domain.memory import MemoryStore
from flows.domain.recall import Recall
from flows.domain.rows import BlockKey, CountRow, Key, Row
from flows.store.recall import DatabaseRecall
from flows.store.writer import PartitionWriter
from tests.builders import (
    BROKER_TIME,
    bin_master,
    cancel,
    counted,
    customer_return,
    day,
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
from tests.dataflow.running import unlike
from tests.folding import read
from tests.strategies import event_sets, shuffle

pytestmark = pytest.mark.stack
ZONE = "Asia/Shanghai"
LEG = (
    *("at", "seq", "event_id", "warehouse", "sku", "lot", "bin", "status", "type", "quantity"),
    *("offset", "variance", "correction"),
)
FACTS = (
    *("order_id", "line_id", "document", "operator", "device", "video_url", "counterpart"),
    *("reason", "recorded_at", "expires_on", "produced_on", "due_at"),
)
QUESTIONS = {name for name in vars(Recall) if not name.startswith("_")}
examples = settings(
    max_examples=6,
    derandomize=True,
    deadline=None,
    phases=[Phase.generate],  # to shrink with a database for each try takes minutes
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)


class Both:
    """One partition folded twice: into memory, and into the tables of a database."""

    def __init__(self, dsn: str, partition: int, homes: dict[str, int]) -> None:
        """Open nothing yet; `homes` says where each warehouse lives."""
        self.dsn, self.partition, self.homes = dsn, partition, homes
        self.store = MemoryStore(partition, ZONE)
        self.writer: PartitionWriter | None = None

    def owns(self, house: str) -> bool:
        """Return whether the warehouse lives on this partition; what has none is on the first."""
        return self.homes.get(house, 0) == self.partition

    def open(self) -> PartitionWriter:
        """Return a writer that claims the partition and knows nothing but the tables."""
        standings = claim(self.dsn, "log", [self.partition], "test", lambda: False)
        return PartitionWriter(
            self.dsn,
            self.partition,
            standings[self.partition],
            zone=ZONE,
            owns=self.owns,
            stopping=lambda: False,
        )

    def fold(self, batch: list[Any], *, cold: bool, settled: bool = False) -> None:
        """Fold a batch into both; `cold`: by a writer that knows nothing but the tables.

        `settled`: the next batch is folded when this one is committed, not before.
        """
        first = self.store.next_offset
        log = [(first + n, BROKER_TIME, read(event)) for n, event in enumerate(batch)]
        ledger = Ledger(self.partition, self.store, ZONE, self.owns)
        if self.writer is None:
            self.writer = self.open()
            assert self.writer.start == first
        for piece in cut(log):
            self.store.apply(ledger.fold(piece))
            self.writer.hand_over(self.writer.fold(list(piece)), [])
        if settled:
            self.writer.settle()
        if cold:
            self.close()

    def close(self) -> None:
        """Commit what is on its way and forget."""
        if self.writer is not None:
            self.writer.close()
            self.writer = None


def both(
    dsn: str,
    batches: list[list[Any]],
    homes: dict[str, int],
    *,
    cold: bool,
    settled: bool = False,
) -> list[Any]:
    """Fold the batches on the partitions of `homes`; return what differs."""
    with psycopg.connect(dsn) as connection, connection.cursor() as cursor:
        cursor.executemany("INSERT INTO inventory.partitions VALUES (%s, %s)", list(homes.items()))
    parts = [Both(dsn, number, homes) for number in sorted(set(homes.values()))]
    try:
        for batch in batches:
            for part in parts:
                part.fold(
                    [event for event in batch if goes_to(event, part)], cold=cold, settled=settled
                )
    finally:
        for part in parts:
            part.close()
    return compared(dsn, [part.store for part in parts])


def goes_to(event: Any, part: Both) -> bool:
    """Return whether intake would lay the event on this partition."""
    names = routing.targets(event)
    return not names or any(part.owns(name) for name in names)


def compared(dsn: str, stores: list[MemoryStore]) -> list[Any]:
    """Return the differences between the tables and what the stores in memory hold."""
    report = Report()
    with psycopg.connect(dsn) as connection:
        for table in TABLES:
            compare(connection, table, stores, report, 20)
    return [(x.table, x.key, unlike(x)) for x in report.differences]


@st.composite
def batches(draw) -> list[list[Any]]:
    """Draw a set of events in any order, some of them twice, cut into batches."""
    events = draw(event_sets(max_size=40))
    again = draw(st.lists(st.sampled_from(events), max_size=4))
    log = [*shuffle(events, draw(st.integers(0, 10_000))), *again]
    cuts = draw(st.lists(st.integers(1, len(log)), min_size=2, max_size=6))
    edges = [0, *sorted(set(cuts) - {len(log)}), len(log)]
    return [log[a:b] for a, b in pairwise(edges)]


@examples
@given(drawn=batches())
def test_a_cold_writer_makes_the_tables_that_memory_makes(new_database, drawn):
    """Opened anew for each batch, the writer folds what a store in memory would."""
    with new_database() as dsn:
        assert both(dsn, drawn, dict.fromkeys("ABC", 0), cold=True) == []


@examples
@given(drawn=batches(), spread=st.tuples(*[st.integers(0, 1)] * 3))
def test_warm_writers_of_two_partitions_make_the_tables_that_memory_makes(
    new_database, drawn, spread
):
    """With batches on their way while the next are folded, and two partitions side by side."""
    with new_database() as dsn:
        homes = dict(zip("ABC", spread, strict=True))
        assert both(dsn, drawn, homes, cold=False) == []


def test_a_partition_never_writes_the_stock_of_another(database):
    """A transfer that leaves for elsewhere, or a stray event, opens nothing of the other end."""
    transfer = transfer_out("S1", 5, to="B", document="T1", id="t")
    drawn = [
        [inbound("S1", 10, warehouse="B", id="b1"), inbound("S1", 20, id="a1")],
        [transfer],
        [inbound("S1", 7, warehouse="B", id="b2"), outbound("S1", 1, id="a2")],
        [policy(sku="S1", safety_stock=3), item("S1", unit_cost=2)],
        [policy(safety_stock=4)],
    ]
    assert both(database, drawn, {"A": 0, "B": 1}, cold=False, settled=True) == []


def test_an_item_that_another_partition_has_written_first_still_counts(database):
    """Each partition re-evaluates its own stock when its copy of the master data comes."""
    drawn = [
        [item("S1", unit_cost="2.5", id="i1"), inbound("S1", 1), inbound("S1", 2, warehouse="B")],
        [item("S1", unit_cost="4", id="i2", at="09:00")],
    ]
    assert both(database, drawn, {"A": 0, "B": 1}, cold=True) == []


def test_a_purchase_line_that_got_more_than_it_asked_for_waits_for_nothing(database):
    """Also in a cold writer, which reads open lines from the table."""
    due = moment(9 * 1440)
    more = purchase_line("P1", "S1", 10, shipped=12, line_id="1", version=1, due_at=due, id="q")
    assert both(database, [[more], [tick("09:00")], [inbound("S1", 1)]], {"A": 0}, cold=True) == []


def apart(dsn: str, *told: tuple[int, list[Any]]) -> list[Any]:
    """Fold batches, each on one of two partitions, by writers that know nothing but the tables."""
    homes = {"A": 0, "B": 1}
    with psycopg.connect(dsn) as connection:
        connection.execute("INSERT INTO inventory.partitions VALUES ('A', 0), ('B', 1)")
    parts = [Both(dsn, number, homes) for number in (0, 1)]
    for number, batch in told:
        parts[number].fold(batch, cold=True)
    return compared(dsn, [part.store for part in parts])


def test_a_policy_that_only_another_partition_knows_yet_holds_there_alone(database):
    """Of a SKU, of everything, and a newer one of the same scope: each partition its own."""
    ours = [policy(id="p1", safety_stock=1), policy(id="p2", sku="S1", max_stock=5)]
    theirs = [
        policy(id="p3", safety_stock=3, at="09:00"),
        policy(id="p4", sku="S1", max_stock=2, at="09:00"),
        policy(id="p5", sku="S2", safety_stock=9),
        policy(id="p6", frozen_after_days=1),
    ]
    differing = apart(
        database,
        (0, ours),
        (1, [*ours, *theirs]),
        (0, [inbound("S1", 4, id="a1"), inbound("S2", 4, id="a2", at=moment(-3 * 1440))]),
        (1, [inbound("S1", 4, id="b1", warehouse="B", at=BROKER_TIME)]),
    )
    assert differing == []
    query = (
        "SELECT warehouse, safety_stock, max_stock FROM inventory.stock_figures WHERE sku = 'S1'"
    )
    with psycopg.connect(database) as connection:
        rows = connection.execute(query + " ORDER BY 1").fetchall()
    assert rows == [("A", 1, 5), ("B", 3, 2)]


def test_a_cancel_that_only_another_partition_knows_yet_holds_there_alone(database):
    """Of a policy, and of its cancel; the table of policies may be ahead of a partition."""
    known = [policy(id="p1", sku="S1", safety_stock=1), policy(id="p2", red_below="0.5")]
    known.append(policy(id="p3", sku="S1", safety_stock=2, at="09:00"))
    differing = apart(
        database,
        (0, known),
        (1, known),
        (1, [cancel("p3", id="x1"), cancel("p2", id="x2")]),
        (0, [inbound("S1", 4, id="a1")]),
        (1, [inbound("S1", 4, id="b1", warehouse="B")]),
        (1, [cancel("x1", id="x3")]),
        (1, [inbound("S1", 4, id="b2", warehouse="B")]),
        (0, [cancel("p2", id="x2"), cancel("p3", id="x1")]),
        (0, [inbound("S1", 4, id="a2")]),
        (0, [cancel("x1", id="x3")]),
    )
    assert differing == []


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
