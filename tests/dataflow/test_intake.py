"""Intake, from foreign topics to the log, on a real broker and a real database."""

from __future__ import annotations

import base64
import json
import os
import signal
import subprocess
import sys
import time
from dataclasses import replace

import psycopg
import pytest

from connectors.kafka import (
    INTAKE,
    LOG,
    LOG_PARTITIONS,
    MASTER,
    ORDER_LINES,
    REJECTS,
    SCANS,
    GroupOffsets,
    Outlet,
    PartitionReader,
    ensure_topics,
)
from connectors.trouble import Trouble
from flows import intake, stock
from flows.steps import Stop, run

pytestmark = pytest.mark.stack
AT = "2026-03-02T10:00:00+08:00"
CHILD = """
from flows.settings import current
from flows import intake, stock
from flows.steps import Stop, run
settings, stop = current(), Stop()
flow = intake.build(settings, stop)
print("ready", flush=True)
run(flow, stop)
print("ended", flush=True)
"""


def inbound(number, warehouse="A", **more):
    """Return the bytes of a receipt."""
    event = {
        "event_id": f"in-{number}",
        "type": "inbound",
        "occurred_at": AT,
        "warehouse": warehouse,
        "sku": "S1",
        "quantity": 2,
        "to_bin": "A1",
        **more,
    }
    return json.dumps(event).encode()


def put(settings, topic, *values, partition=0, headers=None):
    """Send messages to one partition of a topic."""
    ensure_topics(settings.brokers, settings.topic_prefix)
    out = Outlet(settings.brokers, patience=20)
    for value in values:
        out.send(settings.topic_prefix + topic, None, value, headers, partition)
    out.flush()
    out.close()


def drain(settings):
    """Run intake until it has read everything."""
    stop = Stop()
    run(intake.build(settings, stop, drain=True), stop)


def read(settings, topic, partition=0):
    """Return all messages of a partition."""
    reader = PartitionReader(
        settings.brokers, settings.topic_prefix + topic, partition, 0, until_end=True
    )
    found, deadline = [], time.monotonic() + 30
    while not reader.at_end and time.monotonic() < deadline:
        found += reader.read()
    reader.close()
    return found


def read_log(settings):
    """Return partition → documents of the log."""
    return {
        partition: [json.loads(message.value()) for message in read(settings, LOG, partition)]
        for partition in range(LOG_PARTITIONS)
    }


def ids(documents):
    """Return the events' ids."""
    return [one["event_id"] for one in documents]


def counters(settings):
    """Return the sums of next_offset, consumed, events, ignored, rejects."""
    with psycopg.connect(settings.dsn) as conn:
        return conn.execute(
            "SELECT sum(next_offset)::int, sum(consumed)::int, sum(events)::int, "
            "sum(ignored)::int, sum(rejects)::int FROM inventory.intake"
        ).fetchone()


def committed(settings, topic=SCANS, partition=0):
    """Return the consumer group's offset."""
    group = GroupOffsets(settings.brokers, settings.topic_prefix + intake.GROUP)
    place = (settings.topic_prefix + topic, partition)
    found = group.committed([place])[place]
    group.close()
    return found


def test_a_scan_is_on_its_warehouse_s_partition_with_its_source(settings):
    """The event is there in normal form, keyed by warehouse, saying where it came from."""
    put(settings, SCANS, inbound(1), partition=2)
    drain(settings)
    (message,) = read(settings, LOG, 0)
    document = json.loads(message.value())
    assert message.key() == b"A"
    assert document["event_id"] == "in-1"
    assert document["source"] == {
        "system": "wms",
        "topic": settings.topic_prefix + SCANS,
        "partition": 2,
        "offset": 0,
    }
    assert counters(settings) == (1, 1, 1, 0, 0)
    assert committed(settings, partition=2) == 1


def test_routing(settings):
    """Transfers that leave are on two partitions, cancels and global items on all."""
    both = {"type": "transfer_out", "counterpart": "B", "from_bin": "A1", "to_bin": None}
    transfer = inbound("t", "A", event_id="t", **both)
    cancel = json.dumps(
        {"event_id": "c", "type": "cancel", "occurred_at": AT, "warehouse": "A", "cancels": "in-1"}
    )
    item = json.dumps({"event_id": "i", "type": "item", "occurred_at": AT, "sku": "S1"})
    put(settings, SCANS, inbound(1), transfer, cancel.encode())
    put(settings, MASTER, item.encode())
    drain(settings)
    log = read_log(settings)
    own = [set(ids(log[partition])) for partition in range(LOG_PARTITIONS)]
    assert own[0] == {"in-1", "t", "c", "i"}
    assert own[1] == {"t", "c", "i"}
    assert own[2:] == [{"c", "i"}] * 6
    assert counters(settings)[1:] == (4, 4, 0, 0)


