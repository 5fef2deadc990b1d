"""Topics that were deleted and made anew: same names, other messages."""

from __future__ import annotations

import time

import pytest
from confluent_kafka.admin import AdminClient

from connectors.kafka import LOG, SCANS, Outlet, ensure_topics
from connectors.trouble import STOPPED, Trouble
from flows import intake, stock
from flows.domain.decode.canonical import encode
from flows.steps import Stop, run
from tests.builders import inbound
from tests.dataflow.running import at, drain, put, read, receipts, rows

pytestmark = pytest.mark.stack


def renew(settings, topic):
    """Delete a topic and make it again."""
    admin = AdminClient({"bootstrap.servers": settings.brokers})
    name = settings.topic_prefix + topic
    admin.delete_topics([name])[name].result()
    deadline = time.monotonic() + 20
    while name in admin.list_topics(timeout=5).topics:
        assert time.monotonic() < deadline
        time.sleep(0.1)
    ensure_topics(settings.brokers, settings.topic_prefix)


def test_a_log_that_was_made_anew_stops_the_stock_flow(settings):
    """Also when it is longer than the offset in the tables: reading on would lose events."""
    put(settings, 0, *receipts(10))
    drain(settings)
    renew(settings, LOG)
    put(settings, 0, *receipts(30, 100))
    stop = Stop()
    with pytest.raises(Trouble, match="deleted and made anew") as caught:
        run(stock.build(settings, stop, drain=True), stop)
    assert caught.value.exit_code == STOPPED
    assert rows(settings, "SELECT sum(consumed) FROM offsets") == [(10,)]


def scans(settings, first, count):
    """Send numbered receipts to one partition of the scanners' topic."""
    ensure_topics(settings.brokers, settings.topic_prefix)
    out = Outlet(settings.brokers, patience=20)
    for n in range(first, first + count):
        event = encode(inbound("S1", id=f"s{n}", at=at(1)))
        out.send(settings.topic_prefix + SCANS, None, event, None, 0)
    out.flush()
    out.close()


def test_a_source_topic_that_was_made_anew_is_read_from_its_beginning(settings):
    """What comes again is dropped by its id downstream; what is counted stays counted."""
    for first, count in ((0, 10), (10, 30)):
        if first:
            renew(settings, SCANS)
        scans(settings, first, count)
        stop = Stop()
        run(intake.build(settings, stop, drain=True), stop)
    assert len(read(settings, LOG)) == 40
    counted = rows(settings, "SELECT next_offset, consumed FROM intake WHERE consumed > 0")
    assert counted == [(30, 40)]
