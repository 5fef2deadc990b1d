"""The stock flow, from the log to the tables, on a real broker and a real database."""

from __future__ import annotations

import json
import signal
import time
from collections import Counter
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import msgspec
import pytest
from confluent_kafka import TopicPartition
from confluent_kafka.admin import AdminClient

from connectors.kafka import LOG, REJECTS
from connectors.trouble import STOPPED, Trouble
from flows.domain.decode.canonical import encode
from flows.domain.events import Observation
from flows.domain.refused import Refused
from flows.domain.rejects import Reject
from flows.steps import Stop
from flows.stock import Decoded, Stock
from tests.builders import (
    adjustment,
    bin_master,
    cancel,
    customer_return,
    decision,
    inbound,
    item,
    make,
    move,
    order_line,
    outbound,
    policy,
    purchase_line,
    scrap,
    status_change,
    stocktake,
    supplier_return,
    tick,
    transfer_in,
    transfer_out,
    warehouse,
)
from tests.dataflow.running import (
    at,
    change,
    clean,
    consumed,
    counters,
    drain,
    ended,
    flow,
    lay,
    put,
    read,
    receipts,
    rows,
    uneven,
    wait_for,
)

pytestmark = pytest.mark.stack


def some(count, first=0, house="A", **fields):
    """Return numbered receipts."""
    return [
        inbound(f"S{n % 50}", 2, id=f"in-{n}", warehouse=house, at=at(n / 100), bin="P", **fields)
        for n in range(first, first + count)
    ]


def day():
    """Return one of everything, dated near now."""
    return [
        warehouse("A", timezone="Asia/Shanghai", name_zh="上海", at=at(0)),
        item("S1", unit_cost="2.5", category="food", at=at(0)),
        bin_master("P", zone="Z1", at=at(0)),
        policy(safety_stock=5, at=at(0)),
        policy(warehouse="A", sku="S1", max_stock=50, at=at(0)),
        inbound("S1", 100, bin="P", lot="L1", expires_on=at(9999).date(), at=at(10)),
        inbound("S1", "0.5", bin="Q", order_id="P1", line_id="1", at=at(11)),
        move("S1", 7, at=at(12)),
        outbound("S1", 30, bin="P", lot="L1", order_id="O1", line_id="1", at=at(20)),
        transfer_out("S1", 12, bin="P", lot="L1", document="T1", due_at=at(500), at=at(21)),
        transfer_in("S1", 10, bin="X", document="T1", at=at(40)),
        customer_return("S1", 2, bin="R", at=at(41)),
        supplier_return("S1", 1, bin="P", lot="L1", at=at(42)),
        scrap("S1", 1, bin="P", lot="L1", reason="broken", at=at(43), device="pda", device_seq=2),
        adjustment("S1", 1, bin="R", at=at(45)),
        adjustment("S1", 1, "loss", bin="R", at=at(46)),
        make(Observation, step="packing", why="no_stock_effect", body='{"a": "b"}', at=at(47)),
        status_change("S1", 1, bin="R", at=at(44)),
        stocktake("S1", 50, bin="P", lot="L1", id="count", at=at(60)),
        inbound("S1", 4, bin="P", lot="L1", id="late", at=at(30)),
        order_line("O1", "S1", 40, line_id="1", version=1, at=at(5)),
        purchase_line("P1", "S1", 10, line_id="1", due_at=at(900), at=at(5)),
        decision(at=at(70)),
        tick(at=at(80)),
        cancel("late", at=at(90)),
    ]


def sums(settings):
    """Return on_hand, reserved, in_transit, incoming by warehouse of S1."""
    found = rows(
        settings,
        "SELECT warehouse, on_hand, reserved, in_transit, incoming FROM stock WHERE sku = 'S1'",
    )
    return {house: tuple(map(float, figures)) for house, *figures in found}


def test_one_of_everything_is_in_the_tables(settings):
    """Every kind of event arrives, the sums agree, and the log folded again says the same."""
    lay(settings, day())
    drain(settings)
    # A: counted 50 in P, 0.5 and 7 in Q and −7 in P without lot, 2 in R
    assert sums(settings) == {"A": (52.5, 10, 0, 9.5), "B": (10, 0, 2, 0)}
    report = clean(settings)
    empty = {name for name, count in report.rows.items() if not count}
    assert empty <= {"demand_daily"}  # its day is not over
    refused = rows(settings, "SELECT code FROM rejects")
    assert refused == [("unknown_action",)]  # a decision on what nobody knows


