"""The store on a real database against the store in memory: same batches, same tables."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import psycopg
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from tests.builders import (
    BROKER_TIME,
    cancel,
    inbound,
    item,
    moment,
    outbound,
    policy,
    purchase_line,
    tick,
    transfer_out,
)
from tests.dataflow.two_stores import Both, both, compared
from tests.strategies import event_sets, shuffle

pytestmark = pytest.mark.stack
examples = settings(
    max_examples=6,
    derandomize=True,
    deadline=None,
    phases=[Phase.generate],  # to shrink with a database for each try takes minutes
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)


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
