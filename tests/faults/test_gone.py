"""What the broker no longer has: the flow stops with exit code 3 and says so, in one sentence."""

from __future__ import annotations

import subprocess
import sys
import time

import pytest
from confluent_kafka import TopicPartition
from confluent_kafka.admin import AdminClient

from connectors.kafka import LOG, SCANS, ensure_topics
from connectors.trouble import STOPPED
from tests.dataflow.running import ROOT, clean, command, counters, drain, environ, put, receipts
from tests.faults.crew import drain_all, send_log

pytestmark = pytest.mark.stack


def cut_off(settings, topic, partition, before):
    """Delete the records of a partition before an offset, as retention does."""
    admin = AdminClient({"bootstrap.servers": settings.brokers})
    place = TopicPartition(settings.topic_prefix + topic, partition, before)
    for future in admin.delete_records([place]).values():
        future.result()


def make_anew(settings, topic):
    """Delete a topic and make it again, empty."""
    admin = AdminClient({"bootstrap.servers": settings.brokers})
    for future in admin.delete_topics([settings.topic_prefix + topic]).values():
        future.result()
    deadline = time.monotonic() + 20
    while settings.topic_prefix + topic in admin.list_topics(timeout=5).topics:
        assert time.monotonic() < deadline
        time.sleep(0.1)
    ensure_topics(settings.brokers, settings.topic_prefix, patience=30)


def stopped(settings, flow, place, starts, ends):
    """Run a flow; it must end by itself with 3 and the one sentence."""
    done = command(settings, "flow", flow)
    sentence = f"(log starts at {starts}, ends at {ends})"
    assert done.returncode == STOPPED, done.stderr
    assert sentence in done.stderr
    assert f"{settings.topic_prefix}{place} is gone" in done.stderr
    assert "Traceback" not in done.stderr
    assert done.stderr.count("is gone") == 1


def test_the_log_no_longer_holds_the_offset(settings, tally):
    """Retention went past what the tables hold: no jump to where the log begins now."""
    put(settings, 0, *receipts(100))
    drain(settings)
    put(settings, 0, *receipts(100, 100))
    cut_off(settings, LOG, 0, 150)
    stopped(settings, "stock", f"{LOG}/0", 150, 200)
    tally.add("offset gone: log cut off past it", result="exit 3, one sentence, tables untouched")


def test_a_run_does_not_start_it_again_and_again(settings, tally):
    """`waterline run stock` ends with 3 too: there is nothing to wait for."""
    put(settings, 0, *receipts(10))
    drain(settings)
    put(settings, 0, *receipts(10, 10))
    cut_off(settings, LOG, 0, 15)
    done = subprocess.run(
        [sys.executable, "-m", "flows.cli", "run", "stock", "--processes", "1"],
        cwd=ROOT, env=environ(settings), capture_output=True, text=True, timeout=40, check=False,
    )  # fmt: skip
    assert done.returncode == STOPPED, done.stdout + done.stderr
    assert (done.stdout + done.stderr).count("is gone") == 1
    tally.add("offset gone, under `waterline run`", result="exit 3, not started again")


def test_a_foreign_topic_no_longer_holds_the_offset(settings, tally):
    """The same for intake, whose offset is in the consumer group."""
    send_log(settings_ready(settings), 0, *receipts(100), topic=SCANS)
    drain_all(settings)
    send_log(settings, 0, *receipts(100, 100), topic=SCANS)
    cut_off(settings, SCANS, 0, 150)
    stopped(settings, "intake", f"{SCANS}/0", 150, 200)
    clean(settings)
    tally.add("offset gone: foreign topic cut off past it", result="exit 3, one sentence")


def test_a_log_deleted_and_made_anew(settings, tally):
    """The tables belong to a log that is no more: said, though the new one is longer."""
    put(settings, 0, *receipts(100))
    drain(settings)
    make_anew(settings, LOG)
    put(settings, 0, *receipts(150, 100))
    done = command(settings, "flow", "stock")
    assert done.returncode == STOPPED, done.stderr
    assert done.stderr.count("was deleted and made anew") == 1
    assert "Traceback" not in done.stderr
    assert counters(settings)[1] == 100
    tally.add(f"{LOG} deleted, made anew, filled", result="exit 3, one sentence")


def test_a_foreign_topic_deleted_and_made_anew(settings, tally):
    """Its offsets are void: it is read from its beginning, with a line that says so."""
    send_log(settings_ready(settings), 0, *receipts(100), topic=SCANS)
    drain_all(settings)
    make_anew(settings, SCANS)
    send_log(settings, 0, *receipts(150, 100), topic=SCANS)
    done = command(settings, "flow", "intake", "--drain")
    assert done.returncode == 0, done.stderr
    assert done.stderr.count("was deleted and made anew") == 1
    drain(settings)
    assert counters(settings)[1:] == (250, 250, 0, 0)
    clean(settings)
    tally.add(f"{SCANS} deleted, made anew, filled", result="read from its beginning")


def settings_ready(settings):
    """Make the topics; return the settings."""
    ensure_topics(settings.brokers, settings.topic_prefix, patience=30)
    return settings