def test_what_comes_again_is_counted_and_has_no_effect(settings):
    """In the same run and in another; the offset goes on from where it was."""
    put(settings, 0, *some(100), *some(30))
    drain(settings)
    assert counters(settings) == (130, 130, 100, 30, 0)
    drain(settings)
    assert counters(settings) == (130, 130, 100, 30, 0)
    put(settings, 0, *some(10), *some(20, first=100))
    drain(settings)
    assert counters(settings) == (160, 160, 120, 40, 0)
    assert rows(settings, "SELECT count(*), sum(quantity) FROM movements") == [(120, 240)]
    clean(settings)


def test_two_ticks_of_one_minute_are_one_row(settings):
    """With ids of their own, in one batch: both are valid, neither stops the flow."""
    put(settings, 0, tick(at=at(1), id="a"), tick(at=at(1), id="b"), tick(at=at(1), id="a"))
    drain(settings)
    assert counters(settings) == (3, 3, 2, 1, 0)
    assert rows(settings, "SELECT count(*), max(log_offset) FROM ticks") == [(1, 1)]
    clean(settings)


def junk():
    """Return (code, bytes) of what must be refused."""
    good = json.loads(encode(inbound("S1", 1, at=at(5))))

    def but(**fields):
        return json.dumps({**good, "event_id": f"j{len(fields)}{fields}"[:90], **fields}).encode()

    ahead = (at(0) + timedelta(days=400)).isoformat()
    return [
        ("not_json", b"{"),
        ("not_json", b"\xff\x00\xfe"),
        ("not_json", b"{" * 100_000),
        ("not_json", b'{"type": "inbound"} {}'),
        ("not_an_object", b"[1, 2]"),
        ("not_an_object", b"17"),
        ("empty", None),
        ("empty", b""),
        ("too_large", b'{"x":"' + b"y" * 10_000_000 + b'"}'),
        ("wrong_type", but(sku=5)),
        ("wrong_type", but(quantity={"a": 1})),
        ("wrong_type", but(source=3)),
        ("bad_value", but(quantity="many")),
        ("bad_value", but(quantity="-1")),
        ("bad_value", but(quantity="1e999999")),
        ("bad_value", but(quantity="NaN")),
        ("bad_value", but(status="eaten")),
        ("bad_text", but(lot="a\x00b")),
        ("bad_text", but(lot="\x02")),
        ("bad_text", but(sku="x" * 101)),
        ("bad_time", but(occurred_at="yesterday")),
        ("bad_time", but(occurred_at="2026-02-30T00:00:00Z")),
        ("bad_time", but(occurred_at="1969-12-31T23:59:59Z")),
        ("missing_field", but(warehouse=None)),
        ("missing_field", but(type=None)),
        ("unknown_type", but(type="dance")),
        ("clock_future", but(occurred_at=ahead)),
        ("too_late", but(occurred_at="2001-01-01T00:00:00Z")),
        ("wrong_partition", but(warehouse="B")),
    ]


def test_junk_is_refused_by_name_and_the_flow_lives(settings):
    """Each in table and topic with its code and place; what stands between them is applied."""
    settings = replace(settings, reject_share=1.0)
    put(settings, 1, *some(1, house="B"))
    drain(settings)
    bad = junk()
    between = some(len(bad))
    put(settings, 0, *(x for pair in zip((value for _, value in bad), between) for x in pair))  # noqa: B905
    conflict = replace_quantity(between[0])
    unknown = inbound("never seen", 3, warehouse="A", bin="nowhere", at=at(1))
    put(settings, 0, conflict, unknown)
    drain(settings)
    told = [*(code for code, _ in bad), "conflict"]
    places = [*range(0, 2 * len(bad), 2), 2 * len(bad)]
    found = rows(
        settings,
        'SELECT "offset", code, payload, payload_size, message FROM rejects ORDER BY "offset"',
    )
    assert [row[:2] for row in found] == list(zip(places, told, strict=True))
    assert all(len(row[2] or b"") <= 10_240 and row[4].strip() for row in found)
    large = next(row for row in found if row[1] == "too_large")
    assert large[3] == 10_000_008
    assert "in-0" in found[-1][4]
    documents = [json.loads(message.value()) for message in read(settings, REJECTS)]
    assert [(one["offset"], one["code"]) for one in documents] == [row[:2] for row in found]
    assert {(one["topic"], one["partition"]) for one in documents} == {
        (settings.topic_prefix + LOG, 0)
    }
    assert rows(
        settings,
        "SELECT consumed, applied, repeats, rejects FROM offsets WHERE log_partition = 0",
    ) == [(2 * len(bad) + 2, len(bad) + 1, 0, len(bad) + 1)]
    assert rows(settings, "SELECT on_hand FROM stock WHERE sku = 'never seen'") == [(3,)]
    clean(settings)


