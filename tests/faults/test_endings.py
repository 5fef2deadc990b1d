"""SIGTERM under load: a flow ends within 5 s with 0, and what it took is committed."""

from __future__ import annotations

import signal
import subprocess
import sys
import time

import pytest

from connectors.kafka import LOG, SCANS, ensure_topics
from connectors.watermarks import ends
from tests.dataflow.running import (
    ROOT,
    clean,
    consumed,
    counters,
    drain,
    ended,
    environ,
    flow,
    put,
    receipts,
    rows,
    wait_for,
)
from tests.faults.crew import send_log

pytestmark = pytest.mark.stack


def test_stock_told_to_end_under_load(settings, tally):
    """All that was handed over is in the tables, nothing half; the next one goes on there."""
    for partition, house in enumerate("ABCD"):
        put(settings, partition, *receipts(15_000, 15_000 * partition, house))
    with flow(settings) as running:
        wait_for(lambda: consumed(settings) > 0)
        begun = time.monotonic()
        running.send_signal(signal.SIGTERM)
        code, told = ended(running)
        seconds = time.monotonic() - begun
    assert (code, told) == (0, "")
    assert seconds < 5
    clean(settings)
    drain(settings)
    assert counters(settings) == (60_000, 60_000, 60_000, 0, 0)
    clean(settings)
    tally.add("SIGTERM of stock under load", seconds=[seconds], result="exit 0, audit clean")


@pytest.mark.parametrize("name", ["intake", "clock"])
def test_the_others_told_to_end(settings, tally, name):
    """Intake under load and the clock end with 0; what was counted is on the log."""
    ensure_topics(settings.brokers, settings.topic_prefix, patience=30)
    send_log(settings, 0, *receipts(40_000), topic=SCANS)
    process = subprocess.Popen(
        [sys.executable, "-m", "flows.cli", "flow", name],
        cwd=ROOT, env=environ(settings), stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    with process:
        wait_for(lambda: on_the_log(settings) > 0 or process.poll() is not None)
        begun = time.monotonic()
        process.send_signal(signal.SIGTERM)
        code, told = ended(process)
        seconds = time.monotonic() - begun
    assert (code, told) == (0, "")
    assert seconds < 5
    counted = rows(settings, "SELECT coalesce(sum(events), 0)::int FROM intake")[0][0]
    assert on_the_log(settings) == (counted if name == "intake" else 8)
    tally.add(f"SIGTERM of {name}", seconds=[seconds], result="exit 0, all acknowledged")


def on_the_log(settings):
    """Return how many messages the log has."""
    return sum(ends(settings.brokers, [settings.topic_prefix + LOG]).values())
