"""Topics, partition reader, outlet and group offsets against a real broker."""

from __future__ import annotations

import time

import pytest
from confluent_kafka import TopicPartition
from confluent_kafka.admin import AdminClient

from connectors.kafka import (
    LOG,
    SCANS,
    TOPICS,
    GroupOffsets,
    Outlet,
    PartitionReader,
    Undelivered,
    ensure_topics,
)
from connectors.kafka.client import common
from connectors.trouble import Trouble

pytestmark = pytest.mark.stack
NOBODY = "127.0.0.1:9"


@pytest.fixture
def brokers(stack):
    """Give the brokers' addresses."""
    return stack.brokers


@pytest.fixture
def prefix(brokers, topic_prefix):
    """Give the prefix of topics that are there."""
    ensure_topics(brokers, topic_prefix)
    return topic_prefix


def put(brokers, topic, count, partition=0):
    """Send `count` numbered messages."""
    out = Outlet(brokers, patience=20)
    for number in range(count):
        out.send(topic, b"k", b"%d" % number, None, partition)
    out.flush()
    out.close()
    return out


def read_all(reader, count, seconds=20.0):
    """Read until `count` messages came."""
    found, deadline = [], time.monotonic() + seconds
    while len(found) < count and time.monotonic() < deadline:
        found += reader.read()
        time.sleep(0.002)
    return found


def test_topics_are_made_once_and_found_again(brokers, topic_prefix):
    """Making the topics twice gives the same partitions."""
    assert ensure_topics(brokers, topic_prefix) == TOPICS
    assert ensure_topics(brokers, topic_prefix) == TOPICS


def test_no_broker_is_one_sentence():
    """Without a broker the trouble names the address, in about the time given."""
    start = time.monotonic()
    with pytest.raises(Trouble, match=f"no Kafka broker answers at {NOBODY}"):
        ensure_topics(NOBODY, "x-", patience=1.0)
    assert time.monotonic() - start < 6


def test_reader_begins_where_it_is_told(brokers, prefix):
    """Messages come in order from the start offset, and the position follows."""
    put(brokers, prefix + LOG, 500, partition=3)
    reader = PartitionReader(brokers, prefix + LOG, 3, 100)
    found = read_all(reader, 400)
    assert [message.offset() for message in found] == list(range(100, 500))
    assert reader.position == 500
    assert reader.watermarks(5) == (0, 500)
    reader.close()


def test_reader_knows_the_end(brokers, prefix):
    """With until_end the end is noticed, also of an empty partition."""
    put(brokers, prefix + LOG, 10)
    for partition in (0, 1):
        reader = PartitionReader(brokers, prefix + LOG, partition, until_end=True)
        deadline = time.monotonic() + 10
        while not reader.at_end and time.monotonic() < deadline:
            reader.read()
        assert reader.at_end
        reader.close()


@pytest.mark.parametrize("offset", [0, 99])
def test_offset_that_is_gone_is_said_with_the_log_s_bounds(brokers, prefix, offset):
    """An offset before the log's start or after its end stops the reader with a sentence."""
    topic = prefix + LOG
    put(brokers, topic, 20)
    admin = AdminClient(common(brokers))
    for future in admin.delete_records([TopicPartition(topic, 0, 5)]).values():
        future.result()
    reader = PartitionReader(brokers, topic, 0, offset)
    with pytest.raises(
        Trouble, match=rf"offset {offset} of {topic}/0 is gone \(log starts at 5, ends at 20\)"
    ) as caught:
        read_all(reader, 1)
    assert caught.value.exit_code == 3
    reader.close()


def test_ten_megabytes_arrive(brokers, prefix):
    """A message of 10 MB goes through producer, broker and reader."""
    out = Outlet(brokers, patience=20)
    out.send(prefix + SCANS, None, b"x" * 10_000_000, {"format": b"canonical"}, 0)
    out.flush()
    reader = PartitionReader(brokers, prefix + SCANS, 0)
    (message,) = read_all(reader, 1)
    assert len(message.value()) == 10_000_000
    assert message.headers() == [("format", b"canonical")]
    reader.close()


def test_outlet_counts_acknowledgements(brokers, prefix):
    """After flush everything that was sent is acknowledged, more than the queue holds, too."""
    out = put(brokers, prefix + LOG, 120_000)
    assert (out.sent, out.acknowledged) == (120_000, 120_000)


def test_outlet_says_what_was_not_delivered():
    """With nobody there, flush raises instead of returning."""
    out = Outlet(NOBODY, patience=1.0)
    out.send("nowhere", None, b"x")
    with pytest.raises(Undelivered, match="1 messages were not delivered"):
        out.flush()
    out.close(0)


def test_outlet_gives_up_when_asked():
    """A flow that is to end does not wait for ever for a broker that is away."""
    out = Outlet(NOBODY, giving_up=lambda: True)
    out.send("nowhere", None, b"x")
    start = time.monotonic()
    with pytest.raises(Undelivered):
        out.flush()
    out.close(0)
    assert time.monotonic() - start < 4


def test_too_large_is_refused_at_once(brokers, prefix):
    """A message above the limit is Undelivered before anything is sent."""
    out = Outlet(brokers, patience=5)
    with pytest.raises(Undelivered, match="too large"):
        out.send(prefix + SCANS, None, b"x" * 13_000_000)
    out.close(0)


def test_group_offsets_are_kept_without_joining(brokers, prefix):
    """What is committed is found again by another client; the rest is None."""
    group, topic = f"{prefix}group", prefix + SCANS
    first = GroupOffsets(brokers, group)
    assert first.committed([(topic, 0)]) == {(topic, 0): None}
    assert first.commit({(topic, 0): 7, (topic, 2): 9})
    first.close()
    second = GroupOffsets(brokers, group)
    assert second.committed([(topic, p) for p in range(3)]) == {
        (topic, 0): 7,
        (topic, 1): None,
        (topic, 2): 9,
    }
    second.close()


def test_commit_without_a_broker_is_false_soon():
    """A commit that cannot be made says so instead of hanging."""
    group = GroupOffsets(NOBODY, "x")
    start = time.monotonic()
    assert not group.commit({("t", 0): 1}, patience=0.5)
    group.close(0.5)
    assert time.monotonic() - start < 3
