"""Where the partitions of topics end: what "how far behind" is measured against.

Enters: brokers, topics with their prefix. Leaves: (topic, partition) → the offset that the next
message will get. Topics that are not there are left out. May fail: KafkaException.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from confluent_kafka import KafkaError, KafkaException, TopicPartition
from confluent_kafka.admin import AdminClient, OffsetSpec  # type: ignore[attr-defined]

from connectors.kafka.client import common

if TYPE_CHECKING:
    from collections.abc import Collection

# A topic that was just made has no leader for a moment, a broker that was just killed an old one.
_PASSING = {
    KafkaError.NOT_LEADER_FOR_PARTITION,
    KafkaError.LEADER_NOT_AVAILABLE,
    KafkaError.UNKNOWN_TOPIC_OR_PART,
    KafkaError.UNKNOWN_LEADER_EPOCH,
    KafkaError.FENCED_LEADER_EPOCH,
}


def ends(brokers: str, topics: Collection[str], seconds: float = 5.0) -> dict[tuple[str, int], int]:
    """Return the end of every partition of `topics`, within `seconds`."""
    admin = AdminClient(common(brokers))
    deadline = time.monotonic() + seconds
    while True:
        try:
            return _ends(admin, topics, seconds)
        except KafkaException as error:
            if error.args[0].code() not in _PASSING or time.monotonic() >= deadline:
                raise
            time.sleep(0.1)


def _ends(
    admin: AdminClient, topics: Collection[str], seconds: float
) -> dict[tuple[str, int], int]:
    found = admin.list_topics(timeout=seconds).topics
    asked = {
        TopicPartition(topic, partition): OffsetSpec.latest()  # type: ignore[no-untyped-call]
        for topic in topics
        if topic in found
        for partition in found[topic].partitions
    }
    if not asked:
        return {}
    answers = admin.list_offsets(asked, request_timeout=seconds)
    return {
        (place.topic, place.partition): future.result().offset for place, future in answers.items()
    }
