"""The audit: the log folded again against the live tables, clean and tampered with."""

from __future__ import annotations

import json

import pytest
from confluent_kafka import TopicPartition
from confluent_kafka.admin import AdminClient

from connectors.kafka import LOG
from connectors.trouble import Trouble
from flows.audit import audit
from flows.audit_tables import TABLES
from tests.dataflow.running import (
    change,
    clean,
    command,
    consumed,
    counters,
    drain,
    ended,
    flow,
    lay,
    put,
    receipts,
    wait_for,
)
from tests.dataflow.test_stock import day

pytestmark = pytest.mark.stack

TAMPER = {
    "offsets": "UPDATE offsets SET applied = applied - 1, repeats = repeats + 1 WHERE consumed > 9",
    "movements": "DELETE FROM movements WHERE type = 'scrap'",
    "journal": "DELETE FROM journal WHERE type = 'decision'",
    "stock": "UPDATE stock SET value = value + 0.0001 WHERE warehouse = 'A'",
    "stock_bins": "DELETE FROM stock_bins WHERE warehouse = 'B'",
    "lot_dates": "UPDATE lot_dates SET expires_on = expires_on + 1 WHERE expires_on IS NOT NULL",
    "orders": "UPDATE orders SET shipped = shipped + 1",
    "purchases": "UPDATE purchases SET due_at = due_at + interval '1 us'",
    "transfers": "UPDATE transfers SET lost = lost + 1",
    "counts": "UPDATE counts SET cancelled = NOT cancelled",
    "cancels": "INSERT INTO cancels VALUES (3, 'nobody', 'late', now(), 99)",
    "policies": "UPDATE policies SET value = NULL WHERE field = 'safety_stock'",
    "items": "UPDATE items SET category = NULL",
    "warehouses": "UPDATE warehouses SET name_zh = '北京'",
    "bins": "DELETE FROM bins",
    "ticks": "DELETE FROM ticks WHERE log_partition = 2",
}


def test_each_table_that_was_changed_is_named(settings):
    """One changed, missing or invented row in each table, found with its key; the rest is clean."""
    lay(settings, day())
    drain(settings)
    clean(settings)
    assert set(TAMPER) == {table.name for table in TABLES}
    changed = {table: change(settings, statement) for table, statement in TAMPER.items()}
    assert all(changed.values())
    report = audit(settings)
    assert report.differing == changed
    named = {one.table: one for one in report.differences}
    assert named["bins"].live is None
    assert named["cancels"].expected is None
    assert named["stock"].key == ("A", "S1")
    found = command(settings, "audit", "--json")
    assert found.returncode == 1
    document = json.loads(found.stdout)
    assert document["clean"] is False
    assert document["differing"] == report.differing
    (one,) = [one for one in document["differences"] if one["table"] == "stock"]
    assert one["key"] == ["A", "S1"]
    assert one["columns"] == {"value": {"live": "131.2501", "expected": "131.25"}}
    found = command(settings, "audit")
    assert found.returncode == 1
    for table in TAMPER:
        assert table in found.stdout


def test_a_clean_audit_says_so(settings):
    """Exit code 0, and how many messages were folded."""
    put(settings, 0, *receipts(300))
    drain(settings)
    found = command(settings, "audit")
    assert (found.returncode, found.stderr) == (0, "")
    assert "300" in found.stdout
    document = json.loads(command(settings, "audit", "--json").stdout)
    assert document["clean"] is True
    assert document["messages"] == 300


def test_an_audit_while_the_flow_runs_is_clean(settings):
    """It compares one snapshot with the log up to that snapshot's offsets, however it grows."""
    lay(settings, day())
    for partition, house in enumerate("AB"):
        put(settings, partition, *receipts(3000, 3000 * partition, house))
    with flow(settings) as running:
        wait_for(lambda: consumed(settings))
        for more in range(2, 4):
            put(settings, more % 2, *receipts(3000, 3000 * more, "AB"[more % 2]))
            report = audit(settings)
            assert report.differing == {}
            assert report.messages
        running.terminate()
        assert ended(running) == (0, "")
    assert counters(settings)[4] == 0


def test_a_log_whose_beginning_is_gone_cannot_be_audited(settings):
    """It says so in one sentence and compares nothing."""
    put(settings, 0, *receipts(20))
    drain(settings)
    topic = settings.topic_prefix + LOG
    admin = AdminClient({"bootstrap.servers": settings.brokers})
    (done,) = admin.delete_records([TopicPartition(topic, 0, 5)]).values()
    done.result()
    with pytest.raises(Trouble, match=rf"the log {topic}/0 starts at offset 5: its beginning is"):
        audit(settings)
    found = command(settings, "audit")
    assert found.returncode == 1
    assert found.stderr.count("\n") == 1
    assert "starts at offset 5" in found.stderr


def test_an_empty_installation_is_clean(settings):
    """Nothing on the log, nothing in the tables."""
    drain(settings)
    assert clean(settings).messages == 0