def replace_quantity(event):
    """Return other content under the same id."""
    return inbound(event.sku, 9, id=event.event_id, at=event.occurred_at, bin="P")


def test_a_second_flow_takes_over_and_the_first_ends(settings):
    """The first is fenced: one sentence, exit code 3, nothing of it written."""
    put(settings, 0, *some(100))
    with flow(settings) as first:
        wait_for(lambda: consumed(settings) == 100)
        with flow(settings) as second:
            wait_for(lambda: claims(settings) == (2, 8))
            put(settings, 0, *some(300, first=100))
            wait_for(lambda: consumed(settings) == 400)
            code, told = ended(first)
            second.terminate()
            assert ended(second) == (0, "")
    assert code == STOPPED
    assert told.strip().splitlines()[-1].count("taken over by another stock flow") == 1
    assert "Traceback" not in told
    assert counters(settings) == (400, 400, 400, 0, 0)
    clean(settings)


def claims(settings):
    """Return the lowest generation, and how many partitions are claimed."""
    return rows(settings, "SELECT min(generation), count(*) FROM offsets")[0]


def test_an_offset_that_left_the_log_stops_the_flow(settings):
    """It says which offset of what is gone and where the log starts; it does not begin anew."""
    put(settings, 0, *some(10))
    drain(settings)
    put(settings, 0, *some(10, first=10))
    admin = AdminClient({"bootstrap.servers": settings.brokers})
    topic = settings.topic_prefix + LOG
    (done,) = admin.delete_records([TopicPartition(topic, 0, 15)]).values()
    done.result()
    with pytest.raises(Trouble, match=rf"offset 10 of {topic}/0 is gone \(log starts at 15") as one:
        drain(settings)
    assert one.value.exit_code == STOPPED
    assert counters(settings) == (10, 10, 10, 0, 0)


def test_too_many_refusals_stop_the_flow(settings):
    """Past the limit it ends with the last refusal's sentence; what it took is committed."""
    settings = replace(settings, reject_window=20, reject_share=0.1)
    put(settings, 0, *some(18), b"{", b"{", b"{", *some(1, first=99))
    with pytest.raises(Trouble, match=r"too many messages .*not_json") as caught:
        drain(settings)
    assert caught.value.exit_code == STOPPED
    assert counters(settings) == (22, 22, 19, 0, 3)
    clean(settings)


def test_the_limit_may_be_passed_by_a_batch_without_refusals(settings):
    """The window fills up with good messages: the flow stops and names the last refusal."""
    stock = Stock(replace(settings, reject_window=20, reject_share=0.1), Stop(), [0], 8)
    bad = Refused("t", 0, 4, 0, Reject("not_json", "", "broken"), b"{", at(0))
    first, second = ([(n, at(0), None) for n in range(start, start + 10)] for start in (0, 10))
    stock.judge(Decoded(0, first, []), [replace_offset(bad, n) for n in range(5)])
    with pytest.raises(Trouble, match=r"too many messages .* offset 4\); the last: not_json"):
        stock.judge(Decoded(0, second, []), [])


def replace_offset(refused, offset):
    """Return the same refusal at another offset."""
    return msgspec.structs.replace(refused, offset=offset)