def test_an_order_line_of_the_oms(settings):
    """A Debezium change event becomes an order line; its tombstone is ignored and counted."""
    row = {"warehouse": "A", "order_id": "O1", "line_id": "1", "sku": "S1", "ordered": 3}
    change = {
        "op": "c",
        "before": None,
        "after": {**row, "version": 1, "occurred_at": AT},
        "source": {"ts_ms": 1_772_416_800_000, "lsn": 7, "table": "order_line"},
        "ts_ms": 1_772_416_800_000,
    }
    put(settings, ORDER_LINES, json.dumps(change).encode(), None)
    drain(settings)
    (document,) = read_log(settings)[0]
    assert (document["type"], document["order_id"]) == ("order_line", "O1")
    assert document["source"]["system"]
    assert counters(settings)[1:] == (2, 1, 1, 0)


def test_what_cannot_be_used_is_refused_with_its_place(settings):
    """Bad bytes are in the topic and in the table; what stands between them goes on."""
    bad = [b"{", b"\xff\x00", b"[1]", b"", inbound(2, quantity="many"), inbound(3, type="dance")]
    put(settings, SCANS, inbound(1), *bad, inbound(9))
    drain(settings)
    assert ids(read_log(settings)[0]) == ["in-1", "in-9"]
    assert counters(settings) == (8, 8, 2, 0, 6)
    documents = [json.loads(message.value()) for message in read(settings, REJECTS)]
    assert [one["offset"] for one in documents] == [1, 2, 3, 4, 5, 6]
    assert documents[0]["payload"] == "{"
    assert base64.b64decode(documents[1]["payload_base64"]) == b"\xff\x00"
    assert documents[4]["event_id"] == "in-2"
    assert documents[5]["code"] == "unknown_type"
    with psycopg.connect(settings.dsn) as conn:
        rows = conn.execute(
            'SELECT "offset", code, field, message, payload, payload_size '
            'FROM inventory.rejects ORDER BY "offset"'
        ).fetchall()
    assert [(row[0], row[1]) for row in rows] == [(one["offset"], one["code"]) for one in documents]
    assert rows[1][4:] == (b"\xff\x00", 2)
    assert "quantity" in rows[4][2]


def test_a_clock_in_the_future_is_refused(settings):
    """Half a year ahead is clock_future; the event is not on the log."""
    put(settings, SCANS, inbound(1, occurred_at="2199-01-01T00:00:00Z"))
    drain(settings)
    (document,) = [json.loads(message.value()) for message in read(settings, REJECTS)]
    assert (document["code"], document["field"]) == ("clock_future", "occurred_at")
    assert document["event_id"] == "in-1"


def test_ten_megabytes_are_refused_and_the_next_goes_on(settings):
    """A 10 MB message is one reject with the start of its payload."""
    put(settings, SCANS, b'{"x":"' + b"y" * 10_000_000 + b'"}', inbound(1))
    drain(settings)
    assert ids(read_log(settings)[0]) == ["in-1"]
    with psycopg.connect(settings.dsn) as conn:
        (row,) = conn.execute(
            "SELECT code, length(payload), payload_size FROM inventory.rejects"
        ).fetchall()
    assert row == ("too_large", 10_240, 10_000_008)


def test_a_second_run_reads_nothing_again(settings):
    """The consumer group remembers; another drain adds nothing."""
    put(settings, SCANS, *(inbound(n) for n in range(50)))
    drain(settings)
    drain(settings)
    assert len(read_log(settings)[0]) == 50
    assert counters(settings) == (50, 50, 50, 0, 0)


def test_what_is_read_again_is_sent_again_but_counted_once(settings):
    """When the group stands behind the table, messages repeat and the counters do not."""
    put(settings, SCANS, *(inbound(n) for n in range(10)), b"{")
    drain(settings)
    group = GroupOffsets(settings.brokers, settings.topic_prefix + intake.GROUP)
    assert group.commit({(settings.topic_prefix + SCANS, 0): 4})
    group.close()
    put(settings, SCANS, inbound(10), b"[")
    drain(settings)
    found = ids(read_log(settings)[0])
    assert len(found) == 10 + 6 + 1
    assert set(found) == {f"in-{n}" for n in range(11)}
    assert counters(settings) == (13, 13, 11, 0, 2)
    with psycopg.connect(settings.dsn) as conn:
        assert conn.execute("SELECT count(*) FROM inventory.rejects").fetchone() == (2,)