@pytest.mark.parametrize("sign", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_the_flow_in_order(settings, sign):
    """Within five seconds it ends well, with everything that was taken committed."""
    for partition, house in enumerate("ABCD"):
        put(settings, partition, *receipts(15_000, 15_000 * partition, house))
    with flow(settings) as running:
        wait_for(lambda: consumed(settings))
        began = time.monotonic()
        running.send_signal(sign)
        assert ended(running) == (0, "")
        assert time.monotonic() - began < 5
    taken = consumed(settings)
    assert rows(settings, "SELECT count(*) FROM movements") == [(taken,)]
    drain(settings)
    assert counters(settings) == (60_000, 60_000, 60_000, 0, 0)
    assert uneven(settings) == []


def test_nothing_to_read_drains_at_once(settings):
    """Eight empty partitions: no rows but the claims, in a few seconds."""
    began = time.monotonic()
    drain(settings)
    assert time.monotonic() - began < 10
    assert counters(settings) == (0, 0, 0, 0, 0)


def test_the_log_alone_builds_the_same_tables(settings, new_database):
    """An empty database is filled from the log, whatever partition is read first."""
    houses = [f"W{n}" for n in range(10)]
    events = [
        inbound("S1", 10, warehouse=house, at=at(n), id=f"i{house}")
        for n, house in enumerate(houses)
    ]
    events += [
        transfer_out("S1", 1, warehouse=a, to=b, document=a + b, at=at(50))
        for a in houses
        for b in houses
        if a != b
    ]
    events += [cancel(f"i{house}", warehouse=house, at=at(60)) for house in houses]
    # the transfers and cancels come before anything else of most warehouses
    lay(settings, reversed(events))
    drain(settings)
    wanted = rows(settings, "SELECT warehouse, log_partition FROM partitions ORDER BY 1")
    with new_database() as dsn:
        anew = replace(settings, dsn=dsn)
        drain(anew)
        assert Counter(code for (code,) in rows(anew, "SELECT code FROM rejects")) == {}
        assert rows(anew, "SELECT warehouse, log_partition FROM partitions ORDER BY 1") == wanted
        figures = "SELECT warehouse, sku, on_hand, in_transit FROM stock ORDER BY 1, 2"
        assert rows(anew, figures) == rows(settings, figures)


def test_a_global_item_reaches_stock_on_every_partition(settings):
    """Master data are on all partitions: each re-evaluates its own stock, now and later."""
    houses = "ABCDEFGH"
    lay(settings, [inbound("S1", 2, warehouse=house, at=at(1)) for house in houses])
    lay(settings, [item("S1", unit_cost="2.5", at=at(2))])
    drain(settings)
    value = "SELECT DISTINCT value, unit_cost, count(*) OVER () FROM stock"
    assert rows(settings, value) == [(Decimal(5), Decimal("2.5"), 8)]
    lay(settings, [item("S1", unit_cost=4, at=at(3), id="i2"), policy(sku="S1", max_stock=1)])
    lay(settings, [inbound("S1", 2, warehouse=house, at=at(4)) for house in houses])
    drain(settings)
    assert rows(settings, value) == [(Decimal(13), Decimal("3.25"), 8)]  # the average of both
    lay(settings, [cancel("i2", at=at(5))])
    drain(settings)
    assert rows(settings, value) == [(Decimal(10), Decimal("2.5"), 8)]
    clean(settings)


def test_an_offset_moved_by_another_hand_fences_the_flow(settings):
    """What is not at the offset that this flow left is not its own any more."""
    put(settings, 0, *some(50))
    drain(settings)
    with flow(settings) as running:
        wait_for(lambda: claims(settings) == (2, 8))
        change(settings, "UPDATE offsets SET next_offset = 40 WHERE log_partition = 0")
        put(settings, 0, *some(10, first=50))
        code, told = ended(running)
    assert code == STOPPED
    assert "Traceback" not in told
    assert rows(settings, "SELECT count(*) FROM movements") == [(50,)]


def test_a_batch_that_the_database_refuses_ends_the_flow(settings):
    """Nothing of the batch is written, and the flow does not stay alive without working."""
    put(settings, 0, *some(50))
    with flow(settings) as running:
        wait_for(lambda: consumed(settings) == 50)
        change(settings, "ALTER TABLE stock_figures ADD CHECK (sku <> 'poison')")
        put(settings, 0, inbound("poison", 1, at=at(1)))
        code, told = ended(running)
    assert code == 1
    assert "poison" in told or "check" in told
    assert counters(settings) == (50, 50, 50, 0, 0)
    assert rows(settings, "SELECT count(*) FROM movements") == [(50,)]