def test_a_group_that_kafka_forgot(settings):
    """Without committed offsets the table's are used, not the beginning."""
    put(settings, SCANS, inbound(1), inbound(2))
    drain(settings)
    with psycopg.connect(settings.dsn) as conn:  # another place, which the group never had
        conn.execute(
            "INSERT INTO inventory.intake (topic, partition, next_offset) VALUES (%s, 1, 1)",
            (settings.topic_prefix + SCANS,),
        )
    put(settings, SCANS, inbound(3), inbound(4), partition=1)
    drain(settings)
    assert set(ids(read_log(settings)[0])) == {"in-1", "in-2", "in-4"}


def test_order_is_kept(settings):
    """Events of one source partition are on the log in their order."""
    put(settings, SCANS, *(inbound(n, warehouse=f"W{n % 3}") for n in range(6000)))
    drain(settings)
    log = read_log(settings)
    for partition in range(3):
        assert ids(log[partition]) == [f"in-{n}" for n in range(partition, 6000, 3)]


def test_too_many_refusals_stop_the_flow(settings):
    """Past the limit the flow ends with the last refusal's sentence and exit code 3."""
    settings = replace(settings, reject_window=20, reject_share=0.1)
    put(settings, SCANS, *(inbound(n) for n in range(18)), b"{", b"{", b"{", inbound(99))
    with pytest.raises(Trouble, match=r"too many messages are refused .*not_json") as caught:
        drain(settings)
    assert caught.value.exit_code == 3
    assert counters(settings) == (22, 22, 19, 0, 3)


def child(settings):
    """Start intake in a process of its own."""
    environ = {
        **os.environ,
        "WATERLINE_DSN": settings.dsn,
        "WATERLINE_BROKERS": settings.brokers,
        "WATERLINE_TOPIC_PREFIX": settings.topic_prefix,
    }
    started = subprocess.Popen(
        [sys.executable, "-c", CHILD], env=environ, stdout=subprocess.PIPE, text=True
    )
    assert started.stdout.readline() == "ready\n"
    return started


def counted(settings):
    """Return how many messages are counted by now."""
    return counters(settings)[1] or 0


def wait_for(what, seconds=30.0):
    """Wait until `what()` is true."""
    deadline = time.monotonic() + seconds
    while not what():
        assert time.monotonic() < deadline, "took too long"
        time.sleep(0.02)


@pytest.mark.parametrize("sign", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_it_in_order(settings, sign):
    """Within five seconds everything that was taken is committed and the process ends well."""
    put(settings, SCANS, *(inbound(n) for n in range(30_000)))
    running = child(settings)
    wait_for(lambda: counted(settings) > 0)
    start = time.monotonic()
    running.send_signal(sign)
    rest, _ = running.communicate(timeout=10)
    assert time.monotonic() - start < 5
    assert rest == "ended\n"
    assert running.returncode == 0
    assert committed(settings) == counted(settings) == len(read_log(settings)[0])


def test_killed_again_and_again_nothing_is_lost(settings):
    """Under load and kill -9 every event is on the log, and in the counters exactly once."""
    total = 40_000
    for partition in range(4):
        numbers = range(partition, total, 4)
        put(settings, SCANS, *(inbound(n) for n in numbers), b"{", partition=partition)
    seen = -1
    for _ in range(4):
        if seen == total + 4:  # a quick machine was done before the last kill
            break
        running = child(settings)
        try:
            wait_for(lambda before=seen: counted(settings) > before)
        finally:
            running.kill()
            running.communicate()
        seen = counted(settings)
    drain(settings)
    found = ids(read_log(settings)[0])
    assert set(found) == {f"in-{n}" for n in range(total)}
    assert counters(settings) == (total + 4, total + 4, total, 0, 4)
    with psycopg.connect(settings.dsn) as conn:
        assert conn.execute("SELECT count(*) FROM inventory.rejects").fetchone() == (4,)


def test_idle_topics_drain_at_once(settings):
    """Nothing to read is a drain that ends, and all partitions exist."""
    start = time.monotonic()
    drain(settings)
    assert time.monotonic() - start < 10
    assert counters(settings) == (None,) * 5
    assert len(INTAKE) == 3


def test_one_id_for_two_warehouses_is_a_conflict_wherever_they_live(settings):
    """The second goes to the first one's partition, where it is known, and is refused there."""
    put(settings, SCANS, inbound(1), inbound(2, "B"), inbound(1, "B"), inbound(1))
    drain(settings)
    stop = Stop()
    run(stock.build(settings, stop, drain=True), stop)
    with psycopg.connect(settings.dsn) as conn:
        found = conn.execute("SELECT code, message FROM inventory.rejects").fetchall()
        stocked = conn.execute("SELECT warehouse, on_hand::int FROM inventory.stock").fetchall()
    assert [code for code, _ in found] == ["conflict"]
    assert "warehouse A" in found[0][1]
    assert "warehouse B" in found[0][1]
    assert sorted(stocked) == [("A", 2), ("B", 2)]
